"""A breach, an ice jam, a torrent as areas on the map: on a plain beside the river, or (see `ground`) on the real ground."""

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

from anlan.hazards.contract import Footprint, GeoJson, InputError, Zone
from anlan.hazards.flood import breach
from anlan.hazards.flood.advice import advice
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
#: Depths (m) drawn in each frame of the time slider, and their colours.
SHADES = ((0.15, "#8ec5f2"), (0.5, "#3f8fd6"), (1.5, "#174a94"))
#: People in water shallower than this (m) are not counted as endangered.
ENDANGERED_M = 0.15
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
    if given["scenario"] == "ponding":
        allowed = "先在“地形与燃料”中导入覆盖该处、格距不大于 125 m 的高程；或用易涝点登记簿自动研判"
        raise InputError("scenario", "ponding", allowed)
    if given["scenario"] in ("torrent", "dam_breach"):
        return (torrent if given["scenario"] == "torrent" else valley)(lon, lat, given)
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
    flow = through_dike(given, 0.0)
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


def through_dike(given: Mapping[str, Any], foot_m: float) -> breach.Hydrograph:
    """The hydrograph of a dike's breach down to `foot_m`, the river `rise_m` above it."""
    level = foot_m + given["rise_m"]
    opening = breach.Opening(given["breach_m"], foot_m, 0.5, given["formation_h"] * 3600, level + 0.01)
    return breach.dike(opening, Series.constant(level), given["hours"])


def through_dam(given: Mapping[str, Any]) -> tuple[breach.Hydrograph, list[str]]:
    """The hydrograph of a dam's breach, width and time by Froehlich 2008 from what it holds, and what it was computed from."""
    curve = given["storage"]
    if not curve or len(curve) < 2:
        raise InputError("storage", curve, "至少 2 行：水位 m, 库容 m³")
    levels, volumes = [row[0] for row in curve], [row[1] for row in curve]
    level, foot = given["level_m"], given["foot_m"]
    if not levels[0] <= level <= levels[-1]:
        raise InputError("level_m", level, f"{levels[0]:g} 至 {levels[-1]:g} m（库容曲线内）")
    if not foot < level:
        raise InputError("foot_m", foot, f"低于坝前水位 {level:g} m")
    held = float(np.interp(level, levels, volumes) - np.interp(foot, levels, volumes))
    width, seconds = breach.froehlich(held, level - foot, given["overtopped"] == "yes")
    flow = breach.dam(breach.Opening(width, foot, 1.0, seconds, level), levels, volumes, level, given["hours"])
    check = breach.froehlich_peak(held, level - foot)
    return flow, [
        f"溃口均宽 {width:.0f} m，{seconds / 3600:.2f} h 发展到位（Froehlich 2008），可泄库容 {held / 1e4:.0f} 万 m³",
        f"洪峰 {flow.peak_m3_s:.0f} m³/s（Froehlich 1995 经验式 {check:.0f} m³/s，供对照）",
    ]


def valley(lon: float, lat: float, given: Mapping[str, Any]) -> Footprint:
    """A dam breach runs down an even valley: a V that falls away from the dam."""
    flow, notes = through_dam(given)
    cell = max(10.0, given["reach_km"] * 1000 / LONG)
    middle = WIDE // 2
    # as the torrent: y runs downhill, x across; the grid is as long as the plain is, and half as wide
    place = Plain(lon, lat, (given["upstream_deg"] + 90) % 360, False, cell, middle)
    x, y = (np.arange(WIDE) - middle) * cell, np.arange(LONG) * cell
    land = np.abs(x)[None, :] * max(given["bank_slope"], 0.002) - y[:, None] * given["bed_slope"]
    half = max(1, round(given["breach_m"] / cell / 2))
    cells = tuple((middle + k, 0) for k in range(-half, half + 1))
    terrain = Terrain(land, cell, given["manning"], sides=(Side("open"), Side("open"), Side(), Side("open")))
    forcing = Forcing((Inflow(cells, flow.series()),))
    flood = simulate(terrain, forcing, given["hours"], "inertial", frames_of(given["hours"]))
    notes = [*notes, f"下游河谷取 V 形，横坡 {max(given['bank_slope'], 0.002):g}，纵坡 {given['bed_slope']:g}"]
    return footprint(
        place, flood, given["hours"], notes, {"peak_m3_s": flow.peak_m3_s, "released_m3": flow.released_m3}
    )


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
    flow = triangle(given)
    cells = tuple((middle + k, 0) for k in (-1, 0, 1))
    terrain = Terrain(ground, cell, given["manning"], sides=(Side("open"), Side("open"), Side(), Side("open")))
    flood = simulate(terrain, Forcing((Inflow(cells, flow),)), given["hours"], "inertial", frames_of(given["hours"]))
    notes = [
        f"沟口三角形洪水过程：{given['peak_h']:g} h 到洪峰 {peak:g} m³/s，总历时为其 {BASE_OVER_PEAK:g} 倍",
        f"洪积扇坡度 {given['fan_slope']:g}，扇面为锥形，无主槽",
    ]
    return footprint(place, flood, given["hours"], notes, {"released_m3": peak * rise * BASE_OVER_PEAK / 2})


def triangle(given: Mapping[str, Any]) -> Series:
    """SCS triangular hydrograph of a torrent."""
    peak, rise = given["peak_m3_s"], given["peak_h"] * 3600
    return Series((0.0, rise, rise * BASE_OVER_PEAK), (0.0, peak, 0.0))


def zones_of(place: Plain, most: Grid, classes: tuple[tuple[float, str], ...] = DEPTHS_M) -> list[Zone]:
    """Areas by greatest depth, the deepest first."""
    found = []
    for level, (depth, meaning) in enumerate(classes, 1):
        shape = place.shape(most >= depth)
        if shape:
            found.append(
                Zone(f"水深 ≥ {depth:g} m", level, meaning, shape, depth, "m", endangers=depth >= ENDANGERED_M)
            )
    return found


def shades(place: Plain, frames: list[tuple[float, Grid]]) -> list[dict[str, Any]]:
    """What the time slider draws: at each minute the water by depth, the shallow first so that the deep lies on top."""
    return [
        {"minute": minute, "geometry": shape, "name": f"水深 ≥ {depth:g} m", "colour": colour}
        for minute, grid in frames
        for depth, colour in SHADES
        if (shape := place.shape(grid >= depth))
    ]


def footprint(
    place: Plain,
    flood: Flood,
    hours: float,
    notes: list[str],
    extra: dict[str, Any],
    said: tuple[str, list[str]] | None = None,
) -> Footprint:
    """Zones of depth, frames of the slider, and the first minutes of the water's way; `said`: the ground and its limits."""
    ground_said, limits = said or ("地面取均匀坡度（示意地形）", ["未用实测地形，范围只供核查提示", "未计道路与沟渠"])
    zones, frames = zones_of(place, flood.max_depth_m), shades(place, flood.frames)
    wet = flood.max_depth_m >= DEPTHS_M[2][0]
    last = float(flood.arrival_min[wet].max()) if wet.any() else inf
    return Footprint(
        model="二维浅水（局部惯性）+ 决口堰流 / 冰坝水平壅水",
        zones=zones,
        assumptions=[*notes, ground_said, f"网格 {place.cell_m:.0f} m，历时 {hours:g} h"],
        limits=[*limits, "未计堤防二次决口", "未计冰块运动"],
        summary={
            **extra,
            "area_km2": float(wet.sum()) * place.cell_m**2 / 1e6,
            "deepest_m": float(flood.max_depth_m.max()),
            "last_arrival_min": last if isfinite(last) else None,
            "mass_error": flood.mass_error,
            "frames": frames,
            "advice": advice(zones[0].value if zones else 0.0, first_wet(flood, wet), extra.get("peak_m3_s")),
        },
    )


def first_wet(flood: Flood, wet: Any) -> float | None:
    """Minutes until the first place outside the source is reached; None where none is."""
    arrivals = flood.arrival_min[wet]
    later = arrivals[np.isfinite(arrivals) & (arrivals > 0)] if wet.any() else arrivals[:0]
    return float(np.percentile(later, 10)) if later.size else None
