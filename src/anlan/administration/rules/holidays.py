"""节假日: what kind of day it is, by the State Council's yearly arrangement (国务院办公厅节假日安排) as far as it is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import chinese_calendar

NAMES = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "Mid-autumn Festival": "中秋节",
    "National Day": "国庆节",
    "Anti-Fascist 70th Day": "抗战胜利纪念日",
}


@dataclass(frozen=True)
class DayKind:
    """A day: off or not, the holiday's name, and whether the arrangement of that year is known (else 待核对)."""

    off: bool
    name: str = ""
    known: bool = True
    #: A weekend day on which one works, to make up for a holiday.
    made_up: bool = False


def kind_of(day: date) -> DayKind:
    weekend = day.weekday() >= 5
    try:
        off, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:  # the arrangement of that year is not published, or not in the package
        return DayKind(weekend, "", known=False)
    return DayKind(off, NAMES.get(name, name or "") if off else "", made_up=weekend and not off)
