"""内部研判: readings judged again and again; what has changed is kept and told."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db.models import Count, Max, Q, Sum

from anlan.hazards.contract import InputError
from anlan.hazards.flood import flash, ice
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.areas.models import Area, Level
from anlan.kernel.errors import Invalid
from anlan.kernel.geo import distance_m
from anlan.monitoring import queries
from anlan.monitoring.actions import water
from anlan.monitoring.events import JudgementChanged
from anlan.monitoring.models import Barrier, Catchment, ClimateMonth, Judgement, LowSpot, Slope, Station
from anlan.monitoring.rules import judging
from anlan.monitoring.rules.judging import Hour, Hours, Verdict
from anlan.simulation import actions as simulation

#: How far back readings are looked at: fire danger needs ten days, ice its season.
LOOK_BACK, ICE_BACK = timedelta(days=10), timedelta(days=90)
#: Stages that decide an ice alarm.
STAGES_H = 48
#: A catchment without a station of its own takes rain from within this, m.
RAIN_M = 20_000.0
QUANTITIES = (
    "气温", "风速", "阵风", "小时雨量", "小时雪量", "相对湿度", "能见度", "地面温度", "路面温度", "冰雹直径", "PM2.5", "河道水位",
)  # fmt: skip
#: Forecasts that far ahead are looked at; those of a place within this stand for a station without its own, m.
LOOK_AHEAD, FORECAST_M = timedelta(hours=48), 25_000.0
#: Strokes count so near and so long (phenomena.strokes_10km_1h).
STRUCK_M, STRUCK_FOR = 10_000.0, timedelta(hours=1)
#: External warnings of a tropical cyclone (GB/T 35561 event code 11B01) tell that it comes.
TYPHOON = "台风"
#: What a judgement may be about.
Place = Station | Catchment | Slope | Barrier | LowSpot


class Readings:
    """Hours of the natural stations' datastreams, read once for all judgements of a moment."""

    def __init__(self, by: Actor, now: datetime) -> None:
        self.now = now
        rows = queries.datastreams(by).filter(station__in_service=True, quantity__in=QUANTITIES)
        of = {pk: (station, quantity) for pk, station, quantity in rows.values_list("pk", "station_id", "quantity")}
        self.by: dict[int, dict[str, list[Hour]]] = defaultdict(lambda: defaultdict(list))
        for one in queries.hours(by, of, now - LOOK_BACK, now):
            station, quantity = of[one.stream]
            ago = int((now - one.at).total_seconds() // 3600)
            self.by[station][quantity].append(Hour(ago, one.mean, one.low, one.high, one.last))

        self.forecast_places: dict[int, tuple[float, float]] = {}
        self.ahead_by: dict[int, dict[str, list[Hour]]] = defaultdict(lambda: defaultdict(list))
        coming = queries.forecasts(by).filter(valid_at__gt=now, valid_at__lte=now + LOOK_AHEAD)
        for row in coming.select_related("station"):
            hour = -int((row.valid_at - now).total_seconds() // 3600) - 1
            self.ahead_by[row.station_id][row.quantity].append(Hour(hour, *[row.value] * 4))
            self.forecast_places[row.station_id] = row.station.lon, row.station.lat
        self.struck = list(queries.strokes(by).filter(at__gt=now - STRUCK_FOR, at__lte=now).values_list("lon", "lat"))

    def ahead(self, station: Station) -> dict[str, list[Hour]]:
        """Forecast of a station or of the nearest place that has one."""
        if station.pk in self.ahead_by:
            return self.ahead_by[station.pk]
        away = {pk: distance_m(station.lon, station.lat, *place) for pk, place in self.forecast_places.items()}
        near = min(away, key=lambda pk: away[pk], default=None)
        return self.ahead_by[near] if near is not None and away[near] <= FORECAST_M else {}

    def strokes_near(self, lon: float, lat: float) -> int:
        return sum(distance_m(lon, lat, x, y) <= STRUCK_M for x, y in self.struck)

    def of(self, station: int) -> dict[str, list[Hour]]:
        return self.by.get(station, {})

    def rain(self, station: int) -> Hours:
        return self.of(station).get("小时雨量", [])


@action("monitoring.feed")
def judge_readings(by: Actor, now: datetime) -> int:
    """Judge all natural hazards by what was read until now; returns how many judgements changed."""
    readings = Readings(by, now)
    stations = list(
        queries.stations(by)
        .filter(Q(pk__in=[*readings.by, *readings.ahead_by]) | Q(kind="气象", in_service=True))
        .distinct()
    )
    found: dict[tuple[str, str, str], tuple[Verdict, Place]] = {}
    judged: list[tuple[Place, Verdict]] = [
        *of_stations(by, stations, readings), *of_catchments(by, stations, readings),
        *of_slopes(by, stations, readings), *of_climate(by),
        *water.of_waters(by, stations, now, readings.rain),
    ]  # fmt: skip
    for place, verdict in judged:
        found[verdict.kind, verdict.name, subject(place)] = (verdict, place)
    standing = {(row.kind, row.name, row.subject): row for row in queries.judgements(by)}
    changed = sum(keep(by, verdict, place, standing.get(key), now) for key, (verdict, place) in found.items())
    return changed + sum(end(by, row, now) for key, row in standing.items() if key not in found)


SUBJECTS: dict[type, str] = {
    Station: "station",
    Catchment: "catchment",
    Barrier: "barrier",
    LowSpot: "low-spot",
    Slope: "slope",
}


def subject(place: Place) -> str:
    return f"{SUBJECTS[type(place)]}:{place.pk}"


def of_stations(by: Actor, stations: list[Station], readings: Readings) -> Iterator[tuple[Station, Verdict]]:
    """Weather signals, fire danger, ice and flood stages."""
    month = readings.now.astimezone(clock.BEIJING).month
    typhoon = typhoon_hours(by, readings.now)
    for station in stations:
        streams, ahead = readings.of(station.pk), readings.ahead(station)
        around = judging.Around(
            readings.strokes_near(station.lon, station.lat) if station.kind == "气象" else 0, typhoon
        )
        for verdict in [*judging.weather(streams, ahead), *judging.by_words(streams, ahead, around)]:
            yield station, verdict
        stages = judging.within(streams.get("河道水位", []), 0, STAGES_H)
        levels = ice.Levels(station.alert_m, station.guarantee_m, station.record_m, station.bank_m)
        others = [danger(streams, readings.now), judging.flood_stage(stages, levels)]
        if stages and month in ice.ICE_MONTHS:
            jam = water.jam_at(by, station, readings.now)
            others.append(judging.ice_flood(stages, ice_days(by, station, stations, readings), levels, jam))
        yield from ((station, one) for one in others if one and (one.colour or one.kind == "fire"))


def danger(streams: dict[str, list[Hour]], now: datetime) -> Verdict | None:
    """Fire danger now, with the days before it for the map's slider and the Canadian index beside it."""
    local = now.astimezone(clock.BEIJING)
    found = judging.fire_danger(streams, local.month)
    if found is None:
        return None
    past = json.dumps(judging.danger_past(streams, local.date()))
    return replace(found, figures={**found.figures, **judging.canadian(streams, local.hour), "past": past})


def typhoon_hours(by: Actor, now: datetime) -> float | None:
    """0 while another body's warning of a tropical cyclone for here is in force; None where there is none."""
    rows = queries.hazard_events(by).filter(
        kind="cap", title__contains=TYPHOON, at__gt=now - timedelta(hours=48), at__lte=now
    )
    return 0.0 if rows.exists() else None


def of_slopes(by: Actor, stations: list[Station], readings: Readings) -> Iterator[tuple[Slope, Verdict]]:
    """Places that may slide, by their own rain gauge or the wettest within reach."""
    wet = [one for one in stations if readings.rain(one.pk) or readings.ahead(one).get("小时雨量")]
    for row in queries.slopes(by):
        near = [one for one in wet if one.pk == row.station_id] or [
            one for one in wet if distance_m(row.lon, row.lat, one.lon, one.lat) <= RAIN_M
        ]
        verdicts = [
            judging.slope(readings.rain(one.pk), row.susceptibility, readings.ahead(one).get("小时雨量", []))
            for one in near
        ]
        worst = max(verdicts, key=lambda one: (RANK[one.colour], float(one.figures["effective_mm"])), default=None)
        if worst and worst.colour:
            yield row, worst


RANK = {"": 0, "蓝": 1, "黄": 2, "橙": 3, "红": 4}


def of_climate(by: Actor) -> Iterator[tuple[Station, Verdict]]:
    """Drought at every station with a record of years; the grade stands on the map whatever it is."""
    months: dict[Station, list[ClimateMonth]] = defaultdict(list)
    for row in queries.climate(by):
        months[row.station].append(row)
    composite = composites(by)
    for station, verdict in composite.values():
        yield station, verdict
    for station, rows in months.items():
        known = tuple((row.month, row.rain_mm, row.temp_c) for row in rows)
        monthly = None if station.pk in composite else drought_of(known, station.lat)
        if monthly:
            yield station, monthly


#: station -> (what its record of days was like, what it was judged to be): judged when it has changed, not every five minutes.
DAYS_JUDGED: dict[int, tuple[tuple[Any, ...], Verdict | None]] = {}


def composites(by: Actor) -> dict[int, tuple[Station, Verdict]]:
    """Stations whose record of days is long enough for the composite index."""
    rows = queries.climate_days(by).order_by()
    sums = rows.values("station").annotate(n=Count("pk"), last=Max("day"), mm=Sum("rain_mm"), degrees=Sum("temp_c"))
    found = {}
    for row in sums.values_list("station", "n", "last", "mm", "degrees"):
        station, record = row[0], row[1:]
        if DAYS_JUDGED.get(station, ((),))[0] != record:
            DAYS_JUDGED[station] = (record, of_days(by, station))
        if verdict := DAYS_JUDGED[station][1]:
            found[station] = (queries.stations(by).one(station), verdict)
    return found


def of_days(by: Actor, station: int) -> Verdict | None:
    """The newest unbroken part of a record of days."""
    rows = list(queries.climate_days(by).filter(station=station).values_list("day", "rain_mm", "temp_c"))
    breaks = [i for i in range(1, len(rows)) if rows[i][0] - rows[i - 1][0] != timedelta(days=1)]
    whole = rows[breaks[-1] if breaks else 0 :]
    return judging.composite_drought(whole[0][0], [mm for _, mm, _ in whole], [temp for *_, temp in whole])


@lru_cache(maxsize=64)
def drought_of(rows: tuple[tuple[date, float, float], ...], latitude: float) -> Verdict | None:
    """Of an unbroken record; months are judged once, not every five minutes."""
    whole = all(a.year * 12 + a.month + 1 == b.year * 12 + b.month for (a, *_), (b, *_) in itertools.pairwise(rows))
    if not whole:
        return None
    days, rain, temp = zip(*rows, strict=True)
    return judging.drought(days, rain, temp, latitude)


def ice_days(by: Actor, gauge: Station, stations: list[Station], readings: Readings) -> list[Any]:
    """(day, mean stage, mean temperature at the nearest weather station or None) of the season until now."""
    warm = [one for one in stations if readings.of(one.pk).get("气温")]
    near = min(warm, key=lambda one: distance_m(gauge.lon, gauge.lat, one.lon, one.lat), default=None)
    wanted = {(gauge.pk, "河道水位"): "stage", (near.pk if near else 0, "气温"): "temp"}
    rows = queries.datastreams(by).filter(station_id__in=[station for station, _ in wanted])
    streams = {
        pk: wanted[station, quantity]
        for pk, station, quantity in rows.values_list("pk", "station_id", "quantity")
        if (station, quantity) in wanted
    }
    sums: dict[Any, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for one in queries.hours(by, streams, readings.now - ICE_BACK, readings.now):
        sums[one.at.astimezone(clock.BEIJING).date()][streams[one.stream]].append(one.mean)
    return [
        (day, mean(parts["stage"]), mean(parts["temp"]) if parts.get("temp") else None)
        for day, parts in sorted(sums.items())
        if parts.get("stage")
    ]


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def of_catchments(by: Actor, stations: list[Station], readings: Readings) -> Iterator[tuple[Catchment, Verdict]]:
    """Critical rain of every catchment against its own rain gauge, or the wettest within reach."""
    wet = [one for one in stations if readings.rain(one.pk)]
    for row in queries.catchments(by):
        rains = [readings.rain(row.station_id)] if row.station_id else near_rain(row, wet, readings)
        verdicts = [judged for rain in rains if rain and (judged := of_rain(row, rain))]
        worst = max(verdicts, key=lambda one: float(one.figures["ratio"]), default=None)
        if worst and worst.colour:
            yield row, worst


def near_rain(row: Catchment, stations: list[Station], readings: Readings) -> list[Hours]:
    return [readings.rain(one.pk) for one in stations if distance_m(row.lon, row.lat, one.lon, one.lat) <= RAIN_M]


def of_rain(row: Catchment, rain: Hours) -> Verdict | None:
    """None where the register's figures cannot be a catchment."""
    try:
        shape = flash.Catchment(row.area_km2, row.length_km, row.slope, row.curve_number, row.flood_flow_m3_s)
        return judging.flash_flood(rain, judging.Basin(shape, windows(row.critical_mm), windows(row.ready_mm)))
    except (InputError, ValueError):
        return None


def windows(table: dict[str, Any]) -> dict[float, float]:
    return {float(hours): float(mm) for hours, mm in table.items()}


def keep(by: Actor, verdict: Verdict, place: Place, row: Judgement | None, now: datetime) -> bool:
    """A new judgement, or a standing one with a new colour; otherwise only its figures are brought up to date."""
    values = {
        "colour": verdict.colour, "reason": verdict.reason[:300], "clause": verdict.clause[:200], "figures": dict(verdict.figures),
        "title": f"{place.name}：{verdict.name}{verdict.colour + '色' if verdict.colour else ''}（内部研判）"[:160],
        "checked_at": now,
    }  # fmt: skip
    if row is not None and row.colour == verdict.colour:
        Judgement.objects.visible_to(by).filter(pk=row.pk).update(**values)
        return False
    if row is None:
        row = Judgement(
            kind=verdict.kind, name=verdict.name, subject=subject(place), place=place.name, lon=place.lon, lat=place.lat,
            area=district_of(place.area), data_class=place.data_class, since=now,
        )  # fmt: skip
    for name, value in values.items():
        setattr(row, name, value)
    row.figures |= {"people": threatened(row.area, place)}
    row.save()
    tell(by, row, "研判变化")
    consequence(by, row, place)
    return True


def threatened(area: Area, place: Place) -> int:
    """Residents of the district, or those that the register of the place counts."""
    return place.people if isinstance(place, Catchment | Slope) else int(area.population or 0)


def district_of(area: Area) -> Area:
    """The district of an area, so that judgements of its stations are seen together; the area itself above it."""
    while area.level > Level.DISTRICT and area.parent is not None:
        area = area.parent
    return area


def end(by: Actor, row: Judgement, now: datetime) -> bool:
    row.colour, row.ended_at, row.checked_at = "", now, now
    row.save()
    tell(by, row, "研判结束")
    return True


def tell(by: Actor, row: Judgement, verb: str) -> None:
    fact = JudgementChanged(
        row.pk, row.kind, row.name, row.colour, row.title, row.reason, row.area_id, row.lon, row.lat, row.figures
    )
    record(by, verb, row, fact, correlation_id=row.correlation_id)


def consequence(by: Actor, row: Judgement, place: Place) -> None:
    """A torrent is computed at its critical rain, a low spot over the real ground; ice and dikes follow in the chain."""
    if isinstance(place, LowSpot):
        inputs: dict[str, Any] = {
            "scenario": "ponding", "rain_mm_h": min(1500.0, float(row.figures["rain_mm"])), "rain_h": 1.0,
            "drain_mm_h": place.drain_mm_h, "hours": 3.0,
        }  # fmt: skip
        computed(by, row, place, inputs, f"{place.name}内涝自动推演")
    if row.kind != "flash" or not isinstance(place, Catchment):
        return
    inputs = {
        "scenario": "torrent", "peak_m3_s": min(10_000.0, max(0.1, float(row.figures["peak_m3_s"]))),
        "peak_h": min(48.0, max(0.05, float(row.figures["peak_h"]))), "upstream_deg": place.upstream_deg,
        "fan_slope": place.fan_slope, "reach_km": 3.0, "hours": 6.0,
    }  # fmt: skip
    computed(by, row, place, inputs, f"{place.name}山洪自动推演")


def computed(by: Actor, row: Judgement, place: Place, inputs: dict[str, Any], title: str) -> None:
    """Run the flood engine; what it cannot compute (no heights loaded there) stays a judgement."""
    try:
        simulation.run(by, "flood", inputs, place.lon, place.lat, row.correlation_id, title)
    except Invalid:
        return
