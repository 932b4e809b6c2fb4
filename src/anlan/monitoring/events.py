"""Facts of monitoring."""

from __future__ import annotations

from dataclasses import dataclass, field

from anlan.kernel.events.outbox import Fact


@dataclass(frozen=True)
class AlarmRaised(Fact):
    """A rule holds. For station alarms `datastream_id`, for area alarms also `station_id` may be None."""

    alarm_id: int
    rule_id: int
    rule_title: str
    station_id: int | None
    datastream_id: int | None
    hazard_unit_id: int | None
    priority: int
    title: str
    value: float | None
    unit: str
    at: str
    lon: float
    lat: float


@dataclass(frozen=True)
class AlarmEscalated(Fact):
    """An open alarm reached an outer limit; it must be acknowledged again."""

    alarm_id: int
    band: str
    priority: int
    value: float | None
    unit: str
    at: str


@dataclass(frozen=True)
class AlarmCleared(Fact):
    """The condition is gone; the alarm may still wait for an operator."""

    alarm_id: int
    at: str


@dataclass(frozen=True)
class AlarmAcknowledged(Fact):
    alarm_id: int


@dataclass(frozen=True)
class AlarmShelved(Fact):
    alarm_id: int
    until: str


@dataclass(frozen=True)
class AlarmStateChanged(Fact):
    alarm_id: int
    state: str


@dataclass(frozen=True)
class HazardEventReceived(Fact):
    hazard_event_id: int
    kind: str
    title: str
    magnitude: float | None
    at: str
    lon: float
    lat: float


@dataclass(frozen=True)
class WarningDrafted(Fact):
    warning_id: int
    level: str
    headline: str


@dataclass(frozen=True)
class WarningReviewed(Fact):
    warning_id: int
    approved: bool
    reason: str


@dataclass(frozen=True)
class WarningIssued(Fact):
    """A warning went out. `internal`: an assessment for the duty system only, never for public channels."""

    warning_id: int
    level: str
    headline: str
    text: str
    expires: str
    area_ids: list[int] = field(default_factory=list)
    internal: bool = False


@dataclass(frozen=True)
class WarningCancelled(Fact):
    warning_id: int
    headline: str
    reason: str


@dataclass(frozen=True)
class WarningExpired(Fact):
    warning_id: int
    headline: str
