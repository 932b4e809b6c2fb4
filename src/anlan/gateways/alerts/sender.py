"""The one who sends: claims what is due, lets the channels try outside any transaction, keeps what became of it.

A message whose sender died stands as 发送中 until its lease runs out. Then a channel that keeps keys gets it again under
the same key; for any other channel nobody can say whether it went out, and it stops as 结果不明.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.db import connection, transaction

from anlan.gateways.alerts import actions, discover, pace
from anlan.gateways.alerts.contract import Message, Outcome, Receipt
from anlan.gateways.alerts.models import OutgoingMessage, SendState
from anlan.kernel import clock
from anlan.kernel.accounts.actor import system

log = logging.getLogger(__name__)
SENDER = system("消息发送")
#: Longer than any channel's own timeout.
LEASE_S = 120.0
BATCH, AT_ONCE = 64, 8
WHY = "the sender serves every area"


def claim() -> list[OutgoingMessage]:
    """Take what is due, urgent first. Committed before anything is sent, so that two senders never take the same."""
    now = clock.real_now()
    with transaction.atomic():
        due = OutgoingMessage.objects.unscoped(WHY).filter(state=SendState.QUEUED, due_at__lte=now)
        due = due.select_for_update(skip_locked=True, of=("self",)).order_by("-urgent", "pk")
        limits = pace.limits()
        rows = list(due.exclude(channel__in=limits)[:BATCH])
        # Of a channel with a limit no more than a second's worth, so that it neither holds up the others nor outlasts a lease.
        rows += [row for name, limit in limits.items() for row in due.filter(channel=name)[: min(limit, BATCH)]]
        for row in rows:
            row.state, row.claimed_at, row.attempts = SendState.SENDING, now, row.attempts + 1
        OutgoingMessage.objects.unscoped(WHY).bulk_update(rows, ["state", "claimed_at", "attempts"])
    return rows


def take_back() -> int:
    """Messages of senders that died. Returns how many."""
    since = clock.real_now() - timedelta(seconds=LEASE_S)
    rows = OutgoingMessage.objects.unscoped(WHY).filter(state=SendState.SENDING, claimed_at__lt=since)
    ids = list(rows.values_list("pk", flat=True))
    for pk in ids:
        actions.keep_receipt(SENDER, pk, Receipt(Outcome.UNKNOWN, "发送进程中断，不知是否已送出"))
    return len(ids)


def attempt(row: OutgoingMessage) -> Receipt:
    """One try; a fault of ours in a channel never stops the sender."""
    channel = discover().get(row.channel)
    if channel is None:
        return Receipt(Outcome.REFUSED, f"没有渠道 {row.channel}")
    letter = Message(
        str(row.key), row.to_name, row.address, row.text, row.purpose, row.subject_type, row.subject_id
    )  # fmt: skip
    try:
        pace.take_turn(row.channel, 1)
        return channel.send(letter)
    except Exception as error:
        log.exception("channel %s failed", row.channel)
        return Receipt(Outcome.UNKNOWN, f"渠道出错：{type(error).__name__}: {error}")
    finally:
        connection.close()  # a channel may have looked something up in this thread, which ends soon


def send_due() -> int:
    """Send everything that is due now. Returns how many attempts were made."""
    take_back()
    made = 0
    with ThreadPoolExecutor(AT_ONCE, "message") as pool:
        while rows := claim():
            tried = zip(rows, pool.map(attempt, rows), strict=True)
            actions.keep_receipts(SENDER, {row.pk: receipt for row, receipt in tried})
            made += len(rows)
    return made


class Sender:
    """Sends in a thread of its own: a slow gateway must not hold up the worker's reactions."""

    def __init__(self) -> None:
        self.thread: threading.Thread | None = None

    def wake(self) -> None:
        if self.thread is None or not self.thread.is_alive():
            self.thread = threading.Thread(target=self.work, name="messages", daemon=True)
            self.thread.start()

    def work(self) -> None:
        try:
            send_due()
        except Exception:
            log.exception("messages not sent, trying again")
        finally:
            connection.close()


def owed() -> bool:
    """Whether anything is due; one small query a second, so that the thread starts only for work."""
    now = clock.real_now()
    rows = OutgoingMessage.objects.unscoped(WHY)
    lapsed = rows.filter(state=SendState.SENDING, claimed_at__lt=now - timedelta(seconds=LEASE_S))
    return rows.filter(state=SendState.QUEUED, due_at__lte=now).exists() or lapsed.exists()
