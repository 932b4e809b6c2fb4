"""Runs, and who lives where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from anlan.hazards import discover
from anlan.hazards.contract import Hazard
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import ScopedQuerySet
from anlan.kernel.areas.models import Area, Level
from anlan.kernel.geo import GeoJson, area_km2
from anlan.simulation.models import Run

HAZARDS: dict[str, Hazard] = discover()


def runs(actor: Actor, correlation_id: UUID | None = None) -> ScopedQuerySet[Run]:
    found = Run.objects.visible_to(actor).order_by("-at")
    return found.filter(correlation_id=correlation_id) if correlation_id else found


@dataclass(frozen=True)
class Home:
    """An area where people live, by its outline and how many: the finest level somebody has an outline for."""

    pk: int
    name: str
    outline: BaseGeometry
    people: float
    #: Where the figure of residents comes from, and of what date.
    source: str = ""
    #: Whether the outline only shows roughly where the area is (示意).
    sketch: bool = False

    @property
    def per_km2(self) -> float:
        """Residents per square kilometre of the outline."""
        km2 = area_km2(self.outline)
        return self.people / km2 if km2 else 0.0


def homes() -> list[Home]:
    """Areas with outline and residents of which no part has both; scaled so that they add up to their district's total."""
    known = list(Area.objects.filter(level__lt=Level.GRID, geometry__isnull=False, population__isnull=False))
    above = {area.parent_id for area in known}
    finest = [area for area in known if area.pk not in above]
    districts = {area.path: area for area in known if area.level == Level.DISTRICT}
    sums: dict[str, float] = {}
    for area in finest:
        path = district_path(area, districts)
        sums[path] = sums.get(path, 0.0) + (area.population or 0)
    return [
        Home(area.pk, area.name, shape(area.geometry or {}), scaled(area, districts, sums), area.population_note, area.sketch)
        for area in finest
    ]  # fmt: skip


def census() -> list[str]:
    """What the totals of the districts rest on: each source once, with its date as its publisher gives it."""
    found = Area.objects.filter(level=Level.DISTRICT, population__isnull=False).order_by("path")
    return list(dict.fromkeys(area.population_note for area in found if area.population_note))


def district_path(area: Area, districts: dict[str, Area]) -> str:
    return next((path for path in districts if area.path.startswith(path)), "")


def scaled(area: Area, districts: dict[str, Area], sums: dict[str, float]) -> float:
    """Residents such that the parts of a district add up to what its census says."""
    path, own = district_path(area, districts), float(area.population or 0)
    if not path or not sums[path]:
        return own
    return own * (districts[path].population or 0) / sums[path]


def residents(zone: BaseGeometry, living: list[Home]) -> list[dict[str, Any]]:
    """People of each area touched by the zone: share of its surface times its residents. Modelled, not counted."""
    found = []
    for home in living:
        if home.outline.area and home.outline.intersects(zone):
            share = home.outline.intersection(zone).area / home.outline.area
            people = round(home.people * share)
            if people:
                found.append({"area_id": home.pk, "name": home.name, "people": people, "share": round(share, 3)})
    return sorted(found, key=lambda row: -row["people"])


def exposure(zones: list[GeoJson]) -> list[dict[str, Any]]:
    """For each zone (worst first): people inside it, by community. `known` is false where no outline is loaded."""
    living = homes()
    counted = [residents(shape(zone), living) for zone in zones]
    return [
        {"people": sum(row["people"] for row in rows), "communities": rows, "known": bool(living)} for rows in counted
    ]  # fmt: skip
