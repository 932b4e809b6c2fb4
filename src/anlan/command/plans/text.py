"""A plan as text: the TOML that people edit, and the difference of two versions line by line."""

from __future__ import annotations

import difflib
from dataclasses import asdict
from datetime import date
from typing import Any

import tomli_w

from anlan.command.plans.document import NOTIFY, PlanDocument

HEAD = (
    "code",
    "title",
    "kind",
    "version",
    "area",
    "event_codes",
    "issued_by",
    "issued_on",
    "basis",
    "representative",
    "note",
)


def kept(value: Any) -> bool:
    return value not in (None, "", (), [], False)


def table(row: Any, **drop: Any) -> dict[str, Any]:
    """The fields of a part of the plan that say something; `drop` names defaults that need not be written."""
    said = asdict(row)
    return {key: plain(value) for key, value in said.items() if kept(value) and drop.get(key) != value}


def plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items() if kept(one)}
    return value


def as_toml(plan: PlanDocument) -> str:
    """The file of docs/plan-format.md that loads to exactly this plan."""
    head = {key: plain(getattr(plan, key)) for key in HEAD if kept(getattr(plan, key))}
    head["issued_on"] = date.fromisoformat(plan.issued_on)
    said: dict[str, Any] = {
        "plan": head,
        "role": [table(role) for role in plan.roles],
        "level": [table(rule) for rule in plan.levels],
        "task": [table(card, notify=NOTIFY, count=1, acknowledge_min=5) for card in plan.tasks],
        "targets": table(plan.targets),
        "report": table(plan.report, title="关于{place}{event}的报告"),
        "termination": table(plan.termination),
    }
    return tomli_w.dumps({key: value for key, value in said.items() if value}, multiline_strings=False)


def difference(before: str, after: str) -> list[tuple[str, str]]:
    """(sign, line) with three lines around every change: "+", "-", " ", "@"."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=3)
    return [(line[0], line[1:]) for line in lines if not line.startswith(("---", "+++"))]
