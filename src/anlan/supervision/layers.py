"""Enterprises and hazard units as things that a hazard may reach; the risk of parks as lines on the map."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.timezone import localtime
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.geo import BBox, GeoJson
from anlan.kernel.geo.exposed import Thing, exposes
from anlan.kernel.geo.layers import FeatureCollection, Layer, layer
from anlan.supervision import queries
from anlan.supervision.models import Basis, Enterprise, HazardUnit, ParkRisk

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


#: Least individual risk of a colour, 1/y, with what the legend says (limits of GB 36894-2018).
RISK = (
    (3e-5, "#b3001b", "≥ 3×10⁻⁵/年"),
    (1e-5, "#e4572e", "≥ 1×10⁻⁵/年"),
    (3e-6, "#f2a33a", "≥ 3×10⁻⁶/年"),
    (3e-7, "#f6d55c", "≥ 3×10⁻⁷/年"),
)


def risk_of(basis: str) -> Callable[[Actor, BBox | None], FeatureCollection]:
    """Contours of the newest assessment of every park, outermost first."""

    def features(actor: Actor, bbox: BBox | None) -> FeatureCollection:
        del bbox
        found: list[GeoJson] = []
        sources: list[str] = []
        for park in queries.parks(actor):
            row = queries.park_risk(actor, park.pk, basis)
            if row is None:
                continue
            sources.append(f"{park.name}：{localtime(row.at):%m-%d %H:%M}，{row.grade}（{row.colour}）")
            found += [contour_feature(row, line) for line in row.contours if line["geometry"]]
        return {"type": "FeatureCollection", "features": found, "source": "；".join(sources)}

    return features


def risk_colour(risk: float) -> str:
    """Of a contour, by its level 1/y."""
    return next((colour for least, colour, _text in RISK if risk >= least * 0.999), RISK[-1][1])


def contour_feature(row: ParkRisk, line: dict[str, Any]) -> GeoJson:
    colour, text = next(((c, t) for least, c, t in RISK if line["risk"] >= least * 0.999), (RISK[-1][1], RISK[-1][2]))
    return {
        "type": "Feature", "geometry": line["geometry"],
        "properties": {
            "id": f"{row.pk}-{line['risk']:.0e}", "name": f"{row.park.name} 个人风险 {text}", "modelled": True, "colour": colour,
            "opacity": 0.18, "grade": row.grade, "at": row.at.isoformat(), "url": f"/supervision/parks/{row.park_id}/",
        },
    }  # fmt: skip


for _basis, _title, _shown, _empty in (
    (Basis.CURRENT, "园区个人风险（当前气象与存量，模型推算）", True, "没有园区当前风险：园区附近没有在线气象站"),
    (Basis.ANNUAL, "园区个人风险（常年，模型推算）", False, "还没有园区风险评估"),
):
    layer(
        Layer(
            key=f"park-risk-{_basis}", title=_title, kind="polygon", features=risk_of(_basis), permission=VIEW,
            colour="#e4572e", refresh=("supervision.ParkRiskAssessed",), group="supervision", shown=_shown,
            legend=tuple((colour, text) for _least, colour, text in RISK), empty=_empty,
        )
    )  # fmt: skip
