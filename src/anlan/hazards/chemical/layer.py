"""重气扩散: steady plume of a dense gas as a shallow layer, from where it slumps to where the wind alone carries it.

One-dimensional similarity model of the family HEGADAS / DEGADIS / SLAB (Colenbrander 1980; Spicer & Havens 1989; Ermak 1990):
c = cA exp(-(z/Sz)^(1+a)) exp(-((|y|-b)/Sy)^2) in a wind u ~ z^a. The layer takes air in through its top at
k u* (1+a) / phi(Ri*), slumps sideways at 1.15 sqrt(g' h), and is frayed at its sides by turbulence until nothing but a Gaussian
is left. Density follows from adiabatic mixing (mixing.py). Without excess density it is the exact solution for K = k u* z / phi.

A batch of members is solved at once: rates, winds and sources may be arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import gamma, pi, sqrt

import numpy as np

from anlan.hazards.chemical.mixing import SHARES, Mixture
from anlan.hazards.chemical.surface import KARMAN, SPREAD_POWER, Surface

G = 9.81
FloatArray = np.ndarray
#: The closure below was fitted with von Karman's constant at 0.35 (DEGADIS 2.1), friction velocity included.
K = 0.35
#: phi(Ri*) = 0.88 + 0.099 Ri*^1.04 (DEGADIS 2.1, laboratory data of McQuaid, Kantha, Lofquist); front speed; layer depth.
NEUTRAL, HEAVY, POWER = 0.88, 0.099, 1.04
FRONT, LAYER = 1.15, 2.15
#: Take-up through the top of a gas blanket: layer / (layer - 1).
TAKE_UP = LAYER / (LAYER - 1)
#: A jet mixes as m/m0 = 0.32 (x/D) sqrt(rho air / rho) (Ricou & Spalding 1961) until it is this much faster than the wind (fits SLAB and Desert Tortoise).
JET_ENTRAINMENT, JET_OVER_WIND = 0.32, 1.2
ROOT_PI_2 = sqrt(pi) / 2
REFERENCE_M = 10.0
#: Distances beyond the source, m, and steps of Runge and Kutta between two of them.
STEPS, SUBSTEPS = np.concatenate([[0.0], np.geomspace(1.0, 40_000, 90)]), 2


@dataclass(frozen=True)
class Jet:
    """Momentum at the source: speed m/s and density kg/m3 after expansion to ambient pressure."""

    speed: float
    density: float


@dataclass(frozen=True)
class Start:
    """Where the layer begins: x m, half-width m, flux of mixture through half the cross-section kg/s (times LAYER)."""

    x: FloatArray
    half_width: FloatArray
    flux: FloatArray


@dataclass(frozen=True)
class Air:
    """Members' wind as arrays: 10 m wind, power, friction velocity (k = 0.35), spread factor of sigma y."""

    wind: FloatArray
    power: FloatArray
    friction: FloatArray
    spread: FloatArray
    #: effective depth / Sz
    depth: FloatArray

    @classmethod
    def of(cls, layers: Sequence[Surface], averaging_s: float) -> Air:
        power = np.array([one.power for one in layers])
        depth = np.array([gamma(1 / (1 + a)) / (1 + a) for a in power])
        friction = np.array([one.friction for one in layers]) * K / KARMAN
        spread = np.array([one.spread(averaging_s) for one in layers])
        return cls(np.array([one.wind_10m for one in layers]), power, friction, spread, depth)

    def sz(self, flow: FloatArray) -> FloatArray:
        """Sz m of a layer that carries `flow` m2/s per metre of width: flow = u0 z0 / (1+a) (Sz/z0)^(1+a)."""
        return REFERENCE_M * (flow * (1 + self.power) / (self.wind * REFERENCE_M)) ** (1 / (1 + self.power))

    def entrainment(self, excess: FloatArray, depth: FloatArray) -> FloatArray:
        """m/s through the top; excess = (rho - rho air) / rho air."""
        ri = np.maximum(G * excess * depth / self.friction**2, 0.0)
        return K * self.friction * (1 + self.power) / (NEUTRAL + HEAVY * ri**POWER)


@dataclass(frozen=True)
class Cloud:
    """State of all members at one distance."""

    flow: FloatArray
    axis: FloatArray
    sz: FloatArray
    depth: FloatArray
    speed: FloatArray
    excess: FloatArray


@dataclass(frozen=True)
class DenseLayer:
    """The plumes of a batch. Arrays [member, distance]: x m, axis kg/m3 at the ground, plateau b m, edge Sy m, Sz m.

    temperature of the axis is that of the mixture; `power` is the wind's exponent.
    """

    x: FloatArray
    axis: FloatArray
    plateau: FloatArray
    edge: FloatArray
    sz: FloatArray
    speed: FloatArray
    power: FloatArray

    def axis_at(self, x: float, member: int = 0) -> float:
        """kg/m3 on the ground of the axis; held at the source value before the source's end."""
        far = np.log(np.maximum(self.x[member], 1e-3))
        found = np.exp(np.interp(np.log(max(x, 1e-3)), far, np.log(np.maximum(self.axis[member], 1e-30))))
        return float(found) if x > -self.x[member, 0] else 0.0

    def at(self, x: float, y: float, z: float, member: int = 0) -> float:
        """kg/m3 anywhere; x m downwind of the middle of the source."""
        if x <= -self.x[member, 0]:
            return 0.0
        plateau, edge, sz = (np.interp(x, self.x[member], row[member]) for row in (self.plateau, self.edge, self.sz))
        side = np.exp(-((max(abs(y) - plateau, 0.0) / max(edge, 1e-3)) ** 2))
        return float(self.axis_at(x, member) * side * np.exp(-((max(z, 0.0) / sz) ** (1 + self.power[member]))))

    def half_widths(self, limit: float, share: FloatArray | float = 1.0) -> FloatArray:
        """[member, distance] m from the axis to `limit` kg/m3 at the ground; 0 where the axis (times `share`) is below it."""
        ratio = self.axis * share / limit
        return np.where(ratio >= 1, self.plateau + self.edge * np.sqrt(np.log(np.maximum(ratio, 1.0))), 0.0)

    def reach(self, limit: float, member: int = 0) -> float:
        """m to which the axis holds `limit` kg/m3."""
        return crossing(self.x[member], self.axis[member] / limit)

    def contour(self, limit: float, member: int = 0) -> list[tuple[float, float]]:
        """Ring (x downwind, y) m of `limit` kg/m3 on the ground."""
        far = self.reach(limit, member)
        if far <= 0:
            return []
        xs, widths = self.x[member], self.half_widths(limit)[member]
        inside = [(float(x), float(w)) for x, w in zip(xs, widths, strict=True) if x < far and w > 0]
        start = inside[0]
        side = [(-start[0], start[1] * 0.7), *inside, *taper(inside[-1], far)]
        return [*side, *((x, -y) for x, y in reversed(side[:-1]))]

    def flux(self, member: int = 0) -> FloatArray:
        """kg/s through each cross-section: what the source gives, if mass is kept."""
        width = 2 * (self.plateau[member] + ROOT_PI_2 * self.edge[member])
        depth = gamma(1 / (1 + self.power[member])) / (1 + self.power[member]) * self.sz[member]
        return self.axis[member] * width * depth * self.speed[member]


def taper(last: tuple[float, float], far: float) -> list[tuple[float, float]]:
    """Points that close a contour between the last one known inside and where the axis falls to the limit."""
    x, width = last
    return [(x + (far - x) * t, width * sqrt(1 - t)) for t in (0.3, 0.6, 0.85, 1.0)]


def crossing(x: FloatArray, ratio: FloatArray) -> float:
    """m at which the axis over the limit falls to 1 for the last time, by powers between two distances; 0 = never reached."""
    above = np.flatnonzero(ratio >= 1)
    if not len(above):
        return 0.0
    i = int(above[-1])
    if i + 1 == len(x) or ratio[i + 1] <= 0:
        return float(x[i])
    return float(x[i] * (x[i + 1] / x[i]) ** (np.log(ratio[i]) / np.log(ratio[i] / ratio[i + 1])))


def solve(
    rate: FloatArray,
    mix: Mixture,
    layers: Sequence[Surface],
    *,
    radius: float = 1.0,
    jet: Jet | None = None,
    averaging_s: float = 600.0,
) -> DenseLayer:
    """Steady plumes of `rate` kg/s (array) of what `mix` mixes, one per entry of `layers`.

    radius: m of a source at the ground without momentum (a blanket spreads until the wind takes up what comes); with `jet` the
    plume begins where the jet has slowed to JET_OVER_WIND times the wind. averaging_s: 600 s as Briggs' sigmas.
    """
    rate = np.broadcast_to(np.asarray(rate, float), (len(layers),)).copy()
    air = Air.of(layers, averaging_s)
    start = of_jet(rate, mix, air, jet) if jet else of_ground(rate, mix, air, radius)
    return march(rate, mix, air, start)


def of_ground(rate: FloatArray, mix: Mixture, air: Air, radius: float) -> Start:
    """A round source as a square of equal area; widened to where take-up balances the flow (Spicer & Havens, III.B)."""
    ambient = mix.density[0]
    low = np.full_like(rate, max(radius, 0.05))
    if not np.all(holds(rate, mix, air, low)):
        high = low * 1e4
        for _ in range(16):
            middle = np.sqrt(low * high)
            enough = holds(rate, mix, air, middle)
            low, high = np.where(enough, low, middle), np.where(enough, middle, high)
        low = np.where(holds(rate, mix, air, np.full_like(rate, max(radius, 0.05))), max(radius, 0.05), high)
    half = ROOT_PI_2 * low
    _, entrained = over_source(rate, mix, air, half)
    return Start(low, half, rate / 2 + ambient * LAYER * entrained * half)


def holds(rate: FloatArray, mix: Mixture, air: Air, radius: FloatArray) -> FloatArray:
    """Whether the wind takes up what comes out of a blanket of this radius."""
    pure, ambient = mix.density[-1], mix.density[0]
    flow, _ = over_source(rate, mix, air, ROOT_PI_2 * radius)
    depth = air.sz(flow) * air.depth
    held = pi * radius**2 * pure * TAKE_UP * air.entrainment((pure - ambient) / ambient, depth)
    return np.asarray(held >= rate)


def over_source(rate: FloatArray, mix: Mixture, air: Air, half: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(m2/s that leave the source, m2/s of air entrained above it) per metre of width."""
    pure, ambient = mix.density[-1], mix.density[0]
    gas = rate / (pure * 2 * half)
    flow = gas.copy()
    entrained = np.zeros_like(flow)
    for _ in range(15):
        mean = (density_of(mix, rate / (2 * half * flow)) + pure) / 2
        entrained = air.entrainment((mean - ambient) / ambient, air.sz(flow) * air.depth) * 2 * half
        flow = (flow + gas + entrained) / 2
    return flow, entrained


def of_jet(rate: FloatArray, mix: Mixture, air: Air, jet: Jet) -> Start:
    """Where momentum is spent: mixing of a free jet; from there a half-round cross-section that slumps."""
    wind = air.wind * (2.0 / REFERENCE_M) ** air.power
    slow = JET_OVER_WIND * wind
    grown = np.maximum(1.0, (jet.speed - wind) / (slow - wind) + 1)
    diameter = np.sqrt(4 * rate / (pi * jet.density * jet.speed))
    x = grown * diameter / JET_ENTRAINMENT * np.sqrt(jet.density / mix.density[0])
    mixed = np.interp(1 / grown, SHARES, mix.density)
    half = np.sqrt(rate * grown / (mixed * slow) / 2)
    flux = rate / 2 + (grown - 1) * rate / 2 * LAYER
    return Start(np.where(grown > 1, x, diameter), half, flux)


def density_of(mix: Mixture, kg_m3: FloatArray) -> FloatArray:
    """Density kg/m3 of the mixture in which there are `kg_m3` of the substance."""
    return np.interp(np.interp(kg_m3, SHARES * mix.density, SHARES), SHARES, mix.density)


def cloud(rate: FloatArray, mix: Mixture, air: Air, flux: FloatArray, half: FloatArray) -> Cloud:
    share = np.minimum(1.0, rate / 2 / flux)
    flow = flux / LAYER / (np.interp(share, SHARES, mix.density) * half)
    axis = np.minimum(rate / (2 * half * flow), mix.density[-1])
    sz = air.sz(flow)
    depth = sz * air.depth
    excess = density_of(mix, axis) / mix.density[0] - 1
    return Cloud(flow, axis, sz, depth, flow / depth, excess)


def growth(rate: FloatArray, mix: Mixture, air: Air, state: FloatArray) -> FloatArray:
    """d/dx of (flux, half-width with its edges, Sy squared)."""
    flux, half, edge2 = state
    now = cloud(rate, mix, air, flux, half)
    ambient = mix.density[0]
    slump = FRONT * np.sqrt(np.maximum(G * now.excess * now.depth, 0.0)) / now.speed
    taken = ambient * LAYER * air.entrainment(now.excess, now.depth) * half
    has_plateau = np.sqrt(edge2) * ROOT_PI_2 < half * (1 - 1e-6)
    fray = 8 * SPREAD_POWER / pi * half**2 * (air.spread * sqrt(pi / 2) / half) ** (1 / SPREAD_POWER)
    sigma_x = (half / ROOT_PI_2 / sqrt(2) / air.spread) ** (1 / SPREAD_POWER)
    turbulent = ROOT_PI_2 * sqrt(2) * air.spread * SPREAD_POWER * sigma_x ** (SPREAD_POWER - 1)
    wider = np.where(has_plateau, slump, np.maximum(turbulent, slump))
    edge = np.where(has_plateau, fray, 2 * half * wider / ROOT_PI_2**2)
    taken = taken + np.where(has_plateau, 0.0, ambient * LAYER * now.flow * turbulent)
    return np.array([taken, wider, edge])


def march(rate: FloatArray, mix: Mixture, air: Air, start: Start) -> DenseLayer:
    """Runge and Kutta over STEPS; the edge never outgrows the half-width."""
    state = np.array([start.flux, start.half_width, np.full_like(rate, 1e-6)])
    rows = []
    for i, step in enumerate(STEPS):
        now = cloud(rate, mix, air, state[0], state[1])
        edge = np.sqrt(state[2])
        rows.append((start.x + step, now.axis, np.maximum(state[1] - ROOT_PI_2 * edge, 0.0), edge, now.sz, now.speed))
        if i + 1 == len(STEPS):
            break
        h = (STEPS[i + 1] - step) / SUBSTEPS
        for _ in range(SUBSTEPS):
            state = advance(rate, mix, air, state, h)
    x, axis, plateau, edge, sz, speed = (np.array(column).T for column in zip(*rows, strict=True))
    return DenseLayer(x, axis, plateau, edge, sz, speed, air.power)


def advance(rate: FloatArray, mix: Mixture, air: Air, state: FloatArray, h: float) -> FloatArray:
    one = growth(rate, mix, air, state)
    two = growth(rate, mix, air, state + h / 2 * one)
    three = growth(rate, mix, air, state + h / 2 * two)
    four = growth(rate, mix, air, state + h * three)
    found = state + h / 6 * (one + 2 * two + 2 * three + four)
    found[2] = np.minimum(found[2], (found[1] / ROOT_PI_2) ** 2)
    return found
