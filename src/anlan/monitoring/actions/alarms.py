"""What is done to alarms: by the evaluator (raise, clear) and by people (the ISA-18.2 verbs)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, Invalid
from anlan.monitoring.events import AlarmAcknowledged, AlarmCleared, AlarmRaised, AlarmStateChanged
from anlan.monitoring.models import Alarm, AlarmRule, Datastream, RuleKind, Station
from anlan.monitoring.rules.states import ASIDE, TITLES, VERB_TITLES, State, allowed, standing_state

MAX_SHELVE_MIN = 24 * 60


@dataclass(frozen=True)
class Raising:
    """What the evaluator found."""

    rule: AlarmRule
    station: Station
    datastream: Datastream | None
    started_at: datetime
    raised_at: datetime
    value: float | None
    explanation: dict[str, Any] = field(default_factory=dict)

    @property
    def subject(self) -> str:
        """What the alarm is about: an area for rules that count places, else a datastream, else a station."""
        if self.rule.kind == RuleKind.GROUP and self.rule.group_by == "area":
            return f"a{self.rule.area_id}"
        return f"d{self.datastream.pk}" if self.datastream else f"s{self.station.pk}"


@action("monitoring.evaluate")
def raise_alarm(by: Actor, found: Raising) -> Alarm | None:
    """Open an alarm, once per (rule, subject, start). None when it is already there."""
    rule, station = found.rule, found.station
    unit = found.datastream.unit if found.datastream else ""
    shown = "" if found.value is None else f" {found.value:g} {unit}"
    alarm = Alarm(
        area=station.area, data_class=station.data_class, rule=rule, rule_version=rule.version, station=station,
        datastream=found.datastream, subject=found.subject, title=f"{station.name} {rule.title}{shown}",
        priority=rule.priority, value=found.value, unit=unit, lon=station.lon, lat=station.lat,
        started_at=found.started_at, raised_at=found.raised_at, recorded_at=clock.now(), latched=rule.latched,
        state=State.UNACKNOWLEDGED, explanation=found.explanation,
    )  # fmt: skip
    there = Alarm.objects.unscoped("identity of an alarm")
    if there.filter(rule=rule, subject=found.subject, started_at=found.started_at).exists():
        return None
    if there.filter(rule=rule, subject=found.subject, active=True).exists():
        return None
    alarm.save()
    record(by, "触发告警", alarm, raised_fact(alarm), correlation_id=alarm.correlation_id)
    return alarm


def raised_fact(alarm: Alarm) -> AlarmRaised:
    return AlarmRaised(
        alarm_id=alarm.pk, rule_id=alarm.rule_id, rule_title=alarm.rule.title, station_id=alarm.station_id,
        datastream_id=alarm.datastream_id, hazard_unit_id=alarm.station.hazard_unit_id, priority=alarm.priority,
        title=alarm.title, value=alarm.value, unit=alarm.unit, at=alarm.raised_at.isoformat(), lon=alarm.lon,
        lat=alarm.lat,
    )  # fmt: skip


@action("monitoring.evaluate")
def clear_alarm(by: Actor, rule: AlarmRule, subject: str, at: datetime) -> Alarm | None:
    """The condition no longer holds; None when no alarm stood."""
    alarms = Alarm.objects.unscoped("identity of an alarm").select_for_update(of=("self",))
    alarm = alarms.filter(rule=rule, subject=subject, active=True).first()
    if alarm is None:
        return None
    before = snapshot(alarm)
    alarm.active, alarm.cleared_at = False, at
    settle(alarm)
    alarm.save()
    fact = AlarmCleared(alarm.pk, at.isoformat(), alarm.state)
    record(by, "告警恢复", alarm, fact, before=before, correlation_id=alarm.correlation_id)
    return alarm


def settle(alarm: Alarm) -> None:
    """Put the alarm where it stands by its own facts, unless somebody has set it aside."""
    if State(alarm.state) not in ASIDE:
        alarm.state = standing_state(
            alarm.active, alarm.acknowledged_at is not None, alarm.latched, alarm.reset_at is not None
        )


def take(by: Actor, alarm_id: int, verb: str) -> tuple[Alarm, dict[str, Any]]:
    """The alarm, locked, if `by` may handle it and its state allows the verb."""
    alarm = Alarm.objects.visible_to(by, "monitoring.handle").one(alarm_id, lock=True)
    state = State(alarm.state)
    if not allowed(verb, state):
        raise Conflict(f"告警处于“{TITLES[state]}”，不能{VERB_TITLES[verb]}（ISA-18.2 状态规则）", state=state.value)
    return alarm, snapshot(alarm)


def finish(by: Actor, alarm: Alarm, before: dict[str, Any], verb: str, reason: str) -> Alarm:
    alarm.reason = reason
    alarm.save()
    fact = AlarmStateChanged(alarm.pk, alarm.state, reason)
    record(
        by, f"{VERB_TITLES[verb]}告警", alarm, fact, before=before, reason=reason, correlation_id=alarm.correlation_id
    )
    return alarm


@action("monitoring.handle")
def acknowledge_alarm(by: Actor, alarm_id: int, note: str = "") -> Alarm:
    """确认: I have seen it and take it up."""
    alarm, before = take(by, alarm_id, "acknowledge")
    alarm.acknowledged_at, alarm.acknowledged_by = clock.now(), by.name
    settle(alarm)
    alarm.save()
    record(
        by, "确认告警", alarm, AlarmAcknowledged(alarm.pk, by.name),
        before=before, reason=note, correlation_id=alarm.correlation_id,
    )  # fmt: skip
    return alarm


@action("monitoring.handle")
def reset_alarm(by: Actor, alarm_id: int, reason: str) -> Alarm:
    """复位 of a latched alarm (gas, fire) after its condition cleared."""
    alarm, before = take(by, alarm_id, "reset")
    alarm.reset_at = clock.now()
    settle(alarm)
    return finish(by, alarm, before, "reset", need_reason(reason))


@action("monitoring.handle")
def shelve_alarm(by: Actor, alarm_id: int, minutes: int, reason: str) -> Alarm:
    """搁置: out of sight for `minutes`, back by itself."""
    if not 1 <= minutes <= MAX_SHELVE_MIN:
        raise Invalid("minutes", minutes, f"1 至 {MAX_SHELVE_MIN}", label="搁置时长", unit="分钟")
    alarm, before = take(by, alarm_id, "shelve")
    alarm.state, alarm.shelved_until = State.SHELVED, clock.now() + timedelta(minutes=minutes)
    return finish(by, alarm, before, "shelve", need_reason(reason))


@action("monitoring.handle")
def suppress_alarm(by: Actor, alarm_id: int, reason: str) -> Alarm:
    """抑制: known and explained by something else (a start-up, a flood of alarms with one cause)."""
    alarm, before = take(by, alarm_id, "suppress")
    alarm.state = State.SUPPRESSED
    return finish(by, alarm, before, "suppress", need_reason(reason))


@action("monitoring.handle")
def take_out_of_service(by: Actor, alarm_id: int, reason: str) -> Alarm:
    """停用: under maintenance until somebody puts it back."""
    alarm, before = take(by, alarm_id, "take_out_of_service")
    alarm.state = State.OUT_OF_SERVICE
    return finish(by, alarm, before, "take_out_of_service", need_reason(reason))


def bring_back(by: Actor, alarm_id: int, verb: str, reason: str) -> Alarm:
    alarm, before = take(by, alarm_id, verb)
    return put_back(by, alarm, before, verb, reason)


def put_back(by: Actor, alarm: Alarm, before: dict[str, Any], verb: str, reason: str) -> Alarm:
    alarm.state, alarm.shelved_until = State.UNACKNOWLEDGED, None
    settle(alarm)
    return finish(by, alarm, before, verb, reason)


@action("monitoring.handle")
def unshelve_alarm(by: Actor, alarm_id: int, reason: str = "") -> Alarm:
    """取消搁置."""
    return bring_back(by, alarm_id, "unshelve", reason)


@action("monitoring.handle")
def unsuppress_alarm(by: Actor, alarm_id: int, reason: str = "") -> Alarm:
    """取消抑制."""
    return bring_back(by, alarm_id, "unsuppress", reason)


@action("monitoring.handle")
def return_to_service(by: Actor, alarm_id: int, reason: str = "") -> Alarm:
    """恢复使用."""
    return bring_back(by, alarm_id, "return_to_service", reason)


@action("monitoring.handle")
def expire_shelving(by: Actor, now: datetime) -> int:
    """Bring back every alarm whose shelving has run out."""
    due = Alarm.objects.visible_to(by, "monitoring.handle").filter(state=State.SHELVED, shelved_until__lte=now)
    alarms = list(due.select_for_update(of=("self",)))
    for alarm in alarms:
        put_back(by, alarm, snapshot(alarm), "unshelve", "搁置到期")
    return len(alarms)


def need_reason(reason: str) -> str:
    if not reason.strip():
        raise Invalid("reason", reason, "1 至 200 字", label="理由")
    return reason.strip()[:200]
