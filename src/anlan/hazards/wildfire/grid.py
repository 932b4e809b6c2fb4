"""Fire spread over a landscape: fuel, ground, weather in bands, barriers and lines; what burns when, and the perimeters.

Grids are (rows, columns) with row 0 in the south and column 0 in the west; x runs east, y north, in metres from the centre of
cell (0, 0). Everything is checked before the first cell burns. No clock, no files.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import atan2, degrees, hypot, inf, isfinite
from typing import Any

import numpy as np
import shapely
from contourpy import FillType, contour_generator
from numpy.typing import ArrayLike, NDArray

from anlan.hazards.contract import InputError
from anlan.hazards.wildfire import brands, front
from anlan.hazards.wildfire.fuels import NON_BURNABLE, find
from anlan.hazards.wildfire.rothermel import FORMULAS, KM_H_FT_MIN, Moisture, bed, wind_adjustment

Floats = NDArray[np.float64]
Ring = list[tuple[float, float]]
#: Largest grid, longest forecast: beyond these an answer would take minutes.
MOST_CELLS, MOST_HOURS = 25_000_000, 240.0
NON_BURNABLE_CODES = {f"NB{number % 10}": number for number in NON_BURNABLE}


@dataclass(frozen=True)
class Weather:
    """One band: from a minute after ignition on. Wind at 10 m, a number or a grid; moisture as fractions."""

    from_min: float
    wind_m_s: float | Floats
    from_deg: float | Floats
    moisture: Moisture


#: Slopes that differ by no more than this are one plane: rounding of the heights, below a millimetre a kilometre.
PLANE = 1e-7


@dataclass(frozen=True)
class Line:
    """A suppression line: points (x, y) in metres; nothing crosses it from the minute it is built."""

    points: Sequence[tuple[float, float]]
    from_min: float = 0.0


@dataclass(frozen=True)
class Landscape:
    """Fuel numbers (rows, columns), cell size, and optionally height of the ground (m) and trees: cover, height (m), ratio."""

    fuel: NDArray[np.int64]
    cell_m: float
    elevation_m: Floats | None = None
    canopy_cover: Floats | None = None
    canopy_height_m: Floats | None = None
    crown_ratio: float = 1.0
    #: Crowns that may burn: height of their base (m) and bulk density (kg/m3, 0 = none); both or neither. Foliar moisture, a fraction.
    canopy_base_m: Floats | None = None
    bulk_density_kg_m3: Floats | None = None
    foliar_moisture: float = 1.0

    def __post_init__(self) -> None:
        if self.fuel.ndim != 2 or not min(self.fuel.shape) >= 3 or self.fuel.size > MOST_CELLS:
            raise InputError("grid", self.fuel.shape, f"两维，每边至少 3 格，至多 {MOST_CELLS} 格")
        if not (isfinite(self.cell_m) and 0 < self.cell_m <= 5000):
            raise InputError("cell_m", self.cell_m, "> 0，<= 5000 m")
        if int(self.fuel.min()) < 0 or int(self.fuel.max()) > 999:
            raise InputError("fuel", int(self.fuel.min()), "燃料模型编号")
        for number in self.kinds:
            if int(number) not in NON_BURNABLE:
                find(int(number))
        for name, low, high in (
            ("elevation_m", -500.0, 9000.0), ("canopy_cover", 0.0, 1.0), ("canopy_height_m", 0.0, 120.0),
            ("canopy_base_m", 0.0, 60.0), ("bulk_density_kg_m3", 0.0, 2.0),
        ):  # fmt: skip
            grid = getattr(self, name)
            if grid is not None:
                check_grid(name, grid, self.fuel.shape, low, high)
        if not 0 < self.crown_ratio <= 1:
            raise InputError("crown_ratio", self.crown_ratio, "> 0，<= 1")
        if not 0.2 <= self.foliar_moisture <= 4:
            raise InputError("foliar_moisture", self.foliar_moisture, "0.2 至 4（质量比）")
        if (self.canopy_base_m is None) != (self.bulk_density_kg_m3 is None):
            raise InputError("canopy_base_m", None, "枝下高与冠层容积密度须同时给出")

    @cached_property
    def kinds(self) -> NDArray[np.int64]:
        """Fuel numbers that occur, rising."""
        return np.flatnonzero(np.bincount(self.fuel.ravel()))

    @cached_property
    def classes(self) -> NDArray[np.int64]:
        """Place of each cell's fuel among the kinds, flat with a border."""
        table = np.zeros(int(self.kinds[-1]) + 1, np.int64)
        table[self.kinds] = np.arange(len(self.kinds))
        return np.pad(table[self.fuel], 1).ravel()

    @property
    def burns(self) -> NDArray[np.bool_]:
        return ~np.isin(self.fuel, list(NON_BURNABLE))

    @cached_property
    def open_until(self) -> Floats:
        """0 where nothing burns (and on the border), for ever elsewhere; flat with a border."""
        burns = ~np.isin(self.kinds, list(NON_BURNABLE))
        closed = np.where(burns, front.NEVER, 0.0)[self.classes].reshape(self.fuel.shape[0] + 2, -1)
        closed[[0, -1], :] = 0.0
        closed[:, [0, -1]] = 0.0
        flat: Floats = closed.ravel()
        return flat

    @cached_property
    def rise(self) -> tuple[Floats, Floats]:
        """Slope (rise over run) to the east and to the north; one value each on a plane, where no two cells differ."""
        if self.elevation_m is None or np.ptp(self.elevation_m) == 0:
            return np.zeros(1), np.zeros(1)
        north, east = np.gradient(self.elevation_m, self.cell_m)
        if max(np.ptp(east), np.ptp(north)) < PLANE:
            return np.array([east.mean()]), np.array([north.mean()])
        return bordered(east), bordered(north)

    @cached_property
    def ground_m2(self) -> Floats:
        """Area of each cell on the slope."""
        east, north = self.rise
        if east.size == 1:
            return np.full(self.fuel.shape, self.cell_m**2 * float(np.sqrt(1 + east[0] ** 2 + north[0] ** 2)))
        inner = (slice(1, -1), slice(1, -1))
        shape = self.fuel.shape[0] + 2, self.fuel.shape[1] + 2
        steep: Floats = self.cell_m**2 * np.sqrt(1 + east**2 + north**2).reshape(shape)[inner]
        return steep

    @cached_property
    def shelter(self) -> Floats:
        """Midflame over 20-ft wind below trees, 0 in the open."""
        if self.canopy_cover is None or self.canopy_height_m is None:
            return np.zeros(1)
        found = np.zeros(self.fuel.shape)
        fill, height = self.crown_ratio * self.canopy_cover / 3, self.canopy_height_m / front.FT
        under = (fill > 0.05) & (height > 0)
        tall = height[under]
        found[under] = 0.555 / (np.sqrt(fill[under] * tall) * np.log((20 + 0.36 * tall) / (0.13 * tall)))
        return one_or_bordered(found)

    @cached_property
    def crowns(self) -> tuple[Floats, Floats]:
        """Base (m) and density (kg/m3) of crowns; one value each where all trees are alike."""
        if self.canopy_base_m is None or self.bulk_density_kg_m3 is None:
            return np.zeros(1), np.zeros(1)
        if np.ptp(self.canopy_base_m) == 0 and np.ptp(self.bulk_density_kg_m3) == 0:
            return self.canopy_base_m.reshape(-1)[:1], self.bulk_density_kg_m3.reshape(-1)[:1]
        return bordered(self.canopy_base_m), bordered(self.bulk_density_kg_m3)


@dataclass(frozen=True)
class Head:
    """The head of the fire where it starts, on the ground: m/min, degrees from north, length over width."""

    ros_m_min: float
    direction_deg: float
    length_to_width: float
    #: Crown fraction burned: 0 a surface fire, 1 a wall of flame through the crowns.
    crown_share: float = 0.0


@dataclass(frozen=True)
class Spread:
    """What burns when: arrival in minutes (rows, columns), infinite where the fire does not come within the forecast."""

    land: Landscape
    arrival_min: Floats
    until_min: float
    head: Head
    #: (minutes, metres): how far the head would have run by then. Time between two cells passes on this clock, so that a
    #: perimeter stands still where the weather holds it.
    clock: tuple[Floats, Floats]
    #: Fires that its brands lit, in order of time; none where none were asked for.
    lit: tuple[brands.Brand, ...] = ()
    taken: int = field(default=0, compare=False)
    #: Brands that landed alight beyond the grid.
    outside: int = 0

    def run(self, minute: Floats) -> Floats:
        """Minutes on the clock of the head; infinite stays so."""
        minutes, metres = self.clock
        if len(minutes) < 3:
            return minute
        return np.where(np.isinf(minute), inf, np.interp(minute, minutes, metres))

    def map_area_ha(self, minute: float) -> float:
        """Burnt area on the map, hectares."""
        return sum(ring_area(ring) for polygon in self.perimeter(minute) for ring in polygon) / 1e4

    def area_ha(self, minute: float) -> float:
        """Burnt ground, hectares: on the slope, as the exact ellipse counts it; on the level the same as on the map."""
        burnt = self.arrival_min <= minute
        if not burnt.any() or not any(part.any() for part in self.land.rise):
            return self.map_area_ha(minute)
        return self.map_area_ha(minute) * float(self.land.ground_m2[burnt].mean()) / self.land.cell_m**2

    def perimeter(self, minute: float) -> list[list[Ring]]:
        """Polygons burnt by a minute: each an outer ring and its unburnt islands; (x, y) metres."""
        burnt = self.arrival_min <= minute
        if not burnt.any():
            return []
        window = around(np.flatnonzero(burnt.any(axis=1))), around(np.flatnonzero(burnt.any(axis=0)))
        run = self.run(self.arrival_min[window])
        return outline(signed(run, float(self.run(np.array(minute)))), window, self.land.cell_m)


def outline(depth: Floats, window: tuple[slice, slice], cell_m: float) -> list[list[Ring]]:
    """Polygons where a window of a grid is above 0: each an outer ring and its holes; (x, y) metres of the whole grid."""
    padded = np.pad(depth, 1, constant_values=-1.0)
    rows = (np.arange(padded.shape[0]) + window[0].start - 1) * cell_m
    columns = (np.arange(padded.shape[1]) + window[1].start - 1) * cell_m
    lines = contour_generator(columns, rows, padded, fill_type=FillType.OuterOffset)
    points, offsets = lines.filled(0.0, inf)[:2]
    found = []
    for ring, cut in zip(points, offsets or [], strict=True):
        if ring is not None and cut is not None:
            corners = [(float(x), float(y)) for x, y in ring]
            found.append([corners[a:b] for a, b in itertools.pairwise(cut.tolist())])
    return found


def around(at: NDArray[np.int64]) -> slice:
    """From one before the first to one after the last."""
    return slice(max(0, int(at[0]) - 1), int(at[-1]) + 2)


def ring_area(ring: Ring) -> float:
    """Shoelace, m2: positive counter-clockwise, so that islands count down."""
    x, y = np.array(ring).T
    return float(np.dot(x[:-1], y[1:]) - np.dot(x[1:], y[:-1])) / 2


def check_grid(name: str, grid: Any, shape: tuple[int, ...], low: float, high: float) -> None:
    """A grid of the right shape without holes and within bounds."""
    values = np.asarray(grid)
    if values.shape != shape:
        raise InputError(name, list(values.shape), f"与网格同形 {list(shape)}")
    if values.dtype.kind not in "fiu":
        raise InputError(name, str(values.dtype), "数字")
    bad = ~((values >= low) & (values <= high))
    if bad.any():
        at = tuple(np.argwhere(bad)[0]) if values.ndim else ()
        where = "".join(f"[{i}]" for i in at)
        raise InputError(name + where, float(values[at]), f"{low:g} 至 {high:g}，无空洞")


def fuel_numbers(fuel: Any, shape: tuple[int, int]) -> NDArray[np.int64]:
    """Fuel of every cell from one code or a (rows, columns) grid of codes or numbers; non-burnable ones as well."""
    if isinstance(fuel, str | int):
        return np.full(shape, number_of(fuel, "fuel"), np.int64)
    try:
        words = np.asarray(fuel)
    except ValueError:
        raise InputError("fuel", "各行长短不一", f"{shape[0]} 行 {shape[1]} 列") from None
    if words.shape != shape:
        raise InputError("fuel", list(words.shape), f"与网格同形 {list(shape)}")
    if words.dtype.kind == "f" and (words == np.round(words)).all():
        words = words.astype(np.int64)
    found, inverse = np.unique(words, return_inverse=True)
    numbers = np.array([number_of(word.item(), "fuel") for word in found], np.int64)
    return numbers[inverse.ravel()].reshape(shape)


def number_of(word: Any, name: str) -> int:
    """Standard number of a fuel model or non-burnable cover."""
    text = str(word).strip().upper()
    number = NON_BURNABLE_CODES.get(text, int(text) if text.isdigit() else -1)
    if number in NON_BURNABLE:
        return number
    if isinstance(word, (bool, float)):
        raise InputError(name, word, "燃料模型代码或编号")
    return find(word).number


def bordered(grid: ArrayLike, fill: float = 0.0) -> Floats:
    """Flat, with a border of one cell."""
    return np.pad(np.asarray(grid, np.float64), 1, constant_values=fill).ravel()


def one_or_bordered(grid: Floats) -> Floats:
    """One value where no two cells differ."""
    return grid.reshape(-1)[:1].copy() if np.ptp(grid) == 0 else bordered(grid)


def bed_row(number: int, moisture: Moisture) -> tuple[float, ...]:
    """A fuel bed as the kernel reads it."""
    of = bed(find(number), moisture)
    return of.ros0, of.reaction, of.c, of.b, of.slope, wind_adjustment(of.depth), of.residence


def country(
    land: Landscape, weather: Sequence[Weather], lines: Sequence[Line], formula: str, wind_limit: bool
) -> front.Country:
    """What the kernel reads, from what people give."""
    kinds = land.kinds
    beds = np.zeros((len(weather), len(kinds) + 1, front.COLUMNS))
    for b, band in enumerate(weather):
        for c, number in enumerate([*kinds, 10]):
            if number not in NON_BURNABLE:
                beds[b, c] = bed_row(int(number), band.moisture)
    winds = [wind_of(band, land.fuel.shape) for band in weather]
    cells = max(x.size for x, _ in winds)
    closed = land.open_until.copy() if lines else land.open_until
    for line in lines:
        cut = crossed(line.points, land.fuel.shape, land.cell_m)
        closed[cut] = np.minimum(closed[cut], line.from_min)
    east, north = land.rise
    base, density = land.crowns
    width = land.fuel.shape[1] + 2
    return front.Country(
        width=width,
        ring=np.array([1, 1 + width, width, width - 1, -1, -1 - width, -width, 1 - width], np.int64),
        cell_m=float(land.cell_m),
        fuel=land.classes,
        closed=closed,
        rise_x=east,
        rise_y=north,
        shelter=land.shelter,
        beds=beds,
        wind_x=np.array([np.broadcast_to(x, cells) for x, _ in winds]),
        wind_y=np.array([np.broadcast_to(y, cells) for _, y in winds]),
        ends=np.array([*(band.from_min for band in weather[1:]), front.NEVER]),
        formula=FORMULAS.index(formula),
        wind_limit=wind_limit,
        same=cells == east.size == land.shelter.size == density.size == 1,
        crown_base=base,
        crown_density=density,
        foliar=float(land.foliar_moisture),
    )


def wind_of(band: Weather, shape: tuple[int, ...]) -> tuple[Floats, Floats]:
    """20-ft wind in ft/min to the east and to the north: one value, or flat with a border."""
    speed = np.asarray(band.wind_m_s, np.float64) * 3.6 * KM_H_FT_MIN / 1.15
    towards = np.radians(np.asarray(band.from_deg, np.float64) + 180)
    x, y = speed * np.sin(towards), speed * np.cos(towards)
    return (bordered(x), bordered(y)) if x.ndim else (x.reshape(1), y.reshape(1))


def share_between(
    start: tuple[float, float], end: tuple[float, float], low: float, high: tuple[float, float]
) -> tuple[float, float]:
    """First and last share (0 to 1) of a segment that lies in the box; first > last where none does (Liang & Barsky 1984)."""
    first, last = 0.0, 1.0
    for here, there, top in zip(start, end, high, strict=True):
        if here == there:
            if not low <= here <= top:
                return 1.0, 0.0
            continue
        into, out = sorted(((low - here) / (there - here), (top - here) / (there - here)))
        first, last = max(first, into), min(last, out)
    return first, last


def crossed(points: Sequence[tuple[float, float]], shape: tuple[int, ...], cell_m: float) -> NDArray[np.int64]:
    """Flat numbers (with border) of the cells that a line touches, without a diagonal gap. What lies beyond the grid costs nothing."""
    found: set[tuple[int, int]] = set()
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        first, last = share_between((x0, y0), (x1, y1), -cell_m, ((shape[1] + 1) * cell_m, (shape[0] + 1) * cell_m))
        if first > last:
            continue
        steps = max(1, int(np.ceil(hypot(x1 - x0, y1 - y0) * (last - first) / cell_m * 4)))
        t = np.linspace(first, last, steps + 1)
        columns = np.floor((x0 + t * (x1 - x0)) / cell_m + 0.5).astype(int)
        rows = np.floor((y0 + t * (y1 - y0)) / cell_m + 0.5).astype(int)
        previous: tuple[int, int] | None = None
        for at in zip(rows.tolist(), columns.tolist(), strict=True):
            if previous and previous[0] != at[0] and previous[1] != at[1]:
                found.add((previous[0], at[1]))
            found.add(at)
            previous = at
    inside = [(r, c) for r, c in found if 0 <= r < shape[0] and 0 <= c < shape[1]]
    return np.array([(r + 1) * (shape[1] + 2) + c + 1 for r, c in sorted(inside)], np.int64)


def spread(
    land: Landscape,
    weather: Sequence[Weather],
    hours: float,
    ignitions: Sequence[tuple[float, float]] = (),
    lines: Sequence[Line] = (),
    perimeter: Sequence[tuple[float, float]] = (),
    start_min: float = 0.0,
    formula: str = "anderson",
    wind_limit: bool = True,
    spotting: brands.Spotting | None = None,
    seed: int = 0,
) -> Spread:
    """Burn from points or from an observed perimeter at `start_min`, for `hours`; with `spotting` one draw of its brands as well.

    Points are (x, y) metres. Weather bands start at minute 0 and follow each other; the last one holds. InputError names what
    is wrong before anything burns: unequal shapes, holes, unknown fuel, ignition outside or where nothing burns.
    """
    check_run(land, weather, hours, lines, formula, start_min)
    if bool(len(ignitions)) == bool(len(perimeter)):
        raise InputError("ignitions", list(ignitions), "起火点或观测火线，二者给一")
    for i, point in enumerate(ignitions):
        check_ignition(land, point, f"ignitions[{i}]")
    of = country(land, weather, lines, formula, wind_limit)
    until = start_min + hours * 60
    room = empty(of)
    inside, points = burnt_before(land, perimeter) if len(perimeter) else (None, list(ignitions))
    light(of, room, inside, points, start_min)
    taken = march(of, room, until)
    lit: list[brands.Brand] = []
    outside = 0
    if spotting:
        wet = [band.moisture.dead_1h for band in weather]
        lit, outside = brands.go_on(of, room, wet, start_min, until, spotting, np.random.default_rng(seed))
    cells, _, state, _ = room
    arrival = observed(front.arrivals(cells, state, *land.fuel.shape), start_min)
    head, clock = head_at(of, points[0], start_min), clock_of(of, points[0], until)
    return Spread(land, arrival, until, head, clock, tuple(lit), taken, outside)


def light(
    of: front.Country,
    room: brands.Room,
    inside: NDArray[np.int64] | None,
    points: Sequence[tuple[float, float]],
    start_min: float,
) -> None:
    """Light points; `inside` are the cells of an observed perimeter of which they are the rim."""
    cells, waves, state, heap = room
    if inside is not None:
        state[inside] = front.SOURCE
        cells[inside, front.TIME], cells[inside, front.BAND] = -front.NEVER, -1.0
    for x, y in points:
        front.seed(of, cells, waves, state, heap, float(x), float(y), float(start_min))


def march(of: front.Country, room: brands.Room, until: float) -> int:
    """Burn from what was lit until a minute; returns how many cells were taken."""
    cells, waves, state, heap = room
    taken = front.march(of, cells, waves, state, heap, until, 60 * of.closed.size)
    if taken < 0:
        raise ArithmeticError("火线推进未收敛")
    return taken


def clock_of(of: front.Country, point: tuple[float, float], until: float) -> tuple[Floats, Floats]:
    """How far the head runs at a place, band by band; a thousandth of a metre a minute where nothing spreads."""
    begins = [0.0, *(end for end in of.ends[:-1] if end < until)]
    rates = [max(1e-3, head_at(of, point, begin).ros_m_min) for begin in begins]
    minutes = np.array([-1e6, *begins, 2 * until + 1e6])
    return minutes, np.concatenate([[0.0], np.cumsum(np.diff(minutes) * np.array([rates[0], *rates]))])


def head_at(of: front.Country, point: tuple[float, float], minute: float) -> Head:
    """The head of a fire at a place and time."""
    column, row = (int(np.floor(v / of.cell_m + 0.5)) for v in point)
    band = int(np.searchsorted(of.ends, minute, side="right"))
    rate, x, y, _, slim, share = front.heading(of, (row + 1) * of.width + column + 1, band)
    return Head(rate, degrees(atan2(x, y)) % 360 if hypot(x, y) > 0 else 0.0, slim, share)


def empty(of: front.Country) -> brands.Room:
    """Room for a run: cells, wavelets, states, heap; untouched pages cost nothing."""
    cells = of.closed.size
    heap = front.Heap(np.empty(cells), np.empty(cells, np.int64), np.zeros(1, np.int64), np.zeros(cells, np.int32))
    bands, classes = of.beds.shape[0], of.beds.shape[1] - 1
    waves = np.empty((bands * classes, front.WAVE) if of.same else (cells, front.STEPS))
    wavelets(of, waves)
    return np.empty((cells, front.CELL)), waves, np.zeros(cells, np.int8), heap


def wavelets(of: front.Country, waves: Floats) -> None:
    """Work out the wavelet of each fuel in each band beforehand, where no two cells of a fuel differ."""
    bands, classes = of.beds.shape[0], of.beds.shape[1] - 1
    for row in range(bands * classes if of.same else 0):
        front.fill(of._replace(fuel=np.array([row % classes])), waves[row], 0, row // classes)


def observed(arrival: Floats, start_min: float) -> Floats:
    """Cells deep inside an observed perimeter burnt at an unknown time before it: a minute before."""
    arrival[arrival < -front.NEVER / 2] = start_min - 1
    return arrival


def burnt_before(
    land: Landscape, perimeter: Sequence[tuple[float, float]]
) -> tuple[NDArray[np.int64], list[tuple[float, float]]]:
    """(cells inside an observed perimeter, points along it, four to a cell, from which the fire goes on)."""
    ring = np.asarray(perimeter, np.float64)
    if ring.ndim != 2 or ring.shape[1] != 2 or len(ring) < 3 or not np.isfinite(ring).all():
        raise InputError("perimeter", list(perimeter), "至少三个点 [x, y]")
    high = (np.array(land.fuel.shape[::-1]) - 0.5) * land.cell_m
    if (ring < -0.5 * land.cell_m).any() or (ring >= high).any():
        raise InputError("perimeter", "越界", "在网格之内")
    shape = shapely.Polygon(ring)
    if not shape.is_valid or shape.area < land.cell_m**2:
        raise InputError("perimeter", "自相交或不足一格", "不自相交、面积大于一格的多边形")
    rows, columns = np.indices(land.fuel.shape)
    inside = shapely.contains_xy(shape, columns.ravel() * land.cell_m, rows.ravel() * land.cell_m)
    at = np.flatnonzero(np.pad(inside.reshape(land.fuel.shape) & land.burns, 1).ravel())
    if not at.size:
        raise InputError("perimeter", "无可燃物", "火线内有可燃物")
    line = shape.exterior
    along = np.linspace(0, line.length, max(8, int(np.ceil(line.length / land.cell_m * 4))), endpoint=False)
    return at, [(p.x, p.y) for p in shapely.line_interpolate_point(line, along)]


def check_run(
    land: Landscape, weather: Sequence[Weather], hours: float, lines: Sequence[Line], formula: str, start_min: float
) -> None:
    if formula not in FORMULAS:
        raise InputError("length_to_width", formula, "、".join(FORMULAS))
    if not (isfinite(hours) and 0 < hours <= MOST_HOURS):
        raise InputError("hours", hours, f"> 0，<= {MOST_HOURS:g} h")
    if not (isfinite(start_min) and 0 <= start_min <= MOST_HOURS * 60):
        raise InputError("start_min", start_min, f"0 至 {MOST_HOURS * 60:g} min")
    if not weather or weather[0].from_min != 0 or len(weather) > 1000:
        raise InputError("weather", [w.from_min for w in weather], "1 至 1000 段，首段从 0 min 起")
    for i, band in enumerate(weather):
        if i and not weather[i - 1].from_min < band.from_min < inf:
            raise InputError(f"weather[{i}].from_min", band.from_min, "晚于前一段")
        for name, low, high in (("wind_m_s", 0.0, 100.0), ("from_deg", 0.0, 360.0)):
            value = getattr(band, name)
            shape = np.shape(value)
            check_grid(f"weather[{i}].{name}", value, land.fuel.shape if shape else (), low, high)
        for name, value in vars(band.moisture).items():
            if not 0 < value <= 5:
                raise InputError(f"weather[{i}].moisture.{name}", value, "> 0，<= 5（质量比）")
    for i, line in enumerate(lines):
        if len(line.points) < 2 or not all(isfinite(v) for point in line.points for v in point):
            raise InputError(f"lines[{i}]", list(line.points), "至少两个点 [x, y]")
        if not line.from_min >= 0:
            raise InputError(f"lines[{i}].from_min", line.from_min, ">= 0 min")


def check_ignition(land: Landscape, point: tuple[float, float], name: str) -> None:
    rows, columns = land.fuel.shape
    if not all(isfinite(v) for v in point):
        raise InputError(name, list(point), "有限的数字")
    column, row = (int(np.floor(v / land.cell_m + 0.5)) for v in point)
    if not (0 <= row < rows and 0 <= column < columns):
        raise InputError(name, list(point), f"在网格之内（{columns} x {rows} 格）")
    number = int(land.fuel[row, column])
    if number in NON_BURNABLE:
        raise InputError(name, list(point), f"可燃处（该格为{NON_BURNABLE[number]}）")


def signed(arrival: Floats, now: float) -> Floats:
    """How long each cell has burnt, for contours at 0; cells that cannot burn get the opposite of their burnt neighbours."""
    depth = now - arrival
    lost = np.isinf(arrival)
    if lost.any():
        burnt = np.where(depth > 0, depth, 0.0)
        padded = np.pad(burnt, 1)
        around = np.max(
            [padded[1 + dy : padded.shape[0] - 1 + dy, 1 + dx : padded.shape[1] - 1 + dx]
             for dy in (-1, 0, 1) for dx in (-1, 0, 1)], axis=0)  # fmt: skip
        depth = np.where(lost, -np.where(around > 0, around, 1.0), depth)
    return depth
