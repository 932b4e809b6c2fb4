"""Criteria of warning signals as truth tables."""

from __future__ import annotations

import pytest

from anlan.monitoring.rules import signals
from anlan.monitoring.rules.signals import (
    SIGNALS,
    fire_danger,
    flood_warning,
    rain_level,
    snow_level,
    weather_signal,
    weather_signals,
    wind_force,
)


@pytest.mark.parametrize(
    ("name", "seen", "colour"),
    [
        ("暴雨", {"p12": 50}, "蓝"), ("暴雨", {"p12": 49.9}, ""), ("暴雨", {"p6": 50}, "黄"), ("暴雨", {"p3": 100}, "红"),
        ("暴雨", {"p3": None, "p6": 55, "p12": None}, "黄"), ("暴雪", {"snow12": 6}, "黄"), ("暴雪", {"snow6": 15}, "红"),
        ("大风", {"mean_wind_class": 6}, "蓝"), ("大风", {"gust_class": 9}, "黄"), ("大风", {"gust_class": 13}, "红"),
        ("沙尘暴", {"dust_visibility_m": 999}, "黄"), ("沙尘暴", {"dust_visibility_m": 499}, "橙"),
        ("沙尘暴", {"dust_visibility_m": 1000}, ""), ("沙尘暴", {"dust_visibility_m": 49}, "红"),
        ("高温", {"tmax24": 37}, "橙"), ("高温", {"tmax24": 36.9}, ""), ("高温", {"tmax_least_of_3_days": 35}, "黄"),
        ("大雾", {"fog_visibility_m": 199}, "橙"), ("霜冻", {"ground_tmin48": -0.1}, "蓝"), ("霜冻", {"ground_tmin24": -5.1}, "橙"),
        ("寒潮", {"drop24": 16, "tmin": 0, "mean_wind_class": 6}, "红"),
        ("寒潮", {"drop24": 16, "tmin": 0.1, "mean_wind_class": 6}, "黄"),
        ("寒潮", {"drop48": 8, "tmin": 4, "mean_wind_class": 5}, "蓝"), ("干旱", {"dry_crops_pct": 60}, "红"),
        ("霾", {"haze_visibility_m": 2999}, "黄"),
    ],
)  # fmt: skip
def test_criteria_of_order_16(name: str, seen: dict[str, float | None], colour: str) -> None:
    assert weather_signal(name, seen).colour == colour


def test_no_observation_proves_nothing() -> None:
    assert weather_signals({}) == []
    for name in SIGNALS:
        assert weather_signal(name, {}).colour == ""


def test_every_signal_cites_its_text_and_grows_no_milder_with_more_rain() -> None:
    order = ("", *reversed(signals.COLOURS))
    worse = [order.index(weather_signal("暴雨", {"p3": mm, "p6": mm, "p12": mm}).colour) for mm in range(0, 160, 5)]
    assert worse == sorted(worse)
    assert "第16号" in weather_signal("暴雨", {"p3": 60}).clause


def test_most_severe_first_of_several() -> None:
    found = weather_signals({"gust_class": 9, "p3": 100})
    assert [signal.title for signal in found] == ["暴雨红色", "大风黄色"]


@pytest.mark.parametrize(("stage", "colour"), [(9.7, ""), (9.8, "蓝"), (10.0, "黄"), (11.0, "橙"), (12.0, "红")])
def test_floods_by_stage(stage: float, colour: str) -> None:
    assert flood_warning(stage, 10.0, 11.0, 12.0).colour == colour


def test_floods_by_return_period_and_with_unknown_levels() -> None:
    assert flood_warning(None, None, None, None, 20).colour == "橙"
    assert flood_warning(12.0, None, None).colour == ""
    assert flood_warning(10.5, 10.0, None, None, 50).colour == "红"


@pytest.mark.parametrize(("mm", "name"), [(0, "零星小雨或无雨"), (0.1, "小雨"), (9.9, "小雨"), (10, "中雨"), (24.9, "中雨"),
                                          (25, "大雨"), (50, "暴雨"), (100, "大暴雨"), (250, "特大暴雨")])  # fmt: skip
def test_rain_of_a_day(mm: float, name: str) -> None:
    assert rain_level(mm) == name


def test_snow_of_a_day_and_force_of_wind() -> None:
    assert snow_level(10) == "暴雪"
    assert [wind_force(v) for v in (0.2, 0.3, 10.8, 17.2, 56.1)] == [0, 1, 6, 8, 17]


def test_fire_danger_of_the_worked_example_and_at_its_edges() -> None:
    found = fire_danger(27.3, 22, 1.0, 5, 9.2, "20%")
    assert (found.A, found.B, found.C, found.D, found.E, found.HTZ, found.level) == (20, 20, 35, 25, 5, 95, 5)
    assert fire_danger(5.0, 71, 12.0, 0, 0.2, "100%").HTZ == -20
    assert fire_danger(5.0, 71, 12.0, 0, 0.2, "100%").level == 1
    assert fire_danger(27.3, 22, 0.2, 0, 9.2, 0.0).C == 50
