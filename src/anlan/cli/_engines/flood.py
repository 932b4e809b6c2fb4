"""Flood over a grid: shallow water with inflow, rain, walls, culverts and drains."""

from __future__ import annotations

from math import floor
from typing import Any

import numpy as np

from anlan.cli._engines.contract import (
    REQUIRED,
    Engine,
    Field,
    Json,
    at_least_zero,
    choice,
    is_number,
    positive,
    read_points,
)
from anlan.cli._engines.wildfire import read_one
from anlan.hazards.contract import InputError
from anlan.hazards.flood.forecast import DEPTHS_M, Plain
from anlan.hazards.flood.ponding import ponds
from anlan.hazards.flood.simulate import MOST_HOURS, SOLVERS, Flood, fitting_solver, simulate
from anlan.hazards.flood.terrain import MOST_CELLS, SIDES, Culvert, Forcing, Inflow, Series, Side, Terrain, Wall
from anlan.hazards.plane import metres_per_degree

#: Outlines for the time slider where no minutes are asked for.
FRAMES = 12


def flood(given: Json) -> Json:
    """Depths, arrivals and the balance of water."""
    size = read_one(given["grid"], GRID, "grid")
    shape = int(size["ny"]), int(size["nx"])
    if shape[0] * shape[1] > MOST_CELLS:
        raise InputError("grid", list(shape), f"至多 {MOST_CELLS} 格")
    terrain = Terrain(
        grid_of(given, "elevation_m", shape), size["cell_m"], number_or_grid(given, "manning", shape),
        tuple(wall_of(row, f"walls[{i}]") for i, row in enumerate(given["walls"])),
        tuple(culvert_of(row, f"culverts[{i}]") for i, row in enumerate(given["culverts"])),
        sides_of(given["boundary"]), number_or_grid(given, "drain_mm_h", shape),
    )  # fmt: skip
    forcing = Forcing(
        tuple(inflow_of(row, f"inflows[{i}]", size["cell_m"]) for i, row in enumerate(given["inflows"])),
        rain_of(given["rain_mm_h"]), None, number_or_grid(given, "initial_depth_m", shape),
    )  # fmt: skip
    forcing.check(terrain)
    solver = fitting_solver(terrain, forcing) if given["solver"] == "auto" else given["solver"]
    minutes = given["frames_min"]
    if minutes is None:
        minutes = [given["hours"] * 60 * k / FRAMES for k in range(1, FRAMES + 1)]
    elif not all(is_number(minute) for minute in minutes):
        raise InputError("frames_min", minutes, "分钟数组")
    found = simulate(terrain, forcing, given["hours"], solver, minutes, given["arrived_m"], given["step_s"])
    return answer(given, found, terrain)


def answer(given: Json, found: Flood, terrain: Terrain) -> Json:
    place = placed(given, terrain.cell_m)
    result: Json = {
        "solver": found.solver,
        "max_depth_m": rounded(found.max_depth_m, 5),
        "arrival_min": [[round(v, 3) if np.isfinite(v) else None for v in row] for row in found.arrival_min.tolist()],
        "mass_error": found.mass_error,
        "depth_m": rounded(found.depth_m, 5),
        "max_speed_m_s": rounded(found.max_speed_m_s, 4),
        "volume_m3": found.volume_m3,
        "inflow_m3": found.came_m3,
        "outflow_m3": found.went_m3,
        "wet_km2": float(np.count_nonzero(found.max_depth_m >= given["arrived_m"])) * terrain.cell_m**2 / 1e6,
        "steps": found.steps,
        "frames": [framed(minute, depth, place, given["arrived_m"]) for minute, depth in found.frames],
        "ponds": [
            {"depth_m": pond.depth_m, "volume_m3": pond.volume_m3, "arrival_min": pond.arrival_min, "colour": pond.colour,
             "meaning": pond.meaning, "cells": len(pond.cells), "at": [int(pond.cells[0, 1]), int(pond.cells[0, 0])]}
            for pond in ponds(found, terrain.cell_m)[:50]
        ],
        "notes": [
            "网格按 [iy][ix]，iy=0 在南；arrival_min 为 null 表示未到达",
            "局部惯性解不用于溃坝激波；HLLC 解不含紊动" if found.solver == "inertial" else "HLLC 二阶有限体积",
        ],
    }  # fmt: skip
    if place:
        shapes = [(depth, words, place.shape(found.max_depth_m >= depth)) for depth, words in DEPTHS_M]
        result["zones"] = [{"depth_m": d, "meaning": words, "geometry": shape} for d, words, shape in shapes if shape]
    return result


def framed(minute: float, depth: Any, place: Plain | None, least: float) -> Json:
    """What the time slider draws: area and volume-weighted depth; the outline where the grid has a place."""
    wet = depth >= least
    one: Json = {"t_min": minute, "wet_cells": int(wet.sum()), "deepest_m": float(depth.max())}
    return {**one, "geometry": place.shape(wet)} if place else one


def placed(given: Json, cell: float) -> Plain | None:
    """The grid on the map: lon, lat are those of the centre of cell (0, 0); x runs east, y north."""
    if given["lon"] is None or given["lat"] is None:
        return None
    _, north = metres_per_degree(given["lat"])
    return Plain(given["lon"], given["lat"] - 0.5 * cell / north, 90.0, True, cell, 0)


def rounded(grid: Any, digits: int) -> list[list[float]]:
    found: list[list[float]] = np.round(grid, digits).tolist()
    return found


def number_or_grid(given: Json, name: str, shape: tuple[int, int]) -> Any:
    value = given[name]
    return float(value) if is_number(value) else grid_of(given, name, shape)


def grid_of(given: Json, name: str, shape: tuple[int, int]) -> Any:
    """A grid of the declared shape; one number fills it. Null is a hole, and refused as such."""
    value = given[name]
    if is_number(value):
        return np.full(shape, float(value))
    if not isinstance(value, list):
        raise InputError(name, value, f"数字，或 {shape[0]} 行 {shape[1]} 列")
    for i, row in enumerate(value):
        if not isinstance(row, list) or len(row) != shape[1] or len(value) != shape[0]:
            raise InputError(f"{name}[{i}]", len(row) if isinstance(row, list) else row, f"{shape[0]} 行 {shape[1]} 列")
        for j, cell in enumerate(row):
            if not is_number(cell):
                raise InputError(f"{name}[{i}][{j}]", cell, "有限数字（不得有空洞）")
    return np.array(value, np.float64)


def series_of(rows: Any, path: str) -> Series:
    """A number, or [[t_s, value], ...]."""
    if is_number(rows):
        return Series.constant(rows)
    if not isinstance(rows, list) or not rows:
        raise InputError(path, rows, "数字，或 [[t_s, 值], ...]")
    read_points(rows, path, 2, 2)
    try:
        return Series.of(rows)
    except InputError as error:
        raise InputError(path, error.value, error.allowed) from None


def rain_of(value: Any) -> Series | None:
    return None if value is None or value == 0 else series_of(value, "rain_mm_h")


def inflow_of(row: Any, path: str, cell_m: float) -> Inflow:
    """{"ix", "iy"}, {"x_m", "y_m"} or {"cells": [[ix, iy], ...]}, and {"hydrograph": [[t_s, m3/s], ...]} or {"q_m3_s"}."""
    read = read_one(row, INFLOW, path)
    cells = read["cells"] if read["cells"] is not None else [[read["ix"], read["iy"]]]
    if read["x_m"] is not None and read["y_m"] is not None:
        cells = [[floor(read["x_m"] / cell_m), floor(read["y_m"] / cell_m)]]
    for i, cell in enumerate(cells):
        if not isinstance(cell, list) or len(cell) != 2 or not all(is_number(k, whole=True) for k in cell):
            raise InputError(f"{path}.cells[{i}]", cell, "[ix, iy] 整数")
    flow = read["hydrograph"] if read["hydrograph"] is not None else read["q_m3_s"]
    if flow is None:
        raise InputError(f"{path}.hydrograph", None, "[[t_s, m³/s], ...]（或 q_m3_s）")
    return Inflow(tuple((int(x), int(y)) for x, y in cells), series_of(flow, f"{path}.hydrograph"))


def wall_of(row: Any, path: str) -> Wall:
    read = read_one(row, WALL, path)
    points = read_points(read["points"], f"{path}.points", 2, 2)
    return Wall(tuple((float(x), float(y)) for x, y in points), read["crest_m"])


def culvert_of(row: Any, path: str) -> Culvert:
    read = read_one(row, CULVERT, path)
    for name in ("near", "far"):
        read_points([read[name]], f"{path}.{name}", 2, 2)
    near, far = (tuple(int(k) for k in read[name]) for name in ("near", "far"))
    return Culvert(
        (near[0], near[1]), (far[0], far[1]), read["area_m2"], read["invert_m"], read["height_m"], read["coefficient"]
    )  # fmt: skip


def sides_of(given: Any) -> tuple[Side, Side, Side, Side]:
    """One word for all four, or {"west": "wall" | "open" | {"stage_m": [[t_s, m], ...]}, ...}."""
    if isinstance(given, str):
        given = dict.fromkeys(SIDES, given)
    if not isinstance(given, dict):
        raise InputError("boundary", given, "wall、open、fall，或按 west/east/south/north 给出")
    for name in given:
        if name not in SIDES:
            raise InputError(f"boundary.{name}", given[name], f"只接受 {'、'.join(SIDES)}")
    west, east, south, north = (side_of(given.get(name, "wall"), f"boundary.{name}") for name in SIDES)
    return west, east, south, north


def side_of(given: Any, path: str) -> Side:
    if isinstance(given, dict) and set(given) == {"stage_m"}:
        return Side("stage", series_of(given["stage_m"], f"{path}.stage_m"))
    if given in ("wall", "closed"):
        return Side()
    if given in ("open", "fall"):
        return Side(given)
    raise InputError(path, given, 'wall、open、fall 或 {"stage_m": [[t_s, m], ...]}')


def draw_depth(axes: Any, given: Json, result: Json) -> None:
    """Greatest depth, with the fronts of arrival."""
    depth, cell = np.array(result["max_depth_m"]), given["grid"]["cell_m"]
    extent = (0, depth.shape[1] * cell / 1000, 0, depth.shape[0] * cell / 1000)
    shown = np.where(depth >= 0.01, depth, np.nan)
    image = axes.imshow(shown, origin="lower", extent=extent, cmap="Blues", vmin=0, interpolation="nearest")
    axes.figure.colorbar(image, ax=axes, label="最大水深 m")
    arrival = np.array([[np.nan if v is None else v for v in row] for row in result["arrival_min"]], float)
    if np.isfinite(arrival).sum() > 3 and np.nanmax(arrival) > np.nanmin(arrival):
        x, y = (np.arange(n) * cell / 1000 + cell / 2000 for n in (depth.shape[1], depth.shape[0]))
        lines = axes.contour(x, y, arrival, 6, colors="k", linewidths=0.6)
        axes.clabel(lines, fmt="%.0f min", fontsize=7)
    axes.set_xlabel("东 km")
    axes.set_ylabel("北 km")
    axes.set_title(f"洪水演进（{result['solver']}），水量误差 {result['mass_error']:.1e}")


class AnyShape(Field):
    """A value whose own reader says what is allowed: a number, a grid, a series."""

    def read(self, given: Any, path: str = "") -> Any:
        value = given.get(self.name)
        if value is None and self.default is REQUIRED:
            raise InputError(path + self.name, None, "必填")
        return self.default if value is None else value

    def schema(self) -> Json:
        shown: Json = {"title": self.title, "type": ["number", "array", "object", "string"]}
        if self.unit:
            shown["unit"] = self.unit
        return shown if self.default is REQUIRED else {**shown, "default": self.default}


GRID = (
    Field("nx", "列数", "integer", low=2), Field("ny", "行数", "integer", low=2), positive("cell_m", "格距", "m", high=10_000),
    Field("x0", "西南角 x", unit="m", default=0.0), Field("y0", "西南角 y", unit="m", default=0.0),
)  # fmt: skip
INFLOW = (
    Field("ix", "列", "integer", low=0, default=None), Field("iy", "行", "integer", low=0, default=None),
    Field("cells", "格 [[ix, iy], ...]", "array", default=None),
    Field("hydrograph", "流量过程 [[t_s, m³/s], ...]", "array", default=None),
    AnyShape("q_m3_s", "流量，或 [[t_s, m³/s], ...]", unit="m³/s", default=None),
    Field("x_m", "自西南角向东", unit="m", default=None), Field("y_m", "自西南角向北", unit="m", default=None),
    Field("name", "名称", "string", default=None),
)  # fmt: skip
WALL = (Field("points", "折线 [[x_m, y_m], ...]（自西南角）", "array"), Field("crest_m", "顶高程", unit="m"))
CULVERT = (
    Field("near", "一端 [ix, iy]", "array"), Field("far", "另一端 [ix, iy]", "array"), positive("area_m2", "过水面积", "m²"),
    Field("invert_m", "底高程", unit="m"), positive("height_m", "净高", "m", 1.0), positive("coefficient", "流量系数", "", 0.6, 1),
)  # fmt: skip


ENGINES: tuple[Engine, ...] = (
    Engine(
        "flood", "二维洪水演进", "HLLC: Audusse 2004, Toro 2001；局部惯性: de Almeida & Bates 2013",
        (Field("grid", "网格 {nx, ny, cell_m}", "object"), AnyShape("elevation_m", "高程 [iy][ix]，iy=0 在南", unit="m"),
         AnyShape("manning", "糙率", unit="s/m^(1/3)", default=0.05),
         Field("inflows", "入流 [{ix, iy | cells, hydrograph [[t_s, m³/s]]}]", "array", default=[]),
         AnyShape("rain_mm_h", "降雨 mm/h，或 [[t_s, mm/h], ...]", default=0.0),
         AnyShape("initial_depth_m", "初始水深", unit="m", default=0.0),
         AnyShape("boundary", "边界 wall、open、fall，或各边 {stage_m}", default="wall"),
         positive("hours", "时长", "h", 6.0, MOST_HOURS), choice("solver", "解法", ("auto", *SOLVERS), "auto"),
         Field("walls", "墙、堤 [{points, crest_m}]", "array", default=[]),
         Field("culverts", "涵洞 [{near, far, area_m2, invert_m}]", "array", default=[]),
         AnyShape("drain_mm_h", "下渗与排水", unit="mm/h", default=0.0),
         Field("frames_min", "输出时刻", "array", default=None), positive("arrived_m", "到达水深", "m", 0.01, 10),
         at_least_zero("step_s", "最大步长", "s", None),
         Field("lon", "格 (0, 0) 中心经度", unit="°", low=-180, high=180, default=None),
         Field("lat", "格 (0, 0) 中心纬度", unit="°", low=-85, high=85, default=None)),
        flood,
        {"grid": {"nx": 80, "ny": 40, "cell_m": 20}, "elevation_m": 1075, "manning": 0.05, "hours": 2,
         "inflows": [{"cells": [[0, 19], [0, 20]], "hydrograph": [[0, 0], [1800, 20], [7200, 20]]}],
         "walls": [{"points": [[800, 0], [800, 500]], "crest_m": 1077}], "rain_mm_h": 0, "boundary": "wall"},
        plot=draw_depth,
    ),
)  # fmt: skip
