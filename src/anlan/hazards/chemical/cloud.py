"""One cloud, whichever model draws it: Gaussian plume, dense layer, or still air; and a batch of them for what is uncertain.

Which model: Richardson number of HJ 169-2018 appendix G; below 1 m/s of wind the calm formulas, which is said in the result.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import erf, exp, isfinite, pi, sqrt

import numpy as np

from anlan.hazards.chemical import calm, dense, layer, plume
from anlan.hazards.chemical.mixing import Material, Mixture, mixture
from anlan.hazards.chemical.substances import Substance
from anlan.hazards.chemical.surface import ALONG, ROUGHNESS_M, surface

FloatArray = np.ndarray
GAUSSIAN, DENSE, CALM = "gaussian", "dense", "calm"
NAMES = {
    GAUSSIAN: "高斯烟羽（Briggs 系数）",
    DENSE: "重气浅层模型（DEGADIS/SLAB 类）",
    CALM: "静小风烟团积分（HJ/T 2.2-93）",
}
#: Distances of the Gaussian plume's edges, m.
STEPS = np.geomspace(5.0, 40_000, 120)
#: A release higher than this above ground mixes before it arrives and is not treated as dense, m.
LOW_M = 10.0
#: Who is told when a cloud comes is told of its foremost 2.5 %: sigmas along the wind.
AHEAD = 2.0
WARM_K = 293.15


@dataclass(frozen=True)
class Source:
    """kg/s of a substance, K at the source after flashing, share of it that is droplets, metres above ground, jet if any."""

    substance: Substance
    rate: float
    kelvin: float
    droplets: float = 0.0
    height: float = 0.0
    radius: float = 1.0
    jet: layer.Jet | None = None

    def mixture(self, air_k: float) -> Mixture:
        of = self.substance
        latent = (of.latent_kj_kg or 0.0) * 1000
        drops = self.droplets if latent else 0.0
        boiling = of.boiling_c + 273.15
        material = Material(
            of.molar_mass, of.gas_cp, min(self.kelvin, boiling) if drops else self.kelvin, drops, latent, boiling,
            of.liquid_density,
        )  # fmt: skip
        return mixture(material, air_k)


@dataclass(frozen=True)
class Air:
    """m/s at 10 m, Pasquill class, "rural", "urban" or "gb3840", K."""

    wind: float
    stability: str
    terrain: str = "rural"
    kelvin: float = WARM_K

    @property
    def roughness(self) -> float:
        return ROUGHNESS_M.get(self.terrain, 0.03)


@dataclass(frozen=True)
class Choice:
    """Which model, and the Richardson number that decided it."""

    model: str
    richardson: float


def choose(source: Source, air: Air, asked: str = "auto", width_m: float | None = None) -> Choice:
    """HJ 169-2018 G: dense from 1/6 on (continuous); width of the source given, or sqrt(flow / wind)."""
    wind = max(air.wind, calm.SMALL)
    density = float(source.mixture(air.kelvin).density[-1])
    ambient = float(101_325 * 0.02896 / (8.314 * air.kelvin))
    width = width_m or max(0.01, sqrt(source.rate / density / wind))
    number = dense.richardson_continuous(source.rate, density, width, wind, ambient)
    if air.wind < calm.SMALL:
        return Choice(CALM, number)
    is_dense = number >= dense.CONTINUOUS_LIMIT and source.height <= LOW_M
    return Choice(DENSE if asked == DENSE or (asked == "auto" and is_dense) else GAUSSIAN, number)


@dataclass(frozen=True)
class Edges:
    """For one limit: half-width m of every member [member, step] at x m downwind [member, step]."""

    x: FloatArray
    half: FloatArray
    #: m to which each member reaches.
    far: FloatArray

    def width(self, member: int, x: FloatArray) -> FloatArray:
        """Half-width of a member at any x; none behind the source or beyond its end."""
        found: FloatArray = np.interp(x, self.x[member], self.half[member], left=0.0, right=0.0)
        near = (x > 0) & (x < self.x[member, 0])
        return np.where(near, self.half[member, 0], found)

    def part(self, first: int) -> Edges:
        """The members from one on."""
        return Edges(self.x[first:], self.half[first:], self.far[first:])

    def reach(self, member: int = 0) -> float:
        return float(self.far[member])


@dataclass(frozen=True)
class Passage:
    """When a cloud comes to a place: s at x m downwind, both ascending."""

    x: FloatArray
    s: FloatArray

    @classmethod
    def at(cls, x: FloatArray, speed: FloatArray) -> Passage:
        """From m/s at x m."""
        slow = 1 / speed
        steps = np.concatenate([[x[0] * slow[0]], np.diff(x) * (slow[1:] + slow[:-1]) / 2])
        return cls(np.concatenate([[0.0], x]), np.concatenate([[0.0], np.cumsum(steps)]))

    def seconds(self, x: FloatArray) -> FloatArray:
        found: FloatArray = np.interp(x, self.x, self.s)
        return found

    def metres(self, seconds: float) -> float:
        return float(np.interp(seconds, self.s, self.x))


@dataclass(frozen=True)
class Batch:
    """Members of one model: sources and airs of equal length."""

    model: str
    sources: tuple[Source, ...]
    airs: tuple[Air, ...]
    averaging_s: float = 600.0
    #: s the release lasts; a cloud thins out along the wind once it is no longer than it is frayed.
    duration_s: float = float("inf")

    @cached_property
    def solved(self) -> layer.DenseLayer:
        first = self.sources[0]
        layers = [surface(air.wind, air.stability, air.roughness) for air in self.airs]
        rates = np.array([one.rate for one in self.sources])
        return layer.solve(rates, first.mixture(self.airs[0].kelvin), layers, radius=first.radius, jet=first.jet,
                           averaging_s=self.averaging_s)  # fmt: skip

    def edges(self, limits: list[float]) -> list[Edges]:
        """Of each limit (kg/m3)."""
        if self.model == DENSE:
            plumes = self.solved
            share = np.array([self.lasting(x, air) for x, air in zip(plumes.x, self.airs, strict=True)])
            return [
                Edges(plumes.x, plumes.half_widths(limit, share), reaches(plumes.x, plumes.axis * share / limit))
                for limit in limits
            ]
        axes = [self.axis_and_width(i) for i in range(len(self.sources))]
        far = np.broadcast_to(STEPS, (len(axes), len(STEPS)))
        over = np.array([axis for axis, _ in axes])
        return [
            Edges(far, np.array([gaussian_width(axis, sy, limit) for axis, sy in axes]), reaches(far, over / limit))
            for limit in limits
        ]

    def passage(self, i: int = 0) -> Passage:
        """A plume travels with the wind at 0.6 of its mean height (van Ulden 1978), slower than at 10 m near the source and faster far
        from it. A dense layer travels with its own mean speed, as DEGADIS' observers do: with any other wind there would be more, or
        less, in the air than has come out. A jet whose speed falls as 1/x is where the layer begins in half the time of its end's."""
        source, air = self.sources[i], self.airs[i]
        if self.model == DENSE:
            found = Passage.at(self.solved.x[i], self.solved.speed[i])
            return found if source.jet is None else Passage(found.x, np.maximum(found.s - found.s[1] / 2, 0.0))
        sz = np.array([plume.sigmas(float(x), air.stability, air.terrain)[1] for x in STEPS])
        mean = 0.6 * np.hypot(source.height, sqrt(2 / pi) * sz)
        speed = [
            plume.wind_at(max(plume.LOWEST_M, float(h)), air.wind, air.stability, air.terrain)
            for h in np.maximum(mean, source.height)
        ]
        return Passage.at(STEPS, np.array(speed))

    def arrival(self, x: FloatArray, i: int = 0) -> FloatArray:
        """s by which people at x m must be warned: AHEAD sigma x (Beals 1971) before what left first comes there, and no later than the
        wind at 10 m comes: a front that slumps ahead of itself, or a gust, is not in the mean speed."""
        air = self.airs[i]
        a, b = ALONG[air.stability]
        front = self.passage(i).seconds(np.maximum(x - AHEAD * a * np.maximum(x, 1.0) ** b, 0.0))
        found: FloatArray = np.minimum(front, x / max(air.wind, calm.SMALL))
        return found

    def axis_and_width(self, i: int) -> tuple[FloatArray, FloatArray]:
        """(axis kg/m3, sigma y m) of the Gaussian plume over STEPS."""
        source, given = self.sources[i], self.airs[i]
        air = replace(given, wind=plume.carrying(source.height, given.wind, given.stability, given.terrain))
        sy, sz = np.array([plume.sigmas(float(x), air.stability, air.terrain) for x in STEPS]).T
        axis = source.rate / (pi * air.wind * sy * sz) * np.exp(-((source.height / sz) ** 2) / 2)
        return axis * self.lasting(STEPS, air), sy

    def lasting(self, x: FloatArray, air: Air) -> FloatArray:
        """Share of the steady value that a release of `duration_s` reaches: erf(u T / (2 sqrt2 sigma x))."""
        if not isfinite(self.duration_s):
            return np.ones_like(x)
        a, b = ALONG[air.stability]
        return np.array([erf(air.wind * self.duration_s / (2 * sqrt(2) * a * max(far, 1.0) ** b)) for far in x])

    def axis(self, x: float, i: int = 0) -> float:
        """kg/m3 on the ground of the axis of one member."""
        if self.model == DENSE:
            steady = self.solved.axis_at(x, i)
            return steady * float(self.lasting(np.array([x]), self.airs[i])[0])
        return float(np.exp(np.interp(np.log(x), np.log(STEPS), np.log(np.maximum(self.axis_and_width(i)[0], 1e-30)))))


def reaches(x: FloatArray, ratio: FloatArray) -> FloatArray:
    """Of every member, by its axis over the limit."""
    return np.array([layer.crossing(far, row) for far, row in zip(x, ratio, strict=True)])


def gaussian_width(axis: FloatArray, sy: FloatArray, limit: float) -> FloatArray:
    found: FloatArray = np.where(axis > limit, sy * np.sqrt(2 * np.log(np.maximum(axis / limit, 1.0))), 0.0)
    return found


#: Normal deviates and weights that integrate polynomials up to the fifth degree (Gauss-Hermite, three points).
NODES, WEIGHTS = (-sqrt(3), 0.0, sqrt(3)), (1 / 6, 2 / 3, 1 / 6)
DIRECTIONS = 21


@dataclass(frozen=True)
class Doubt:
    """How sure the inputs are: standard deviation of the direction (degrees), of ln(wind speed), of ln(rate). Platform defaults, 待核对."""

    direction_deg: float = 15.0
    speed: float = 0.25
    rate: float = 0.5


def with_members(
    source: Source, air: Air, doubt: Doubt, model: str, duration_s: float = float("inf")
) -> tuple[Batch, FloatArray]:
    """The best estimate first (weight 0), then nine members of speed x rate with their weights; the direction is dealt with by
    turning them."""
    pairs = [(a, b) for a in range(3) for b in range(3)]
    airs = [replace(air, wind=max(calm.SMALL, air.wind * exp(doubt.speed * NODES[a]))) for a, _ in pairs]
    sources = [replace(source, rate=source.rate * exp(doubt.rate * NODES[b])) for _, b in pairs]
    weights = np.array([0.0] + [WEIGHTS[a] * WEIGHTS[b] for a, b in pairs])
    return Batch(model, (source, *sources), (air, *airs), duration_s=duration_s), weights


def offsets(spread_deg: float) -> FloatArray:
    """DIRECTIONS equally likely turns of the wind, degrees, of a normal distribution."""
    chances = (np.arange(DIRECTIONS) + 0.5) / DIRECTIONS
    # quantiles of the normal distribution by bisection of its integral: no table to carry
    grid = np.linspace(-4, 4, 4001)
    below = np.cumsum(np.exp(-(grid**2) / 2))
    return np.interp(chances, below / below[-1], grid) * spread_deg


def possible(
    edges: Edges, weights: FloatArray, spread_deg: float, share: float, fan: float = 0.0, angles: int = 180
) -> list[tuple[float, float]]:
    """Ring (x, y) m inside which at least `share` of the members reach the limit; x along the mean wind. It holds the best estimate
    (member 0), widened by `fan` (radians), whatever the members say; distances are rounded outwards."""
    far = max(edges.reach(i) for i in range(len(weights)))
    if far <= 0:
        return []
    even = np.linspace(-1, 1, angles, endpoint=False)
    turn = pi * np.sign(even) * np.abs(even) ** 1.7
    r = np.geomspace(2.0, far * 1.05, 90)
    x, y = r[:, None] * np.cos(turn), r[:, None] * np.sin(turn)
    width = edges.width(0, x)
    inside = probability(edges, weights, spread_deg, x, y) >= share
    inside |= (width > 0) & (np.abs(y) <= width + fan * np.maximum(x, 0.0))
    inside |= (r[:, None] <= edges.reach(0)) & (np.abs(turn) <= fan)
    farthest = np.where(inside, np.arange(len(r))[:, None], -1).max(axis=0)
    out = r[np.minimum(farthest + 1, len(r) - 1)] * (farthest >= 0)
    out = np.maximum(out, (np.roll(out, 1) + np.roll(out, -1)) / 2)  # steps of r are coarse: no teeth
    ring = [(float(d * np.cos(t)), float(d * np.sin(t))) for t, d in zip(turn, out, strict=True)]
    return hull(ring) if np.any(out > 0) else []


def hull(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The convex ring around points, counter-clockwise (Andrew 1979): nine members leave dents where there are none."""
    chains = []
    for ordered in (sorted(set(points)), sorted(set(points), reverse=True)):
        chain: list[tuple[float, float]] = []
        for x, y in ordered:
            while len(chain) > 1:
                (ax, ay), (bx, by) = chain[-2:]
                if (bx - ax) * (y - ay) > (by - ay) * (x - ax):
                    break
                chain.pop()
            chain.append((x, y))
        chains.append(chain[:-1])
    return chains[0] + chains[1]


def probability(edges: Edges, weights: FloatArray, spread_deg: float, x: FloatArray, y: FloatArray) -> FloatArray:
    """Share of members, by weight, in which (x, y) m lies inside the limit."""
    found = np.zeros(np.shape(x))
    for turn in np.radians(offsets(spread_deg)):
        along, across = x * np.cos(turn) + y * np.sin(turn), np.abs(y * np.cos(turn) - x * np.sin(turn))
        for i in np.flatnonzero(weights):
            width = edges.width(int(i), along)
            found += weights[i] / DIRECTIONS * ((width > 0) & (across <= width))
    return found
