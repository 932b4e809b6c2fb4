"""Reads of monitoring, for pages, API and other rooms; area scope everywhere."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection
from django.db.models import Count, Max

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import ScopedQuerySet
from anlan.monitoring.directory import Changes, Directory, StreamRef, changes, forget_old_changes
from anlan.monitoring.log import GOOD
from anlan.monitoring.models import (
    Alarm,
    AlarmChange,
    AlarmRule,
    Barrier,
    Catchment,
    ClimateDay,
    ClimateMonth,
    Datastream,
    Fire,
    Forecast,
    HazardEvent,
    Judgement,
    LowSpot,
    Reach,
    Slope,
    StageForecast,
    Station,
    Stroke,
    Warning,
)  # fmt: skip
from anlan.monitoring.rules import nuisance
from anlan.monitoring.rules import warnings as warning_rules
from anlan.monitoring.rules.isa import State
from anlan.monitoring.rules.quality import conversion
from anlan.simulation import queries as simulation

__all__ = ["Changes", "Directory", "StreamRef", "changes", "forget_old_changes"]

#: A station is silent after so many of its reporting intervals without a reading.
SILENT_AFTER = 3


@dataclass(frozen=True)
class Reading:
    """One stored value of a datastream; `value` None = the device said no data."""

    datastream: Datastream
    at: datetime
    value: float | None
    quality: int
    received_at: datetime | None = None

    @property
    def good(self) -> bool:
        return self.quality == GOOD and self.value is not None


@dataclass(frozen=True, slots=True)
class Sample:
    """One point of a series."""

    at: datetime
    value: float | None
    quality: int
    revision: int


def resolve(protocol: str) -> Directory:
    """(protocol address, element code) -> datastream, for every station in service that speaks `protocol`."""
    return Directory(protocol)


def streams_of(codes: Iterable[str]) -> dict[str, StreamRef]:
    """Datastreams by their own code, in service or not: history may be of a station that is gone."""
    rows = Datastream.objects.unscoped("the gateway serves every area").filter(code__in=list(codes))
    return {
        code: StreamRef(pk, station, unit, low, high, *conversion(source, unit))
        for code, pk, station, unit, low, high, source in rows.values_list(
            "code", "pk", "station_id", "unit", "valid_min", "valid_max", "source_unit"
        )
    }


def sinks(wanted: Iterable[int]) -> list[tuple[int, int, str, float | None, float | None, str, int]]:
    """Of these datastreams: number, station, unit, valid_min, valid_max, area path and data class; whoever uses them
    checks the last two."""
    rows = Datastream.objects.unscoped("checked by the caller against each actor").filter(pk__in=list(wanted))
    return list(
        rows.values_list(
            "pk", "station_id", "unit", "valid_min", "valid_max", "station__area__path", "station__data_class"
        )
    )


def versions() -> dict[str, int]:
    """`registry` moves whenever a station or datastream changes, `rules` whenever an alarm rule does."""
    with connection.cursor() as cursor:
        cursor.execute("select name, version from monitoring_version")
        return dict(cursor.fetchall())


def registry_version() -> int:
    """Grows whenever a station or datastream changes."""
    return versions()["registry"]


def moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value


def stations(actor: Actor, permission: str = "") -> ScopedQuerySet[Station]:
    """测站 the actor may see (or act on with `permission`)."""
    return Station.objects.visible_to(actor, permission).select_related("area", "hazard_unit")


def datastreams(actor: Actor, permission: str = "") -> ScopedQuerySet[Datastream]:
    """数据流 the actor may see (or act on with `permission`)."""
    return Datastream.objects.visible_to(actor, permission).select_related("station__area")


def latest(actor: Actor, station_ids: Iterable[int] | None = None) -> list[Reading]:
    """The newest value of every datastream the actor may see (of these stations), those never heard left out."""
    rows = datastreams(actor).filter(latest__isnull=False).select_related("latest")
    if station_ids is not None:
        rows = rows.filter(station_id__in=list(station_ids))
    return [
        Reading(row, one.at, number(one.value), one.quality, one.received_at)
        for row in rows.order_by("pk")
        if (one := row.latest)
    ]


#: The database makes one value of a series: a row of its own for each reading would cost more than finding it.
SERIES = """
select string_agg(timestamptz_send(at) || float8send(value) || int2send(quality) || int2send(revision), ''::bytea order by at)
from (select at, value, quality, revision from observation where stream = %s and at between %s and %s
order by at desc limit %s) as newest
"""
SERIES_ROW = np.dtype([("at", ">i8"), ("value", ">f8"), ("quality", ">i2"), ("revision", ">i2")])
#: PostgreSQL counts microseconds from 2000-01-01.
PG_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def series(actor: Actor, datastream_id: int, start: datetime, end: datetime, limit: int = 20_000) -> list[Sample]:
    """The readings of a datastream in [start, end], oldest first, at most the newest `limit`."""
    stream = Datastream.objects.visible_to(actor).one(datastream_id)
    with connection.cursor() as cursor:
        cursor.execute(SERIES, [stream.pk, start, end, limit])
        (data,) = cursor.fetchone()
    table = np.frombuffer(data or b"", SERIES_ROW)
    columns = (table[name].tolist() for name in ("at", "value", "quality", "revision"))
    return [
        Sample(PG_EPOCH + timedelta(microseconds=at), number(value), quality, revision)
        for at, value, quality, revision in zip(*columns, strict=True)
    ]


def alarms(actor: Actor) -> ScopedQuerySet[Alarm]:
    return Alarm.objects.visible_to(actor).select_related("rule", "station", "datastream", "area")


def open_alarms(actor: Actor) -> ScopedQuerySet[Alarm]:
    """Alarms that are not over, the most urgent and newest first."""
    return alarms(actor).exclude(state=State.NORMAL.value).order_by("priority", "-raised_at")


def raises(
    actor: Actor, start: datetime, end: datetime
) -> tuple[list[nuisance.Raise], dict[tuple[int, int], tuple[str, str]]]:
    """Every raising of a live alarm in [start, end) that the actor may see, and what its source (rule, station) is
    called."""
    rows = AlarmChange.objects.visible_to(actor).filter(
        what__in=("触发", "再次触发"), at__gte=start, at__lt=end, alarm__retro=False
    )
    found: list[nuisance.Raise] = []
    names: dict[tuple[int, int], tuple[str, str]] = {}
    for at, priority, rule, rule_name, station, station_name in rows.order_by("at").values_list(
        "at", "alarm__priority", "alarm__rule_id", "alarm__rule__title", "alarm__station_id", "alarm__station__name"
    ):
        source = (rule, station or 0)
        found.append(nuisance.Raise(at, priority, source))
        names[source] = (rule_name, station_name or "计算值")
    return found, names


def stale_alarms(actor: Actor, before: datetime) -> ScopedQuerySet[Alarm]:
    """Alarms standing since before an instant, the oldest first."""
    return open_alarms(actor).filter(active=True, raised_at__lt=before).order_by("raised_at")


def standing(actor: Actor) -> dict[str, int]:
    """How many alarms stand now, by state; those that were put away for good reason apart from those that wait."""
    rows = open_alarms(actor).filter(active=True).order_by().values_list("state")
    return dict(rows.annotate(number=Count("pk")))


def alarm(actor: Actor, alarm_id: int) -> Alarm:
    return alarms(actor).one(alarm_id)


def rules(actor: Actor) -> ScopedQuerySet[AlarmRule]:
    return AlarmRule.objects.visible_to(actor).select_related("area", "datastream").order_by("code")


def warnings(actor: Actor) -> ScopedQuerySet[Warning]:
    return Warning.objects.visible_to(actor).select_related("area").prefetch_related("areas").order_by("-drafted_at")


def warning(actor: Actor, warning_id: int) -> Warning:
    return warnings(actor).one(warning_id)


def active_warnings(actor: Actor) -> ScopedQuerySet[Warning]:
    """Issued and neither cancelled nor expired."""
    return warnings(actor).filter(state=warning_rules.State.ISSUED.value)


def drafted_as(keys: Iterable[UUID]) -> set[UUID]:
    """Which of these alerts of others were made warnings already, whoever may see those."""
    rows = Warning.objects.unscoped("the same alert is taken in once").filter(correlation_id__in=list(keys))
    return set(rows.values_list("correlation_id", flat=True))


def hazard_events(actor: Actor) -> ScopedQuerySet[HazardEvent]:
    return HazardEvent.objects.visible_to(actor).select_related("area").order_by("-at")


def hazard_event(actor: Actor, event_id: int) -> HazardEvent:
    return hazard_events(actor).one(event_id)


def story(actor: Actor, correlation_id: UUID) -> dict[str, Sequence[Any]]:
    """Everything of monitoring under one correlation id, for timelines and reviews."""
    return {
        "alarms": list(alarms(actor).filter(correlation_id=correlation_id).order_by("started_at")),
        "warnings": list(warnings(actor).filter(correlation_id=correlation_id)),
        "hazard_events": list(hazard_events(actor).filter(correlation_id=correlation_id)),
    }


@dataclass(frozen=True)
class StationPage:
    """A station with its newest values and its alarms."""

    station: Station
    readings: list[Reading]
    silent: list[Datastream]
    alarms: list[Alarm]


def station_page(actor: Actor, station_id: int) -> StationPage:
    station = stations(actor).one(station_id)
    readings = latest(actor, [station.pk])
    heard = {reading.datastream.pk for reading in readings}
    silent = [row for row in datastreams(actor).filter(station=station) if row.pk not in heard]
    recent = list(alarms(actor).filter(station=station).order_by("-raised_at")[:50])
    return StationPage(station, readings, silent, recent)


@dataclass(frozen=True)
class Online:
    """How many of the stations in service have reported within three of their intervals."""

    online: int
    total: int

    @property
    def percent(self) -> int | None:
        """Rounded down, so that 100 means all."""
        return 100 * self.online // self.total if self.total else None


def online(actor: Actor, now: datetime) -> Online:
    """Stations in service that are heard of, by the time of their newest reading."""
    rows = Station.objects.visible_to(actor).filter(in_service=True).annotate(newest=Max("datastreams__latest__at"))
    found = rows.values_list("interval_s", "newest")
    heard = [newest is not None and now - newest <= SILENT_AFTER * timedelta(seconds=each) for each, newest in found]
    return Online(sum(heard), len(heard))


@dataclass(frozen=True)
class HourOf:
    """One hour of a datastream out of roll-ups, or of the readings where it is not rolled up yet."""

    stream: int
    at: datetime
    mean: float
    low: float
    high: float
    last: float


HOURS = """
select stream, at, mean, low, high, last from monitoring_hour
where stream = any(%(streams)s) and at >= %(start)s and at < %(rolled)s and at <= %(end)s and n > 0
union all
select stream, date_trunc('hour', at, 'UTC'), avg(value), min(value), max(value), (array_agg(value order by at desc))[1]
from observation where stream = any(%(streams)s) and at >= greatest(%(start)s, %(rolled)s) and at <= %(end)s
and quality = 0 and value <> 'NaN' group by 1, 2
order by 1, 2
"""


def hours(actor: Actor, stream_ids: Iterable[int], start: datetime, end: datetime) -> list[HourOf]:
    """Hours of good readings of datastreams the actor may see, oldest first within each."""
    known = list(datastreams(actor).filter(pk__in=list(stream_ids)).values_list("pk", flat=True))
    whole = start.replace(minute=0, second=0, microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute("select until from monitoring_rolled")
        row = cursor.fetchone()
        rolled = row[0] if row and row[0] else whole
        cursor.execute(HOURS, {"streams": known, "start": whole, "end": end, "rolled": rolled})
        return [HourOf(*found) for found in cursor.fetchall()]


def fires(actor: Actor) -> ScopedQuerySet[Fire]:
    """疑似火点, the newest seen first."""
    return Fire.objects.visible_to(actor).select_related("area").order_by("-last_at")


def judgements(actor: Actor, standing: bool = True) -> ScopedQuerySet[Judgement]:
    """内部研判: those that stand, or all; the newest first."""
    rows = Judgement.objects.visible_to(actor).select_related("area").order_by("-since")
    return rows.filter(ended_at__isnull=True) if standing else rows


def catchments(actor: Actor) -> ScopedQuerySet[Catchment]:
    return Catchment.objects.visible_to(actor).select_related("area", "station").order_by("code")


def forecasts(actor: Actor) -> ScopedQuerySet[Forecast]:
    """预报 of stations, by time."""
    return Forecast.objects.visible_to(actor).order_by("valid_at")


def strokes(actor: Actor) -> ScopedQuerySet[Stroke]:
    return Stroke.objects.visible_to(actor).order_by("-at")


def climate(actor: Actor) -> ScopedQuerySet[ClimateMonth]:
    """逐月气候, station by station, oldest first."""
    return ClimateMonth.objects.visible_to(actor).select_related("station__area").order_by("station", "month")


def climate_days(actor: Actor) -> ScopedQuerySet[ClimateDay]:
    """逐日气候, station by station, oldest first."""
    return ClimateDay.objects.visible_to(actor).select_related("station__area").order_by("station", "day")


def slopes(actor: Actor) -> ScopedQuerySet[Slope]:
    return Slope.objects.visible_to(actor).select_related("area", "station").order_by("code")


def judgement(actor: Actor, judgement_id: int) -> Judgement:
    return Judgement.objects.visible_to(actor).select_related("area").one(judgement_id)


def reaches(actor: Actor) -> ScopedQuerySet[Reach]:
    return Reach.objects.visible_to(actor).select_related("area", "upstream", "downstream").order_by("code")


def low_spots(actor: Actor) -> ScopedQuerySet[LowSpot]:
    return LowSpot.objects.visible_to(actor).select_related("area", "station").order_by("code")


def stage_forecasts(actor: Actor) -> ScopedQuerySet[StageForecast]:
    """The newest forecast of each reach."""
    rows = StageForecast.objects.visible_to(actor).select_related("reach__downstream", "reach__upstream", "reach__area")
    return rows.order_by("reach", "-at").distinct("reach")


def barriers_with_levels(actor: Actor) -> list[tuple[Barrier, float | None]]:
    """Dams and dikes with the newest level of their gauge, m; None where none is known."""
    rows = list(Barrier.objects.visible_to(actor).select_related("area", "station").order_by("code"))
    gauges = {row.station_id for row in rows if row.station_id}
    known = datastreams(actor).filter(quantity="河道水位", station_id__in=gauges, latest__value__isnull=False)
    levels = dict(known.values_list("station_id", "latest__value"))
    return [(row, levels.get(row.station_id or 0)) for row in rows]


#: Width (m) and time (h) of a dike's breach where its register has none: as breaches of the 黄河 dikes on record, 待核对.
DIKE_BREACH = (80.0, 1.0)


def breach_of(row: Barrier, level_m: float | None) -> dict[str, Any]:
    """What the flood engine is asked if a dam or dike goes now: where the level is not known, it is full to the crest."""
    level = row.crest_m if level_m is None else min(max(level_m, row.foot_m + 0.1), row.crest_m)
    way = {"upstream_deg": row.upstream_deg, "bank": row.bank, "hours": 6.0}
    if row.kind == Barrier.Kind.DAM and len(row.storage) > 1:
        top = float(row.storage[-1][0])
        return {
            **way,
            "scenario": "dam_breach",
            "storage": row.storage,
            "level_m": min(level, top),
            "foot_m": row.foot_m,
        }
    width, formed = row.breach_m or DIKE_BREACH[0], row.formation_h or DIKE_BREACH[1]
    rise = min(20.0, max(0.1, level - row.foot_m))
    return {**way, "scenario": "dike_breach", "rise_m": round(rise, 2), "breach_m": width, "formation_h": formed}


def runs_of(actor: Actor, correlation_id: UUID) -> list[Any]:
    """Runs of the engines under one correlation id, newest first."""
    return list(simulation.runs(actor, correlation_id))


def quiet_unit(alarm_id: int) -> int | None:
    """The hazard unit whose detector gave the alarm, when no alarm holds there any more."""
    at_units = Alarm.objects.unscoped("asked by reactions, of one unit").exclude(station__hazard_unit=None)
    unit = at_units.filter(pk=alarm_id).values_list("station__hazard_unit_id", flat=True).first()
    return None if unit is None or at_units.filter(station__hazard_unit_id=unit, active=True).exists() else unit
