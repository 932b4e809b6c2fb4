"""Who and what is reached from a place in so many minutes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shapely import STRtree
from shapely.geometry import Point, shape

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import Invalid
from anlan.kernel.geo import GeoJson
from anlan.resources.models import Hospital, KeyPlace, Readiness, Shelter, Store, Team
from anlan.resources.queries.places import closed_at
from anlan.resources.roads import ANY, Limits, roads

MOST_BANDS, LONGEST_MIN = 6, 240.0
KINDS = (("teams", Team), ("hospitals", Hospital), ("shelters", Shelter), ("stores", Store), ("key_places", KeyPlace))


@dataclass(frozen=True)
class Reached:
    """One band: its minutes, its area, and what lies in it and not in a nearer one."""

    minutes: float
    area: GeoJson
    inside: dict[str, list[str]]


def bands_of(text: str) -> list[float]:
    """10,20,30 -> minutes."""
    try:
        found = sorted({float(part) for part in text.replace("，", ",").split(",") if part.strip()})
    except ValueError as error:
        raise Invalid("minutes", text, "逗号分隔的分钟数，如 10,20,30", label="时间", unit="min") from error
    if not 0 < len(found) <= MOST_BANDS or not all(0 < one <= LONGEST_MIN for one in found):
        raise Invalid("minutes", text, f"1~{MOST_BANDS} 个，各在 0~{LONGEST_MIN:g} 之间", label="时间", unit="min")
    return found


def reached(
    actor: Actor, lon: float, lat: float, bands: list[float], at: datetime, speed_km_h: float = 60,
    limits: Limits = ANY, avoid: GeoJson | None = None,
) -> list[Reached]:  # fmt: skip
    """Isochrones around closures in force, with the teams, hospitals, shelters, stores and key places in each."""
    areas = roads().isochrones((lon, lat), bands, closed_at(at, avoid), speed_km_h, limits)
    found, seen = [], {name: set[int]() for name, _model in KINDS}
    places = {name: located(actor, name, model) for name, model in KINDS}
    for minutes, area in areas:
        outline, inside = shape(area), dict[str, list[str]]()
        for name, rows in places.items():
            tree = STRtree([Point(x, y) for _pk, _title, x, y in rows])
            hits = [rows[i] for i in sorted(tree.query(outline, predicate="intersects"))]
            inside[name] = [title for pk, title, _x, _y in hits if pk not in seen[name]]
            seen[name] |= {pk for pk, *_rest in hits}
        found.append(Reached(minutes, area, inside))
    return found


def located(actor: Actor, name: str, model: Any) -> list[tuple[int, str, float, float]]:
    rows = model.objects.visible_to(actor)
    if name == "teams":
        ready = rows.filter(readiness=Readiness.READY)
        return [(row.pk, row.name, row.position_lon or row.lon, row.position_lat or row.lat) for row in ready]
    return list(rows.values_list("pk", "name", "lon", "lat"))
