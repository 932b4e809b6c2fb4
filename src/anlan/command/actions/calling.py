"""Verbs of 叫应: start a round, note every attempt, pass on what nobody answers, close it."""

from __future__ import annotations

from datetime import timedelta

from anlan.command.common import Kind, hm, required, tell
from anlan.command.duty import calling
from anlan.command.duty.calling import Contact
from anlan.command.events import CalleeAnswered, CalleeUnanswered, CallingStarted
from anlan.command.models import CallAttempt, Callee, CallRound, Incident
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.actions import action, record
from anlan.kernel.areas.models import Area
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, Invalid
from anlan.kernel.events.facts import NoticeRequested

#: How long one may take to answer. No text for this city is at hand: 待核对, settable for every round.
ANSWER_MIN = 10.0
MOST_STEPS = 2
MOST_CALLEES = 400


def line(row: CallRound, text: str) -> None:
    if row.incident is not None:
        tell(row.incident, Kind.WARNING, text, "叫应", calling=row.pk)


def correlation(row: CallRound) -> dict[str, object]:
    return {"correlation_id": row.incident.correlation_id} if row.incident else {}


@action("command.incident")
def start_calling(
    by: Actor, *, title: str, text: str, area_ids: list[int], level: str = "", incident_id: int | None = None,
    warning_id: int | None = None, answer_min: float = ANSWER_MIN, messages: bool = True,
    exercise: bool = False,
) -> CallRound:  # fmt: skip
    """发起叫应: the call list is made of those in charge of the areas; they also get the text as a message. exercise:
    nothing of the round leaves the house, however far it goes up."""
    areas = list(Area.objects.filter(pk__in=area_ids).order_by("path"))
    if not areas:
        raise Invalid("area_ids", area_ids, "至少一个已登记的区划", label="叫应区划")
    if not 1 <= answer_min <= 240:
        raise Invalid("answer_min", answer_min, "1~240", label="应答时限", unit="min")
    for area in areas:
        by.require("command.incident", area)
    now, incident = clock.now(), None
    if incident_id is not None:
        incident = Incident.objects.visible_to(by, "command.incident").one(incident_id)
    row = CallRound.objects.create(
        title=required("title", title, "标题", 120), text=required("text", text, "传达内容", 400), level=level,
        incident=incident, warning_id=warning_id, area_ids=[area.pk for area in areas], answer_min=answer_min,
        started_at=now, started_by=by.name, area=common(areas), exercise=exercise,
    )  # fmt: skip
    contacts = calling.in_charge(areas, now)[:MOST_CALLEES]
    callees = [ask(row, contact) for contact in contacts]
    line(row, f"发起叫应“{row.title}”：{len(callees)} 人，{answer_min:g} 分钟内应答")
    told = [notice(callee) for callee in callees] if messages else []
    record(by, "发起叫应", row, CallingStarted(row.pk, row.title, len(callees)), *told, **correlation(row))  # type: ignore[arg-type]
    return row


def common(areas: list[Area]) -> Area:
    """The smallest area that holds them all."""
    found = areas[0]
    while found.parent is not None and not all(found.contains(area) for area in areas):
        found = found.parent
    return found


def ask(row: CallRound, contact: Contact, instead_of: Callee | None = None) -> Callee:
    now = clock.now()
    return Callee.objects.create(
        round=row, name=contact.name, title=contact.title[:120], phone=contact.phone, person=contact.person,
        post=contact.post, area=contact.area, step=instead_of.step + 1 if instead_of else 0, instead_of=instead_of,
        asked_at=now, answer_by=now + timedelta(minutes=row.answer_min),
    )  # fmt: skip


def notice(callee: Callee) -> NoticeRequested:
    row = callee.round
    return NoticeRequested(
        to_name=f"{callee}", phone=callee.phone, to_person_id=callee.person_id, to_post_id=callee.post_id,
        text=f"【叫应】{row.text}。请 {hm(callee.answer_by)[-5:]} 前回电{row.area.name}应急值班室。",
        purpose="叫应", subject_type="command.Callee", subject_id=str(callee.pk), urgency="high",
        correlation_id=str(row.incident.correlation_id) if row.incident else "",
        exercise=row.exercise,
    )  # fmt: skip


def hold_callee(by: Actor, callee_id: int) -> Callee:
    callee = Callee.objects.visible_to(by, "command.incident").one(callee_id, lock=True)
    if callee.round.closed_at:
        raise Conflict(f"叫应“{callee.round}”已于 {hm(callee.round.closed_at)} 结束", rule="结束后不再登记")
    return callee


@action("command.incident")
def attempt_call(by: Actor, callee_id: int, outcome: str, means: str = "phone", note: str = "") -> CallAttempt:
    """登记一次呼叫. Answered = a person said that he has understood; nothing else counts."""
    callee = hold_callee(by, callee_id)
    for field, value, allowed in (("outcome", outcome, CallAttempt.Outcome), ("means", means, CallAttempt.Means)):
        if value not in allowed.values:
            raise Invalid(field, value, " / ".join(f"{v}（{t}）" for v, t in allowed.choices))
    if callee.state == Callee.State.ANSWERED:
        raise Conflict(f"{callee}已于 {hm(callee.answered_at)} 应答", rule="应答只登记一次")
    before, now = snapshot(callee), clock.now()
    made = CallAttempt.objects.create(callee=callee, at=now, by=by.name, means=means, outcome=outcome, note=note[:200])
    if outcome == CallAttempt.Outcome.ANSWERED:
        callee.state, callee.answered_at, callee.answer_note = Callee.State.ANSWERED, now, note[:200]
        callee.save()
        settle_above(callee)
    line(
        callee.round,
        f"{made.get_means_display()}呼叫{callee}：{made.get_outcome_display()}{'，' + note if note else ''}",
    )
    facts = [CalleeAnswered(callee.pk, callee.round_id, now.isoformat())] if callee.answered_at else []
    record(by, "登记呼叫", callee, *facts, before=before, reason=note, **correlation(callee.round))  # type: ignore[arg-type]
    return made


def settle_above(callee: Callee) -> None:
    """Who answers in another's stead answers for him; the one passed over stays 已升级, which is not an answer."""
    Callee.objects.unscoped(HELD).filter(instead_of=callee, state=Callee.State.WAITING).update(
        state=Callee.State.ANSWERED, answered_at=callee.answered_at, answer_note="由原叫应对象应答"
    )


@action("command.incident")
def escalate_callee(by: Actor, callee_id: int) -> Callee:
    """升级: not answered in time, so the next of the chain is called."""
    callee = hold_callee(by, callee_id)
    before, now = snapshot(callee), clock.now()
    if callee.state != Callee.State.WAITING or callee.answer_by > now:
        raise Conflict(f"{callee}{callee.get_state_display()}，无须升级", rule="只升级逾时未应答者")
    contact = calling.next_after(callee, now) if callee.step < MOST_STEPS else None
    callee.state = Callee.State.ESCALATED
    callee.save()
    passed = ask(callee.round, contact, callee) if contact else None
    minutes = (now - callee.asked_at).total_seconds() / 60
    text = f"{callee} {minutes:.0f} 分钟未应答，" + (f"升级至{passed}" if passed else "链上已无他人，请改用其他方式")
    line(callee.round, text)
    facts = [CalleeUnanswered(callee.pk, callee.round_id, round(minutes, 1), passed.pk if passed else None)]
    told = [notice(passed)] if passed else []
    record(by, "叫应升级", callee, *facts, *told, before=before, reason=text[:400], **correlation(callee.round))  # type: ignore[arg-type]
    return passed or callee


def unanswered(row: CallRound) -> list[Callee]:
    """Those of whom nobody answered, as the database has it now."""
    return CallRound.objects.unscoped(HELD).get(pk=row.pk).silent()


@action("command.incident")
def close_calling(by: Actor, round_id: int, note: str = "") -> CallRound:
    """结束叫应. With somebody unanswered only with a word on what is done about it."""
    row = CallRound.objects.visible_to(by, "command.incident").one(round_id, lock=True)
    if row.closed_at:
        raise Conflict(f"叫应“{row}”已结束", rule="只结束一次")
    before, left = snapshot(row), unanswered(row)
    if left and not note.strip():
        names = "、".join(str(one) for one in left[:5])
        raise Conflict(
            f"还有 {len(left)} 人未应答（{names}），须写明处置", rule="未应答者须有处置说明", unanswered=len(left)
        )
    row.closed_at, row.closed_by, row.close_note = clock.now(), by.name, note.strip()[:400]
    row.save()
    line(row, f"结束叫应“{row.title}”，未应答 {len(left)} 人" + (f"：{row.close_note}" if row.close_note else ""))
    record(by, "结束叫应", row, before=before, reason=row.close_note, **correlation(row))  # type: ignore[arg-type]
    return row
