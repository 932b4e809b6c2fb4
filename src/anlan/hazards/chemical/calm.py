"""静小风: releases when hardly a wind blows. Puffs that grow with time, summed for ever (HJ/T 2.2-93, 7.5.2).

C = 2 Q / ((2 pi)^1.5 g02 e^2) G, e^2 = x^2 + y^2 + (g01/g02)^2 H^2, G = exp(-U^2/2 g01^2) (1 + sqrt(2 pi) s exp(s^2/2) F(s)),
s = U x / (g01 e), F the normal distribution. Coefficients of appendix B.3 from recall: 待核对.
"""

from __future__ import annotations

from math import cos, erf, exp, pi, sin, sqrt

#: Below this wind (m/s at 10 m) the plume of a steady wind is not used; below CALM the direction means nothing.
SMALL, CALM = 1.0, 0.5
#: Class -> g01 (sigma x = y = g01 t) for calm, for small wind, and g02 (sigma z = g02 t).
GROWTH = {
    "A": (0.93, 0.76, 1.57), "B": (0.76, 0.56, 0.47), "C": (0.55, 0.35, 0.21),
    "D": (0.47, 0.27, 0.12), "E": (0.44, 0.24, 0.07), "F": (0.44, 0.24, 0.05),
}  # fmt: skip


def growth(wind: float, stability: str) -> tuple[float, float]:
    """(g01, g02) m/s."""
    calm, small, vertical = GROWTH[stability]
    return (calm if wind < CALM else small), vertical


def concentration(x: float, y: float, rate: float, height: float, wind: float, stability: str) -> float:
    """kg/m3 on the ground, x along the wind; `wind` may be 0."""
    sideways, vertical = growth(wind, stability)
    distance2 = x * x + y * y + (sideways / vertical * height) ** 2
    if distance2 <= 0:
        return float("inf")
    s = wind * x / (sideways * sqrt(distance2))
    drift = (
        exp(-(wind**2) / (2 * sideways**2))
        + sqrt(2 * pi) * s * exp((s * s - (wind / sideways) ** 2) / 2) * (1 + erf(s / sqrt(2))) / 2
    )
    return 2 * rate / ((2 * pi) ** 1.5 * vertical * distance2) * drift


def contour(
    limit: float, rate: float, height: float, wind: float, stability: str, points: int = 72
) -> list[tuple[float, float]]:
    """Ring (x, y) m around the source at which the ground-level value is `limit` kg/m3: a circle in dead calm."""
    ring = [outward(2 * pi * i / points, limit, rate, height, wind, stability) for i in range(points)]
    return ring if any(x or y for x, y in ring) else []


def outward(angle: float, limit: float, rate: float, height: float, wind: float, stability: str) -> tuple[float, float]:
    """The farthest point along one direction that holds `limit`."""
    low, high = 0.1, 100_000.0
    along, across = cos(angle), sin(angle)
    if concentration(low * along, low * across, rate, height, wind, stability) < limit:
        return 0.0, 0.0
    for _ in range(60):
        middle = sqrt(low * high)
        above = concentration(middle * along, middle * across, rate, height, wind, stability) >= limit
        low, high = (middle, high) if above else (low, middle)
    return low * along, low * across
