"""Chemical releases: grading of a unit, source terms, dispersion, probits."""

from __future__ import annotations

from math import pi
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
from anlan.hazards.chemical import dense, gb18218, plume, puff, risk, source, stability
from anlan.hazards.chemical.substances import Substance, find
from anlan.hazards.contract import InputError
from anlan.hazards.plane import downwind, polygon

MG_PER_KG = 1e6
ROOM_K = 298.15
STABILITIES = plume.STABILITIES
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


def major_hazard(given: Json) -> Json:
    items = read_rows(given["items"], ITEM, "items")
    if not items:
        raise InputError("items", [], "至少一种物质")
    return gb18218.major_hazard(items, int(given["people_500m"]))


def substance_of(given: Json) -> Substance | None:
    return find(given["substance"]) if given["substance"] else None


def need(given: Json, name: str, otherwise: float | None, allowed: str = "数字，或给出 substance") -> float:
    """A property given, or that of the substance."""
    value = given[name] if given[name] is not None else otherwise
    if value is None:
        raise InputError(name, None, allowed)
    return float(value)


def release(given: Json) -> Json:
    return RELEASES[given["kind"]](given, substance_of(given))


def coefficient(given: Json, usual: float) -> float:
    return usual if given["discharge_coefficient"] is None else float(given["discharge_coefficient"])


def finish(given: Json, rate: float, regime: str, **more: Any) -> Json:
    """The rate, and how long it lasts when the inventory is known."""
    lasts = given["inventory_kg"] / rate if given["inventory_kg"] is not None and rate > 0 else None
    limit = given["duration_s"]
    lasts = limit if lasts is None else min(lasts, limit) if limit is not None else lasts
    total = None if lasts is None else rate * lasts
    return {"rate_kg_s": rate, "duration_s": lasts, "released_kg": total, "regime": regime, **more}


def liquid(given: Json, of: Substance | None) -> Json:
    density = need(given, "density_kg_m3", of.liquid_density if of else None)
    hole = need(given, "hole_diameter_m", None, "> 0 m")
    rate = source.liquid_rate(
        hole, density, need(given, "gauge_pressure_pa", 0.0), need(given, "head_m", 0.0), coefficient(given, 0.65)
    )
    more: Json = {}
    if of and given["temperature_k"] is not None and of.latent_kj_kg and of.cp_kj_kg_k:
        more["flash_fraction"] = flash_share(given, of)
    return finish(given, rate, "liquid", area_m2=source.hole_area(hole), **more)


def gas(given: Json, of: Substance | None) -> Json:
    pressure = need(given, "pressure_pa", None, "> 0 Pa（绝对压力）")
    ambient = given["ambient_pressure_pa"]
    gamma = need(given, "gamma", of.gamma if of else None)
    if gamma <= 1:
        raise InputError("gamma", gamma, "> 1")
    hole = need(given, "hole_diameter_m", None, "> 0 m")
    molar = need(given, "molar_mass_kg_mol", of.molar_mass if of else None)
    kelvin = need(given, "temperature_k", 293.15)
    rate, regime = source.gas_rate(hole, pressure, kelvin, molar, gamma, coefficient(given, 1.0), ambient)
    ratio = min(1.0, ambient / pressure)
    return finish(
        given, rate, regime, area_m2=source.hole_area(hole), critical_ratio=source.critical_ratio(gamma),
        Y=source.gas_factor(ratio, gamma),
    )  # fmt: skip


def two_phase(given: Json, of: Substance | None) -> Json:
    pressure = need(given, "pressure_pa", None, "> 0 Pa（绝对压力）")
    density = need(given, "density_kg_m3", of.liquid_density if of else None)
    share = given["vapour_fraction"]
    if share is None:
        share = flash_share(given, of) if of else need(given, "vapour_fraction", None, "0 至 1，或给出 substance")
    molar = need(given, "molar_mass_kg_mol", of.molar_mass if of else None)
    vapour = 0.55 * pressure * molar / (source.R * need(given, "temperature_k", 293.15))
    hole = need(given, "hole_diameter_m", None, "> 0 m")
    if share >= 1:
        return gas(given, of)
    rate = source.two_phase_rate(hole, pressure, vapour, density, share, coefficient(given, 0.8))
    return finish(given, rate, "flashing", vapour_fraction=share, to_check="临界压力取 0.55 P（HJ 169 印作 0.55 Pa）")


def flash_share(given: Json, of: Substance | None) -> float:
    kelvin = need(given, "temperature_k", 293.15)
    boiling = need(given, "boiling_k", of.boiling_c + 273.15 if of else None)
    cp = need(given, "cp_j_kg_k", of.cp_kj_kg_k * 1000 if of and of.cp_kj_kg_k else None)
    latent = need(given, "latent_j_kg", of.latent_kj_kg * 1000 if of and of.latent_kj_kg else None)
    return source.flash_fraction(kelvin, boiling, cp, latent)


def flash(given: Json, of: Substance | None) -> Json:
    """Share of a liquid release that flashes, and what it makes per second."""
    share = flash_share(given, of)
    out = given["liquid_rate_kg_s"]
    rate = share * (liquid(given, of)["rate_kg_s"] if out is None else out)
    return finish(given, rate, "flashing", flash_fraction=share)


def pool(given: Json, of: Substance | None) -> Json:
    """Wind and warm ground over a pool, whichever properties are given."""
    kelvin = need(given, "temperature_k", ROOM_K)
    radius = need(given, "pool_radius_m", None, "> 0 m")
    boiling = need(given, "boiling_k", of.boiling_c + 273.15 if of else None)
    if boiling < kelvin:
        latent = need(given, "latent_j_kg", of.latent_kj_kg * 1000 if of and of.latent_kj_kg else None)
        area, seconds = pi * radius**2, given["seconds"]
        rate = source.heat_evaporation(area, kelvin, boiling, latent, seconds, given["ground"])
        return finish(given, rate, "boiling", after_s=seconds)
    molar = need(given, "molar_mass_kg_mol", of.molar_mass if of else None)
    wind = need(given, "wind_m_s", None, "> 0 m/s")
    pressure = need(given, "vapour_pressure_pa", None, "> 0 Pa")
    rate = source.mass_evaporation(pressure, molar, kelvin, wind, radius, given["stability"])
    return finish(given, rate, "evaporating")


def rupture(given: Json, of: Substance | None) -> Json:
    """The whole inventory at once."""
    mass = need(given, "inventory_kg", None, "> 0 kg")
    return {"rate_kg_s": None, "duration_s": 0.0, "released_kg": mass, "regime": "instantaneous",
            "flash_fraction": flash_share(given, of) if of and of.latent_kj_kg else None}  # fmt: skip


RELEASES = {
    "liquid": liquid, "gas": gas, "two_phase": two_phase, "flash": flash, "pool_evaporation": pool,
    "rupture": rupture,
}  # fmt: skip


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


def cloud_of(given: Json, of: Substance | None) -> tuple[dense.DensePlume | None, float | None]:
    """(the workbook's plume, Richardson number) when the density of the gas can be known."""
    if of is None:
        return None, None
    kelvin = need(given, "source_temperature_k", max(of.boiling_c + 273.15, 293.15))
    density = of.vapour_density(kelvin - 273.15)
    cloud = dense.DensePlume(given["rate_kg_s"], density, kelvin, given["wind_m_s"], of.molar_mass)
    width = need(given, "source_width_m", max(0.01, cloud.scale))
    return cloud, dense.richardson_continuous(given["rate_kg_s"], density, width, given["wind_m_s"])


def disperse(given: Json) -> Json:
    """Steady plume: concentrations at receptors, distances and outlines of the endpoints."""
    of = substance_of(given)
    cloud, number = cloud_of(given, of)
    asked = given["model"]
    if asked == "dense" and cloud is None:
        raise InputError("substance", None, "重气模型需要给出 substance")
    is_dense = cloud is not None and (asked == "dense" or (asked == "auto" and heavy(number, given["height_m"])))
    how = ("gb3840" if given["sigma"] == "gb3840" else given["terrain"],)
    receptors = read_points(given["receptors"], "receptors", 3, 3)
    if is_dense and cloud is not None:
        levels = [dense_at(cloud, x, y, z) * MG_PER_KG for x, y, z in receptors]
        rings = {name: cloud.contour(value / MG_PER_KG) for name, value in ends_of(given)}
    else:
        base = (given["rate_kg_s"], given["height_m"], given["wind_m_s"], given["stability"], *how)
        levels = [plume.concentration(x, y, z, *base) * MG_PER_KG for x, y, z in receptors]
        rings = {name: plume.contour(value / MG_PER_KG, *base) for name, value in ends_of(given)}
    return {
        "model": "dense" if is_dense else "gaussian",
        "model_name": "Britter-McQuaid 1988" if is_dense else f"Gaussian plume, {given['sigma']}",
        "richardson": number,
        "concentration_mg_m3": levels,
        "endpoints": [
            {"name": name, "mg_m3": value, "max_distance_m": max((x for x, _ in rings[name]), default=0.0),
             "polygon": outline(given, rings[name])}
            for name, value in ends_of(given)
        ],
        "notes": notes(given, is_dense),
    }  # fmt: skip


def heavy(number: float | None, height_m: float) -> bool:
    """Dense near the ground; a release high above it mixes before it arrives."""
    return number is not None and number >= dense.CONTINUOUS_LIMIT and height_m <= 10


def dense_at(cloud: dense.DensePlume, x: float, y: float, z: float) -> float:
    """kg/m3: the axis value within the cloud's width and height, nothing outside."""
    if x <= 0 or abs(y) > cloud.half_width(x):
        return 0.0
    axis = cloud.axis_kg_m3(x)
    height = cloud.rate / (2 * cloud.half_width(x) * cloud.wind * axis) if axis > 0 else 0.0
    return axis if z <= height else 0.0


def outline(given: Json, ring: list[tuple[float, float]]) -> Any:
    """GeoJSON (WGS84) when the place and the wind are given, else [x, y] in metres downwind and across."""
    if not ring:
        return None
    place = [given[name] for name in ("lon", "lat", "wind_from_deg")]
    if None in place:
        return [[round(x, 1), round(y, 1)] for x, y in ring]
    lon, lat, wind_from = place
    return polygon(lon, lat, [downwind((wind_from + 180) % 360, x, y) for x, y in ring])


def notes(given: Json, is_dense: bool) -> list[str]:
    found = ["平坦地形、稳定风"]
    found.append("云团宽度近似，稳定度未计入" if is_dense else "100 m 以内不可用")
    if given["wind_m_s"] < 1:
        found.append("风速低于 1 m/s，稳态模型不可靠")
    return found


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


def optional(name: str, title: str, unit: str) -> Field:
    return positive(name, title, unit, None)


SUBSTANCE = Field("substance", "物质", "string", default=None)
ENGINES = (
    Engine(
        "major-hazard", "危险化学品重大危险源辨识分级", "GB 18218-2018",
        (Field("items", "物质", "array"), Field("people_500m", "厂界外 500 m 常住人口", "integer", "人", low=0)),
        major_hazard,
        {"items": [{"name": "氯", "q_t": 60}], "people_500m": 120},
    ),
    Engine(
        "release", "泄漏源强", "HJ 169-2018 附录 F",
        (choice("kind", "类型", tuple(RELEASES)), SUBSTANCE, optional("hole_diameter_m", "孔径", "m"),
         positive("discharge_coefficient", "流量系数", "", None, 1), optional("density_kg_m3", "液体密度", "kg/m³"),
         at_least_zero("gauge_pressure_pa", "表压", "Pa", None), at_least_zero("head_m", "液位", "m", None),
         optional("pressure_pa", "绝对压力", "Pa"), positive("ambient_pressure_pa", "环境压力", "Pa", 101_325.0),
         optional("molar_mass_kg_mol", "摩尔质量", "kg/mol"), optional("gamma", "绝热指数", ""),
         optional("temperature_k", "温度", "K"), optional("boiling_k", "沸点", "K"),
         optional("cp_j_kg_k", "液体比热", "J/(kg·K)"), optional("latent_j_kg", "汽化热", "J/kg"),
         at_least_zero("vapour_fraction", "蒸气份额", "", None, 1), at_least_zero("liquid_rate_kg_s", "液体泄漏速率", "kg/s", None),
         optional("inventory_kg", "存量", "kg"), optional("duration_s", "泄漏时间上限", "s"),
         optional("pool_radius_m", "液池半径", "m"), optional("vapour_pressure_pa", "饱和蒸气压", "Pa"),
         optional("wind_m_s", "风速", "m/s"), choice("stability", "稳定度", STABILITIES, "D"),
         choice("ground", "地面", tuple(source.GROUND), "水泥"), positive("seconds", "蒸发时刻", "s", 60.0)),
        release,
        {"kind": "gas", "substance": "氯", "hole_diameter_m": 0.025, "pressure_pa": 700_000, "temperature_k": 293.15},
    ),
    Engine(
        "plume", "稳态扩散", "AQ/T 3046-2013 E.33; HJ 169-2018 附录 G; Britter & McQuaid 1988",
        (SUBSTANCE, positive("rate_kg_s", "源强", "kg/s"), optional("duration_s", "持续时间", "s"),
         at_least_zero("height_m", "高度", "m", 0.0), positive("wind_m_s", "风速", "m/s", high=100),
         choice("stability", "稳定度", STABILITIES), choice("terrain", "地面", ("rural", "urban"), "rural"),
         choice("model", "模型", ("auto", "gaussian", "dense"), "auto"),
         choice("sigma", "扩散参数", ("briggs", "gb3840"), "briggs"), Field("receptors", "受体 [x, y, z] m", "array", default=[]),
         Field("endpoints_mg_m3", "终点浓度", "array", default=None), optional("source_temperature_k", "源处气温", "K"),
         optional("source_width_m", "源宽", "m"), *LON_LAT),
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
        {"mass_kg": 100, "wind_m_s": 3, "stability": "D", "receptors": [[300, 0, 0], [1000, 0, 1.5]]},
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
    ),
    Engine(
        "probit", "概率函数与死亡率", "HJ 169-2018 表 I.2; AQ/T 3046-2013; CCPS",
        (SUBSTANCE, Field("a", "常数 a", default=None), Field("b", "常数 b", default=None), Field("n", "指数 n", default=None),
         at_least_zero("concentration", "浓度", "mg/m³", None), at_least_zero("concentration_mg_m3", "浓度", "mg/m³", None),
         at_least_zero("minutes", "时间", "min", None), positive("cap_minutes", "计入的最长时间", "min", 30.0),
         at_least_zero("flux_kw_m2", "热通量", "kW/m²", None), at_least_zero("seconds", "受热时间", "s", None),
         at_least_zero("overpressure_kpa", "超压", "kPa", None)),
        vulnerability,
        {"substance": "氯", "concentration_mg_m3": 500, "minutes": 30},
    ),
)  # fmt: skip
