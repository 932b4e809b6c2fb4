"""Alarms of high priority that nobody acknowledges: tell the next person."""

from __future__ import annotations

from datetime import datetime, timedelta

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.events.facts import NoticeRequested
from anlan.kernel.models import Post
from anlan.monitoring.actions.process import OPEN, note
from anlan.monitoring.models import Alarm, Priority
from anlan.monitoring.rules.isa import State

#: Priorities that escalate: 一级 and 二级.
ESCALATING = (Priority.CRITICAL, Priority.HIGH)


def receiver(alarm: Alarm) -> Post | None:
    """The rule's post, else the first emergency bureau's post in the alarm's area or above it."""
    if alarm.rule.escalate_to is not None:
        return alarm.rule.escalate_to
    path = alarm.area.path
    paths = [path[: at + 1] for at, letter in enumerate(path) if letter == "/" and at]
    posts = Post.objects.unscoped("whom to tell").filter(area__path__in=paths, organisation__name__contains="应急")
    return posts.order_by("-area__level", "code").first()


def text_of(alarm: Alarm, waited: timedelta) -> str:
    minutes = int(waited.total_seconds() // 60)
    return (
        f"{alarm.get_priority_display()}告警 {minutes} 分钟未确认：{alarm.title}（{alarm.area.name}）。请立即核实处置。"
    )


@action("monitoring.handle")
def escalate_overdue(by: Actor, now: datetime) -> int:
    """Ask for a notice for each overdue alarm, once per raising; returns how many."""
    rows = Alarm.objects.visible_to(by, "monitoring.handle").select_related("rule__escalate_to", "area")
    waiting = rows.filter(OPEN, state=State.UNACKNOWLEDGED.value, priority__in=ESCALATING, escalated_at__isnull=True)
    count = 0
    for alarm in waiting.select_for_update(of=("self",), skip_locked=True):
        waited = now - alarm.raised_at
        if waited < timedelta(minutes=alarm.rule.escalate_after_min):
            continue
        was = snapshot(alarm)
        alarm.escalated_at = now
        alarm.save(update_fields=["escalated_at"])
        post = receiver(alarm)
        fact = NoticeRequested(
            to_name=post.title if post else f"{alarm.area.name}应急值班",
            text=text_of(alarm, waited),
            purpose="告警升级",
            subject_type="monitoring.Alarm",
            subject_id=str(alarm.pk),
            to_post_id=post.pk if post else None,
            urgency="high",
            correlation_id=str(alarm.correlation_id),
        )
        note(alarm, by, "升级通知", alarm.state, fact.to_name, now)
        record(by, "告警升级通知", alarm, fact, before=was, correlation_id=alarm.correlation_id)
        count += 1
    return count
