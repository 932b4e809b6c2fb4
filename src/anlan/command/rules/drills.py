"""演练周期: how often a unit or a plan must be drilled; the strictest of all rules that apply decides. Pure.

RULES.md 8: 突发事件应急预案管理办法 (国办发〔2024〕5号), 生产安全事故应急条例 (国务院令第708号) art 8, 应急管理部令第2号,
乌海市应急管理“十四五”规划 ch. 7.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Cycle:
    """One rule: at least once in so many months, in force from a day on."""

    rule_id: str
    months: int
    basis: str
    valid_from: date
    kinds: tuple[str, ...]
    to_check: bool = False


#: Kinds of what is drilled.
KINDS = {
    "government_overall": "政府总体（综合演练）",
    "government_special": "政府专项预案",
    "department": "部门预案",
    "safety_government": "生产安全预案（政府、部门、乡镇）",
    "township": "乡镇（街道）预案",
    "hazchem_unit": "危险物品、矿山等高危单位",
    "unit_special": "单位综合、专项预案",
    "unit_scene": "单位现场处置方案",
    "other_unit": "其他单位",
}
CYCLES = (
    Cycle("plan-2024-3y", 36, "突发事件应急预案管理办法（国办发〔2024〕5号）：专项、部门预案每3年至少演练1次",
          date(2024, 1, 31), ("government_special", "department")),
    Cycle("708-8-2y", 24, "生产安全事故应急条例（国务院令第708号）第八条：每2年至少1次",
          date(2019, 4, 1), ("safety_government", "township")),
    Cycle("708-8-6m", 6, "生产安全事故应急条例（国务院令第708号）第八条：每半年至少1次", date(2019, 4, 1), ("hazchem_unit",)),
    Cycle("mem2-1y", 12, "生产安全事故应急预案管理办法（应急管理部令第2号）：综合、专项预案每年至少1次",
          date(2019, 9, 1), ("unit_special", "hazchem_unit")),
    Cycle("mem2-6m", 6, "生产安全事故应急预案管理办法（应急管理部令第2号）：现场处置方案每半年至少1次",
          date(2019, 9, 1), ("unit_scene",)),
    Cycle("wh-145-1y", 12, "乌海市应急管理“十四五”规划：市、区每年至少1次综合演练", date(2022, 4, 15), ("government_overall",)),
    Cycle("wh-145-3y", 36, "乌海市应急管理“十四五”规划：政府专项、部门预案每3年至少1次",
          date(2022, 4, 15), ("government_special", "department", "safety_government")),
    Cycle("wh-145-unit", 12, "乌海市应急管理“十四五”规划：其他单位每年至少1次", date(2022, 4, 15), ("other_unit",)),
)  # fmt: skip
#: Platform's own colours: days left.
ORANGE_DAYS, YELLOW_DAYS = 30, 90


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or the last of that month."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def strictest(kind: str, on: date) -> Cycle:
    """The shortest cycle of the rules in force for this kind; `ValueError` for a kind nobody rules."""
    found = [cycle for cycle in CYCLES if kind in cycle.kinds and cycle.valid_from <= on]
    if not found:
        raise ValueError(f"{kind}: 没有演练周期规定")
    return min(found, key=lambda cycle: cycle.months)


def drill_due(kind: str, last: date, on: date | None = None) -> date:
    """When the next drill must have been held: the last one plus the strictest cycle."""
    return add_months(last, strictest(kind, on or last).months)


def colour(due: date | None, today: date) -> str:
    """红 overdue or never drilled, 橙 within 30 days, 黄 within 90; "" otherwise."""
    if due is None or due < today:
        return "红"
    left = (due - today).days
    return "橙" if left <= ORANGE_DAYS else "黄" if left <= YELLOW_DAYS else ""
