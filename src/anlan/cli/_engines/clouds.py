"""Chemical clouds: puffs in a turning wind, instantaneous dense clouds, flash fire, air indoors."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from anlan.cli._engines.contract import Engine, Field, Json, at_least_zero, choice, positive, read_points, read_rows
from anlan.cli._engines.release import STABILITIES, SUBSTANCE, optional
from anlan.hazards.chemical import calm, cloud, heavy_puff, indoor, layer, train
from anlan.hazards.chemical.substances import Substance, find
from anlan.hazards.chemical.surface import surface
from anlan.hazards.contract import InputError

MG_PER_KG = 1e6
#: Puffs a release is cut into, and the most receptors times instants that one call may ask for.
PUFFS, MOST = 120, 1_000_000
WIND = (
    at_least_zero("seconds", "起始时刻", "s"), at_least_zero("wind_m_s", "风速", "m/s", high=100),
    Field("wind_from_deg", "风向（来向）", unit="°", low=0, high=360),
)  # fmt: skip
RATE = (at_least_zero("seconds", "时刻", "s"), at_least_zero("rate_kg_s", "源强", "kg/s"))


def rising(values: list[float], name: str) -> None:
    for i, (a, b) in enumerate(pairwise(values), 1):
        if b <= a:
            raise InputError(f"{name}[{i}]", b, f"> {a:g} s（时刻递增）")


def puffs(given: Json) -> Json:
    """Concentrations over time at receptors from a release and a wind that both change."""
    import numpy as np  # noqa: PLC0415 - loaded only when an engine needs it

    winds = [
        train.Wind(w["seconds"], w["wind_m_s"], w["wind_from_deg"]) for w in read_rows(given["winds"], WIND, "winds")
    ]
    history = read_rows(given["rates"], RATE, "rates")
    for least, rows, name in ((1, winds, "winds"), (2, history, "rates"), (1, given["times_s"], "times_s")):
        if len(rows) < least:
            raise InputError(name, rows, f"至少 {least} 行")
    rising([wind.seconds for wind in winds], "winds")
    rising([row["seconds"] for row in history], "rates")
    receptors = read_points(given["receptors"], "receptors", 3, 3)
    times = [float(row[0]) for row in read_points([[t] for t in given["times_s"]], "times_s", 1, 1)]
    if len(receptors) * len(times) > MOST:
        raise InputError("receptors", len(receptors) * len(times), f"受体数 × 时刻数 <= {MOST}")
    at, rate = (np.array([row[name] for row in history]) for name in ("seconds", "rate_kg_s"))
    release = train.changing(at, rate, PUFFS, given["height_m"])
    found = train.concentration(
        release, winds, np.array(receptors, float).reshape(-1, 3), np.array(times), given["stability"], given["sigma"]
    )
    still = any(wind.speed < calm.CALM for wind in winds)
    return {
        "model": f"Gaussian puffs, {given['sigma']}", "released_kg": float(release.mass.sum()), "times_s": times,
        "concentration_mg_m3": (found * MG_PER_KG).tolist(), "peak_mg_m3": (found.max(axis=1) * MG_PER_KG).tolist(),
        "notes": ["静风时段烟团随时间就地扩展（HJ/T 2.2-93，系数待核对）"] if still else [],
    }  # fmt: skip


def draw_puffs(axes: Any, given: Json, result: Json) -> None:
    for place, values in zip(given["receptors"], result["concentration_mg_m3"], strict=True):
        axes.plot([t / 60 for t in result["times_s"]], values, label=f"东 {place[0]:g} m，北 {place[1]:g} m")
    axes.set_xlabel("时间 min")
    axes.set_ylabel("浓度 mg/m³")
    axes.legend()


def heavy(given: Json) -> Json:
    """A dense cloud let go at once: how far endpoints reach."""
    of = find(given["substance"])
    air = cloud.Air(max(given["wind_m_s"], calm.SMALL), given["stability"], given["terrain"])
    kelvin = given["temperature_k"] or max(of.boiling_c + 273.15, 293.15)
    mix = cloud.Source(of, 1.0, kelvin, given["droplet_fraction"]).mixture(air.kelvin)
    puff = heavy_puff.slump(given["mass_kg"], mix, surface(air.wind, air.stability, air.roughness))
    ends = [(name, value) for name, value in endpoints(of) if value]
    return {
        "model": "box model of a slumping cloud, then a plateau that frays into a Gaussian puff",
        "initial_density_kg_m3": float(mix.density[-1]),
        "transition_m": float(puff.x[max(0, int((puff.edge == 0).sum()) - 1)]),
        "endpoints": [{"name": name, "mg_m3": value, "max_distance_m": puff.reach(value / MG_PER_KG),
                       "polygon": [[round(x, 1), round(y, 1)] for x, y in puff.contour(value / MG_PER_KG)]}
                      for name, value in ends],
        "notes": ["风速低于 1 m/s，按 1 m/s 计算"] if given["wind_m_s"] < calm.SMALL else [],
    }  # fmt: skip


def endpoints(of: Substance) -> list[tuple[str, float | None]]:
    return [("毒性终点浓度-1", of.endpoint_1), ("毒性终点浓度-2", of.endpoint_2), ("爆炸下限", lower_mg_m3(of))]


def lower_mg_m3(of: Substance) -> float | None:
    """Lower flammable limit as mg/m3 at 20 degC."""
    return None if of.lfl_pct is None else of.lfl_pct / 100 * of.vapour_density(20.0) * MG_PER_KG


def draw_rings(axes: Any, given: Json, result: Json) -> None:
    for end in result["endpoints"]:
        if end["polygon"]:
            axes.fill([p[0] for p in end["polygon"]], [p[1] for p in end["polygon"]], alpha=0.35,
                      label=f"{end['name']} {end['mg_m3']:.4g} mg/m³")  # fmt: skip
    axes.set_xlabel("下风向 m")
    axes.set_ylabel("横风向 m")
    axes.set_title(f"{result['model']}（模型推算）")
    axes.legend()


def flash_fire(given: Json) -> Json:
    """Where a plume of fuel may burn: to the lower flammable limit (and half of it), and how much burns."""
    of = find(given["substance"])
    lower = lower_mg_m3(of)
    if lower is None:
        raise InputError("substance", given["substance"], "可燃物质（有爆炸下限）")
    upper = (of.ufl_pct or 100.0) / 100 * of.vapour_density(20.0) * MG_PER_KG
    air = cloud.Air(max(given["wind_m_s"], calm.SMALL), given["stability"], given["terrain"])
    kelvin = given["temperature_k"] or max(of.boiling_c + 273.15, 293.15)
    plume = cloud.Batch(
        cloud.DENSE, (cloud.Source(of, given["rate_kg_s"], kelvin, given["droplet_fraction"]),), (air,)
    ).solved
    ends = (("爆炸下限", lower), ("爆炸下限的一半", lower / 2))
    return {
        "model": cloud.NAMES[cloud.DENSE], "lfl_mg_m3": lower, "flammable_kg": burning(plume, lower / MG_PER_KG, upper / MG_PER_KG),
        "endpoints": [{"name": name, "mg_m3": value, "max_distance_m": plume.reach(value / MG_PER_KG),
                       "polygon": [[round(x, 1), round(y, 1)] for x, y in plume.contour(value / MG_PER_KG)]}
                      for name, value in ends],
        "fatality_inside": 1.0, "clause": "AQ/T 3046-2013 第 10 章：闪火范围（爆炸下限）内死亡率 1",
        "notes": ["风速低于 1 m/s，按 1 m/s 计算"] if given["wind_m_s"] < calm.SMALL else [],
    }  # fmt: skip


def burning(plume: layer.DenseLayer, lower: float, upper: float) -> float:
    """kg between the limits: the axis value over each cross-section's effective width and depth, while within them."""
    import numpy as np  # noqa: PLC0415 - loaded only when an engine needs it

    x, axis, speed = plume.x[0], plume.axis[0], plume.speed[0]
    within = (axis >= lower) & (axis <= upper)
    per_metre = plume.flux() / speed * within
    return float(np.sum((per_metre[1:] + per_metre[:-1]) / 2 * np.diff(x)))


def rooms(given: Json) -> Json:
    """Air of a house while a cloud passes: peak, and the load of those who stay in."""
    import numpy as np  # noqa: PLC0415 - loaded only when an engine needs it

    of = find(given["substance"]) if given["substance"] else None
    n = of.probit[2] if of and of.probit else given["n"]
    passing, after = given["passage_min"] * 60, given["after_min"] * 60
    seconds = np.linspace(0.0, passing + after, 241)
    outside = np.where(seconds < passing, given["concentration_mg_m3"], 0.0)
    inside = indoor.inside(seconds, outside, given["changes_per_h"])
    outdoors = indoor.load(seconds, outside, n)
    return {
        "times_s": seconds.tolist(), "outdoor_mg_m3": outside.tolist(), "indoor_mg_m3": inside.tolist(),
        "peak_indoor_mg_m3": float(inside.max()), "toxic_exponent": n,
        "load_ratio": indoor.load(seconds, inside, n) / outdoors if outdoors > 0 else 0.0,
        "note": "换气次数待核对；云团过后应开窗通风，否则室内浓度高于室外",
    }  # fmt: skip


def draw_rooms(axes: Any, given: Json, result: Json) -> None:
    minutes = [t / 60 for t in result["times_s"]]
    axes.plot(minutes, result["outdoor_mg_m3"], label="室外")
    axes.plot(minutes, result["indoor_mg_m3"], label="室内")
    axes.set_xlabel("时间 min")
    axes.set_ylabel("浓度 mg/m³")
    axes.legend()


NEEDED = Field("substance", "物质", "string")
WEATHER = (
    at_least_zero("wind_m_s", "风速", "m/s", high=100), choice("stability", "稳定度", STABILITIES),
    choice("terrain", "地面", ("rural", "urban"), "rural"), optional("temperature_k", "源处温度", "K"),
    at_least_zero("droplet_fraction", "源处液滴份额", "", 0.0, 1),
)  # fmt: skip
ENGINES = (
    Engine(
        "puff-train", "时变烟团", "Crowl & Louvar 第 5 章; HJ/T 2.2-93（静风）",
        (Field("rates", "源强历程", "array"), Field("winds", "风的历程", "array"), at_least_zero("height_m", "高度", "m", 0.0),
         choice("stability", "稳定度", STABILITIES), choice("sigma", "扩散参数", ("rural", "urban", "gb3840", "slade"), "rural"),
         Field("receptors", "受体 [东, 北, 上] m", "array"), Field("times_s", "时刻 s", "array")),
        puffs,
        {"rates": [{"seconds": 0, "rate_kg_s": 2}, {"seconds": 600, "rate_kg_s": 0}],
         "winds": [{"seconds": 0, "wind_m_s": 3, "wind_from_deg": 270}, {"seconds": 300, "wind_m_s": 2, "wind_from_deg": 225}],
         "stability": "D", "receptors": [[500, 0, 0], [600, 300, 0]], "times_s": [120, 300, 480, 600, 900, 1200]},
        plot=draw_puffs,
    ),
    Engine(
        "heavy-puff", "瞬时重气云团", "van Ulden 1974; Fryer & Kaiser 1979",
        (NEEDED, positive("mass_kg", "成云质量", "kg"), *WEATHER), heavy,
        {"substance": "氯", "mass_kg": 5000, "wind_m_s": 3, "stability": "D", "droplet_fraction": 0.5, "temperature_k": 239.15},
        plot=draw_rings,
    ),
    Engine(
        "flash-fire", "闪火", "AQ/T 3046-2013 第 10 章; 重气浅层模型",
        (NEEDED, positive("rate_kg_s", "泄漏速率", "kg/s"), *WEATHER), flash_fire,
        {"substance": "丙烷", "rate_kg_s": 20, "wind_m_s": 3, "stability": "D"}, plot=draw_rings,
    ),
    Engine(
        "indoor", "室内浓度", "Yellow Book 4.B（单区换气）",
        (SUBSTANCE, at_least_zero("concentration_mg_m3", "室外浓度", "mg/m³"), positive("passage_min", "云团经过时间", "min"),
         at_least_zero("after_min", "过后时间", "min", 60.0), positive("changes_per_h", "换气次数", "1/h", indoor.SHUT_PER_H),
         positive("n", "毒性指数", "", 2.0)),
        rooms,
        {"substance": "氯", "concentration_mg_m3": 100, "passage_min": 30}, plot=draw_rooms,
    ),
)  # fmt: skip
