"""近地层: friction velocity, Monin-Obukhov length and the power law that fits the wind near the ground, by stability class.

Obukhov length by class and roughness: Golder 1972 as fitted in DEGADIS 2.1 (Spicer & Havens 1989, table III.2).
Profiles: Businger 1971 / Paulson 1970 in unstable, -5 z/L in stable air.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import atan, inf, log, pi

KARMAN = 0.4
#: Class -> (a, b): L = a z0^b; D is neutral.
OBUKHOV = {"A": (-11.4, 0.10), "B": (-26.0, 0.17), "C": (-123.0, 0.30), "E": (123.0, 0.30), "F": (26.0, 0.17)}
#: Averaging 10 min: sigma y = a x^0.9 (Hanna & Drivas 1987, as DEGADIS; the power of the averaging time is 0.2).
SPREAD = {"A": 0.423, "B": 0.313, "C": 0.210, "D": 0.136, "E": 0.102, "F": 0.0674}
SPREAD_POWER, TIME_POWER = 0.9, 0.2
#: Shortest averaging time that still counts, s: what one gust shows.
GUST_S = {"A": 18.4, "B": 18.4, "C": 18.4, "D": 18.3, "E": 11.4, "F": 4.6}
#: Height at which the power law has the slope of the profile, m: the lowest metres carry a heavy cloud.
FIT_M = 2.5
#: Along the wind: sigma x = a x^b (Beals 1971, as DEGADIS 2.1).
ALONG = {
    "A": (0.02, 1.22),
    "B": (0.02, 1.22),
    "C": (0.02, 1.22),
    "D": (0.04, 1.14),
    "E": (0.17, 0.97),
    "F": (0.17, 0.97),
}
ROUGHNESS_M = {"rural": 0.03, "urban": 1.0}


def psi(z: float, length: float) -> float:
    """Correction of the logarithmic profile at height z."""
    if length == inf:
        return 0.0
    if length > 0:
        return -5 * z / length
    a = (1 - 15 * z / length) ** 0.25
    return 2 * log((1 + a) / 2) + log((1 + a * a) / 2) - 2 * atan(a) + pi / 2


def phi_m(z: float, length: float) -> float:
    """Dimensionless gradient of the wind."""
    if length == inf:
        return 1.0
    return 1 + 5 * z / length if length > 0 else float((1 - 15 * z / length) ** -0.25)


@dataclass(frozen=True)
class Surface:
    """What the wind near the ground is like. u = wind_10m (z/10)^power; friction m/s; length m (inf = neutral)."""

    wind_10m: float
    friction: float
    length: float
    power: float
    stability: str
    roughness: float

    def spread(self, averaging_s: float) -> float:
        """Factor of sigma y = factor x^0.9 for an averaging time."""
        seconds = max(averaging_s, GUST_S[self.stability])
        return float(SPREAD[self.stability] * (seconds / 600) ** TIME_POWER)


def surface(wind_10m: float, stability: str, roughness: float = 0.03) -> Surface:
    """The layer for a wind (m/s at 10 m), Pasquill class and roughness length (m)."""
    a, b = OBUKHOV.get(stability, (inf, 0.0))
    length = a if a == inf else a * roughness**b
    friction = KARMAN * wind_10m / (log(10 / roughness) - psi(10, length))
    fit = max(FIT_M, 3 * roughness)
    power = phi_m(fit, length) / (log(fit / roughness) - psi(fit, length))
    return Surface(wind_10m, friction, length, min(0.6, max(0.05, power)), stability, roughness)
