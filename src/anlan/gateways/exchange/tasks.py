"""协同任务: ask another platform to do something, and answer what another asks of us."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from anlan.gateways.events import ForeignInformationReceived
from anlan.gateways.exchange import offers
from anlan.gateways.exchange.effects import Reply
from anlan.gateways.exchange.models import ForeignRecord, Peer, SentParcel, split
from anlan.gateways.exchange.parcel import Kind
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, Invalid

#: From which state of an asked task one may go to which.
MOVES = {"": ("接受", "不能承担"), "接受": ("进行中", "完成", "不能承担"), "进行中": ("完成", "不能承担")}


@action("gateways.exchange")
def ask(by: Actor, peer_id: int, title: str, text: str, due_at: datetime) -> SentParcel:
    """下达或请求协同任务."""
    peer = Peer.objects.visible_to(by, "gateways.exchange").select_related("area").one(peer_id)
    if not title.strip() or len(title) > 60:
        raise Invalid("title", title, "1 至 60 字", label="任务")
    if due_at <= clock.now():
        raise Invalid("due_at", due_at.isoformat(), "晚于现在的时间", label="完成时限")
    if Kind.TASK.value not in split(peer.sends):
        raise Conflict(f"与{peer.name}没有约定协同任务", rule="只交换双方约定的类型")
    said = {"title": title.strip(), "text": text.strip()[:2000], "due_at": due_at.isoformat(), "by": by.name}
    offer = offers.Offer(Kind.TASK, f"task:{uuid4()}", 1, title.strip(), peer.area, 2, said)
    return offers.post(by, peer.pk, offer)


@action("gateways.exchange")
def answer(by: Actor, record_id: int, state: str, note: str = "") -> ForeignRecord:
    """回复协同任务: accepted, under way, done, or cannot; the asking platform is told by the same line."""
    rows = ForeignRecord.objects.visible_to(by, "gateways.exchange").select_related("peer__area", "area")
    # The peer is locked first, as where parcels are taken: the two never wait for each other in a circle.
    Peer.objects.unscoped("the peer of a record within the actor's scope").one(rows.one(record_id).peer_id, lock=True)
    row = rows.one(record_id, lock=True)
    if row.kind != Kind.TASK:
        raise Conflict(f"{row.title}不是协同任务", rule="只有协同任务可以回复")
    was = str(row.answer.get("state", ""))
    allowed = MOVES.get(was, ())
    if state not in allowed:
        raise Conflict(
            f"任务处于“{was or '待回复'}”，不能改为“{state}”，可用：{'、'.join(allowed) or '无'}", rule="任务状态顺序"
        )
    if state == "不能承担" and not note.strip():
        raise Invalid("note", note, "1 至 400 字", label="理由")
    before, now = snapshot(row), clock.now()
    reply = Reply(row.key, state, by.name, note.strip()[:400], now.isoformat())
    row.answer = reply.as_json()
    row.save()
    step = 1 + SentParcel.objects.unscoped("our answers to this peer").filter(
        peer=row.peer, kind=Kind.ANSWER, key=f"answer:{row.key}"
    ).count()  # fmt: skip
    offer = offers.Offer(
        Kind.ANSWER,
        f"answer:{row.key}",
        step,
        f"{row.title}：{state}",
        row.peer.area,
        1,
        reply.as_json(),
        exercise=row.exercise,
    )
    offers.post(by, row.peer_id, offer)
    fact = ForeignInformationReceived(row.pk, "task", f"{row.title}：{state}", row.peer.name, row.exercise)
    record(by, f"协同任务{state}", row, fact, before=before, reason=note)
    return row
