"""液池: spreading and evaporation of what rains out or never flashes.

Spreading under its own weight, dr/dt = sqrt(2 g h) (Briscoe & Shaw 1980), until the bund or the least depth of the ground.
Boiling liquids take heat from ground that each ring has cooled since it was wetted (HJ 169-2018 F.11, superposed);
others evaporate with the wind (F.12). Nothing of the mass is lost: it evaporates or lies there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import pi, sqrt

import numpy as np

from anlan.hazards.chemical.source import GROUND, G, mass_evaporation

FloatArray = np.ndarray
#: Least depth m by ground (HJ 169 practice: concrete 5 mm, rough 10 to 25 mm): 待核对.
DEPTH_M = {"水泥": 0.005, "土地": 0.01, "干涸土地": 0.01, "湿地": 0.01, "砂砾地": 0.025}
#: Fastest that a radius grows from nothing, m.
SEED_M = 0.3
#: Rings of wetted ground kept apart: steps grow with time, so that a day has fewer than 700.
MOST_RINGS = 2000


@dataclass(frozen=True)
class Pool:
    """s, radius m, depth m, kg/s into the air (mean of the step that ends there), kg lying there."""

    seconds: FloatArray
    radius: FloatArray
    depth: FloatArray
    rate: FloatArray
    mass: FloatArray

    @property
    def evaporated_kg(self) -> float:
        """Everything that has gone into the air."""
        return float(np.sum(self.rate[1:] * np.diff(self.seconds)))

    def mean_rate(self, within_s: float) -> float:
        """kg/s on average over the first `within_s` seconds."""
        gone = np.concatenate([[0.0], np.cumsum(self.rate[1:] * np.diff(self.seconds))])
        return float(np.interp(within_s, self.seconds, gone)) / within_s


@dataclass(frozen=True)
class Liquid:
    """kg/m3, J/kg, kg/mol, vapour pressure Pa at the pool's temperature, and how far ground is above the boiling point, K."""

    density: float
    latent: float
    molar_mass: float
    vapour_pa: float
    superheat_k: float


@dataclass(frozen=True)
class Site:
    """Ground of GROUND, area of the bund m2 (None = none), wind m/s, stability, K."""

    ground: str = "水泥"
    bund_m2: float | None = None
    wind: float = 2.0
    stability: str = "D"
    kelvin: float = 293.15

    @property
    def largest_m(self) -> float:
        return sqrt(self.bund_m2 / pi) if self.bund_m2 else float("inf")


def conduction(site: Site, liquid: Liquid, rings: FloatArray, now: float, step: float) -> float:
    """kg/s boiled off by the ground: every ring ([area m2, wetted at s]) with its own age, averaged over the step."""
    heat, spread = GROUND[site.ground]
    factor = heat * liquid.superheat_k / sqrt(pi * spread) / liquid.latent
    area, at = rings
    return float(factor * 2 / step * area @ (np.sqrt(now + step - at) - np.sqrt(np.maximum(0.0, now - at))))


def wider(site: Site, radius: float, mass: float, liquid: Liquid, step: float) -> float:
    """Radius after a step: slumps while deeper than the ground holds back."""
    depth = mass / liquid.density / (pi * radius**2)
    if depth <= DEPTH_M[site.ground]:
        return radius
    flat = sqrt(mass / liquid.density / (pi * DEPTH_M[site.ground]))
    return float(min(radius + sqrt(2 * G * depth) * step, flat, site.largest_m))


def spread(
    liquid: Liquid,
    site: Site,
    feed: Callable[[float], float],
    last_s: float = 1800.0,
    spilled_kg: float = 0.0,
    stops_s: float = float("inf"),
) -> Pool:
    """A pool fed with `feed(s)` kg/s until `stops_s` (and `spilled_kg` at once), followed for `last_s` or until it is dry."""
    boils = liquid.superheat_k > 0
    mass, radius, now = spilled_kg, min(SEED_M, site.largest_m), 0.0
    rings, known = np.zeros((2, MOST_RINGS)), 1
    rings[0, 0] = pi * radius**2
    rows = [(0.0, radius, mass / liquid.density / (pi * radius**2), 0.0, mass)]
    while now < last_s:
        fed = now < stops_s
        step = min(0.25 + now * 0.02, (min(stops_s, last_s) if fed else last_s) - now)
        supply = mass + (feed(now + step / 2) * step if fed else 0.0)
        rate = conduction(site, liquid, rings[:, :known], now, step) if boils else windblown(liquid, site, radius)
        rate = min(rate, supply / step)
        mass, now = supply - rate * step, now + step
        grown = wider(site, radius, mass, liquid, step) if mass > 0 else radius
        if grown > radius and known < MOST_RINGS:
            rings[:, known] = pi * (grown**2 - radius**2), now
            known, radius = known + 1, grown
        rows.append((now, radius, mass / liquid.density / (pi * radius**2), rate, mass))
        if mass <= 0 and now >= stops_s:
            break
    return Pool(*(np.array(column) for column in zip(*rows, strict=True)))


def windblown(liquid: Liquid, site: Site, radius: float) -> float:
    """kg/s by the wind, F.12; still air is counted as 0.5 m/s."""
    wind = max(0.5, site.wind)
    return mass_evaporation(liquid.vapour_pa, liquid.molar_mass, site.kelvin, wind, radius, site.stability)
