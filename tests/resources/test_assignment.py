"""Which unit goes to which task: exact on cases one can do by hand, the best of all on small ones."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.hazards.contract import InputError
from anlan.resources.assignment import UNCOVERED_MINUTES, assign

FAR = float("inf")


def solve(minutes: list[list[float]], need: list[int], weight: list[float], home: list[int], reserve: list[int]):  # type: ignore[no-untyped-def]
    return assign(np.array(minutes, float), np.array(need), np.array(weight, float), np.array(home), np.array(reserve))


def test_the_sum_of_arrivals_counts_and_not_the_nearest_unit_first() -> None:
    found = solve([[1, 2], [2, 10]], [1, 1], [1, 1], [0, 0], [0])
    assert found.task_of.tolist() == [1, 0]
    assert found.gap == 0


def test_a_reserve_stays_at_its_station_and_the_shortage_is_told() -> None:
    found = solve([[5], [6], [50]], [3], [1], [0, 0, 1], [1, 0])
    assert found.task_of.tolist() == [0, -1, 0]
    assert found.short.tolist() == [1]


def test_a_unit_that_cannot_do_a_task_is_never_sent_to_it() -> None:
    found = solve([[FAR, 3]], [1, 0], [1, 1], [0], [0])
    assert found.task_of.tolist() == [-1]
    assert found.short.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("field", "case"),
    [
        ("minutes", ([[float("nan")]], [1], [1], [0], [0])),
        ("need", ([[1]], [-1], [1], [0], [0])),
        ("weight", ([[1]], [1], [0], [0], [0])),
        ("home", ([[1]], [1], [1], [1], [0])),
        ("reserve", ([[1]], [1], [1], [0], [-1])),
    ],
)
def test_a_wrong_input_is_refused_by_its_name(field: str, case: tuple) -> None:  # type: ignore[type-arg]
    with pytest.raises(InputError) as refused:
        solve(*case)
    assert refused.value.field == field


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_no_other_way_to_send_the_units_is_better(data: st.DataObject) -> None:
    units, tasks = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 3))
    arrival = st.integers(0, 60).map(float) | st.just(FAR)
    minutes = data.draw(st.lists(st.lists(arrival, min_size=tasks, max_size=tasks), min_size=units, max_size=units))
    need = data.draw(st.lists(st.integers(0, 2), min_size=tasks, max_size=tasks))
    home = data.draw(st.lists(st.integers(0, 1), min_size=units, max_size=units))
    reserve = data.draw(st.lists(st.integers(0, 2), min_size=2, max_size=2))

    def cost(choice: tuple[int, ...]) -> float:
        sent = [sum(task == t for task in choice) for t in range(tasks)]
        gone = [sum(task >= 0 for task, at in zip(choice, home, strict=True) if at == h) for h in (0, 1)]
        kept = all(g <= max(home.count(h) - reserve[h], 0) for h, g in enumerate(gone))
        if not kept or any(s > n for s, n in zip(sent, need, strict=True)):
            return FAR
        short = sum(n - s for s, n in zip(sent, need, strict=True))
        return sum(minutes[u][t] for u, t in enumerate(choice) if t >= 0) + UNCOVERED_MINUTES * short

    best = min(cost(choice) for choice in product(range(-1, tasks), repeat=units))
    found = solve(minutes, need, [1.0] * tasks, home, reserve)
    assert cost(tuple(found.task_of.tolist())) == pytest.approx(best)
