"""A breach or an ice jam as areas on the map: the shallow-water solver on a plain beside the river, or on a grid of real ground."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import cos, inf, isfinite, radians, sin
from typing import Any

import numpy as np
from shapely import unary_union
from shapely.affinity import affine_transform
from shapely.geometry import box, mapping
from shapely.geometry.base import BaseGeometry

from anlan.hazards.contract import Footprint, GeoJson, Zone
from anlan.hazards.flood import breach
from anlan.hazards.flood.simulate import Flood, simulate
from anlan.hazards.flood.terrain import Forcing, Grid, Inflow, Series, Side, Terrain
from anlan.hazards.plane import metres_per_degree

#: Depths (m) of the zones, worst first, and what they mean for people: 待核对 against the local plan.
DEPTHS_M = (
    (1.5, "没过成人胸部，房屋可能进水至窗"),
    (0.5, "难以涉水，车辆漂浮"),
    (0.15, "道路积水，车辆受阻"),
    (0.02, "可能过水"),
)
#: Minutes of the map's time slider: this many frames over the whole time.
FRAMES = 12
#: Cells along and across the plain.
LONG, WIDE = 160, 80
#: The plain beyond the breach or jam against the flow, as a share of its length.
BELOW = 0.5


@dataclass(frozen=True)
class Plain:
    """A grid beside a river: x along it (upstream for a jam, downstream for a breach), y away from it, around a place."""

    lon: float
    lat: float
    along_deg: float
    left: bool
    cell_m: float
    #: Column of the place; its row is the first.
    column: int

    def shape(self, mask: Any) -> GeoJson | None:
        """WGS84 outline of the cells that are true."""
        found = outline(mask)
        if found is None:
            return None
        east, north = metres_per_degree(self.lat)
        angle, side, cell = radians(self.along_deg), -1.0 if self.left else 1.0, self.cell_m
        # along = (sin, cos) of the azimuth; away = to its right (cos, -sin), or left
        a, b = sin(angle) * cell / east, side * cos(angle) * cell / east
        d, e = cos(angle) * cell / north, -side * sin(angle) * cell / north
        start = self.column + 0.5
        moved = affine_transform(found, [a, b, d, e, self.lon - a * start, self.lat - d * start])
        return geojson(moved)


def outline(mask: Any) -> BaseGeometry | None:
    """Union of the cells that are true, in cells from the corner of cell (0, 0)."""
    boxes = []
    for i, row in enumerate(np.asarray(mask, bool)):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], row.astype(np.int8), [0]])))
        boxes += [box(a, i, b, i + 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return unary_union(boxes) if boxes else None


def geojson(shape: BaseGeometry) -> GeoJson:
    """Coordinates to 1e-6 degrees, as lists."""

    def plain(value: Any) -> Any:
        return round(value, 6) if isinstance(value, float) else [plain(part) for part in value]

    found = mapping(shape)
    return {"type": found["type"], "coordinates": plain(found["coordinates"])}


def of_inputs(lon: float, lat: float, given: Mapping[str, Any]) -> Footprint:
    """The footprint of the family's declared inputs."""
    if given["scenario"] == "torrent":
        return torrent(lon, lat, given)
    jam = given["scenario"] == "ice_jam"
    reach = given["rise_m"] / given["bed_slope"] if jam else given["reach_km"] * 1000
    cell = max(10.0, min(reach, 40_000.0) * (1 + BELOW) / LONG)
    below = int(LONG * BELOW / (1 + BELOW))
    along = (given["upstream_deg"] + (0 if jam else 180)) % 360
    place = Plain(lon, lat, along, (given["bank"] == "left") != jam, cell, below)
    x = (np.arange(LONG) - below) * cell
    y = np.arange(WIDE) * cell
    ground = y[:, None] * given["bank_slope"] + x[None, :] * given["bed_slope"] * (1 if jam else -1)
    flood, notes, extra = (jammed if jam else breached)(given, ground, cell, below)
    return footprint(place, flood, given["hours"], notes, extra)


Outcome = tuple[Flood, list[str], dict[str, float]]


def frames_of(hours: float) -> list[float]:
    return [round(hours * 60 * k / FRAMES, 3) for k in range(1, FRAMES + 1)]


def jammed(given: Mapping[str, Any], ground: Grid, cell: float, below: int) -> Outcome:
    """A jam holds the river level upstream of it; the water goes over the bank as over the edge of the plain."""
    land = ground.copy()
    # below the jam the river keeps to its bed: nothing comes over the bank there
    land[0, :below] = np.maximum(land[0, :below], given["rise_m"] + 1.0)
    stage = Series((0.0, given["rise_h"] * 3600), (float(land[0].min()) - 1.0, given["rise_m"]))
    sides = (Side("open"), Side(), Side("stage", stage), Side())
    terrain = Terrain(land, cell, given["manning"], sides=sides)
    flood = simulate(terrain, Forcing(), given["hours"], "inertial", frames_of(given["hours"]))
    notes = [f"冰坝上游水面水平壅高 {given['rise_m']:g} m，{given['rise_h']:g} h 内涨到位", "坝下水位不高于滩唇"]
    return flood, notes, {"backwater_m": given["rise_m"] / given["bed_slope"]}


def breached(given: Mapping[str, Any], ground: Grid, cell: float, below: int) -> Outcome:
    """The river runs out through a breach that grows; its stage stays, as one breach hardly lowers it."""
    opening = breach.Opening(given["breach_m"], 0.0, 0.5, given["formation_h"] * 3600, given["rise_m"] + 0.01)
    river = Series.constant(given["rise_m"])
    flow = breach.dike(opening, river, given["hours"])
    half = max(1, round(given["breach_m"] / cell / 2))
    cells = tuple((below + k, 0) for k in range(-half, half))
    terrain = Terrain(ground, cell, given["manning"], sides=(Side("open"), Side("open"), Side(), Side("open")))
    forcing = Forcing((Inflow(cells, flow.series()),))
    flood = simulate(terrain, forcing, given["hours"], "inertial", frames_of(given["hours"]))
    notes = [
        f"溃口底与滩面平，最终宽 {given['breach_m']:g} m，{given['formation_h']:g} h 发展到位",
        f"河道水位高出滩面 {given['rise_m']:g} m，不因决口下降",
    ]
    return flood, notes, {"peak_m3_s": flow.peak_m3_s, "released_m3": flow.released_m3}


#: Foot of the SCS triangular hydrograph over its time to peak (NEH 4).
BASE_OVER_PEAK = 2.67


def torrent(lon: float, lat: float, given: Mapping[str, Any]) -> Footprint:
    """A hillside torrent leaves its valley at (lon, lat) and spreads over a fan: a cone that falls away from the mouth."""
    cell = max(10.0, given["reach_km"] * 1000 / WIDE)
    middle = LONG // 2
    # y runs downhill, x across: the plain's own "away" is to the right of `along`
    place = Plain(lon, lat, (given["upstream_deg"] + 90) % 360, False, cell, middle)
    x, y = (np.arange(LONG) - middle) * cell, np.arange(WIDE) * cell
    ground = -given["fan_slope"] * np.hypot(x[None, :], y[:, None])
    peak, rise = given["peak_m3_s"], given["peak_h"] * 3600
    flow = Series((0.0, rise, rise * BASE_OVER_PEAK), (0.0, peak, 0.0))
    cells = tuple((middle + k, 0) for k in (-1, 0, 1))
    terrain = Terrain(ground, cell, given["manning"], sides=(Side("open"), Side("open"), Side(), Side("open")))
    flood = simulate(terrain, Forcing((Inflow(cells, flow),)), given["hours"], "inertial", frames_of(given["hours"]))
    notes = [
        f"沟口三角形洪水过程：{given['peak_h']:g} h 到洪峰 {peak:g} m³/s，总历时为其 {BASE_OVER_PEAK:g} 倍",
        f"洪积扇坡度 {given['fan_slope']:g}，扇面为锥形，无主槽",
    ]
    return footprint(place, flood, given["hours"], notes, {"released_m3": peak * rise * BASE_OVER_PEAK / 2})


def footprint(place: Plain, flood: Flood, hours: float, notes: list[str], extra: dict[str, float]) -> Footprint:
    """Zones of depth, frames of the slider, and the first minutes of the water's way."""
    zones = []
    for level, (depth, meaning) in enumerate(DEPTHS_M, 1):
        shape = place.shape(flood.max_depth_m >= depth)
        if shape:
            zones.append(Zone(f"水深 ≥ {depth:g} m", level, meaning, shape, depth, "m"))
    frames = [{"minute": minute, "geometry": place.shape(depth >= DEPTHS_M[2][0])} for minute, depth in flood.frames]
    wet = flood.max_depth_m >= DEPTHS_M[2][0]
    last = float(flood.arrival_min[wet].max()) if wet.any() else inf
    return Footprint(
        model="二维浅水（局部惯性）+ 决口堰流 / 冰坝水平壅水",
        zones=zones,
        assumptions=[*notes, "地面取均匀坡度（示意地形）", f"网格 {place.cell_m:.0f} m，历时 {hours:g} h"],
        limits=["未用实测地形，范围只供核查提示", "未计堤防二次决口、道路与沟渠", "未计冰块运动"],
        summary={
            **extra,
            "area_km2": float(wet.sum()) * place.cell_m**2 / 1e6,
            "deepest_m": float(flood.max_depth_m.max()),
            "last_arrival_min": last if isfinite(last) else None,
            "mass_error": flood.mass_error,
            "frames": [frame for frame in frames if frame["geometry"]],
        },
    )
