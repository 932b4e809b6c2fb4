"""Reads of the outbox."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Count, Q

from anlan.gateways.alerts import discover
from anlan.gateways.alerts.models import OutgoingMessage, SendState
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.models import DataClass
from anlan.kernel.accounts.scope import ScopedQuerySet


def messages(actor: Actor, state: str = "", channel: str = "", text: str = "") -> ScopedQuerySet[OutgoingMessage]:
    """Newest first; `text` looks in receiver and content."""
    rows = OutgoingMessage.objects.visible_to(actor).select_related("area").order_by("-pk")
    if state in SendState.values:
        rows = rows.filter(state=state)
    if channel:
        rows = rows.filter(channel=channel)
    return rows.filter(Q(to_name__icontains=text) | Q(text__icontains=text)) if text else rows


def by_state(actor: Actor) -> list[tuple[str, str, int]]:
    """(state, its title, how many) of those that occur."""
    rows = OutgoingMessage.objects.visible_to(actor).values("state").annotate(count=Count("pk"))
    counts = {row["state"]: row["count"] for row in rows}
    return [(value, label, counts[value]) for value, label in SendState.choices if value in counts]


def channels() -> list[tuple[str, str, bool]]:
    """(name, title, set up)."""
    return [(c.name, c.title, c.ready()) for c in discover().values()]


def shown(actor: Actor, rows: Iterable[OutgoingMessage]) -> list[tuple[OutgoingMessage, str, str]]:
    """(message, number as this actor may see it, title of its channel)."""
    titles = {channel.name: channel.title for channel in discover().values()}
    return [(row, number(actor, row), titles.get(row.channel, row.channel)) for row in rows]


def number(actor: Actor, row: OutgoingMessage) -> str:
    """A private number is personal data: its middle is hidden from those who may not see that class."""
    if actor.may("gateways.view", row.area.path, DataClass.PERSONAL) or len(row.address) < 8:
        return row.address
    return f"{row.address[:3]}{'*' * (len(row.address) - 7)}{row.address[-4:]}"
