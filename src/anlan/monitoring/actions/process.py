"""What the process does to alarms: raise, escalate, clear. Called by the worker inside its transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.areas.models import Area
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.events.outbox import Fact
from anlan.monitoring.events import AlarmCleared, AlarmEscalated, AlarmRaised, AlarmStateChanged
from anlan.monitoring.models import Alarm, AlarmChange, AlarmRule, Datastream, RuleKind, Station
from anlan.monitoring.rules.alarms import BAND_NAMES
from anlan.monitoring.rules.isa import Point, State, Trigger, move

ENGINE = "规则引擎"
#: Alarms that are still somebody's business.
OPEN = models.Q(retro=False) & ~models.Q(state=State.NORMAL.value)


@dataclass(frozen=True)
class Finding:
    """What evaluation found, with the place it concerns. suppressed: why it is not shown as an alarm, "" = it is.

    station None: a computed figure, judged against `limits` (band -> level), with what else explains it in `why`."""

    rule: AlarmRule
    subject: str
    started_at: datetime
    at: datetime
    title: str
    station: Station | None
    area: Area
    data_class: int
    lon: float
    lat: float
    band: str = ""
    value: float | None = None
    unit: str = ""
    datastream: Datastream | None = None
    samples: Sequence[tuple[str, float]] = ()
    suppressed: str = ""
    limits: Mapping[str, float] = field(default_factory=dict)
    why: Mapping[str, Any] = field(default_factory=dict)
    correlation_id: UUID | None = None


def alarms_of(rule_id: int, subject: str) -> models.QuerySet[Alarm]:
    rows = Alarm.objects.unscoped("the rule engine serves all areas")
    return rows.filter(rule_id=rule_id, subject=subject)


def open_alarm(rule_id: int, subject: str) -> Alarm | None:
    return alarms_of(rule_id, subject).filter(OPEN).select_for_update(of=("self",)).first()


def explain(finding: Finding) -> dict[str, Any]:
    """What an alarm was judged by and what showed it, kept with it."""
    rule = finding.rule
    limited = rule.kind in (RuleKind.LIMIT, RuleKind.RATE)
    explanation = {
        "rule": rule.title, "code": rule.code, "version": rule.version, "kind": rule.get_kind_display(),
        "limits": dict(finding.limits) or {band: level for band, level in rule.levels.items() if level is not None and limited},
        "band": finding.band, "unit": finding.unit, "deadband": rule.deadband, "on_delay_s": rule.on_delay_s,
        "off_delay_s": rule.off_delay_s, "basis": rule.basis, "advice": rule.advice,
        "samples": [list(sample) for sample in finding.samples], **finding.why,
    }  # fmt: skip
    if rule.kind == RuleKind.RATE:
        explanation["rate_window_s"] = rule.rate_window_s
    return explanation


def priority_of(rule: AlarmRule, band: str, limits: Mapping[str, float] | None = None) -> int:
    """Outer limits and rules without bands have the rule's priority, inner limits one lower unless given."""
    outer = (limits or rule.levels).get({"hi": "hihi", "lo": "lolo"}.get(band, ""))
    if outer is None:
        return rule.priority
    return rule.inner_priority or min(4, rule.priority + 1)


def note(alarm: Alarm, by: Actor, what: str, before: str, reason: str = "", at: datetime | None = None) -> None:
    """Add to the alarm's own history."""
    AlarmChange.objects.create(
        alarm=alarm, at=at or clock.now(), by=by.name, what=what, before=before, after=alarm.state, reason=reason
    )


def shift(alarm: Alarm, trigger: Trigger) -> str:
    """Move the alarm by the table; returns the state it was in."""
    before = alarm.state
    point = move(Point(State(before), alarm.active, alarm.latched), trigger)
    alarm.state, alarm.active = point.state.value, point.active
    return before


def wait_anew(alarm: Alarm, at: datetime) -> None:
    """Somebody has to take it on (again): escalation begins at the bottom."""
    alarm.waiting_since, alarm.escalated_at, alarm.escalations = at, None, 0


def raised_fact(alarm: Alarm) -> AlarmRaised:
    return AlarmRaised(
        alarm_id=alarm.pk,
        rule_id=alarm.rule_id,
        rule_title=alarm.rule.title,
        station_id=alarm.station_id,
        datastream_id=alarm.datastream_id,
        hazard_unit_id=alarm.station.hazard_unit_id if alarm.station else None,
        priority=alarm.priority,
        title=alarm.title,
        value=alarm.value,
        unit=alarm.unit,
        at=alarm.raised_at.isoformat(),
        lon=alarm.lon,
        lat=alarm.lat,
    )


def state_fact(alarm: Alarm) -> AlarmStateChanged:
    return AlarmStateChanged(alarm.pk, alarm.state, alarm.reason)


def new_alarm(finding: Finding, **fields: Any) -> Alarm:
    told = {"correlation_id": finding.correlation_id} if finding.correlation_id else {}
    return Alarm(
        rule=finding.rule,
        rule_version=finding.rule.version,
        subject=finding.subject,
        started_at=finding.started_at,
        raised_at=finding.at,
        recorded_at=clock.now(),
        station=finding.station,
        datastream=finding.datastream,
        title=finding.title[:160],
        band=finding.band,
        priority=priority_of(finding.rule, finding.band, finding.limits),
        value=finding.value,
        unit=finding.unit,
        lon=finding.lon,
        lat=finding.lat,
        latched=finding.rule.latched,
        explanation=explain(finding),
        waiting_since=finding.at,
        area=finding.area,
        data_class=finding.data_class,
        **{"state": State.UNACKNOWLEDGED.value, **told, **fields},
    )


@action("monitoring.evaluate")
def raise_alarm(by: Actor, finding: Finding) -> Alarm | None:
    """A rule holds: a new alarm, or the open one again. None when this very occurrence is on record already."""
    alarm = open_alarm(finding.rule.pk, finding.subject)
    if alarm is not None:
        return again(by, alarm, finding)
    if alarms_of(finding.rule.pk, finding.subject).filter(started_at=finding.started_at).exists():
        return None
    alarm = new_alarm(finding)
    facts: list[Fact] = []
    if finding.suppressed:
        alarm.state = State.SUPPRESSED.value
    alarm.save()
    facts.append(state_fact(alarm) if finding.suppressed else raised_fact(alarm))
    note(alarm, by, "触发", "", finding.suppressed or BAND_NAMES.get(finding.band, ""), finding.at)
    record(by, "告警触发", alarm, *facts, reason=finding.suppressed, correlation_id=alarm.correlation_id)
    return alarm


def again(by: Actor, alarm: Alarm, finding: Finding) -> Alarm:
    """The condition is back before the alarm was over: the same alarm, to be acknowledged again."""
    if alarm.active:
        return alarm
    was = snapshot(alarm)
    before = shift(alarm, Trigger.RAISE)
    alarm.recurrences += 1
    alarm.cleared_at = alarm.acknowledged_at = None
    alarm.value = finding.value
    wait_anew(alarm, finding.at)
    alarm.save()
    note(alarm, by, "再次触发", before, at=finding.at)
    fact = state_fact(alarm)
    record(by, "告警再次触发", alarm, fact, before=was, correlation_id=alarm.correlation_id)
    return alarm


@action("monitoring.evaluate")
def escalate_alarm(by: Actor, finding: Finding) -> Alarm | None:
    """An outer limit was reached: higher priority, and whoever acknowledged must do so again."""
    alarm = open_alarm(finding.rule.pk, finding.subject)
    if alarm is None:
        return raise_alarm(by, finding)
    was = snapshot(alarm)
    alarm.band, alarm.value, alarm.title = finding.band, finding.value, finding.title[:160]
    alarm.priority = priority_of(finding.rule, finding.band, finding.limits)
    alarm.explanation = explain(finding) | {"before": alarm.explanation}
    wait_anew(alarm, finding.at)
    before = shift(alarm, Trigger.RAISE)
    alarm.save()
    note(alarm, by, "越外限", before, BAND_NAMES.get(finding.band, ""), finding.at)
    at = finding.at.isoformat()
    facts = [
        AlarmEscalated(alarm.pk, alarm.band, alarm.priority, alarm.value, alarm.unit, at),
        state_fact(alarm),
    ]
    record(by, "告警越外限", alarm, *facts, before=was, correlation_id=alarm.correlation_id)
    return alarm


@action("monitoring.evaluate")
def clear_alarm(by: Actor, rule_id: int, subject: str, at: datetime, reason: str = "") -> Alarm | None:
    """The condition is gone."""
    alarm = open_alarm(rule_id, subject)
    if alarm is None or not alarm.active:
        return None
    was = snapshot(alarm)
    before = shift(alarm, Trigger.RETURN)
    alarm.cleared_at = at
    alarm.save()
    note(alarm, by, "恢复", before, reason, at)
    facts = [AlarmCleared(alarm.pk, at.isoformat(), alarm.state), state_fact(alarm)]
    record(by, "告警恢复", alarm, *facts, before=was, reason=reason, correlation_id=alarm.correlation_id)
    return alarm


@action("monitoring.evaluate")
def record_past_alarms(by: Actor, findings: Sequence[tuple[Finding, datetime | None]]) -> list[Alarm]:
    """Occurrences found in backfilled history: on record as over, shown to nobody as live."""
    made = []
    for finding, ended in findings:
        if alarms_of(finding.rule.pk, finding.subject).filter(started_at=finding.started_at).exists():
            continue
        alarm = new_alarm(finding, retro=True, active=False, state=State.NORMAL.value, cleared_at=ended)
        alarm.save()
        note(alarm, by, "补录发现", "", "设备补传的历史数据，不作实时告警", finding.at)
        record(by, "补录发现告警", alarm, correlation_id=alarm.correlation_id)
        made.append(alarm)
    return made


@action("monitoring.evaluate")
def note_clock(by: Actor, moved_s: float) -> None:
    """The clock everybody goes by was set by so much: on record, for alarms and silence are judged by it."""
    whole = Area.objects.order_by("path").first()
    if whole is not None:
        way = "向前" if moved_s > 0 else "向后"
        reason = (
            f"平台时钟{way}跳变 {abs(moved_s):.0f} s：离线判断从现在重新计时，按新时钟属于将来的最新值已作废，读数不变"
        )
        record(by, "时钟跳变", whole, reason=reason)


@action("monitoring.evaluate")
def unsuppress_by_process(by: Actor, rule_id: int, subject: str, reason: str) -> None:
    """What suppressed it is over (the gateway is heard again)."""
    alarm = open_alarm(rule_id, subject)
    if alarm is None or alarm.state != State.SUPPRESSED.value:
        return
    was = snapshot(alarm)
    before = shift(alarm, Trigger.UNSUPPRESS)
    alarm.save()
    note(alarm, by, "解除抑制", before, reason)
    fact = raised_fact(alarm) if alarm.active else state_fact(alarm)
    record(by, "解除抑制", alarm, fact, before=was, reason=reason, correlation_id=alarm.correlation_id)
