"""危化品: continuous release from a hole, and how far its toxic endpoints reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import radians, sqrt
from typing import Any

from anlan.hazards.chemical import dense, gb18218, plume, source
from anlan.hazards.chemical.substances import Substance, find, table
from anlan.hazards.contract import Case, Choice, Footprint, Hazard, Input, InputError, Zone
from anlan.hazards.plane import downwind, polygon

KG_PER_MG = 1e-6
#: Half angle by which a wind "from the west" wanders within ten minutes: 待核对, platform default.
WIND_SPREAD_DEG = 10.0
#: Liquid that is carried off as droplets: as much again as flashes (practice), or this share when nothing flashes.
UNFLASHED_SHARE = 0.1
#: Beyond this distance (m) steady weather is not a fair assumption.
FAR_M = 10_000
MEANING = ("暴露 1 小时可能危及生命", "暴露 1 小时可能造成不可逆伤害或影响自救")
GAUSSIAN, DENSE = "高斯烟羽（Briggs 系数）", "重气手册法（Britter-McQuaid 1988）"


@dataclass(frozen=True)
class Release:
    """kg/s into the air, at what temperature degC, and how that was judged."""

    rate: float
    temperature_c: float
    how: str


def release(substance: Substance, given: Mapping[str, Any]) -> Release:
    """What a hole lets into the air: gas, or the flashed and entrained part of a liquid."""
    if given["phase"] == "gas":
        rate, regime = source.gas_rate(
            given["hole_mm"] / 1000, given["pressure_mpa"] * 1e6, given["temperature_c"] + 273.15,
            substance.molar_mass, substance.gamma,
        )  # fmt: skip
        how = f"气相孔口泄漏（{'临界' if regime == 'choked' else '亚临界'}流）"
        return Release(rate, given["temperature_c"], how)
    gauge = given["pressure_mpa"] * 1e6 - source.AMBIENT_PA
    rate = source.liquid_rate(given["hole_mm"] / 1000, substance.liquid_density, gauge, given["head_m"])
    cp, latent = (substance.cp_kj_kg_k or 1.0) * 1000, (substance.latent_kj_kg or 300.0) * 1000
    share = source.flash_fraction(given["temperature_c"], substance.boiling_c, cp, latent)
    airborne = min(1.0, 2 * share) if share > 0 else UNFLASHED_SHARE
    how = f"液相孔口泄漏 {rate:.3g} kg/s，{airborne:.0%} 进入大气（闪蒸份额 {share:.0%} 及等量夹带）"
    return Release(rate * airborne, min(given["temperature_c"], substance.boiling_c), how)


def heavy(substance: Substance, out: Release, wind: float) -> tuple[dense.DensePlume, float]:
    """(the workbook's plume, Richardson number); width of the source = sqrt(flow / wind)."""
    density = substance.vapour_density(out.temperature_c)
    cloud = dense.DensePlume(out.rate, density, out.temperature_c + 273.15, wind, substance.molar_mass)
    return cloud, dense.richardson_continuous(out.rate, density, max(0.01, sqrt(cloud.flow / wind)), wind)


def widen(ring: list[tuple[float, float]], fan: float) -> list[tuple[float, float]]:
    """A ring with what a wandering wind adds to each side."""
    return [(x, y + max(0.0, x) * fan * (1 if y > 0 else -1) if y else 0.0) for x, y in ring]


def run(lon: float, lat: float, inputs: Mapping[str, Any]) -> Footprint:
    """Footprint of a continuous release at (lon, lat)."""
    given = HAZARD.read(inputs)
    substance = find(given["substance"])
    if substance.endpoint_1 is None or substance.endpoint_2 is None:
        raise InputError("substance", substance.key, "有大气毒性终点浓度的物质")
    out = release(substance, given)
    cloud, number = heavy(substance, out, given["wind_m_s"])
    is_dense = given["model"] == "dense" or (given["model"] == "auto" and number >= dense.CONTINUOUS_LIMIT)
    towards = (given["wind_from_deg"] + 180) % 360
    zones, distances = [], {}
    for level, endpoint in enumerate((substance.endpoint_1, substance.endpoint_2), 1):
        ring = outline(endpoint * KG_PER_MG, out.rate, given, cloud if is_dense else None)
        name = f"毒性终点浓度-{level}"
        distances[name] = round(max((x for x, _ in ring), default=0.0))
        if ring:
            shape = polygon(lon, lat, [downwind(towards, x, y) for x, y in ring])
            zones.append(Zone(f"{substance.name} {name}", level, MEANING[level - 1], shape, endpoint, "mg/m³"))
    return Footprint(
        model=f"{HAZARD.model}：本次为{DENSE if is_dense else GAUSSIAN}",
        zones=zones,
        assumptions=[
            out.how,
            f"源强 {out.rate:.3g} kg/s，连续稳定泄漏",
            f"理查森数 {number:.2g}，{'按重气计算' if is_dense else '按中性气体计算'}（HJ 169-2018 附录 G，界限 1/6）",
            f"风向摆动 ±{WIND_SPREAD_DEG:g}°（待核对）；平坦地形、稳定风",
        ],
        limits=limits(is_dense, substance, max(distances.values())),
        summary={
            "rate_kg_s": out.rate, "distance_m": distances, "towards_deg": towards, "substance": substance.name,
            "richardson": number, "dense": is_dense,
        },
    )  # fmt: skip


def limits(is_dense: bool, substance: Substance, far: float) -> list[str]:
    """What the reader must know about the chosen model."""
    found = ["未计建筑与地形", "未计沉降与反应"]
    if far > FAR_M:
        found.append(f"{FAR_M / 1000:g} km 以外仅供参考：风向与稳定度难以在整个传播时间内保持不变")
    if is_dense:
        found.append("云团宽度为近似，稳定度未计入；与 DEGADIS 一例相比轴线浓度在 2 倍以内（100 m 至 3 km）")
    else:
        found.append("100 m 以内不可用")
    if substance.endpoint_to_check:
        found.append("终点浓度取 PAC-3/PAC-2，是否列入 HJ 169 表 H.1 待核对")
    return found


def outline(
    limit: float, rate: float, given: Mapping[str, Any], cloud: dense.DensePlume | None
) -> list[tuple[float, float]]:
    """Ring (x downwind, y) m within which the ground-level concentration is at least `limit` kg/m3."""
    fan = radians(WIND_SPREAD_DEG)
    if cloud is not None:
        return widen(cloud.contour(limit), fan)
    wind, stability, terrain = given["wind_m_s"], given["stability"], given["terrain"]
    return plume.contour(limit, rate, given["height_m"], wind, stability, terrain, WIND_SPREAD_DEG)


AMMONIA = {"rate": 1.0, "height": 0.0, "wind": 3.0, "stability": "D"}
LNG = {"rate": 97.888, "density": 1.76, "temperature_k": 111.6, "wind": 10.9, "molar_mass": 0.01604, "air_k": 298.0}
HAZARD = Hazard(
    kind="chemical",
    title="危化品泄漏",
    model="高斯烟羽或重气手册法（按理查森数选）",
    citation="HJ 169-2018 附录 F、G、H; Briggs 1973; AQ/T 3046-2013; Britter & McQuaid 1988 (HSE CRR 17)",
    grade="working",
    inputs=(
        Choice("substance", "物质", tuple(table()), words={key: item.name for key, item in table().items()}),
        Choice("phase", "泄漏相态", ("gas", "liquid"), "gas", {"gas": "气相", "liquid": "液相"}),
        Input("hole_mm", "孔径", "mm", 0.1, 1000, 25),
        Input("pressure_mpa", "压力（绝对）", "MPa", 0.1013, 40, 0.7),
        Input("temperature_c", "温度", "℃", -200, 500, 20),
        Input("head_m", "液位高度", "m", 0, 50, 2),
        Input("height_m", "泄漏高度", "m", 0, 300, 1),
        Input("wind_m_s", "风速", "m/s", 0.5, 40, 2),
        Input("wind_from_deg", "风向（来向）", "°", 0, 360, 270),
        Choice("stability", "大气稳定度", plume.STABILITIES, "D"),
        Choice("terrain", "地面", ("rural", "urban"), "rural", {"rural": "开阔地", "urban": "城区"}),
        Choice("model", "扩散模型", ("auto", "gaussian", "dense"), "auto", {"auto": "自动", "gaussian": "高斯烟羽", "dense": "重气"}),
    ),
    run=run,
    example={"substance": "chlorine", "hole_mm": 25, "wind_m_s": 2.5, "wind_from_deg": 290, "stability": "D"},
    cases=(
        Case("氨 1 kg/s 轴线浓度，D 类，3 m/s，500 m", plume.concentration, {"x": 500.0, "y": 0.0, "z": 0.0, **AMMONIA},
             1.19856e-4, 1e-4, "AQ/T 3046 E.33 与表 E.7 代入：σy 39.036 m，σz 22.678 m"),
        Case("氨 110 mg/m³ 的距离 m", plume.reach, {"limit": 110e-6, "terrain": "rural", **AMMONIA}, 525.007, 1e-4, "同上"),
        Case("液体孔口：甲苯 25 mm", source.liquid_rate,
             {"diameter_m": 0.025, "density": 867, "gauge_pa": 50_000, "head_m": 5}, 4.04148, 1e-4, "HJ 169-2018 F.1"),
        Case("气体孔口：甲烷 25 mm，1.101 MPa", lambda **k: source.gas_rate(**k)[0],
             {"diameter_m": 0.025, "pressure_pa": 1_101_325, "temperature_k": 298.15, "molar_mass": 0.01604,
              "gamma": 1.31}, 0.920095, 1e-4, "HJ 169-2018 F.4"),
        Case("临界压力比 γ=1.31", source.critical_ratio, {"gamma": 1.31}, 0.543927, 1e-5, "HJ 169-2018 F.2"),
        Case("液化天然气 367 m 处体积分数", lambda x, **k: dense.DensePlume(**k).share(x), {"x": 367.0, **LNG},
             0.050718, 0.03, "CCPS 1999, p. 122（Britter-McQuaid 算例）"),
        Case("氯 5 kg/s 的理查森数", dense.richardson_continuous,
             {"rate": 5.0, "density": 3.61363, "width_m": 2.0, "wind": 1.5, "air": 1.18398}, 1.60397, 1e-4,
             "HJ 169-2018 附录 G 代入"),
        Case("液氯储罐 60 t，120 人：R", lambda items, people_500m: gb18218.major_hazard(items, people_500m)["R"],
             {"items": [{"name": "氯", "q_t": 60}], "people_500m": 120}, 96.0, 1e-12, "GB 18218-2018 表 1、3、5"),
    ),
)  # fmt: skip
