"""Chemical releases: grading of a unit, source terms, dispersion, probits."""

from __future__ import annotations

from typing import Any

from anlan.cli._engines.contract import (
    Engine,
    Field,
    Json,
    at_least_zero,
    choice,
    positive,
    read_points,
    read_rows,
)
from anlan.cli._engines.release import STABILITIES, SUBSTANCE, need, optional, substance_of
from anlan.hazards.chemical import calm, cloud, gb18218, plume, puff, risk, stability
from anlan.hazards.chemical.substances import Substance
from anlan.hazards.contract import InputError
from anlan.hazards.plane import downwind, polygon

MG_PER_KG = 1e6
ITEM = (
    Field("name", "名称", "string", default=None),
    Field("cas", "CAS 号", "string", default=None),
    at_least_zero("q_t", "设计最大量", "t"),
    Field("category", "表2 类别", "string", default=None),
    at_least_zero("beta_as", "指定校正系数", "", None),
)
LON_LAT = (
    Field("lon", "经度", unit="°", low=-180, high=180, default=None),
    Field("lat", "纬度", unit="°", low=-90, high=90, default=None),
    Field("wind_from_deg", "风向（来向）", unit="°", low=0, high=360, default=None),
)


UNIT = (
    Field("name", "单元名称", "string"),
    Field("kind", "单元类型", "string", default=None),
    Field("items", "物质", "array"),
)
PLANT = (
    Field("name", "企业名称", "string"), Field("people_500m", "厂界外 500 m 常住人口", "integer", "人", low=0),
    Field("units", "单元", "array"),
)  # fmt: skip


def major_hazard(given: Json) -> Json:
    """A unit (items), an enterprise (units) or a park (enterprises)."""
    if given["enterprises"] is not None:
        plants = read_rows(given["enterprises"], PLANT, "enterprises")
        for i, plant in enumerate(plants):
            plant["units"] = units_of(plant["units"], f"enterprises[{i}].units")
        return gb18218.park(plants)
    if given["people_500m"] is None:
        raise InputError("people_500m", None, ">= 0 人")
    people = int(given["people_500m"])
    if given["units"] is not None:
        return gb18218.enterprise(units_of(given["units"], "units"), people)
    return gb18218.major_hazard(items_of(given["items"], "items"), people)


def items_of(rows: Any, path: str) -> list[Json]:
    items = read_rows(rows or [], ITEM, path)
    if not items:
        raise InputError(path, rows, "至少一种物质")
    return items


def units_of(rows: list[Any], path: str) -> list[Json]:
    units = read_rows(rows, UNIT, path)
    if not units:
        raise InputError(path, rows, "至少一个单元")
    for i, unit in enumerate(units):
        unit["items"] = items_of(unit["items"], f"{path}[{i}].items")
    return units


def draw_grades(axes: Any, given: Json, result: Json) -> None:
    """q/Q of every substance of a unit, or S of every unit, against the threshold 1."""
    units = result.get("units") or [unit for plant in result.get("enterprises", []) for unit in plant["units"]]
    bars = [(unit["name"], unit["S"]) for unit in units] or [(item["name"], item["ratio"]) for item in result["items"]]
    axes.barh([name for name, _ in bars], [value for _, value in bars])
    axes.axvline(1.0, color="red", linestyle="--")
    axes.set_xlabel("q/Q（虚线：构成重大危险源的界限 1）")
    grade = result.get("worst_grade", result.get("grade")) or "不构成重大危险源"
    axes.set_title(f"GB 18218-2018：{grade}")


def ends_of(given: Json) -> list[tuple[str, float]]:
    """(name, mg/m3) of the endpoints asked for, or those of the substance."""
    if given["endpoints_mg_m3"] is not None:
        for i, value in enumerate(given["endpoints_mg_m3"]):
            if not isinstance(value, int | float) or isinstance(value, bool) or not value > 0:
                raise InputError(f"endpoints_mg_m3[{i}]", value, "> 0 mg/m³")
        return [(f"{value:g} mg/m³", float(value)) for value in given["endpoints_mg_m3"]]
    of = substance_of(given)
    pairs = (("毒性终点浓度-1", of.endpoint_1), ("毒性终点浓度-2", of.endpoint_2)) if of else ()
    return [(name, value) for name, value in pairs if value is not None]


def source_of(given: Json, of: Substance | None) -> cloud.Source | None:
    """The cloud's source when the substance, and so its density, is known."""
    if of is None:
        return None
    kelvin = need(given, "source_temperature_k", max(of.boiling_c + 273.15, 293.15))
    width = given["source_width_m"]
    radius = width / 2 if width else 1.0
    return cloud.Source(of, given["rate_kg_s"], kelvin, given["droplet_fraction"], given["height_m"], radius)


def disperse(given: Json) -> Json:
    """Steady plume: concentrations at receptors, distances and outlines of the endpoints."""
    of = substance_of(given)
    source = source_of(given, of)
    if given["model"] == "dense" and source is None:
        raise InputError("substance", None, "重气模型需要给出 substance")
    terrain = "gb3840" if given["sigma"] == "gb3840" else given["terrain"]
    air = cloud.Air(given["wind_m_s"], given["stability"], terrain)
    model, number = model_of(given, source, air)
    receptors = read_points(given["receptors"], "receptors", 3, 3)
    levels, rings = DRAW[model](given, source, air, receptors, ends_of(given))
    return {
        "model": model,
        "model_name": f"Gaussian plume, {given['sigma']}" if model == "gaussian" else cloud.NAMES[model],
        "richardson": number,
        "concentration_mg_m3": [level * MG_PER_KG for level in levels],
        "endpoints": [
            {"name": name, "mg_m3": value, "max_distance_m": max((x for x, _ in ring), default=0.0),
             "polygon": outline(given, ring)}
            for (name, value), ring in zip(ends_of(given), rings, strict=True)
        ],
        "notes": notes(given, model),
    }  # fmt: skip


def model_of(given: Json, source: cloud.Source | None, air: cloud.Air) -> tuple[str, float | None]:
    """(model, Richardson number). A width given decides the number, as HJ 169-2018 G has it."""
    if source is None:
        return (cloud.CALM if air.wind < calm.SMALL else cloud.GAUSSIAN), None
    choice = cloud.choose(source, air, given["model"], given["source_width_m"])
    return choice.model, choice.richardson


Drawn = tuple[list[float], list[list[tuple[float, float]]]]
Ends = list[tuple[str, float]]


def draw_gaussian(given: Json, source: cloud.Source | None, air: cloud.Air, receptors: Any, ends: Ends) -> Drawn:
    base = (given["rate_kg_s"], given["height_m"], air.wind, air.stability, air.terrain)
    levels = [plume.concentration(x, y, z, *base) for x, y, z in receptors]
    return levels, [plume.contour(value / MG_PER_KG, *base) for _, value in ends]


def draw_dense(given: Json, source: cloud.Source | None, air: cloud.Air, receptors: Any, ends: Ends) -> Drawn:
    assert source is not None
    layer = cloud.Batch(cloud.DENSE, (source,), (air,)).solved
    return [layer.at(x, y, z) for x, y, z in receptors], [layer.contour(value / MG_PER_KG) for _, value in ends]


def draw_calm(given: Json, source: cloud.Source | None, air: cloud.Air, receptors: Any, ends: Ends) -> Drawn:
    base = (given["rate_kg_s"], given["height_m"], air.wind, air.stability)
    for i, (x, y, _z) in enumerate(receptors):
        if x == y == 0 and not given["height_m"]:
            raise InputError(f"receptors[{i}]", [x, y, _z], "不在源点上")
    levels = [calm.concentration(x, y, *base) for x, y, _z in receptors]
    return levels, [calm.contour(value / MG_PER_KG, *base) for _, value in ends]


DRAW = {cloud.GAUSSIAN: draw_gaussian, cloud.DENSE: draw_dense, cloud.CALM: draw_calm}


def outline(given: Json, ring: list[tuple[float, float]]) -> Any:
    """GeoJSON (WGS84) when the place and the wind are given, else [x, y] in metres downwind and across."""
    if not ring:
        return None
    place = [given[name] for name in ("lon", "lat", "wind_from_deg")]
    if None in place:
        return [[round(x, 1), round(y, 1)] for x, y in ring]
    lon, lat, wind_from = place
    return polygon(lon, lat, [downwind((wind_from + 180) % 360, x, y) for x, y in ring])


NOTES = {
    cloud.GAUSSIAN: "100 m 以内不可用",
    cloud.DENSE: "重气浅层模型：近源动量射流未计",
    cloud.CALM: "风速低于 1 m/s：按静小风处理，低于 0.5 m/s 时风向无意义（系数待核对），受体高度未计",
}


def notes(given: Json, model: str) -> list[str]:
    return ["平坦地形、稳定风", NOTES[model]]


def burst(given: Json) -> Json:
    """One puff."""
    if given["sigma"] != "slade":
        raise InputError("sigma", given["sigma"], "slade")
    receptors = read_points(given["receptors"], "receptors", 3, 3)
    found = []
    for x, y, z in receptors:
        at = given["seconds"] if given["seconds"] is not None else max(x, 1e-6) / given["wind_m_s"]
        level = puff.concentration(
            x, y, z, at, given["mass_kg"], given["height_m"], given["wind_m_s"], given["stability"]
        )
        found.append(level * MG_PER_KG)
    when = "给定时刻" if given["seconds"] is not None else "云团中心经过时"
    return {"model": "gaussian puff, Slade 1968", "concentration_mg_m3": found, "at": when}


def weather_class(given: Json) -> Json:
    sun = given["solar_height_deg"]
    if sun is None:
        parts = [given[name] for name in ("day_of_year", "beijing_hour", "lon", "lat")]
        if None in parts:
            raise InputError("solar_height_deg", None, "度，或给出 day_of_year、beijing_hour、lon、lat")
        sun = stability.solar_height(int(parts[0]) - 1, parts[1], parts[2], parts[3])
    low = given["low_cloud_tenths"]
    return {
        "stability": stability.pasquill(given["wind_m_s"], given["cloud_tenths"], sun, low),
        "radiation": stability.radiation(given["cloud_tenths"], sun, low),
        "solar_height_deg": sun,
        "clause": "GB/T 3840-91 附录 B",
    }


def vulnerability(given: Json) -> Json:
    """Toxic by substance or constants; heat and blast by their dose."""
    if given["flux_kw_m2"] is not None:
        value, share = risk.heat(given["flux_kw_m2"], need(given, "seconds", None, "> 0 s"))
        return {"probit": value, "fatality": share, "formula": "Pr = -36.38 + 2.56 ln(q^(4/3) t)，t ≤ 20 s"}
    if given["overpressure_kpa"] is not None:
        each = {name: risk.blast(name, given["overpressure_kpa"])[1] for name in risk.BLAST}
        value, share = risk.blast("肺出血死亡", given["overpressure_kpa"])
        return {"probit": value, "fatality": share, "effects": each}
    of = substance_of(given)
    constants = of.probit if of else ()
    a, b, n = (
        need(given, name, constants[i] if constants else None, "数字，或给出有概率常数的 substance")
        for i, name in enumerate("abn")
    )
    level = need(given, "concentration_mg_m3", given["concentration"], "> 0 mg/m³")
    cap = given["cap_minutes"]
    value, share = risk.toxic(a, b, n, level, need(given, "minutes", None, "> 0 min"), cap)
    return {"probit": value, "fatality": share, "formula": f"Pr = {a:g} + {b:g} ln(C^{n:g} t)，t ≤ {cap:g} min"}


def draw_receptors(axes: Any, given: Json, result: Json) -> None:
    """Concentration over the way downwind."""
    pairs = sorted(zip((x for x, _y, _z in given["receptors"]), result["concentration_mg_m3"], strict=True))
    axes.plot([x for x, _ in pairs], [c for _, c in pairs], "o-")
    axes.set_xlabel("下风向 m")
    axes.set_ylabel("浓度 mg/m³")


def draw_stability(axes: Any, given: Json, result: Json) -> None:
    """The class for every wind under this sky."""
    winds = [i / 10 for i in range(1, 81)]
    sky = (given["cloud_tenths"], result["solar_height_deg"], given.get("low_cloud_tenths") or 0.0)
    axes.step(winds, [stability.pasquill(wind, *sky) for wind in winds], where="post")
    axes.axvline(given["wind_m_s"], color="red", linestyle="--")
    axes.set_xlabel("10 m 风速 m/s")
    axes.set_ylabel("稳定度")


def draw_probit(axes: Any, given: Json, result: Json) -> None:
    """Share dying over the probit, and where this case lies."""
    values = [i / 20 for i in range(201)]
    axes.plot(values, [risk.share(value) for value in values])
    axes.plot([result["probit"]], [result["fatality"]], "ro")
    axes.set_xlabel("概率变量 Pr")
    axes.set_ylabel("死亡率")


def draw(axes: Any, given: Json, result: Json) -> None:
    """The outlines of the endpoints, downwind to the right."""
    for end in result["endpoints"]:
        shape = end["polygon"]
        ring = shape["coordinates"][0] if isinstance(shape, dict) else [*shape, shape[0]] if shape else []
        axes.fill([p[0] for p in ring], [p[1] for p in ring], alpha=0.35, label=f"{end['name']} {end['mg_m3']:g} mg/m³")
    axes.set_xlabel("下风向 m" if given.get("lon") is None else "经度")
    axes.set_ylabel("横风向 m" if given.get("lon") is None else "纬度")
    axes.set_title(f"{result['model_name']}（模型推算）")
    axes.legend()


ENGINES = (
    Engine(
        "major-hazard", "危险化学品重大危险源辨识分级", "GB 18218-2018",
        (Field("items", "物质（一个单元）", "array", default=None), Field("units", "单元（一个企业）", "array", default=None),
         Field("enterprises", "企业（一个园区）", "array", default=None),
         Field("people_500m", "厂界外 500 m 常住人口", "integer", "人", low=0, default=None)),
        major_hazard,
        {"items": [{"name": "氯", "q_t": 60}], "people_500m": 120}, plot=draw_grades,
    ),
    Engine(
        "plume", "稳态扩散", "AQ/T 3046-2013 E.33; HJ 169-2018 附录 G; Spicer & Havens 1989; HJ/T 2.2-93",
        (SUBSTANCE, positive("rate_kg_s", "源强", "kg/s"), optional("duration_s", "持续时间", "s"),
         at_least_zero("height_m", "高度", "m", 0.0), at_least_zero("wind_m_s", "风速（低于 1 按静小风）", "m/s", high=100),
         choice("stability", "稳定度", STABILITIES), choice("terrain", "地面", ("rural", "urban"), "rural"),
         choice("model", "模型", ("auto", "gaussian", "dense"), "auto"),
         choice("sigma", "扩散参数", ("briggs", "gb3840"), "briggs"), Field("receptors", "受体 [x, y, z] m", "array", default=[]),
         Field("endpoints_mg_m3", "终点浓度", "array", default=None), optional("source_temperature_k", "源处气温", "K"),
         optional("source_width_m", "源宽", "m"), at_least_zero("droplet_fraction", "源处液滴份额", "", 0.0, 1), *LON_LAT),
        disperse,
        {"substance": "氨", "rate_kg_s": 1, "height_m": 0, "wind_m_s": 3, "stability": "D", "terrain": "rural",
         "model": "gaussian", "receptors": [[500, 0, 0], [1000, 20, 1.5]]},
        plot=draw,
    ),
    Engine(
        "puff", "瞬时泄漏烟团", "Crowl & Louvar; Slade 1968",
        (SUBSTANCE, positive("mass_kg", "质量", "kg"), at_least_zero("height_m", "高度", "m", 0.0),
         positive("wind_m_s", "风速", "m/s", high=100), choice("stability", "稳定度", STABILITIES),
         choice("sigma", "扩散参数", ("slade",), "slade"), optional("seconds", "时刻", "s"),
         Field("receptors", "受体 [x, y, z] m", "array")),
        burst,
        {"mass_kg": 100, "wind_m_s": 3, "stability": "D", "receptors": [[300, 0, 0], [1000, 0, 1.5]]}, plot=draw_receptors,
    ),
    Engine(
        "stability", "大气稳定度", "GB/T 3840-91 附录 B",
        (at_least_zero("wind_m_s", "10 m 风速", "m/s"), at_least_zero("cloud_tenths", "总云量", "成", high=10),
         at_least_zero("low_cloud_tenths", "低云量", "成", 0.0, 10),
         Field("solar_height_deg", "太阳高度角", unit="°", low=-90, high=90, default=None),
         Field("day_of_year", "年内日序", "integer", "日", low=1, high=366, default=None),
         at_least_zero("beijing_hour", "北京时间", "h", None, 24), *LON_LAT[:2]),
        weather_class,
        {"wind_m_s": 2.5, "cloud_tenths": 3, "day_of_year": 196, "beijing_hour": 14, "lon": 106.8, "lat": 39.66},
        plot=draw_stability,
    ),
    Engine(
        "probit", "概率函数与死亡率", "HJ 169-2018 表 I.2; AQ/T 3046-2013; CCPS",
        (SUBSTANCE, Field("a", "常数 a", default=None), Field("b", "常数 b", default=None), Field("n", "指数 n", default=None),
         at_least_zero("concentration", "浓度", "mg/m³", None), at_least_zero("concentration_mg_m3", "浓度", "mg/m³", None),
         at_least_zero("minutes", "时间", "min", None), positive("cap_minutes", "计入的最长时间", "min", 30.0),
         at_least_zero("flux_kw_m2", "热通量", "kW/m²", None), at_least_zero("seconds", "受热时间", "s", None),
         at_least_zero("overpressure_kpa", "超压", "kPa", None)),
        vulnerability,
        {"substance": "氯", "concentration_mg_m3": 500, "minutes": 30}, plot=draw_probit,
    ),
)  # fmt: skip
