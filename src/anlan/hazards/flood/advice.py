"""What to do first when water comes, each line with what it rests on."""

from __future__ import annotations

from typing import Any

LAW = "突发事件应对法（2024 修订）第七十三条"
RULES = "防汛条例（2011 修订）"
PLAN = "国家防汛抗旱应急预案（2022）"
DEPTH = "分级水深为本平台参数（待核对）"


def advice(deepest_m: float | None, first_min: float | None, peak_m3_s: float | None = None) -> list[dict[str, Any]]:
    """Lines in order of urgency, by the deepest class of water (m) and when it first arrives (minutes)."""
    said: list[tuple[str, str]] = []
    deep = deepest_m or 0.0
    if deep >= 0.5:
        within = f"（水头约 {first_min:.0f} 分钟后到达，按淹没范围的一成计）" if first_min is not None else ""
        said.append(
            (f"立即组织水深 0.5 m 以上范围内人员转移，先老弱病残、低洼平房{within}", f"{RULES}第三十二条；{LAW}")
        )
    elif deep >= 0.15:
        said.append(("通知范围内居民不外出、不涉水，低洼处与地下室人员转移", f"{RULES}；{DEPTH}"))
    if deep >= 1.5:
        said.append(("房屋可能进水至窗，派冲锋舟与救生器材前置，校核避难场所不在淹没区", f"{PLAN}；GB 51143"))
    if peak_m3_s is not None and peak_m3_s > 0:
        said.append((f"按洪峰约 {peak_m3_s:.0f} m³/s 准备封堵与导流，溃口两侧先裹头", f"{PLAN} 堤防决口处置"))
    if deep >= 0.15:
        said.append(("对积水路段设卡，重排救援与转移路线，涵洞、下穿桥先封", f"道路交通安全法第三十九条；{DEPTH}"))
        said.append(
            ("断开淹没区供电供气，核查范围内危化品储罐液位与锚固、电石库是否进水", "Natech：Landucci 等 2012；GB 10665")
        )
    said.append(("派人到现场看水位与范围，回填实测水痕，用以修正推算", "本平台规则"))
    return [{"text": text, "source": source} for text, source in said]
