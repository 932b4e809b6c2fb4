"""Instantaneous dense cloud: a flat cylinder that slumps, takes in air and drifts, until the wind alone spreads it.

Box model (van Ulden 1974; DENZ, Fryer & Kaiser 1979): dr/dt = 1.15 sqrt(g' h), air through the top as in layer.py and at the edge
0.6 of the front's speed; then a Gaussian puff of the same width (virtual source, sigma of puffs). Peaks on the ground.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sqrt

import numpy as np

from anlan.hazards.chemical import puff
from anlan.hazards.chemical.layer import FRONT, HEAVY, NEUTRAL, POWER, G, K
from anlan.hazards.chemical.mixing import SHARES, Mixture
from anlan.hazards.chemical.surface import KARMAN, Surface

FloatArray = np.ndarray
#: Share of the front's advance that is air taken in (van Ulden; DEGADIS 0.59).
EDGE = 0.6
#: Height over radius at first, and the Richardson number at which slumping ends.
SHAPE, SPENT = 1.0, 1.0
LAST_S = 7200.0


@dataclass(frozen=True)
class HeavyPuff:
    """By time: s, centre x m, radius m (of the edge, or 2 sigma), peak kg/m3 at the ground, sigma m (0 while slumping), mass kg."""

    seconds: FloatArray
    x: FloatArray
    radius: FloatArray
    peak: FloatArray
    sigma: FloatArray
    mass: float

    def radii(self, limit: float) -> FloatArray:
        """m around the centre that hold `limit` kg/m3, by time."""
        ratio = np.log(np.maximum(self.peak / limit, 1.0))
        gaussian = self.sigma * np.sqrt(2 * ratio)
        return np.where(self.peak < limit, 0.0, np.where(self.sigma > 0, gaussian, self.radius))

    def reach(self, limit: float) -> float:
        """m downwind that ever see `limit`."""
        radii = self.radii(limit)
        return float(np.max(np.where(radii > 0, self.x + radii, 0.0)))

    def contour(self, limit: float, points: int = 60) -> list[tuple[float, float]]:
        """Ring (x, y) m of everything that ever sees `limit`: envelope of the discs."""
        known = self.radii(limit)
        if not np.any(known > 0):
            return []
        # discs so close that their envelope is smooth
        centres = np.linspace(float(self.x[0]), float(self.x[known > 0][-1]), 800)
        radii = np.interp(centres, self.x, known)
        near, far = float(np.min(centres - radii)), float(np.max(centres + radii))
        xs = near + (far - near) * (1 - np.cos(np.linspace(0, np.pi, points))) / 2
        half = np.sqrt(np.maximum(radii**2 - (xs[:, None] - centres) ** 2, 0.0)).max(axis=1)
        side = list(zip(xs.tolist(), half.tolist(), strict=True))
        return [*side, *((x, -y) for x, y in reversed(side[1:-1]))]


def slump(mass: float, mix: Mixture, surface: Surface, last_s: float = LAST_S) -> HeavyPuff:
    """The cloud of `mass` kg let go at once."""
    ambient = mix.density[0]
    radius = (mass / mix.density[-1] / (pi * SHAPE)) ** (1 / 3)
    state = np.array([radius, mass, 0.0])  # radius m, mass of mixture kg, centre x m
    friction = surface.friction * K / KARMAN
    rows: list[tuple[float, ...]] = []
    now = 0.0
    while now < last_s:
        height, excess, _ = box(state, mass, mix)
        rows.append((now, float(state[2]), float(state[0]), peak_of(state, mass, mix), 0.0))
        if G * excess * height < SPENT * friction**2:
            break
        step = 0.05 * state[0] / (FRONT * sqrt(G * excess * height) + 0.1)
        middle = state + step / 2 * rates(state, mass, mix, surface, ambient)
        state = state + step * rates(middle, mass, mix, surface, ambient)
        now += step
    seconds, x, radius, peak, sigma = passive(rows, mass, surface, last_s)
    return HeavyPuff(seconds, x, radius, peak, sigma, mass)


def box(state: FloatArray, mass: float, mix: Mixture) -> tuple[float, float, float]:
    """(height m, excess density as share of air, density) of the cylinder."""
    density = float(np.interp(min(1.0, mass / state[1]), SHARES, mix.density))
    return state[1] / density / (pi * state[0] ** 2), max(density / mix.density[0] - 1, 0.0), density


def peak_of(state: FloatArray, mass: float, mix: Mixture) -> float:
    height, _, _ = box(state, mass, mix)
    return float(mass / (pi * state[0] ** 2 * height))


def rates(state: FloatArray, mass: float, mix: Mixture, surface: Surface, ambient: float) -> FloatArray:
    """d/dt of radius, mass of mixture and position; the cloud drifts with the wind at half its height."""
    height, excess, _ = box(state, mass, mix)
    front = FRONT * sqrt(G * excess * height)
    friction = surface.friction * K / KARMAN
    ri = G * excess * height / friction**2
    top = K * friction * (1 + surface.power) / (NEUTRAL + HEAVY * ri**POWER)
    air = ambient * (pi * state[0] ** 2 * top + 2 * pi * state[0] * height * EDGE * front)
    speed = surface.wind_10m * (max(height / 2, 0.5) / 10) ** surface.power
    return np.array([front, air, speed])


def passive(rows: list[tuple[float, ...]], mass: float, surface: Surface, last_s: float) -> list[FloatArray]:
    """The rows of the slumping, and those of a Gaussian puff that starts as wide and as thin as the cylinder ended."""
    seconds, x, radius, peak, _ = rows[-1]
    sigma0 = radius / sqrt(2)
    thick0 = mass / ((2 * pi) ** 1.5 * sigma0**2 * peak) * 2
    a, b, c, d = puff.SLADE[surface.stability]
    back_y, back_z = (sigma0 / a) ** (1 / b), (thick0 / c) ** (1 / d)
    wind = surface.wind_10m
    for gone in np.geomspace(1.0, max(last_s - seconds, 2.0), 60):
        way = gone * wind
        sy, sz = a * (way + back_y) ** b, c * (way + back_z) ** d
        top = 2 * mass / ((2 * pi) ** 1.5 * sy**2 * sz)
        rows.append((seconds + gone, x + way, 2 * sy, top, sy))
    return [np.array(column) for column in zip(*rows, strict=True)]
