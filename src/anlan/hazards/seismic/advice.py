"""What to look at first after an earthquake, each line with what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PLAN = "国家地震应急预案（2012 修订）4 响应措施"
LAW = "防震减灾法（2008 修订）第五十条"
SCALE = "GB/T 17742 中国地震烈度表 表 1"
OMORI = "Reasenberg & Jones 1989, 1994"


def advice(
    greatest: int,
    figures: Mapping[str, Mapping[str, float]],
    needed: Mapping[str, Mapping[str, float]],
    felt: float,
    strong: float,
) -> list[dict[str, Any]]:
    """Lines in order of urgency: the greatest degree where people live, losses and needs, chance of M >= magnitude - 1 within 3 days."""
    said: list[tuple[str, str]] = []
    deaths, homeless = figures["deaths"], figures["homeless"]
    if greatest >= 7 or deaths["p90"] >= 1:
        teams = needed["teams"]
        said.append(
            (
                f"先向最高烈度区派出搜救队（需 {teams['p50']:.0f} 支，不利 {teams['p90']:.0f} 支），72 小时内以压埋人员搜救为先",
                f"{PLAN} 4.1",
            )
        )
    if figures["serious"]["p90"] >= 1:
        said.append(
            (
                f"腾出重伤床位 {needed['beds']['p50']:.0f} 张（不利 {needed['beds']['p90']:.0f} 张），伤员多时按距离与专科分流",
                f"{PLAN} 4.2",
            )
        )
    if homeless["p90"] >= 10:
        tents = needed["tents"]
        said.append(
            (
                f"准备帐篷 {tents['p50']:.0f} 顶（不利 {tents['p90']:.0f} 顶），启用Ⅰ至Ⅲ类避难场所",
                f"{PLAN} 4.3；GB 21734",
            )
        )
    if greatest >= 6:
        said.append(("核查危化品装置、储罐、尾矿库、矿井、煤气与供氯管线，必要时紧急停车", f"{PLAN} 4.6；{LAW}"))
        said.append(("查Ⅵ度及以上区内学校、医院、老旧与未设防房屋，有裂缝的房屋不得返回", f"{SCALE}；{PLAN} 4.3"))
        said.append(("查桥梁、隧道、边坡、采场与河道堤防，通报抢通路线", f"{PLAN} 4.4、4.6"))
    if felt >= 1:
        said.append(("逐社区核实震感与灾情，登记有感上报，用以修正烈度分布", f"{LAW}；{PLAN} 4.5"))
    said.append((f"三日内再发生震级相差一级以内余震的概率约 {strong:.0%}，搜救与排查须设观察哨", OMORI))
    if greatest < 6:
        said.append(("本区预计无房屋破坏；及时发布震情，回应公众关切，防止谣传", f"{PLAN} 4.10"))
    return [{"text": text, "source": source} for text, source in said]
