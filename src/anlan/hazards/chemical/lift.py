"""浮升: how a gas lighter than air leaves the ground, so that its flammable cloud is not looked for a kilometre down the wind.

Plume: 1.6 F^(1/3) x^(2/3)/u up to the final rise, 21.425 F^(3/4)/u or 38.71 F^(3/5)/u, in stable air 2.6 (F/(u s))^(1/3) (Briggs 1969,
1975, as EPA-454/B-95-003b, eq. 1-8 to 1-18); what it mixes on the way widens it by rise/3.5 (Pasquill 1976, same, eq. 1-43).
Burst: a thermal of buoyancy B that widens by a quarter of its height (Scorer 1957): z = (B/(pi a^3))^(1/4) sqrt(t), a = 0.25, no higher
than 2.66 (B/s)^(1/4) in stable air (Morton, Taylor & Turner 1956; constants 待核对).
"""

from __future__ import annotations

from math import pi

import numpy as np

Floats = np.ndarray
G, AIR_K = 9.81, 293.15
AIR_KG_M3 = 101_325 * 0.02896 / (8.314 * AIR_K)
#: Potential temperature gradient of stable air, K/m; the flux that parts small plumes from large ones, m4/s3 (ISC3).
GRADIENT, SMALL_FLUX = {"E": 0.02, "F": 0.035}, 55.0
#: A thermal's radius over its height; sigma of a cloud over its radius, as 1/3.5 over the 0.6 by which a bent plume widens.
WIDENS, SIGMA_OF_RADIUS, SIGMA_OF_RISE = 0.25, 1 / 2.1, 1 / 3.5
#: A gas nearer to the density of air than this is carried as air is.
LIGHT = 0.97


def is_light(density: float) -> bool:
    """kg/m3 at the source against the air's."""
    return density < LIGHT * AIR_KG_M3


def steadiness(stability: str) -> float:
    """1/s2; 0 where the air does not hold anything down."""
    return G / AIR_K * GRADIENT.get(stability, 0.0)


def plume(rate: float, density: float, wind: float, stability: str, x: Floats) -> tuple[Floats, Floats]:
    """(rise, sigma added to both spreads) m at x m of `rate` kg/s of a gas of `density` kg/m3 at its source."""
    flux = G * rate / density / pi * (1 - density / AIR_KG_M3)
    s = steadiness(stability)
    if s > 0:
        final = 2.6 * (flux / (wind * s)) ** (1 / 3)
    else:
        final = (21.425 * flux**0.75 if flux < SMALL_FLUX else 38.71 * flux**0.6) / wind
    rise = np.minimum(final, 1.6 * np.cbrt(flux * x**2) / wind)
    return rise, rise * SIGMA_OF_RISE


def thermal(mass: float, density: float, wind: float, stability: str, x: Floats) -> tuple[Floats, Floats]:
    """(rise, sigma added to all spreads) m of a burst of `mass` kg whose middle the wind has carried x m."""
    buoyancy = G * mass / density * (1 - density / AIR_KG_M3)
    rise = (buoyancy / (pi * WIDENS**3)) ** 0.25 * np.sqrt(x / wind)
    s = steadiness(stability)
    if s > 0:
        rise = np.minimum(rise, 2.66 * (buoyancy / s) ** 0.25)
    return rise, rise * WIDENS * SIGMA_OF_RADIUS


def first_radius(mass: float, density: float) -> float:
    """m of the half ball that a burst fills before it moves."""
    return float((3 * mass / (2 * pi * density)) ** (1 / 3))
