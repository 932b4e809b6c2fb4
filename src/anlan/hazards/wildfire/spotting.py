"""飞火 (spotting): how far a wind-driven surface fire may throw firebrands that still light fuel. A greatest distance, no chance.

Albini 1983 (INT-309) for brands lofted by a line thermal, Chase 1984 (INT-RN-346) and Morris 1987 (INT-RN-383) for the drift and
flat ground; in their units (mi, ft, mph, Btu/ft/s) inside. The critical cover height is that of Chase 1981 (INT-GTR-79).
"""

from __future__ import annotations

from math import isfinite
from typing import Any

import numpy as np

from anlan.hazards.contract import InputError
from anlan.hazards.wildfire.rothermel import FT

MILE_M = 1609.344
#: kW/m of one Btu/ft/s; mph of one m/s; the 10 m wind over that at 20 ft (Andrews 2012).
KW_M, MPH, OVER_20FT = 3.46414, 2.236936, 1.15
#: Chase's critical cover height falls to nothing for brands lofted below 6 ft and the distance over it without bound; below
#: this cover (ft) a stronger fire would throw less far. 待核对: ours, the papers give no smallest cover.
LEAST_COVER_FT = 1.0


def firebrand_height_ft(intensity_btu_ft_s: Any, wind_20ft_mph: Any) -> Any:
    """Height that a line thermal of this fireline intensity lofts a brand to; numbers or arrays."""
    return 1.055 * (322.0 * (0.474 * wind_20ft_mph) ** -1.01 * intensity_btu_ft_s) ** 0.5


def distance_m(intensity_kw_m: float, wind_10m_m_s: float, cover_height_m: float) -> float:
    """Greatest spotting distance over level ground (m), 0 without wind or fire. `cover_height_m`: vegetation downwind."""
    for name, value, high in (
        ("intensity_kw_m", intensity_kw_m, 1e6), ("wind_10m_m_s", wind_10m_m_s, 100.0), ("cover_height_m", cover_height_m, 120.0)
    ):  # fmt: skip
        if not isfinite(value) or not 0 <= value <= high:
            raise InputError(name, value, f"0 至 {high:g}")
    return float(greatest_m(np.array(intensity_kw_m), np.array(wind_10m_m_s), cover_height_m))


def greatest_m(intensity_kw_m: Any, wind_10m_m_s: Any, cover_height_m: float) -> Any:
    """The same of many fires at once (arrays), unchecked."""
    blows = (wind_10m_m_s > 0) & (intensity_kw_m > 0)
    wind = np.where(blows, wind_10m_m_s, 1.0) * MPH / OVER_20FT
    height = firebrand_height_ft(np.where(blows, intensity_kw_m, 1.0) / KW_M, wind)
    # lower cover than this does not let the brand fall any sooner
    cover = np.maximum(max(cover_height_m / FT, LEAST_COVER_FT), 2.2 * height**0.337 - 4.0)
    ratio = height / cover
    fall = 0.000718 * wind * np.sqrt(cover) * np.maximum(0.0, 0.362 + np.sqrt(ratio) / 2 * np.log(ratio))
    return np.where(blows, MILE_M * (fall + 0.000278 * wind * height**0.643), 0.0)
