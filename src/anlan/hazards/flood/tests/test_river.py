"""Breach, routing, flash flood, ponding and the footprint on the map."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point, shape

from anlan.hazards.contract import InputError
from anlan.hazards.flood import HAZARD, breach, flash, ponding, routing, run
from anlan.hazards.flood.terrain import Series, Terrain
from anlan.hazards.raster import Raster

DAM = breach.Opening(60.0, 0.0, 1.0, 1800.0, 20.0)
CURVE = ([0.0, 10.0, 20.0], [0.0, 2e6, 1e7])
BASIN = flash.Catchment(12.0, 6.0, 0.03, 75.0, 40.0)
STORM = ponding.Formula(10.0, 0.8, 10.0, 0.75)


def test_a_breached_pool_loses_what_its_outflow_carries() -> None:
    found = breach.dam(DAM, *CURVE, level_m=20.0, hours=6)
    assert found.mass_error < 1e-9
    assert found.released_m3 == pytest.approx(1e7, rel=0.02)
    assert (np.diff(found.level_m) <= 1e-9).all()
    assert 0 < found.peak_s <= 2 * 1800


def test_the_peak_is_of_the_order_that_past_failures_had() -> None:
    width, seconds = breach.froehlich(1e7, 20.0)
    assert width == pytest.approx(0.27 * 1.3 * 1e7**0.32 * 20**0.04)
    opening = breach.Opening(width, 0.0, 1.0, seconds, 20.0)
    routed = breach.dam(opening, *CURVE, level_m=20.0, hours=6).peak_m3_s
    assert 0.4 < routed / breach.froehlich_peak(1e7, 20.0) < 2.5


def test_a_faster_breach_peaks_higher() -> None:
    slow = breach.Opening(60.0, 0.0, 1.0, 7200.0, 20.0)
    peaks = [breach.dam(o, *CURVE, level_m=20.0, hours=6).peak_m3_s for o in (slow, DAM)]
    assert peaks[0] < peaks[1]


def test_a_dike_breach_under_a_steady_river_ends_at_the_weirs_flow() -> None:
    opening = breach.Opening(80.0, 0.0, 0.0, 3600.0, 2.0)
    found = breach.dike(opening, Series.constant(2.0), 3)
    assert found.flow_m3_s[-1] == pytest.approx(1.71 * 80 * 2**1.5)
    drowned = breach.dike(opening, Series.constant(2.0), 3, Series.constant(1.9))
    assert drowned.flow_m3_s[-1] < 0.6 * found.flow_m3_s[-1]


def test_an_instant_dam_break_takes_schoklitschs_peak() -> None:
    assert breach.schoklitsch_peak(100, 100, 10) == pytest.approx(8 / 27 * 9.80665**0.5 * 100 * 10**1.5)


def test_a_reach_keeps_the_volume_and_delays_and_flattens_the_peak() -> None:
    wave = 500 + 1500 * np.exp(-(((np.arange(80) - 20) / 6.0) ** 2))
    out = routing.Muskingum(12.0, 0.2, 2).route(wave, 6.0)
    assert out.sum() == pytest.approx(wave.sum(), rel=1e-5)
    assert out.max() < wave.max()
    assert out.argmax() > wave.argmax()


def test_calibration_finds_the_reach_that_made_the_flow() -> None:
    wave = 500 + 1500 * np.exp(-(((np.arange(120) - 30) / 8.0) ** 2))
    out = routing.Muskingum(20.0, 0.15, 1).route(wave, 6.0 * 2) + 30
    model, gain = routing.calibrate(wave.tolist(), out.tolist(), 12.0)
    assert gain == pytest.approx(30, abs=5)
    again = model.route(wave, 12.0) + gain
    assert routing.skill(out.tolist(), again.tolist()).nse > 0.995


def test_updating_by_observed_errors_beats_routing_alone() -> None:
    random = np.random.default_rng(4)
    wave = 800 + 300 * np.sin(np.arange(200) / 12)
    drift = np.zeros(200)
    for i in range(1, 200):
        drift[i] = 0.9 * drift[i - 1] + 15 * random.standard_normal()
    model = routing.Muskingum(24.0, 0.2, 1)
    seen = model.route(wave, 24.0) + drift
    alone, corrected = routing.hindcast(model, wave, seen, 1, 24.0)
    assert (
        routing.skill(seen.tolist(), corrected.tolist()).rmse < 0.7 * routing.skill(seen.tolist(), alone.tolist()).rmse
    )


def test_a_perfect_forecast_scores_one() -> None:
    seen = [500.0, 600.0, 800.0, 700.0, 650.0, 640.0]
    found = routing.skill(seen, seen)
    assert (found.nse, found.persistence, found.passed, found.grade) == (1.0, 1.0, 1.0, "甲")


def test_runoff_and_its_inverse_agree() -> None:
    for rain in (40.0, 80.0, 200.0):
        assert flash.rain_for(flash.runoff_mm(rain, 75), 75) == pytest.approx(rain)


def test_wet_ground_needs_less_rain_and_short_rain_is_more_dangerous() -> None:
    dry, middling, wet = (flash.guidance(BASIN, soil) for soil in flash.SOILS)
    assert all(wet[h] < middling[h] < dry[h] for h in flash.WINDOWS_H)
    assert list(wet.values()) == sorted(wet.values())


def test_the_window_furthest_over_its_limit_decides() -> None:
    critical = {1.0: 30.0, 6.0: 60.0}
    assert flash.judge({1.0: 31.0, 6.0: 50.0}, critical).action == "立即转移"
    found = flash.judge({1.0: 20.0, 6.0: 50.0}, critical)
    assert (found.action, found.window_h) == ("准备转移", 6.0)
    assert flash.judge({1.0: None}, critical).action == ""
    assert flash.judge({1.0: 10.0}, critical, {1.0: 9.0}).action == "准备转移"


@given(st.floats(0, 200), st.floats(0, 200))
def test_more_rain_never_lowers_the_verdict(rain: float, more: float) -> None:
    critical, order = flash.guidance(BASIN), ("", "准备转移", "立即转移")
    first, second = (order.index(flash.judge({1.0: r, 3.0: r}, critical).action) for r in (rain, rain + more))
    assert second >= first


def test_the_design_storm_holds_the_heaviest_of_every_duration_round_its_peak() -> None:
    storm = ponding.design_storm(STORM, 120, 10)
    rates = np.array(storm.values[:-1:2])
    assert rates.sum() * 5 / 60 == pytest.approx(STORM.depth_mm(120, 10))
    heaviest = max(rates[i : i + 6].sum() for i in range(rates.size - 5)) * 5 / 60
    assert heaviest == pytest.approx(STORM.depth_mm(30, 10))
    assert rates.argmax() == int(24 * 0.4)


def test_rain_beyond_the_drains_stands_in_the_hollow() -> None:
    y, x = np.mgrid[0:30, 0:30]
    ground = 0.0006 * ((x - 15.0) ** 2 + (y - 15.0) ** 2) * 10
    storm = Series((0.0, 3600.0), (80.0, 80.0))
    dry = ponding.storm(Terrain(ground, 10.0, 0.02, drain_mm_h=80.0), storm, 1.0)
    wet = ponding.storm(Terrain(ground, 10.0, 0.02, drain_mm_h=20.0), storm, 1.0)
    assert ponding.ponds(dry, 10.0) == []
    (pond,) = ponding.ponds(wet, 10.0)
    assert (15, 15) in {tuple(cell) for cell in pond.cells.tolist()}
    assert pond.colour
    assert 0 < pond.arrival_min < 60
    assert pond.volume_m3 < 300 * 300 * 0.06


@pytest.mark.parametrize(("bank", "east"), [("left", False), ("right", True)])
def test_a_breach_floods_the_bank_it_is_on(bank: str, east: bool) -> None:
    # the river comes from the south: facing downstream is facing north
    given = {"scenario": "dike_breach", "upstream_deg": 180, "bank": bank, "rise_m": 2, "hours": 3, "reach_km": 4}
    found = HAZARD.run(106.8, 39.6, given)
    middle = shape(found.zones[-1].geometry).centroid
    assert (middle.x > 106.8) is east
    assert middle.y > 39.6
    assert shape(found.zones[-1].geometry).distance(Point(106.8, 39.6)) < 1e-3
    assert len(found.summary["frames"]) > 5
    assert found.summary["mass_error"] < 1e-9


def test_a_jam_holds_water_over_the_bank_upstream_of_itself_and_no_higher_than_its_level() -> None:
    found = HAZARD.run(106.8, 39.6, {"scenario": "ice_jam", "upstream_deg": 180, "rise_m": 1.2})
    # 1.2 m against a bed slope of 0.00025 reaches 4.8 km upstream, half of it more than 0.5 m deep
    south = shape(found.zones[0].geometry).bounds[1]
    assert (39.6 - south) * 111_000 == pytest.approx((1.2 - 0.5) / 0.00025, rel=0.05)
    assert found.summary["deepest_m"] < 1.3


@pytest.mark.parametrize(
    ("field", "call"),
    [
        ("hours", lambda: breach.dam(DAM, *CURVE, level_m=20.0, hours=0)),
        ("level_m", lambda: breach.dam(DAM, *CURVE, level_m=99.0, hours=1)),
        ("bottom_m", lambda: breach.Opening(10, 5.0, 1, 100, 4.0)),
        ("dt_h", lambda: routing.Muskingum(10, 0.2).route([1, 2, 3], 24)),
        ("inflow[1]", lambda: routing.Muskingum(10, 0.2).route([1, -2, 3], 10)),
        ("soil", lambda: flash.guidance(BASIN, "冻")),
        ("rain_mm[1]", lambda: flash.judge({1.0: -3.0}, {1.0: 30.0})),
        ("curve_number", lambda: flash.Catchment(12, 6, 0.03, 120, 40)),
        ("years", lambda: STORM.depth_mm(60, 0)),
        ("bank", lambda: HAZARD.run(106.8, 39.6, {"bank": "up"})),
    ],
)
def test_wrong_input_is_refused_by_name(field: str, call: object) -> None:
    with pytest.raises(InputError) as refused:
        call()  # type: ignore[operator]
    assert refused.value.field == field


def flows(shared: Path, stations: tuple[str, str], year: int) -> tuple[np.ndarray, np.ndarray]:
    """Daily flows of both gauges, July to October, days that both have."""
    found: dict[str, dict[str, float]] = {name: {} for name in stations}
    with (shared / "wuhai/yellow_river_daily_yrcc_2001_2022.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if (
                row["station"] in found
                and f"{year}-07" <= row["date"] < f"{year}-11"
                and row["flow_m3s"] not in ("", "-")
            ):
                found[row["station"]][row["date"]] = float(row["flow_m3s"])
    days = sorted(set(found[stations[0]]) & set(found[stations[1]]))
    upper, lower = (np.array([found[name][day] for day in days]) for name in stations)
    return upper, lower


@pytest.mark.parametrize(
    ("stations", "year", "nse"),
    # between the first two stand a reservoir and the diversion of 三盛公: there only the updating makes it a forecast
    [(("石嘴山", "巴彦高勒"), 2010, 0.9), (("三湖河口", "头道拐"), 2021, 0.95)],
)
def test_a_day_ahead_on_real_gauges_beats_no_change(
    shared: Path, stations: tuple[str, str], year: int, nse: float
) -> None:
    upper, lower = flows(shared, stations, year)
    model, gain = routing.calibrate(upper.tolist(), lower.tolist(), 24.0)
    alone, corrected = routing.hindcast(model, upper, lower, 1, 24.0, gain)
    score = routing.skill(lower.tolist(), corrected.tolist())
    assert score.nse > nse
    assert score.persistence > 0.5
    assert score.rmse < routing.skill(lower.tolist(), alone.tolist()).rmse


def loaded(heights: np.ndarray, **more: object) -> dict[str, object]:
    """Inputs of a breach over loaded heights of 25 m round (106.7, 39.5)."""
    land = Raster(106.68, 39.48, 0.00029, 0.000225, heights, "样例")
    return {
        "scenario": "dike_breach",
        "reach_km": 1.5,
        "hours": 1,
        "rise_m": 2,
        "ground": {"elevation_m": land},
        **more,
    }


def slope() -> np.ndarray:
    y, x = np.mgrid[0:180, 0:140]
    return np.asarray(1080 + 0.05 * y + 0.02 * np.abs(x - 69), np.float64)


def test_over_loaded_ground_water_stays_in_the_valley_and_a_wall_keeps_it_from_what_lies_behind() -> None:
    free = run(106.7, 39.5, loaded(slope()))
    wall = {"points": [[106.685, 39.497], [106.72, 39.497]], "crest_m": 1100.0}
    held = run(106.7, 39.5, loaded(slope(), structures=[wall]))
    pipe = {"near": [106.7, 39.4972], "far": [106.7, 39.4967], "area_m2": 3.0, "invert_m": 1080.0, "height_m": 1.5}
    leaking = run(106.7, 39.5, loaded(slope(), structures=[wall, pipe]))
    # a dike with its corners far outside what is simulated, and beyond any district, holds as well
    long = run(
        106.7, 39.5, loaded(slope(), structures=[{"points": [[106.3, 39.497], [107.1, 39.497]], "crest_m": 1100.0}])
    )
    assert long.zones[-1].geometry == held.zones[-1].geometry
    first, second, third = (shape(found.zones[-1].geometry).bounds[1] for found in (free, held, leaking))
    assert first < second
    assert second > 39.4965, "nothing passes the wall"
    assert third < second, "the culvert lets it through"
    assert all(found.summary["mass_error"] < 1e-9 for found in (free, held, leaking))
    assert "墙堤 1 道、涵洞 1 处" in leaking.assumptions[-2]


def test_a_hole_in_the_heights_is_refused_by_its_place_before_any_work_and_coarse_heights_are_left_aside() -> None:
    holed = slope()
    holed[90, 70] = np.nan
    with pytest.raises(InputError) as refused:
        run(106.7, 39.5, loaded(holed))
    assert refused.value.field == "ground.elevation_m"
    assert "39.5" in str(refused.value.value)
    coarse = Raster(106.0, 39.0, 0.083, 0.083, np.full((20, 20), 1080.0), "5 分")
    found = run(106.7, 39.5, {"scenario": "dike_breach", "hours": 1, "ground": {"elevation_m": coarse}})
    assert "地面取均匀坡度（示意地形）" in found.assumptions


@pytest.mark.parametrize(
    ("field", "inputs"),
    [
        ("storage", {"scenario": "dam_breach"}),
        ("level_m", {"scenario": "dam_breach", "storage": [[0, 0], [20, 1e6]], "level_m": 25}),
        ("foot_m", {"scenario": "dam_breach", "storage": [[0, 0], [20, 1e6]], "level_m": 10, "foot_m": 12}),
        ("scenario", {"scenario": "ponding"}),
        ("rain[1].rate", {"scenario": "ponding", "rain": [[0, 5], [10, -1]]}),
        ("rise_m", {"scenario": "ice_jam", "rise_m": float("nan")}),
        ("scenario", {"scenario": "tsunami"}),
    ],
)  # fmt: skip
def test_a_scenario_that_cannot_be_is_refused_by_name(field: str, inputs: dict[str, object]) -> None:
    with pytest.raises(InputError) as refused:
        run(106.7, 39.5, inputs)
    assert refused.value.field == field


def test_a_dam_that_empties_gives_what_it_held_and_a_fuller_one_a_higher_peak() -> None:
    curve = [[1080.0, 0.0], [1100.0, 3e6]]
    half, full = (
        run(
            106.7, 39.5, {"scenario": "dam_breach", "storage": curve, "level_m": level, "foot_m": 1081.0, "hours": 4}
        ).summary
        for level in (1090.0, 1099.0)
    )
    assert full["peak_m3_s"] > half["peak_m3_s"] > 0
    assert full["released_m3"] == pytest.approx(3e6 * 18 / 20, rel=0.02)
    assert full["advice"][0]["source"]
