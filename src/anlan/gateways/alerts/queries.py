"""Reads of the outbox."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Q, Sum, Value, When
from django.db.models.functions import Ceil, Greatest, Length

from anlan.gateways.alerts import discover
from anlan.gateways.alerts.models import ChannelTerms, Fanout, OutgoingMessage, SendState
from anlan.kernel import clock
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


@dataclass(frozen=True)
class Account:
    """One channel this month: what went out, what was tried again, what it came to. cost: None = no price agreed."""

    title: str
    sent: int
    waiting: int
    failed: int
    again: int
    pieces: int
    per_second: int
    cost: Decimal | None
    budget: Decimal

    @property
    def over(self) -> bool:
        return self.cost is not None and 0 < self.budget < self.cost


def accounts(actor: Actor, now: datetime) -> list[Account]:
    """渠道账: messages and fan-outs of this month (Beijing) by channel, with what was agreed. What may have gone out is paid,
    too."""
    local = now.astimezone(clock.BEIJING)
    since = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    rows, fans = single(actor, since), mass(actor, since)
    terms = {row.channel: row for row in ChannelTerms.objects.visible_to(actor)}
    return [
        account(title, rows.get(name, {}), fans.get(name, {}), terms.get(name))
        for name, title, ready in channels()
        if ready or name in rows or name in fans
    ]


def account(title: str, one: dict[str, Any], many: dict[str, Any], terms: ChannelTerms | None) -> Account:
    pieces = (one.get("pieces") or 0) + (many.get("pieces") or 0)
    return Account(
        title, (one.get("sent") or 0) + (many.get("sent") or 0), (one.get("waiting") or 0) + (many.get("waiting") or 0),
        (one.get("failed") or 0) + (many.get("failed") or 0), one.get("again") or 0, pieces, terms.per_second if terms else 0,
        terms.price_cny * pieces if terms and terms.price_cny else None, terms.month_cny if terms else Decimal(0),
    )  # fmt: skip


def single(actor: Actor, since: datetime) -> dict[str, dict[str, Any]]:
    """Messages to one receiver each, by channel; a text of more than 70 characters is paid as parts of 67."""
    out, long = Q(state__in=[SendState.ACCEPTED, SendState.DELIVERED, SendState.UNKNOWN]), Length("text")
    parts = Case(When(size__lte=70, then=Value(1)), default=Ceil(F("size") / Value(67.0)), output_field=IntegerField())
    rows = OutgoingMessage.objects.visible_to(actor).filter(created_at__gte=since).annotate(size=long)
    found = rows.values("channel").annotate(
        sent=Count("pk", filter=out), failed=Count("pk", filter=Q(state=SendState.FAILED)), pieces=Sum(parts, filter=out),
        waiting=Count("pk", filter=Q(state__in=[SendState.QUEUED, SendState.SENDING])), again=Sum(Greatest(F("attempts") - 1, 0)),
    )  # fmt: skip
    return {row["channel"]: dict(row) for row in found}


def mass(actor: Actor, since: datetime) -> dict[str, dict[str, Any]]:
    """Fan-outs by channel."""
    out = F("delivered") + F("unknown")
    rows = Fanout.objects.visible_to(actor).filter(created_at__gte=since).values("channel")
    found = rows.annotate(
        sent=Sum(out), failed=Sum("refused"), pieces=Sum(out * F("pieces")),
        waiting=Sum(F("total") - F("delivered") - F("refused") - F("unknown") - F("gone")),
    )  # fmt: skip
    return {row["channel"]: dict(row) for row in found}


def fanouts(actor: Actor) -> list[Fanout]:
    """The latest ones."""
    return list(Fanout.objects.visible_to(actor).order_by("-pk")[:10])


def shown(actor: Actor, rows: Iterable[OutgoingMessage]) -> list[tuple[OutgoingMessage, str, str]]:
    """(message, number as this actor may see it, title of its channel)."""
    titles = {channel.name: channel.title for channel in discover().values()}
    return [(row, number(actor, row), titles.get(row.channel, row.channel)) for row in rows]


def number(actor: Actor, row: OutgoingMessage) -> str:
    """A private number is personal data: its middle is hidden from those who may not see that class."""
    if actor.may("gateways.view", row.area.path, DataClass.PERSONAL) or len(row.address) < 8:
        return row.address
    return f"{row.address[:3]}{'*' * (len(row.address) - 7)}{row.address[-4:]}"
