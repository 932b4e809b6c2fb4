"""One clock: reality or a scenario."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from anlan.kernel import clock

START = datetime(2015, 4, 15, 7, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def own_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("ANLAN_VAR", str(tmp_path))
    clock.run_real()
    yield
    clock.run_real()


def test_a_scenario_runs_as_fast_as_it_says() -> None:
    clock.run_scenario("alxa-2015", START, 600)
    first = clock.now()
    time.sleep(0.1)
    assert START <= first < START + timedelta(minutes=1)
    assert timedelta(seconds=55) < clock.now() - first < timedelta(seconds=200)


def test_deadlines_are_waited_for_in_real_time_at_the_scenarios_pace() -> None:
    clock.run_scenario("x", START, 60)
    assert clock.real_seconds(timedelta(hours=1)) == 60


def test_after_the_scenario_the_clock_is_real_again() -> None:
    clock.run_scenario("x", START, 60)
    clock.run_real()
    assert abs(clock.now() - clock.real_now()) < timedelta(seconds=1)
    assert clock.scenario() is None


def test_a_test_may_stand_still() -> None:
    with clock.standing_at(START):
        assert clock.now() == clock.now() == START
