"""危化品: continuous release and Gaussian dispersion to the toxic endpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from anlan.hazards.chemical import plume, source
from anlan.hazards.chemical.substances import Substance, find, table
from anlan.hazards.contract import Case, Choice, Footprint, Hazard, Input, InputError, Zone
from anlan.hazards.plane import downwind, polygon

KG_PER_MG = 1e-6
#: Half angle by which a wind "from the west" wanders within ten minutes: 待核对, platform default.
WIND_SPREAD_DEG = 10.0


def release_rate(substance: Substance, given: Mapping[str, Any]) -> tuple[float, str]:
    """(kg/s, what was assumed) from the hole: gas when the substance boils below ambient and the hole is in the vapour space."""
    if given["phase"] == "gas":
        rate, regime = source.gas_rate(
            given["hole_mm"] / 1000, given["pressure_mpa"] * 1e6, given["temperature_c"] + 273.15,
            substance.molar_mass, substance.gamma,
        )  # fmt: skip
        return rate, f"气相孔口泄漏（{'临界' if regime == 'choked' else '亚临界'}流）"
    gauge = given["pressure_mpa"] * 1e6 - source.AMBIENT_PA
    rate = source.liquid_rate(given["hole_mm"] / 1000, substance.liquid_density, gauge, given["head_m"])
    share = source.flash_fraction(given["temperature_c"], substance.boiling_c)
    airborne = min(1.0, 2 * share) if share > 0 else 0.1
    return rate * airborne, f"液相孔口泄漏，{airborne:.0%} 进入大气（闪蒸份额 {share:.0%} 及等量夹带）"


def run(lon: float, lat: float, inputs: Mapping[str, Any]) -> Footprint:
    """Footprint of a continuous release at (lon, lat)."""
    given = HAZARD.read(inputs)
    substance = find(given["substance"])
    if substance.endpoint_1 is None or substance.endpoint_2 is None:
        raise InputError("substance", substance.key, "有大气毒性终点浓度的物质")
    rate, how = release_rate(substance, given)
    towards = (given["wind_from_deg"] + 180) % 360
    wind, stability, terrain, height = (given[k] for k in ("wind_m_s", "stability", "terrain", "height_m"))
    zones, distances = [], {}
    for level, (name, endpoint) in enumerate(
        (("毒性终点浓度-1", substance.endpoint_1), ("毒性终点浓度-2", substance.endpoint_2)), 1
    ):
        ring = plume.contour(endpoint * KG_PER_MG, rate, height, wind, stability, terrain, WIND_SPREAD_DEG)
        distances[name] = round(max((x for x, _ in ring), default=0.0))
        if ring:
            shape = polygon(lon, lat, [downwind(towards, x, y) for x, y in ring])
            meaning = "暴露 1 小时可能危及生命" if level == 1 else "暴露 1 小时可能造成不可逆伤害或影响自救"
            zones.append(Zone(f"{substance.name} {name}", level, meaning, shape, endpoint, "mg/m³"))
    return Footprint(
        model=HAZARD.model,
        zones=zones,
        assumptions=[
            how,
            f"风向摆动 ±{WIND_SPREAD_DEG:g}°（待核对）",
            "平坦地形、稳定风、连续泄漏",
            f"源强 {rate:.3g} kg/s",
        ],
        limits=["未计重气效应，100 m 以内不可用", "未计建筑与地形", "未计沉降与反应"],
        summary={"rate_kg_s": rate, "distance_m": distances, "towards_deg": towards, "substance": substance.name},
    )


HAZARD = Hazard(
    kind="chemical",
    title="危化品泄漏",
    model="高斯烟羽（Briggs 系数）",
    citation="Gifford 1961; Briggs 1973; HJ 169-2018 附录 F、G、H",
    grade="sketch",
    inputs=(
        Choice("substance", "物质", tuple(table())),
        Choice("phase", "泄漏相态", ("gas", "liquid"), "gas"),
        Input("hole_mm", "孔径", "mm", 0.1, 1000, 25),
        Input("pressure_mpa", "压力（绝对）", "MPa", 0.1013, 40, 0.7),
        Input("temperature_c", "温度", "℃", -200, 500, 20),
        Input("head_m", "液位高度", "m", 0, 50, 2),
        Input("height_m", "泄漏高度", "m", 0, 300, 1),
        Input("wind_m_s", "风速", "m/s", 0.5, 40, 2),
        Input("wind_from_deg", "风向（来向）", "°", 0, 360, 270),
        Choice("stability", "大气稳定度", plume.STABILITIES, "D"),
        Choice("terrain", "地面", ("rural", "urban"), "rural"),
    ),
    run=run,
    example={"substance": "chlorine", "hole_mm": 25, "wind_m_s": 2.5, "wind_from_deg": 290, "stability": "D"},
    cases=(
        Case("氨 1 kg/s 轴线浓度，D 类，3 m/s，1000 m（按公式手算）", plume.concentration,
             {"x": 1000.0, "y": 0.0, "z": 0.0, "rate": 1.0, "height": 0.0, "wind": 3.0, "stability": "D"},
             3.667e-5, 0.01, "Briggs 1973 系数代入：sy = 76.28 m, sz = 37.95 m"),
        Case("临界压力比 γ=1.4", source.critical_ratio, {"gamma": 1.4}, 0.5283, 0.001, "气体动力学教科书值 0.528"),
    ),
)  # fmt: skip
