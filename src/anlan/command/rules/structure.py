"""现场指挥部: its groups where the plan names none, and what a period's objectives must be. Pure.

The groups follow what special plans of Chinese cities usually name (综合协调 … 专家组); no text binds this city to just
these, so they are a starting point that the commander changes: 待核对. The cycle of periods with objectives is that of
incident command (NIMS, 3rd ed. 2017, "Incident Action Planning Process").
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

#: key, title, duty.
DEFAULT_GROUPS: tuple[tuple[str, str, str], ...] = (
    ("coordination", "综合协调组", "信息汇总、会议与指令、对上报告"),
    ("rescue", "抢险救援组", "搜救、堵漏灭火、险情处置"),
    ("medical", "医疗救护组", "检伤分类、转运、救治"),
    ("security", "警戒疏散组", "警戒、交通管制、人员疏散"),
    ("monitoring", "环境监测组", "气体、水、土壤监测与气象"),
    ("logistics", "后勤保障组", "物资、运输、通信、供电、食宿"),
    ("publicity", "新闻宣传组", "信息发布、舆情引导"),
    ("experts", "专家组", "研判与技术方案"),
    ("aftermath", "善后处置组", "安置、抚慰、补偿"),
)
#: Bounds of a period; practice is 12 or 24 h, shorter at the start: the platform's own figures.
SHORTEST, LONGEST = timedelta(minutes=30), timedelta(hours=72)
MOST_OBJECTIVES, LONGEST_OBJECTIVE = 12, 200


def objectives_of(text: str) -> list[dict[str, str]]:
    """One objective a line, `组别：目标` or the objective alone."""
    found = []
    for line in (line.strip() for line in text.splitlines()):
        if line:
            head, colon, tail = line.replace(":", "：", 1).partition("：")
            group, words = (head.strip(), tail.strip()) if colon and len(head) <= 12 and tail.strip() else ("", line)
            found.append({"text": words, "group": group, "done_at": "", "done_by": ""})
    return found


def objectives_wrong(objectives: Sequence[dict[str, str]]) -> str:
    """What a list of objectives must be, or "" when it is."""
    if not objectives:
        return f"至少一条、至多 {MOST_OBJECTIVES} 条目标，每行一条"
    if len(objectives) > MOST_OBJECTIVES or any(len(one["text"]) > LONGEST_OBJECTIVE for one in objectives):
        return f"至多 {MOST_OBJECTIVES} 条目标，每条不超过 {LONGEST_OBJECTIVE} 字"
    return ""


def period_wrong(begins: datetime, ends: datetime, last_ends: datetime | None) -> str:
    """Why a period cannot run like this, or ""."""
    if not SHORTEST <= ends - begins <= LONGEST:
        return f"时长 {SHORTEST.total_seconds() / 60:.0f} 分钟至 {LONGEST.total_seconds() / 3600:.0f} 小时"
    if last_ends is not None and begins < last_ends - timedelta(seconds=1):
        return "不早于上一周期结束（周期相接，不重叠）"
    return ""
