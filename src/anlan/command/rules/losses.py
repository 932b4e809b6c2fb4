"""灾情统计: the indicators, their relations within a report, over time and between levels, and the limits. Pure.

自然灾害情况统计调查制度 as far as it is known (`data/loss_indicators.toml`, versioned, 待核对 where it says so). A figure that is
not known is None, which is not 0. Persons and things in whole numbers, areas in hectares, losses in 10⁴ CNY, both with two decimals.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parent.parent / "data" / "loss_indicators.toml"
BEIJING = timezone(timedelta(hours=8))
INITIAL, FOLLOW_UP, FINAL = KINDS = ("初报", "续报", "核报")
DROUGHT = "干旱"
#: 灾种 of the 制度.
HAZARDS = (
    "洪涝",
    "风雹",
    "台风",
    "地震",
    "干旱",
    "低温冷冻",
    "雪灾",
    "沙尘暴",
    "地质灾害",
    "森林草原火灾",
    "冰凌",
    "其他",
)
#: A drought is told every so many days, any other disaster every day, until it is stable.
DROUGHT_DAYS = 10
MOST = Decimal("1e9")
Figures = Mapping[str, float | None]


@dataclass(frozen=True)
class Indicator:
    code: str
    label: str
    unit: str
    group: str
    decimals: int = 0
    cumulative: bool = True

    @property
    def title(self) -> str:
        return f"{self.label}（{self.unit}）"


@dataclass(frozen=True)
class Limit:
    """Who of a level owes which report when."""

    kind: str
    level: int
    basis: str
    hours: float = 0
    days: float = 0
    after_below_h: float = 0
    to_check: bool = False

    def due(self, since: datetime) -> datetime:
        return since + timedelta(hours=self.hours, days=self.days)


@dataclass(frozen=True)
class Dictionary:
    """One version of the 制度."""

    version: str
    to_check: bool
    indicators: dict[str, Indicator]
    sums: tuple[tuple[str, tuple[str, ...], bool], ...]
    within: tuple[tuple[str, str], ...]
    limits: dict[tuple[str, int], Limit]


@cache
def dictionary() -> Dictionary:
    said = tomllib.loads(FILE.read_text(encoding="utf-8"))
    falling = set(said["may_fall"]["codes"])
    found = {
        code: Indicator(code, label, unit, block["group"], block.get("decimals", 0), code not in falling)
        for block in said["indicator"]
        for code, label, unit in block["rows"]
    }
    return Dictionary(
        said["version"],
        said["to_check"],
        found,
        tuple((one["total"], tuple(one["parts"]), one["exact"]) for one in said["sum"]),
        tuple((less, one["more"]) for one in said["within"] for less in one["less"]),
        {(one["kind"], one["level"]): Limit(**one) for one in said["limit"]},
    )


@dataclass(frozen=True)
class Difference:
    """Where a level's own figure is not the sum of those below it."""

    code: str
    own: float | None
    below: float | None

    @property
    def text(self) -> str:
        about = dictionary().indicators[self.code]
        return f"{about.title}本级 {shown(self.own)}，下级合计 {shown(self.below)}"


def shown(value: float | None) -> str:
    """null is 不详, which is not 0."""
    return "不详" if value is None else f"{value:g}" if abs(value) < 1e6 else f"{value:.2f}".rstrip("0").rstrip(".")


def parsed(code: str, value: Any) -> float | None:
    """A figure as it was typed; raises ValueError with the allowed range."""
    about = dictionary().indicators[code]
    text = str(value if value is not None else "").strip()
    if not text:
        return None
    allowed = "不小于 0 的整数，未知则留空" if about.decimals == 0 else "不小于 0，至多两位小数，未知则留空"
    try:
        found = Decimal(text)
    except InvalidOperation:
        raise ValueError(allowed) from None
    if not found.is_finite() or not 0 <= found <= MOST or found != found.quantize(Decimal(1).scaleb(-about.decimals)):
        raise ValueError(allowed)
    return int(found) if about.decimals == 0 else float(found)


def added(values: Iterable[float | None]) -> float | None:
    """The sum of what is known, without errors of binary fractions; None when nothing is."""
    known = [Decimal(str(value)) for value in values if value is not None]
    if not known:
        return None
    total = sum(known)
    return int(total) if total == int(total) else float(total)


def rolled_up(below: Iterable[Figures]) -> dict[str, float | None]:
    """下级合计 of every indicator."""
    rows = list(below)
    return {code: added(row.get(code) for row in rows) for code in dictionary().indicators}


def flaws(figures: Figures) -> list[str]:
    """What contradicts itself within one report; unknown parts are let be."""
    known, found = dictionary().indicators, []
    for total, parts, exact in dictionary().sums:
        whole, some = figures.get(total), added(figures.get(part) for part in parts)
        complete = all(figures.get(part) is not None for part in parts)
        if some is None:
            continue
        names = "＋".join(known[part].label.removeprefix("其中：") for part in parts)
        if whole is None or some > whole:
            found.append(f"{known[total].title}{shown(whole)} 小于其分项合计 {shown(some)}（{names}）")
        elif exact and complete and some < whole:
            found.append(f"{known[total].title}{shown(whole)} 不等于其分项合计 {shown(some)}（{names}）")
    for less, more in dictionary().within:
        small, big = figures.get(less), figures.get(more)
        if small and (big is None or small > big):
            found.append(f"{known[less].title}{shown(small)} 大于{known[more].title}{shown(big)}")
    return found


def falls(before: Figures, after: Figures) -> list[str]:
    """Cumulative figures that fell, or became unknown, from one report to the next (核减)."""
    found = []
    for code, about in dictionary().indicators.items():
        was, now = before.get(code), after.get(code)
        if about.cumulative and was and (now is None or now < was):
            found.append(f"{about.title}由 {shown(was)} 减为 {shown(now)}")
    return found


def differences(own: Figures, below: Figures) -> list[Difference]:
    """Where a level differs from the sum of those below, in printing order. What nobody below knows is no difference."""
    codes = dictionary().indicators
    return [
        Difference(code, own.get(code), below.get(code))
        for code in codes
        if below.get(code) is not None and own.get(code) != below.get(code)
    ]


def due(kind: str, level: int, since: datetime) -> tuple[datetime, Limit] | None:
    """When this level owes this report. `since`: the disaster, the 24:00 the data go to, or when it was stable."""
    limit = dictionary().limits.get((kind, level))
    return None if limit is None else (limit.due(since), limit)


def midnight(at: datetime) -> datetime:
    """The last 24:00 in Beijing."""
    return at.astimezone(BEIJING).replace(hour=0, minute=0, second=0, microsecond=0)


def next_data_to(last: datetime, now: datetime, hazard: str) -> datetime | None:
    """The 24:00 up to which the 续报 that is owed now goes; None when none is owed yet."""
    reached = midnight(now)
    wait = timedelta(days=DROUGHT_DAYS if hazard == DROUGHT else 1)
    return reached if reached > last and (hazard != DROUGHT or reached >= midnight(last) + wait) else None
