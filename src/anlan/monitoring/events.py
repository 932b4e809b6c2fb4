"""Facts of monitoring."""

from __future__ import annotations

from dataclasses import dataclass

from anlan.kernel.events.outbox import Fact


@dataclass(frozen=True)
class AlarmRaised(Fact):
    """A rule's condition holds. Alarms of stations and areas have no `datastream_id`; `station_id` is then the station
    that completed the condition. Alarms of computed figures have neither."""

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
    state: str


@dataclass(frozen=True)
class AlarmAcknowledged(Fact):
    """Somebody has seen it and said so."""

    alarm_id: int
    by: str


@dataclass(frozen=True)
class AlarmStateChanged(Fact):
    """Shelved, suppressed, out of service, reset, back, raised again."""

    alarm_id: int
    state: str
    reason: str


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
class HazardEventRevised(Fact):
    """A feed has corrected what it said of an event."""

    hazard_event_id: int
    kind: str
    title: str
    magnitude: float | None
    revision: int


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
    """A warning is in force; channels carry `text` to the areas. One of an exercise never leaves the house."""

    warning_id: int
    level: str
    headline: str
    text: str
    expires: str
    area_ids: list[int]
    references: str = ""
    exercise: bool = False


@dataclass(frozen=True)
class WarningCancelled(Fact):
    warning_id: int
    headline: str
    reason: str


@dataclass(frozen=True)
class WarningExpired(Fact):
    """A draft was not issued in time. (What was issued and expires is WarningCancelled: people are told.)"""

    warning_id: int
    headline: str


@dataclass(frozen=True)
class JudgementChanged(Fact):
    """内部研判 of weather, ice, rain or fire danger has begun or changed colour ("" = it has ended)."""

    judgement_id: int
    kind: str
    name: str
    colour: str
    title: str
    reason: str
    area_id: int
    lon: float
    lat: float
    figures: dict[str, float | str]


@dataclass(frozen=True)
class StageForecast(Fact):
    """水位预报 of a gauge: the highest stage that is expected and over how many hours. 模型推算."""

    forecast_id: int
    title: str
    peak_m: float
    hours: float
    lon: float
    lat: float


@dataclass(frozen=True)
class FireLocated(Fact):
    """Hotspots were gathered into a fire: ignition place, 95 % ellipse, and the events it is made of."""

    fire_id: int
    title: str
    lon: float
    lat: float
    semi_major_m: float
    semi_minor_m: float
    azimuth_deg: float
    pixels: int
    confidence: float
    static_days: int | None
    hazard_event_ids: list[int]
    at: str
