"""Alarms of high priority that nobody acknowledges: the duty officer, then the duty leader, then the desk above."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from anlan.administration import queries as administration
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.events.facts import NoticeRequested
from anlan.kernel.models import Organisation, Post
from anlan.monitoring.actions.process import OPEN, note
from anlan.monitoring.models import Alarm, Priority
from anlan.monitoring.rules.escalation import Rung, due, ladder, rung_of
from anlan.monitoring.rules.isa import State

if TYPE_CHECKING:
    from anlan.administration.models import Shift

#: Priorities that escalate: 一级 and 二级.
ESCALATING = (Priority.CRITICAL, Priority.HIGH)
WHY = "whom to tell"
LEADER = "leader"


def paths_of(alarm: Alarm) -> list[str]:
    """The alarm's area and those above it."""
    path = alarm.area.path
    return [path[: at + 1] for at, letter in enumerate(path) if letter == "/" and at]


def post_rung(alarm: Alarm) -> Rung | None:
    """The first emergency bureau's post in the alarm's area or above it, for places without a roster."""
    rows = Post.objects.unscoped(WHY).filter(area__path__in=paths_of(alarm), organisation__name__contains="应急")
    post = rows.order_by("-area__level", "code").first()
    return Rung(post.title, post_id=post.pk) if post else None


def desks(alarm: Alarm, now: datetime) -> list[tuple[Rung | None, Rung | None]]:
    """(officer, leader) on duty at the emergency desks of the area and of those above, the nearest first."""
    rows = Organisation.objects.unscoped(WHY).filter(area__path__in=paths_of(alarm), name__contains="应急")
    found = []
    for desk in rows.order_by("-area__level", "code"):
        shifts = administration.on_duty(desk.pk, now)
        officer = next((one for one in shifts if one.role != LEADER), None)
        leader = next((one for one in shifts if one.role == LEADER), None)
        if shifts:
            found.append((person_rung(desk, officer), person_rung(desk, leader)))
    return found


def person_rung(desk: Organisation, shift: Shift | None) -> Rung | None:
    if shift is None:
        return None
    return Rung(f"{desk.name}{shift.get_role_display()}{shift.person.name}", person_id=shift.person_id)


def rungs_of(alarm: Alarm, now: datetime) -> list[Rung]:
    """The rule's own post first, then the people who are on duty now, from the nearest desk upwards."""
    own = alarm.rule.escalate_to
    people = [rung for desk in desks(alarm, now) for rung in desk]
    first = Rung(own.title, post_id=own.pk) if own else None
    return ladder([first, *people]) or ladder([post_rung(alarm)])


def text_of(alarm: Alarm, waited: timedelta) -> str:
    minutes = int(waited.total_seconds() // 60)
    return (
        f"{alarm.get_priority_display()}告警 {minutes} 分钟未确认：{alarm.title}（{alarm.area.name}）。请立即核实处置。"
    )


@action("monitoring.handle")
def escalate_overdue(by: Actor, now: datetime) -> int:
    """Ask for the next notice of each overdue alarm; returns how many."""
    rows = Alarm.objects.visible_to(by, "monitoring.handle").select_related("rule__escalate_to", "area")
    waiting = rows.filter(OPEN, state=State.UNACKNOWLEDGED.value, priority__in=ESCALATING)
    count = 0
    for alarm in waiting.select_for_update(of=("self",), skip_locked=True):
        since = alarm.waiting_since or alarm.raised_at
        if due(since, alarm.escalations, timedelta(minutes=alarm.rule.escalate_after_min), now):
            tell_next(by, alarm, now - since, now)
            count += 1
    return count


def tell_next(by: Actor, alarm: Alarm, waited: timedelta, now: datetime) -> None:
    was = snapshot(alarm)
    rung = rung_of(rungs_of(alarm, now), alarm.escalations)
    alarm.escalated_at, alarm.escalations = now, alarm.escalations + 1
    alarm.save(update_fields=["escalated_at", "escalations"])
    fact = NoticeRequested(
        to_name=rung.name if rung else f"{alarm.area.name}应急值班",
        text=text_of(alarm, waited),
        purpose="告警升级",
        subject_type="monitoring.Alarm",
        subject_id=str(alarm.pk),
        to_person_id=rung.person_id if rung else None,
        to_post_id=rung.post_id if rung else None,
        urgency="high",
        correlation_id=str(alarm.correlation_id),
    )
    note(alarm, by, f"第 {alarm.escalations} 次升级通知", alarm.state, fact.to_name, now)
    record(by, "告警升级通知", alarm, fact, before=was, correlation_id=alarm.correlation_id)
