"""Re-grading by late deaths and the way a report goes up (国务院令第493号)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from anlan.command.rules.grades import GRADES, Graded, accident_grade

#: Days after the accident within which a death changes the grade (art 13); the day after the accident is day 1.
WINDOW_DAYS = {"general": 30, "road_traffic": 7, "fire": 7}
#: Highest receiver of a report (art 10).
ROUTE = {"一般": "市级", "较大": "省级", "重大": "国务院部门", "特别重大": "国务院部门"}


def window_days(kind: str = "general") -> int:
    return WINDOW_DAYS.get(kind, WINDOW_DAYS["general"])


def window_ends(accident_on: date, kind: str = "general") -> date:
    """The last day on which a death still counts."""
    return accident_on + timedelta(days=window_days(kind))


def regrade(
    deaths: int,
    serious: int | None,
    loss_cny: float | None,
    late_deaths_day: Sequence[int],
    kind: str = "general",
) -> Graded:
    """The grade with those late deaths that fall inside the window (day 1 = the day after the accident)."""
    late = sum(1 <= day <= window_days(kind) for day in late_deaths_day)
    found = accident_grade(deaths + late, serious, loss_cny)
    return Graded(found.grade, "国务院令第493号第三、十三、二十条")


def report_route(grade: str) -> str:
    """The level up to which departments pass a report of this grade on."""
    if grade not in GRADES:
        raise ValueError(grade)
    return ROUTE[grade]
