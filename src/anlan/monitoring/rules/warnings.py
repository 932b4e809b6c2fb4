"""The workflow of a warning as one table, and what the law asks of its content."""

from __future__ import annotations

#: verb -> (states it is allowed from, state it leads to)
TRANSITIONS: dict[str, tuple[frozenset[str], str]] = {
    "approve": (frozenset({"draft"}), "reviewed"),
    "reject": (frozenset({"draft"}), "rejected"),
    "issue": (frozenset({"reviewed"}), "issued"),
    "cancel": (frozenset({"issued"}), "cancelled"),
    "expire": (frozenset({"issued"}), "expired"),
}
TITLES = {"approve": "审核通过", "reject": "退回", "issue": "签发", "cancel": "解除", "expire": "失效"}
#: 突发事件应对法 (2024) art 64: what a warning must state; category, level and issuer are columns of their own.
REQUIRED = {
    "headline": "标题（类别、级别）",
    "description": "可能影响的范围与警示事项",
    "instruction": "应采取的措施",
    "onset": "起始时间",
    "areas": "影响区域",
}
#: Group 11B of the event codes: signals that only the weather service may issue (气象灾害防御条例 art 30).
METEOROLOGICAL = "11B"


def missing_content(content: dict[str, object]) -> list[str]:
    """The things art 64 asks for that are empty, in Chinese."""
    return [title for name, title in REQUIRED.items() if not content.get(name)]


def is_meteorological_signal(event_code: str) -> bool:
    return event_code.startswith(METEOROLOGICAL)


def public_text(level: str, event_name: str, headline: str, description: str, instruction: str, issuer: str) -> str:
    """What a receiver reads in one message."""
    return f"【{event_name}{level}色预警】{headline}。{description} 请：{instruction}（{issuer}发布）"
