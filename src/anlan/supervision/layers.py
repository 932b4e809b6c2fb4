"""Enterprises and hazard units as things that a hazard may reach."""

from __future__ import annotations

from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.geo.exposed import Thing, exposes
from anlan.supervision.models import Enterprise, HazardUnit

VIEW = "supervision.view"
#: Kinds of unit whose content leaves as a gas.
GASEOUS = {"气柜", "管道"}


def boxed(area: BaseGeometry) -> dict[str, tuple[float, float]]:
    west, south, east, north = area.bounds
    return {"lon__range": (west, east), "lat__range": (south, north)}


def enterprises(actor: Actor, area: BaseGeometry) -> list[Thing]:
    """Works, with the people of the fuller shift: who would be there is not known."""
    rows = Enterprise.objects.visible_to(actor, VIEW).filter(**boxed(area))
    return [
        Thing(
            "enterprise", row.pk, row.name, row.lon, row.lat, max(row.staff_day, row.staff_night), row.phone,
            row.representative, {"industry": row.industry},
        )
        for row in rows
        if area.covers(Point(row.lon, row.lat))
    ]  # fmt: skip


def hazard_units(actor: Actor, area: BaseGeometry) -> list[Thing]:
    """Tanks, reactors, stores, with what the chemical engine and the criteria of floating, shaking and heating ask for."""
    rows = HazardUnit.objects.visible_to(actor, VIEW).filter(**boxed(area)).select_related("enterprise")
    return [
        Thing(
            "hazard-unit", row.pk, f"{row.enterprise.name} {row.name}", row.lon, row.lat, None, row.enterprise.phone,
            row.representative,
            {
                "kind": row.kind, "substance": row.substance, "quantity_t": row.quantity_t, "height_m": row.height_m,
                "pressure_mpa": row.pressure_mpa, "temperature_c": row.temperature_c,
                "phase": "gas" if row.kind in GASEOUS else "liquid", "enterprise_id": row.enterprise_id,
            },
        )
        for row in rows
        if area.covers(Point(row.lon, row.lat))
    ]  # fmt: skip


exposes("enterprise", "企业", VIEW, enterprises)
exposes("hazard-unit", "危险单元", VIEW, hazard_units)
