"""Many fires at once: weather, moisture and ignition place as uncertain as the officer knows them; chance and time of arrival.

Members run on threads (the kernel lets go of the interpreter); `workers` of them share the landscape. The draw of a member
depends on `seed` and its number only, so that the answer is the same on any number of workers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from math import inf, isfinite

import numpy as np
from numpy.typing import NDArray

from anlan.hazards.cluster import Runner, configured
from anlan.hazards.contract import InputError
from anlan.hazards.wildfire import brands, front
from anlan.hazards.wildfire.grid import (
    Floats,
    Landscape,
    Line,
    Ring,
    Weather,
    around,
    burnt_before,
    check_ignition,
    check_run,
    country,
    empty,
    light,
    march,
    outline,
    wavelets,
)
from anlan.hazards.wildfire.rothermel import Moisture

MOST_MEMBERS = 10_000
#: Arrival times of members are kept in this many intervals of the forecast.
INTERVALS = 48


@dataclass(frozen=True)
class Perturbation:
    """Standard deviations: of wind speed and moisture as a factor (log-normal), of direction (degrees), of the place (m)."""

    wind_factor: float = 0.2
    direction_deg: float = 15.0
    moisture_factor: float = 0.15
    ignition_m: float = 0.0

    def __post_init__(self) -> None:
        for part, high in zip(fields(self), (1.0, 90.0, 1.0, 5000.0), strict=True):
            value = getattr(self, part.name)
            if not 0 <= value <= high:
                raise InputError(f"perturb.{part.name}", value, f"0 至 {high:g}")


@dataclass(frozen=True)
class Ensemble:
    """Share of members in which each cell burns, and the minute by which a given share of all members has reached it."""

    land: Landscape
    members: int
    probability: Floats
    edges: Floats
    #: (rows, columns, intervals): members that have reached the cell by the end of each interval.
    reached: NDArray[np.uint16]
    area_ha: Floats
    #: Of each member: fires its brands lit, greatest flight of them (m), brands that landed alight beyond the grid.
    brands: Floats

    def arrival(self, share: float) -> Floats:
        """Minute by which at least `share` of all members has reached each cell; infinite where fewer ever do."""
        enough = self.reached >= max(1, int(np.ceil(share * self.members)))
        return np.where(enough[:, :, -1], self.edges[enough.argmax(axis=2)], inf)

    def outline(self, share: float) -> list[list[Ring]]:
        """Polygons that at least `share` of the members reach; (x, y) metres."""
        over = self.probability >= share
        if not over.any():
            return []
        window = around(np.flatnonzero(over.any(axis=1))), around(np.flatnonzero(over.any(axis=0)))
        return outline(self.probability[window] - share + 1e-9, window, self.land.cell_m)

    def at(self, points: Mapping[str, tuple[float, float]]) -> dict[str, dict[str, float | None]]:
        """Of places (x, y in metres; a village, a plant): chance of being reached, earliest, median of those that are."""
        found = {}
        for name, (x, y) in points.items():
            column, row = (int(np.floor(v / self.land.cell_m + 0.5)) for v in (x, y))
            if not (0 <= row < self.land.fuel.shape[0] and 0 <= column < self.land.fuel.shape[1]):
                raise InputError(f"places.{name}", [x, y], "在网格之内")
            found[name] = self.of_cells(np.array([[row, column]]))
        return found

    def of_cells(self, cells: NDArray[np.int64]) -> dict[str, float | None]:
        """Of a community as its cells (n, 2: row, column): the cell most likely reached speaks for it."""
        chance = self.probability[cells[:, 0], cells[:, 1]]
        row, column = cells[int(chance.argmax())]
        through = self.reached[row, column]
        hits = int(through[-1])
        if not hits:
            return {"probability": 0.0, "earliest_min": None, "median_min": None}
        early, median = (float(self.edges[np.searchsorted(through, need)]) for need in (1, (hits + 1) // 2))
        return {"probability": hits / self.members, "earliest_min": early, "median_min": median}


def ensemble(
    land: Landscape,
    weather: Sequence[Weather],
    hours: float,
    ignitions: Sequence[tuple[float, float]],
    members: int,
    perturb: Perturbation | None = None,
    seed: int = 0,
    lines: Sequence[Line] = (),
    formula: str = "anderson",
    wind_limit: bool = True,
    workers: int = 2,
    runner: Runner | None = None,
    perimeter: Sequence[tuple[float, float]] = (),
    spotting: brands.Spotting | None = None,
) -> Ensemble:
    """Burn `members` fires on threads, on the configured cluster, or by `runner`. InputError as `grid.spread`.

    From points, or from an observed perimeter; with `spotting` every member draws brands of its own.
    """
    perturb = perturb or Perturbation()
    if not 1 <= members <= MOST_MEMBERS:
        raise InputError("members", members, f"1 至 {MOST_MEMBERS}")
    check_run(land, weather, hours, lines, formula, 0.0)
    if bool(len(ignitions)) == bool(len(perimeter)):
        raise InputError("ignitions", list(ignitions), "起火点或观测火线，二者给一")
    for i, point in enumerate(ignitions):
        check_ignition(land, point, f"ignitions[{i}]")
    until = hours * 60
    edges = np.linspace(0, until, INTERVALS + 1)[1:]
    land.rise, land.shelter, land.classes, land.open_until  # noqa: B018 - worked out once, before the threads share it
    inside, rim = burnt_before(land, perimeter) if len(perimeter) else (None, [])
    case = Case(
        land, tuple(weather), tuple(lines), formula, wind_limit, tuple(ignitions or rim), inside, spotting, perturb, seed, until
    )  # fmt: skip
    away = (runner, workers) if runner else configured()
    parts = portions(members, away[1] if away else workers)
    if away:
        done = away[0](burn, [(case, part) for part in parts])
    else:
        with ThreadPoolExecutor(len(parts)) as pool:
            done = list(pool.map(lambda part: burn(case, part), parts))
    counts = done[0][0]
    for one in done[1:]:
        counts += one[0]
    told = np.array([row for one in done for row in one[1]])
    told = told[np.argsort(told[:, 0])]
    through = np.cumsum(counts, axis=2, dtype=np.uint16)
    return Ensemble(land, members, through[:, :, -1] / members, edges, through, told[:, 1], told[:, 2:])


@dataclass(frozen=True)
class Case:
    """What all members have in common."""

    land: Landscape
    weather: tuple[Weather, ...]
    lines: tuple[Line, ...]
    formula: str
    wind_limit: bool
    ignitions: tuple[tuple[float, float], ...]
    #: Cells of an observed perimeter, of which the ignitions are the rim; it is where it was seen in all members.
    inside: NDArray[np.int64] | None
    spotting: brands.Spotting | None
    perturb: Perturbation
    seed: int
    until: float


def portions(members: int, workers: int) -> list[range]:
    """Numbers of the members, dealt out in turn."""
    return [range(w, members, workers) for w in range(max(1, min(workers, members)))]


def burn(of: Case, part: range) -> tuple[NDArray[np.uint16], list[tuple[float, ...]]]:
    """Burn some members: how many of them reached each cell in each interval; (number, hectares, what its brands did) of each."""
    counts = np.zeros((*of.land.fuel.shape, INTERVALS), np.uint16)
    room = None
    told: list[tuple[float, ...]] = []
    for number in part:
        random = np.random.default_rng([of.seed, number])
        moved = of.perturb if of.inside is None else replace(of.perturb, ignition_m=0.0)
        drawn, points = draw(of.land, of.weather, of.ignitions, moved, random)
        ground = country(of.land, drawn, of.lines, of.formula, of.wind_limit)
        room = room or empty(ground)
        cells, waves, state, heap = room
        wavelets(ground, waves)
        light(ground, room, of.inside, points, 0.0)
        march(ground, room, of.until)
        lit: list[brands.Brand] = []
        outside = 0
        if of.spotting:
            wet = [band.moisture.dead_1h for band in drawn]
            lit, outside = brands.go_on(ground, room, wet, 0.0, of.until, of.spotting, random)
        burnt = front.tally(cells, state, heap, of.until, of.until / INTERVALS, counts)
        far = max((brand.flown_m for brand in lit), default=0.0)
        told.append((number, burnt * of.land.cell_m**2 / 1e4, len(lit), far, outside))
    return counts, told


def draw(
    land: Landscape,
    weather: Sequence[Weather],
    ignitions: Sequence[tuple[float, float]],
    perturb: Perturbation,
    random: np.random.Generator,
) -> tuple[list[Weather], list[tuple[float, float]]]:
    """Weather and places of one member: the same error through all bands, as a forecast that is wrong stays wrong."""
    speed, turn, wet = random.standard_normal(3)
    factor = float(np.exp(perturb.wind_factor * speed))
    moist = float(np.exp(perturb.moisture_factor * wet))
    drawn = [
        replace(
            band,
            wind_m_s=np.minimum(np.multiply(band.wind_m_s, factor), 100.0),
            from_deg=np.mod(np.add(band.from_deg, perturb.direction_deg * turn), 360.0),
            moisture=Moisture(*(min(5.0, value * moist) for value in vars(band.moisture).values())),
        )
        for band in weather
    ]
    points = []
    for x, y in ignitions:
        point = (x, y)
        for _ in range(20 if perturb.ignition_m else 0):
            east, north = perturb.ignition_m * random.standard_normal(2)
            if burnable(land, (x + east, y + north)):
                point = (float(x + east), float(y + north))
                break
        points.append(point)
    return drawn, points


def burnable(land: Landscape, point: tuple[float, float]) -> bool:
    """Whether a fire could start there."""
    if not all(isfinite(v) for v in point):
        return False
    try:
        check_ignition(land, point, "ignition")
    except InputError:
        return False
    return True
