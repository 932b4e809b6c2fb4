"""What the map gets of a fire on a grid: zones after 1, 2, 3 and 6 hours, fronts for the time slider, and how far it came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import atan, degrees, hypot, radians, sin
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from anlan.hazards.contract import Footprint, GeoJson, InputError, Zone
from anlan.hazards.plane import metres_per_degree
from anlan.hazards.wildfire import FRAMES_MIN, HOURS, assumed, thrown_zone, zone
from anlan.hazards.wildfire.ensemble import Ensemble, Perturbation, ensemble
from anlan.hazards.wildfire.fuels import find
from anlan.hazards.wildfire.grid import Landscape, Line, Ring, Spread, Weather, spread
from anlan.hazards.wildfire.rothermel import Moisture, behaviour

#: Cells on each side of the square that is laid around a fire in uniform country, and the finest cell (m).
ACROSS, FINEST_M = 400, 5.0
#: Chances whose outlines are drawn, most likely first.
SHARES = (0.9, 0.5, 0.1)
#: A commander walks or draws a perimeter of some kilometres; a mistaken degree would ask for a continent.
WIDEST_M = 200_000.0
MODEL = "Rothermel 1972 地表火 + 网格椭圆子波（jet marching，长宽比 1+0.25U）"


def of_inputs(lon: float, lat: float, given: Mapping[str, Any]) -> Footprint:
    """From the inputs of `HAZARD`: uniform fuel and slope, an observed perimeter, a line, a change of wind."""
    dead, live = given["moisture_pct"] / 100, given["live_moisture_pct"] / 100
    wet = Moisture(dead, dead + 0.01, dead + 0.02, live, live)
    weather = [Weather(0.0, given["wind_m_s"], given["wind_from_deg"], wet)]
    if given["change_after_h"] > 0:
        weather.append(Weather(given["change_after_h"] * 60, given["change_wind_m_s"], given["change_from_deg"], wet))
    ring, line = given["perimeter"] or [], given["line"] or []
    if ring and given["members"] > 1:
        raise InputError("members", given["members"], "1（从已观测火线续算时）")
    room = 1.05 if given["members"] == 1 else 1.6  # some members have half as much wind again
    west, south, side = square(lon, lat, ring, given["fuel"], weather, given["slope"], room)
    land = uniform(given["fuel"], side, given["slope"], given["wind_from_deg"])
    east_m, north_m = metres_per_degree(lat)

    def local(places: Sequence[Sequence[float]]) -> list[tuple[float, float]]:
        return [((x - lon) * east_m - west, (y - lat) * north_m - south) for x, y in places]

    notes = [f"坡度 {given['slope']:g} 朝向起始风的下风方" if given["slope"] else "平地"]
    notes += [
        f"{given['change_after_h']:g} 小时后转 {given['change_from_deg']:g}° 风 {given['change_wind_m_s']:g} m/s"
    ][: int(given["change_after_h"] > 0)]
    notes += ["从已观测火线续算，时刻自火线观测起"] if ring else []
    notes += ["隔离线在起算时已建成，火不越线"] if line else []
    found = footprint(
        land, weather, (lon + west / east_m, lat + south / north_m),
        [] if ring else local([[lon, lat]]), [Line(local(line))] if line else [], local(ring),
    )  # fmt: skip
    zones, summary = found.zones, found.summary
    if given["members"] > 1:
        zones, chance = probable(
            land, weather, (lon + west / east_m, lat + south / north_m), local([[lon, lat]]),
            [Line(local(line))] if line else [], int(given["members"]),
            [(name, local(ring)) for name, ring in given["places"] or []],
        )  # fmt: skip
        summary = {**summary, **chance}
        notes += [f"集合 {given['members']:g} 次：风速、风向、含水率按误差抽样（对数标准差 0.2、15°、0.15，待核对）"]
    head = behaviour(find(given["fuel"]), wet, given["wind_m_s"] * 3.6, given["wind_from_deg"], given["slope"], 0.0)
    thrown, brands = thrown_zone(given, head, found.zones[-1].geometry if found.zones else None, lat)
    zones, summary = [*zones, *thrown], {**summary, **brands}
    return Footprint(
        found.model, zones, [*assumed(given), *notes],
        ["燃料、坡度取单一值", f"未计{'' if thrown else '飞火、'}树冠火", "未计道路、河流等阻隔" if not line else "除隔离线外未计阻隔"], summary,
    )  # fmt: skip


def square(
    lon: float,
    lat: float,
    ring: Sequence[Sequence[float]],
    fuel: str,
    weather: Sequence[Weather],
    slope: float,
    room: float,
) -> tuple[float, float, float]:
    """(west, south of the place, side) in metres of a square that the fire cannot leave within the hours."""
    east_m, north_m = metres_per_degree(lat)
    xs = [0.0, *((x - lon) * east_m for x, _ in ring)] if not ring else [(x - lon) * east_m for x, _ in ring]
    ys = [0.0] if not ring else [(y - lat) * north_m for _, y in ring]
    far = max(map(abs, (*xs, *ys)))
    if far > WIDEST_M:
        raise InputError("perimeter", f"离起火点 {far / 1000:.0f} km", f"<= {WIDEST_M / 1000:g} km")
    heads = [
        behaviour(find(fuel), w.moisture, float(np.max(w.wind_m_s)) * 3.6, 0.0, slope, 0.0).ros_m_min for w in weather
    ]
    run = max(max(heads) * 60 * max(HOURS), 50.0) * room
    middle_x, middle_y = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    half = max(max(xs) - min(xs), max(ys) - min(ys)) / 2 + run
    return middle_x - half, middle_y - half, 2 * half


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
) -> Footprint:
    """Of any landscape: `origin` is (lon, lat) of cell (0, 0), everything else in metres from it, as `grid.spread`."""
    fire = spread(land, weather, max(hours), ignitions, lines, perimeter)
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
            "cell_m": land.cell_m,
            "steepest_deg": degrees(atan(max(hypot(x, y) for x, y in steepest(land)))),
            "frames": [{"minute": minute, "geometry": shape} for minute, shape in frames if shape],
        },
    )


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
) -> tuple[list[Zone], dict[str, Any]]:
    """(zones by chance of burning within the hours, most likely first; area, perturbation and arrivals) of an ensemble."""
    perturb = Perturbation()
    many = ensemble(land, weather, max(HOURS), ignitions, members, perturb, lines=lines)
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
    }


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
