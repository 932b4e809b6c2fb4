"""Wildfire over a grid: arrival, perimeters, barriers, changing weather, ensembles."""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np

from anlan.cli._engines.contract import Engine, Field, Json, at_least_zero, choice, positive, read_points, read_rows
from anlan.cli._engines.fire import MOISTURE, PLACE
from anlan.hazards.contract import InputError
from anlan.hazards.plane import metres_per_degree
from anlan.hazards.wildfire.brands import PER_GJ, Spotting
from anlan.hazards.wildfire.ensemble import MOST_MEMBERS, Perturbation, ensemble
from anlan.hazards.wildfire.grid import MOST_HOURS, Landscape, Line, Ring, Spread, Weather, fuel_numbers, spread
from anlan.hazards.wildfire.rothermel import FORMULAS, Moisture

WET = tuple(Field(name, f"含水率 {name}", unit="（质量比）", low=0, high=5, open_low=True) for name in MOISTURE)


def burn(given: Json) -> Json:
    """Spread over a grid; with members, the chance of arrival as well."""
    size = read_one(given["grid"], GRID, "grid")
    land = landscape(given, int(size["ny"]), int(size["nx"]), size["cell_m"])
    weather, lines = read_weather(given), read_lines(given, size["cell_m"])
    points = [(x * size["cell_m"], y * size["cell_m"]) for x, y in read_points(given["ignitions"], "ignitions", 2, 2)]
    ring = [(x * size["cell_m"], y * size["cell_m"]) for x, y in read_points(given["perimeter"], "perimeter", 2, 2)]
    begin, hours = given["start_min"], given["hours"]
    brands = Spotting(**read_one(given["spotting"], SPOTTING, "spotting")) if given["spotting"] else None
    found = spread(
        land, weather, hours, points, lines, ring, begin, given["length_to_width"], given["wind_limit"], brands,
        int(given["seed"]),
    )  # fmt: skip
    times = minutes_of(given["perimeters_min"], begin, hours * 60)
    place = given["lon"], given["lat"]
    result = {
        "head_ros_m_min": found.head.ros_m_min,
        "head_direction_deg": found.head.direction_deg,
        "length_to_width": found.head.length_to_width,
        "crown_fraction_burned": found.head.crown_share,
        "area_ha": found.area_ha(found.until_min),
        "area_map_ha": found.map_area_ha(found.until_min),
        "arrival_min": listed(found.arrival_min, found.until_min),
        "perimeters": [perimeter_at(found, minute, place) for minute in times],
        "model": "Rothermel 1972；椭圆子波，有序推进（jet marching）",
        "notes": [
            "arrival_min 按 [iy][ix]，iy=0 在南；null 为预报期内未烧到",
            "area_ha 为坡面面积，area_map_ha 为水平投影面积",
        ],
    }
    if brands:
        result["spot_fires"] = [
            {
                "at": [brand.x / size["cell_m"], brand.y / size["cell_m"]],
                "t_min": brand.minute,
                "flown_m": brand.flown_m,
            }
            for brand in found.lit
        ]
    if given["members"] > 1:
        if begin:
            raise InputError("start_min", begin, "0（集合从火线观测时刻起算）")
        result.update(chances(given, land, weather, lines, points, ring, brands))
    return result


def read_one(given: Any, fields: tuple[Field, ...], path: str) -> Json:
    """One object with these fields and no others."""
    if not isinstance(given, dict):
        raise InputError(path, given, "JSON 对象")
    known = [field.name for field in fields]
    for name in given:
        if name not in known:
            raise InputError(f"{path}.{name}", given[name], f"只接受 {'、'.join(known)}")
    return {field.name: field.read(given, f"{path}.") for field in fields}


def landscape(given: Json, ny: int, nx: int, cell_m: float) -> Landscape:
    def grid(name: str) -> Any:
        value = given[name]
        if value is None:
            return None
        try:
            return np.full((ny, nx), float(value)) if isinstance(value, int | float) else np.array(value, np.float64)
        except (ValueError, TypeError):
            raise InputError(name, "不是等长数字行", f"数字，或 {ny} 行 {nx} 列") from None

    if ny * nx > 25_000_000:
        raise InputError("grid", [nx, ny], "至多 25000000 格")
    return Landscape(
        fuel_numbers(given["fuel"], (ny, nx)),
        cell_m,
        grid("elevation_m"),
        grid("canopy_cover"),
        grid("canopy_height_m"),
        given["crown_ratio"],
        grid("canopy_base_height_m"),
        grid("canopy_bulk_density_kg_m3"),
        given["foliar_moisture"],
    )


def read_weather(given: Json) -> list[Weather]:
    """The bands of `weather`, or the one of `wind` and `moisture`."""
    rows = given["weather"] or [{"from_min": 0, "wind": given["wind"], "moisture": given["moisture"]}]
    found = []
    for i, row in enumerate(rows):
        path = f"weather[{i}]." if given["weather"] else ""
        band = read_one(row, BAND, f"weather[{i}]") if given["weather"] else row
        wind = read_one(band["wind"], WIND, f"{path}wind")
        wet = read_one(band["moisture"], WET, f"{path}moisture")
        found.append(Weather(float(band["from_min"]), wind["speed_m_s"], wind["from_deg"], Moisture(**wet)))
    return found


def read_lines(given: Json, cell_m: float) -> list[Line]:
    rows = read_rows(given["lines"], LINE, "lines")
    return [
        Line(
            [(x * cell_m, y * cell_m) for x, y in read_points(row["points"], f"lines[{i}].points", 2, 2)],
            row["from_min"],
        )
        for i, row in enumerate(rows)
    ]


def minutes_of(asked: Any, begin: float, length: float) -> list[float]:
    """The times of the perimeters: those asked for, or every hour and the end."""
    if asked is None:
        return [begin + 60.0 * hour for hour in range(1, int(np.ceil(length / 60)))] + [begin + length]
    for i, minute in enumerate(asked):
        if not isinstance(minute, int | float) or isinstance(minute, bool) or not begin <= minute <= begin + length:
            raise InputError(f"perimeters_min[{i}]", minute, f"{begin:g} 至 {begin + length:g} min")
    return [float(minute) for minute in asked]


def listed(grid: Any, most: float) -> list[list[float | None]]:
    """Rows of numbers rounded to a hundredth; null beyond `most`."""
    return [[round(v, 2) if v <= most else None for v in row] for row in grid.tolist()]


def perimeter_at(found: Spread, minute: float, place: tuple[float | None, float | None]) -> Json:
    """GeoJSON around the place of cell (0, 0), or rings in metres: `polygon` the largest outer ring, `rings` all polygons."""
    shapes = found.perimeter(minute)
    one: Json = {"t_min": minute, "area_ha": found.area_ha(minute)}
    if place[0] is None or place[1] is None:
        largest: list[Ring] = max(shapes, key=lambda rings: len(rings[0]), default=[[]])
        return {
            **one,
            "polygon": [list(p) for p in largest[0]],
            "rings": [[[list(p) for p in r] for r in s] for s in shapes],
        }
    return {
        **one,
        "polygon": {"type": "MultiPolygon", "coordinates": [[degrees_of(r, place) for r in s] for s in shapes]},
    }


def degrees_of(ring: Ring, place: tuple[Any, Any]) -> list[list[float]]:
    east, north = metres_per_degree(place[1])
    return [[round(place[0] + x / east, 6), round(place[1] + y / north, 6)] for x, y in ring]


def chances(
    given: Json,
    land: Landscape,
    weather: list[Weather],
    lines: list[Line],
    points: Any,
    ring: Any,
    brands: Spotting | None,
) -> Json:
    """Probability per cell, area as percentiles, and what places may expect."""
    spread_of = read_one(given["perturb"], PERTURB, "perturb")
    many = ensemble(
        land, weather, given["hours"], points, int(given["members"]), Perturbation(**spread_of), int(given["seed"]),
        lines, given["length_to_width"], given["wind_limit"], perimeter=ring, spotting=brands,
    )  # fmt: skip
    places = {}
    for i, row in enumerate(read_rows(given["places"], NAMED, "places")):
        x, y = read_points([row["at"]], f"places[{i}].at", 2, 2)[0]
        places[row["name"]] = (x * land.cell_m, y * land.cell_m)
    low, middle, high = np.percentile(many.area_ha, (10, 50, 90))
    return {
        "probability": [[round(v, 4) for v in row] for row in many.probability.tolist()],
        "area_ha_p10_p50_p90": [float(low), float(middle), float(high)],
        "places": [{"name": name, **chance} for name, chance in many.at(places).items()],
    }


def draw_arrival(axes: Any, given: Json, result: Json) -> None:
    """Arrival in colour with hourly lines; with members, the probability."""
    cell = given["grid"]["cell_m"] / 1000
    if "probability" in result:
        grid, label = np.array(result["probability"]), "烧到的概率"
        shown = np.where(grid > 0, grid, np.nan)
    else:
        grid = np.array([[inf if v is None else v for v in row] for row in result["arrival_min"]])
        shown, label = np.where(np.isfinite(grid), grid / 60, np.nan), "烧到时间 h"
    ny, nx = shown.shape
    extent = (-cell / 2, (nx - 0.5) * cell, -cell / 2, (ny - 0.5) * cell)
    picture = axes.imshow(shown, origin="lower", extent=extent, cmap="inferno_r" if label[-1] != "h" else "inferno")
    axes.figure.colorbar(picture, ax=axes, label=label)
    for perimeter in result["perimeters"]:
        for shape in perimeter.get("rings", []):
            for ring in shape:
                axes.plot([p[0] / 1000 for p in ring], [p[1] / 1000 for p in ring], "k-", lw=0.6)
    for line in given.get("lines") or []:
        axes.plot([p[0] * cell for p in line["points"]], [p[1] * cell for p in line["points"]], "b-", lw=2)
    axes.set_xlabel("东 km")
    axes.set_ylabel("北 km")
    axes.set_title("火场蔓延（模型推算）")


def whole(name: str, title: str, low: float, high: float, default: Any) -> Field:
    return Field(name, title, "integer", low=low, high=high, default=default)


DRY = {"dead_1h": 0.06, "dead_10h": 0.07, "dead_100h": 0.08, "live_herb": 0.60, "live_woody": 0.90}
GRID = (
    Field("nx", "列数（东）", "integer", low=3, high=20_000), Field("ny", "行数（北）", "integer", low=3, high=20_000),
    positive("cell_m", "格距", "m", high=5000),
)  # fmt: skip
WIND = (
    at_least_zero("speed_m_s", "10 m 风速", "m/s", high=100),
    Field("from_deg", "风向（来向）", unit="°", low=0, high=360),
)
BAND = (at_least_zero("from_min", "起始", "min"), Field("wind", "风", "object"), Field("moisture", "含水率", "object"))
LINE = (Field("points", "折线 [[ix, iy], ...]", "array"), at_least_zero("from_min", "建成", "min", 0.0))
NAMED = (Field("name", "名称", "string"), Field("at", "位置 [ix, iy]", "array"))
SPOTTING = (
    positive("cover_m", "下风植被高度", "m", high=120),
    at_least_zero("per_gj", "每 GJ 放热带火落地的飞屑数（待核对）", "1/GJ", PER_GJ, 100),
    Field("fuel_c", "细小可燃物温度", unit="°C", low=-40, high=80, default=30.0),
)
PERTURB = (
    at_least_zero("wind_factor", "风速误差（对数标准差）", "", 0.2, 1),
    at_least_zero("direction_deg", "风向误差", "°", 15.0, 90),
    at_least_zero("moisture_factor", "含水率误差（对数标准差）", "", 0.15, 1),
    at_least_zero("ignition_m", "起火点误差", "m", 0.0, 5000),
)


class Any2D(Field):
    """One value, or a grid of rows."""

    def fits(self, value: Any) -> bool:
        single = isinstance(value, int | float | str) and not isinstance(value, bool)
        return isinstance(value, list) or (single and (self.kind == "string" or not isinstance(value, str)))

    def schema(self) -> Json:
        return {
            **super().schema(),
            "type": [self.kind, "integer", "array"] if self.kind == "string" else [self.kind, "array"],
        }

    def read(self, given: Any, path: str = "") -> Any:
        value = given.get(self.name)
        if value is None and self.default is None:
            return None
        if value is None or not self.fits(value):
            raise InputError(path + self.name, value, "一个值，或各行等长的二维数组")
        return value


SPREAD = (
    Field("grid", "网格 {nx, ny, cell_m}", "object"),
    Any2D("fuel", "燃料模型（代码或编号；91-99 不燃）", "string"),
    Any2D("elevation_m", "高程 [iy][ix]，iy=0 在南", unit="m", default=None),
    Any2D("canopy_cover", "郁闭度", default=None),
    Any2D("canopy_height_m", "冠层高度", unit="m", default=None),
    positive("crown_ratio", "冠长比", "", 1.0, 1),
    Any2D("canopy_base_height_m", "枝下高（与容积密度同给则算树冠火）", unit="m", default=None),
    Any2D("canopy_bulk_density_kg_m3", "冠层容积密度", unit="kg/m³", default=None),
    Field("foliar_moisture", "叶含水率", unit="（质量比）", low=0.2, high=4, default=1.0),
    Field("wind", "风 {speed_m_s（10 m）, from_deg}", "object", default=None),
    Field("moisture", "含水率", "object", default=None),
    Field("weather", "分段天气 [{from_min, wind, moisture}]", "array", default=None),
    Field("ignitions", "起火点 [[ix, iy], ...]", "array", default=[]),
    Field("perimeter", "观测火线 [[ix, iy], ...]，从此续算", "array", default=[]),
    at_least_zero("start_min", "续算起始", "min", 0.0, MOST_HOURS * 60),
    Field("lines", "阻隔线 [{points, from_min}]", "array", default=[]),
    Field("spotting", "飞火另起新火 {cover_m, per_gj, fuel_c}", "object", default=None),
    positive("hours", "预报时长", "h", 6.0, MOST_HOURS),
    Field("perimeters_min", "火线时刻", "array", default=None),
    choice("length_to_width", "长宽比公式", FORMULAS, "anderson"),
    Field("wind_limit", "限制有效风速", "boolean", default=True),
    whole("members", "集合成员数", 1, MOST_MEMBERS, 1),
    Field("perturb", "扰动", "object", default={}),
    whole("seed", "随机种子", 0, 2**31, 0),
    Field("places", "关注地点 [{name, at: [ix, iy]}]", "array", default=[]),
    *PLACE,
)
ENGINES: tuple[Engine, ...] = (
    Engine(
        "wildfire", "网格火场蔓延（阻隔、天气变化、集合）",
        "Rothermel 1972; Richards 1990 椭圆子波; Potter & Cameron 2021 (jet marching)",
        SPREAD, burn,
        {"grid": {"nx": 120, "ny": 80, "cell_m": 60}, "fuel": "GR2", "elevation_m": 1100,
         "wind": {"speed_m_s": 6, "from_deg": 280}, "moisture": DRY, "ignitions": [[20, 40]], "hours": 6,
         "lines": [{"points": [[60, 20], [60, 45]], "from_min": 60}]},
        plot=draw_arrival,
    ),
)  # fmt: skip
