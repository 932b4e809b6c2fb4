"""What the system does by itself about alarms nobody can use: chattering ones, stale ones, those of maintenance windows.
Suppressed, never dropped: each keeps its history, says why, and comes back by itself."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.audit.journal import snapshot
from anlan.monitoring.actions.process import OPEN, note, raised_fact, shift, state_fact
from anlan.monitoring.models import Alarm, AlarmChange, MaintenanceWindow, Priority
from anlan.monitoring.rules import nuisance
from anlan.monitoring.rules.isa import State, Trigger

CHATTERING, STALE, MAINTENANCE = "抖动", "长期未恢复", "检修"
RAISES = ("触发", "再次触发")
#: Alarms of these priorities are suppressed as stale; the higher ones somebody has to deal with.
STALE_PRIORITIES = (Priority.MEDIUM, Priority.LOW)


def suppress(by: Actor, alarm: Alarm, reason: str, now: datetime) -> None:
    was = snapshot(alarm)
    before = shift(alarm, Trigger.SUPPRESS)
    alarm.reason = reason[:200]
    alarm.save()
    note(alarm, by, "抑制", before, reason, now)
    record(by, "抑制告警", alarm, state_fact(alarm), before=was, reason=reason, correlation_id=alarm.correlation_id)


def release(by: Actor, alarm: Alarm, reason: str, now: datetime) -> None:
    was = snapshot(alarm)
    before = shift(alarm, Trigger.UNSUPPRESS)
    alarm.reason = ""
    alarm.save()
    note(alarm, by, "解除抑制", before, reason, now)
    fact = raised_fact(alarm) if alarm.active else state_fact(alarm)
    record(by, "解除抑制", alarm, fact, before=was, reason=reason, correlation_id=alarm.correlation_id)


def windows_at(now: datetime) -> list[MaintenanceWindow]:
    rows = MaintenanceWindow.objects.unscoped("the alarm system serves all areas")
    return list(rows.filter(starts_at__lte=now, ends_at__gt=now).select_related("area", "station"))


def recent_raises(now: datetime) -> dict[tuple[int, str], list[datetime]]:
    """(rule, subject) -> when it was raised, of late."""
    rows = AlarmChange.objects.unscoped("the alarm system serves all areas")
    found: dict[tuple[int, str], list[datetime]] = defaultdict(list)
    since = now - nuisance.CHATTER_QUIET - nuisance.CHATTER_WITHIN
    recent = rows.filter(what__in=RAISES, at__gt=since, at__lte=now, alarm__retro=False)
    for rule, subject, at in recent.values_list("alarm__rule_id", "alarm__subject", "at"):
        found[rule, subject].append(at)
    return found


def why_suppress(
    alarm: Alarm, raises: dict[tuple[int, str], list[datetime]], windows: list[MaintenanceWindow], now: datetime
) -> str:
    """The reason to suppress an alarm, "" when there is none. Latched alarms (gas, fire) and the highest priority are
    never called chattering or stale."""
    window = next((one for one in windows if alarm.station and one.covers(alarm.station)), None)
    if window is not None:
        return f"{MAINTENANCE}：{window.title}（{window.responsible}）"
    if alarm.latched or alarm.priority == Priority.CRITICAL:
        return ""
    if nuisance.chatters(raises.get((alarm.rule_id, alarm.subject), []), now):
        return f"{CHATTERING}：{nuisance.CHATTER_WITHIN.seconds} s 内触发 {nuisance.CHATTER_RAISES} 次以上"
    standing = alarm.active and alarm.state == State.ACKNOWLEDGED.value and now - alarm.raised_at > nuisance.STALE_AFTER
    if standing and alarm.priority in STALE_PRIORITIES:
        return f"{STALE}：已确认并持续 {nuisance.STALE_AFTER.total_seconds() / 3600:.0f} h 以上"
    return ""


def is_over(alarm: Alarm, why: str) -> bool:
    """Whether what suppressed it is over."""
    if alarm.reason.startswith(STALE):
        return not alarm.active
    return alarm.reason.startswith((CHATTERING, MAINTENANCE)) and not why


@action("monitoring.handle")
def tidy_alarms(by: Actor, now: datetime) -> tuple[int, int]:
    """Suppress what is a nuisance, release what is none any more; returns how many of each."""
    raises, windows = recent_raises(now), windows_at(now)
    rows = (
        Alarm.objects.visible_to(by, "monitoring.handle").filter(OPEN).select_related("rule", "station__area", "area")
    )
    counts = [0, 0]
    for alarm in rows.select_for_update(of=("self",), skip_locked=True).order_by("pk"):
        why = why_suppress(alarm, raises, windows, now)
        if alarm.state == State.SUPPRESSED.value:
            if is_over(alarm, why):
                release(by, alarm, "抑制原因已消除", now)
                counts[1] += 1
        elif why and alarm.state in (State.UNACKNOWLEDGED.value, State.ACKNOWLEDGED.value, State.RETURNED.value):
            suppress(by, alarm, why, now)
            counts[0] += 1
    return counts[0], counts[1]
