"""危化品: a release from a hole or a rupture, and how far its toxic endpoints reach, with how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import cos, radians, sin
from typing import Any

import numpy as np

from anlan.hazards.chemical import calm, cloud, dense, gb18218, heavy_puff, moments, plume, source
from anlan.hazards.chemical.cloud import Air, Batch, Doubt
from anlan.hazards.chemical.layer import taper
from anlan.hazards.chemical.scenario import Released, released
from anlan.hazards.chemical.substances import Substance, find, table
from anlan.hazards.chemical.surface import surface
from anlan.hazards.contract import Case, Choice, Footprint, Hazard, Input, InputError, Zone
from anlan.hazards.plane import downwind, polygon

KG_PER_MG = 1e-6
#: Half angle by which a wind "from the west" wanders within ten minutes: 待核对, platform default.
WIND_SPREAD_DEG = 10.0
#: Beyond this distance (m) steady weather is not a fair assumption.
FAR_M = 10_000
MEANING = ("暴露 1 小时可能危及生命", "暴露 1 小时可能造成不可逆伤害或影响自救")
#: The outer zone holds every place that at least this share of the members reaches.
POSSIBLE = 0.1
#: Distances m at which the axis is kept with the run, for doses.
AXIS_M = (50.0, 100.0, 150.0, 200.0, 300.0, 400.0, 500.0, 700.0, 1000.0, 1500.0, 2000.0, 3000.0, 4000.0, 6000.0, 8000.0,
          12_000.0, 16_000.0, 24_000.0)  # fmt: skip
Ring = list[tuple[float, float]]
#: Points of half the arc at the end of a ring that a wandering wind has widened.
ARC = 4


def widen(ring: Ring, fan: float) -> Ring:
    """All that a ring passes over when the wind turns by `fan` (radians) to each side: its sides turned, an arc at its end."""
    end = max((x for x, y in ring if not y), default=0.0)
    found: Ring = []
    for x, y in ring:
        if x <= 0 or (not y and x < end):
            found.append((x, y))
        elif y:
            turn = fan if y > 0 else -fan
            found.append((x * cos(turn) - y * sin(turn), x * sin(turn) + y * cos(turn)))
        else:
            found += [(x * cos(fan * i / ARC), x * sin(fan * i / ARC)) for i in range(ARC, -ARC - 1, -1)]
    return found


@dataclass(frozen=True)
class Drawn:
    """What a model drew: rings per endpoint (kg/m3), the outer ring of what is possible, the axis (m, kg/m3)."""

    model: str
    rings: list[Ring]
    possible: Ring
    axis: list[tuple[float, float]]
    #: (minute, ring) of the outer endpoint.
    frames: list[tuple[int, Ring]] = field(default_factory=list)
    #: (m, s): when the foremost of the cloud comes; empty in calm, when nobody can say.
    arrival: list[tuple[float, float]] = field(default_factory=list)


def ring_of(edges: cloud.Edges, member: int = 0) -> Ring:
    """Ring of one member's half-widths."""
    side = [(float(x), float(w)) for x, w in zip(edges.x[member], edges.half[member], strict=True) if w > 0]
    if not side:
        return []
    side = [(0.0, side[0][1] * 0.5), *side, *taper(side[-1], max(edges.reach(member), side[-1][0] * 1.001))]
    return [*side, *((x, -y) for x, y in reversed(side[:-1]))]


def in_calm(out: Released, air: Air, limits: list[float]) -> Drawn:
    """Around the source in all directions; what is possible: a source as much stronger as nine in ten are not."""
    of = out.source
    rings = [calm.contour(limit, of.rate, of.height, air.wind, air.stability) for limit in limits]
    wide = calm.contour(limits[-1], of.rate * 1.9, of.height, 0.0, air.stability)
    axis = [(x, calm.concentration(x, 0, of.rate, of.height, air.wind, air.stability)) for x in AXIS_M]
    return Drawn(cloud.CALM, rings, wide, axis)


def at_once(out: Released, air: Air, limits: list[float]) -> Drawn:
    """A cloud let go in one instant."""
    layer = surface(max(air.wind, calm.SMALL), air.stability, air.roughness)
    puff = heavy_puff.slump(out.source.rate, out.source.mixture(air.kelvin), layer)
    rings = [puff.contour(limit) for limit in limits]
    peaks = [(x, float(puff.peak[min(int((puff.x < x).sum()), len(puff.x) - 1)])) for x in AXIS_M]
    front = [(x, puff.arrival(x)) for x in AXIS_M]
    return Drawn("rupture", rings, widen(rings[-1], radians(2 * WIND_SPREAD_DEG)), peaks, arrival=front)


def in_wind(out: Released, air: Air, limits: list[float], model: str, doubt: Doubt | None) -> Drawn:
    """A plume, and with it the members of what is uncertain, solved in one batch."""
    batch, weights = Batch(model, (out.source,), (air,), duration_s=out.duration_s), None
    course, frames = out.course or moments.steady(out.source.rate, out.duration_s), []
    if doubt is not None:
        batch, weights = cloud.with_members(out.source, air, doubt, model, out.duration_s)
        later = moments.members(out.source, float(course.rate.max()))
        batch = replace(batch, sources=batch.sources + later, airs=batch.airs + (air,) * len(later))
    found = batch.edges(limits)
    if weights is not None:
        frames = moments.rings(course, found[-1].part(len(weights)), batch.passage())
    rings = [widen(ring_of(edges), radians(WIND_SPREAD_DEG)) for edges in found]
    fan = radians(WIND_SPREAD_DEG)
    around = (
        cloud.possible(found[-1], weights, doubt.direction_deg, POSSIBLE, fan) if doubt and weights is not None else []
    )
    front = [(x, float(s)) for x, s in zip(AXIS_M, batch.arrival(np.array(AXIS_M)), strict=True)]
    return Drawn(model, rings, around, [(x, batch.axis(x)) for x in AXIS_M], frames, front)


def run(lon: float, lat: float, inputs: Mapping[str, Any]) -> Footprint:
    """Footprint of a release at (lon, lat)."""
    given = HAZARD.read(inputs)
    substance = find(given["substance"])
    if substance.endpoint_1 is None or substance.endpoint_2 is None:
        raise InputError("substance", substance.key, "有大气毒性终点浓度的物质")
    air = Air(given["wind_m_s"], given["stability"], given["terrain"], given["air_c"] + 273.15)
    out = released(substance, given, air)
    choice = cloud.choose(out.source, air, given["model"])
    limits = [substance.endpoint_1 * KG_PER_MG, substance.endpoint_2 * KG_PER_MG]
    doubt = (
        Doubt(given["wind_dir_sd_deg"], given["wind_sd"], given["rate_sd"]) if given["uncertainty"] == "on" else None
    )
    if out.instant:
        drawn = at_once(out, air, limits)
    else:
        still = choice.model == cloud.CALM
        drawn = in_calm(out, air, limits) if still else in_wind(out, air, limits, choice.model, doubt)
    return footprint(lon, lat, given, substance, out, choice.richardson, drawn)


def placed(lon: float, lat: float, given: Mapping[str, Any], ring: Ring) -> Any:
    towards = (given["wind_from_deg"] + 180) % 360
    return polygon(lon, lat, [downwind(towards, x, y) for x, y in ring])


def zones_of(lon: float, lat: float, given: Mapping[str, Any], of: Substance, drawn: Drawn) -> list[Zone]:
    """Worst first: the endpoints, then everything that a tenth of the members reaches."""
    found = []
    for level, (ring, value) in enumerate(zip(drawn.rings, (of.endpoint_1, of.endpoint_2), strict=True), 1):
        if ring:
            name = f"{of.name} 毒性终点浓度-{level}"
            found.append(Zone(name, level, MEANING[level - 1], placed(lon, lat, given, ring), value, "mg/m³"))
    if drawn.possible and given["uncertainty"] == "on":
        meaning = f"风向、风速、源强不确定时，至少 {POSSIBLE:.0%} 的可能达到毒性终点浓度-2"
        shape = placed(lon, lat, given, drawn.possible)
        found.append(Zone(f"{of.name} 可能影响范围", 3, meaning, shape, of.endpoint_2, "mg/m³", uncertain=True))
    return found


def footprint(
    lon: float, lat: float, given: Mapping[str, Any], of: Substance, out: Released, number: float, drawn: Drawn
) -> Footprint:
    name = {**cloud.NAMES, "rupture": "重气云团箱式模型（van Ulden）"}[drawn.model]
    distances = {
        f"毒性终点浓度-{i}": round(max((x for x, _ in ring), default=0.0)) for i, ring in enumerate(drawn.rings, 1)
    }
    strength = (
        f"瞬时成云 {out.source.rate:.3g} kg"
        if out.instant
        else f"源强 {out.source.rate:.3g} kg/s，" + ("随时间变化" if out.course else "连续稳定泄漏")
    )
    assumptions = [
        *out.how, strength,
        f"理查森数 {number:.2g}（HJ 169-2018 附录 G，界限 1/6）：{name}",
        *([carried_by(out, given)] if drawn.model == cloud.GAUSSIAN else []), *TRAVELS.get(drawn.model, ()),
        f"风向摆动 ±{WIND_SPREAD_DEG:g}°（待核对）；平坦地形、稳定风",
    ]  # fmt: skip
    if given["uncertainty"] == "on":
        assumptions.append(
            f"不确定范围：风向标准差 {given['wind_dir_sd_deg']:g}°、风速对数标准差 {given['wind_sd']:g}、源强对数标准差"
            f" {given['rate_sd']:g}（平台默认，待核对），{9 * cloud.DIRECTIONS} 个成员"
        )
    return Footprint(
        model=f"{HAZARD.model}：本次为{name}",
        zones=zones_of(lon, lat, given, of, drawn),
        assumptions=assumptions,
        limits=limits_of(drawn.model, of, max(distances.values())),
        summary={
            "rate_kg_s": None if out.instant else out.source.rate, "duration_s": out.duration_s, "released_kg": out.total_kg,
            "distance_m": distances, "towards_deg": (given["wind_from_deg"] + 180) % 360, "substance": of.name,
            "substance_key": of.key, "richardson": number, "dense": drawn.model in {cloud.DENSE, "rupture"},
            "model": drawn.model, "wind_m_s": given["wind_m_s"], "jet": given["jet"], "frames": [{"minute": minute, "geometry": placed(lon, lat, given, ring)} for minute, ring in drawn.frames],
            "height_m": out.source.height,
            "course": [[float(s), float(q)] for s, q in zip(*thinned(out.course), strict=True)] if out.course else [],
            "axis_mg_m3": [[x, c / KG_PER_MG] for x, c in drawn.axis],
            "arrival_s": [[x, round(s, 1)] for x, s in drawn.arrival],
        },
    )  # fmt: skip


def carried_by(out: Released, given: Mapping[str, Any]) -> str:
    """Which wind thins a Gaussian plume, in words."""
    height = max(plume.LOWEST_M, out.source.height)
    wind = plume.carrying(height, given["wind_m_s"], given["stability"], given["terrain"])
    return f"烟羽按泄漏高度 {height:.3g} m（不低于 2 m，待核对）的风速 {wind:.2g} m/s 稀释，由 10 m 风速按 GB/T 3840-91 幂律换算"


def thinned(course: moments.Course, rows: int = 40) -> tuple[Any, Any]:
    """So many rows of a course, first and last among them."""
    picks = sorted({round(i * (len(course.seconds) - 1) / (rows - 1)) for i in range(rows)})
    return course.seconds[picks], course.rate[picks]


AHEAD = "；告知的到达时间取其前缘（提前两倍纵向扩散，Beals 1971）与 10 m 风速中较早者，待核对"
#: With what speed the cloud comes, in words.
TRAVELS = {
    cloud.GAUSSIAN: (f"云团按烟羽平均高度 0.6 倍处的风速推进（van Ulden 1978）{AHEAD}",),
    cloud.DENSE: (f"云团按重气层自身的平均速度推进（与 DEGADIS 相同，质量守恒），近源慢于 10 m 风速{AHEAD}",),
    "rupture": ("云团按其半高处的风速推进；告知的到达时间取其前缘（中心加两倍边缘扩散）",),
}

LIMITS = {
    cloud.GAUSSIAN: "100 m 以内不可用",
    cloud.DENSE: "与 DEGADIS 同例轴线浓度相差 15 % 以内（D、E 类 100 m 至 1.5 km，F 类 200 m 起）",
    cloud.CALM: "静风或风速低于 1 m/s：风向无意义，按四周扩散计算；系数待核对，重气的地面坍塌未计入",
    "rupture": "峰值浓度，云团经过只有数分钟，与 1 小时终点浓度相比偏保守",
}


def limits_of(model: str, of: Substance, far: float) -> list[str]:
    """What the reader must know about the chosen model."""
    found = ["未计建筑与地形", "未计沉降与反应", LIMITS[model]]
    if far > FAR_M:
        found.append(f"{FAR_M / 1000:g} km 以外仅供参考：风向与稳定度难以在整个传播时间内保持不变")
    if of.endpoint_to_check:
        found.append("终点浓度取 PAC-3/PAC-2 或 60 min AEGL，是否列入 HJ 169 表 H.1 待核对")
    return found


@dataclass(frozen=True)
class SubstanceChoice(Choice):
    """A substance by key, name, CAS or UN number; one that is not known is answered with names that are near."""

    def read(self, given: Mapping[str, Any]) -> str:
        value = given.get(self.name)
        if not isinstance(value, str) or not value.strip():
            raise InputError(self.name, value, "物质名称、CAS 号或 UN 号")
        return find(value).key


AMMONIA = {"rate": 1.0, "height": 0.0, "wind": 3.0, "stability": "D"}
LNG = {"rate": 97.888, "density": 1.76, "temperature_k": 111.6, "wind": 10.9, "molar_mass": 0.01604, "air_k": 298.0}
HAZARD = Hazard(
    kind="chemical",
    title="危化品泄漏",
    model="高斯烟羽或重气浅层模型（按理查森数选）",
    citation="HJ 169-2018 附录 F、G、H; Briggs 1973; AQ/T 3046-2013; Spicer & Havens 1989; Ermak 1990; HJ/T 2.2-93",
    grade="reference",
    inputs=(
        SubstanceChoice("substance", "物质", tuple(table()), words={key: item.name for key, item in table().items()}),
        Choice("phase", "泄漏相态", ("gas", "liquid", "rupture"), "gas", {"gas": "气相", "liquid": "液相", "rupture": "整体破裂"}),
        Input("hole_mm", "孔径", "mm", 0.1, 1000, 25),
        Input("rate_kg_s", "已知源强（0 为按孔径计算）", "kg/s", 0, 10_000, 0),
        Choice("jet", "射流方向", ("blocked", "horizontal", "vertical"), "blocked",
               {"blocked": "受阻（无动量，近源最不利）", "horizontal": "水平顺风", "vertical": "垂直向上"}),
        Input("pressure_mpa", "压力（绝对）", "MPa", 0.1013, 40, 0.7),
        Input("temperature_c", "温度", "℃", -200, 500, 20),
        Input("head_m", "液位高度", "m", 0, 50, 2),
        Input("height_m", "泄漏高度", "m", 0, 300, 1),
        Input("inventory_t", "存量（0 为不限）", "t", 0, 100_000, 0),
        Input("duration_min", "最长泄漏时间", "min", 0.5, 1440, 30),
        Input("bund_m2", "围堰面积（0 为无）", "m²", 0, 100_000, 0),
        Input("air_c", "气温", "℃", -50, 55, 20),
        Input("wind_m_s", "风速（0 为静风）", "m/s", 0, 40, 2),
        Input("wind_from_deg", "风向（来向）", "°", 0, 360, 270),
        Choice("stability", "大气稳定度", plume.STABILITIES, "D"),
        Choice("terrain", "地面", ("rural", "urban", "gb3840"), "rural", {"rural": "开阔地（Briggs）", "urban": "城区（Briggs；A、B 类 σz 待核对）", "gb3840": "GB/T 3840-91 系数"}),
        Choice("model", "扩散模型", ("auto", "gaussian", "dense"), "auto", {"auto": "自动", "gaussian": "高斯烟羽", "dense": "重气"}),
        Choice("uncertainty", "不确定范围", ("on", "off"), "on", {"on": "计算", "off": "不计算"}),
        Input("wind_dir_sd_deg", "风向标准差", "°", 0, 90, 15),
        Input("wind_sd", "风速对数标准差", "", 0, 1, 0.25),
        Input("rate_sd", "源强对数标准差", "", 0, 2, 0.5),
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
