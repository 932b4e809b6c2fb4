"""What a flood runs over and what drives it: checked before any work is done.

Grids are [iy][ix] with iy = 0 in the south; metres are counted from the south-west corner of cell (0, 0).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anlan.hazards.contract import InputError

Grid = NDArray[np.float64]
SIDES = ("west", "east", "south", "north")
#: A face that nothing passes: higher than any ground.
BLOCKED = 1e9
MOST_CELLS = 4_000_000
ELEVATION = (-500.0, 9000.0)
MANNING = (0.0, 1.0)
MOST_DEPTH_M = 500.0
MOST_RAIN_MM_H = 1500.0
MOST_FLOW_M3_S = 1e6


@dataclass(frozen=True)
class Series:
    """Values at times (s): linear between them, constant before and after."""

    times_s: tuple[float, ...]
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.times_s or len(self.times_s) != len(self.values):
            raise InputError("times_s", len(self.times_s), f"与数值同样多（{len(self.values)} 个），至少 1 个")
        if not np.isfinite((*self.times_s, *self.values)).all():
            raise InputError("times_s", "非有限数", "有限数字")
        if any(later <= earlier for earlier, later in pairwise(self.times_s)):
            raise InputError("times_s", list(self.times_s), "时间递增，单位 s")

    @classmethod
    def constant(cls, value: float) -> Series:
        return cls((0.0,), (float(value),))

    @classmethod
    def of(cls, rows: Iterable[Sequence[float]]) -> Series:
        pairs = [(float(t), float(v)) for t, v in rows]
        return cls(tuple(t for t, _ in pairs), tuple(v for _, v in pairs))


@dataclass(frozen=True)
class Inflow:
    """Water put in (m3/s, shared equally by the cells); a negative rate pumps out."""

    cells: tuple[tuple[int, int], ...]
    flow: Series


@dataclass(frozen=True)
class Wall:
    """A dike, road or wall along points (m), with its crest (m above datum): passed only where water stands above it."""

    points: tuple[tuple[float, float], ...]
    crest_m: float


@dataclass(frozen=True)
class Culvert:
    """A pipe between two cells (ix, iy): orifice flow c A sqrt(2 g head), partly full below its crown."""

    near: tuple[int, int]
    far: tuple[int, int]
    area_m2: float
    invert_m: float
    height_m: float = 1.0
    coefficient: float = 0.6


@dataclass(frozen=True)
class Side:
    """Edge of the grid: wall (nothing passes), open (goes on as inside, never brings water in), fall (free overfall), or stage (m)."""

    kind: str = "wall"
    stage: Series | None = None


@dataclass(frozen=True)
class Terrain:
    """Ground, roughness (Manning n, s/m^(1/3)), walls, culverts, edges and drains (mm/h soaked or drained)."""

    elevation_m: Grid
    cell_m: float
    manning: Grid | float = 0.05
    walls: tuple[Wall, ...] = ()
    culverts: tuple[Culvert, ...] = ()
    sides: tuple[Side, Side, Side, Side] = field(default_factory=lambda: (Side(), Side(), Side(), Side()))
    drain_mm_h: Grid | float = 0.0

    def __post_init__(self) -> None:
        ground = np.asarray(self.elevation_m)
        if ground.ndim != 2 or not (ground.shape[0] >= 2 and ground.shape[1] >= 2 and ground.size <= MOST_CELLS):
            raise InputError("elevation_m", list(ground.shape), f"二维，每边至少 2 格，至多 {MOST_CELLS} 格")
        if not np.isfinite(self.cell_m) or not 0.1 <= self.cell_m <= 10_000:
            raise InputError("cell_m", self.cell_m, "0.1 至 10000 m")
        within("elevation_m", ground, *ELEVATION, "m（不得有空洞）")
        check_shape("manning", self.manning, ground.shape)
        within("manning", np.asarray(self.manning), *MANNING, "s/m^(1/3)")
        check_shape("drain_mm_h", self.drain_mm_h, ground.shape)
        within("drain_mm_h", np.asarray(self.drain_mm_h), 0.0, MOST_RAIN_MM_H, "mm/h")
        for side in self.sides:
            if side.kind not in ("wall", "open", "fall", "stage") or (side.kind == "stage") != (side.stage is not None):
                raise InputError("boundary", side.kind, "wall、open、fall，或 stage 并给出水位过程")
        for i, wall in enumerate(self.walls):
            if len(wall.points) < 2 or not np.isfinite(np.asarray([*np.ravel(wall.points), wall.crest_m])).all():
                raise InputError(f"walls[{i}]", list(wall.points), "至少 2 点，顶高为有限数")
        for i, culvert in enumerate(self.culverts):
            self.check_culvert(culvert, f"culverts[{i}]")

    def check_culvert(self, culvert: Culvert, path: str) -> None:
        for name, cell in (("near", culvert.near), ("far", culvert.far)):
            self.check_cell(f"{path}.{name}", cell)
        if culvert.near == culvert.far:
            raise InputError(f"{path}.far", list(culvert.far), "与 near 不同的格")
        for name, value, high in (
            ("area_m2", culvert.area_m2, 1e4), ("height_m", culvert.height_m, 100.0), ("coefficient", culvert.coefficient, 1.0)
        ):  # fmt: skip
            if not np.isfinite(value) or not 0 < value <= high:
                raise InputError(f"{path}.{name}", value, f"> 0，<= {high:g}")
        if not np.isfinite(culvert.invert_m):
            raise InputError(f"{path}.invert_m", culvert.invert_m, "有限数字 m")

    def check_cell(self, path: str, cell: Sequence[int]) -> None:
        ny, nx = self.elevation_m.shape
        if len(cell) != 2 or not all(isinstance(k, int | np.integer) for k in cell):
            raise InputError(path, list(cell), "[ix, iy] 整数")
        if not (0 <= cell[0] < nx and 0 <= cell[1] < ny):
            raise InputError(path, list(cell), f"网格内：0 至 {nx - 1}，0 至 {ny - 1}")


@dataclass(frozen=True)
class Forcing:
    """What drives the flood: inflows, rain (mm/h, times a share per cell), water that stands there at first (m)."""

    inflows: tuple[Inflow, ...] = ()
    rain_mm_h: Series | None = None
    rain_share: Grid | None = None
    depth_m: Grid | float = 0.0

    def check(self, terrain: Terrain) -> None:
        shape = terrain.elevation_m.shape
        check_shape("initial_depth_m", self.depth_m, shape)
        within("initial_depth_m", np.asarray(self.depth_m), 0.0, MOST_DEPTH_M, "m")
        if self.rain_mm_h is not None:
            within("rain_mm_h", np.asarray(self.rain_mm_h.values), 0.0, MOST_RAIN_MM_H, "mm/h")
        if self.rain_share is not None:
            check_shape("rain_share", self.rain_share, shape)
            within("rain_share", self.rain_share, 0.0, 100.0, "倍")
        for i, inflow in enumerate(self.inflows):
            if not inflow.cells:
                raise InputError(f"inflows[{i}].cells", [], "至少 1 格 [ix, iy]")
            for cell in inflow.cells:
                terrain.check_cell(f"inflows[{i}].cells", cell)
            within(f"inflows[{i}].hydrograph", np.asarray(inflow.flow.values), -MOST_FLOW_M3_S, MOST_FLOW_M3_S, "m³/s")


def check_shape(name: str, value: Any, shape: tuple[int, ...]) -> None:
    """A number, or a grid of the shape of the ground."""
    given = np.asarray(value)
    if given.ndim and given.shape != shape:
        raise InputError(name, list(given.shape), f"数字，或 {shape[0]} 行 {shape[1]} 列")


def within(name: str, values: NDArray[Any], low: float, high: float, unit: str) -> None:
    """Every value finite and in range; the first that is not is named by its place."""
    wrong = ~(np.isfinite(values) & (values >= low) & (values <= high))
    if wrong.any():
        place = tuple(int(k) for k in np.argwhere(wrong)[0])
        value = float(values[place])
        shown: object = value if np.isfinite(value) else str(value)
        raise InputError(name + "".join(f"[{k}]" for k in place), shown, f"{low:g} 至 {high:g} {unit}")


def padded(grid: Grid, mode: Any = "edge") -> Grid:
    """One more cell all round."""
    return np.ascontiguousarray(np.pad(np.asarray(grid, dtype=np.float64), 1, mode=mode))


def crests(terrain: Terrain, passing: tuple[str, ...]) -> tuple[Grid, Grid]:
    """Sills of the faces across x (ny + 2, nx + 4) and across y (ny + 4, nx + 2) of the padded grid.

    A face's sill is the higher of its two cells or the wall on it; edges whose kind is not in `passing` are blocked.
    """
    ground = padded(terrain.elevation_m)
    ny, nx = terrain.elevation_m.shape
    across_x, across_y = np.full((ny + 2, nx + 4), BLOCKED), np.full((ny + 4, nx + 2), BLOCKED)
    across_x[1:-1, 1 : nx + 2] = np.maximum(ground[1:-1, :-1], ground[1:-1, 1:])
    across_y[1 : ny + 2, 1:-1] = np.maximum(ground[:-1, 1:-1], ground[1:, 1:-1])
    west, east, south, north = (side.kind in passing for side in terrain.sides)
    for open_, edge in (
        (west, across_x[:, 1]), (east, across_x[:, nx + 1]), (south, across_y[1]), (north, across_y[ny + 1])
    ):  # fmt: skip
        if not open_:
            edge[:] = BLOCKED
    for wall in terrain.walls:
        for a, b in pairwise(wall.points):
            raise_faces(across_x, across_y, (ny, nx), terrain.cell_m, a, b, wall.crest_m)
    return across_x, across_y


def raise_faces(
    across_x: Grid, across_y: Grid, shape: tuple[int, int], cell: float,
    a: tuple[float, float], b: tuple[float, float], crest: float,
) -> None:  # fmt: skip
    """Every face whose two cell centres lie on either side of the line from a to b gets at least this crest."""
    ny, nx = shape
    (ax, ay), (bx, by) = ((p[0] / cell - 0.5, p[1] / cell - 0.5) for p in (a, b))
    # rows of cell centres that the line passes: between which columns?
    for i in range(max(0, int(np.ceil(min(ay, by)))), min(ny - 1, int(np.floor(max(ay, by)))) + 1):
        if ay != by and min(ay, by) <= i < max(ay, by):
            x = ax + (i - ay) / (by - ay) * (bx - ax)
            j = int(np.floor(x)) + 1
            if 1 <= j <= nx - 1:
                across_x[i + 1, j + 1] = max(across_x[i + 1, j + 1], crest)
    for j in range(max(0, int(np.ceil(min(ax, bx)))), min(nx - 1, int(np.floor(max(ax, bx)))) + 1):
        if ax != bx and min(ax, bx) <= j < max(ax, bx):
            y = ay + (j - ax) / (bx - ax) * (by - ay)
            i = int(np.floor(y)) + 1
            if 1 <= i <= ny - 1:
                across_y[i + 1, j + 1] = max(across_y[i + 1, j + 1], crest)
