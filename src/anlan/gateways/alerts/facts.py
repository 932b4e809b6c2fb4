"""The warning behind a message of a public channel, in that channel's own words."""

from __future__ import annotations

from anlan.gateways.alerts.contract import Message
from anlan.monitoring import published
from anlan.monitoring.published import PublicWarning
from anlan.monitoring.rules import warnings as rules
from anlan.monitoring.rules.warnings import Content


def warning_of(message: Message) -> PublicWarning | None:
    """None for a message that is about no warning."""
    known = message.subject_type == "monitoring.Warning" and message.subject_id.isdigit()
    return published.warning(int(message.subject_id)) if known else None


def content_of(message: Message) -> Content | None:
    found = warning_of(message)
    return published.content(found) if found else None


def chat(message: Message) -> tuple[str, str]:
    """(title, Markdown) for a work group; the plain text for an end or for what is no warning."""
    content = content_of(message)
    if content is None or message.purpose != "预警发布":
        return message.purpose, message.text
    return content.headline, rules.chat(content)
