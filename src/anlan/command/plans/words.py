"""A plan for people who read Chinese, not its file: conditions, owners and what comes first, in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from anlan.command.plans.document import Card, PlanDocument
from anlan.command.plans.variables import VARIABLES

NAME = re.compile(r"\"[^\"]*\"|'[^']*'|[A-Za-z_]+|>=|<=|==|!=|[()]")
SIGNS = {
    ">=": "≥", "<=": "≤", "==": "＝", "!=": "≠", "and": "且", "or": "或", "not": "非", "in": "属于", "True": "是",
    "False": "否",
}  # fmt: skip


def condition(text: str) -> str:
    """`deaths >= 30 or serious >= 100` -> 死亡（人）≥ 30 或 重伤（人）≥ 100."""

    def said(found: re.Match[str]) -> str:
        word = found[0]
        about = VARIABLES.get(word)
        if about is None:
            return SIGNS.get(word, word.strip("\"'"))
        unit = f"（{about.unit}）" if about.unit and not about.label.endswith("）") else ""
        return f"{about.label}{unit}"

    return NAME.sub(said, text)


def owner(document: PlanDocument, card: Card, capabilities: Mapping[str, str]) -> str:
    """`role:police` -> 治安警戒组; `capability:hazmat` ×2 -> 危化处置队伍 2 支."""
    kind, _, name = card.owner.partition(":")
    if kind == "capability":
        return f"{capabilities.get(name, name)}队伍 {card.count} 支"
    return role(document, name)


def role(document: PlanDocument, key: str) -> str:
    return next((one.title for one in document.roles if one.key == key), key)


def readable(document: PlanDocument, capabilities: Mapping[str, str], posts: Mapping[str, str]) -> dict[str, Any]:
    """What the page shows beside the plan's own words."""
    titles = {card.key: card.title for card in document.tasks}
    return {
        "levels": [(rule, condition(rule.when), role(document, rule.lead)) for rule in document.levels],
        "roles": [(one, [(code, posts.get(code, "")) for code in one.posts]) for one in document.roles],
        "cards": [
            (card, owner(document, card, capabilities), [titles.get(key, key) for key in card.depends_on])
            for card in document.tasks
        ],
        "ends": condition(document.termination.when or ""),
    }
