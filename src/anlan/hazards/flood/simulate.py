"""洪水演进: terrain and forcing in; depths, arrivals, speeds and the balance of water out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import inf, sqrt

import numpy as np
from numpy.typing import NDArray

from anlan.hazards.contract import InputError
from anlan.hazards.flood import hllc, inertial
from anlan.hazards.flood.terrain import Forcing, Grid, Series, Terrain, crests, padded

SOLVERS = ("inertial", "hllc")
MOST_HOURS = 720.0
#: Cell updates that one call may need, by the step that its own depth allows: more is refused before any work.
MOST_WORK = 2e12
#: Longest step (s), however slow the water: forcing is followed at least this closely.
LONGEST_S = 10.0
#: Depth from which a cell counts as reached (m).
ARRIVED_M = 0.01
#: Step of the water surface (m) beyond that of the ground, and slope of the ground, from which inertia alone is not enough.
STEP_M, STEEP = 0.5, 0.03
KINDS = {"wall": 0, "open": 1, "stage": 2, "fall": 3}
Progress = Callable[[float, Grid], None]


@dataclass(frozen=True)
class Flood:
    """What came of it. Grids [iy][ix]; arrival in minutes, inf where the water never came.

    `mass_error` is the share of all water (at first and brought in) that appeared or vanished without a cause.
    """

    solver: str
    depth_m: Grid
    max_depth_m: Grid
    arrival_min: Grid
    max_speed_m_s: Grid
    qx_m2_s: Grid
    qy_m2_s: Grid
    frames: list[tuple[float, Grid]]
    came_m3: float
    went_m3: float
    volume_m3: float
    mass_error: float
    steps: int
    seconds: float


@dataclass
class Run:
    """The padded arrays of a run and its clock."""

    terrain: Terrain
    forcing: Forcing
    threshold_m: float
    longest_s: float
    z: Grid = field(init=False)
    h: Grid = field(init=False)
    t: float = 0.0
    steps: int = 0
    book: Grid = field(default_factory=lambda: np.zeros(3))

    def __post_init__(self) -> None:
        ny, nx = self.terrain.elevation_m.shape
        self.z = padded(self.terrain.elevation_m)
        self.h = np.zeros_like(self.z)
        self.h[1:-1, 1:-1] = self.forcing.depth_m
        self.most, self.speed = self.h.copy(), np.zeros_like(self.z)
        self.arrival = np.where(self.h >= self.threshold_m, 0.0, inertial.NEVER)
        self.lo, self.hi = np.ones(ny + 2, np.int64), np.full(ny + 2, nx, np.int64)
        self.lo[[0, -1]], self.hi[[0, -1]] = nx + 1, 0
        self.wet_lo, self.wet_hi = np.full(ny + 2, nx + 1, np.int64), np.zeros(ny + 2, np.int64)
        self.fixed_lo, self.fixed_hi = fed_part(self.terrain, self.forcing)
        self.kinds = np.array([KINDS[side.kind] for side in self.terrain.sides], np.int64)
        self.water = supplies(self.terrain, self.forcing)
        self.links = culverts_of(self.terrain)

    def inner(self, grid: Grid) -> Grid:
        return grid[1:-1, 1:-1]


def fed_part(terrain: Terrain, forcing: Forcing) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Columns of each padded row that may receive water from outside at any time."""
    ny, nx = terrain.elevation_m.shape
    lo, hi = np.full(ny + 2, nx + 1, np.int64), np.zeros(ny + 2, np.int64)
    cells = [cell for inflow in forcing.inflows for cell in inflow.cells]
    cells += [cell for culvert in terrain.culverts for cell in (culvert.near, culvert.far)]
    for x, y in cells:
        lo[y + 1], hi[y + 1] = min(lo[y + 1], x + 1), max(hi[y + 1], x + 1)
    west, east, south, north = (side.kind == "stage" for side in terrain.sides)
    if forcing.rain_mm_h is not None:
        lo[1:-1], hi[1:-1] = 1, nx
    for held, row in ((south, 1), (north, ny)):
        if held:
            lo[row], hi[row] = 1, nx
    if west:
        lo[1:-1], hi[1:-1] = 1, np.maximum(hi[1:-1], 1)
    if east:
        lo[1:-1], hi[1:-1] = np.minimum(lo[1:-1], nx), nx
    return lo, hi


Water = tuple[NDArray[np.int64], Grid, Grid, NDArray[np.int64], Grid, Grid, Grid, Grid]


def supplies(terrain: Terrain, forcing: Forcing) -> Water:
    """Sources, rain and losses as the kernels read them."""
    shape = terrain.elevation_m.shape
    sources = [(y + 1, x + 1, inflow) for inflow in forcing.inflows for x, y in inflow.cells]
    rows = np.array([source[:2] for source in sources], np.int64).reshape(-1, 2)
    times = np.array([t for *_, inflow in sources for t in inflow.flow.times_s], float)
    rates = np.array([v / len(inflow.cells) for *_, inflow in sources for v in inflow.flow.values], float)
    offsets = np.cumsum([0, *(len(inflow.flow.times_s) for *_, inflow in sources)]).astype(np.int64)
    fallen = forcing.rain_mm_h
    rain = np.zeros((0, 0))
    if fallen is not None:
        rain = padded(np.ones(shape) if forcing.rain_share is None else forcing.rain_share)
    series = fallen or Series.constant(0.0)
    drains = np.broadcast_to(np.asarray(terrain.drain_mm_h, float), shape)
    loss = padded(drains / 3.6e6) if drains.any() else np.zeros((0, 0))
    return (
        rows, times, rates, offsets, rain, np.array(series.times_s), np.array(series.values) / 3.6e6, loss
    )  # fmt: skip


def culverts_of(terrain: Terrain) -> tuple[NDArray[np.int64], Grid]:
    ends = [(c.near[1] + 1, c.near[0] + 1, c.far[1] + 1, c.far[0] + 1) for c in terrain.culverts]
    sizes = [(c.area_m2, c.coefficient, c.invert_m, c.height_m) for c in terrain.culverts]
    return np.array(ends, np.int64).reshape(-1, 4), np.array(sizes, float).reshape(-1, 4)


def stage_now(terrain: Terrain, t: float) -> Grid:
    """Stage of each side (m), 0 where it has none."""
    stages = [side.stage for side in terrain.sides]
    return np.array([np.interp(t, s.times_s, s.values) if s else 0.0 for s in stages])


class InertialRun(Run):
    """Local-inertial solver: one call of the kernel from frame to frame."""

    def prepare(self) -> None:
        terrain = self.terrain
        ny, nx = terrain.elevation_m.shape
        n = padded(np.broadcast_to(np.asarray(terrain.manning, float), (ny, nx)))
        rough_x, rough_y = np.zeros((ny + 2, nx + 4)), np.zeros((ny + 4, nx + 2))
        rough_x[:, 1 : nx + 2] = inertial.G * (0.5 * (n[:, :-1] + n[:, 1:])) ** 2
        rough_y[1 : ny + 2] = inertial.G * (0.5 * (n[:-1] + n[1:])) ** 2
        crest_x, crest_y = crests(terrain, ("stage",))
        self.ground = (self.z, crest_x, crest_y, rough_x, rough_y, self.fixed_lo, self.fixed_hi)
        self.qx, self.qy = np.zeros_like(rough_x), np.zeros_like(rough_y)
        self.state = (
            self.h, self.z + self.h, self.qx, self.qy, self.qx.copy(), self.qy.copy(), self.most, self.arrival,
            self.lo, self.hi, self.wet_lo, self.wet_hi, np.ones_like(self.lo), np.zeros_like(self.lo),
        )  # fmt: skip
        held = [side.stage or Series.constant(0.0) for side in terrain.sides]
        self.edges = (
            self.kinds, np.arange(4), np.concatenate([s.times_s for s in held]).astype(float),
            np.concatenate([s.values for s in held]).astype(float), np.cumsum([0, *(len(s.times_s) for s in held)]),
        )  # fmt: skip

    def to(self, until: float, most_steps: int) -> None:
        clock = (self.t, until, float(self.terrain.cell_m), self.longest_s, self.threshold_m, most_steps)
        self.t, steps = inertial.advance(
            self.state, self.ground, self.water, self.edges, self.links, clock, self.book
        )  # fmt: skip
        self.steps += steps
        depth, (qx, qy) = self.inner(self.h), self.discharge()
        found = np.hypot(qx, qy) / np.maximum(depth, self.threshold_m)
        speed = self.inner(self.speed)
        np.maximum(speed, np.where(depth >= self.threshold_m, found, 0.0), out=speed)

    def discharge(self) -> tuple[Grid, Grid]:
        """Mean of the faces of each cell (m2/s)."""
        ny, nx = self.terrain.elevation_m.shape
        x, y = self.qx[1:-1, 1 : nx + 2], self.qy[1 : ny + 2, 1:-1]
        return 0.5 * (x[:, :-1] + x[:, 1:]), 0.5 * (y[:-1] + y[1:])


class HllcRun(Run):
    """Finite-volume solver; forcing is applied between its steps."""

    def prepare(self) -> None:
        terrain = self.terrain
        n = padded(np.broadcast_to(np.asarray(terrain.manning, float), terrain.elevation_m.shape))
        crest_x, crest_y = crests(terrain, ("open", "stage", "fall"))
        self.ground = (self.z, crest_x, crest_y, hllc.G * n * n, self.fixed_lo, self.fixed_hi)
        self.qx, self.qy = np.zeros_like(self.h), np.zeros_like(self.h)
        self.level = self.z + self.h
        self.state = (
            self.h, self.qx, self.qy, self.level, np.zeros_like(self.h), np.zeros_like(self.h), self.most, self.arrival,
            self.speed, self.lo, self.hi, self.wet_lo, self.wet_hi,
        )  # fmt: skip
        self.spare = tuple(np.zeros_like(self.h) for _ in range(6))
        sources, *_, rain, _, _, loss = self.water
        self.steady = not (sources.size or rain.size or loss.size or self.links[0].size or (self.kinds == 2).any())

    def to(self, until: float, most_steps: int) -> None:
        last = self.steps + most_steps
        while self.t < until - 1e-9 and self.steps < last:
            at = self.t
            clock = (at, until, float(self.terrain.cell_m), self.longest_s, self.threshold_m,
                     most_steps if self.steady else 1)  # fmt: skip
            stage = stage_now(self.terrain, at)
            self.t, steps = hllc.advance(self.state, self.ground, self.kinds, stage, clock, self.book, self.spare)
            self.steps += steps
            if not self.steady:
                self.force(at, self.t - at)
        np.maximum(self.most, self.h, out=self.most)
        reached = (self.h >= self.threshold_m) & (self.arrival > self.t)
        self.arrival[reached] = self.t

    def force(self, at: float, dt: float) -> None:
        area = self.terrain.cell_m**2
        came, went = inertial.feed(self.h, self.level, self.z, at, dt, area, *self.water)
        inertial.through_culverts(self.h, self.level, self.z, dt, area, *self.links)
        self.book[:2] += came, went

    def discharge(self) -> tuple[Grid, Grid]:
        return self.inner(self.qx), self.inner(self.qy)


def fitting_solver(terrain: Terrain, forcing: Forcing) -> str:
    """Which solver the case needs: "hllc" where water stands in a step (a dam about to go) or the ground is steep."""
    ground = terrain.elevation_m
    depth = np.broadcast_to(np.asarray(forcing.depth_m, float), ground.shape)
    level = ground + depth
    for axis in (0, 1):
        rise, fall = np.abs(np.diff(ground, axis=axis)), np.diff(level, axis=axis)
        higher = np.maximum(
            np.take(depth, range(1, depth.shape[axis]), axis), np.take(depth, range(depth.shape[axis] - 1), axis)
        )
        if (np.minimum(np.abs(fall), higher) - rise > STEP_M).any():
            return "hllc"
        if np.percentile(rise, 75) > STEEP * terrain.cell_m:
            return "hllc"
    return "inertial"


def longest_step(terrain: Terrain, forcing: Forcing, asked: float | None) -> float:
    """Longest step (s): forcing must not pile up water whose wave outruns the next step; a forced step must fit the depth."""
    deep = float(np.max(forcing.depth_m)) if np.size(forcing.depth_m) else 0.0
    stable = inertial.COURANT * terrain.cell_m / sqrt(inertial.G * deep) if deep > 0 else inf
    if asked is not None and not 0 < asked <= min(stable, 3600.0):
        raise InputError("step_s", asked, f"> 0，<= {min(stable, 3600.0):.3g} s（现有水深的稳定步长）")
    rises = [
        max(abs(v) for v in inflow.flow.values) / len(inflow.cells) / terrain.cell_m**2 for inflow in forcing.inflows
    ]
    rise = max(rises, default=0.0)
    fed = (0.25 * terrain.cell_m**2 / (inertial.G * rise)) ** (1 / 3) if rise > 0 else inf
    return min(LONGEST_S, fed, asked or inf)


def check_work(terrain: Terrain, forcing: Forcing, hours: float, step: float) -> int:
    """Most steps of the run, refusing one that would take too long before it begins."""
    deep = max(float(np.max(forcing.depth_m)), 1.0)
    likely = hours * 3600 / min(step, hllc.COURANT * terrain.cell_m / (2 * sqrt(hllc.G * deep)))
    if likely * terrain.elevation_m.size > MOST_WORK:
        most = hours * MOST_WORK / (likely * terrain.elevation_m.size)
        raise InputError("hours", hours, f"<= {most:.3g} h（此网格与水深；或放大格距）")
    return int(100 * likely) + 10_000


def simulate(
    terrain: Terrain,
    forcing: Forcing,
    hours: float,
    solver: str = "inertial",
    frames_min: Sequence[float] = (),
    arrived_m: float = ARRIVED_M,
    step_s: float | None = None,
    progress: Progress | None = None,
) -> Flood:
    """Run a flood for `hours`.

    solver: "inertial" (subcritical: rivers, plains, streets) or "hllc" (dam break, steep ground, shocks).
    frames_min: minutes at which depths are kept. Raises InputError before any work for wrong input, and where the steps needed
    run away from those expected.
    """
    if solver not in SOLVERS:
        raise InputError("solver", solver, "、".join(SOLVERS))
    if not np.isfinite(hours) or not 0 < hours <= MOST_HOURS:
        raise InputError("hours", hours, f"> 0，<= {MOST_HOURS:g} h")
    if not np.isfinite(arrived_m) or not 0 < arrived_m <= 10:
        raise InputError("arrived_m", arrived_m, "> 0，<= 10 m")
    for i, minute in enumerate(frames_min):
        if not np.isfinite(minute) or not 0 <= minute <= hours * 60:
            raise InputError(f"frames_min[{i}]", minute, f"0 至 {hours * 60:g} min")
    forcing.check(terrain)
    longest = longest_step(terrain, forcing, step_s)
    most_steps = check_work(terrain, forcing, hours, longest)
    run = (InertialRun if solver == "inertial" else HllcRun)(terrain, forcing, arrived_m, longest)
    run.prepare()
    area = terrain.cell_m**2
    first = float(run.inner(run.h).sum()) * area
    frames = []
    for end in sorted({*(minute * 60.0 for minute in frames_min), hours * 3600.0}):
        run.to(end, most_steps - run.steps)
        if run.t < end - 1e-6:
            raise InputError("hours", hours, f"<= {run.t / 3600:.3g} h（流速过大，步数超限）")
        frames.append((end / 60.0, run.inner(run.h).copy()))
        if progress:
            progress(end / 60.0, frames[-1][1])
    return outcome(run, solver, frames, first)


def outcome(run: InertialRun | HllcRun, solver: str, frames: list[tuple[float, Grid]], first: float) -> Flood:
    came, went, invented = (float(v) for v in run.book)
    volume = float(run.inner(run.h).sum()) * run.terrain.cell_m**2
    total = first + came
    lost = abs(volume - first - came + went) + invented
    arrival = run.inner(run.arrival)
    qx, qy = run.discharge()
    return Flood(
        solver, run.inner(run.h).copy(), run.inner(run.most).copy(),
        np.where(arrival < inertial.NEVER, arrival / 60.0, inf), run.inner(run.speed).copy(), qx.copy(), qy.copy(),
        frames, came, went, volume, lost / total if total > 0 else 0.0, run.steps, run.t,
    )  # fmt: skip
