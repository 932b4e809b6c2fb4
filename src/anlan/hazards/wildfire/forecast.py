"""What the map gets of a fire on a grid: zones after 1, 2, 3 and 6 hours, fronts for the time slider, and how far it came."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import atan, degrees, hypot, inf, radians, sin
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from anlan.hazards.contract import Footprint, GeoJson, InputError, Zone
from anlan.hazards.plane import metres_per_degree
from anlan.hazards.raster import Raster
from anlan.hazards.wildfire import FRAMES_MIN, HOURS, NO_GROUND, assumed, thrown_zone, zone
from anlan.hazards.wildfire.brands import SMOULDER_MIN, Spotting, told
from anlan.hazards.wildfire.crown import MODEL_10_WIND, OVER_MODEL_10, Canopy, rate
from anlan.hazards.wildfire.ensemble import Ensemble, Perturbation, ensemble
from anlan.hazards.wildfire.fuels import NON_BURNABLE, find
from anlan.hazards.wildfire.grid import Landscape, Line, Ring, Spread, Weather, spread
from anlan.hazards.wildfire.rothermel import KM_H_FT_MIN, Moisture, bed, behaviour

#: Cells on each side of the square that is laid around a fire in uniform country, and the finest cell (m).
ACROSS, FINEST_M = 400, 5.0
#: Chances whose outlines are drawn, most likely first.
SHARES = (0.9, 0.5, 0.1)
#: A commander walks or draws a perimeter of some kilometres; a mistaken degree would ask for a continent.
WIDEST_M = 200_000.0
MODEL = "Rothermel 1972 地表火 + 网格椭圆子波（jet marching，长宽比 1+0.25U）"


def of_inputs(lon: float, lat: float, given: Mapping[str, Any]) -> Footprint:
    """From the inputs of `HAZARD`: fuel and ground from rasters or uniform, an observed perimeter, lines, changing weather."""
    ring, members = given["perimeter"] or [], int(given["members"])
    spotting = spot_fires(given)
    weather, side_notes = bands(given)
    frame = square(lon, lat, ring, given, weather, 1.05 if members == 1 else 1.6)
    for _ in range(WIDENED):
        scene = set_out(lon, lat, frame, given)
        found = footprint(
            scene.land,
            weather,
            scene.origin,
            [] if ring else [scene.start],
            scene.lines,
            scene.local(ring) if ring else (),
            spotting=spotting,
        )
        cut = found.summary.pop("at_edge")
        if not cut:
            break
        frame = wider(frame)
    zones, summary = found.zones, found.summary
    notes = [*scene.notes, *side_notes, *said(given)]
    notes += ["火在预报期内烧到推演区边，边外未算"] if cut else []
    if members > 1:
        places = [(name, scene.local(outline)) for name, outline in given["places"] or []]
        fire = (scene.land, weather, scene.origin, [] if ring else [scene.start], scene.lines)
        zones, chance = probable(*fire, members, places, scene.local(ring) if ring else (), spotting)
        summary = {**summary, **chance}
        notes += [f"集合 {members} 次：风速、风向、含水率按误差抽样（对数标准差 0.2、15°、0.15，待核对）"]
    over = summary.get("spot_fires", {}).get("outside", 0)
    notes += [f"另有约 {over:.0f} 个带火飞屑落到推演区外，区外未算"] if over else []
    fuel = scene.land.fuel[cell_at(scene.land, scene.start)]
    first = weather[0]
    head = behaviour(find(int(fuel)), first.moisture, float(np.max(first.wind_m_s)) * 3.6, given["wind_from_deg"])
    thrown, brands = thrown_zone(given, head, found.zones[-1].geometry if found.zones else None, lat)
    uniform_fuel = [] if "fuel" in (given["ground"] or {}) else assumed(given)
    return Footprint(
        found.model,
        [*zones, *thrown],
        [*uniform_fuel, *notes],
        limits_of(given, bool(thrown), spotting is not None),
        {**summary, **brands},
    )


def bands(given: Mapping[str, Any]) -> tuple[list[Weather], list[str]]:
    """Weather in bands, and what is to be said of it: the hourly forecast before the one change typed in by hand."""
    live = given["live_moisture_pct"] / 100

    def band(minute: float, wind: float, from_deg: float, moisture_pct: float) -> Weather:
        dead = moisture_pct / 100
        return Weather(minute, wind, from_deg, Moisture(dead, dead + 0.01, dead + 0.02, live, live))

    found = [band(0.0, given["wind_m_s"], given["wind_from_deg"], given["moisture_pct"])]
    if given["forecast"]:
        hours = [row[0] for row in given["forecast"]]
        if any(a >= b for a, b in itertools.pairwise(hours)):
            raise InputError("forecast", hours, "小时递增")
        later = [band(hour * 60, wind, turn, wet) for hour, wind, turn, wet in given["forecast"]]
        winds = [row[1] for row in given["forecast"]]
        note = f"逐时预报 {len(hours)} 段，至 {hours[-1]:g} 小时，风速 {min(winds):.1f} 至 {max(winds):.1f} m/s；其后保持不变"
        return (later if hours[0] == 0 else found + later), [note]
    if given["change_after_h"] > 0:
        after, wind, turn = given["change_after_h"], given["change_wind_m_s"], given["change_from_deg"]
        found.append(band(after * 60, wind, turn, given["moisture_pct"]))
        return found, [f"{after:g} 小时后转 {turn:g}° 风 {wind:g} m/s"]
    return found, ["风恒定（没有预报）"]


def said(given: Mapping[str, Any]) -> list[str]:
    """Perimeter, lines and trees in words."""
    notes = ["从已观测火线续算，时刻自火线观测起"] if given["perimeter"] else []
    notes += ["隔离线在起算时已建成，火不越线"] if given["line"] else []
    if given["spot_fires"] == "yes":
        one = "；单次推演只是许多可能中的一种，看可能性请用集合" if given["members"] == 1 else ""
        notes += [
            f"飞火另起新火：每 GJ 放热 {given['brands_per_gj']:g} 个带火落地的飞屑（待核对），飞程不超过 Albini 1983 最远距离，"
            f"引燃概率 Schroeder 1969（细小可燃物 30 °C），阴燃 {SMOULDER_MIN:g} min 后起火{one}"
        ]
    notes += [f"指挥员画的隔离线 {len(given['lines'])} 条，自建成时起火不越线"] if given["lines"] else []
    if given["canopy_density"] and "bulk_density_kg_m3" not in (given["ground"] or {}):
        notes += [
            f"林冠处处相同：枝下高 {given['canopy_base_m']:g} m，容积密度 {given['canopy_density']:g} kg/m³，"
            f"树高 {given['canopy_height_m']:g} m，郁闭度 {given['canopy_cover_pct']:g} %，叶含水率 100 %；"
            "树冠火按 Van Wagner 1977、Scott & Reinhardt 2001"
        ]
    return notes


def spot_fires(given: Mapping[str, Any]) -> Spotting | None:
    """What brands do in the run, if they are to light fires at all."""
    if given["spot_fires"] != "yes":
        return None
    if given["cover_m"] <= 0:
        raise InputError("cover_m", given["cover_m"], "> 0 m（飞火另起新火时须给下风植被高度）")
    return Spotting(given["cover_m"], given["brands_per_gj"])


def limits_of(given: Mapping[str, Any], thrown: bool, lit: bool = False) -> list[str]:
    """What the run leaves out."""
    ground = given["ground"] or {}
    crowns = given["canopy_density"] or "bulk_density_kg_m3" in ground
    left = [] if thrown or lit else ["飞火"]
    left += [] if crowns else ["树冠火"]
    found = [f"未计{'、'.join(left)}"] if left else []
    if thrown and not lit:
        found.append("飞火只给最远距离，不在推演中另起新火")
    if crowns and (thrown or lit):
        found.append("树冠火的飞屑按地表火放热算：偏少、偏近（Albini 1979 单株成炬未实现）")
    if "fuel" not in ground:
        found.append(
            "燃料取单一值，除隔离线外未计阻隔"
            if given["line"] or given["lines"]
            else "燃料取单一值，未计道路、河流等阻隔"
        )
    else:
        found.append("窄于一格的道路、沟渠不在燃料图里，不算阻隔")
    return found


#: How often the square is laid wider when a fire runs to its edge, and by how much.
WIDENED, BY = 4, 2.0
#: A hotspot's centre may lie on water or rock: the fire starts in the nearest fuel within this (m).
NEAREST_FUEL_M = 2000.0
#: Slope that the first guess of the square allows for where there is a map of heights.
GUESSED_SLOPE = 0.15
Frame = tuple[float, float, float]


@dataclass(frozen=True)
class Scene:
    """A square of country in metres around the fire; `origin` is (lon, lat) of cell (0, 0)."""

    land: Landscape
    origin: tuple[float, float]
    start: tuple[float, float]
    lines: list[Line]
    notes: list[str]

    def local(self, places: Sequence[Sequence[float]]) -> list[tuple[float, float]]:
        return metres(places, self.origin)


def metres(places: Sequence[Sequence[float]], origin: tuple[float, float]) -> list[tuple[float, float]]:
    """[lon, lat] as metres east and north of a place."""
    east_m, north_m = metres_per_degree(origin[1])
    return [((x - origin[0]) * east_m, (y - origin[1]) * north_m) for x, y in places]


def wider(frame: Frame) -> Frame:
    west, south, side = frame
    more = side * (BY - 1) / 2
    return west - more, south - more, side * BY


def set_out(lon: float, lat: float, frame: Frame, given: Mapping[str, Any]) -> Scene:
    """Fuel, heights and trees of the square; where the fire starts; lines."""
    west, south, side = frame
    east_m, north_m = metres_per_degree(lat)
    origin = lon + west / east_m, lat + south / north_m
    land, notes = country_of(origin, (east_m, north_m), side, given)
    start = (-west, -south)
    if not given["perimeter"]:
        start, moved = kindled(land, start)
        notes += [f"起火点处不可燃，从 {moved:.0f} m 外最近的可燃处起算"] if moved else []
    else:
        start = metres([given["perimeter"][0]], origin)[0]
    lines = [Line(metres(given["line"], origin))] if given["line"] else []
    lines += [Line(metres(line, origin), minute) for minute, line in given["lines"] or []]
    return Scene(land, origin, start, lines, notes)


def country_of(
    origin: tuple[float, float], scale: tuple[float, float], side: float, given: Mapping[str, Any]
) -> tuple[Landscape, list[str]]:
    """(landscape, what is to be said of it): from the rasters there are; uniform for what has none."""
    cell = max(FINEST_M, side / ACROSS)
    count = int(side / cell) + 1
    ground: Mapping[str, Raster] = given["ground"] or {}
    lon, lat = (np.asarray(origin[k] + np.arange(count) * cell / scale[k], np.float64) for k in (0, 1))
    flat = uniform(given["fuel"], side, 0.0 if "elevation_m" in ground else given["slope"], given["wind_from_deg"])
    fuel, notes = flat.fuel, []
    if "fuel" in ground:
        seen = ground["fuel"].nearest(lon, lat)
        unknown = ~np.isfinite(seen)
        fuel = np.where(unknown, flat.fuel, np.nan_to_num(seen)).astype(np.int64)
        notes.append(
            f"燃料图：{ground['fuel'].source}"
            + (f"；图外 {unknown.mean():.0%} 按 {given['fuel']}" if unknown.any() else "")
        )
    heights = ground["elevation_m"].smooth(lon, lat).clip(-500, 9000) if "elevation_m" in ground else flat.elevation_m
    if "elevation_m" in ground:
        notes.append(f"高程：{ground['elevation_m'].source}")
    else:
        notes.append(f"坡度 {given['slope']:g} 朝向起始风的下风方" if given["slope"] else "平地（没有导入高程）")
    notes += [NO_GROUND] if not ground else []
    return Landscape(fuel, cell, heights, **trees(ground, lon, lat, given, fuel.shape)), notes


def trees(
    ground: Mapping[str, Raster],
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    given: Mapping[str, Any],
    shape: tuple[int, ...],
) -> dict[str, Any]:
    """Canopy of the square: rasters where there are any, else what was typed in, if crowns are to burn at all."""
    typed = {
        "canopy_cover": given["canopy_cover_pct"] / 100, "canopy_height_m": given["canopy_height_m"],
        "canopy_base_m": given["canopy_base_m"], "bulk_density_kg_m3": given["canopy_density"],
    }  # fmt: skip
    crowns = bool(given["canopy_density"]) or "bulk_density_kg_m3" in ground
    wanted = set(typed) if crowns else {"canopy_cover", "canopy_height_m"} & set(ground)
    if not crowns and len(wanted) < 2:
        return {}
    return {
        name: np.nan_to_num(ground[name].nearest(lon, lat)).clip(0, MOST_OF_TREES[name])
        if name in ground
        else np.full(shape, typed[name])
        for name in wanted
    }


MOST_OF_TREES = {"canopy_cover": 1.0, "canopy_height_m": 120.0, "canopy_base_m": 60.0, "bulk_density_kg_m3": 2.0}


def cell_at(land: Landscape, point: tuple[float, float]) -> tuple[int, int]:
    rows, columns = land.fuel.shape
    column, row = (int(np.floor(v / land.cell_m + 0.5)) for v in point)
    return min(max(row, 0), rows - 1), min(max(column, 0), columns - 1)


def kindled(land: Landscape, point: tuple[float, float]) -> tuple[tuple[float, float], float]:
    """(place to light, how far from the one given): the nearest that burns, where a pixel's centre does not."""
    row, column = cell_at(land, point)
    burns = land.burns
    if burns[row, column]:
        return point, 0.0
    rows, columns = np.nonzero(burns)
    far = np.hypot(rows - row, columns - column) * land.cell_m
    at = int(far.argmin()) if far.size else -1
    if at < 0 or far[at] > NEAREST_FUEL_M:
        raise InputError(
            "lon",
            "起火点",
            f"{NEAREST_FUEL_M:g} m 内有可燃物（燃料图上此处是{NON_BURNABLE[int(land.fuel[row, column])]}）",
        )
    return (float(columns[at] * land.cell_m), float(rows[at] * land.cell_m)), float(far[at])


def square(
    lon: float,
    lat: float,
    ring: Sequence[Sequence[float]],
    given: Mapping[str, Any],
    weather: Sequence[Weather],
    room: float,
) -> Frame:
    """(west, south of the place, side) in metres of a square that the fire is not likely to leave within the hours."""
    east_m, north_m = metres_per_degree(lat)
    xs = [(x - lon) * east_m for x, _ in ring] or [0.0]
    ys = [(y - lat) * north_m for _, y in ring] or [0.0]
    far = max(map(abs, (*xs, *ys)))
    if far > WIDEST_M:
        raise InputError("perimeter", f"离起火点 {far / 1000:.0f} km", f"<= {WIDEST_M / 1000:g} km")
    run = max(reach_m(given, weather) * room, 50.0)
    middle_x, middle_y = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    half = max(max(xs) - min(xs), max(ys) - min(ys)) / 2 + run
    return middle_x - half, middle_y - half, 2 * half


def reach_m(given: Mapping[str, Any], weather: Sequence[Weather]) -> float:
    """How far the head may run within the hours: of the fuels that are common here, or of crowns."""
    ground: Mapping[str, Raster] = given["ground"] or {}
    slope = GUESSED_SLOPE if "elevation_m" in ground else given["slope"]
    kinds = [find(given["fuel"])]
    if "fuel" in ground:
        values, counts = np.unique(ground["fuel"].values[np.isfinite(ground["fuel"].values)], return_counts=True)
        common = values[counts >= COMMON * counts.sum()]
        kinds += [find(int(one)) for one in common if int(one) not in NON_BURNABLE]
    crowns = (
        Canopy(2.0, max(0.1, given["canopy_density"]))
        if given["canopy_density"] or "bulk_density_kg_m3" in ground
        else None
    )
    ends = [*(band.from_min for band in weather[1:]), inf]
    far, last = 0.0, 60.0 * max(HOURS)
    for band, end in zip(weather, ends, strict=True):
        wind = float(np.max(band.wind_m_s)) * 3.6
        fastest = max(behaviour(kind, band.moisture, wind, 0.0, slope, 0.0).ros_m_min for kind in kinds)
        if crowns:
            fastest = max(
                fastest,
                OVER_MODEL_10
                * rate(bed(find("FM10"), band.moisture), wind * KM_H_FT_MIN / 1.15 * MODEL_10_WIND, slope),
            )
        far += fastest * max(0.0, min(end, last) - band.from_min)
    return far


#: Share of the map from which a fuel counts as common.
COMMON = 0.01


def uniform(fuel: str, side: float, slope: float, wind_from_deg: float) -> Landscape:
    """A square of one fuel on a plane that rises downwind."""
    cell = max(FINEST_M, side / ACROSS)
    count = int(side / cell) + 1
    step = np.arange(count) * cell
    towards = radians(wind_from_deg + 180)
    rise = slope * (step[None, :] * sin(towards) + step[:, None] * np.cos(towards)) if slope else None
    if rise is not None:
        rise = (rise - rise.min()) * min(1.0, 9000 / max(1.0, float(np.ptp(rise))))
    return Landscape(np.full((count, count), find(fuel).number, np.int64), cell, rise)


def footprint(
    land: Landscape,
    weather: Sequence[Weather],
    origin: tuple[float, float],
    ignitions: Sequence[tuple[float, float]],
    lines: Sequence[Line] = (),
    perimeter: Sequence[tuple[float, float]] = (),
    hours: Sequence[int] = HOURS,
    spotting: Spotting | None = None,
) -> Footprint:
    """Of any landscape: `origin` is (lon, lat) of cell (0, 0), everything else in metres from it, as `grid.spread`."""
    fire = spread(land, weather, max(hours), ignitions, lines, perimeter, spotting=spotting)
    zones: list[Zone] = []
    for level, hour in enumerate(hours, 1):
        shape = geometry(fire, hour * 60, origin)
        if shape:
            zones.append(zone(level, hour, shape))
    frames = [(minute, geometry(fire, minute, origin)) for minute in FRAMES_MIN if minute <= fire.until_min]
    return Footprint(
        model=MODEL,
        zones=zones,
        assumptions=[],
        limits=[],
        summary={
            "ros_m_min": fire.head.ros_m_min,
            "towards_deg": fire.head.direction_deg,
            "length_to_width": fire.head.length_to_width,
            "area_ha": {str(hour): fire.area_ha(hour * 60) for hour in hours},
            "crown_fraction_burned": fire.head.crown_share,
            "cell_m": land.cell_m,
            "at_edge": reaches_edge(fire),
            "steepest_deg": degrees(atan(max(hypot(x, y) for x, y in steepest(land)))),
            "frames": [{"minute": minute, "geometry": shape} for minute, shape in frames if shape],
            **({"spot_fires": told(fire.lit, fire.outside)} if spotting else {}),
        },
    )


def reaches_edge(fire: Spread) -> bool:
    """Whether the fire burnt to the edge of the grid before the end: then it was cut short there."""
    a = fire.arrival_min
    return bool((np.concatenate([a[0], a[-1], a[:, 0], a[:, -1]]) <= fire.until_min).any())


def steepest(land: Landscape) -> list[tuple[float, float]]:
    east, north = land.rise
    at = int(np.argmax(east**2 + north**2))
    return [(float(east[at]), float(north[at]))]


def geometry(fire: Spread, minute: float, origin: tuple[float, float]) -> GeoJson | None:
    """GeoJSON of what burnt by a minute, thinned to a fifth of a cell; None if nothing did."""
    return multipolygon(fire.perimeter(minute), fire.land.cell_m, origin)


def multipolygon(polygons: Sequence[Sequence[Ring]], cell_m: float, origin: tuple[float, float]) -> GeoJson | None:
    """Rings in metres from `origin` as GeoJSON; None if nothing is left of them."""
    thinned = [shapely.Polygon(rings[0], rings[1:]).simplify(cell_m / 5) for rings in polygons]
    shapes = [one for one in thinned if isinstance(one, shapely.Polygon) and not one.is_empty]
    if not shapes:
        return None
    east_m, north_m = metres_per_degree(origin[1])

    def ring(line: Any) -> list[list[float]]:
        return [[round(origin[0] + x / east_m, 6), round(origin[1] + y / north_m, 6)] for x, y in line.coords]

    return {
        "type": "MultiPolygon",
        "coordinates": [[ring(s.exterior), *(ring(hole) for hole in s.interiors)] for s in shapes],
    }


def probable(
    land: Landscape,
    weather: Sequence[Weather],
    origin: tuple[float, float],
    ignitions: Sequence[tuple[float, float]],
    lines: Sequence[Line],
    members: int,
    places: Sequence[tuple[str, list[tuple[float, float]]]] = (),
    perimeter: Sequence[tuple[float, float]] = (),
    spotting: Spotting | None = None,
) -> tuple[list[Zone], dict[str, Any]]:
    """(zones by chance of burning within the hours, most likely first; area, perturbation and arrivals) of an ensemble."""
    perturb = Perturbation()
    many = ensemble(
        land, weather, max(HOURS), ignitions, members, perturb, lines=lines, perimeter=perimeter, spotting=spotting
    )
    zones = []
    for level, share in enumerate(SHARES, 1):
        shape = multipolygon(many.outline(share), land.cell_m, origin)
        if shape:
            meaning = f"{members} 次推演中至少 {share:.0%} 在 {max(HOURS)} 小时内烧到"
            zones.append(Zone(f"{max(HOURS)} 小时烧到可能 ≥{share:.0%}", level, meaning, shape, share * 100, "%"))
    low, middle, high = np.percentile(many.area_ha, (10, 50, 90))
    return zones, {
        "members": members,
        "perturb": vars(perturb),
        "area_ha_p10_p50_p90": [float(low), float(middle), float(high)],
        "places": arrivals(many, places),
        **({"spot_fires": of_members(many)} if spotting else {}),
    }


def of_members(many: Ensemble) -> dict[str, Any]:
    """What the brands of the members did: fires lit (median; p10, p50, p90), farthest of all, brands over the edge in a member."""
    lit, far, outside = many.brands.T
    low, middle, high = (round(float(v)) for v in np.percentile(lit, (10, 50, 90)))
    return {
        "lit": middle, "lit_p10_p50_p90": [low, middle, high], "farthest_m": float(far.max()), "outside": round(float(outside.mean())),
    }  # fmt: skip


def arrivals(many: Ensemble, places: Sequence[tuple[str, list[tuple[float, float]]]]) -> list[dict[str, Any]]:
    """Chance, earliest and median minute of the places (outlines or points, metres) that any member reaches, soonest first."""
    found: list[dict[str, Any]] = []
    for name, ring in places:
        cells = cells_of(many.land, ring)
        told = many.of_cells(cells) if len(cells) else None
        if told and told["probability"]:
            found.append({"name": name, **told})
    return sorted(found, key=lambda row: (row["median_min"], -row["probability"]))


def cells_of(land: Landscape, ring: Sequence[tuple[float, float]]) -> NDArray[np.int64]:
    """(row, column) of the cells whose centres lie in an outline; of a small one or a point, the cell it is in."""
    rows, columns = land.fuel.shape
    xs, ys = np.array(ring, float).T / land.cell_m
    if len(ring) > 2:
        x0, x1 = (int(v) for v in np.clip([np.ceil(xs.min()), np.floor(xs.max())], 0, columns - 1))
        y0, y1 = (int(v) for v in np.clip([np.ceil(ys.min()), np.floor(ys.max())], 0, rows - 1))
        grid_y, grid_x = np.mgrid[y0 : y1 + 1, x0 : x1 + 1]
        inside = shapely.contains_xy(shapely.Polygon(zip(xs, ys, strict=True)).buffer(0), grid_x, grid_y)
        if inside.any():
            return np.stack([grid_y[inside], grid_x[inside]], axis=1).astype(np.int64)
    row, column = int(np.floor(ys.mean() + 0.5)), int(np.floor(xs.mean() + 0.5))
    here = 0 <= row < rows and 0 <= column < columns
    return np.array([[row, column]] if here else np.zeros((0, 2)), np.int64)
