"""Crown fire: whether a surface fire climbs into the crowns and how fast it then runs.

Initiation after Van Wagner 1977, active spread 3.34 times fuel model 10 at 0.4 of the 20-ft wind (Rothermel 1991, INT-438),
crown fraction burned and the torching and crowning indices after Scott & Reinhardt 2001 (RMRS-RP-29).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from anlan.hazards.contract import InputError
from anlan.hazards.wildfire.fuels import Fuel, find
from anlan.hazards.wildfire.rothermel import FT, KM_H_FT_MIN, KW_M_PER_BTU_FT_S, Bed, Moisture, bed, wind_adjustment

#: Active crown fire over the spread of fuel model 10 at a midflame wind of 0.4 of the 20-ft wind (Rothermel 1991).
OVER_MODEL_10, MODEL_10_WIND = 3.34, 0.4
#: kg/m2/min of crown fuel that a solid flame needs (Van Wagner 1977).
MASS_FLOW = 3.0
#: Heat of crown fuel, kJ/kg (Van Wagner 1977).
CROWN_HEAT = 18_000.0


@dataclass(frozen=True)
class Canopy:
    """Crowns: base height m, bulk density kg/m3, foliar moisture as a fraction, height m, cover 0-1."""

    base_height_m: float
    bulk_density_kg_m3: float
    foliar_moisture: float = 1.0
    height_m: float = 15.0
    cover: float = 0.5

    def __post_init__(self) -> None:
        for name, low, high in (
            ("base_height_m", 0.0, 60.0), ("bulk_density_kg_m3", 0.0, 2.0), ("foliar_moisture", 0.2, 4.0),
            ("height_m", 0.0, 120.0), ("cover", 0.0, 1.0),
        ):  # fmt: skip
            value = getattr(self, name)
            if not low <= value <= high:
                raise InputError(name, value, f"{low:g} 至 {high:g}")


@dataclass(frozen=True)
class CrownFire:
    """surface, passive (trees torch) or active (a wall of flame); crown fraction burned; m/min; kW/m; m; index winds in m/s.

    Indices are the 10 m wind, upslope, at which trees begin to torch and at which an active crown fire can run; None if no wind does.
    """

    kind: str
    fraction_burned: float
    ros_m_min: float
    fireline_intensity_kw_m: float
    flame_length_m: float
    torching_index_m_s: float | None
    crowning_index_m_s: float | None


def critical_intensity(base_height_m: float, foliar_moisture: float) -> float:
    """Surface fireline intensity (kW/m) that lights crowns: (0.01 CBH (460 + 25.9 FMC))^1.5, FMC in per cent (Van Wagner)."""
    return (0.01 * base_height_m * (460 + 25.9 * 100 * foliar_moisture)) ** 1.5


def rate(of: Bed, midflame_ft_min: float, slope: float) -> float:
    """m/min upslope with the wind, without a wind limit."""
    by_wind = of.c * midflame_ft_min**of.b if midflame_ft_min > 0 else 0.0
    return of.ros0 * (1 + by_wind + of.slope * slope**2) * FT


def wind_for(of: Bed, ros_m_min: float, slope: float) -> float:
    """Midflame wind (ft/min) at which a bed spreads so fast: 0 if without any, infinite if never."""
    if of.ros0 <= 0:
        return inf
    factor = ros_m_min / FT / of.ros0 - 1 - of.slope * slope**2
    return (factor / of.c) ** (1 / of.b) if factor > 0 else 0.0


def crown_fire(fuel: Fuel, moisture: Moisture, wind_10m_km_h: float, canopy: Canopy, slope: float = 0.0) -> CrownFire:
    """Fire under and in a canopy, wind blowing upslope. A wind over 0 and a canopy without base or density stay on the ground."""
    below, ten = bed(fuel, moisture), bed(find("FM10"), moisture)
    under = wind_adjustment(below.depth, canopy.cover, canopy.height_m)
    open_wind = wind_10m_km_h * KM_H_FT_MIN / 1.15
    surface = rate(below, open_wind * under, slope)
    active = OVER_MODEL_10 * rate(ten, open_wind * MODEL_10_WIND, slope)
    heat = below.reaction * below.residence / 60 * KW_M_PER_BTU_FT_S / FT  # kW/m for each m/min
    start = critical_intensity(canopy.base_height_m, canopy.foliar_moisture) / heat if heat > 0 else inf
    solid = MASS_FLOW / canopy.bulk_density_kg_m3 if canopy.bulk_density_kg_m3 > 0 else inf
    crowning = wind_for(ten, solid / OVER_MODEL_10, slope) / MODEL_10_WIND if solid < inf else inf
    full = rate(below, crowning * under, slope) if crowning < inf else inf
    torching = wind_for(below, start, slope) / under if start < inf else inf
    share = fraction(surface, start, full)
    active_now = share > 0 and active >= solid
    ros = surface + share * max(0.0, active - surface)
    load = canopy.bulk_density_kg_m3 * max(0.0, canopy.height_m - canopy.base_height_m)
    intensity = (heat + share * load * CROWN_HEAT / 60) * ros
    return CrownFire(
        kind="active" if active_now else "passive" if share > 0 else "surface",
        fraction_burned=share,
        ros_m_min=ros,
        fireline_intensity_kw_m=intensity,
        flame_length_m=0.02665 * intensity ** (2 / 3) if share > 0 else 0.0775 * intensity**0.46,
        torching_index_m_s=index(torching),
        crowning_index_m_s=index(crowning),
    )


def index(wind_20ft_ft_min: float) -> float | None:
    """As 10 m wind in m/s; beyond 100 m/s there is none."""
    wind = wind_20ft_ft_min * 1.15 / KM_H_FT_MIN / 3.6
    return wind if wind <= 100 else None


def fraction(surface: float, start: float, full: float) -> float:
    """Crown fraction burned: 0 below the rate that lights crowns, 1 from the rate at which all burn (RMRS-RP-29 eq. 28)."""
    if surface < start:
        return 0.0
    if surface >= full or full <= start:
        return 1.0
    return (surface - start) / (full - start)
