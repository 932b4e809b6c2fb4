"""信息报告时限: who must report when, out of versioned records with their dates in force. Pure; times are passed in."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Literal

Role = Literal["enterprise", "department", "government"]
FILE = Path(__file__).resolve().parent.parent / "data" / "report_rules.toml"
BEIJING = timezone(timedelta(hours=8))
ROLES = {"enterprise": "事故单位", "department": "应急管理部门", "government": "本级政府"}
#: The parties of one incident in the order in which word goes up, and the role each has in the rules.
PARTIES: dict[str, tuple[str, Role]] = {
    "enterprise": ("事故单位", "enterprise"),
    "district": ("区应急管理局", "department"),
    "district_gov": ("区政府", "government"),
    "city": ("市应急管理局", "department"),
    "city_gov": ("市政府", "government"),
    "province": ("自治区应急管理厅", "department"),
}

#: 公安机关、劳动保障行政部门、工会和人民检察院, as article 10 names them.
INFORMED = ("公安机关", "人力资源和社会保障部门", "工会", "人民检察院")
#: What an event counts as while its type is not known: the strictest clocks are those of an accident (其他工矿商贸).
UNKNOWN_TYPE = "12F00"


@dataclass(frozen=True)
class ReportRule:
    """One version of one rule: in force in [valid_from, valid_to)."""

    rule_id: str
    instrument: str
    article: str
    valid_from: date
    role: str
    kind: str
    channel: str
    minutes: float
    receiver: str
    classes: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    valid_to: date | None = None
    to_check: bool = False

    @property
    def basis(self) -> str:
        return f"{self.instrument}{self.article}"

    @property
    def version(self) -> str:
        """What a result keeps: the rule and the day from which this version holds."""
        return f"{self.rule_id}@{self.valid_from}"

    def in_force(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    def covers(self, role: str, kind: str, grade: str, event_code: str) -> bool:
        of_class = not self.classes or (event_code or UNKNOWN_TYPE).startswith(self.classes)
        return self.role == role and self.kind == kind and of_class and (not self.grades or grade in self.grades)


@dataclass(frozen=True)
class Deadline:
    """One duty to report. `channel` is phone or text; `to_check` = 待核对, a parameter without its source text."""

    rule_id: str
    channel: str
    receiver: str
    due_at: datetime
    basis: str
    to_check: bool = False
    version: str = ""


@cache
def national() -> tuple[ReportRule, ...]:
    """The records that come with the platform."""
    rows = tomllib.loads(FILE.read_text(encoding="utf-8"))["rule"]
    return tuple(
        ReportRule(
            rule_id=row.pop("id"),
            classes=tuple(row.pop("classes", ())),
            grades=tuple(row.pop("grades", ())),
            **row,
        )
        for row in rows
    )


def with_local(local: Iterable[ReportRule]) -> tuple[ReportRule, ...]:
    """The city's own versions stand in for the platform's of the same id, role, kind and channel while they hold."""
    return (*local, *national())


def effective(rules: Iterable[ReportRule], day: date) -> list[ReportRule]:
    """The rules in force on a day; of one rule for one set of grades the first given wins (local before national)."""
    found: dict[tuple[object, ...], ReportRule] = {}
    for rule in rules:
        if rule.in_force(day):
            key = (rule.rule_id, rule.role, rule.kind, rule.channel)
            known = [kept for k, kept in found.items() if k[:4] == key]
            if not any(overlap(kept, rule) for kept in known):
                found[(*key, rule.grades)] = rule
    return list(found.values())


def overlap(one: ReportRule, other: ReportRule) -> bool:
    return not one.grades or not other.grades or bool(set(one.grades) & set(other.grades))


def deadlines(
    rules: Iterable[ReportRule], role: str, kind: str, known_at: datetime, grade: str, event_code: str = ""
) -> list[Deadline]:
    """The duties of one role that learnt of an event at `known_at`, by the rules of that day (Beijing)."""
    return [
        Deadline(
            rule.rule_id,
            rule.channel,
            rule.receiver,
            known_at + timedelta(minutes=rule.minutes),
            rule.basis,
            rule.to_check,
            rule.version,
        )
        for rule in effective(rules, known_at.astimezone(BEIJING).date())
        if rule.covers(role, kind, grade, event_code)
    ]


def report_deadlines(role: Role, known_at: datetime, grade: str) -> list[Deadline]:
    """首报 of an enterprise, a department or a government by the platform's own records."""
    return deadlines(national(), role, "首报", known_at, grade)


def follow_up(
    last_sent_at: datetime, grade: str, rules: Iterable[ReportRule] | None = None, event_code: str = ""
) -> Deadline:
    """续报: at least once a day; of an accident twice from 重大 on (安监总局令第21号), of a disaster until it is stable (RULES 9.1)."""
    return deadlines(rules or national(), "department", "续报", last_sent_at, grade, event_code)[0]


def supplement_due(changed_at: datetime) -> datetime:
    """补报: a change of casualties within the window is reported the same day (安监总局令第21号), Beijing time."""
    day = changed_at.astimezone(BEIJING).date()
    return datetime.combine(day, time(23, 59, 59), BEIJING)


def informed(event_code: str) -> tuple[str, ...]:
    """Who is told beside the superior when it is a production accident (国务院令第493号 art 10)."""
    accident = any(rule.rule_id == "493-9" and rule.covers("enterprise", "首报", "", event_code) for rule in national())
    return INFORMED if accident else ()


def next_party(party: str, grade: str) -> str:
    """To whom the word goes on: department to department as far as the grade demands (国务院令第493号 art 10)."""
    way = ["enterprise", "district", "city", "province"]
    last = {"一般": "city", "较大": "province"}.get(grade, "province")
    here = way.index(party.removesuffix("_gov"))
    return way[here + 1] if here < way.index(last) else ""


def lateness_min(due_at: datetime, sent_at: datetime) -> float:
    """Minutes late, 0 when on time."""
    return max(0.0, (sent_at - due_at).total_seconds() / 60)
