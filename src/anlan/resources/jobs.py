"""Timers: goods that come near their end, people who stay too long."""

from __future__ import annotations

from datetime import timedelta

from anlan.kernel import clock
from anlan.kernel.accounts.actor import system
from anlan.kernel.events.outbox import every
from anlan.resources import actions
from anlan.resources.models import Presence, Stock
from anlan.resources.rules import BANDS, band

TIMER = system("应急保障定时")


@every(600)
def tell_expiring() -> int:
    """Each lot once per band: the keeper is told, the rotation list shows it all the while."""
    today = clock.now().astimezone(clock.BEIJING).date()
    soon = today + timedelta(days=BANDS[-1][1])
    rows = Stock.objects.unscoped("timer").filter(quantity__gt=0, consignment=None, expires_on__lte=soon)
    due = [
        pk for pk, expires_on, told in rows.values_list("pk", "expires_on", "told") if band(expires_on, today) != told
    ]
    for pk in due:
        actions.tell_expiry(TIMER, pk)
    return len(due)


@every(15)
def tell_overdue() -> int:
    """人员超时."""
    rows = Presence.objects.unscoped("timer").filter(left_at=None, told=False)
    late = [
        pk for pk, entered_at, limit in rows.values_list("pk", "entered_at", "limit_min")
        if clock.now() >= entered_at + timedelta(minutes=limit)
    ]  # fmt: skip
    for pk in late:
        actions.report_overdue(TIMER, pk)
    return len(late)
