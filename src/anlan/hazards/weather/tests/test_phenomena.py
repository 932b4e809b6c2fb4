"""Heat, cold, dust, lightning, slopes, and the signals of the 2007 order that are told by words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from anlan.hazards.contract import InputError
from anlan.hazards.weather import extremes, geology, phenomena


def test_three_days_of_35_degrees_are_a_heat_wave_and_a_gap_ends_it() -> None:
    (wave,) = extremes.heat_waves([34, 35, 36, 38, 34.9, 36, 36, None, 36])
    assert (wave.first, wave.last, wave.days, wave.extreme, wave.name) == (1, 3, 3, 38.0, "炎热")
    assert wave.excess == pytest.approx(0 + 1 + 3)


@pytest.mark.parametrize(
    ("minima", "name"),
    [
        ([10, 10, 2], "寒潮"), ([10, 10, 2.1], ""), ([14, 14, 6], ""), ([8, 8, -4], "超强寒潮"), ([8, 3, -3], "寒潮"), ([8, 3, -4], "强寒潮"),
        ([6, 5, 1, -6], "寒潮"), ([6, 5, 3, 0], ""), ([8, None, -1], ""),
    ],
)  # fmt: skip
def test_a_cold_wave_needs_both_the_fall_and_the_cold(minima: list[float | None], name: str) -> None:
    found = extremes.cold_waves(minima)
    assert (found[-1].name if found else "") == name


def test_the_cold_feels_colder_in_the_wind_as_the_table_says() -> None:
    # Environment Canada's table: -20 degC and 30 km/h feel like -33
    assert extremes.wind_chill(-20, 30 / 3.6) == pytest.approx(-32.6, abs=0.2)
    assert extremes.wind_chill(15, 10) == 15


def test_humid_heat_feels_hotter_as_the_table_says() -> None:
    # US NWS table: 90 degF and 70 % feel like 105 degF
    assert extremes.heat_index((90 - 32) / 1.8, 70) == pytest.approx((105.9 - 32) / 1.8, abs=0.3)
    assert extremes.heat_index(20, 50) == pytest.approx(19.7, abs=0.1)
    assert extremes.heat_index(-10, 50) == -10


@pytest.mark.parametrize(
    ("metres", "wind", "name"),
    [(49, 20, "特强沙尘暴"), (50, 20, "强沙尘暴"), (499, 20, "强沙尘暴"), (500, 15, "沙尘暴"), (999, 15, "沙尘暴"),
     (1000, 8, "扬沙"), (9999, 8, "扬沙"), (10_000, 8, ""), (3000, 2, "浮尘")],
)  # fmt: skip
def test_dust_is_graded_by_visibility(metres: float, wind: float, name: str) -> None:
    assert extremes.dust_grade(metres, wind, dust_seen=True) == name
    assert extremes.dust_grade(metres, wind, dust_seen=False) == ""


def test_strokes_are_counted_once_and_spread_over_the_true_area() -> None:
    random = np.random.default_rng(2)
    strokes = np.column_stack(
        [random.uniform(106.5, 107.5, 500), random.uniform(39, 40, 500), random.normal(0, 20, 500)]
    )
    found = extremes.lightning(strokes.tolist(), 106, 38.5, 108, 40.5, 10, 2)
    assert found.counts.sum() == 500
    area = 2 * 111.195 * np.cos(np.radians(39.5)) * 2 * 111.195
    assert found.per_km2_h.mean() * area * 2 == pytest.approx(500)
    assert 0.4 < found.positive_share < 0.6


def test_a_jump_of_the_stroke_rate_is_noticed_at_its_minute() -> None:
    rate = [5, 6, 5, 6, 7, 6, 5, 6, 7, 6, 6, 7, 30, 31]
    assert extremes.lightning_jump(rate) == [12]
    assert extremes.lightning_jump([v / 10 for v in rate]) == []


@pytest.mark.parametrize(
    ("name", "seen", "colour"),
    [
        ("雷电", {"lightning_prob_6h": 0.3}, "黄"), ("雷电", {"lightning_prob_2h": 0.6}, "橙"), ("雷电", {"lightning_prob_2h": 0.8}, "红"),
        ("雷电", {"strokes_10km_1h": 1}, "橙"), ("雷电", {"strokes_10km_1h": 50}, "红"), ("雷电", {}, ""),
        ("冰雹", {"hail_prob_6h": 0.3}, "橙"), ("冰雹", {"hail_prob_2h": 0.9}, ""), ("冰雹", {"hail_prob_2h": 0.9, "hail_mm": 25}, "红"),
        ("道路结冰", {"road_temp_c": -0.1, "precip_mm_12h": 1}, "黄"), ("道路结冰", {"road_temp_c": 0, "precip_mm_2h": 5}, ""),
        ("道路结冰", {"road_temp_c": -3, "precip_mm_2h": 0.5, "precip_mm_12h": 4}, "红"), ("道路结冰", {"precip_mm_2h": 5}, ""),
        ("台风", {"typhoon": 1, "typhoon_hours": 24, "gust_class": 8}, "蓝"),
        ("台风", {"typhoon": 1, "typhoon_hours": 6, "mean_wind_class": 12}, "红"),
        ("台风", {"typhoon": 1, "typhoon_hours": 20, "mean_wind_class": 12}, "黄"),
        ("台风", {"mean_wind_class": 14}, ""),
    ],
)  # fmt: skip
def test_the_words_of_the_order_as_a_truth_table(name: str, seen: dict[str, Any], colour: str) -> None:
    found = phenomena.judge(name, seen)
    assert found.colour == colour
    assert "16号" in found.clause


def test_all_proven_signals_come_most_severe_first() -> None:
    found = phenomena.judge_all({"lightning_prob_6h": 0.5, "road_temp_c": -5, "precip_mm_2h": 3})
    assert [one.title for one in found] == ["道路结冰红色", "雷电黄色"]


def test_rain_of_days_ago_counts_less_than_todays() -> None:
    assert geology.effective_rain([50, 0, 0]) == pytest.approx(50 * 0.8**2)
    assert geology.effective_rain([0, 0, 50]) == pytest.approx(50)


def test_the_same_rain_is_worse_on_worse_ground() -> None:
    order = list(geology.COLOURS)
    colours = [geology.risk([10, 20, 40], name).colour for name in geology.SUSCEPTIBILITY]
    assert [order.index(c) for c in colours] == sorted(order.index(c) for c in colours)
    assert geology.risk([0], "高易发", hourly_mm=36).colour == "橙"
    assert geology.risk([0], "不易发", hourly_mm=60).colour == ""
    levels = geology.risk_map(np.array([[10.0, 90.0]]), np.array([3, 3]))
    assert levels.tolist() == [0, 4]


@pytest.mark.parametrize(
    ("field", "call"),
    [
        ("tmax_c[0]", lambda: extremes.heat_waves([99])),
        ("visibility_m", lambda: extremes.dust_grade(-1, 5, dust_seen=True)),
        ("west", lambda: extremes.lightning([], 108, 38, 106, 40, 10, 1)),
        ("strokes_km", lambda: phenomena.judge("雷电", {"strokes_km": 1})),
        ("lightning_prob_2h", lambda: phenomena.judge("雷电", {"lightning_prob_2h": 7})),
        ("signal", lambda: phenomena.judge("海啸", {})),
        ("daily_mm[0]", lambda: geology.risk([-1], "高易发")),
        ("susceptibility", lambda: geology.risk([1], "未知")),
    ],
)
def test_wrong_input_is_refused_by_name(field: str, call: object) -> None:
    with pytest.raises(InputError) as refused:
        call()  # type: ignore[operator]
    assert refused.value.field == field
