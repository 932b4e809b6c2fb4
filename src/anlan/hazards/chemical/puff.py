"""Instantaneous release: one Gaussian puff carried by the wind (Crowl & Louvar; sigmas of Slade 1968)."""

from __future__ import annotations

from math import exp, pi

#: sigma x = sigma y = a x^b; sigma z = c x^d.
SLADE = {
    "A": (0.18, 0.92, 0.60, 0.75), "B": (0.14, 0.92, 0.53, 0.73), "C": (0.10, 0.92, 0.34, 0.71),
    "D": (0.06, 0.92, 0.15, 0.70), "E": (0.04, 0.92, 0.10, 0.65), "F": (0.02, 0.89, 0.05, 0.61),
}  # fmt: skip


def sigmas(x: float, stability: str) -> tuple[float, float]:
    """(sigma x = sigma y, sigma z) m when the puff has come x m."""
    a, b, c, d = SLADE[stability]
    return a * x**b, c * x**d


def concentration(
    x: float, y: float, z: float, seconds: float, mass: float, height: float, wind: float, stability: str
) -> float:
    """kg/m3 at (x, y, z) m, `seconds` after `mass` kg was let go at `height` m."""
    travelled = wind * seconds
    if travelled <= 0:
        return 0.0
    sy, sz = sigmas(travelled, stability)
    spread = exp(-(((x - travelled) / sy) ** 2) / 2) * exp(-((y / sy) ** 2) / 2)
    vertical = exp(-(((z - height) / sz) ** 2) / 2) + exp(-(((z + height) / sz) ** 2) / 2)
    return float(mass / ((2 * pi) ** 1.5 * sy * sy * sz) * spread * vertical)
