"""Evaluation of limits against a slow reading of the definition, and the fast path against the slow one."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.monitoring.rules import alarms
from anlan.monitoring.rules.alarms import Change, Evaluator, Limit, Rule, What, holds, members, replay

VALUES = st.integers(0, 12).map(float)
GAPS = st.integers(1, 5)
SAMPLES = st.lists(st.tuples(GAPS, VALUES), min_size=1, max_size=40)


def timed(samples: list[tuple[int, float]]) -> list[tuple[int, float]]:
    at, found = 0, []
    for gap, value in samples:
        at += gap
        found.append((at, value))
    return found


def slow(limit: Limit, samples: list[tuple[int, float]]) -> list[tuple[str, int, int]]:
    """The definition, by looking back over all instants: (raise|clear, start of the stay, instant).

    Between readings the last value counts as held, one instant at a time.
    """
    found: list[tuple[str, int, int]] = []
    held: dict[int, float] = dict(samples)
    first, last = samples[0][0], samples[-1][0]
    values: dict[int, float] = {}
    current = samples[0][1]
    for at in range(first, last + 1):
        current = held.get(at, current)
        values[at] = current
    active, since_change, start = False, first, 0
    for at in range(first, last + 1):
        beyond = limit.sign * (values[at] - limit.level)
        wanted = beyond < -limit.hysteresis if active else beyond >= 0
        delay = limit.off_ms if active else limit.on_ms
        begin = at
        while begin > since_change and run(limit, values[begin - 1], active):
            begin -= 1
        if wanted and at - begin >= delay:
            active = not active
            start = begin if active else start
            found.append(("raise" if active else "clear", start, at))
            since_change = at
    return found


def run(limit: Limit, value: float, active: bool) -> bool:
    beyond = limit.sign * (value - limit.level)
    return beyond < -limit.hysteresis if active else beyond >= 0


LIMITS = st.builds(
    Limit, st.just("hi"), st.just(1), st.integers(3, 9).map(float), st.integers(0, 3).map(float), st.integers(0, 6),
    st.integers(0, 6),
)  # fmt: skip


@settings(max_examples=400)
@given(LIMITS, SAMPLES)
def test_hysteresis_and_delays_agree_with_the_definition(limit: Limit, steps: list[tuple[int, float]]) -> None:
    samples = timed(steps)
    _, changes = replay(Rule(1, 1, (limit,), hold_ms=10**9), "d1", samples)
    ours = [("raise" if c.what is What.RAISE else "clear", c.start, c.at) for c in changes]
    assert ours == slow(limit, samples)


def watched(limit_sets: list[list[Limit]]) -> dict[int, list[Rule]]:
    return {n + 1: [Rule(n + 1, 1, tuple(limits), hold_ms=20)] for n, limits in enumerate(limit_sets)}


@settings(max_examples=150)
@given(
    st.lists(st.lists(LIMITS, min_size=1, max_size=1), min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(1, 5), GAPS, VALUES, st.booleans()), min_size=1, max_size=60),
    st.integers(1, 7),
)
def test_passing_over_quiet_streams_finds_what_walking_all_of_them_finds(
    limit_sets: list[list[Limit]], steps: list[tuple[int, int, float, bool]], flush: int
) -> None:
    rules = watched(limit_sets)
    at, rows = 0, []
    for stream, gap, value, good in steps:
        at += gap
        rows.append((stream, at, value, good))
    engine = Evaluator(rules)
    found: list[Change] = []
    for start in range(0, len(rows), flush):
        stream, when, value, good = (np.array(column) for column in zip(*rows[start : start + flush], strict=True))
        found += engine.evaluate(stream.astype("i4"), when.astype("i8"), value.astype(float), good.astype(bool))[0]
    expected: list[Change] = []
    for stream, watching in rules.items():
        for rule in watching:
            good_ones = [(at, value) for s, at, value, good in rows if s == stream and good]
            expected += replay(rule, f"d{stream}", good_ones)[1]
    plain = sorted((c.rule_id, c.at, c.what, c.start) for c in found)
    assert plain == sorted((c.rule_id, c.at, c.what, c.start) for c in expected)


def test_bands_raise_once_escalate_and_clear_as_one_alarm() -> None:
    rule = Rule(1, 1, alarms.bands_to_limits({"hihi": 10.0, "hi": 5.0, "lo": -5.0, "lolo": None}, 1.0))
    _, changes = replay(rule, "d1", [(1, 0), (2, 6), (3, 11), (4, 8), (5, 11), (6, 4.5), (7, 3.9), (8, -6)])
    assert [(c.what.name, c.band, c.at) for c in changes] == [
        ("RAISE", "hi", 2), ("ESCALATE", "hihi", 3), ("ESCALATE", "hihi", 5), ("CLEAR", "hi", 7), ("RAISE", "lo", 8),
    ]  # fmt: skip


def test_a_rate_of_change_is_measured_over_its_window_per_hour() -> None:
    minute = 60_000
    rule = Rule(1, 1, (Limit("hi", 1, 6.0),), window_ms=10 * minute)
    _, changes = replay(rule, "d1", [(0, 0.0), (5 * minute, 0.4), (10 * minute, 1.1)])
    assert [(c.at, round(c.value or 0, 3)) for c in changes] == [(10 * minute, 6.6)]


def test_a_delay_runs_out_without_a_reading_but_only_while_the_value_counts_as_held() -> None:
    limit = Limit("hi", 1, 5.0, on_ms=100)
    watch = alarms.Watch(Rule(1, 1, (limit,), hold_ms=150), "d1")
    assert watch.advance(0, 9.0) == []
    assert watch.wait(99) == []
    assert [(c.what, c.start, c.at) for c in watch.wait(1000)] == [(What.RAISE, 0, 100)]
    other = alarms.Watch(Rule(1, 1, (limit,), hold_ms=50), "d1")
    assert other.advance(0, 9.0) + other.wait(1000) == []
    assert [c.at for c in other.advance(2000, 9.0)] == [2000], "the next reading confirms it"


def test_composites_read_as_they_are_written() -> None:
    expression = {"all": ["gas", {"any": ["wind", "fire"]}, {"not": "maintenance"}]}
    assert holds(expression, {"gas", "fire"})
    assert not holds(expression, {"gas"})
    assert not holds(expression, {"gas", "wind", "maintenance"})
    assert members(expression) == {"gas", "wind", "fire", "maintenance"}


def test_a_station_never_heard_is_not_silent() -> None:
    heard = np.array([0, 100, 900])
    assert alarms.silent(1000, heard, np.array([300, 300, 300])).tolist() == [False, True, False]
