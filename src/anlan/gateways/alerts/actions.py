"""Verbs of messages: put one in the queue, keep what became of it, try again, let it be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from anlan.gateways.alerts import discover, reports
from anlan.gateways.alerts.contract import Outcome, Receipt
from anlan.gateways.alerts.models import OutgoingMessage, SendState, Submission
from anlan.gateways.events import NoticeDelivered, NoticeFailed
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.models import DataClass
from anlan.kernel.actions import action, record
from anlan.kernel.areas.models import Area
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, Invalid
from anlan.kernel.events.outbox import Fact

MAX_ATTEMPTS = 8
LONGEST_PAUSE_S = 300.0
STUCK = {SendState.FAILED, SendState.UNKNOWN}


@dataclass(frozen=True)
class Letter:
    """What is to be said to whom. `receiver` identifies the one who gets it within one event."""

    event_id: int
    receiver: str
    to_name: str
    address: str
    text: str
    purpose: str
    subject_type: str
    subject_id: str
    urgent: bool = False
    correlation_id: UUID | None = None
    data_class: int = DataClass.SENSITIVE


@action("gateways.send")
def queue(by: Actor, letter: Letter, area: Area, channel: str) -> OutgoingMessage:
    """入列. The same event, receiver and channel give one message, however often this is asked."""
    rows = OutgoingMessage.objects.visible_to(by, "gateways.send")
    found = rows.filter(event_id=letter.event_id, receiver=letter.receiver, channel=channel).first()
    if found is not None:
        return found
    row = OutgoingMessage.objects.create(
        **vars(letter), area=area, channel=channel, due_at=clock.real_now(), created_at=clock.now(),
    )  # fmt: skip
    record(by, "消息入列", row, correlation_id=letter.correlation_id)
    return row


@action("gateways.send")
def keep_receipts(by: Actor, receipts: dict[int, Receipt]) -> list[OutgoingMessage]:
    """What a batch of attempts came to: one transaction, in which the journal's chain is taken once. What is no longer
    being sent (its lease ran out and somebody decided) is left as it is."""
    rows = OutgoingMessage.objects.visible_to(by, "gateways.send").filter(pk__in=receipts, state=SendState.SENDING)
    held = rows.select_related("area").select_for_update(of=("self",), no_key=True).order_by("pk")
    return [keep(by, row, receipts[row.pk]) for row in held]


@action("gateways.send")
def keep_receipt(by: Actor, message_id: int, receipt: Receipt) -> OutgoingMessage:
    """What one attempt came to."""
    return keep(by, OutgoingMessage.objects.visible_to(by, "gateways.send").one(message_id, lock=True), receipt)


def keep(by: Actor, row: OutgoingMessage, receipt: Receipt) -> OutgoingMessage:
    """A lost answer is tried again only where the channel keeps keys."""
    if row.state != SendState.SENDING:
        raise Conflict(f"消息 {row.pk} 处于“{row.get_state_display()}”，没有在发送", state=row.state)
    before = snapshot(row)
    row.detail, row.reference = receipt.detail[:300], receipt.reference
    Submission.objects.filter(message=row).delete()
    if receipt.outcome == Outcome.DELIVERED and receipt.numbers:
        row.state = SendState.ACCEPTED
        row.save()
        reports.owe([(number, 0) for number in receipt.numbers], message_id=row.pk)
        record(by, "网关接收消息", row, before=before, correlation_id=row.correlation_id)
        return row
    if receipt.outcome == Outcome.DELIVERED:
        return end(by, row, before, SendState.DELIVERED, "消息送达", NoticeDelivered)
    again = receipt.outcome == Outcome.RETRY or (receipt.outcome == Outcome.UNKNOWN and repeatable(row.channel))
    if again and row.attempts < MAX_ATTEMPTS:
        row.state = SendState.QUEUED
        row.due_at = clock.real_now() + timedelta(seconds=pause_s(row.attempts, receipt.retry_after_s))
        row.save()
        record(by, "消息待重发", row, before=before, correlation_id=row.correlation_id)
        return row
    lost = receipt.outcome == Outcome.UNKNOWN and not again
    return end(by, row, before, SendState.UNKNOWN if lost else SendState.FAILED, "消息未送达", NoticeFailed)


@action("gateways.send")
def keep_reports(by: Actor, said: dict[int, list[str]]) -> None:
    """状态报告: what the gateway says of its parts. One part that failed is the message failed, with the code; it is delivered
    when every part is. What was decided otherwise meanwhile (sent again, let be) stays as it is."""
    rows = OutgoingMessage.objects.visible_to(by, "gateways.send").filter(pk__in=said)
    waiting = set(Submission.objects.filter(message__in=said).values_list("message_id", flat=True))
    for row in rows.select_related("area").select_for_update(of=("self",), no_key=True).order_by("pk"):
        wrong = next((stat for stat in said[row.pk] if stat != reports.DELIVERED), "")
        if row.state not in (SendState.ACCEPTED, SendState.UNKNOWN) or (row.pk in waiting and not wrong):
            continue
        before = snapshot(row)
        row.detail = f"未到手机：状态报告 {wrong}" if wrong else f"已到手机：状态报告 {reports.DELIVERED}"
        if wrong:
            end(by, row, before, SendState.FAILED, "消息未送达", NoticeFailed)
        else:
            end(by, row, before, SendState.DELIVERED, "消息送达", NoticeDelivered)


def repeatable(channel: str) -> bool:
    known = discover().get(channel)
    return known is not None and known.repeatable()


def pause_s(attempts: int, asked: float | None) -> float:
    """2, 4, 8 … 300 s, or longer when the other side asked for it."""
    return max(min(LONGEST_PAUSE_S, 2.0**attempts), asked or 0.0)


def end(
    by: Actor,
    row: OutgoingMessage,
    before: dict[str, object],
    state: SendState,
    verb: str,
    fact: Callable[[int, int, str, str, str, str], Fact],
) -> OutgoingMessage:
    row.state, row.finished_at = state, clock.now()
    row.save()
    said = fact(row.event_id, row.pk, row.to_name, row.channel, row.finished_at.isoformat(), row.detail)
    record(by, verb, row, said, before=before, correlation_id=row.correlation_id)
    return row


@action("gateways.edit")
def send_again(by: Actor, message_id: int) -> OutgoingMessage:
    """重发 what failed or whose end is unknown; the operator answers for a possible second copy."""
    row = OutgoingMessage.objects.visible_to(by, "gateways.edit").one(message_id, lock=True)
    if row.state not in STUCK:
        raise Conflict(f"消息处于“{row.get_state_display()}”，只有未送达或结果不明的可以重发", state=row.state)
    before = snapshot(row)
    row.state, row.attempts, row.due_at, row.finished_at = SendState.QUEUED, 0, clock.real_now(), None
    row.save()
    record(by, "重发消息", row, before=before, correlation_id=row.correlation_id)
    return row


@action("gateways.edit")
def let_be(by: Actor, message_id: int, reason: str) -> OutgoingMessage:
    """不再发送: told by other means, or no longer true."""
    if not reason.strip():
        raise Invalid("reason", reason, "1 至 200 字", label="理由")
    row = OutgoingMessage.objects.visible_to(by, "gateways.edit").one(message_id, lock=True)
    if row.state not in STUCK | {SendState.QUEUED}:
        raise Conflict(f"消息处于“{row.get_state_display()}”，不能停发", state=row.state)
    before = snapshot(row)
    row.state, row.detail, row.finished_at = SendState.DROPPED, reason.strip()[:200], clock.now()
    row.save()
    record(by, "停发消息", row, before=before, reason=reason, correlation_id=row.correlation_id)
    return row
