"""Tables of monitoring. Observations and the worker's own books are plain SQL tables (migration 0003)."""

from anlan.monitoring.models.alarm import Alarm, AlarmChange
from anlan.monitoring.models.rule import AlarmRule, Priority, RuleKind
from anlan.monitoring.models.station import Datastream, Station
from anlan.monitoring.models.warning import HazardEvent, Warning

__all__ = [
    "Alarm",
    "AlarmChange",
    "AlarmRule",
    "Datastream",
    "HazardEvent",
    "Priority",
    "RuleKind",
    "Station",
    "Warning",
]
