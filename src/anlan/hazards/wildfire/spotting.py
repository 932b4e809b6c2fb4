"""飞火 (spotting): how far a wind-driven surface fire may throw firebrands that still light fuel. A greatest distance, no chance.

Albini 1983 (INT-309) for brands lofted by a line thermal, Chase 1984 (INT-RN-346) and Morris 1987 (INT-RN-383) for the drift and
flat ground; in their units (mi, ft, mph, Btu/ft/s) inside. The critical cover height is that of Chase 1981 (INT-GTR-79).
"""

from __future__ import annotations

from math import isfinite, log, sqrt

from anlan.hazards.contract import InputError
from anlan.hazards.wildfire.rothermel import FT

MILE_M = 1609.344
#: kW/m of one Btu/ft/s; mph of one m/s; the 10 m wind over that at 20 ft (Andrews 2012).
KW_M, MPH, OVER_20FT = 3.46414, 2.236936, 1.15
#: Chase's critical cover height falls to nothing for brands lofted below 6 ft and the distance over it without bound; below
#: this cover (ft) a stronger fire would throw less far. 待核对: ours, the papers give no smallest cover.
LEAST_COVER_FT = 1.0


def firebrand_height_ft(intensity_btu_ft_s: float, wind_20ft_mph: float) -> float:
    """Height that a line thermal of this fireline intensity lofts a brand to."""
    return 1.055 * sqrt(322.0 * (0.474 * wind_20ft_mph) ** -1.01 * intensity_btu_ft_s)


def distance_m(intensity_kw_m: float, wind_10m_m_s: float, cover_height_m: float) -> float:
    """Greatest spotting distance over level ground (m), 0 without wind or fire. `cover_height_m`: vegetation downwind."""
    for name, value, high in (
        ("intensity_kw_m", intensity_kw_m, 1e6), ("wind_10m_m_s", wind_10m_m_s, 100.0), ("cover_height_m", cover_height_m, 120.0)
    ):  # fmt: skip
        if not isfinite(value) or not 0 <= value <= high:
            raise InputError(name, value, f"0 至 {high:g}")
    wind = wind_10m_m_s * MPH / OVER_20FT
    if wind <= 0 or intensity_kw_m <= 0:
        return 0.0
    height = firebrand_height_ft(intensity_kw_m / KW_M, wind)
    # lower cover than this does not let the brand fall any sooner
    cover = max(cover_height_m / FT, 2.2 * height**0.337 - 4.0, LEAST_COVER_FT)
    ratio = height / cover
    fall = 0.000718 * wind * sqrt(cover) * max(0.0, 0.362 + sqrt(ratio) / 2 * log(ratio))
    return MILE_M * (fall + 0.000278 * wind * height**0.643)
