"""Enterprises and hazard units inside an area."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from shapely.geometry import Point, shape

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import ScopedQuerySet
from anlan.kernel.errors import Invalid
from anlan.kernel.geo import GeoJson
from anlan.supervision.models import (
    Basis,
    Enterprise,
    HazardUnit,
    OnSite,
    Park,
    ParkCondition,
    ParkRisk,
    ProtectionTarget,
)
from anlan.supervision.park_risk import plan
from anlan.supervision.park_risk.assemble import Assembled, assemble, holds
from anlan.supervision.park_risk.majors import Major
from anlan.supervision.park_risk.majors import identified as majors_of
from anlan.supervision.registers import SUBSTANCES

#: The largest unit that may be supposed, t.
MOST_T = 50_000.0


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


def majors(actor: Actor, park_id: int | None = None) -> list[Major]:
    """重大危险源: the units 单元 of the works that the actor may see, or of a park, as GB 18218-2018 grades them."""
    rows = hazard_units(actor)
    if park_id is not None:
        rows = rows.filter(enterprise__park_id=park_id)
    return majors_of(list(rows), SUBSTANCES)


def units_below(actor: Actor, path: str) -> list[HazardUnit]:
    """Hazard units in the area of this path and below it."""
    return list(HazardUnit.objects.visible_to(actor).filter(area__path__startswith=path).order_by("code"))


def parks(actor: Actor) -> ScopedQuerySet[Park]:
    return Park.objects.visible_to(actor).select_related("area").order_by("code")


def park(actor: Actor, park_id: int) -> Park:
    return Park.objects.visible_to(actor).select_related("area").one(park_id)


def park_risk(actor: Actor, park_id: int, basis: str) -> ParkRisk | None:
    """The newest assessment of a park."""
    return ParkRisk.objects.visible_to(actor).filter(park_id=park_id, basis=basis).order_by("-at", "-pk").first()


def park_risk_series(actor: Actor, park_id: int, basis: str, limit: int = 500) -> list[dict[str, Any]]:
    """Newest `limit` assessments, oldest first: time, k, d, PLL, grade, reason."""
    rows = ParkRisk.objects.visible_to(actor).filter(park_id=park_id, basis=basis).order_by("-at", "-pk")
    names = ("pk", "at", "k", "d", "pll", "grade", "zone", "reason")
    return list(rows.values(*names)[:limit])[::-1]


def park_risks_before(actor: Actor, row: ParkRisk, limit: int) -> Iterator[ParkRisk]:
    """Earlier assessments of the same park and basis, newest first."""
    rows = ParkRisk.objects.visible_to(actor).filter(park_id=row.park_id, basis=row.basis, pk__lt=row.pk)
    chosen = rows.select_related("park", "area").defer("contours", "inputs", "capacity", "assumptions").order_by("-pk")
    return chosen[:limit].iterator(chunk_size=10)


def one_park_risk(actor: Actor, risk_id: int) -> ParkRisk:
    return ParkRisk.objects.visible_to(actor).select_related("park", "area").one(risk_id)


def condition(actor: Actor, park_id: int) -> ParkCondition | None:
    return ParkCondition.objects.visible_to(actor).filter(park_id=park_id).first()


def condition_now(actor: Actor, park_id: int, at: datetime) -> ParkCondition | None:
    """The present weather, unless nobody has said anything for hours."""
    found = condition(actor, park_id)
    return found if found is not None and holds(found, at) else None


def units_of_stations(actor: Actor) -> ScopedQuerySet[HazardUnit]:
    """Units whose level is measured and whose full level is known."""
    return HazardUnit.objects.visible_to(actor).filter(full_level_m__gt=0)


def counted_places(actor: Actor) -> list[tuple[str, int, list[str]]]:
    """(kind, id, codes of the datastreams that count its people) of works and protection targets that name any."""
    found = []
    for kind, model in (("enterprise", Enterprise), ("target", ProtectionTarget)):
        for row in model.objects.visible_to(actor).exclude(headcount="").order_by("pk"):
            codes = [code.strip() for code in row.headcount.replace("，", ",").split(",") if code.strip()]
            if codes:
                found.append((kind, row.pk, codes))
    return found


def on_site_now(actor: Actor, park_id: int) -> list[OnSite]:
    """The newest counts of the works of a park, by name; old ones too, with their time."""
    rows = OnSite.objects.visible_to(actor).filter(enterprise__park_id=park_id)
    return list(rows.select_related("enterprise").order_by("enterprise__name"))


def candidates() -> list[tuple[str, str]]:
    """(key, name) of substances that a unit may be supposed of."""
    return plan.substances()


def made_of(actor: Actor, park_id: int, basis: str) -> Assembled:
    """A park's registers, and for the present what holds there, as the engine asks for them."""
    found = park(actor, park_id)
    if basis not in Basis.values:
        raise Invalid("basis", basis, "、".join(Basis.values), label="口径")
    now = clock.now()
    return assemble(found, basis, now, condition(actor, park_id))


def place_in(found: Park, lon: str, lat: str) -> tuple[float, float]:
    """A place on the park's map."""
    return degrees(lon, "lon", found, 0.15), degrees(lat, "lat", found, 0.1)


def point_risk(actor: Actor, park_id: int, basis: str, lon: str, lat: str) -> dict[str, Any]:
    """Individual risk at a place and what brings it there."""
    place = place_in(park(actor, park_id), lon, lat)
    return plan.point(made_of(actor, park_id, basis), *place)


def supposed(actor: Actor, park_id: int, substance: str, tonnes: str, lon: str, lat: str) -> dict[str, Any]:
    """What one more unit at a place would change, by the year's risk of the park as it is registered."""
    if substance not in dict(candidates()):
        raise Invalid("substance", substance, "、".join(name for _key, name in candidates()), label="物质")
    place = place_in(park(actor, park_id), lon, lat)
    return plan.effect(made_of(actor, park_id, Basis.ANNUAL), substance, quantity(tonnes), *place)


def quantity(text: str) -> float:
    """t of a supposed unit."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value <= MOST_T:
        raise Invalid("tonnes", text, f"大于 0、至 {MOST_T:g}", label="数量", unit="t")
    return value


def degrees(text: str, name: str, near: Park, span: float) -> float:
    """A coordinate at most `span` degrees from the park."""
    middle = float(getattr(near, name))
    label = "经度" if name == "lon" else "纬度"
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not abs(value - middle) <= span:
        raise Invalid(name, text, f"{middle - span:.3f} 至 {middle + span:.3f}", label=label, unit="°")
    return value
