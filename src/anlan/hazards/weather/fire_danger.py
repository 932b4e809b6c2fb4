"""火险等级: five grades of fire danger, their colours and warning signals, and the months in which fire is forbidden.

The index formula of GB/T 36743-2018 is not public to us: its five grades are reached here from the Canadian FWI with the class
limits of EFFIS, and say so (`METHOD`). LY/T 1172-1995 has an index of its own, in `monitoring.rules.signals`; its five levels
map one to one onto the signals below.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import isfinite

from anlan.hazards.contract import InputError

METHOD = "加拿大 FWI + EFFIS 分级限值，非 GB/T 36743-2018 原式（待核对）"
#: GB/T 36743-2018 (as QX/T 77-2007 before it): names and colours, mildest first.
NAMES = ("低", "较低", "较高", "高", "极高")
COLOURS = ("绿", "蓝", "黄", "橙", "红")
#: FWI from which each next grade holds: EFFIS low, moderate, high, very high (its "extreme" at 50 is within 极高).
FWI_LIMITS = (5.2, 11.2, 21.3, 38.0)
#: 森林火险预警信号 (LY/T 2578): signal by level 1-5 of LY/T 1172, in force once that level has lasted so many days (待核对).
SIGNALS = ("", "蓝", "黄", "橙", "红")
LASTING_DAYS = 1
#: 防火期 of 内蒙古: (month, day) first and last, spring and autumn; a city may extend them by order.
SEASONS = (((3, 15), (6, 15)), ((9, 15), (11, 15)))


@dataclass(frozen=True)
class Grade:
    """Level 1 (低) to 5 (极高), as GB/T 36743 names and colours it, and the method that gave it."""

    level: int
    name: str
    colour: str
    method: str = METHOD


def grade_of(fwi: float, limits: Sequence[float] = FWI_LIMITS) -> Grade:
    """Grade of a Canadian fire weather index."""
    if not (isfinite(fwi) and 0 <= fwi <= 1000):
        raise InputError("fwi", fwi, "0 至 1000")
    if len(limits) != len(NAMES) - 1 or any(a >= b for a, b in itertools.pairwise(limits)):
        raise InputError("limits", list(limits), f"{len(NAMES) - 1} 个递增的数")
    level = bisect_right(list(limits), fwi) + 1
    return Grade(level, NAMES[level - 1], COLOURS[level - 1])


def signal_of(levels: Sequence[int], lasting_days: int = LASTING_DAYS) -> str:
    """Colour of the warning signal after the levels (1-5) of the last days, newest last; "" if none: the level that held."""
    for i, level in enumerate(levels):
        if level not in range(1, 6):
            raise InputError(f"levels[{i}]", level, "1 至 5")
    if lasting_days < 1:
        raise InputError("lasting_days", lasting_days, ">= 1")
    if len(levels) < lasting_days:
        return ""
    return SIGNALS[min(levels[-lasting_days:]) - 1]


def in_season(day: date, seasons: Sequence[tuple[tuple[int, int], tuple[int, int]]] = SEASONS) -> bool:
    """Whether a day lies in a 防火期, both ends included."""
    at = (day.month, day.day)
    return any(first <= at <= last for first, last in seasons)
