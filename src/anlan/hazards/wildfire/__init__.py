"""森林草原火灾: surface spread of grass fuels and the ellipse it burns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, sqrt
from typing import Any

from anlan.hazards.contract import Case, Choice, Footprint, Hazard, Input, Zone
from anlan.hazards.plane import ellipse, polygon

LB_FT2, FT_M = 0.204816, 0.3048
#: Scott & Burgan 2005 grass models: load 1h, live herb (t/acre), SAV 1h, SAV herb (1/ft), depth (ft), extinction moisture.
FUELS = {
    "GR1": (0.10, 0.30, 2200, 2000, 0.4, 0.15),
    "GR2": (0.10, 1.00, 2000, 1800, 1.0, 0.15),
    "GR4": (0.25, 1.90, 2000, 1800, 2.0, 0.15),
    "GR7": (1.00, 5.40, 2000, 1800, 3.0, 0.15),
}
HEAT, PARTICLE_DENSITY, MINERAL, EFFECTIVE_MINERAL = 8000.0, 32.0, 0.0555, 0.010
#: Midflame wind over 10 m wind for open grass (Andrews 2012, 0.36 of 20 ft; 20 ft = 10 m / 1.15).
WIND_REDUCTION = 0.36 / 1.15
T_ACRE_LB_FT2 = 2000 / 43560


@dataclass(frozen=True)
class Spread:
    """ros m/min at the head, length over breadth, flame length m, fireline intensity kW/m."""

    ros_m_min: float
    length_to_width: float
    flame_m: float
    intensity_kw_m: float


def rothermel(fuel: str, moisture: float, wind_10m_m_s: float, slope: float = 0.0) -> Spread:
    """Rothermel 1972 with cured grass: herbaceous load moved to dead (curing 1), one dead class, US units inside.

    moisture: fraction of dry weight; slope: rise over run, aligned with the wind. Source: USDA INT-115.
    """
    dead, herb, sav_dead, sav_herb, depth, extinction = FUELS[fuel]
    load = (dead + herb) * T_ACRE_LB_FT2
    area_d, area_h = dead * sav_dead, herb * sav_herb
    sav = (area_d * sav_dead + area_h * sav_herb) / (area_d + area_h)
    bulk = load / depth
    packing = bulk / PARTICLE_DENSITY
    optimum = 3.348 * sav**-0.8189
    relative = packing / optimum
    a = 133 * sav**-0.7913
    peak = sav**1.5 / (495 + 0.0594 * sav**1.5)
    velocity = peak * relative**a * exp(a * (1 - relative))
    ratio = min(1.0, moisture / extinction)
    damp = max(0.0, 1 - 2.59 * ratio + 5.11 * ratio**2 - 3.52 * ratio**3)
    mineral = min(1.0, 0.174 * EFFECTIVE_MINERAL**-0.19)
    reaction = velocity * load * (1 - MINERAL) * HEAT * damp * mineral
    flux = exp((0.792 + 0.681 * sqrt(sav)) * (packing + 0.1)) / (192 + 0.2595 * sav)
    wind = wind_10m_m_s * WIND_REDUCTION * 60 / FT_M
    c, b, e = 7.47 * exp(-0.133 * sav**0.55), 0.02526 * sav**0.54, 0.715 * exp(-3.59e-4 * sav)
    by_wind = c * wind**b * relative**-e if wind > 0 else 0.0
    by_slope = 5.275 * packing**-0.3 * slope**2
    sink = bulk * exp(-138 / sav) * (250 + 1116 * moisture)
    ros = reaction * flux * (1 + by_wind + by_slope) / sink
    intensity = reaction * 384 / sav * ros / 60  # Btu/ft/s: residence time 384/sav min (Anderson 1969)
    flame = 0.45 * intensity**0.46 if intensity > 0 else 0.0
    return Spread(ros * FT_M, anderson(wind_10m_m_s * WIND_REDUCTION), flame * FT_M, intensity * 3.4613)


def anderson(midflame_m_s: float) -> float:
    """Length over breadth of the burnt ellipse (Anderson 1983, mph), at most 8."""
    mph = midflame_m_s * 2.23694
    return float(min(8.0, 0.936 * exp(0.2566 * mph) + 0.461 * exp(-0.1548 * mph) - 0.397))


def burnt(spread: Spread, hours: float) -> tuple[float, float, float]:
    """(semi-major, semi-minor, distance of the centre ahead of the ignition) in m after `hours`."""
    ratio = spread.length_to_width
    eccentricity = sqrt(1 - 1 / ratio**2)
    head = spread.ros_m_min * 60 * hours
    major = head / (1 + eccentricity)
    return major, major / ratio, major * eccentricity


def run(lon: float, lat: float, inputs: Mapping[str, Any]) -> Footprint:
    """Where the fire may be after 1, 2, 3 and 6 hours if nobody fights it."""
    given = HAZARD.read(inputs)
    spread = rothermel(given["fuel"], given["moisture_pct"] / 100, given["wind_m_s"], given["slope"])
    towards = (given["wind_from_deg"] + 180) % 360
    zones = []
    for level, hours in enumerate((1, 2, 3, 6), 1):
        major, minor, ahead = burnt(spread, hours)
        if major >= 1:
            ring = ellipse(major, minor, towards, ahead)
            zones.append(
                Zone(
                    f"{hours} 小时火线",
                    level,
                    f"无扑救情况下 {hours} 小时可能烧到",
                    polygon(lon, lat, ring),
                    hours,
                    "h",
                )
            )
    return Footprint(
        model=HAZARD.model,
        zones=zones,
        assumptions=[
            f"均匀燃料 {given['fuel']}（完全枯黄）",
            f"可燃物含水率 {given['moisture_pct']:g} %",
            "风与坡同向，恒定",
        ],
        limits=["未计道路、河流等阻隔", "未计飞火与扑救", "坡度取单一值"],
        summary={"ros_m_min": spread.ros_m_min, "flame_m": spread.flame_m, "intensity_kw_m": spread.intensity_kw_m},
    )


HAZARD = Hazard(
    kind="wildfire",
    title="草原火蔓延",
    model="Rothermel 1972 地表火 + Anderson 1983 椭圆",
    citation="Rothermel 1972 (INT-115); Anderson 1983 (INT-305); Scott & Burgan 2005 (GTR-153)",
    grade="sketch",
    inputs=(
        Choice("fuel", "燃料模型", tuple(FUELS), "GR2"),
        Input("moisture_pct", "细小可燃物含水率", "%", 1, 40, 6),
        Input("wind_m_s", "10 m 风速", "m/s", 0, 40, 5),
        Input("wind_from_deg", "风向（来向）", "°", 0, 360, 315),
        Input("slope", "坡度（升高/水平）", "", 0, 2, 0),
    ),
    run=run,
    example={"fuel": "GR2", "wind_m_s": 8, "wind_from_deg": 300},
    cases=(Case("Anderson 长宽比 10 mph", anderson, {"midflame_m_s": 4.4704}, 8.0, 0.001, "上限 8"),),
)  # fmt: skip
