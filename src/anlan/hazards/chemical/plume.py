"""Steady Gaussian plume with Briggs' coefficients, and the contours it draws on the ground.

C = Q/(2 pi u sy sz) exp(-y2/2sy2) [exp(-(z-H)2/2sz2) + exp(-(z+H)2/2sz2)]  (Gifford 1961; coefficients Briggs 1973,
as tabled in RULES 5.5). Valid downwind of 100 m in flat terrain for a passive gas; near the source of a dense gas it is not.
"""

from __future__ import annotations

from math import exp, log, pi, sqrt

STABILITIES = ("A", "B", "C", "D", "E", "F")
#: (sy at, sy bt), (sz at, sz bt, sz power): s = a x (1 + b x)^p
RURAL = {
    "A": ((0.22, 1e-4), (0.20, 0.0, 0.0)),
    "B": ((0.16, 1e-4), (0.12, 0.0, 0.0)),
    "C": ((0.11, 1e-4), (0.08, 2e-4, -0.5)),
    "D": ((0.08, 1e-4), (0.06, 1.5e-3, -0.5)),
    "E": ((0.06, 1e-4), (0.03, 3e-4, -1.0)),
    "F": ((0.04, 1e-4), (0.016, 3e-4, -1.0)),
}
URBAN = {
    "A": ((0.32, 4e-4), (0.24, 1e-3, 0.5)),
    "B": ((0.32, 4e-4), (0.24, 1e-3, 0.5)),
    "C": ((0.22, 4e-4), (0.20, 0.0, 0.0)),
    "D": ((0.16, 4e-4), (0.14, 3e-4, -0.5)),
    "E": ((0.11, 4e-4), (0.08, 1.5e-3, -0.5)),
    "F": ((0.11, 4e-4), (0.08, 1.5e-3, -0.5)),
}
FAR_M = 50_000.0


def sigmas(x: float, stability: str, terrain: str) -> tuple[float, float]:
    """(sigma y, sigma z) in m at x m downwind."""
    (ay, by), (az, bz, power) = (URBAN if terrain == "urban" else RURAL)[stability]
    return ay * x / sqrt(1 + by * x), az * x * (1 + bz * x) ** power


def concentration(
    x: float, y: float, z: float, rate: float, height: float, wind: float, stability: str, terrain: str = "rural"
) -> float:
    """kg/m3 at (x downwind, y across, z up) m from a source of `rate` kg/s at `height` m in `wind` m/s."""
    if x <= 0:
        return 0.0
    sy, sz = sigmas(x, stability, terrain)
    lateral = exp(-(y**2) / (2 * sy**2))
    vertical = exp(-((z - height) ** 2) / (2 * sz**2)) + exp(-((z + height) ** 2) / (2 * sz**2))
    return rate / (2 * pi * wind * sy * sz) * lateral * vertical


def reach(limit: float, rate: float, height: float, wind: float, stability: str, terrain: str) -> float:
    """Farthest distance (m) at which the ground-level axis concentration is `limit` kg/m3; 0 when it never is."""
    steps = [10 * 1.05**i for i in range(176)]
    above = [x for x in steps if concentration(x, 0, 0, rate, height, wind, stability, terrain) >= limit]
    if not above:
        return 0.0
    low, high = above[-1], min(above[-1] * 1.05, FAR_M)
    for _ in range(40):
        middle = (low + high) / 2
        if concentration(middle, 0, 0, rate, height, wind, stability, terrain) >= limit:
            low = middle
        else:
            high = middle
    return low


def half_width(x: float, limit: float, rate: float, height: float, wind: float, stability: str, terrain: str) -> float:
    """Half the width (m) of the contour `limit` at x; 0 outside it."""
    axis = concentration(x, 0, 0, rate, height, wind, stability, terrain)
    if axis <= limit:
        return 0.0
    sy, _ = sigmas(x, stability, terrain)
    return sy * sqrt(2 * log(axis / limit))


def contour(
    limit: float, rate: float, height: float, wind: float, stability: str, terrain: str, spread_deg: float = 0.0
) -> list[tuple[float, float]]:
    """Ring (x, y) m of the ground-level contour; widened by `spread_deg` to each side for a wandering wind."""
    far = reach(limit, rate, height, wind, stability, terrain)
    if far <= 0:
        return []
    fan = spread_deg * pi / 180
    xs = [far * (i / 40) ** 1.5 for i in range(1, 41)]
    side = [(x, half_width(x, limit, rate, height, wind, stability, terrain) + x * fan) for x in xs]
    return [(0.0, 0.0), *side, *((x, -y) for x, y in reversed(side))]


def pasquill(wind: float, cloud_tenths: float, solar_height_deg: float) -> str:
    """Stability class from 10 m wind, total cloud and solar height (GB/T 3840-91 appendix; night: height <= 0)."""
    rays = radiation(cloud_tenths, solar_height_deg)
    rows = [(1.9, "ABBDEF"), (2.9, "ABCDEF"), (4.9, "BCCDDE"), (5.9, "CCDDDD"), (float("inf"), "DDDDDD")]
    letters = next(row for top, row in rows if wind <= top)
    return letters[3 - rays]


def radiation(cloud_tenths: float, solar_height_deg: float) -> int:
    """Solar radiation class +3 … -2 (GB/T 3840-91 table B1, low cloud taken equal to total cloud)."""
    if solar_height_deg <= 0:
        return -2 if cloud_tenths <= 4 else (-1 if cloud_tenths <= 7 else 0)
    bands = [(15, -1), (35, 1), (65, 2), (90, 3)]
    clear = next(value for top, value in bands if solar_height_deg <= top)
    if cloud_tenths <= 4:
        return clear
    return max(0, clear - (1 if cloud_tenths <= 7 else 2))
