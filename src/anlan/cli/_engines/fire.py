"""Wildfire without a grid: the point model, and the ellipse of uniform country. Apart from `wildfire` so that it starts at once."""

from __future__ import annotations

from dataclasses import asdict
from math import cos, radians
from typing import Any

from anlan.cli._engines import pictures
from anlan.cli._engines.contract import Engine, Field, Json, at_least_zero, choice, positive
from anlan.hazards.contract import InputError
from anlan.hazards.plane import ellipse, polygon
from anlan.hazards.wildfire import area_ha, burnt
from anlan.hazards.wildfire.crown import Canopy, CrownFire, crown_fire
from anlan.hazards.wildfire.fuels import find
from anlan.hazards.wildfire.rothermel import FORMULAS, Moisture, behaviour

MOISTURE = ("dead_1h", "dead_10h", "dead_100h", "live_herb", "live_woody")
BEHAVIOUR = (
    Field("fuel", "燃料模型", "string"),
    at_least_zero("slope", "坡度（升高/水平）", "", 0.0, 10),
    Field("aspect_deg", "坡向", unit="°", low=0, high=360, default=0.0),
    at_least_zero("wind_10m_km_h", "10 m 风速", "km/h", high=300),
    Field("wind_from_deg", "风向（来向）", unit="°", low=0, high=360, default=0.0),
    *(at_least_zero(name, f"含水率 {name}", "（质量比）", high=5) for name in MOISTURE),
    at_least_zero("canopy_cover", "郁闭度", "", 0.0, 1),
    at_least_zero("canopy_height_m", "冠层高度", "m", 0.0, 120),
    positive("crown_ratio", "冠长比", "", 1.0, 1),
    choice("length_to_width", "长宽比公式", FORMULAS, "anderson"),
    Field("wind_limit", "限制有效风速", "boolean", default=True),
    choice("wind_plane", "风的平面", ("slope", "horizontal"), "slope"),
    at_least_zero("canopy_base_height_m", "枝下高", "m", None, 60),
    positive("canopy_bulk_density_kg_m3", "冠层容积密度", "kg/m³", None, 2),
    Field("foliar_moisture", "叶含水率", unit="（质量比）", low=0.2, high=4, default=1.0),
    choice("live_of_13", "13 种模型的活燃料", ("herb", "woody"), "herb"),
)
PLACE = (
    Field("lon", "经度", unit="°", low=-180, high=180, default=None),
    Field("lat", "纬度", unit="°", low=-85, high=85, default=None),
)


def head(given: Json) -> Json:
    """The head of the fire."""
    found = behaviour(
        find(given["fuel"], given["live_of_13"]),
        Moisture(*(given[name] for name in MOISTURE)),
        given["wind_10m_km_h"],
        given["wind_from_deg"],
        given["slope"],
        given["aspect_deg"],
        given["canopy_cover"],
        given["canopy_height_m"],
        given["crown_ratio"],
        given["length_to_width"],
        given["wind_limit"],
        given["wind_plane"] == "slope",
    )
    crowns = (
        {}
        if given["canopy_base_height_m"] is None or given["canopy_bulk_density_kg_m3"] is None
        else {"crown": asdict(crowns_of(given))}
    )
    return {
        **crowns,
        "ros_m_min": found.ros_m_min,
        "flame_length_m": found.flame_length_m,
        "fireline_intensity_kw_m": found.fireline_intensity_kw_m,
        "direction_deg": found.direction_deg,
        "length_to_width": found.length_to_width,
        "effective_wind_m_s": found.effective_wind_m_s,
    }


def crowns_of(given: Json) -> CrownFire:
    """Crown fire over the same fuel, wind taken upslope; an index wind that no wind reaches is null."""
    canopy = Canopy(
        given["canopy_base_height_m"],
        given["canopy_bulk_density_kg_m3"],
        given["foliar_moisture"],
        given["canopy_height_m"],
        given["canopy_cover"],
    )
    water = Moisture(*(given[name] for name in MOISTURE))
    fuel = find(given["fuel"], given["live_of_13"])
    return crown_fire(fuel, water, given["wind_10m_km_h"], canopy, given["slope"])


def burnt_ellipse(given: Json) -> Json:
    """The head, and the ellipse after each of the hours."""
    found = head(given)
    perimeters = []
    for hours in given["hours"]:
        if not isinstance(hours, int | float) or isinstance(hours, bool) or not 0 < hours <= 240:
            raise InputError("hours", hours, "> 0，<= 240 h")
        major, minor, ahead = burnt(found["ros_m_min"], found["length_to_width"], hours)
        ring = ellipse(major, minor, found["direction_deg"], ahead)
        place = given["lon"], given["lat"]
        perimeters.append(
            {
                "t_min": hours * 60,
                "area_ha": area_ha(found["ros_m_min"], found["length_to_width"], hours),
                "polygon": [list(p) for p in ring] if None in place else polygon(*place, ring),
            }
        )
    return {**found, "head_ros_m_min": found["ros_m_min"], "perimeters": perimeters, "model": "椭圆，均匀燃料、风与坡"}


def draw_perimeters(axes: Any, given: Json, result: Json) -> None:
    for perimeter in result["perimeters"]:
        shape = perimeter["polygon"]
        ring = shape["coordinates"][0] if isinstance(shape, dict) else [*shape, shape[0]]
        axes.plot([p[0] for p in ring], [p[1] for p in ring], label=f"{perimeter['t_min'] / 60:g} h")
    axes.set_aspect("equal" if given.get("lon") is None else 1 / cos(radians(given["lat"])))
    axes.set_title("火场（模型推算）")
    axes.legend()


WEST_WIND = {
    "fuel": "GR4", "slope": 0.19438, "aspect_deg": 180, "wind_10m_km_h": 20, "wind_from_deg": 270, "dead_1h": 0.06,
    "dead_10h": 0.07, "dead_100h": 0.08, "live_herb": 0.60, "live_woody": 0.90,
}  # fmt: skip
ENGINES: tuple[Engine, ...] = (
    Engine(
        "fire-behavior", "地表火行为（火头）", "Rothermel 1972; Andrews 2018 (RMRS-GTR-371)",
        BEHAVIOUR, head, WEST_WIND, plot=pictures.behaviour,
    ),
    Engine(
        "wildfire-ellipse", "均匀条件下的椭圆火场", "Rothermel 1972; Rothermel 1991; 椭圆闭式解",
        (*BEHAVIOUR, Field("hours", "时刻", "array", default=[1, 2, 3, 6]), *PLACE), burnt_ellipse,
        {**WEST_WIND, "hours": [1, 3, 6], "lon": 106.72, "lat": 39.70}, plot=draw_perimeters,
    ),
)  # fmt: skip
