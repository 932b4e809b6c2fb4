"""地点: a name as a caller gives it -> where that is. Enterprises, key places, hospitals, shelters, then areas."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from anlan.command.models import Drawing, Headquarters, Incident
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import HELD, Located
from anlan.kernel.geo import Finder, parse
from anlan.kernel.models import Area
from anlan.resources.models import Hospital, KeyPlace, Shelter
from anlan.supervision.models import Enterprise, Park

#: How people copy coordinates: "106.72,39.51", "106.72 39.51", with or without degree signs.
PAIR = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*°?\s*[,，\s]\s*(-?\d+(?:\.\d+)?)\s*°?\s*")
#: The same inside a sentence; with decimals, so that "3 号楼 5 层" is no place on earth.
WITHIN = re.compile(r"(-?\d+\.\d+)\s*°?\s*[,，\s]\s*(-?\d+\.\d+)")
KINDS: tuple[tuple[str, type[Any]], ...] = (
    ("企业", Enterprise),
    ("园区", Park),
    ("重点场所", KeyPlace),
    ("医院", Hospital),
    ("避难场所", Shelter),
)
#: A place known only as an area is put at its seat or centre, and says so.
ROUGH = "区划驻地（示意）"


@dataclass(frozen=True)
class Place:
    """A place somebody named."""

    name: str
    lon: float
    lat: float
    kind: str
    area: Area | None

    @property
    def rough(self) -> bool:
        return self.kind == ROUGH


def area_at(actor: Actor, lon: float, lat: float) -> Area | None:
    """The deepest area with a polygon around the point, among those the actor may open incidents in."""
    shapes = [
        (area, parse(area.geometry))
        for area in Area.objects.filter(geometry__isnull=False)
        if area.geometry and actor.may("command.incident", area.path)
    ]
    found: list[Area] = Finder(shapes).containing(lon, lat) if shapes else []
    return max(found, key=lambda area: area.level, default=None)


def find(actor: Actor, text: str, most: int = 8) -> list[Place]:
    """What the text may mean, best first: coordinates as they stand, an exact name, a part of a name, an area."""
    text = text.strip()
    pair = PAIR.fullmatch(text)
    if pair:
        lon, lat = float(pair[1]), float(pair[2])
        return [Place(text, lon, lat, "坐标", area_at(actor, lon, lat))]
    if len(text) < 2:
        return []
    found = [*named(actor, text), *areas(actor, text)]
    return sorted(found, key=lambda place: place.name != text)[:most]


def delivery(actor: Actor, incident: Incident, text: str) -> tuple[float, float] | None:
    """Where goods for these words go: what commanders drew under that name, the command post, coordinates in the words,
    the one registered place so called. None when the words leave it open: a guess would send a lorry astray."""
    text = text.strip()
    if not text:
        return None
    drawn = Drawing.objects.unscoped(HELD).filter(incident=incident, erased_at=None, label=text).last()
    if drawn is not None:
        middle = parse(drawn.geometry).representative_point()
        return middle.x, middle.y
    post = Headquarters.objects.unscoped(HELD).filter(incident=incident, dissolved_at=None, place=text).first()
    if post is not None and post.lon is not None and post.lat is not None:
        return post.lon, post.lat
    if pair := WITHIN.search(text):
        lon, lat = float(pair[1]), float(pair[2])
        return (lon, lat) if abs(lon) <= 180 and abs(lat) <= 90 else None
    found = [place for place in find(actor, text) if not place.rough]
    exact = [place for place in found if place.name == text] or found
    return (exact[0].lon, exact[0].lat) if len(exact) == 1 else None


def named(actor: Actor, text: str) -> list[Place]:
    found: list[Place] = []
    for kind, model in KINDS:
        if not actor.has(f"{model._meta.app_label}.view"):
            continue
        rows: list[Located] = list(model.objects.visible_to(actor).filter(name__contains=text).select_related("area"))
        found += [Place(row.name, row.lon, row.lat, kind, row.area) for row in rows]
    return sorted(found, key=lambda place: (place.name != text, not place.name.startswith(text), len(place.name)))


def areas(actor: Actor, text: str) -> list[Place]:
    """Areas whose name the text contains, or the other way round, the deepest first."""
    rows = [
        area
        for area in Area.objects.filter(seat_lon__isnull=False).order_by("-level", "path")
        if (area.name in text or text in area.name) and actor.may("command.incident", area.path)
    ]
    return [Place(area.name, area.seat_lon or 0.0, area.seat_lat or 0.0, ROUGH, area) for area in rows]
