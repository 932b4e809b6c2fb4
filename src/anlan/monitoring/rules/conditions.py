"""When a reading is an alarm: thresholds with deadband and delays, and rates of change, in event time.

A state machine per (rule, datastream). `step` takes the readings of one datastream in order; `tick` lets a delay run out
while no reading comes. Both return what changed, with the event time at which it changed, so that a worker that was down
for a while comes to the same result as one that was not.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

NORMAL, PENDING, ACTIVE, CLEARING = range(4)
#: Readings that a state keeps to explain an alarm.
SAMPLES = 8


@dataclass(frozen=True)
class Limit:
    """Beyond `limit` (above when `high`) for `on_delay_ms` raises; back by `deadband` for `off_delay_ms` clears."""

    limit: float
    high: bool = True
    deadband: float = 0.0
    on_delay_ms: int = 0
    off_delay_ms: int = 0
    #: > 0: the value judged is the change per hour over this window, not the reading.
    rate_window_ms: int = 0

    def beyond(self, value: float) -> bool:
        return value >= self.limit if self.high else value <= self.limit

    def back(self, value: float) -> bool:
        return value < self.limit - self.deadband if self.high else value > self.limit + self.deadband


class Change(NamedTuple):
    """`raised` or cleared at `at_ms`; `since_ms` is when the condition began to hold."""

    raised: bool
    at_ms: int
    since_ms: int
    value: float


@dataclass
class Condition:
    """What is remembered of one rule on one datastream between readings."""

    phase: int = NORMAL
    since_ms: int = 0
    last_ms: int = -1
    last_value: float = math.nan
    samples: list[tuple[int, float]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Condition:
        return cls(**{**kept, "samples": [tuple(sample) for sample in kept["samples"]]})


def rate_per_hour(condition: Condition, limit: Limit, at_ms: int, value: float) -> float:
    """Change per hour between this reading and the oldest one inside the window; nan when there is none."""
    inside = [(t, v) for t, v in condition.samples if at_ms - t <= limit.rate_window_ms]
    if not inside or inside[0][0] == at_ms:
        return math.nan
    at0, value0 = inside[0]
    return (value - value0) / (at_ms - at0) * 3_600_000


def remember(condition: Condition, limit: Limit, at_ms: int, value: float) -> None:
    condition.samples.append((at_ms, value))
    if limit.rate_window_ms:
        condition.samples = [s for s in condition.samples if at_ms - s[0] <= limit.rate_window_ms][-512:]
    else:
        del condition.samples[:-SAMPLES]


def step(condition: Condition, limit: Limit, at_ms: int, value: float) -> list[Change]:
    """One more reading. One that is older than what was already judged changes nothing (it is kept as history)."""
    if at_ms <= condition.last_ms or math.isnan(value):
        return []
    changes = tick(condition, limit, at_ms)
    judged = rate_per_hour(condition, limit, at_ms, value) if limit.rate_window_ms else value
    remember(condition, limit, at_ms, value)
    condition.last_ms, condition.last_value = at_ms, value
    if not math.isnan(judged):
        judge(condition, limit, at_ms, judged)
        changes += tick(condition, limit, at_ms)
    return changes


def judge(condition: Condition, limit: Limit, at_ms: int, value: float) -> None:
    """Move between waiting and not waiting; the delays themselves are `tick`'s."""
    beyond = limit.beyond(value)
    if condition.phase == NORMAL and beyond:
        condition.phase, condition.since_ms = PENDING, at_ms
    elif condition.phase == PENDING and not beyond:
        condition.phase = NORMAL
    elif condition.phase == ACTIVE and limit.back(value):
        condition.phase, condition.since_ms = CLEARING, at_ms
    elif condition.phase == CLEARING and not limit.back(value):
        condition.phase = ACTIVE


def tick(condition: Condition, limit: Limit, now_ms: int) -> list[Change]:
    """Let delays that have run out take effect at the moment they ran out; the last value holds till then."""
    if condition.phase == PENDING and now_ms >= condition.since_ms + limit.on_delay_ms:
        condition.phase = ACTIVE
        return [Change(True, condition.since_ms + limit.on_delay_ms, condition.since_ms, condition.last_value)]
    if condition.phase == CLEARING and now_ms >= condition.since_ms + limit.off_delay_ms:
        condition.phase = NORMAL
        return [Change(False, condition.since_ms + limit.off_delay_ms, condition.since_ms, condition.last_value)]
    return []


def waiting(condition: Condition) -> bool:
    """A delay is running: time alone may change it."""
    return condition.phase in {PENDING, CLEARING}
