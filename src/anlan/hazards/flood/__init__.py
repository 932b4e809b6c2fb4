"""凌汛与洪水: stages and ice judged, and where a breach or an ice jam puts water beside the river."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from typing import Any

from anlan.hazards.contract import Case, Choice, Footprint, Ground, Hazard, Input, InputError, Rows, Structures


@dataclass(frozen=True)
class Judgement:
    """Colour ("蓝" … "红" or "") with the reason that decided it."""

    colour: str
    reason: str


def stage_warning(
    stage: float, alert: float | None, guarantee: float | None, record: float | None, near: float = 0.2
) -> Judgement:
    """水情预警发布管理办法 / SL 758-2018: near alert 蓝, alert 黄, guarantee 橙, record 红. Unknown levels decide nothing."""
    if record is not None and stage >= record:
        return Judgement("红", f"水位 {stage:.2f} m ≥ 历史最高 {record:.2f} m")
    if guarantee is not None and stage >= guarantee:
        return Judgement("橙", f"水位 {stage:.2f} m ≥ 保证水位 {guarantee:.2f} m")
    if alert is not None and stage >= alert:
        return Judgement("黄", f"水位 {stage:.2f} m ≥ 警戒水位 {alert:.2f} m")
    if alert is not None and stage >= alert - near:
        return Judgement("蓝", f"水位 {stage:.2f} m 接近警戒水位 {alert:.2f} m（差 {near:.2f} m 以内，待核对）")
    return Judgement("", "未达预警标准")


def rise(stages: list[tuple[float, float]], hours: float = 6.0) -> float:
    """Greatest rise (m) within any `hours` window of (hour, stage m), in order of time."""
    best = 0.0
    for i, (t0, s0) in enumerate(stages):
        for t1, s1 in stages[i + 1 :]:
            if t1 - t0 > hours:
                break
            best = max(best, s1 - s0)
    return best


def run(lon: float, lat: float, inputs: Mapping[str, Any]) -> Footprint:
    """Where water may stand after a dike's breach, an ice jam or a torrent at (lon, lat): shallow water on a plain or a fan."""
    given = HAZARD.read(inputs)
    check_rises("rain", given["rain"], 0, "分钟逐行递增")
    check_rises("storage", given["storage"], 0, "水位逐行递增")
    check_rises("storage", given["storage"], 1, "库容随水位递增")
    # the solver's compiled kernels take a moment to load: only who runs it pays
    found: Footprint
    real = import_module("anlan.hazards.flood.ground")
    if real.fits(lon, lat, given):
        found = real.of_ground(lon, lat, given)
    else:
        found = import_module("anlan.hazards.flood.forecast").of_inputs(lon, lat, given)
    return found


def check_rises(name: str, rows: list[list[float]] | None, column: int, allowed: str) -> None:
    """Rows of a course or a curve go up in a column."""
    for i, (before, after) in enumerate(pairwise(rows or [])):
        if not before[column] < after[column]:
            raise InputError(f"{name}[{i + 1}]", after[column], f"{allowed}（上一行 {before[column]:g}）")


def dam_break_depth(x_m: float, t_s: float, behind_m: float, ahead_m: float) -> float:
    """Depth of the exact dam break at one place and time."""
    numpy, exact = import_module("numpy"), import_module("anlan.hazards.flood.analytic")
    return float(exact.depth(numpy.array([x_m]), t_s, behind_m, ahead_m, 9.81)[0])


def normal_depth(flow_m3_s: float, width_m: float, slope: float, n: float) -> float:
    """Depth of uniform flow in a wide channel (Manning)."""
    return float((flow_m3_s / width_m * n / slope**0.5) ** 0.6)


HAZARD = Hazard(
    kind="flood",
    title="洪水与凌汛淹没",
    model="二维浅水（局部惯性）+ 决口堰流 / 冰坝水平壅水 / 三角形洪水过程 / 降雨产流",
    citation="de Almeida & Bates 2013; Fread 1988 (DAMBRK); 判别按 RULES 2.4（本平台规则，待核对）",
    grade="working",
    inputs=(
        Choice("scenario", "情景", ("ice_jam", "dike_breach", "dam_breach", "torrent", "ponding"), "ice_jam",
               {"ice_jam": "冰坝壅水漫滩", "dike_breach": "堤防决口", "dam_breach": "溃坝", "torrent": "山洪出沟",
                "ponding": "暴雨内涝（须有地形）"}),
        Input("rise_m", "水位高出滩面", "m", 0.1, 20, 1.5),
        Input("rise_h", "涨水历时（冰坝）", "h", 0.1, 72, 6),
        Input("breach_m", "决口宽度", "m", 1, 2000, 80),
        Input("formation_h", "决口发展历时", "h", 0.05, 72, 1),
        Input("reach_km", "决口下游计算长度", "km", 0.5, 40, 8),
        Input("upstream_deg", "上游方位", "°", 0, 360, 190),
        Choice("bank", "淹没岸（面向下游）", ("left", "right"), "right", {"left": "左岸", "right": "右岸"}),
        Input("bed_slope", "河道纵坡", "", 1e-5, 0.05, 0.00025),
        Input("bank_slope", "滩地横坡（背河升高）", "", 0, 0.5, 0.0015),
        Input("manning", "滩地糙率", "s/m^(1/3)", 0.01, 0.5, 0.05),
        Input("peak_m3_s", "洪峰流量（山洪）", "m³/s", 0.1, 10_000, 50),
        Input("peak_h", "起涨到洪峰（山洪）", "h", 0.05, 48, 0.5),
        Input("fan_slope", "洪积扇坡度（山洪）", "", 0.001, 0.3, 0.02),
        Rows("storage", "库容曲线（水位 m, 库容 m³；溃坝）",
             (Input("level", "水位", "m", -500, 9000), Input("volume", "库容", "m³", 0, 1e12))),
        Input("level_m", "坝前水位（溃坝）", "m", -500, 9000, 0),
        Input("foot_m", "溃口底高程（溃坝）", "m", -500, 9000, 0),
        Choice("overtopped", "溃决方式（溃坝）", ("yes", "no"), "yes", {"yes": "漫顶", "no": "管涌"}),
        Rows("rain", "降雨过程（min, mm/h；内涝）",
             (Input("minute", "时刻", "min", 0, 4320), Input("rate", "雨强", "mm/h", 0, 1500))),
        Input("rain_mm_h", "雨强（内涝，未给过程时）", "mm/h", 0, 1500, 50),
        Input("rain_h", "降雨历时（内涝，未给过程时）", "h", 0.05, 48, 1),
        Input("drain_mm_h", "排水能力（内涝）", "mm/h", 0, 500, 20),
        Input("hours", "历时", "h", 0.5, 72, 12),
        Ground("ground", "高程栅格"),
        Structures("structures", "涵洞与挡墙"),
    ),
    run=run,
    example={"scenario": "ice_jam", "rise_m": 1.2},
    cases=(
        Case("6 小时最大涨幅", rise, {"stages": [(0, 1.0), (2, 1.2), (6, 1.8), (13, 3.0)]}, 0.8, 1e-9, "定义"),
        Case("湿底溃坝 10 m / 1 m，20 s，坝址水深", dam_break_depth,
             {"x_m": 0.0, "t_s": 20.0, "behind_m": 10.0, "ahead_m": 1.0}, 4.4444444, 1e-6, "Stoker 1957"),
        Case("湿底溃坝恒定段水深", dam_break_depth,
             {"x_m": 150.0, "t_s": 20.0, "behind_m": 10.0, "ahead_m": 1.0}, 3.961748168, 1e-6, "Stoker 1957"),
        Case("均匀流水深 m", normal_depth,
             {"flow_m3_s": 40.0, "width_m": 20.0, "slope": 0.001, "n": 0.03}, 1.46857, 1e-5, "Manning"),
    ),
)  # fmt: skip
