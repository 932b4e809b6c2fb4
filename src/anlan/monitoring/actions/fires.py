"""Hotspots to fires: gathered, told from works that are always hot, run forward with the weather of the nearest station."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from anlan.hazards.wildfire import hotspots
from anlan.hazards.wildfire.moisture import fine_dead_pct
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.errors import Invalid
from anlan.kernel.geo import distance_m
from anlan.monitoring import queries
from anlan.monitoring.actions.hazard_events import area_at
from anlan.monitoring.events import FireLocated
from anlan.monitoring.models import Fire, HazardEvent, Station
from anlan.simulation import actions as simulation

#: Half side of the square in which hotspots are gathered, degrees, and how far back.
AROUND_DEG, TOGETHER = 0.06, timedelta(hours=48)
#: Confidence (%) below which a single pixel is listed, but no fire is run from it.
LEAST_CONFIDENCE = 0.3
#: Members of the ensemble that runs by itself, and how often it is run again for one fire.
MEMBERS, AGAIN = 40, timedelta(minutes=30)
#: A fire is run again at once when its ignition moved so far (m) or it grew to so many times the pixels.
MOVED_M, GREW = 500.0, 1.5
#: A weather reading older than this is no weather for a fire.
FRESH = timedelta(hours=3)
#: How far ahead a fire is run.
FORECAST = timedelta(hours=7)
FUEL = "GR2"  # low load, dry climate grass, where no fuel map was imported: 待核对


@action("monitoring.feed")
def locate_fire(by: Actor, hazard_event_id: int) -> Fire | None:
    """Gather the hotspot with those around it into a fire, and say where that began. None if the hotspot is unknown."""
    event = queries.hazard_event(by, hazard_event_id)
    box = {
        "lon__range": (event.lon - AROUND_DEG, event.lon + AROUND_DEG),
        "lat__range": (event.lat - AROUND_DEG, event.lat + AROUND_DEG),
    }
    rows = list(HazardEvent.objects.visible_to(by).filter(kind="hotspot", at__lte=event.at + TOGETHER, **box))
    near = [row for row in rows if abs(row.at - event.at) <= TOGETHER]
    group = next(g for g in grouped(near) if event.pk in {row.pk for row in g})
    found = hotspots.fire([detection(row) for row in group])
    return keep_fire(by, group, found, static_days(rows, event))


def detection(row: HazardEvent) -> hotspots.Detection:
    p = row.properties
    given = {name: p[name] for name in ("scan_km", "track_km", "confidence_pct", "frp_mw") if p.get(name) is not None}
    return hotspots.Detection(row.lon, row.lat, row.at.timestamp() / 60, satellite=str(p.get("satellite", "")), **given)


def grouped(rows: list[HazardEvent]) -> list[list[HazardEvent]]:
    """Rows of each fire."""
    by_pixel: dict[hotspots.Detection, list[HazardEvent]] = {}
    for row in rows:
        by_pixel.setdefault(detection(row), []).append(row)
    return [[row for pixel in group for row in by_pixel[pixel]] for group in hotspots.cluster(list(by_pixel))]


def static_days(rows: list[HazardEvent], event: HazardEvent) -> int | None:
    """On how many days the place was hot, if it is one that is always hot."""
    sources = hotspots.static_sources([detection(row) for row in rows if row.at <= event.at])
    _, hot = hotspots.without_static([detection(event)], sources)
    return max(source.days for source in sources) if hot else None


def keep_fire(by: Actor, group: list[HazardEvent], found: hotspots.Fire, days: int | None) -> Fire:
    """The fire as it is known now; its story is that of its first pixel."""
    lead = min(group, key=lambda row: (row.at, row.pk))
    known = Fire.objects.visible_to(by).filter(correlation_id__in=[row.correlation_id for row in group])
    row = known.order_by("seen_at").first() or Fire(correlation_id=lead.correlation_id)
    row.area, row.lon, row.lat = area_at(found.lon, found.lat), found.lon, found.lat
    row.semi_major_m, row.semi_minor_m, row.azimuth_deg = found.semi_major_m, found.semi_minor_m, found.azimuth_deg
    row.seen_at, row.last_at = lead.at, max(one.at for one in group)
    row.pixels, row.confidence, row.frp_mw, row.static_days = len(group), found.confidence, found.frp_mw, days
    row.save()
    what = f"常热源（{days} 天有热点）" if days else "疑似火情"
    title = f"{what}：{row.pixels} 个热点，起火点误差 {row.semi_major_m:.0f}×{row.semi_minor_m:.0f} m（95 %）"
    fact = FireLocated(
        row.pk, title, row.lon, row.lat, row.semi_major_m, row.semi_minor_m, row.azimuth_deg, row.pixels, row.confidence,
        days, [one.pk for one in group], row.seen_at.isoformat(),
    )  # fmt: skip
    record(by, "热点聚合定位", row, fact, correlation_id=row.correlation_id)
    return row


@dataclass(frozen=True)
class Weather:
    """Readings and forecast a fire is run with; `words` say where from and when."""

    inputs: dict[str, Any]
    words: str


def weather_near(by: Actor, lon: float, lat: float, at: datetime) -> Weather:
    """Wind, and moisture from temperature and humidity, of the nearest station that reported them within three hours."""
    stations = sorted(
        queries.stations(by).filter(kind="气象", in_service=True),
        key=lambda one: distance_m(lon, lat, one.lon, one.lat),
    )
    for station in stations[:5]:
        values = {
            reading.datastream.quantity: reading.value
            for reading in queries.latest(by, [station.pk])
            if reading.good and reading.value is not None and abs(at - reading.at) <= FRESH
        }
        if "风速" in values and "风向" in values:
            inputs: dict[str, Any] = {"wind_m_s": min(40.0, values["风速"]), "wind_from_deg": values["风向"] % 360}
            if "气温" in values and "相对湿度" in values:
                inputs["moisture_pct"] = round(fine_dead_pct(values["气温"], values["相对湿度"]), 1)
            km = distance_m(lon, lat, station.lon, station.lat) / 1000
            rows, said = forecast_near(by, stations, at)
            inputs |= {"forecast": rows} if rows else {}
            return Weather(inputs, f"气象取自{station.name}（{km:.0f} km）{said}")
    return Weather({}, "无三小时内的实测气象，取引擎默认值，请改输入再推演")


def forecast_near(by: Actor, stations: list[Station], at: datetime) -> tuple[list[list[float]], str]:
    """(rows of hour, wind, direction, moisture of the next hours; words) of the nearest station that has a forecast."""
    for station in stations[:5]:
        hours: dict[datetime, dict[str, float]] = defaultdict(dict)
        rows = queries.forecasts(by).filter(station=station, valid_at__gt=at, valid_at__lte=at + FORECAST)
        issued = None
        for row in rows:
            hours[row.valid_at][row.quantity] = row.value
            issued = row.issued_at
        whole = {when: known for when, known in hours.items() if {"风速", "风向", "气温", "相对湿度"} <= set(known)}
        if whole and issued:
            told = [
                [
                    round((when - at).total_seconds() / 3600, 3), min(40.0, known["风速"]), known["风向"] % 360,
                    round(fine_dead_pct(known["气温"], known["相对湿度"]), 1),
                ]
                for when, known in sorted(whole.items())
            ]  # fmt: skip
            return told, f"，其后用{station.name} {issued.astimezone(clock.BEIJING):%m-%d %H:%M} 起报的逐时预报"
    return [], "，没有预报，风恒定"


@action("monitoring.feed")
def run_fire(by: Actor, fire_id: int) -> Any | None:
    """The spread of a fire that satellites saw, as an ensemble; None where it is no fire, or was run a moment ago."""
    fire = Fire.objects.visible_to(by).one(fire_id)
    if fire.static_days or fire.confidence < LEAST_CONFIDENCE or not due_again(by, fire):
        return None
    weather = weather_near(by, fire.lon, fire.lat, clock.now())
    told = {
        "weather": weather.words, "fire_id": fire.pk, "pixels": fire.pixels,
        "ignition": {"lon": fire.lon, "lat": fire.lat, "semi_major_m": fire.semi_major_m, "azimuth_deg": fire.azimuth_deg},
    }  # fmt: skip
    inputs = {"fuel": FUEL, "members": MEMBERS, **weather.inputs}
    subject = f"热点自动推演（{fire.pixels} 个热点）"
    try:
        return simulation.run(
            by, "wildfire", inputs, fire.lon, fire.lat, fire.correlation_id, subject, "", told, (weather.words,)
        )
    except Invalid:
        return None


def due_again(by: Actor, fire: Fire) -> bool:
    """Whether the last run by itself is old, or of another picture."""
    last = queries.runs_of(by, fire.correlation_id)
    before = next((run for run in last if run.summary.get("fire_id") == fire.pk), None)
    if before is None or clock.now() - before.at >= AGAIN:
        return True
    grew = fire.pixels >= GREW * before.summary.get("pixels", 1)
    return grew or distance_m(fire.lon, fire.lat, before.lon, before.lat) >= MOVED_M
