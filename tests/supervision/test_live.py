"""When what holds in a park has changed enough to work its risk out again: dead bands, drift, the wind through north."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.supervision.park_risk.live import CLASS_HOLDS_S, Live, settled

USED = Live("D", 4.0, 355.0, True, {"V-1": 50.0}, {"E1": 200.0})
DESIGN = {"V-1": 60.0}
OLD = CLASS_HOLDS_S


def starts(now: Live, age_s: float = OLD) -> bool:
    return settled(now, USED, age_s, DESIGN) is now


@settings(max_examples=60, deadline=None)
@given(st.floats(-0.7, 0.7), st.floats(-11.9, 11.9), st.floats(-1.7, 1.7), st.floats(-19, 19))
def test_whatever_stays_in_its_band_starts_nothing(wind: float, turn: float, tonnes: float, people: float) -> None:
    now = Live("D", 4.0 + wind, (355.0 + turn) % 360, True, {"V-1": 50.0 + tonnes}, {"E1": 200.0 + people})
    assert settled(now, USED, 60, DESIGN) is USED


def test_whatever_leaves_its_band_starts_a_calculation_with_everything_as_it_is() -> None:
    for changed in (
        {"wind_m_s": 4.9}, {"wind_from_deg": 10.0}, {"stock": {"V-1": 47.0}}, {"people": {"E1": 221.0}}, {"people": {}},
        {"stock": {}}, {"day": False}, {"stability": "F"}, {"stability": "E"},
    ):  # fmt: skip
        assert starts(replace(USED, **changed)), changed


def test_a_class_at_its_threshold_flips_the_map_every_ten_minutes_at_most() -> None:
    flipped = replace(USED, stability="E")
    assert not starts(flipped, 60)
    assert starts(flipped)
    assert starts(replace(USED, stability="B"), 60), "two classes are weather, not a threshold"


def test_slow_drift_adds_up_until_it_counts_and_a_swing_about_a_step_does_not() -> None:
    used: Live | None = None
    made = 0
    for minute in range(200):  # a tank that fills by 0.1 t a minute: 3 % of 60 t is 1.8 t
        now = replace(USED, stock={"V-1": 20.0 + 0.1 * minute})
        after = settled(now, used, 60, DESIGN)
        made, used = made + (after is not used), after
    assert made == 1 + 199 // 19
    swings = [settled(replace(USED, wind_m_s=4.25 + 0.3 * (-1) ** i), USED, 60, DESIGN) is USED for i in range(10)]
    assert all(swings)
