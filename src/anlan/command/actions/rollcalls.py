"""Verbs of 点名: start, note each try (the next means of the chain follows by itself), close."""

from __future__ import annotations

from anlan.administration import queries as administration
from anlan.command.common import hm, required
from anlan.command.events import PostLost, RollCalled
from anlan.command.models import ContactMeans, RollAnswer, RollCall
from anlan.command.models.rollcall import Means
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.actions import action, record
from anlan.kernel.areas.models import Area
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, Invalid
from anlan.kernel.events.facts import NoticeRequested

VERB = "command.incident"
State = RollAnswer.State
MOST_REPEAT_H = 24 * 31
#: What a try may end with; anything but an answer leads on to the next means.
OUTCOMES = {"answered": "应答", "no_answer": "无应答", "fault": "线路或设备故障"}
#: Means that carry a message by themselves.
WRITTEN = (Means.APP, Means.SMS)


@action(VERB)
def start_roll_call(by: Actor, area_id: int, title: str = "通信点名", repeat_h: int = 0) -> RollCall:
    """开始点名: every post with a chain in the area; written means are used at once."""
    area = Area.objects.get(pk=area_id)
    by.require(VERB, area)
    if not 0 <= repeat_h <= MOST_REPEAT_H:
        raise Invalid("repeat_h", repeat_h, f"0~{MOST_REPEAT_H}（0 为不重复）", label="每隔", unit="h")
    running = RollCall.objects.unscoped("one roll-call at a time").filter(area=area, closed_at=None).first()
    if running is not None:
        raise Conflict(f"“{running}”自 {hm(running.started_at)} 起尚未结束", rule="同一区划同时只有一次点名")
    chains: dict[int, list[ContactMeans]] = {}
    rows = ContactMeans.objects.unscoped("posts below the area the actor may call").select_related("post__organisation")
    for row in rows.filter(area__path__startswith=area.path).order_by("post_id", "order", "id"):
        chains.setdefault(row.post_id, []).append(row)
    if not chains:
        raise Conflict(f"{area.name}没有登记通信方式", rule="点名须先登记岗位的通信链")
    now = clock.now()
    made = RollCall.objects.create(
        title=required("title", title, "标题", 120), area=area, started_at=now, started_by=by.name, repeat_h=repeat_h
    )
    notices = [call(made, chain) for chain in chains.values()]
    record(by, "开始点名", made, RollCalled(made.pk, made.title, len(chains)), *[one for one in notices if one])
    return made


def call(made: RollCall, chain: list[ContactMeans]) -> NoticeRequested | None:
    """The post's row, and the message when its first means is a written one."""
    post = chain[0].post
    people = administration.holders(post.pk, made.started_at)
    answer = RollAnswer.objects.create(
        roll_call=made, post=post, name=people[0].name if people else "",
        chain=[{"means": one.means, "number": one.number} for one in chain],
    )  # fmt: skip
    return message(answer, chain[0].means, chain[0].number)


def message(answer: RollAnswer, means: str, number: str) -> NoticeRequested | None:
    if means not in WRITTEN:
        return None
    return NoticeRequested(
        to_name=str(answer), text=f"【点名】{answer.roll_call.title}，请回复值班室确认通信畅通。", purpose="通信点名",
        subject_type="command.RollAnswer", subject_id=str(answer.pk), urgency="normal",
        phone=number if means == Means.SMS else "", to_post_id=answer.post_id,
    )  # fmt: skip


@action(VERB)
def note_try(by: Actor, answer_id: int, outcome: str, note: str = "") -> RollAnswer:
    """登记一次呼叫 by the means that is due; without an answer the next of the chain is, after the last the post is lost."""
    rows = RollAnswer.objects.visible_to(by, VERB).select_related("roll_call__area", "post")
    row = rows.one(answer_id, lock=True)
    if row.roll_call.closed_at:
        raise Conflict(f"“{row.roll_call}”已于 {hm(row.roll_call.closed_at)} 结束", rule="结束后不再登记")
    if outcome not in OUTCOMES:
        raise Invalid("outcome", outcome, "、".join(f"{k}（{v}）" for k, v in OUTCOMES.items()), label="结果")
    due = row.now_by
    if row.state == State.ANSWERED or due is None:
        raise Conflict(f"{row}{row.get_state_display()}", rule="应答或失联后不再登记")
    before, now = snapshot(row), clock.now()
    row.tries = [*row.tries, {**due, "at": now.isoformat(), "outcome": outcome, "by": by.name, "note": note[:100]}]
    told: list[NoticeRequested] = []
    facts: list[PostLost] = []
    if outcome == "answered":
        row.state, row.answered_at, row.means = State.ANSWERED, now, due["means"]
    else:
        row.step += 1
        following = row.now_by
        if following is None:
            row.state = State.LOST
            facts = [PostLost(row.pk, row.roll_call_id, str(row), len(row.chain))]
        elif (notice := message(row, following["means"], following["number"])) is not None:
            told = [notice]
    row.save()
    record(by, f"点名{OUTCOMES[outcome]}", row, *facts, *told, before=before, reason=note)
    return row


@action(VERB)
def close_roll_call(by: Actor, roll_call_id: int) -> RollCall:
    """结束点名: whoever was not reached by then counts as lost."""
    row = RollCall.objects.visible_to(by, VERB).select_related("area").one(roll_call_id, lock=True)
    if row.closed_at:
        raise Conflict(f"“{row}”已结束", rule="只结束一次")
    before = snapshot(row)
    RollAnswer.objects.unscoped(HELD).filter(roll_call=row, state=State.WAITING).update(state=State.LOST)
    row.closed_at, row.closed_by = clock.now(), by.name
    row.save()
    record(by, "结束点名", row, before=before)
    return row
