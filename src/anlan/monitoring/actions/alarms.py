"""What operators do with alarms (ANSI/ISA-18.2): each by the transition table, with who and why."""

from __future__ import annotations

from datetime import datetime, timedelta

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, Invalid
from anlan.monitoring.actions.process import note, shift, state_fact
from anlan.monitoring.events import AlarmAcknowledged
from anlan.monitoring.models import Alarm
from anlan.monitoring.rules.isa import NotAllowed, State, Trigger

PERMISSION = "monitoring.handle"
MAX_SHELF_MIN = 24 * 60


def change(by: Actor, alarm_id: int, trigger: Trigger, verb: str, reason: str, minutes: int = 0) -> Alarm:
    """One move of one alarm by a person."""
    alarm = Alarm.objects.visible_to(by, PERMISSION).one(alarm_id, lock=True)
    was = snapshot(alarm)
    try:
        before = shift(alarm, trigger)
    except NotAllowed as error:
        raise Conflict(f"“{State(alarm.state).label}”的告警不能{verb}", state=alarm.state) from error
    now = clock.now()
    if trigger is Trigger.ACKNOWLEDGE:
        alarm.acknowledged_at, alarm.acknowledged_by = now, by.name
    if trigger is Trigger.RESET:
        alarm.reset_at = now
    alarm.shelved_until = now + timedelta(minutes=minutes) if trigger is Trigger.SHELVE else None
    alarm.reason = reason[:200]
    alarm.save()
    note(alarm, by, verb, before, reason)
    fact = AlarmAcknowledged(alarm.pk, by.name) if trigger is Trigger.ACKNOWLEDGE else state_fact(alarm)
    record(by, f"{verb}告警", alarm, fact, before=was, reason=reason, correlation_id=alarm.correlation_id)
    return alarm


def need_reason(reason: str) -> str:
    if not reason.strip():
        raise Invalid("reason", reason, "不能为空", label="理由")
    return reason.strip()[:180]


@action(PERMISSION)
def acknowledge_alarm(by: Actor, alarm_id: int, note: str = "") -> Alarm:
    """确认: somebody has seen it and takes it on."""
    return change(by, alarm_id, Trigger.ACKNOWLEDGE, "确认", note.strip()[:200])


@action(PERMISSION)
def reset_alarm(by: Actor, alarm_id: int, reason: str = "") -> Alarm:
    """复位: a latched alarm whose condition is gone is over only now."""
    return change(by, alarm_id, Trigger.RESET, "复位", reason.strip()[:180])


@action(PERMISSION)
def shelve_alarm(by: Actor, alarm_id: int, minutes: int, reason: str) -> Alarm:
    """搁置: out of the list for a while; it comes back by itself."""
    if not 1 <= minutes <= MAX_SHELF_MIN:
        raise Invalid("minutes", minutes, f"1 至 {MAX_SHELF_MIN}", label="搁置时长", unit="min")
    return change(by, alarm_id, Trigger.SHELVE, "搁置", f"{need_reason(reason)}（{minutes} min）", minutes)


@action(PERMISSION)
def unshelve_alarm(by: Actor, alarm_id: int, reason: str = "") -> Alarm:
    """取消搁置."""
    return change(by, alarm_id, Trigger.UNSHELVE, "取消搁置", reason.strip()[:180])


@action(PERMISSION)
def expire_shelving(by: Actor, now: datetime) -> int:
    """Bring back every alarm whose time on the shelf is over; returns how many."""
    due = Alarm.objects.visible_to(by, PERMISSION).filter(state=State.SHELVED.value, shelved_until__lte=now)
    alarms = list(due.values_list("pk", flat=True))
    for pk in alarms:
        change(by, pk, Trigger.EXPIRE, "搁置到期，恢复显示", "")
    return len(alarms)


@action(PERMISSION)
def suppress_alarm(by: Actor, alarm_id: int, reason: str) -> Alarm:
    """抑制: another alarm or the state of the plant explains it."""
    return change(by, alarm_id, Trigger.SUPPRESS, "抑制", need_reason(reason))


@action(PERMISSION)
def unsuppress_alarm(by: Actor, alarm_id: int, reason: str = "") -> Alarm:
    """解除抑制."""
    return change(by, alarm_id, Trigger.UNSUPPRESS, "解除抑制", reason.strip()[:180])


@action(PERMISSION)
def take_out_of_service(by: Actor, alarm_id: int, reason: str) -> Alarm:
    """停用: under maintenance; it stays so until somebody returns it."""
    return change(by, alarm_id, Trigger.REMOVE, "停用", need_reason(reason))


@action(PERMISSION)
def return_to_service(by: Actor, alarm_id: int, reason: str = "") -> Alarm:
    """恢复使用."""
    return change(by, alarm_id, Trigger.RESTORE, "恢复使用", reason.strip()[:180])
