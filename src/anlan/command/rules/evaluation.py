"""评估: the items by which a response or a drill is judged, with what was measured for each. Pure.

The order follows the evaluation form for full-scale drills of AQ/T 9009-2015 and the contents named by 突发事件应急预案管理
办法 (国办发〔2024〕5号): execution, plan, command and linkage, people, equipment. The standard's own wording is not at hand:
待核对, as are the score bands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: Item -> (Chinese, names of measured times that speak for it; a trailing * takes all that end so).
ITEMS: dict[str, tuple[str, tuple[str, ...]]] = {
    "warning_report": ("预警与信息报告", ("首报报送", "首条预警发布", "*首报*")),
    "mobilisation": ("紧急动员", ("首次下达任务", "首个任务确认", "*·确认")),
    "assessment": ("事故监测与研判", ()),
    "command": ("指挥与协调", ("启动响应", "*批示按时办结*", "*叫应应答*")),
    "action": ("应急处置", ("首支力量到场", "*·到场", "*·完成")),
    "resources": ("应急资源管理", ()),
    "communication": ("应急通信", ("*叫应应答*",)),
    "public": ("公众信息", ("首条预警发布",)),
    "protection": ("人员保护", ()),
    "cordon": ("警戒与管制", ()),
    "medical": ("医疗救护", ()),
    "recovery": ("现场控制与恢复", ()),
    "plan": ("预案合理性与可操作性", ()),
}
#: From this score on. 待核对.
BANDS = ((90.0, "优"), (75.0, "良"), (60.0, "中"), (0.0, "差"))


@dataclass(frozen=True)
class Item:
    """One item: what was measured, and the score this suggests (share of targets met); a person decides."""

    key: str
    label: str
    measured: tuple[str, ...]
    suggested: float | None


def fits(name: str, patterns: Iterable[str]) -> bool:
    return any(wanted.strip("*") in name if "*" in wanted else wanted == name for wanted in patterns)


def items(rows: Sequence[Mapping[str, Any]]) -> list[Item]:
    """Every item with the measured times that speak for it. `rows`: name, minutes, target, met."""
    found = []
    for key, (label, patterns) in ITEMS.items():
        mine = [row for row in rows if fits(row["name"], patterns)]
        judged = [row["met"] for row in mine if row["met"] is not None]
        suggested = round(100 * sum(judged) / len(judged), 1) if judged else None
        found.append(Item(key, label, tuple(said(row) for row in mine), suggested))
    return found


def said(row: Mapping[str, Any]) -> str:
    minutes = "未发生" if row["minutes"] is None else f"{row['minutes']:g} 分钟"
    target = "" if row["target"] is None else f"（目标 {row['target']:g}，{'达标' if row['met'] else '未达标'}）"
    return f"{row['name']} {minutes}{target}"


def total(scores: Iterable[float]) -> float | None:
    """The mean of the items that were scored."""
    given = list(scores)
    return round(sum(given) / len(given), 1) if given else None


def band(score: float | None) -> str:
    return "" if score is None else next(name for least, name in BANDS if score >= least)
