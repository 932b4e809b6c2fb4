"""凌汛: phases, backwater and alarms, on made-up days and on the gauges' real years."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.hazards.contract import InputError
from anlan.hazards.flood import ice
from anlan.hazards.flood.ice import Day, Levels, Limits, alarm, backwater, rating, track, whole_level

START = date(2023, 11, 1)
#: Level at 巴彦高勒 that summer floods never reached and ice did (RULES 2.4).
ICE_ONLY_M = 1052.5


def gauge(shared: Path, station: str) -> list[Day]:
    path = shared / "wuhai/yellow_river_daily_yrcc_2001_2022.csv"
    found = []
    with path.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if row["station"] == station and row["level_m"] not in ("", "-") and row["flow_m3s"] not in ("", "-"):
                level = whole_level(float(row["level_m"]))
                found.append(Day(date.fromisoformat(row["date"]), level, None, float(row["flow_m3s"])))
    return found


def winter() -> list[Day]:
    """Made up: cools in November, freezes in December, lies still, breaks up violently in March."""
    days = []
    for i in range(175):
        on = START + timedelta(days=i)
        temp = 4.0 - 0.35 * i if i < 50 else -12.0 if i < 110 else -12.0 + 0.45 * (i - 110)
        stage = 1071.0 + (1.2 if 45 <= i < 155 else 0.0) + (0.9 if i == 150 else 0.0) - (0.2 if i > 155 else 0.0)
        days.append(Day(on, stage, temp, 600.0))
    return days


def test_a_winter_passes_through_every_phase_in_order() -> None:
    states = track(winter())
    order = [s.phase for i, s in enumerate(states) if i == 0 or s.phase != states[i - 1].phase]
    assert order == ["OPEN", "FRAZIL", "FREEZE_UP", "STABLE", "BREAK_UP", "OPEN"]
    assert any(s.violent for s in states)
    assert all(s.why for s in states if s.phase != "OPEN")


def test_a_mild_spell_does_not_melt_what_weeks_have_frozen() -> None:
    days = winter()
    warm = [Day(d.on, d.stage_m, 1.0 if 90 <= i < 93 else d.temp_c, d.flow_m3_s) for i, d in enumerate(days)]
    assert track(warm)[100].phase == "STABLE"


def test_a_warm_winter_stays_open() -> None:
    days = [Day(START + timedelta(days=i), 1071.0, 3.0, 600.0) for i in range(120)]
    assert {s.phase for s in track(days)} == {"OPEN"}


def test_a_gap_of_weeks_starts_anew() -> None:
    days = winter()
    states = track([*days[:100], *days[130:]])
    assert states[100].phase in ("OPEN", "FRAZIL")


def test_real_years_freeze_in_december_and_break_up_in_march(shared: Path) -> None:
    days = gauge(shared, "巴彦高勒")
    summer = [d for d in days if 5 <= d.on.month <= 10]
    curve = rating([d.flow_m3_s or 0 for d in summer], [d.stage_m for d in summer])
    states = track(days, Limits(), curve)
    months = Counter((s.phase, d.on.month) for s, d in zip(states, days, strict=True))
    assert not any(phase != "OPEN" and 4 <= month <= 10 for phase, month in months)
    assert months["STABLE", 2] > 300
    breaks = [d.on for b, s, d in zip(states, states[1:], days[1:], strict=False)
              if s.phase == "BREAK_UP" and b.phase != "BREAK_UP"]  # fmt: skip
    assert len(breaks) >= 12
    assert sum(on.month == 3 for on in breaks) >= 0.7 * len(breaks)


def test_replayed_gauge_years_alarm_by_stage_where_flow_would_have_stayed_silent(shared: Path) -> None:
    days = gauge(shared, "巴彦高勒")
    levels = Levels(alert_m=ICE_ONLY_M)
    raised = [d for d in days if alarm([(0.0, d.stage_m)], levels).colour == "黄"]
    assert len(raised) > 500
    assert all(d.on.month in ice.ICE_MONTHS for d in raised)
    flows = sorted(d.flow_m3_s or 0 for d in raised)
    # a flow alarm at the neighbours' 2500 m3/s, or even at half of that, would have seen none of these days
    assert flows[-1] < 1250
    assert sum(flows) / len(flows) == pytest.approx(495, abs=10)


def test_the_gauges_backwater_is_metres_in_winter_and_nothing_in_summer(shared: Path) -> None:
    days = gauge(shared, "石嘴山")
    summer = [d for d in days if 5 <= d.on.month <= 10]
    curve = rating([d.flow_m3_s or 0 for d in summer], [d.stage_m for d in summer])
    winter_2008 = [ice.backwater_seen(d.stage_m, d.flow_m3_s or 0, curve)
                   for d in days if date(2008, 1, 20) <= d.on <= date(2008, 2, 20)]  # fmt: skip
    assert sum(winter_2008) / len(winter_2008) > 1.0
    july = [ice.backwater_seen(d.stage_m, d.flow_m3_s or 0, curve) for d in days if d.on.month == 7]
    assert abs(sum(july) / len(july)) < 0.1


def test_a_level_without_its_leading_digits_is_made_whole() -> None:
    assert whole_level(85.04) == pytest.approx(1085.04)
    assert whole_level(1085.04) == pytest.approx(1085.04)


@pytest.mark.parametrize(
    ("stages", "levels", "phase", "jam", "colour"),
    [
        ([(0, 1071.0), (6, 1071.5)], Levels(), "STABLE", False, "橙"),
        ([(0, 1071.0), (6, 1071.49)], Levels(), "STABLE", False, ""),
        ([(0, 1071.0), (7, 1071.6)], Levels(), "STABLE", False, ""),
        ([(0, 1071.0), (6, 1071.5)], Levels(), "BREAK_UP", True, "红"),
        ([(0, 1073.0)], Levels(guarantee_m=1073.0), "STABLE", False, "红"),
        ([(0, 1073.0)], Levels(bank_m=1072.9), "STABLE", False, "橙"),
        ([(0, 1073.0)], Levels(alert_m=1073.0), "STABLE", False, "黄"),
        ([(0, 1071.0)], Levels(alert_m=1073.0), "BREAK_UP", False, "黄"),
        ([(0, 1071.0)], Levels(), "FRAZIL", False, "蓝"),
        ([(0, 1071.0)], Levels(), "OPEN", False, ""),
    ],
)
def test_the_colour_follows_the_rules(
    stages: list[tuple[float, float]], levels: Levels, phase: str, jam: bool, colour: str
) -> None:
    assert alarm(stages, levels, phase, jam).colour == colour


@given(st.floats(0, 3), st.floats(0, 3))
def test_a_higher_stage_never_lowers_the_alarm(low: float, more: float) -> None:
    levels, order = Levels(1071.5, 1073.0, 1074.0, 1072.0), ("", "蓝", "黄", "橙", "红")
    first, second = (alarm([(0.0, 1071.0 + rise)], levels).colour for rise in (low, low + more))
    assert order.index(second) >= order.index(first)


def test_ice_raises_the_water_and_a_jam_raises_it_more() -> None:
    found = backwater(700, 500, 0.00025)
    assert found.open_depth_m < found.covered_depth_m < found.jam_depth_m
    # equal roughness above and below: 2^(2/5) of the depth in open water, and the ice afloat
    even = backwater(700, 500, 0.00025, 0.025, 0.025, 0.0)
    assert even.covered_depth_m / even.open_depth_m == pytest.approx(2**0.4)
    assert found.jam_reach_m == pytest.approx(found.jam_rise_m / 0.00025)
    assert backwater(900, 500, 0.00025).jam_depth_m > found.jam_depth_m


def test_ice_grows_with_the_root_of_the_frost() -> None:
    found = ice.cover_thickness([-10.0] * 40)
    assert found[-1] == pytest.approx(0.022 * 20)
    assert ice.cover_thickness([-10.0] * 40 + [5.0] * 60)[-1] == 0


def test_the_front_of_the_break_up_has_a_speed() -> None:
    front = {date(2025, 3, 12): 40.0, date(2025, 3, 13): 105.0}
    assert ice.front_speed_km_d(front)[date(2025, 3, 13)] == pytest.approx(65)


@pytest.mark.parametrize(
    ("field", "call"),
    [
        ("phase", lambda: alarm([(0, 1.0)], Levels(), "MELTING")),
        ("stages", lambda: alarm([], Levels())),
        ("stages[1]", lambda: alarm([(1, 1.0), (0, 1.0)], Levels())),
        ("stage_m", lambda: track([Day(START, float("nan"))])),
        ("temp_c", lambda: track([Day(START, 1.0, 99.0)])),
        ("slope", lambda: backwater(700, 500, 0.0)),
        ("flows", lambda: rating([1.0], [1.0])),
    ],
)
def test_wrong_input_is_refused_by_name(field: str, call: object) -> None:
    with pytest.raises(InputError) as refused:
        call()  # type: ignore[operator]
    assert refused.value.field == field
