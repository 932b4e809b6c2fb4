"""Enterprises and hazard units inside an area."""

from __future__ import annotations

from typing import Any

from shapely.geometry import Point, shape

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import ScopedQuerySet
from anlan.kernel.geo import GeoJson
from anlan.supervision.models import Enterprise, HazardUnit


def inside(actor: Actor, geometry: GeoJson) -> dict[str, list[dict[str, Any]]]:
    """Enterprises (with people on site by shift) and hazard units inside a polygon (WGS84)."""
    area = shape(geometry)
    west, south, east, north = area.bounds
    box = {"lon__range": (west, east), "lat__range": (south, north)}
    enterprises = Enterprise.objects.visible_to(actor).filter(**box)
    units = HazardUnit.objects.visible_to(actor).filter(**box).select_related("enterprise")
    return {
        "enterprises": [
            {
                "id": e.pk,
                "name": e.name,
                "lon": e.lon,
                "lat": e.lat,
                "staff_day": e.staff_day,
                "staff_night": e.staff_night,
                "phone": e.phone,
            }
            for e in enterprises
            if area.covers(Point(e.lon, e.lat))
        ],
        "hazard_units": [
            {
                "id": u.pk,
                "name": u.name,
                "substance": u.substance,
                "quantity_t": u.quantity_t,
                "enterprise": u.enterprise.name,
            }
            for u in units
            if area.covers(Point(u.lon, u.lat))
        ],
    }


def hazard_unit(actor: Actor, unit_id: int) -> HazardUnit:
    return HazardUnit.objects.visible_to(actor).select_related("enterprise").one(unit_id)


def hazard_units(actor: Actor) -> ScopedQuerySet[HazardUnit]:
    """危险单元 the actor may see, by enterprise."""
    return HazardUnit.objects.visible_to(actor).select_related("enterprise").order_by("enterprise__name", "code")


def release_inputs(
    unit: HazardUnit, hole_mm: float, wind_m_s: float, wind_from_deg: float, stability: str
) -> dict[str, Any]:
    """What the chemical engine needs to know of this unit, with the weather the caller has."""
    return {
        "substance": unit.substance,
        "phase": "gas" if unit.kind in {"气柜", "管道"} else "liquid",
        "hole_mm": hole_mm,
        "pressure_mpa": unit.pressure_mpa,
        "temperature_c": unit.temperature_c,
        "height_m": unit.height_m,
        "wind_m_s": wind_m_s,
        "wind_from_deg": wind_from_deg,
        "stability": stability,
    }


def units_below(actor: Actor, path: str) -> list[HazardUnit]:
    """Hazard units in the area of this path and below it."""
    return list(HazardUnit.objects.visible_to(actor).filter(area__path__startswith=path).order_by("code"))
