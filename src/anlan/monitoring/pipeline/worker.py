"""The worker: log -> tables -> rules -> alarms, acknowledged to the log after the commit.

Readings that are in order are judged ahead: their alarms are in the database while the readings before them are still on their
way into the tables. What is judged ahead is noted with the alarms (`judged`), what is stored with the readings (`before`), so
that after a crash nothing is judged twice. Whatever needs to look at stored readings, or changes what is watched, waits until all
is stored and is then one transaction with them (`flush`).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from anlan.kernel import clock
from anlan.kernel.audit import journal
from anlan.monitoring import log as layout
from anlan.monitoring import queries
from anlan.monitoring.actions import process
from anlan.monitoring.pipeline import rollups, store
from anlan.monitoring.pipeline.checks import Checks
from anlan.monitoring.pipeline.engine import Engine
from anlan.monitoring.pipeline.follow import LAG_MS, follow
from anlan.monitoring.pipeline.newest import Newest, grown, waits
from anlan.monitoring.pipeline.puller import Message
from anlan.monitoring.pipeline.share import ALL, Share

Mask: TypeAlias = NDArray[np.bool_]
#: Readings outside these times are refused: a device whose clock was never set, or runs ahead. ms since 1970.
OLDEST_MS = 946_684_800_000  # 2000-01-01
AHEAD_MS = 15 * 60_000
#: A clock that moved by this much more than time passed was set: a scenario began or ended.
CLOCK_JUMP_MS = 60_000


class NotOwner(Exception):
    """Another worker owns these partitions; this one stands by."""


@dataclass
class Refused:
    """What was not stored, for quarantine. key: so that a repeat is kept once."""

    protocol: str
    data: bytes
    reason: str
    key: str


@dataclass(frozen=True)
class Sorted:
    """Readings by datastream and time, up to `seq` of the log. new: newer than anything known of their datastream; repeat: an
    earlier one here has the same instant; judged: they were judged by whoever was before us."""

    rows: store.Rows
    seq: int
    new: Mask
    repeat: Mask
    judged: Mask

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def newest(self) -> store.Rows:
        """The last reading of each datastream."""
        return last_of_each(self.rows)


@dataclass
class Counts:
    """What this worker did since it started."""

    readings: int = 0
    flushes: int = 0
    merged: int = 0
    seconds: dict[str, float] = field(default_factory=lambda: {"copy": 0.0, "rules": 0.0, "latest": 0.0})


class Worker:
    """Everything of the worker that touches the database; runs in one thread, on one connection."""

    def __init__(self, log_id: str, share: Share = ALL, own: bool = True) -> None:
        if own and not share.take():
            raise NotOwner
        self.log_id, self.share = log_id, share
        self.before = store.read_offsets(log_id, share.partitions)
        self.judged = store.read_offsets(log_id, share.partitions, store.JUDGED)
        self.seq = min(self.before.values(), default=0)
        self.days = store.known_days()
        self.counts = Counts()
        self.versions = queries.versions()
        #: It forgets the times that a clock set back makes future; what is stored stays stored.
        self.newest = Newest(share.name, self.registered)
        self.stored = self.newest.at_ms.copy()
        self.checks = Checks()
        self.looked = (clock.now(), time.monotonic())
        now_ms = queries.milliseconds(clock.now())
        with transaction.atomic(), journal.deferred():
            self.engine = Engine(now_ms, judged_until(self.stored, now_ms), share)

    def is_new(self, message: Message) -> bool:
        """Whether a message is not in the tables yet. Partitions that came from different owners are not equally far."""
        return message.seq > self.before.get(layout.partition_of(message.subject), 0)

    def is_judged(self, message: Message) -> bool:
        """Whether the alarms of a message are in the tables: its readings need not be."""
        return message.seq <= self.judged.get(layout.partition_of(message.subject), 0)

    # -- ahead ------------------------------------------------------------------------------------------------

    def judge_ahead(self, rows: store.Rows, seq: int) -> Sorted | None:
        """Judge readings that are still to be stored. None: that needs all before them in the tables, and nothing is done.
        Beside `keep_ahead` in another thread, which shares nothing with it."""
        began = time.perf_counter()
        batch = self.sort(rows, seq)
        if not batch.new.all() or rows.backfill.any() or self.engine.looks_back(batch.rows):
            return None
        with transaction.atomic(), journal.deferred():
            if self.has_changed(queries.versions()):
                return None
            self.checks.apply(batch.rows, batch.new)
            self.engine.wrote = False
            none = batch.rows.take(np.empty(0, np.intp))
            self.engine.process(batch.rows, none, none)
            newest = batch.newest
            self.engine.hear(newest.stream, newest.received_ms)
            if self.engine.wrote and not store.move_offsets(self.log_id, self.judged, seq, store.JUDGED):
                raise NotOwner
        if self.engine.wrote:
            self.judged = {partition: max(seq, at) for partition, at in self.judged.items()}
        self.stored[newest.stream] = newest.at_ms
        self.counts.seconds["rules"] += time.perf_counter() - began
        return batch

    def keep_ahead(self, batches: Sequence[Sorted]) -> None:
        """Store what was judged ahead; each batch is newer than those before it."""
        began = time.perf_counter()
        rows, seq = store.joined([batch.rows for batch in batches]), batches[-1].seq
        if len(batches) > 1:
            rows = rows.take(arrange(rows)[0])
        self.make_room(rows)
        with transaction.atomic():
            rollups.note_late(rows)
            self.keep(rows, rows.take(np.empty(0, np.intp)))
            copied = time.perf_counter()
            self.newest.keep(last_of_each(rows))
            self.counts.seconds["latest"] += time.perf_counter() - copied
            self.move(seq)
        self.count(rows, seq)
        self.counts.seconds["copy"] += copied - began

    def move(self, seq: int) -> None:
        """Note in the tables how far the log is in them."""
        if not store.move_offsets(self.log_id, self.before, seq):
            raise NotOwner

    def count(self, rows: store.Rows, seq: int) -> None:
        self.before = {partition: max(seq, at) for partition, at in self.before.items()}
        self.seq = seq
        self.counts.flushes += 1
        self.counts.readings += len(rows)

    # -- a flush ----------------------------------------------------------------------------------------------

    def flush(self, rows: store.Rows, seq: int, judged: int = 0) -> None:
        """Store and judge the readings of the log up to `seq`, all or nothing. judged: so many of the first were judged by
        whoever was before us. Not while `keep_ahead` runs."""
        self.make_room(rows)
        with transaction.atomic(), journal.deferred():
            self.keep_up()
            if len(rows):
                self.write(self.sort(rows, seq, judged))
            self.move(seq)
        self.count(rows, seq)

    def keep_up(self) -> None:
        """Rules and registry as they are now: a change takes effect with the next flush or tick. So does a clock that
        was set: a scenario began or ended."""
        versions = queries.versions()
        if versions["rules"] != self.versions["rules"]:
            self.engine.reload()
            self.checks.reload()
        elif versions["registry"] != self.versions["registry"]:
            versions |= {"registry": self.take_changes()}
        self.versions = versions
        if self.clock_was_set():
            now_ms = queries.milliseconds(clock.now())
            if self.share.upper:
                process.note_clock(self.engine.by, self.clock_moved_ms() / 1000)
            self.newest.forget_after(now_ms + AHEAD_MS)
            self.engine.live = judged_until(self.engine.live, now_ms)
            self.engine.start_hearing(now_ms)
        self.looked = (clock.now(), time.monotonic())

    def clock_was_set(self) -> bool:
        """Whether it moved by more since the last look than time passed."""
        return abs(self.clock_moved_ms()) > CLOCK_JUMP_MS + self.passed_ms()

    def clock_moved_ms(self) -> float:
        """By how much more it moved since the last look than time passed."""
        return queries.milliseconds(clock.now()) - queries.milliseconds(self.looked[0]) - self.passed_ms()

    def passed_ms(self) -> float:
        return (time.monotonic() - self.looked[1]) * clock.speed() * 1000

    def has_changed(self, versions: dict[str, int]) -> bool:
        """Whether `keep_up` has something to do."""
        if versions != self.versions or self.clock_was_set():
            return True
        self.looked = (clock.now(), time.monotonic())
        return False

    def take_changes(self) -> int:
        """Read again the stations that changed; returns the version of the registry that is known now."""
        changed = queries.changes(self.versions["registry"])
        if changed.stations is None:
            self.engine.reload()
            self.checks.reload()
        else:
            self.checks.reload(self.engine.refresh(changed.stations))
        return changed.version

    def make_room(self, rows: store.Rows) -> None:
        if not len(rows):
            return
        first, last = int(rows.at_ms.min()) // store.DAY_MS, int(rows.at_ms.max()) // store.DAY_MS
        # To tell apart the days of a hundred thousand readings costs as much as to judge them; mostly there is one.
        for day in [first] if first == last else np.unique(rows.at_ms // store.DAY_MS).tolist():
            if day not in self.days:
                store.make_partition(day)
                self.days.add(day)

    def sort(self, rows: store.Rows, seq: int, judged: int = 0) -> Sorted:
        """In order, and what of it is new."""
        order, repeat = arrange(rows)
        rows = rows.take(order)
        self.reach(int(rows.stream[-1]))
        new = (rows.at_ms > self.stored[rows.stream]) & ~repeat
        return Sorted(rows, seq, new, repeat, (order < judged) & new)

    def write(self, batch: Sorted) -> None:
        """Drop repeats, store, keep the latest, judge."""
        began = time.perf_counter()
        rows, new = batch.rows, batch.new
        rollups.note_late(rows)
        self.checks.apply(rows, new)
        changed = self.keep(rows.take(new), rows.take(~new))
        copied = time.perf_counter()
        newest = batch.newest
        self.newest.keep(newest)
        np.maximum.at(self.stored, newest.stream, newest.at_ms)
        kept = time.perf_counter()
        self.judge(batch, changed)
        self.engine.hear(newest.stream[~newest.backfill], newest.received_ms[~newest.backfill])
        self.counts.seconds["copy"] += copied - began
        self.counts.seconds["latest"] += kept - copied
        self.counts.seconds["rules"] += time.perf_counter() - kept

    def reach(self, stream: int) -> None:
        """Room in the arrays for this datastream id."""
        self.checks.reach(stream)
        if stream >= len(self.stored):
            self.stored = grown(self.stored, stream + 1024)
        missing = len(self.stored) - len(self.engine.live)
        if missing > 0:
            self.engine.live = np.concatenate([self.engine.live, np.zeros(missing, np.int64)])

    def keep(self, fresh: store.Rows, rest: store.Rows) -> set[tuple[int, int]]:
        """Store readings that are newer than all of their stream, and others; returns which of the others are new or
        different."""
        now = clock.now()
        changed: set[tuple[int, int]] = set()
        if len(fresh) and not store.insert_new(fresh):
            store.merge(fresh, now)
        while len(rest):
            order, repeat = arrange(rest)
            rest = rest.take(order)
            changed |= store.merge(rest.take(~repeat), now)
            self.counts.merged += int((~repeat).sum())
            rest = rest.take(repeat)
        return changed

    def judge(self, batch: Sorted, changed: set[tuple[int, int]]) -> None:
        """Live readings in order, late ones again, backfill as past."""
        rows, new = batch.rows, batch.new
        counts = new.copy()
        if changed:
            for at in np.nonzero(~new)[0].tolist():
                counts[at] = (int(rows.stream[at]), int(rows.at_ms[at])) in changed
        if batch.judged.any():
            counts &= ~batch.judged
            done = rows.take(batch.judged)
            self.engine.know(last_of_each(done))
        live = counts & ~rows.backfill & ~batch.repeat & (rows.at_ms > self.engine.live[rows.stream])
        self.engine.process(
            rows.take(live), rows.take(counts & ~rows.backfill & ~live), rows.take(counts & rows.backfill)
        )

    def tick(self) -> None:
        """Once a second, when the log is read to its end: rules that changed while nothing came, delays, silence."""
        now_ms = queries.milliseconds(clock.now())
        with transaction.atomic(), journal.deferred():
            self.keep_up()
            self.newest.write()
            self.engine.wait(now_ms)
            if not self.share.partitions:
                follow(self.engine, now_ms)
            if self.share.upper:
                self.engine.listen(now_ms - self.lag_ms())

    def registered(self, streams: NDArray[np.int32]) -> bool:
        """Whether all of these are known to be datastreams."""
        return bool((self.engine.scope.streams.stations_of(streams) > 0).all())

    def lag_ms(self) -> int:
        """By how much what is known of who was heard may be behind: who reads the readings knows it at once."""
        return 0 if self.share.partitions or not waits() else LAG_MS


def judged_until(live: NDArray[np.int64], now_ms: int) -> NDArray[np.int64]:
    """Up to when each datastream is judged. Times that cannot be are of a clock that was wrong: what comes now is news
    again, and must not wait until that time is reached."""
    return np.where(live > now_ms + AHEAD_MS, now_ms - 1, live)


def arrange(rows: store.Rows) -> tuple[NDArray[np.intp], Mask]:
    """Order by stream and event time, later arrivals last; and where in that order an earlier arrival has the same
    stream and time."""
    key = (rows.stream.astype(np.int64) << 42) | rows.at_ms
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    return order, np.concatenate([[False], ordered[1:] == ordered[:-1]])


def last_of_each(rows: store.Rows) -> store.Rows:
    """The last reading of each datastream; they are in order."""
    return rows.take(np.append(rows.stream[1:] != rows.stream[:-1], True))


def prepare(messages: Sequence[Message]) -> tuple[store.Rows, list[Refused]]:
    """The readings of many messages as one table, and what cannot be stored, with its reason."""
    batches: list[layout.Batch] = []
    refused: list[Refused] = []
    for message in messages:
        try:
            batches.append(layout.decode(message.data))
        except ValueError as error:
            reason = f"日志中的批次无法解码：{error}"
            protocol = message.subject.rsplit(".", 1)[-1]
            refused.append(Refused(protocol, message.data, reason, f"refused-{message.seq}"))
    rows = table(batches)
    ahead = queries.milliseconds(max(clock.now(), clock.real_now())) + AHEAD_MS
    sane = (rows.at_ms >= OLDEST_MS) & (rows.at_ms <= ahead) & (rows.stream > 0) & (rows.stream < 1 << 21)
    if sane.all():
        return rows, refused
    wrong = rows.take(~sane)
    batch = layout.Batch(wrong.stream, wrong.at_ms, wrong.value, wrong.quality, int(wrong.received_ms[0]))
    reason = f"{len(wrong)} 条读数的时间不可信：早于 2000 年，或超前 {AHEAD_MS // 60_000} 分钟以上"
    refused.append(Refused("time", layout.encode(batch), reason, f"refused-{messages[-1].seq}-time"))
    return rows.take(sane), refused


def table(batches: Sequence[layout.Batch]) -> store.Rows:
    """Batches one below the other."""
    counts = [len(batch) for batch in batches]
    none = [np.empty(0)]
    return store.Rows(
        np.concatenate([batch.stream for batch in batches] or none).astype(np.int32),
        np.concatenate([batch.at_ms for batch in batches] or none).astype(np.int64),
        np.concatenate([batch.value for batch in batches] or none).astype(np.float64),
        np.concatenate([batch.quality for batch in batches] or none).astype(np.int16),
        np.repeat(np.array([batch.received_ms for batch in batches], np.int64), counts),
        np.repeat(np.array([batch.backfill for batch in batches], bool), counts),
    )
