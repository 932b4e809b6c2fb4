"""Evaluating alarm rules over readings, in event time. Pure: no clock, no database.

A limit goes through four phases. It begins to hold at the reading that crosses it, is confirmed `on_ms` later if no
reading in between was back, begins to end at the reading that is back by more than the hysteresis, and is over `off_ms`
later if no reading in between was beyond again. A value counts as held until the next reading, but not longer than
`hold_ms`: after that a delay runs out only with a further reading. So the outcome depends on readings and their times,
not on when they were processed. Readings of bad quality are not evidence of anything: they neither raise nor clear.
After ANSI/ISA-18.2-2016 clause 12 (deadband, on-delay, off-delay).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

#: Limits from the most to the least severe.
BANDS = ("hihi", "lolo", "hi", "lo")
BAND_NAMES = {"hihi": "高高限", "hi": "高限", "lo": "低限", "lolo": "低低限", "": ""}
OUTER = {"hihi", "lolo"}
#: How many of the latest readings an alarm keeps as its evidence.
EVIDENCE = 8

Sample = tuple[int, float]


class Phase(IntEnum):
    """Where a limit is. It holds in ACTIVE and CLEARING."""

    NORMAL = 0
    PENDING = 1
    ACTIVE = 2
    CLEARING = 3


@dataclass(frozen=True)
class Limit:
    """One limit. sign +1: at or above `level`; -1: at or below. Delays in ms of event time."""

    band: str
    sign: int
    level: float
    hysteresis: float = 0.0
    on_ms: int = 0
    off_ms: int = 0


@dataclass(frozen=True)
class Rule:
    """A rule as evaluation sees it. window_ms > 0: limits apply to the rate of change, per hour, over that window.
    hold_ms: how long a value counts as held when no further one comes."""

    id: int
    version: int
    limits: tuple[Limit, ...]
    window_ms: int = 0
    hold_ms: int = 0


@dataclass(frozen=True)
class Cell:
    """The memory of one limit on one target. since: when the present phase began; start: when the alarm began."""

    phase: Phase = Phase.NORMAL
    since: int = 0
    start: int = 0

    @property
    def holds(self) -> bool:
        return self.phase >= Phase.ACTIVE


NORMAL = Cell()


class What(IntEnum):
    RAISE = 1
    ESCALATE = 2
    CLEAR = 3


@dataclass(frozen=True)
class Change:
    """Something became true of a rule on a target at event time `at` ms. start: identity of the alarm."""

    what: What
    rule_id: int
    target: str
    start: int
    at: int
    band: str = ""
    value: float | None = None
    samples: tuple[Sample, ...] = ()


def due(limit: Limit, cell: Cell) -> int | None:
    """When the delay that is running will be over."""
    delays = {Phase.PENDING: limit.on_ms, Phase.CLEARING: limit.off_ms}
    return cell.since + delays[cell.phase] if cell.phase in delays else None


def run_out(limit: Limit, cell: Cell) -> Cell:
    """The cell after its delay ran out."""
    return Cell(Phase.ACTIVE, cell.since + limit.on_ms, cell.start) if cell.phase is Phase.PENDING else NORMAL


def bands_to_limits(
    levels: Mapping[str, float | None], hysteresis: float = 0.0, on_ms: int = 0, off_ms: int = 0
) -> tuple[Limit, ...]:
    """The limits of a rule out of its bands, the most severe first."""
    return tuple(
        Limit(band, 1 if band.startswith("hi") else -1, level, hysteresis, on_ms, off_ms)
        for band in BANDS
        if (level := levels.get(band)) is not None
    )


def step(limit: Limit, cell: Cell, at: int, value: float) -> Cell:
    """The cell after one good reading."""
    beyond = limit.sign * (value - limit.level)
    if cell.phase is Phase.NORMAL:
        if beyond < 0:
            return cell
        return Cell(Phase.PENDING if limit.on_ms else Phase.ACTIVE, at, at)
    if cell.phase is Phase.PENDING:
        if beyond < 0:
            return NORMAL
        return Cell(Phase.ACTIVE, cell.since + limit.on_ms, cell.start) if at - cell.since >= limit.on_ms else cell
    back = beyond < -limit.hysteresis
    if cell.phase is Phase.ACTIVE:
        if not back:
            return cell
        return Cell(Phase.CLEARING, at, cell.start) if limit.off_ms else NORMAL
    if not back:
        return Cell(Phase.ACTIVE, at, cell.start)
    return NORMAL if at - cell.since >= limit.off_ms else cell


@dataclass
class Watch:
    """One rule on one target: its cells, its evidence, and what it last said."""

    rule: Rule
    target: str
    cells: dict[str, Cell] = field(default_factory=dict)
    evidence: deque[Sample] = field(default_factory=lambda: deque(maxlen=EVIDENCE))
    history: deque[Sample] = field(default_factory=deque)
    last_at: int = 0

    @property
    def band(self) -> str:
        """The most severe limit that holds, "" when none."""
        return next((band for band in BANDS if band in self.cells and self.cells[band].holds), "")

    @property
    def busy(self) -> bool:
        """Whether a reading inside all limits could still change something, or every reading counts (rates)."""
        return bool(self.cells) or self.rule.window_ms > 0

    @property
    def start(self) -> int:
        return min((cell.start for cell in self.cells.values() if cell.holds), default=0)

    def measure(self, at: int, value: float) -> float | None:
        """What the limits apply to: the value, or its rate of change per hour since the oldest in the window."""
        if not self.rule.window_ms:
            return value
        while self.history and self.history[0][0] < at - self.rule.window_ms:
            self.history.popleft()
        self.history.append((at, value))
        first_at, first = self.history[0]
        return (value - first) * 3_600_000 / (at - first_at) if at > first_at else None

    def advance(self, at: int, value: float) -> list[Change]:
        """Take one good reading; say what it changes, and what time had changed before it."""
        changes = self.wait(at - 1) if self.cells else []
        self.evidence.append((at, value))
        self.last_at = at
        measure = self.measure(at, value)
        if measure is None:
            return changes
        before, start = self.band, self.start
        for limit in self.rule.limits:
            self.put(limit, step(limit, self.cells.get(limit.band, NORMAL), at, measure))
        change = self.change(before, start, at, measure)
        return [*changes, change] if change else changes

    def put(self, limit: Limit, cell: Cell) -> None:
        if cell.phase is Phase.NORMAL:
            self.cells.pop(limit.band, None)
        else:
            self.cells[limit.band] = cell

    def wait(self, until: int) -> list[Change]:
        """Let time pass to `until` without a reading: delays run out while the last value counts as held."""
        found: list[Change] = []
        horizon = min(until, self.last_at + self.rule.hold_ms)
        waiting = [(at, limit) for limit in self.rule.limits if (at := due(limit, self.cells.get(limit.band, NORMAL)))]
        for at, limit in sorted(waiting, key=lambda one: one[0]):
            if at <= horizon:
                before, start = self.band, self.start
                self.put(limit, run_out(limit, self.cells[limit.band]))
                change = self.change(before, start, at, self.evidence[-1][1] if self.evidence else limit.level)
                found += [change] if change else []
        return found

    @property
    def timed(self) -> bool:
        """Whether a delay is running."""
        return any(cell.phase in (Phase.PENDING, Phase.CLEARING) for cell in self.cells.values())

    def change(self, before: str, start: int, at: int, value: float) -> Change | None:
        after = self.band
        if after == before:
            return None
        if not after:
            return Change(What.CLEAR, self.rule.id, self.target, start, at, before, value, tuple(self.evidence))
        if not before:
            return Change(What.RAISE, self.rule.id, self.target, self.start, at, after, value, tuple(self.evidence))
        if after in OUTER and before not in OUTER:
            return Change(What.ESCALATE, self.rule.id, self.target, start, at, after, value, tuple(self.evidence))
        return None


def stream_target(stream: int) -> str:
    return f"d{stream}"


def bounds(rules: Sequence[Rule]) -> tuple[float, float, bool]:
    """The lowest high and the highest low limit of rules on values, and whether every reading counts (rates)."""
    limits = [limit for rule in rules if not rule.window_ms for limit in rule.limits]
    high = min((limit.level for limit in limits if limit.sign > 0), default=np.inf)
    low = max((limit.level for limit in limits if limit.sign < 0), default=-np.inf)
    return high, low, any(rule.window_ms > 0 for rule in rules)


class Evaluator:
    """All rules over datastreams. Most readings lie inside all limits of quiet streams: those are passed over by
    four array operations; only streams that could change are walked reading by reading, with the same result."""

    def __init__(
        self, rules: Mapping[int, tuple[Rule, ...]], restore: Callable[[int, Watch], None] = lambda stream, watch: None
    ) -> None:
        """restore: gives the watch of a datastream what was known before, when it is first needed; a province has a
        million of them, and most never are."""
        self.rules, self.restore = dict(rules), restore
        self.watches: dict[int, list[Watch]] = {}
        self.timed: dict[tuple[int, str], Watch] = {}
        size = max(self.rules, default=0) + 1
        self.high, self.low, self.busy = np.full(size, np.inf), np.full(size, -np.inf), np.zeros(size, bool)
        known: dict[int, tuple[float, float, bool]] = {}
        for stream, watching in self.rules.items():
            key = id(watching)
            if key not in known:
                known[key] = bounds(watching)
            self.high[stream], self.low[stream], self.busy[stream] = known[key]

    def assign(self, stream: int, rules: tuple[Rule, ...]) -> None:
        """These rules over the datastream from now on; the same ones again keep what they know."""
        if rules == self.rules.get(stream, ()):
            return
        self.rules.pop(stream, None)
        self.forget(stream)
        more = stream + 1 - len(self.busy)
        if more > 0:
            self.high = np.concatenate([self.high, np.full(more + 1024, np.inf)])
            self.low = np.concatenate([self.low, np.full(more + 1024, -np.inf)])
            self.busy = np.concatenate([self.busy, np.zeros(more + 1024, bool)])
        self.high[stream], self.low[stream], self.busy[stream] = bounds(rules)
        if rules:
            self.rules[stream] = rules

    def forget(self, stream: int) -> bool:
        """Its watches are made anew when they are needed; whether there were any."""
        known = self.watches.pop(stream, [])
        for watch in known:
            self.timed.pop((watch.rule.id, watch.target), None)
        return bool(known)

    def of(self, stream: int) -> list[Watch]:
        """The watches of a datastream."""
        found = self.watches.get(stream)
        if found is None:
            found = [Watch(rule, stream_target(stream)) for rule in self.rules.get(stream, ())]
            for watch in found:
                self.restore(stream, watch)
            if found:
                self.watches[stream] = found
                self.note(stream)
        return found

    def note(self, stream: int) -> None:
        self.busy[stream] = any(watch.busy for watch in self.watches[stream])
        self.timed.update({(w.rule.id, w.target): w for w in self.watches[stream] if w.timed})

    def watch(self, stream: int, rule_id: int) -> Watch | None:
        return next((watch for watch in self.of(stream) if watch.rule.id == rule_id), None)

    def interesting(
        self, stream: NDArray[np.int32], value: NDArray[np.float64], good: NDArray[np.bool_]
    ) -> NDArray[np.intp]:
        """Positions of all good readings of the streams that could change."""
        size = len(self.busy)
        inside = stream if stream.size == 0 or int(stream.max()) < size else np.where(stream < size, stream, 0)
        watched = good & (stream < size)
        hit = watched & ((value >= self.high[inside]) | (value <= self.low[inside]) | self.busy[inside])
        if not hit.any():
            return np.empty(0, np.intp)
        marked = np.zeros(size, bool)
        marked[stream[hit]] = True
        return np.nonzero(watched & marked[inside])[0]

    def evaluate(
        self,
        stream: NDArray[np.int32],
        at_ms: NDArray[np.int64],
        value: NDArray[np.float64],
        good: NDArray[np.bool_],
    ) -> tuple[list[Change], list[Watch]]:
        """Take readings (each stream's in event-time order by `at_ms`); returns changes, oldest first, and the
        watches that were walked, whose cells must be saved."""
        rows = self.interesting(stream, value, good)
        rows = rows[np.lexsort((at_ms[rows], stream[rows]))]
        changes: list[Change] = []
        walked: dict[int, list[Watch]] = {}
        for sid, at, reading in zip(stream[rows].tolist(), at_ms[rows].tolist(), value[rows].tolist(), strict=True):
            watches = walked.get(sid)
            if watches is None:
                watches = walked[sid] = self.of(sid)
            for watch in watches:
                changes += watch.advance(at, reading)
        for sid in walked:
            if sid in self.watches:
                self.note(sid)
        changes.sort(key=lambda change: (change.at, change.rule_id, change.target))
        touched = [watch for watches in walked.values() for watch in watches]
        self.timed.update({(watch.rule.id, watch.target): watch for watch in touched if watch.timed})
        return changes, touched

    def wait(self, until: int) -> tuple[list[Change], list[Watch]]:
        """Let time pass without readings; as `evaluate`."""
        changes: list[Change] = []
        touched = list(self.timed.values())
        for watch in touched:
            changes += watch.wait(until)
            if not watch.timed:
                del self.timed[watch.rule.id, watch.target]
                self.note(int(watch.target[1:]))
        changes.sort(key=lambda change: (change.at, change.rule_id, change.target))
        return changes, touched


def replay(
    rule: Rule, target: str, samples: Iterable[Sample], held: tuple[int, str] | None = None
) -> tuple[Watch, list[Change]]:
    """Evaluate a rule afresh over good samples in order. held: start and band of an alarm that was open before them."""
    watch = Watch(rule, target)
    if held is not None:
        start, band = held
        side = 1 if band.startswith("hi") else -1
        for limit in rule.limits:
            if limit.sign == side and (limit.band == band or limit.band not in OUTER):
                watch.cells[limit.band] = Cell(Phase.ACTIVE, start, start)
    changes = [change for at, value in samples for change in watch.advance(at, value)]
    return watch, changes


@dataclass(frozen=True)
class Episode:
    """One stay beyond the limits. ended None = still beyond."""

    start: int
    raised: Change
    worst: str
    ended: Change | None


def episodes(changes: Iterable[Change]) -> list[Episode]:
    """Changes of one rule on one target, gathered into stays."""
    found: list[Episode] = []
    for change in changes:
        if change.what is What.RAISE:
            found.append(Episode(change.start, change, change.band, None))
        elif found and found[-1].ended is None:
            last = found[-1]
            worst = change.band if change.what is What.ESCALATE else last.worst
            found[-1] = Episode(last.start, last.raised, worst, change if change.what is What.CLEAR else None)
    return found


def silent(now_ms: int, heard_ms: NDArray[np.int64], limit_ms: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which stations have said nothing for longer than they may; never heard (0) is not silence."""
    return (heard_ms > 0) & (now_ms - heard_ms > limit_ms)


Expression = Mapping[str, object] | str


def holds(expression: object, held: set[str]) -> bool:
    """A composite over rule codes: "code", {"all": [...]}, {"any": [...]}, {"not": ...}. ValueError if malformed."""
    if isinstance(expression, str):
        return expression in held
    if isinstance(expression, Mapping) and len(expression) == 1:
        key, inner = next(iter(expression.items()))
        if key == "not":
            return not holds(inner, held)
        if key in {"all", "any"} and isinstance(inner, Sequence) and not isinstance(inner, str) and inner:
            answers = [holds(part, held) for part in inner]
            return all(answers) if key == "all" else any(answers)
    raise ValueError(f"组合条件不认识：{expression!r}")


def members(expression: object) -> set[str]:
    """The rule codes a composite refers to."""
    if isinstance(expression, str):
        return {expression}
    if isinstance(expression, Mapping):
        return {code for inner in expression.values() for code in members(inner)}
    if isinstance(expression, Sequence):
        return {code for inner in expression for code in members(inner)}
    return set()
