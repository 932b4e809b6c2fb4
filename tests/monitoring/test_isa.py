"""The alarm states of ISA-18.2, whatever happens in whatever order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.monitoring.rules.isa import NotAllowed, Point, State, Trigger, allowed, move

ASIDE = {State.SHELVED, State.SUPPRESSED, State.OUT_OF_SERVICE}


@given(st.lists(st.sampled_from(list(Trigger)), max_size=40), st.booleans())
def test_no_sequence_of_triggers_reaches_a_state_that_contradicts_itself(
    triggers: list[Trigger], latched: bool
) -> None:
    point = Point(State.UNACKNOWLEDGED, True, latched)
    for trigger in triggers:
        try:
            point = move(point, trigger)
        except NotAllowed:
            assert trigger not in allowed(point)
            continue
        if point.state is State.NORMAL:
            assert not point.active, "what still holds is never over"
        if point.state in {State.RETURNED, State.LATCHED}:
            assert not point.active
        if point.state in {State.UNACKNOWLEDGED, State.ACKNOWLEDGED}:
            assert point.active, "what is gone does not stand as an active alarm"


@given(st.lists(st.sampled_from(list(Trigger)), max_size=40))
def test_a_latched_alarm_is_never_over_without_a_person(triggers: list[Trigger]) -> None:
    point = Point(State.UNACKNOWLEDGED, True, True)
    for trigger in triggers:
        if trigger not in allowed(point):
            continue
        before, point = point, move(point, trigger)
        if point.state is State.NORMAL:
            assert trigger is Trigger.RESET or before.state is State.NORMAL


@given(st.lists(st.sampled_from([Trigger.RAISE, Trigger.RETURN]), max_size=20), st.sampled_from(sorted(ASIDE, key=str)))
def test_what_is_set_aside_stays_aside_until_somebody_or_the_time_brings_it_back(
    process: list[Trigger], aside: State
) -> None:
    point = Point(aside, True)
    for trigger in process:
        point = move(point, trigger)
        assert point.state is aside


@pytest.mark.parametrize(
    ("path", "end"),
    [
        ("acknowledge return", State.NORMAL),
        ("return acknowledge", State.NORMAL),
        ("return raise acknowledge return", State.NORMAL),
        ("shelve return expire", State.NORMAL),
        ("shelve expire", State.UNACKNOWLEDGED),
        ("acknowledge shelve remove restore", State.UNACKNOWLEDGED),
        ("suppress return unsuppress", State.NORMAL),
    ],
)
def test_the_ways_of_an_alarm_through_the_table(path: str, end: State) -> None:
    point = Point(State.UNACKNOWLEDGED, True)
    for word in path.split():
        point = move(point, Trigger(word))
    assert point.state is end


def test_acknowledging_twice_is_refused() -> None:
    with pytest.raises(NotAllowed, match="已确认"):
        move(Point(State.ACKNOWLEDGED, True), Trigger.ACKNOWLEDGE)
