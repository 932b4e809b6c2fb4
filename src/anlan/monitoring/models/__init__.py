"""Tables of monitoring. Readings and the worker's own books are plain SQL tables (see the migrations)."""

from anlan.monitoring.models.alarm import Alarm, AlarmChange, AlarmRule, GroupBy, Priority, RuleKind
from anlan.monitoring.models.hazard_event import HazardEvent, HazardEventKind
from anlan.monitoring.models.maintenance import MaintenanceWindow
from anlan.monitoring.models.natural import Catchment, Fire, Judgement
from anlan.monitoring.models.observation import Latest
from anlan.monitoring.models.station import Datastream, Station
from anlan.monitoring.models.warning import Warning, WarningLevel, WarningStep
from anlan.monitoring.models.water import Bank, Barrier, LowSpot, Reach, StageForecast
from anlan.monitoring.models.weather import ClimateDay, ClimateMonth, Forecast, Slope, Stroke

__all__ = [
    "Alarm",
    "AlarmChange",
    "AlarmRule",
    "Bank",
    "Barrier",
    "Catchment",
    "ClimateDay",
    "ClimateMonth",
    "Datastream",
    "Fire",
    "Forecast",
    "GroupBy",
    "HazardEvent",
    "HazardEventKind",
    "Judgement",
    "Latest",
    "LowSpot",
    "MaintenanceWindow",
    "Priority",
    "Reach",
    "RuleKind",
    "Slope",
    "StageForecast",
    "Station",
    "Stroke",
    "Warning",
    "WarningLevel",
    "WarningStep",
]
