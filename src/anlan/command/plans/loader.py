"""Reading a plan file. What is wrong is refused with file, key, value and what is allowed."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from string import Formatter
from typing import Any

from anlan.command.plans.document import (
    KINDS,
    LEVELS,
    NOTIFY,
    PHASES,
    Card,
    LevelRule,
    Need,
    PlanDocument,
    ReportTemplate,
    Role,
    Targets,
    Termination,
)
from anlan.command.plans.expressions import BadExpression, Expression
from anlan.kernel.errors import Invalid

KEY = r"[a-z0-9_]+"
NOTIFY_WORDS = ("incident", "place", "grade", "level", "task", "due")
TITLE_WORDS = ("place", "event", "title", "grade")
MISSING = object()


class Table:
    """One TOML table: hands out checked values, and at the end refuses keys nobody asked for."""

    def __init__(self, file: str, where: str, data: Any) -> None:
        self.file, self.where = file, where
        if not isinstance(data, dict):
            raise Invalid(where, data, "表", label=f"{file} · {where}")
        self.data, self.asked = data, set[str]()

    def refuse(self, key: str, value: Any, allowed: str) -> Invalid:
        name = f"{self.where}.{key}" if self.where else key
        return Invalid(name, value, allowed, label=f"{self.file} · {name}")

    def take(self, key: str, default: Any, allowed: str) -> Any:
        self.asked.add(key)
        if key in self.data:
            return self.data[key]
        if default is MISSING:
            raise self.refuse(key, None, f"必填，{allowed}")
        return default

    def text(self, key: str, default: Any = MISSING, *, most: int = 2000, pattern: str = "", allowed: str = "") -> str:
        allowed = allowed or f"1~{most} 字的文字"
        value = self.take(key, default, allowed)
        if value is default:
            return str(value)
        good = isinstance(value, str) and 0 < len(value.strip()) <= most
        if not good or (pattern and not re.fullmatch(pattern, value)):
            raise self.refuse(key, value, allowed)
        return str(value).strip()

    def choice(self, key: str, among: Sequence[str]) -> str:
        value = self.take(key, MISSING, " / ".join(among))
        if value not in among:
            raise self.refuse(key, value, " / ".join(among))
        return str(value)

    def texts(self, key: str, default: Any = MISSING, among: Sequence[str] = ()) -> tuple[str, ...]:
        allowed = f"由 {' / '.join(among)} 组成的列表" if among else "非空文字的列表"
        value = self.take(key, default, allowed)
        if value is default:
            return tuple(value)
        if not isinstance(value, list) or not value:
            raise self.refuse(key, value, allowed)
        for item in value:
            if not isinstance(item, str) or not item.strip() or (among and item not in among):
                raise self.refuse(key, item, allowed)
        return tuple(value)

    def number(self, key: str, default: Any = MISSING, *, least: float = 0, most: float = 1e6) -> Any:
        allowed = f"大于 {least:g}、不超过 {most:g} 的数"
        value = self.take(key, default, allowed)
        if value is default:
            return value
        if isinstance(value, bool) or not isinstance(value, int | float) or not least < value <= most:
            raise self.refuse(key, value, allowed)
        return value

    def flag(self, key: str) -> bool:
        value = self.take(key, False, "true / false")
        if not isinstance(value, bool):
            raise self.refuse(key, value, "true / false")
        return value

    def condition(self, key: str, default: Any = MISSING) -> str:
        text = self.text(key, default)
        if text:
            try:
                Expression(text)
            except BadExpression as error:
                raise self.refuse(key, text, str(error)) from error
        return text

    def message(self, key: str, default: str, words: Sequence[str]) -> str:
        text = self.text(key, default)
        allowed = "只用 " + " ".join(f"{{{word}}}" for word in words) + " 的文字"
        try:
            names = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
        except ValueError as error:
            raise self.refuse(key, text, allowed) from error
        if not set(names) <= set(words):
            raise self.refuse(key, text, allowed)
        return text

    def tables(self, key: str, *, required: bool) -> list[Table]:
        value = self.take(key, MISSING if required else [], f"至少一个 [[{key}]]")
        if not isinstance(value, list) or (required and not value):
            raise self.refuse(key, value, f"至少一个 [[{key}]]")
        name = f"{self.where}.{key}" if self.where else key
        return [Table(self.file, f"{name}[{index}]", item) for index, item in enumerate(value, 1)]

    def table(self, key: str, *, required: bool) -> Table:
        value = self.take(key, MISSING if required else {}, f"[{key}] 一节")
        return Table(self.file, f"{self.where}.{key}" if self.where else key, value)

    def done(self) -> None:
        for key in self.data:
            if key not in self.asked:
                raise self.refuse(key, key, "键名 " + " ".join(sorted(self.asked)))


def load(path: Path) -> PlanDocument:
    """The plan in this file, or `Invalid` naming file, key, value and what is allowed."""
    try:
        return loads(path.name, path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise Invalid("file", path.name, f"TOML 文件（{error}）", label=path.name) from error


def loads(name: str, text: str) -> PlanDocument:
    """The plan in this text; `name` is for the messages."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Invalid("text", f"{error}", "TOML 文本（括号、引号成对，一行一项）", label=name) from error
    return read(name, data)


def read(file: str, data: dict[str, Any]) -> PlanDocument:
    """The plan out of parsed TOML; `file` is for the messages."""
    top = Table(file, "", data)
    head = top.table("plan", required=True)
    issued = head.take("issued_on", MISSING, "日期")
    if not isinstance(issued, date):
        raise head.refuse("issued_on", issued, "日期，如 2026-03-01")
    plan = PlanDocument(
        code=head.text("code", most=40, pattern=r"[A-Z0-9-]+", allowed="大写字母、数字、连字符，不超过 40 字"),
        title=head.text("title", most=80),
        kind=head.choice("kind", KINDS),
        version=head.text("version", most=20),
        area=head.text("area", pattern=r"\w+:\w+", allowed="“体系:代码”，如 mca:150300"),
        event_codes=event_codes(head),
        issued_by=head.text("issued_by", most=80),
        issued_on=issued.isoformat(),
        basis=head.texts("basis", ()),
        representative=head.flag("representative"),
        note=head.text("note", ""),
        roles=tuple(read_role(t) for t in top.tables("role", required=True)),
        levels=tuple(read_level(t) for t in top.tables("level", required=True)),
        tasks=tuple(read_card(t) for t in top.tables("task", required=True)),
        targets=read_targets(top.table("targets", required=False)),
        report=read_report(top.table("report", required=True)),
        termination=read_termination(top.table("termination", required=True)),
    )
    head.done()
    top.done()
    check_references(file, plan)
    return plan


def event_codes(head: Table) -> tuple[str, ...]:
    codes = head.texts("event_codes")
    for code in codes:
        if not re.fullmatch(r"1[1-49][A-Z0-9]{0,3}\*|1[1-49][A-Z0-9]\d{2}", code):
            raise head.refuse("event_codes", code, "5 位事件类型码，或以 * 结尾的前缀，如 12D02、12D*")
    return codes


def read_role(t: Table) -> Role:
    role = Role(
        key=t.text("key", most=40, pattern=KEY, allowed="小写字母、数字、下划线"),
        title=t.text("title", most=80),
        organisation=t.text("organisation", most=80),
        posts=t.texts("posts"),
        duty=t.text("duty", ""),
    )
    t.done()
    return role


def read_level(t: Table) -> LevelRule:
    rule = LevelRule(
        level=t.choice("level", LEVELS),
        when=t.condition("when"),
        lead=t.text("lead"),
        approved_by=t.text("approved_by", ""),
        expected_hours=t.number("expected_hours"),
        measures=t.texts("measures"),
        basis=t.text("basis", ""),
    )
    t.done()
    return rule


def read_card(t: Table) -> Card:
    count = t.number("count", 1, most=20)
    if not isinstance(count, int):
        raise t.refuse("count", count, "1~20 的整数")
    card = Card(
        key=t.text("key", most=40, pattern=KEY, allowed="小写字母、数字、下划线"),
        title=t.text("title", most=60),
        owner=t.text("owner", pattern=rf"role:{KEY}|capability:[\w-]+", allowed="role:<角色> 或 capability:<能力>"),
        levels=t.texts("levels", among=LEVELS),
        phase=t.choice("phase", PHASES),
        deadline_min=t.number("deadline_min"),
        acknowledge_min=t.number("acknowledge_min", 5),
        arrive_min=t.number("arrive_min", None),
        text=t.text("text"),
        notify=t.message("notify", NOTIFY, NOTIFY_WORDS),
        count=count,
        needs=tuple(read_need(n) for n in t.tables("needs", required=False)),
        depends_on=t.texts("depends_on", ()),
    )
    t.done()
    return card


def read_need(t: Table) -> Need:
    need = Need(t.text("item", most=60), t.number("quantity"), t.text("unit", most=10), t.text("code", "", most=7))
    t.done()
    return need


def read_targets(t: Table) -> Targets:
    targets = Targets(**{name: t.number(name, None) for name in Targets.__dataclass_fields__})
    t.done()
    return targets


def read_report(t: Table) -> ReportTemplate:
    report = ReportTemplate(
        superior=t.text("superior", most=80),
        copies=t.texts("copies", ()),
        title=t.message("title", ReportTemplate.title, TITLE_WORDS),
        next_steps=t.texts("next_steps"),
    )
    t.done()
    return report


def read_termination(t: Table) -> Termination:
    termination = Termination(t.texts("conditions"), t.condition("when", ""))
    t.done()
    return termination


def check_references(file: str, plan: PlanDocument) -> None:
    """Keys are unique, roles and tasks that are named exist, tasks wait for none that is not issued, no cycles."""
    top = Table(file, "", {})
    for name, keys in {
        "role.key": [r.key for r in plan.roles],
        "level.level": [rule.level for rule in plan.levels],
        "task.key": [c.key for c in plan.tasks],
    }.items():
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice:
            raise top.refuse(name, twice, "不重复的值")
    if list(plan.levels) != sorted(plan.levels, key=lambda rule: LEVELS.index(rule.level)):
        raise top.refuse("level", " ".join(rule.level for rule in plan.levels), "从一级到四级依次排列")
    roles = {role.key for role in plan.roles}
    for index, rule in enumerate(plan.levels, 1):
        if rule.lead not in roles:
            raise top.refuse(f"level[{index}].lead", rule.lead, " ".join(sorted(roles)))
    for index, card in enumerate(plan.tasks, 1):
        check_card(top, f"task[{index}]", card, plan, roles)


def check_card(top: Table, where: str, card: Card, plan: PlanDocument, roles: set[str]) -> None:
    if card.role and card.role not in roles:
        raise top.refuse(f"{where}.owner", card.owner, "role: " + " ".join(sorted(roles)))
    if card.role and card.count != 1:
        raise top.refuse(f"{where}.count", card.count, "岗位任务只能是 1")
    known = {rule.level for rule in plan.levels}
    if not set(card.levels) <= known:
        raise top.refuse(f"{where}.levels", " ".join(card.levels), "本预案有的级别 " + " ".join(sorted(known)))
    cards = {other.key: other for other in plan.tasks}
    for key in card.depends_on:
        if key not in cards:
            raise top.refuse(f"{where}.depends_on", key, " ".join(sorted(cards)))
        if not set(card.levels) <= set(cards[key].levels):
            raise top.refuse(f"{where}.depends_on", key, "在相同级别也会下达的任务")
    if waits_for(card.key, card.depends_on, cards):
        raise top.refuse(f"{where}.depends_on", " ".join(card.depends_on), "不成环的依赖")


def waits_for(key: str, first: Sequence[str], cards: dict[str, Card]) -> bool:
    """Does a card, through what it depends on, wait for itself?"""
    seen, todo = set[str](), list(first)
    while todo:
        name = todo.pop()
        if name == key:
            return True
        if name not in seen and name in cards:
            seen.add(name)
            todo += cards[name].depends_on
    return False
