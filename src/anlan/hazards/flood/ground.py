"""Floods over the real ground: a window of the loaded heights round the place, with its walls and culverts, and the solver on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from shapely.geometry import LineString, box

from anlan.hazards.contract import Footprint, InputError
from anlan.hazards.flood import forecast, ponding
from anlan.hazards.flood.simulate import Flood, fitting_solver, simulate
from anlan.hazards.flood.terrain import Culvert, Forcing, Grid, Inflow, Series, Side, Terrain, Wall
from anlan.hazards.plane import metres_per_degree
from anlan.hazards.raster import Raster

#: Most cells a side of the window: a duty officer waits for it.
MOST_A_SIDE = 160
#: Heights coarser than half the window over this say nothing of where water goes: the sketch of a plain is used then.
LEAST_CELLS = 12
#: Half a side of the window (m) of scenarios that have no reach of their own.
HALF_M = {"torrent": 2500.0, "ponding": 1500.0, "ice_jam": 8000.0}


def half_of(given: Mapping[str, Any]) -> float:
    """Half a side of the window a scenario needs, m."""
    reach = float(given["reach_km"]) * 1000
    return min(reach, HALF_M["torrent"]) if given["scenario"] == "torrent" else HALF_M.get(given["scenario"], reach)


def fits(lon: float, lat: float, given: Mapping[str, Any]) -> bool:
    """Whether heights are loaded that cover the place and are fine enough to say where water goes."""
    land = (given["ground"] or {}).get("elevation_m")
    if land is None or land.step_lat * metres_per_degree(lat)[1] > half_of(given) / LEAST_CELLS:
        return False
    rows, columns = land.values.shape
    x, y = land.cells(np.array([lon]), 1)[0], land.cells(np.array([lat]), 0)[0]
    return bool(0 <= x <= columns - 1 and 0 <= y <= rows - 1)


class Window:
    """Square cells of metres round a place, x east and y north, as far as heights are loaded."""

    def __init__(self, lon: float, lat: float, land: Raster, half_m: float) -> None:
        self.scale = metres_per_degree(lat)
        native = land.step_lat * self.scale[1]
        self.cell_m = max(native, 2 * half_m / MOST_A_SIDE)
        rows, columns = land.values.shape
        edges = (
            (land.west, land.west + (columns - 1) * land.step_lon, lon, self.scale[0]),
            (land.south, land.south + (rows - 1) * land.step_lat, lat, self.scale[1]),
        )
        before, after = [], []
        for low, high, middle, scale in edges:
            before.append(min(int(half_m / self.cell_m), max(0, int((middle - low) * scale / self.cell_m))))
            after.append(min(int(half_m / self.cell_m), max(0, int((high - middle) * scale / self.cell_m))))
        self.here = before[0], before[1]
        self.lon: Grid = lon + np.arange(-before[0], after[0] + 1, dtype=np.float64) * self.cell_m / self.scale[0]
        self.lat: Grid = lat + np.arange(-before[1], after[1] + 1, dtype=np.float64) * self.cell_m / self.scale[1]
        if min(len(self.lon), len(self.lat)) < 2:
            raise InputError("lon,lat", [lon, lat], "在所载高程栅格之内，离边缘两格以上")
        holes = np.argwhere(~np.isfinite(land.nearest(self.lon, self.lat)))
        if len(holes):
            i, j = (int(k) for k in holes[0])
            place = f"({self.lon[j]:.4f}, {self.lat[i]:.4f}) 等 {len(holes)} 格无高程"
            raise InputError("ground.elevation_m", place, "推演范围内处处有高程（补全栅格，或缩小范围）")
        self.ground = land.smooth(self.lon, self.lat)

    def corner_m(self, lon: float, lat: float) -> tuple[float, float]:
        """Metres from the south-west corner of the window, as walls are given."""
        half = self.cell_m / 2
        return (lon - self.lon[0]) * self.scale[0] + half, (lat - self.lat[0]) * self.scale[1] + half

    def cell(self, lon: float, lat: float) -> tuple[int, int]:
        """(ix, iy), held to the window."""
        x, y = self.corner_m(lon, lat)
        ny, nx = self.ground.shape
        return min(max(int(x // self.cell_m), 0), nx - 1), min(max(int(y // self.cell_m), 0), ny - 1)

    def holds(self, lon: float, lat: float) -> bool:
        x, y = self.corner_m(lon, lat)
        ny, nx = self.ground.shape
        return bool(0 <= x < nx * self.cell_m and 0 <= y < ny * self.cell_m)

    def touches(self, points: Sequence[Sequence[float]]) -> bool:
        """Whether a line runs through the window, though none of its corners may lie in it: a dike along a river has few."""
        ny, nx = self.ground.shape
        line = LineString([self.corner_m(x, y) for x, y in points])
        return bool(line.intersects(box(0, 0, nx * self.cell_m, ny * self.cell_m)))

    def plain(self) -> forecast.Plain:
        """The window as what draws on the map."""
        south = float(self.lat[0]) - 0.5 * self.cell_m / self.scale[1]
        return forecast.Plain(float(self.lon[0]), south, 90.0, True, self.cell_m, 0)


def terrain_of(window: Window, structures: Sequence[Mapping[str, Any]], manning: float, drain: float) -> Terrain:
    """Ground, walls and culverts that lie in the window; open on all sides."""
    walls = tuple(
        Wall(tuple(window.corner_m(x, y) for x, y in row["points"]), float(row["crest_m"]))
        for row in structures
        if "points" in row and window.touches(row["points"])
    )
    culverts = tuple(
        Culvert(near, far, float(row["area_m2"]), float(row["invert_m"]), float(row.get("height_m", 1.0)))
        for row in structures
        if "near" in row
        and window.holds(*row["near"])
        and window.holds(*row["far"])
        and (near := window.cell(*row["near"])) != (far := window.cell(*row["far"]))
    )
    sides = (Side("open"), Side("open"), Side("open"), Side("open"))
    return Terrain(window.ground, window.cell_m, manning, walls, culverts, sides, drain)


def of_ground(lon: float, lat: float, given: Mapping[str, Any]) -> Footprint:
    """The footprint of a scenario over the loaded ground."""
    land, scenario = given["ground"]["elevation_m"], given["scenario"]
    window = Window(lon, lat, land, half_of(given))
    drain = given["drain_mm_h"] if scenario == "ponding" else 0.0
    terrain = terrain_of(window, given["structures"], given["manning"], drain)
    flood, notes, extra = SCENARIOS[scenario](window, terrain, given)
    name = f"高程栅格：{land.source or '来源未注明'}，含墙堤 {len(terrain.walls)} 道、涵洞 {len(terrain.culverts)} 处"
    limits = ["地形与结构物以导入和登记的为准，未登记的涵洞与挡墙未计"]
    found = forecast.footprint(window.plain(), flood, given["hours"], notes, extra, (name, limits))
    if scenario == "ponding":
        found.zones[:] = forecast.zones_of(
            window.plain(), flood.max_depth_m, tuple((d, w) for d, _, w in ponding.DEPTHS_M)
        )
    return found


Outcome = tuple[Flood, list[str], dict[str, Any]]


def fed(window: Window, terrain: Terrain, given: Mapping[str, Any], flow: Series) -> Flood:
    """The solver with one inflow at the place, that fits ground and water."""
    cells = tuple(
        (x, y)
        for x in range(window.here[0] - 1, window.here[0] + 2)
        for y in range(window.here[1] - 1, window.here[1] + 2)
        if 0 <= x < window.ground.shape[1] and 0 <= y < window.ground.shape[0]
    )
    forcing = Forcing((Inflow(cells, flow),))
    solver = fitting_solver(terrain, forcing)
    return simulate(terrain, forcing, given["hours"], solver, forecast.frames_of(given["hours"]))


def dike(window: Window, terrain: Terrain, given: Mapping[str, Any]) -> Outcome:
    x, y = window.here
    flow = forecast.through_dike(given, float(window.ground[y, x]))
    notes = [
        f"河道水位高出溃口处地面 {given['rise_m']:g} m，溃口宽 {given['breach_m']:g} m，{given['formation_h']:g} h 发展到位"
    ]
    figures = {"peak_m3_s": flow.peak_m3_s, "released_m3": flow.released_m3}
    return fed(window, terrain, given, flow.series()), notes, figures


def dam(window: Window, terrain: Terrain, given: Mapping[str, Any]) -> Outcome:
    flow, notes = forecast.through_dam(given)
    figures = {"peak_m3_s": flow.peak_m3_s, "released_m3": flow.released_m3}
    return fed(window, terrain, given, flow.series()), notes, figures


def torrent(window: Window, terrain: Terrain, given: Mapping[str, Any]) -> Outcome:
    flow = forecast.triangle(given)
    notes = [f"沟口三角形洪水过程：{given['peak_h']:g} h 到洪峰 {given['peak_m3_s']:g} m³/s"]
    return fed(window, terrain, given, flow), notes, {"peak_m3_s": given["peak_m3_s"]}


def rained(window: Window, terrain: Terrain, given: Mapping[str, Any]) -> Outcome:
    """暴雨内涝: rain on the ground less what drains take."""
    rows = given["rain"] or [
        [0.0, given["rain_mm_h"]],
        [given["rain_h"] * 60, given["rain_mm_h"]],
        [given["rain_h"] * 60 + 1, 0.0],
    ]
    rain = Series.of([(minute * 60, rate) for minute, rate in rows])
    flood = ponding.storm(terrain, rain, given["hours"], frames_min=forecast.frames_of(given["hours"]))
    found = ponding.ponds(flood, window.cell_m)
    total = float(np.trapezoid(rain.values, rain.times_s)) / 3600 if len(rain.times_s) > 1 else 0.0
    notes = [f"降雨 {total:.0f} mm，排水能力 {given['drain_mm_h']:g} mm/h，共 {len(found)} 处积水超过 0.15 m"]
    return flood, notes, {"ponds": len(found), "rain_mm": total}


def jam(window: Window, terrain: Terrain, given: Mapping[str, Any]) -> Outcome:
    """冰坝壅水: the level pool that the jam holds, over ground that lies lower and hangs together with the river."""
    x, y = window.here
    base = float(window.ground[y, x])
    frames = []
    for minute in forecast.frames_of(given["hours"]):
        level = base + given["rise_m"] * min(1.0, minute / (given["rise_h"] * 60))
        frames.append((minute, pooled(window, given, level)))
    most = frames[-1][1]
    arrival = np.full(most.shape, np.inf)
    for minute, depth in reversed(frames):
        arrival[depth >= forecast.ENDANGERED_M] = minute
    volume, still = float(most.sum()) * window.cell_m**2, np.zeros_like(most)
    flood = Flood(
        "level", most, most, arrival, still, still, still, frames, volume, 0.0, volume, 0.0, 0, given["hours"] * 3600
    )
    notes = [
        f"冰坝上游水面水平壅高 {given['rise_m']:g} m（上限估计），{given['rise_h']:g} h 内涨到位，只淹与河道连通处"
    ]
    return flood, notes, {"backwater_m": given["rise_m"] / given["bed_slope"]}


def pooled(window: Window, given: Mapping[str, Any], level: float) -> Grid:
    """Depth of a level pool upstream of the place."""
    ny, nx = window.ground.shape
    angle = np.radians(given["upstream_deg"])
    east, north = np.arange(nx)[None, :] - window.here[0], np.arange(ny)[:, None] - window.here[1]
    upstream = east * np.sin(angle) + north * np.cos(angle) >= 0
    depth = np.where(upstream, level - window.ground, 0.0)
    wet = depth > 0
    if not wet[window.here[1], window.here[0]]:
        return np.zeros_like(window.ground)
    seen = np.zeros_like(wet)
    cells = np.array(ponding.connected(wet, seen, (window.here[1], window.here[0])))
    found = np.zeros_like(window.ground)
    found[cells[:, 0], cells[:, 1]] = depth[cells[:, 0], cells[:, 1]]
    return found


SCENARIOS: dict[str, Callable[[Window, Terrain, Mapping[str, Any]], Outcome]] = {
    "dike_breach": dike, "dam_breach": dam, "torrent": torrent, "ponding": rained, "ice_jam": jam,
}  # fmt: skip
