"""森林草原火灾: surface spread of the standard fuels and the ellipse it burns."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from math import cos, pi, radians, sin, sqrt
from typing import Any

from anlan.hazards.contract import Case, Choice, Footprint, Ground, Hazard, Input, Lines, Places, Rows, Track, Zone
from anlan.hazards.plane import ellipse, metres_per_degree, polygon
from anlan.hazards.wildfire.fuels import FUELS, find
from anlan.hazards.wildfire.rothermel import Behaviour, Moisture, behaviour

HOURS = (1, 2, 3, 6)
#: Said with every result that no map of the country stands behind.
NO_GROUND = "没有导入本地燃料图和高程：按单一燃料、单一坡度推算，未计地形、水面与道路（可在“地形与燃料”导入）"
#: Times (min) of the fronts that the map's time slider runs through.
FRAMES_MIN = tuple(range(15, 361, 15))


def burnt(head_m_min: float, length_to_width: float, hours: float) -> tuple[float, float, float]:
    """(semi-major, semi-minor, distance of the centre ahead of the ignition) in m after `hours`: ignition at a focus."""
    eccentricity = sqrt(1 - 1 / length_to_width**2)
    major = head_m_min * 60 * hours / (1 + eccentricity)
    return major, major / length_to_width, major * eccentricity


def area_ha(head_m_min: float, length_to_width: float, hours: float) -> float:
    """Hectares burnt in uniform fuel, wind and slope."""
    major, minor, _ = burnt(head_m_min, length_to_width, hours)
    return pi * major * minor / 1e4


def head(
    fuel: str | int,
    wind_10m_km_h: float,
    slope: float = 0.0,
    aspect_deg: float = 180.0,
    moisture: tuple[float, ...] = (0.06, 0.07, 0.08, 0.60, 0.90),
    formula: str = "anderson",
) -> Behaviour:
    """The head of a fire in open fuel, wind from the west."""
    return behaviour(find(fuel), Moisture(*moisture), wind_10m_km_h, 270.0, slope, aspect_deg, formula=formula)


def on_grid(wind_10m_km_h: float, hours: int) -> tuple[float, float]:
    """(hectares, minutes to 6 km ahead) of GR4 on a grid of 30 m, wind from the west."""
    grid = import_module("anlan.hazards.wildfire.grid")
    land = grid.Landscape(grid.fuel_numbers("GR4", (200, 330)), 30.0)
    west = grid.Weather(0.0, wind_10m_km_h / 3.6, 270.0, Moisture(0.06, 0.07, 0.08, 0.60, 0.90))
    fire = grid.spread(land, [west], hours, [(50 * 30.0, 100 * 30.0)])
    return fire.area_ha(hours * 60), float(fire.arrival_min[100, 250])


def run(lon: float, lat: float, inputs: Mapping[str, Any]) -> Footprint:
    """Where the fire may be after 1, 2, 3 and 6 hours: an ellipse, or the grid where anything is not uniform.

    Grid: the fire starts from an observed perimeter, a line holds it, or the wind changes. Fuel and slope are uniform there too;
    `forecast.footprint` takes grids of both.
    """
    given = HAZARD.read(inputs)
    grids = any(given[name] for name in ("perimeter", "line", "lines", "ground", "forecast", "canopy_density"))
    if grids or given["change_after_h"] > 0 or given["members"] > 1 or given["spot_fires"] == "yes":
        # numba takes a second to load: only who burns a grid pays it
        return import_module("anlan.hazards.wildfire.forecast").of_inputs(lon, lat, given)
    dead, live = given["moisture_pct"] / 100, given["live_moisture_pct"] / 100
    spread = behaviour(
        find(given["fuel"]),
        Moisture(dead, dead + 0.01, dead + 0.02, live, live),
        given["wind_m_s"] * 3.6,
        given["wind_from_deg"],
        given["slope"],
        given["wind_from_deg"],
    )

    def shape(hours: float) -> dict[str, Any] | None:
        major, minor, ahead = burnt(spread.ros_m_min, spread.length_to_width, hours)
        return polygon(lon, lat, ellipse(major, minor, spread.direction_deg, ahead)) if major >= 1 else None

    drawn = [(level, hours, shape(hours)) for level, hours in enumerate(HOURS, 1)]
    thrown, brands = thrown_zone(given, spread, drawn[-1][2], lat)
    frames = [(minute, shape(minute / 60)) for minute in FRAMES_MIN]
    return Footprint(
        model=HAZARD.model,
        zones=[zone(level, hours, geometry) for level, hours, geometry in drawn if geometry] + thrown,
        assumptions=[
            *assumed(given),
            NO_GROUND,
            "风与上坡同向，恒定；火场为椭圆，起火点在焦点",
        ],
        limits=["未计道路、河流等阻隔", f"未计{'' if thrown else '飞火、'}树冠火与扑救", "坡度、燃料取单一值"],
        summary={
            **brands,
            "ros_m_min": spread.ros_m_min,
            "flame_m": spread.flame_length_m,
            "intensity_kw_m": spread.fireline_intensity_kw_m,
            "towards_deg": spread.direction_deg,
            "length_to_width": spread.length_to_width,
            "area_ha": {str(hours): area_ha(spread.ros_m_min, spread.length_to_width, hours) for hours in HOURS},
            "frames": [{"minute": minute, "geometry": geometry} for minute, geometry in frames if geometry],
        },
    )


def thrown_zone(
    given: Mapping[str, Any], spread: Behaviour, burnt_by: dict[str, Any] | None, lat: float
) -> tuple[list[Zone], dict[str, float]]:
    """(where firebrands of the last front may light new fires, the distance): the burnt area drawn out downwind."""
    if given["cover_m"] <= 0 or burnt_by is None:
        return [], {}
    far = import_module("anlan.hazards.wildfire.spotting").distance_m(
        spread.fireline_intensity_kw_m, given["wind_m_s"], given["cover_m"]
    )
    if far < 1:
        return [], {"spotting_m": far}
    east, north = metres_per_degree(lat)
    towards = radians(given["wind_from_deg"] + 180)
    dx, dy = far * sin(towards) / east, far * cos(towards) / north
    parts = burnt_by["coordinates"] if burnt_by["type"] == "MultiPolygon" else [burnt_by["coordinates"]]
    points = [(x + k * dx, y + k * dy) for part in parts for x, y in part[0] for k in (0, 1)]
    hull = import_module("shapely").MultiPoint(points).convex_hull
    ring = [[round(x, 6), round(y, 6)] for x, y in hull.exterior.coords]
    meaning = f"地表火最大飞火距离 {far:.0f} m（Albini 1983）：下风此范围内可能起新火，须瞭望看守"
    shape = {"type": "Polygon", "coordinates": [ring]}
    return [Zone("飞火可能落点", 4, meaning, shape, round(far), "m", uncertain=True)], {"spotting_m": far}


def zone(level: int, hours: float, geometry: dict[str, Any]) -> Zone:
    """What may have burnt after so many hours."""
    return Zone(f"{hours} 小时火线", level, f"无扑救情况下 {hours} 小时可能烧到", geometry, hours, "h")


def assumed(given: Mapping[str, Any]) -> list[str]:
    """Fuel and moisture in words."""
    dead = given["moisture_pct"] / 100
    return [
        f"均匀燃料 {given['fuel']}，活草含水率 {given['live_moisture_pct']:g} %",
        f"1/10/100 小时死可燃物含水率 {dead:.0%}/{dead + 0.01:.0%}/{dead + 0.02:.0%}",
    ]


FORECAST = (
    Input("hour", "小时", "h", 0, 240),
    Input("wind_m_s", "10 m 风速", "m/s", 0, 40),
    Input("from_deg", "来向", "°", 0, 360),
    Input("moisture_pct", "细小死可燃物含水率", "%", 1, 60),
)
BEHAVE = "BehavePlus (pyrothermel 0.1.4), flat, moisture 6/7/8/60/90 %, 10 m wind"
LEVEL_SET = "pyretechnics 2026.10.20, head of a GR4 fire"
HAZARD = Hazard(
    kind="wildfire",
    title="森林草原火蔓延",
    model="Rothermel 1972 地表火 + 椭圆子波（长宽比 1+0.25U，Rothermel 1991）",
    citation="Rothermel 1972 (INT-115); Andrews 2018 (RMRS-GTR-371); Rothermel 1991 (INT-438); Scott & Burgan 2005 (GTR-153)",
    grade="working",
    inputs=(
        Choice("fuel", "燃料模型", tuple(FUELS), "GR2"),
        Input("moisture_pct", "细小死可燃物含水率", "%", 1, 60, 6),
        Input("live_moisture_pct", "活可燃物含水率", "%", 30, 300, 30),
        Input("wind_m_s", "10 m 风速", "m/s", 0, 40, 5),
        Input("wind_from_deg", "风向（来向）", "°", 0, 360, 315),
        Input("slope", "坡度（升高/水平）", "", 0, 2, 0),
        Input("change_after_h", "风转变于（小时后，0 为不变）", "h", 0, 6, 0),
        Input("change_wind_m_s", "转变后风速", "m/s", 0, 40, 5),
        Input("change_from_deg", "转变后风向（来向）", "°", 0, 360, 315),
        Input("cover_m", "下风植被高度（算飞火，0 为不算）", "m", 0, 50, 0),
        Choice("spot_fires", "飞火另起新火（须给下风植被高度）", ("no", "yes"), "no", {"no": "不算", "yes": "抽样计算"}),
        Input("brands_per_gj", "带火落地飞屑数（每 GJ 放热，待核对）", "个/GJ", 0, 100, 0.02),
        Input("members", "集合次数（1 为单次）", "次", 1, 200, 1),
        Input("canopy_density", "林冠容积密度（算树冠火，0 为不算）", "kg/m³", 0, 2, 0),
        Input("canopy_base_m", "枝下高", "m", 0, 60, 2),
        Input("canopy_height_m", "树高", "m", 0, 120, 12),
        Input("canopy_cover_pct", "郁闭度", "%", 0, 100, 50),
        Rows("forecast", "逐时预报：小时，风速 m/s，来向 °，细小死可燃物含水率 %", FORECAST, 1000),
        Track("perimeter", "已观测火线（手绘或 GPS 轨迹），从此续算", 3),
        Track("line", "隔离线（已建成）", 2),
        Lines("lines", "指挥员画的隔离线"),
        Ground("ground", "燃料与地形栅格"),
        Places("places", "村（社区）与重点场所"),
    ),
    run=run,
    example={"fuel": "GR2", "wind_m_s": 8, "wind_from_deg": 300},
    cases=(
        Case("GR4 无风平地蔓延速度 m/min", lambda **k: head(**k).ros_m_min,
             {"fuel": "GR4", "wind_10m_km_h": 0.0}, 0.947053, 0.002, BEHAVE),
        Case("GR4 20 km/h 蔓延速度 m/min", lambda **k: head(**k).ros_m_min,
             {"fuel": "GR4", "wind_10m_km_h": 20.0}, 20.565643, 0.002, BEHAVE),
        Case("GR2 20 km/h 蔓延速度 m/min", lambda **k: head(**k).ros_m_min,
             {"fuel": "GR2", "wind_10m_km_h": 20.0}, 8.304539, 0.002, BEHAVE),
        Case("GR4 20 km/h，坡度 0.19438 侧坡", lambda **k: head(**k).ros_m_min,
             {"fuel": "GR4", "wind_10m_km_h": 20.0, "slope": 0.19438}, 20.605, 0.001, LEVEL_SET),
        Case("椭圆 6 小时面积 ha", area_ha, {"head_m_min": 20.5609, "length_to_width": 2.1293, "hours": 6.0},
             2280.2, 0.001, "焦点起火椭圆的闭式解"),
        Case("网格 6 小时面积 ha", lambda **k: on_grid(**k)[0],
             {"wind_10m_km_h": 20.0, "hours": 6}, 2280.2, 0.01, "焦点起火椭圆的闭式解"),
        Case("网格火头 6 km 处到达 min", lambda **k: on_grid(**k)[1],
             {"wind_10m_km_h": 20.0, "hours": 6}, 6000 / 20.5609, 0.003, "火头速度的直线行程，60 s 以内"),
        Case("长宽比 BehavePlus 式", lambda **k: head(**k).length_to_width,
             {"fuel": "GR4", "wind_10m_km_h": 20.0, "slope": 0.19438, "formula": "behave"}, 1.5127, 0.001, LEVEL_SET),
    ),
)  # fmt: skip
