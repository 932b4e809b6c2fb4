"""Runs, and who lives where."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from anlan.hazards import discover
from anlan.hazards.contract import Hazard
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.areas.models import Area, Level
from anlan.kernel.geo import GeoJson
from anlan.simulation.models import Run

HAZARDS: dict[str, Hazard] = discover()


def runs(actor: Actor, correlation_id: UUID | None = None) -> QuerySet[Run]:
    found = Run.objects.visible_to(actor).order_by("-at")
    return found.filter(correlation_id=correlation_id) if correlation_id else found


def residents(zone: BaseGeometry) -> list[dict[str, Any]]:
    """People of each community touched by the zone: share of its area times its residents. Modelled, not counted."""
    found = []
    for area in Area.objects.filter(level=Level.COMMUNITY, geometry__isnull=False, population__isnull=False):
        home = shape(area.geometry or {})
        if home.area and home.intersects(zone):
            share = home.intersection(zone).area / home.area
            people = round((area.population or 0) * share)
            if people:
                found.append({"area_id": area.pk, "name": area.name, "people": people, "share": round(share, 3)})
    return sorted(found, key=lambda row: -row["people"])


def exposure(zones: list[GeoJson]) -> list[dict[str, Any]]:
    """For each zone (worst first): people inside it, by community."""
    counted = [residents(shape(zone)) for zone in zones]
    return [{"people": sum(row["people"] for row in rows), "communities": rows} for rows in counted]
