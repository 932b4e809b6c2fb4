"""Alarm rules over the stream of readings: vectorised where nothing happens, a small state machine where something does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from anlan.kernel import clock
from anlan.kernel.accounts.actor import system
from anlan.monitoring import actions
from anlan.monitoring.actions.alarms import Raising
from anlan.monitoring.log import GOOD, Batch
from anlan.monitoring.models import Alarm, AlarmRule, Datastream, RuleKind, RuleState, Station
from anlan.monitoring.pipeline.store import Columns, joined, moment
from anlan.monitoring.rules.conditions import NORMAL, Change, Condition, Limit, step, tick, waiting

EVALUATOR = system("规则引擎")
#: A delay runs out on a silent datastream only while its last reading is younger than this many intervals.
HOLD_INTERVALS = 5


@dataclass
class Watch:
    """One rule on one datastream."""

    rule: AlarmRule
    datastream: Datastream
    station: Station
    limit: Limit
    condition: Condition
    dirty: bool = False

    @property
    def attentive(self) -> bool:
        """Must see every reading: a rate needs them all, and so does anything that is not quiet."""
        return self.condition.phase != NORMAL or self.limit.rate_window_ms > 0


def limit_of(rule: AlarmRule) -> Limit:
    window = rule.rate_window_s * 1000 if rule.kind == RuleKind.RATE else 0
    return Limit(rule.limit, rule.high, rule.deadband, rule.on_delay_s * 1000, rule.off_delay_s * 1000, window)


class Evaluator:
    """All rules in memory. `load` after a change of rules, `evaluate` per batch, `tick` every second."""

    def __init__(self) -> None:
        self.watches: dict[int, list[Watch]] = {}
        self.groups: list[AlarmRule] = []
        self.version: tuple[int, ...] = ()
        self.top = np.full(1, np.inf)
        self.bottom = np.full(1, -np.inf)
        self.attention = np.zeros(1, bool)

    def load(self) -> None:
        """Read rules, what they apply to, and what was remembered of them."""
        kept = {(s.rule_id, s.datastream_id): s.state for s in RuleState.objects.all()}
        held = {(w.rule.pk, w.datastream.pk): w for ws in self.watches.values() for w in ws}
        self.watches = {}
        rules = AlarmRule.objects.unscoped("the evaluator serves all areas").filter(enabled=True).select_related("area")
        self.groups = [rule for rule in rules if rule.kind == RuleKind.GROUP]
        for rule in rules:
            if rule.kind in {RuleKind.LIMIT, RuleKind.RATE}:
                for datastream in streams_of(rule):
                    self._watch(rule, datastream, held.get((rule.pk, datastream.pk)), kept)
        self._index()
        for alarm in Alarm.objects.unscoped("rules switched off").filter(active=True, rule__enabled=False):
            actions.clear_alarm(EVALUATOR, alarm.rule, alarm.subject, clock.now())

    def _watch(self, rule: AlarmRule, stream: Datastream, held: Watch | None, kept: dict[Any, Any]) -> None:
        """A changed rule goes on from where the old one stood: the next reading is judged by the new limit."""
        if held is not None:
            condition = held.condition
        elif (rule.pk, stream.pk) in kept:
            condition = Condition.from_json(kept[rule.pk, stream.pk])
        else:
            condition = Condition()
        watch = Watch(rule, stream, stream.station, limit_of(rule), condition)
        self.watches.setdefault(stream.pk, []).append(watch)

    def _index(self) -> None:
        """Arrays by datastream id: below `bottom`, above `top` or wanting attention means a closer look."""
        size = max(self.watches, default=0) + 1
        self.top, self.bottom = np.full(size, np.inf), np.full(size, -np.inf)
        self.attention = np.zeros(size, bool)
        for stream, watches in self.watches.items():
            for watch in watches:
                if watch.limit.rate_window_ms:
                    self.attention[stream] = True
                elif watch.limit.high:
                    self.top[stream] = min(self.top[stream], watch.limit.limit)
                else:
                    self.bottom[stream] = max(self.bottom[stream], watch.limit.limit)
            self.attention[stream] |= any(w.attentive for w in watches)

    def interesting(self, columns: Columns) -> Iterator[tuple[int, int, float]]:
        """The readings that could change a state, in order of event time. Only good quality may raise an alarm."""
        stream, at_ms, value, quality, _ = columns
        known = (stream < len(self.top)) & (quality == GOOD)
        ids = np.where(known, stream, 0)
        look = known & ((value >= self.top[ids]) | (value <= self.bottom[ids]) | self.attention[ids])
        wanted = np.flatnonzero(look)
        if len(wanted):  # a datastream that wakes up inside the batch must see its later readings too
            wanted = np.flatnonzero(known & np.isin(stream, np.unique(stream[wanted])))
        for i in wanted[np.lexsort((at_ms[wanted],))]:
            yield int(stream[i]), int(at_ms[i]), float(value[i])

    def evaluate(self, batches: Iterable[Batch]) -> list[Alarm]:
        """Judge live readings (backfill never raises); returns the alarms opened."""
        live = [b for b in batches if not b.backfill and len(b)]
        if not live or not self.watches:
            return []
        opened: list[Alarm] = []
        for stream, at_ms, value in self.interesting(joined(live)):
            for watch in self.watches.get(stream, ()):
                opened += self._apply(watch, step(watch.condition, watch.limit, at_ms, value))
                watch.dirty = True
            self.attention[stream] = any(w.attentive for w in self.watches.get(stream, ()))
        return opened

    def tick(self, now_ms: int) -> list[Alarm]:
        """Let delays run out where no reading comes."""
        opened: list[Alarm] = []
        for watches in self.watches.values():
            for watch in watches:
                hold_ms = watch.station.interval_s * 1000 * HOLD_INTERVALS + watch.limit.on_delay_ms
                if waiting(watch.condition) and now_ms - watch.condition.last_ms <= hold_ms:
                    changes = tick(watch.condition, watch.limit, now_ms)
                    watch.dirty |= bool(changes)
                    opened += self._apply(watch, changes)
        return opened

    def _apply(self, watch: Watch, changes: list[Change]) -> list[Alarm]:
        opened = []
        for change in changes:
            if change.raised:
                alarm = actions.raise_alarm(EVALUATOR, raising(watch, change))
                opened += [alarm] if alarm else []
            else:
                actions.clear_alarm(EVALUATOR, watch.rule, f"d{watch.datastream.pk}", moment(change.at_ms))
        if changes:
            opened += self.judge_groups(watch.rule, watch.station, changes[-1].at_ms)
        return opened

    def judge_groups(self, member: AlarmRule, station: Station, at_ms: int) -> list[Alarm]:
        """Composite rules: at least k of the member rules active at this station, or in its area."""
        opened = []
        for rule in self.groups:
            if member.code not in rule.members:
                continue
            active = members_active(rule, station)
            explanation = {"rule": rule.title, "k": rule.k, "members": [str(a) for a in active]}
            found = Raising(rule, station, None, moment(at_ms), moment(at_ms), float(len(active)), explanation)
            if len(active) >= rule.k:
                alarm = actions.raise_alarm(EVALUATOR, found)
                opened += [alarm] if alarm else []
            else:
                actions.clear_alarm(EVALUATOR, rule, found.subject, moment(at_ms))
        return opened

    def save(self) -> None:
        """What is remembered, in the running transaction."""
        states = []
        for watches in self.watches.values():
            for watch in watches:
                if watch.dirty:
                    states.append(
                        RuleState(rule=watch.rule, datastream=watch.datastream, state=watch.condition.as_json())
                    )
                    watch.dirty = False
        if states:
            RuleState.objects.bulk_create(
                states, update_conflicts=True, unique_fields=["rule", "datastream"], update_fields=["state"]
            )


def raising(watch: Watch, change: Change) -> Raising:
    limit, rule = watch.limit, watch.rule
    explanation = {
        "rule": rule.title, "version": rule.version, "limit": limit.limit, "high": limit.high,
        "deadband": limit.deadband, "on_delay_s": rule.on_delay_s, "unit": watch.datastream.unit,
        "basis": rule.basis, "advice": rule.advice,
        "samples": [[moment(t).isoformat(), v] for t, v in watch.condition.samples],
    }  # fmt: skip
    started, raised = moment(change.since_ms), moment(change.at_ms)
    return Raising(rule, watch.station, watch.datastream, started, raised, change.value, explanation)


def streams_of(rule: AlarmRule) -> Iterable[Datastream]:
    streams = Datastream.objects.unscoped("the evaluator serves all areas").select_related("station__area")
    if rule.datastream_id:
        return streams.filter(pk=rule.datastream_id)
    return streams.filter(
        station__kind=rule.station_kind, quantity=rule.quantity, station__area__path__startswith=rule.area.path,
        station__in_service=True,
    )  # fmt: skip


def members_active(rule: AlarmRule, station: Station) -> list[Alarm]:
    """Active alarms of the member rules in the group: one per station when grouping by area, to count places."""
    alarms = Alarm.objects.unscoped("the evaluator serves all areas").filter(active=True, rule__code__in=rule.members)
    if rule.group_by == "station":
        return list(alarms.filter(station=station))
    inside = alarms.filter(area__path__startswith=rule.area.path).order_by("station_id")
    return list(inside.distinct("station_id"))
