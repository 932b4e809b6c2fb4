"""Instantaneous dense cloud: a flat cylinder that slumps, takes in air and drifts, until the wind alone spreads it.

Box model (van Ulden 1974; DENZ, Fryer & Kaiser 1979): dr/dt = 1.15 sqrt(g' h), air through the top as in layer.py and at the edge
0.6 of the front's speed; then the wind frays it: a plateau with Gaussian edges (Colenbrander 1980, as SLAB and DEGADIS draw theirs)
whose variance grows as that of a puff from a virtual source. Width, peak, mass and speed are continuous there. Peaks on the ground.
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
ROOT = sqrt(pi / 2)
#: The wind's profile is followed up to here, m; rows of the frayed cloud.
TOP_M, ROWS = 200.0, 80
#: Time of the first row after slumping, in passing times of the radius.
FIRST = 0.02


@dataclass(frozen=True)
class HeavyPuff:
    """By time: s, centre x m, radius m of the plateau, sigma m of its edge (0 while slumping), peak kg/m3 at the ground, sigma m of the
    height (0 while slumping), m/s; mass kg."""

    seconds: FloatArray
    x: FloatArray
    core: FloatArray
    edge: FloatArray
    peak: FloatArray
    high: FloatArray
    speed: FloatArray
    mass: float

    def radii(self, limit: float) -> FloatArray:
        """m around the centre that hold `limit` kg/m3, by time."""
        ratio = np.log(np.maximum(self.peak / limit, 1.0))
        return np.where(self.peak < limit, 0.0, self.core + self.edge * np.sqrt(2 * ratio))

    def reach(self, limit: float) -> float:
        """m downwind that ever see `limit`."""
        radii = self.radii(limit)
        return float(np.max(np.where(radii > 0, self.x + radii, 0.0)))

    def arrival(self, x: float) -> float:
        """s until the foremost of the cloud, its plateau and two sigma of its edge, is at x m downwind; its last row where it never is."""
        front = np.maximum.accumulate(self.x + self.core + 2 * self.edge)
        return float(np.interp(x, front, self.seconds))

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
        rows.append(
            (now, float(state[2]), float(state[0]), 0.0, peak_of(state, mass, mix), 0.0, carried(height, surface))
        )
        if G * excess * height < SPENT * friction**2:
            break
        step = 0.05 * state[0] / (FRONT * sqrt(G * excess * height) + 0.1)
        middle = state + step / 2 * rates(state, mass, mix, surface, ambient)
        state = state + step * rates(middle, mass, mix, surface, ambient)
        now += step
    rows += frayed(rows[-1], mass, surface, last_s)
    seconds, x, core, edge, peak, high, speed = (np.array(column) for column in zip(*rows, strict=True))
    return HeavyPuff(seconds, x, core, edge, peak, high, speed, mass)


def carried(height: float, surface: Surface) -> float:
    """m/s of the wind at half the height of a cloud."""
    return float(surface.wind_10m * (min(max(height / 2, 0.5), TOP_M) / 10) ** surface.power)


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
    return np.array([front, air, carried(height, surface)])


def frayed(last: tuple[float, ...], mass: float, surface: Surface, last_s: float) -> list[tuple[float, ...]]:
    """The rows after slumping: the cylinder's variance, radius^2 / 4 a side, and its height go on growing as a puff's of Slade.

    What the variance has grown by is the edge's; the plateau is what is left; the peak follows from the mass."""
    seconds, x, radius, _, peak, _, speed = last
    first, high = radius**2 / 4, mass / (peak * pi * radius**2) * sqrt(2 / pi)
    a, b, c, d = puff.SLADE[surface.stability]
    back_y, back_z = (sqrt(first) / a) ** (1 / b), (high / c) ** (1 / d)
    rows: list[tuple[float, ...]] = []
    way = before = 0.0
    # The first row before a small cloud in a strong wind has grown by more than a twentieth.
    soon = min(1.0, FIRST * radius / max(speed, 0.1))
    for gone in np.geomspace(soon, max(last_s - seconds, 2.0), ROWS):
        way, before = way + speed * (gone - before), gone
        high = c * (way + back_z) ** d
        variance = (a * (way + back_y) ** b) ** 2
        edge = sqrt(max(variance - first, 1e-12))
        core = plateau(variance, edge, radius)
        speed = carried(high * sqrt(pi / 2), surface)
        rows.append((seconds + gone, x + way, core, edge, mass / (high * sqrt(pi / 2) * area(core, edge)), high, speed))
    return rows


def area(core: float, edge: float) -> float:
    """Integral over the ground of a plateau of 1 with Gaussian edges, m2."""
    return float(pi * core**2 + 2 * pi * (edge**2 + core * edge * sqrt(pi / 2)))


def spread_of(core: float, edge: float) -> float:
    """Variance a side of the same, m2."""
    out = core**3 * edge * ROOT + 3 * core**2 * edge**2 + 3 * core * edge**3 * ROOT + 2 * edge**4
    return float((pi * core**4 / 2 + 2 * pi * out) / (2 * area(core, edge)))


def plateau(variance: float, edge: float, most: float) -> float:
    """m of the plateau with which the profile has the variance, by bisection."""
    low, high = 0.0, most
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if spread_of(middle, edge) < variance else (low, middle)
    return (low + high) / 2
