from anlan.monitoring.models.alarm import Alarm, AlarmRule, Priority, RuleKind, RuleState, StreamOffset
from anlan.monitoring.models.hazard_event import HazardEvent, HazardEventKind
from anlan.monitoring.models.observation import Latest
from anlan.monitoring.models.station import Datastream, RegistryVersion, Station
from anlan.monitoring.models.warning import Warning, WarningLevel, WarningState

__all__ = [
    "Alarm",
    "AlarmRule",
    "Datastream",
    "HazardEvent",
    "HazardEventKind",
    "Latest",
    "Priority",
    "RegistryVersion",
    "RuleKind",
    "RuleState",
    "Station",
    "StreamOffset",
    "Warning",
    "WarningLevel",
    "WarningState",
]
