"""Readings that are judged before they are stored: the same alarms as if both were one, whenever the worker dies."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from anlan.kernel import clock
from anlan.monitoring import log as layout
from anlan.monitoring.models import Alarm
from anlan.monitoring.pipeline import store
from anlan.monitoring.pipeline.puller import Message
from anlan.monitoring.pipeline.worker import NotOwner, Sorted, Worker, prepare
from tests.conftest import City
from tests.monitoring.conftest import T0, Feed, batch, make_rule, make_station, make_stream

HOUR = timedelta(hours=1)
pytestmark = pytest.mark.django_db


@dataclass
class Ahead(Feed):
    """A log that keeps everything, and a worker that stores when it is told to."""

    log: list[Message] = field(default_factory=list)
    waiting: list[Sorted] = field(default_factory=list)

    def put(self, *batches: layout.Batch) -> None:
        taken = []
        for one in batches:
            for part in layout.split(one):
                self.seq += 1
                taken.append(Message(self.seq, layout.encode(part), "", layout.subject(part, "mqtt")))
        self.log += taken
        self.take(taken)

    def take(self, messages: list[Message]) -> None:
        """As the session does."""
        fresh = [one for one in messages if self.worker.is_new(one)]
        done = prepare([one for one in fresh if self.worker.is_judged(one)])[0]
        rows = prepare([one for one in fresh if not self.worker.is_judged(one)])[0]
        found = self.worker.judge_ahead(rows, messages[-1].seq) if len(rows) and not len(done) else None
        if found is not None:
            self.waiting.append(found)
            return
        self.store()
        self.worker.flush(store.joined([done, rows]), messages[-1].seq, judged=len(done))

    def store(self) -> None:
        if self.waiting:
            self.worker.keep_ahead(self.waiting)
        self.waiting = []

    def crash(self) -> None:
        """kill -9: what was judged and not stored is only in the log."""
        self.waiting = []
        self.worker = Worker("test-log", own=False)
        again = [one for one in self.log if one.seq > self.worker.seq]
        if again:
            self.take(again)


@pytest.fixture
def ahead(db: None) -> Iterator[Ahead]:
    with clock.standing_at(T0):
        yield Ahead()


def alarms() -> list[tuple[Any, ...]]:
    rows = Alarm.objects.unscoped("test").order_by("rule_id", "subject", "started_at")
    return list(rows.values_list("rule__code", "subject", "started_at", "cleared_at", "band", "state", "recurrences"))


def readings() -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute("select stream, at, value, quality from observation order by 1, 2")
        return list(cursor.fetchall())


def test_the_alarm_is_there_before_its_reading_and_a_crash_between_raises_nothing_twice(
    city: City, ahead: Ahead
) -> None:
    make_rule(city, hi=3)
    stream = make_stream(make_station(city))
    ahead.worker.tick()  # it has seen the rule
    ahead.say(stream, (0, 1.0), (1, 9.0))
    assert len(alarms()) == 1
    assert readings() == []
    ahead.crash()
    assert len(readings()) == 2
    assert [row[6] for row in alarms()] == [0], "judged once"
    ahead.say(stream, (2, 1.0))
    assert [row[5] for row in alarms()] == ["returned"]
    ahead.crash()
    assert [row[2:4] for row in readings()] == [(1.0, 0), (9.0, 0), (1.0, 0)]


def test_what_was_cleared_ahead_is_not_raised_again_by_its_older_readings(city: City, ahead: Ahead) -> None:
    """9 raises and 1 clears, both ahead; judged once more from the log the 9 would find nothing that holds."""
    make_rule(city, hi=3)
    stream = make_stream(make_station(city))
    ahead.worker.tick()  # it has seen the rule
    ahead.say(stream, (0, 9.0))
    ahead.say(stream, (1, 1.0))
    before = alarms()
    ahead.crash()
    assert alarms() == before
    assert len(before) == 1


def test_a_late_reading_or_a_new_rule_waits_for_what_is_ahead(city: City, ahead: Ahead) -> None:
    make_rule(city, hi=3)
    stream = make_stream(make_station(city))
    ahead.worker.tick()  # it has seen the rule
    ahead.say(stream, (0, 1.0), (2, 1.0))
    assert readings() == []
    ahead.say(stream, (1, 9.0))
    assert len(readings()) == 3
    assert len(alarms()) == 1, "judged among its neighbours in time"
    ahead.say(stream, (3, 2.5))
    make_rule(city, lo=2.7)
    ahead.say(stream, (4, 2.6))
    assert len(readings()) == 5
    assert len(alarms()) == 2


def test_who_was_overtaken_by_another_worker_raises_nothing(city: City, ahead: Ahead) -> None:
    make_rule(city, hi=3)
    stream = make_stream(make_station(city))
    ahead.worker.tick()  # it has seen the rule
    ahead.say(stream, (0, 1.0))
    ahead.store()
    other = Worker("test-log", own=False)
    rows = prepare([Message(9, layout.encode(batch([(stream.pk, 1, 9.0)])), "", f"obs.{stream.pk % 16}.mqtt")])[0]
    assert other.judge_ahead(rows, 9) is not None
    with pytest.raises(NotOwner), transaction.atomic():
        ahead.say(stream, (1, 9.0))
    assert [row[6] for row in alarms()] == [0]


def story(chance: random.Random, streams: list[int]) -> list[layout.Batch]:
    """Values about the limits, mostly in order; sometimes one is late, repeated, corrected or history."""
    made, minute = [], 0.0
    for _ in range(25):
        rows = []
        for _ in range(chance.randint(1, 3)):
            minute += chance.choice([0.2, 0.5, 1.0])
            rows += [(pk, minute, chance.choice([1.0, 2.8, 5.0, 12.0])) for pk in streams if chance.random() < 0.8]
        kind = chance.random()
        if rows and kind < 0.1:
            rows.append((rows[0][0], rows[0][1] - chance.choice([0, 0.1, 3]), 5.0))
        if rows:
            made.append(batch(rows, backfill=kind > 0.95))
    return made


@pytest.mark.parametrize("seed", [1, 3, 7])
def test_whenever_it_stores_and_dies_the_alarms_are_those_of_one_who_does_all_at_once(city: City, seed: int) -> None:
    chance = random.Random(seed)
    first = make_rule(city, hi=3, hihi=10, deadband=0.5)
    make_rule(city, hi=4, on_delay_s=40, off_delay_s=30)
    make_rule(city, "rate", kind="rate", hi=100, rate_window_s=120)
    make_rule(city, "both", kind="group", members=[first.code], k=2, group_by="area")
    streams = [make_stream(make_station(city)).pk for _ in range(3)]
    told = [(one, chance.random() < 0.2, chance.random() < 0.2) for one in story(chance, streams)]
    with clock.standing_at(T0 + HOUR), transaction.atomic():  # after the last of its readings
        plain = Feed()
        for one, _, dies in told:
            plain.put(one)
            if dies:
                plain.restart()
        expected, kept = alarms(), readings()
        transaction.set_rollback(True)
    with clock.standing_at(T0 + HOUR):
        fast = Ahead()
        for one, stores, dies in told:
            fast.put(one)
            if stores:
                fast.store()
            if dies:
                fast.crash()
        fast.store()
    assert expected, "something happens in the story"
    assert readings() == kept
    assert alarms() == expected
