"""A shape on the map -> people by community, those who need help first, works, shelters, and whom to call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import floor

from shapely.geometry.base import BaseGeometry

from anlan.command.assessment.people import living
from anlan.command.duty.calling import Contact, in_charge
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.models import DataClass
from anlan.kernel.areas.models import Area, Level
from anlan.kernel.errors import Invalid
from anlan.kernel.geo import area_km2
from anlan.kernel.geo.exposed import EXPOSED, Thing, things_in
from anlan.kernel.geo.shapes import GeoJson, parse

#: Places whose people cannot leave by themselves or quickly.
VULNERABLE = ("学校", "幼儿园", "养老院", "医院", "福利院", "监所")
#: Larger than any city: drawn by mistake.
MOST_KM2 = 60_000.0
MOST_POINTS = 5000


@dataclass(frozen=True)
class Community:
    """Residents of one area inside the shape; `whole`: how many it has in all."""

    area_id: int
    name: str
    people: int
    whole: int
    sketch: bool


@dataclass(frozen=True)
class Assessment:
    """Everything 模型推算 where it is about residents; people of places are as registered."""

    km2: float
    people: int
    communities: list[Community]
    vulnerable: list[Thing]
    things: list[tuple[str, list[Thing]]]
    contacts: list[Contact]
    source: str
    at: datetime

    @property
    def vulnerable_people(self) -> int:
        return sum(thing.people or 0 for thing in self.vulnerable)

    @property
    def area_ids(self) -> list[int]:
        return [row.area_id for row in self.communities]


def shape_of(given: GeoJson) -> BaseGeometry:
    """A polygon that can be assessed. Raises `Invalid`."""
    zone = parse(given)
    if zone.geom_type not in {"Polygon", "MultiPolygon"} or zone.is_empty or not zone.is_valid:
        raise Invalid("geometry", zone.geom_type, "不自交的面（Polygon 或 MultiPolygon，WGS84）", label="范围")
    if area_km2(zone) > MOST_KM2:
        raise Invalid("geometry", f"{area_km2(zone):.0f}", f"不超过 {MOST_KM2:g}", label="范围", unit="km²")
    return zone


def ring(text: str) -> GeoJson:
    """`lon,lat lon,lat …` as a polygon. Raises `Invalid` naming the part that is none."""
    points = []
    for part in text.split():
        try:
            lon, lat = (float(value) for value in part.split(","))
        except ValueError:
            raise Invalid("ring", part, "经度,纬度 以空格分隔，至少 3 点", label="范围") from None
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):
            raise Invalid("ring", part, "经度 -180~180，纬度 -90~90", label="范围", unit="度")
        points.append([lon, lat])
    if not 3 <= len(points) <= MOST_POINTS:
        raise Invalid("ring", len(points), f"3 至 {MOST_POINTS} 点", label="范围")
    return {"type": "Polygon", "coordinates": [[*points, points[0]]]}


def assess(actor: Actor, zone: BaseGeometry, at: datetime) -> Assessment:
    """What the actor may know of what lies inside. Communities are shared out so that their sum is the total."""
    counted = living().inside(zone)
    communities = rounded([(home.pk, home.name, people, home.people, home.sketch) for home, people in counted])
    things = things_in(actor, zone)
    kinds = [(EXPOSED[kind].title, [one for one in things if one.kind == kind]) for kind in EXPOSED]
    vulnerable = [one for one in things if one.kind == "hospital" or str(one.facts.get("kind", "")) in VULNERABLE]
    sources = sorted({home.source for home, _ in counted if home.source})
    return Assessment(
        km2=area_km2(zone),
        people=sum(row.people for row in communities),
        communities=communities,
        vulnerable=sorted(vulnerable, key=lambda one: -(one.people or 0)),
        things=[(title, rows) for title, rows in kinds if rows],
        contacts=contacts(actor, [row.area_id for row in communities], at),
        source="；".join(sources[:2]),
        at=at,
    )


def rounded(rows: list[tuple[int, str, float, float, bool]]) -> list[Community]:
    """Whole people by largest remainder: the parts add up to the rounded whole, so that tables reconcile."""
    total = round(sum(row[2] for row in rows))
    floors = [floor(row[2]) for row in rows]
    left = total - sum(floors)
    by_rest = sorted(range(len(rows)), key=lambda i: floors[i] - rows[i][2])
    for i in by_rest[:left]:
        floors[i] += 1
    found = [
        Community(pk, name, people, round(whole), sketch)
        for (pk, name, _, whole, sketch), people in zip(rows, floors, strict=True)
        if people
    ]
    return sorted(found, key=lambda row: -row.people)


def contacts(actor: Actor, area_ids: list[int], at: datetime) -> list[Contact]:
    """责任人: those in charge of the communities and of what they belong to, the highest level first; each number once.
    Names and numbers are personal data: only of areas and of a data class that the actor may see."""
    areas = list(Area.objects.filter(pk__in=area_ids).defer("geometry"))
    above = {path for area in areas for path in heads(area.path)}
    found: dict[tuple[str, str], Contact] = {}
    for place in [
        *Area.objects.filter(path__in=above, level__lt=Level.COMMUNITY).defer("geometry").order_by("level"),
        *areas,
    ]:
        own = [one for one in in_charge([place], at) if one.area.pk == place.pk and may_know(actor, one)]
        for contact in own:
            found.setdefault((contact.name, contact.phone), contact)
    return list(found.values())


def may_know(actor: Actor, one: Contact) -> bool:
    data_class = one.person.data_class if one.person else DataClass.INTERNAL
    return actor.may("command.view", one.area.path, data_class)


def heads(path: str) -> list[str]:
    parts = [part for part in path.split("/") if part]
    return ["/" + "/".join(parts[:n]) + "/" for n in range(1, len(parts))]
