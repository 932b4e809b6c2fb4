"""Steady Gaussian plume with Briggs' coefficients, and the contours it draws on the ground.

C = Q/(2 pi u sy sz) exp(-y2/2sy2) [exp(-(z-H)2/2sz2) + exp(-(z+H)2/2sz2)]  (Gifford 1961; coefficients Briggs 1973,
table E.7 of AQ/T 3046-2013; GB/T 3840-91 as an option).
Valid downwind of 100 m in flat terrain for a passive gas; near the source of a dense gas it is not.
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
#: Of A and B some books print the factor of sigma z as 1e-4: 待核对.
URBAN = {
    "A": ((0.32, 4e-4), (0.24, 1e-3, 0.5)),
    "B": ((0.32, 4e-4), (0.24, 1e-3, 0.5)),
    "C": ((0.22, 4e-4), (0.20, 0.0, 0.0)),
    "D": ((0.16, 4e-4), (0.14, 3e-4, -0.5)),
    "E": ((0.11, 4e-4), (0.08, 1.5e-3, -0.5)),
    "F": ((0.11, 4e-4), (0.08, 1.5e-3, -0.5)),
}
FAR_M = 50_000.0


#: GB/T 3840-91, sampling 0.5 h: class -> (sy: limit m, alpha, gamma ...), (sz: ...). Of A from 300 to 500 m some prints have
#: 1.52360, which jumps by 6 %; this one is continuous: 待核对.
GB3840 = {
    "A": (((1000, 0.901074, 0.425809), (FAR_M, 0.850934, 0.602052)),
          ((300, 1.12154, 0.0799904), (500, 1.51360, 0.00854771), (FAR_M, 2.10881, 0.000211545))),
    "B": (((1000, 0.914370, 0.281846), (FAR_M, 0.865014, 0.396353)),
          ((500, 0.964435, 0.127190), (FAR_M, 1.09356, 0.0570251))),
    "C": (((1000, 0.924279, 0.177154), (FAR_M, 0.885157, 0.232123)), ((FAR_M, 0.917595, 0.106803),)),
    "D": (((1000, 0.929418, 0.110726), (FAR_M, 0.888723, 0.146669)),
          ((1000, 0.826212, 0.104634), (10_000, 0.632023, 0.400167), (FAR_M, 0.555360, 0.810763))),
    "E": (((1000, 0.920818, 0.0864001), (FAR_M, 0.896864, 0.101947)),
          ((1000, 0.788370, 0.0927529), (10_000, 0.565188, 0.433384), (FAR_M, 0.414743, 1.73241))),
    "F": (((1000, 0.929418, 0.0553634), (FAR_M, 0.888723, 0.0733348)),
          ((1000, 0.784400, 0.0620765), (10_000, 0.525969, 0.370015), (FAR_M, 0.322659, 2.40691))),
}  # fmt: skip
#: The profile is not followed below, m: own choice by the Prairie Grass trials, 待核对.
LOWEST_M = 2.0
#: Wind profile exponents of GB/T 3840-91.
PROFILE = {
    "rural": {"A": 0.07, "B": 0.07, "C": 0.10, "D": 0.15, "E": 0.25, "F": 0.25},
    "urban": {"A": 0.10, "B": 0.15, "C": 0.20, "D": 0.25, "E": 0.30, "F": 0.30},
}


def sigmas(x: float, stability: str, terrain: str) -> tuple[float, float]:
    """(sigma y, sigma z) in m at x m downwind; terrain "rural" or "urban" (Briggs) or "gb3840"."""
    if terrain == "gb3840":
        sy, sz = (next((g, a) for top, a, g in bands if x <= top or top == bands[-1][0]) for bands in GB3840[stability])
        return sy[0] * x ** sy[1], sz[0] * x ** sz[1]
    (ay, by), (az, bz, power) = (URBAN if terrain == "urban" else RURAL)[stability]
    return ay * x / sqrt(1 + by * x), az * x * (1 + bz * x) ** power


def wind_at(height_m: float, wind_10m: float, stability: str, terrain: str = "rural") -> float:
    """m/s at a height of 1 to 200 m (power law of GB/T 3840-91)."""
    exponents = PROFILE.get(terrain, PROFILE["rural"])
    return float(wind_10m * (min(200.0, max(1.0, height_m)) / 10) ** exponents[stability])


def carrying(height_m: float, wind_10m: float, stability: str, terrain: str = "rural") -> float:
    """m/s that dilutes a plume let go at a height: the profile's wind there (ISC3, EPA-454/B-95-003b, eq. 1-6), not below LOWEST_M.

    Briggs' curves near the ground rest on Prairie Grass, whose wind was read at 2 m; with the wind at 10 m a release at the ground
    comes out a third too thin (tests/trials.py)."""
    return wind_at(max(LOWEST_M, height_m), wind_10m, stability, terrain)


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
