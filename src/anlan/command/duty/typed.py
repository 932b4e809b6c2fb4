"""What people type while on the telephone: times and casualties in the shortest form, read strictly. Pure."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from anlan.kernel.clock import BEIJING
from anlan.kernel.errors import Invalid

TIMES = "14:05、1405、昨天22:30、11-23 14:05、10分钟前、-10、刚才"
AGO = re.compile(r"(?:-\s*(\d{1,4})|(\d{1,4})\s*(分钟?|小时)前)")
OF_DAY = re.compile(r"(昨[天日]|今[天日])?\s*(\d{1,2})[:：时点]?(\d{2})分?")
OF_DATE = re.compile(r"(?:(\d{4})[-/年])?(\d{1,2})[-/月](\d{1,2})日?[T\s]+(\d{1,2})[:：](\d{2})")
CASUALTIES = "死1失2重3轻4困5疏100；“无伤亡”；不知道则留空"
FIGURES = {
    "死亡": "deaths", "遇难": "deaths", "死": "deaths", "亡": "deaths",
    "失踪": "missing", "失联": "missing", "失": "missing",
    "重伤": "serious", "重": "serious", "轻伤": "minor", "轻": "minor",
    "被困": "trapped", "困": "trapped", "疏散": "evacuated", "疏": "evacuated", "安置": "resettled",
}  # fmt: skip
WORD = "|".join(sorted(FIGURES, key=len, reverse=True))
COUNT = re.compile(rf"({WORD})\s*(\d{{1,6}})\s*人?|(\d{{1,6}})\s*人?\s*({WORD})")
NONE = re.compile(r"(暂?无(人员)?伤亡|没有(人员)?伤亡|零伤亡)")


def moment(text: str, now: datetime) -> datetime | None:
    """A time as typed, never in the future: a time of day later than now was yesterday's. "" = unknown."""
    text = text.strip()
    if text in {"", "不详", "不明"}:
        return None
    if text in {"刚才", "刚刚", "现在"}:
        return now
    found = ago(text, now) or of_date(text, now) or of_day(text, now)
    if found is None:
        raise Invalid("occurred_at", text, TIMES, label="发生时间")
    if found > now:
        raise Invalid("occurred_at", text, "不晚于现在", label="发生时间")
    return found


def ago(text: str, now: datetime) -> datetime | None:
    match = AGO.fullmatch(text)
    if not match:
        return None
    number = int(match[1] or match[2])
    return now - timedelta(hours=number) if match[3] == "小时" else now - timedelta(minutes=number)


def of_day(text: str, now: datetime) -> datetime | None:
    match = OF_DAY.fullmatch(text)
    if not match or int(match[2]) > 23 or int(match[3]) > 59:
        return None
    here = now.astimezone(BEIJING)
    found = here.replace(hour=int(match[2]), minute=int(match[3]), second=0, microsecond=0)
    yesterday = (match[1] or "").startswith("昨") or (not match[1] and found > here)
    return found - timedelta(days=1) if yesterday else found


def of_date(text: str, now: datetime) -> datetime | None:
    match = OF_DATE.fullmatch(text)
    if not match:
        return None
    year = int(match[1]) if match[1] else now.astimezone(BEIJING).year
    try:
        return datetime(year, int(match[2]), int(match[3]), int(match[4]), int(match[5]), tzinfo=BEIJING)
    except ValueError:
        return None


def casualties(text: str) -> dict[str, int]:
    """Counts as typed. What is not said stays unknown; "无伤亡" is zero. An unread rest is refused, not guessed."""
    text = re.sub(r"[\s，,、；;。]+", "", text)
    if text in {"", "不详", "不明", "未知"}:
        return {}
    figures: dict[str, int] = {}

    def take(match: re.Match[str]) -> str:
        figures[FIGURES[match[1] or match[4]]] = int(match[2] or match[3])
        return ""

    rest = NONE.sub("", text)
    if rest != text:
        figures = {"deaths": 0, "missing": 0, "serious": 0}
    rest = COUNT.sub(take, rest)
    if rest:
        raise Invalid("casualties", text, CASUALTIES, label="伤亡")
    return figures
