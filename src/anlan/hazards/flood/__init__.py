"""凌汛与洪水: judgement of a river reach from stages, and a labelled strip of low ground beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from anlan.hazards.contract import Case, Footprint, Hazard, Input, Zone
from anlan.hazards.plane import ellipse, polygon

#: RULES 2.4: this platform's own rules for the Yellow River ice flood; every figure is 待核对 and may be set per station.
RISE_6H_ORANGE_M = 0.5
PHASES = ("OPEN", "FRAZIL", "FREEZE_UP", "STABLE", "BREAK_UP")
PHASE_TITLES = {"OPEN": "畅流", "FRAZIL": "流凌", "FREEZE_UP": "封河", "STABLE": "稳封", "BREAK_UP": "开河"}


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


def rise(stages: Sequence[tuple[float, float]], hours: float = 6.0) -> float:
    """Greatest rise (m) within any `hours` window of (hour, stage m), in order of time."""
    best = 0.0
    for i, (t0, s0) in enumerate(stages):
        for t1, s1 in stages[i + 1 :]:
            if t1 - t0 > hours:
                break
            best = max(best, s1 - s0)
    return best


def ice_warning(rise_6h_m: float, ice_cover: bool, jam_reported: bool, over_guarantee: bool) -> Judgement:
    """RULES 2.4 defaults: 红 an ice dam threatens or guarantee stage; 橙 rise of 0.5 m in 6 h; 黄 freeze or break-up front."""
    if over_guarantee or (jam_reported and rise_6h_m >= RISE_6H_ORANGE_M):
        return Judgement("红", "冰坝壅水或达到保证水位（本平台规则，待核对）")
    if rise_6h_m >= RISE_6H_ORANGE_M:
        return Judgement("橙", f"6 小时涨水 {rise_6h_m:.2f} m ≥ {RISE_6H_ORANGE_M} m（本平台规则，待核对）")
    if jam_reported or ice_cover:
        return Judgement("黄", "封、开河上首位于本市河段（本平台规则，待核对）")
    return Judgement("", "未达预警标准")


def run(lon: float, lat: float, inputs: Mapping[str, Any]) -> Footprint:
    """Low ground that backwater of a jam at (lon, lat) may reach, by a plain slope: no terrain is used."""
    given = HAZARD.read(inputs)
    back_m = given["rise_m"] / given["bed_slope"]
    width = given["rise_m"] / given["bank_slope"]
    zones = []
    for level, share in ((2, 1.0), (4, 1.6)):
        ring = ellipse(back_m / 2 * share, width * share, given["upstream_deg"], back_m / 2)
        name = "壅水可能淹没" if level == 2 else "关注区"
        zones.append(Zone(name, level, "按均坡估算，非地形计算", polygon(lon, lat, ring), given["rise_m"], "m"))
    return Footprint(
        model=HAZARD.model,
        zones=zones,
        assumptions=[f"河床比降 {given['bed_slope']:g}", f"滩地横坡 {given['bank_slope']:g}", "水面水平壅高"],
        limits=["未用地形（本市无精细 DEM）", "未计堤防", "仅用于提示核查范围"],
        summary={"backwater_m": back_m},
    )


HAZARD = Hazard(
    kind="flood",
    title="凌汛壅水",
    model="均坡壅水估算",
    citation="水平壅水几何关系；判别按 RULES 2.4（本平台规则，待核对）",
    grade="sketch",
    inputs=(
        Input("rise_m", "壅高", "m", 0.1, 20, 1.5),
        Input("upstream_deg", "上游方位", "°", 0, 360, 190),
        Input("bed_slope", "河床比降", "", 1e-5, 0.05, 0.00025),
        Input("bank_slope", "滩地横坡", "", 1e-4, 0.5, 0.0015),
    ),
    run=run,
    example={"rise_m": 1.2},
    cases=(
        Case("6 小时最大涨幅", rise, {"stages": [(0, 1.0), (2, 1.2), (6, 1.8), (13, 3.0)]}, 0.8, 1e-9, "定义"),
    ),
)  # fmt: skip
