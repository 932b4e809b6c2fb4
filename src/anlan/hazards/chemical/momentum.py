"""射流动量: what the speed of a release does to its cloud: a jet along the wind mixes before it slumps, a jet upwards rises.

Rise: momentum 3 d v/u in neutral and unstable air, 1.5 (F/(u sqrt s))^(1/3) in stable air, buoyancy of a light gas 21.425 F^(3/4)/u
(Briggs 1969, 1975, as EPA ISC3 vol. II, eq. 1-4 to 1-13). A dense jet cannot rise beyond what its densimetric Froude number lets it
(Hoot, Meroney & Peterka 1973: 1.32 d (v/u rho/rho air Fr^2)^(1/3)); the two are combined as in SLAB (Ermak 1990, 2.5.5), the smaller
prevailing. Constants of the dense jet: 待核对.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sqrt

from anlan.hazards.chemical.cloud import Air

G = 9.81
#: Potential temperature gradient of stable air, K/m (ISC3).
GRADIENT = {"E": 0.02, "F": 0.035}
#: Up to this buoyancy flux, m4/s3, the plume is a small one (ISC3); larger ones rise with the power 3/5.
SMALL_FLUX = 55.0


@dataclass(frozen=True)
class Momentum:
    """A jet after expansion to ambient pressure: kg/s, m/s and kg/m3."""

    rate: float
    speed: float
    density: float

    @property
    def diameter(self) -> float:
        """m."""
        return sqrt(4 * self.rate / (pi * self.density * self.speed))


def ambient_density(kelvin: float) -> float:
    """kg/m3 of air."""
    return 101_325 * 0.02896 / (8.314 * kelvin)


def by_momentum(jet: Momentum, air: Air) -> float:
    """m."""
    neutral = 3 * jet.diameter * jet.speed / air.wind
    if air.stability not in GRADIENT:
        return neutral
    steady = G / air.kelvin * GRADIENT[air.stability]
    flux = jet.density / ambient_density(air.kelvin) * (jet.speed * jet.diameter / 2) ** 2
    return float(min(neutral, 1.5 * (flux / (air.wind * sqrt(steady))) ** (1 / 3)))


def by_buoyancy(jet: Momentum, air: Air) -> float:
    """m of a light jet; 0 for one that is not light."""
    ambient = ambient_density(air.kelvin)
    if jet.density >= ambient:
        return 0.0
    flux = G * jet.speed * jet.diameter**2 / 4 * (1 - jet.density / ambient)
    if air.stability in GRADIENT:
        return float(2.6 * (flux / (air.wind * G / air.kelvin * GRADIENT[air.stability])) ** (1 / 3))
    return float((21.425 * flux**0.75 if flux < SMALL_FLUX else 38.71 * flux**0.6) / air.wind)


def held_down(jet: Momentum, air: Air) -> float | None:
    """m that a dense jet rises at most; None for one that is not dense."""
    ambient = ambient_density(air.kelvin)
    if jet.density <= ambient * 1.001:
        return None
    froude = jet.speed**2 * jet.density / (G * jet.diameter * (jet.density - ambient))
    return float(1.32 * jet.diameter * (jet.speed / air.wind * jet.density / ambient * froude) ** (1 / 3))


def rise(jet: Momentum, air: Air) -> float:
    """m above the hole at which a jet upwards has bent over into the wind."""
    pushed, dense = by_momentum(jet, air), held_down(jet, air)
    if dense is None:
        return max(pushed, by_buoyancy(jet, air))
    return pushed * dense / sqrt(pushed**2 + dense**2)
