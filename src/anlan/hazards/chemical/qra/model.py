"""What the park's risk is made of: weather and wind, footprints of what may happen, people. Metres east and north, years."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import pi, radians

import numpy as np
from numpy.typing import NDArray

from anlan.hazards.chemical.qra.kernels import AXIS_NODES, AXIS_PER_E

Floats = NDArray[np.float64]
Yes = NDArray[np.bool_]
#: m downwind at the nodes of an axis.
AXIS_X: Floats = np.exp(np.arange(AXIS_NODES) / AXIS_PER_E)
#: Fewest winds that may be read as sectors: a wider sector is no wind.
LEAST_SECTORS = 8


@dataclass(frozen=True)
class Rose:
    """Joint frequency of weather and wind: probability[weather, wind], all together 1.

    classes: (stability, m/s); towards: rad counter-clockwise from east in which each wind blows, ascending in 0 ... 2 pi.
    filled: a wind stands for all bearings of its sector (a 16-point rose does); else for one ray.
    by_day: [weather, wind] the share of each that blows by day; None = as the hours of the day are shared (`Study.day`).
    """

    classes: tuple[tuple[str, float], ...]
    towards: Floats
    probability: Floats
    filled: bool = False
    by_day: Floats | None = None

    @classmethod
    def of(
        cls,
        rows: Sequence[tuple[str, float, float, float]],
        filled: bool = False,
        by_day: Sequence[float] | None = None,
    ) -> Rose:
        """From rows (stability, m/s, direction the wind comes from in degrees, probability), and the share of each that is day."""
        classes = tuple(dict.fromkeys((stability, wind) for stability, wind, _from, _p in rows))
        bearings = sorted({bearing(wind_from) for _s, _u, wind_from, _p in rows})
        table, lit = np.zeros((len(classes), len(bearings))), np.zeros((len(classes), len(bearings)))
        for i, (stability, wind, wind_from, p) in enumerate(rows):
            at = classes.index((stability, wind)), bearings.index(bearing(wind_from))
            table[at] += p
            lit[at] += p * by_day[i] if by_day is not None else 0.0
        shares = None if by_day is None else np.divide(lit, table, out=np.zeros_like(lit), where=table > 0)
        return cls(classes, np.array(bearings), table, filled and len(bearings) >= LEAST_SECTORS, shares)

    @property
    def sectors(self) -> tuple[Floats, Floats]:
        """(lower, upper) bound of each wind's sector, rad: half way to its neighbours."""
        after = np.append(self.towards[1:], self.towards[0] + 2 * pi)
        upper = np.array((self.towards + after) / 2, dtype=np.float64)
        return np.array([upper[-1] - 2 * pi, *upper[:-1]], dtype=np.float64), upper

    def rays(self, each: int) -> tuple[Floats, int]:
        """(bearings, rays per wind): a filled sector as `each` rays of equal weight, otherwise the wind itself."""
        if not self.filled:
            return self.towards, 1
        lower, upper = self.sectors
        inside = (np.arange(each) + 0.5) / each
        return (lower[:, None] + (upper - lower)[:, None] * inside).ravel(), each

    def spread(self) -> tuple[Floats, bool]:
        """Edges for the distribution of bearings, three times round."""
        edges = np.append(self.sectors[0], self.sectors[1][-1]) if self.filled else self.towards
        turns = [edges[:-1] if self.filled else edges] * 3
        ring = np.concatenate([part + 2 * pi * (i - 1) for i, part in enumerate(turns)])
        return (np.append(ring, ring[0] + 6 * pi) if self.filled else ring), self.filled

    def cumulative(self, weight: Floats) -> Floats:
        """[weather, edge]: weight of the winds below each edge of `spread` (a ray counts at its own)."""
        three = np.cumsum(np.tile(weight, (1, 3)), axis=1)
        return np.hstack([np.zeros((len(weight), 1)), three]) if self.filled else three


def bearing(wind_from_deg: float) -> float:
    """Rad counter-clockwise from east in which a wind from `wind_from_deg` blows."""
    return float(round(radians((270 - wind_from_deg) % 360), 12) % (2 * pi))


@dataclass(frozen=True)
class Footprint:
    """One outcome of a scenario: weight[weather, wind] in 1/y, and who dies: shares for a person who stays in the open
    (individual risk), and for people outdoors and indoors (societal risk)."""

    scenario: int
    outcome: str
    x: float
    y: float
    weight: Floats


@dataclass(frozen=True)
class Plume(Footprint):
    """Poison: probit on the axis less 5, core m, steepness per (aside/x)^2, at the nodes of the axis for each weather."""

    level: Floats
    core: Floats
    width: Floats
    reach: Floats
    indoors: float = 0.1
    outdoors: float = 1.0


@dataclass(frozen=True)
class Outline(Footprint):
    """An area with an edge: half angle (rad) over distance [weather, node], reach m, and the shares inside."""

    half: Floats
    reach: Floats
    individual: float = 1.0
    outdoors: float = 1.0
    indoors: float = 1.0

    @property
    def per_metre(self) -> Floats:
        return (self.half.shape[1] - 1) / np.maximum(self.reach, 1e-9)


@dataclass(frozen=True)
class Disc(Footprint):
    """A round footprint: shares at equal steps to `reach` m for the individual, people outdoors and indoors."""

    reach: float
    shares: Floats  # [3, node]

    @property
    def per_metre(self) -> float:
        return (self.shares.shape[1] - 1) / self.reach


@dataclass(frozen=True)
class Grid:
    """Cells of `cell` m; (x0, y0) m is the south-western corner."""

    x0: float
    y0: float
    cell: float
    nx: int
    ny: int

    @property
    def first(self) -> tuple[float, float]:
        """Centre of the cell [0, 0]."""
        return self.x0 + self.cell / 2, self.y0 + self.cell / 2

    @property
    def centres(self) -> tuple[Floats, Floats]:
        x, y = self.first
        steps = np.arange(max(self.nx, self.ny), dtype=np.float64) * self.cell
        east: Floats = np.add(x, steps[: self.nx], dtype=np.float64)
        north: Floats = np.add(y, steps[: self.ny], dtype=np.float64)
        return east, north


@dataclass(frozen=True)
class People:
    """People at places [n, 2]: by day and night, and the share of them indoors.

    owners: whose staff they are (-1 = the public): an enterprise's own staff are no protection targets of its own scenarios.
    """

    places: Floats
    day: Floats
    night: Floats
    indoors_day: Floats
    indoors_night: Floats
    names: tuple[str, ...] = ()
    owners: NDArray[np.int64] | None = None


@dataclass(frozen=True)
class Study:
    """Everything that a calculation needs."""

    scenarios: tuple[str, ...]
    footprints: tuple[Footprint, ...]
    rose: Rose
    people: People | None = None
    #: Share of the year that is day.
    day: float = 10.5 / 24
    #: Whose each scenario is, as in `People.owners`; empty = nobody's.
    owners: tuple[int, ...] = ()

    def of(self, kind: type[Footprint]) -> list[Footprint]:
        return [item for item in self.footprints if isinstance(item, kind)]
