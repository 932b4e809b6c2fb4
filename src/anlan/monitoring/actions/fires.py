"""Hotspots to fires: gathered, told from works that are always hot, run forward with the weather of the nearest station."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from anlan.hazards.wildfire import hotspots
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.errors import Invalid
from anlan.kernel.geo import distance_m
from anlan.monitoring import queries
from anlan.monitoring.actions.fire_weather import weather_near
from anlan.monitoring.actions.hazard_events import area_at
from anlan.monitoring.events import FireLocated
from anlan.monitoring.models import Fire, HazardEvent
from anlan.simulation import actions as simulation

#: Half side of the square in which hotspots are gathered, degrees, and how far back.
AROUND_DEG, TOGETHER = 0.06, timedelta(hours=48)
#: Confidence (%) below which a single pixel is listed, but no fire is run from it.
LEAST_CONFIDENCE = 0.3
#: Members of the ensemble that runs by itself, and how often it is run again for one fire.
MEMBERS, AGAIN = 40, timedelta(minutes=30)
#: A fire is run again at once when its ignition moved so far (m) or it grew to so many times the pixels.
MOVED_M, GREW = 500.0, 1.5
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
