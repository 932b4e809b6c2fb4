"""Running an engine."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from shapely.geometry.base import BaseGeometry

from anlan.hazards.contract import Ground, Hazard, InputError, Lines, Places, Structures
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.areas.models import Area, Level
from anlan.kernel.errors import Invalid
from anlan.kernel.geo import Finder, circle, parse
from anlan.kernel.geo.exposed import things_in
from anlan.simulation import queries
from anlan.simulation.events import SimulationFinished
from anlan.simulation.models import Run
from anlan.simulation.queries import HAZARDS, exposure, ground_around, homes, residents_of

#: How far around a run people's places are looked at for arrival times, km.
PLACES_KM = 40.0


def district_at(lon: float, lat: float) -> Area:
    """The district of the place, the city where it lies outside all."""
    shaped = [(area, parse(area.geometry)) for area in Area.objects.filter(level=Level.DISTRICT) if area.geometry]
    inside = Finder(shaped).containing(lon, lat) if shaped else []
    return inside[0] if inside else Area.objects.get(level=Level.CITY)


def check_place(lon: float, lat: float) -> None:
    """Engines lay metres over degrees, which they may do up to 85 degrees of latitude."""
    for name, title, value, most in (("lon", "经度", lon, 180), ("lat", "纬度", lat, 85)):
        if not -most <= value <= most:
            raise Invalid(name, value, f"-{most} 至 {most} °", label=title)


def places_around(by: Actor, lon: float, lat: float) -> list[tuple[str, list[list[float]]]]:
    """Communities by their outlines and places of people by their points, for engines that tell when they are reached."""
    around = circle(lon, lat, PLACES_KM * 1000)
    outlines = [(home.name, largest(home.outline)) for home in homes() if home.outline.intersects(around)]
    points = [(thing.name, [[thing.lon, thing.lat]]) for thing in things_in(by, around, ("key-place", "hospital"))]
    return [*outlines, *points]


def largest(outline: BaseGeometry) -> list[list[float]]:
    """Ring of the largest part of an area."""
    part = max(getattr(outline, "geoms", [outline]), key=lambda one: one.area)
    return [[x, y] for x, y in part.exterior.coords]


def told_by_room(
    by: Actor, hazard: Hazard, lon: float, lat: float, correlation_id: UUID | None, begins: datetime
) -> dict[str, Any]:
    """What an engine asks of the registers and not of people: places, rasters of the country, lines of the commander."""
    finders: dict[type, Callable[[], Any]] = {
        Places: lambda: places_around(by, lon, lat),
        Structures: lambda: queries.structures_around(by, lon, lat),
        Lines: lambda: lines_of(by, correlation_id, begins) if correlation_id else [],
    }
    told = {item.name: finders[type(item)]() for item in hazard.inputs if type(item) in finders}
    rasters = [item for item in hazard.inputs if isinstance(item, Ground)]
    return told | {item.name: ground_around(by, lon, lat, item.kinds, item.anywhere) for item in rasters}


def lines_of(by: Actor, correlation_id: UUID, begins: datetime) -> list[Any]:
    """Control lines of a story: the minute after the beginning of the run from which each stands, and its points."""
    rows = queries.control_lines(by, correlation_id).filter(dropped_at=None)
    return [[max(0.0, (row.stands_at - begins).total_seconds() / 60), row.points] for row in rows]


def began_at(row: Run) -> datetime:
    """When the fire of a run started to burn: what its minutes are counted from."""
    said = row.summary.get("began_at")
    return datetime.fromisoformat(said) if said else row.at


def called(hazard: Hazard, field: str) -> str:
    """The Chinese name of an input, with what part of it is meant (`rain[0].rate` is 降雨过程[0] 雨强)."""
    name, _, rest = field.partition("[")
    item = next((one for one in hazard.inputs if one.name == name), None)
    if item is None:
        return "位置" if name.startswith(("lon", "lat")) else "推演输入"
    place, _, column = rest.partition("].")
    part = next((one.title for one in getattr(item, "columns", ()) if one.name == column), column)
    return f"{item.title}[{place}] {part}".strip() if rest else item.title


@action("simulation.run")
def run(
    by: Actor,
    kind: str,
    inputs: dict[str, Any],
    lon: float,
    lat: float,
    correlation_id: UUID | None = None,
    subject: str = "",
    because: str = "",
    extra: dict[str, Any] | None = None,
    notes: tuple[str, ...] = (),
) -> Run:
    """Run the engine of `kind` at a place and keep what it said with the people inside.

    `because` says what is only supposed; `extra` goes into the summary (what the caller knows of the trigger), `notes` into
    the assumptions (where its inputs come from).
    """
    hazard = HAZARDS.get(kind)
    if hazard is None:
        raise Invalid("kind", kind, "、".join(HAZARDS), label="灾种")
    check_place(lon, lat)
    area = district_at(lon, lat)
    by.require("simulation.run", area)
    started = time.perf_counter()
    begins = datetime.fromisoformat((extra or {}).get("began_at") or clock.now().isoformat())
    told = told_by_room(by, hazard, lon, lat, correlation_id, begins)
    try:
        result = hazard.run(lon, lat, {**told, **inputs})
        impact = hazard.impact(lon, lat, {**told, **inputs}, residents_of(homes())) if hazard.impact else {}
    except InputError as error:
        raise Invalid(error.field, error.value, error.allowed, label=called(hazard, error.field)) from error
    kept = {name: value for name, value in hazard.read(inputs).items() if name not in told}
    people = exposure([zone.geometry for zone in result.zones])
    summary = result.summary | ({"impact": impact} if impact else {}) | (extra or {})
    took = (time.perf_counter() - started) * 1000
    row = Run.objects.create(
        area=area, kind=kind, title=(subject or f"{hazard.title}推演")[:120], lon=lon, lat=lat, inputs=kept,
        model=result.model, zones=[vars(zone) for zone in result.zones], assumptions=[*notes, *result.assumptions],
        limits=result.limits, summary=summary, exposure=people, at=clock.now(), took_ms=took,
        by=by.name, correlation_id=correlation_id or uuid4(), because=because[:120],
    )  # fmt: skip
    sure = [
        counted["people"]
        for zone, counted in zip(result.zones, people, strict=True)
        if zone.endangers and not zone.uncertain
    ]
    fact = SimulationFinished(row.pk, kind, row.title, lon, lat, max(sure, default=0), took, row.because)
    record(by, "运行推演", row, fact, correlation_id=row.correlation_id)
    return row
