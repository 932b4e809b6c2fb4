"""Fire and explosion: fireball, pool fire, jet fire, blast."""

from __future__ import annotations

from math import pi, sqrt
from typing import Any

from anlan.cli._engines.contract import Engine, Field, Json, at_least_zero, choice, is_number, positive
from anlan.hazards.chemical import blast, fire, risk
from anlan.hazards.chemical.substances import find
from anlan.hazards.contract import InputError

#: kW/m2 and what it does (World Bank 1985).
HEAT = ((37.5, "设备严重损坏，1 min 全部死亡"), (25.0, "重大烧伤，长时间可引燃木材"), (12.5, "1 min 1% 死亡，木材引燃"),
        (4.0, "20 s 以上疼痛，可能起泡"), (1.6, "长期暴露无不适"))  # fmt: skip

SOLID = "固体火焰（Mudan 1987；倾斜按 AGA 1974，距离为下风向）"


def distances(given: Json) -> list[float]:
    for i, value in enumerate(given["distances_m"]):
        if not is_number(value) or value <= 0:
            raise InputError(f"distances_m[{i}]", value, "> 0 m")
    return [float(value) for value in given["distances_m"]]


def combustion(given: Json) -> float:
    """kJ/kg, given or of the substance."""
    if given["heat_of_combustion_kj_kg"] is not None:
        return float(given["heat_of_combustion_kj_kg"])
    if given["substance"]:
        return find(given["substance"]).need("combustion_mj_kg") * 1000
    raise InputError("heat_of_combustion_kj_kg", None, "> 0 kJ/kg，或给出 substance")


def how_far(flux: Any, level: float) -> float:
    """m to which a falling function of distance holds `level`."""
    low, high = 0.1, 20_000.0
    if flux(low) < level:
        return 0.0
    for _ in range(60):
        middle = sqrt(low * high)
        low, high = (middle, high) if flux(middle) >= level else (low, middle)
    return low


def zones(flux: Any) -> list[Json]:
    return [{"kw_m2": level, "meaning": what, "distance_m": how_far(flux, level)} for level, what in HEAT]


def bleve(given: Json) -> Json:
    ball = fire.fireball(given["mass_kg"], combustion(given), given["radiative_fraction"])
    fluxes = [ball.flux(x) for x in distances(given)]
    return {
        "diameter_m": ball.diameter_m, "duration_s": ball.duration_s, "height_m": ball.height_m,
        "surface_emissive_power_kw_m2": ball.emissive_kw_m2, "heat_flux_kw_m2": fluxes,
        "fatality": [risk.heat(q, ball.duration_s)[1] for q in fluxes], "zones": zones(ball.flux),
    }  # fmt: skip


def pool_fire(given: Json) -> Json:
    heat = combustion(given)
    rate = given["burning_rate_kg_m2_s"]
    if rate is None:
        if not given["substance"]:
            raise InputError("burning_rate_kg_m2_s", None, "> 0 kg/(m²·s)，或给出 substance")
        of = find(given["substance"])
        rate = fire.burning_rate(heat, of.need("latent_kj_kg"), of.need("cp_kj_kg_k"), of.boiling_c, given["ambient_c"])
    across = given["diameter_m"] if given["diameter_m"] is not None else diameter(given)
    area = pi * across**2 / 4
    power = fire.pool_heat_kw(area, rate, heat)
    long = fire.flame_length(across, rate, given["wind_m_s"])

    solid = given["model"] == "solid-flame"
    tilt = fire.flame_tilt_deg(across, rate, given["wind_m_s"])

    def flux(x: float, lean: float = tilt) -> float:
        """x from the edge of the pool, as NUREG-1805; downwind, towards which the flame leans."""
        if solid:
            return fire.solid_flame(x + across / 2, across, long, tilt_deg=lean)
        return fire.point_source(power, given["radiative_fraction"], x + across / 2)

    return {
        "burning_rate_kg_m2_s": rate, "diameter_m": across, "heat_release_kw": power, "flame_length_m": long,
        "flame_tilt_deg": tilt,
        "surface_emissive_power_kw_m2": fire.emissive_power(across) if solid else None,
        "heat_flux_kw_m2": [flux(x) for x in distances(given)], "zones": zones(flux),
        "upwind_heat_flux_kw_m2": [flux(x, -tilt) for x in distances(given)] if solid else None,
        "basis": f"{SOLID if solid else '点源'}，距离自池边起算（NUREG-1805）；火焰长度 Thomas 1963",
    }  # fmt: skip


def diameter(given: Json) -> float:
    if given["area_m2"] is None:
        raise InputError("diameter_m", None, "> 0 m，或给出 area_m2")
    return sqrt(4 * given["area_m2"] / pi)


def jet_fire(given: Json) -> Json:
    heat = combustion(given)
    power = heat * given["rate_kg_s"]
    along = given["model"] == "five-points"

    def flux(x: float) -> float:
        if along:
            return fire.jet_points(given["rate_kg_s"], heat, given["radiative_fraction"], x)
        return fire.point_source(power, given["radiative_fraction"], x, fire.jet_transmissivity(x))

    return {
        "flame_length_m": fire.jet_length(given["rate_kg_s"], heat), "heat_release_kw": power,
        "heat_flux_kw_m2": [flux(x) for x in distances(given)], "zones": zones(flux),
        "basis": "五点源沿火焰，距离自孔口沿喷射方向起算" if along else "AQ/T 3046-2013 E.57 至 E.59，点源在火焰中点",
    }  # fmt: skip


def explosion(given: Json) -> Json:
    return vapour_cloud(given) if given["curve"] == "multi-energy" else trinitrotoluene(given)


def vapour_cloud(given: Json) -> Json:
    """Multi-energy: the part of a cloud that fills a crowded space."""
    volume = given["cloud_m3"]
    if volume is None:
        of = find(given["substance"]) if given["substance"] else None
        if given["mass_kg"] is None or of is None or of.stoichiometric_pct is None:
            raise InputError("cloud_m3", None, "> 0 m³，或给出 mass_kg 与可燃的 substance")
        volume = blast.cloud_volume(given["mass_kg"], of.molar_mass, of.stoichiometric_pct)
    strength = given["strength"] or blast.STRENGTH[given["congestion"]]
    far = distances(given)
    pressures = [blast.multi_energy(volume, x, strength) for x in far]
    return {
        "cloud_m3": volume, "strength": strength, "curve": "multi-energy", "overpressure_kpa": pressures,
        "lung_fatality": [risk.blast("肺出血死亡", p)[1] for p in pressures],
        "zones": [{"kpa": level, "meaning": what, "distance_m": blast.multi_energy_distance(volume, level, strength)}
                  for level, what in blast.HARM],
        "to_check": "曲线为近似读数（R≥2 约 ±30 %，近处 ±50 %），待核对",
    }  # fmt: skip


def trinitrotoluene(given: Json) -> Json:
    tnt = given["tnt_kg"]
    if tnt is None:
        if given["mass_kg"] is None:
            raise InputError("tnt_kg", None, "> 0 kg，或给出 mass_kg")
        tnt = blast.tnt_kg(given["mass_kg"], combustion(given), given["yield"], given["ground_reflection"])
    far = distances(given)
    pressures = [blast.overpressure(tnt, x, given["curve"]) for x in far]
    return {
        "tnt_kg": tnt, "curve": given["curve"], "overpressure_kpa": pressures,
        "scaled_distance": [x / tnt ** (1 / 3) for x in far],
        "lung_fatality": [risk.blast("肺出血死亡", p)[1] for p in pressures],
        "zones": [{"kpa": level, "meaning": what, "distance_m": blast.distance(tnt, level, given["curve"])}
                  for level, what in blast.HARM],
    }  # fmt: skip


def draw_levels(axes: Any, points: list[tuple[float, float]], zones: list[Json], unit: str) -> None:
    """A falling curve through the distances asked for and those of the harm levels, each level with what it does."""
    known = [(zone["distance_m"], zone[unit]) for zone in zones if zone["distance_m"]]
    line = sorted({*points, *known})
    axes.loglog(*zip(*line, strict=True), color="#1f4e79")
    if points:
        axes.loglog(*zip(*points, strict=True), "o", color="#1f4e79")
    for zone in zones:
        if zone["distance_m"]:
            axes.axhline(zone[unit], color="#d6342c", lw=0.7, ls="--")
            text = f"{zone[unit]:g}：{zone['meaning']}，{zone['distance_m']:.0f} m"
            axes.annotate(
                text, (1.0, zone[unit]), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=7
            )
    axes.set_xlabel("距离 m")


def draw_heat(axes: Any, given: Json, result: Json) -> None:
    points = list(zip(given["distances_m"], result["heat_flux_kw_m2"], strict=True))
    draw_levels(axes, points, result["zones"], "kw_m2")
    axes.set_ylabel("热通量 kW/m²")
    axes.set_title("热辐射随距离（模型推算）")


def draw_blast(axes: Any, given: Json, result: Json) -> None:
    points = list(zip(given["distances_m"], result["overpressure_kpa"], strict=True))
    draw_levels(axes, points, result["zones"], "kpa")
    axes.set_ylabel("超压 kPa")
    axes.set_title(f"爆炸超压随距离（{result['curve']}，模型推算）")


SUBSTANCE = Field("substance", "物质", "string", default=None)
COMBUSTION = positive("heat_of_combustion_kj_kg", "燃烧热", "kJ/kg", None)
FAR = Field("distances_m", "距离", "array", default=[])


def radiated(usual: float) -> Field:
    return positive("radiative_fraction", "热辐射份额", "", usual, 1)


ENGINES = (
    Engine(
        "bleve", "沸腾液体扩展蒸气爆炸火球", "CCPS",
        (SUBSTANCE, positive("mass_kg", "质量", "kg"), COMBUSTION, radiated(0.3), FAR), bleve,
        {"substance": "丙烷", "mass_kg": 10_000, "distances_m": [100, 200, 400]}, plot=draw_heat,
    ),
    Engine(
        "pool-fire", "池火", "Thomas 1963; NUREG-1805; Burgess & Zabetakis",
        (SUBSTANCE, positive("diameter_m", "池直径", "m", None), positive("area_m2", "池面积", "m²", None), COMBUSTION,
         positive("burning_rate_kg_m2_s", "燃烧速率", "kg/(m²·s)", None), radiated(0.35),
         at_least_zero("wind_m_s", "风速", "m/s", 0.0), Field("ambient_c", "气温", unit="℃", low=-60, high=60, default=20.0), FAR,
         choice("model", "模型", ("point", "solid-flame"), "point")),
        pool_fire, {"substance": "甲醇", "diameter_m": 10, "distances_m": [10, 20, 50]}, plot=draw_heat,
    ),
    Engine(
        "jet-fire", "喷射火", "AQ/T 3046-2013 E.57 至 E.59",
        (SUBSTANCE, positive("rate_kg_s", "泄漏速率", "kg/s"), COMBUSTION, radiated(0.2), FAR,
         choice("model", "模型", ("point", "five-points"), "point")), jet_fire,
        {"substance": "甲烷", "rate_kg_s": 5, "distances_m": [20, 50, 100]}, plot=draw_heat,
    ),
    Engine(
        "blast", "爆炸超压",
        "TNT 当量：Crowl & Louvar、Swisdak 1994、Mills 1987、GB/T 37243-2019；多能法：AQ/T 3046-2013 E.60 至 E.62",
        (SUBSTANCE, positive("tnt_kg", "TNT 当量", "kg", None), positive("mass_kg", "可燃物质量", "kg", None),
         positive("yield", "当量系数", "", 0.04, 1), COMBUSTION,
         positive("ground_reflection", "地面反射系数", "", 1.0, 2),
         choice("curve", "曲线", (*blast.CURVES, "multi-energy"), "kingery-bulmash"),
         positive("cloud_m3", "受阻空间内化学计量云团体积", "m³", None),
         choice("congestion", "拥塞程度", tuple(blast.STRENGTH), "congested"),
         Field("strength", "爆源强度", "integer", low=1, high=10, default=None), FAR),
        explosion, {"tnt_kg": 1000, "distances_m": [20, 50, 100, 200], "curve": "crowl"}, plot=draw_blast,
    ),
)  # fmt: skip
