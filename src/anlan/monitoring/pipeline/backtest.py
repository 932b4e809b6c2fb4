"""A rule over stored history: what it would have said, before it is switched on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime

from django.utils.timezone import localtime

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import Invalid
from anlan.monitoring import queries
from anlan.monitoring.models import AlarmRule, Datastream, RuleKind
from anlan.monitoring.pipeline import scope, store
from anlan.monitoring.queries import milliseconds, moment
from anlan.monitoring.rules import alarms, nuisance

#: Readings looked at in one test; the page says when there were more.
MAX_READINGS = 2_000_000
MAX_SHOWN = 200


@dataclass(frozen=True)
class WouldBe:
    """One alarm that the rule would have raised."""

    stream: Datastream
    raised_at: datetime
    ended_at: datetime | None
    band: str
    value: float | None


@dataclass
class Backtest:
    """What a rule would have done in [start, end]. complete: all readings were looked at."""

    start: datetime
    end: datetime
    streams: int = 0
    readings: int = 0
    complete: bool = True
    found: list[WouldBe] = field(default_factory=list)
    per_day: dict[date, int] = field(default_factory=dict)
    figures: nuisance.Figures | None = None
    chattering: list[Datastream] = field(default_factory=list)

    @property
    def shown(self) -> list[WouldBe]:
        return self.found[:MAX_SHOWN]


def backtest(actor: Actor, rule: AlarmRule, start: datetime, end: datetime) -> Backtest:
    """Replay a rule (saved, or with other limits) over the readings the actor may see. Raises Invalid for rules that do
    not look at readings."""
    if rule.kind not in (RuleKind.LIMIT, RuleKind.RATE):
        raise Invalid("kind", rule.kind, "阈值、变化率", label="规则类型")
    test = Backtest(start, end)
    streams = list(queries.datastreams(actor))
    stations = {row.station_id: row.station for row in streams}
    wanted = set(scope.watched(rule, streams, stations))
    for stream in (row for row in streams if row.pk in wanted):
        if test.readings >= MAX_READINGS:
            test.complete = False
            break
        replay_one(test, rule, stream)
    test.found.sort(key=lambda one: one.raised_at)
    test.per_day = dict(sorted(Counter(localtime(one.raised_at).date() for one in test.found).items()))
    raises = [nuisance.Raise(one.raised_at, rule.priority, one.stream.pk) for one in test.found]
    test.figures = nuisance.figures(raises, start, end)
    return test


def replay_one(test: Backtest, rule: AlarmRule, stream: Datastream) -> None:
    compiled = scope.compiled(rule, stream.station.interval_s)
    samples = store.samples(stream.pk, milliseconds(test.start), milliseconds(test.end))
    test.streams += 1
    test.readings += len(samples)
    stays = alarms.episodes(alarms.replay(compiled, f"d{stream.pk}", samples)[1])
    found = [
        WouldBe(
            stream, moment(stay.raised.at), moment(stay.ended.at) if stay.ended else None, stay.worst, stay.raised.value
        )
        for stay in stays
    ]
    times = [one.raised_at for one in found]
    if any(
        later - earlier <= nuisance.CHATTER_WITHIN
        for earlier, later in zip(times, times[nuisance.CHATTER_RAISES - 1 :], strict=False)
    ):
        test.chattering.append(stream)
    test.found += found
