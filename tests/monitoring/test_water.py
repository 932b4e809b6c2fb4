"""Rivers, dams, dikes, hollows: forecasts with their skill, and what high water leads to by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.hazards.contract import InputError
from anlan.hazards.flood import ponding, routing
from anlan.kernel import clock
from anlan.kernel.events.dispatcher import drain
from anlan.kernel.models import Area
from anlan.monitoring import actions, layers, queries
from anlan.monitoring.models import Barrier, Judgement, Latest, LowSpot, Reach, StageForecast, Station
from anlan.monitoring.rules import forecasting
from anlan.simulation.models import Lead, Run
from tests.conftest import City, actor
from tests.monitoring.conftest import make_station, make_stream
from tests.monitoring.test_natural import fill
from tests.simulation.test_runs import square
from tests.web.conftest import SignIn, signed_in

__all__ = ["signed_in"]
NOW = datetime(2026, 7, 20, 6, 30, tzinfo=UTC)


def flood_wave(hours: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(upstream flow, downstream flow, downstream stage): waves routed 6 h down a reach, read by a rating."""
    t = np.arange(hours, dtype=float)
    upstream = 500 + 250 * np.sin(t / 24) ** 2 + 120 * np.sin(t / 9) ** 2
    down = routing.Muskingum(1.0, 0.2, 6).route(upstream, 1.0)
    return upstream, down, 1070 + (down / 500) ** 0.6


def test_a_routed_forecast_beats_no_change_and_says_how_good_it_has_been() -> None:
    upstream, down, stage = flood_wave(300)
    known = slice(0, 280)
    said = forecasting.forecast(stage[known], 1.0, 6.0, down[known], upstream[known], travel_h=6.0)
    assert said is not None
    assert said.method.startswith("马斯京根")
    assert said.stages == pytest.approx(stage[280:286], abs=0.03)
    assert set(said.skill) == {"1", "3", "6"}
    assert float(said.skill["3"]["persistence"]) > 0.9, "0 is as good as saying that nothing changes"
    assert said.skill["6"]["grade"] == "甲"
    plain = forecasting.forecast(stage[known], 1.0, 6.0)
    assert plain is not None
    assert float(plain.skill["6"]["rmse_m"]) > 3 * float(said.skill["6"]["rmse_m"])
    assert plain.bands[-1] >= plain.bands[0] > 0


def test_a_short_hole_is_bridged_and_a_long_one_forgets_what_was_before() -> None:
    upstream, down, stage = flood_wave(280)
    gap = stage.copy()
    gap[100:102] = np.nan
    assert forecasting.forecast(gap, 1.0, 6.0, down, upstream, 6.0) is not None
    gap[:260] = np.nan
    assert forecasting.forecast(gap, 1.0, 6.0, down, upstream, 6.0) is None, "twenty hours tell nothing"


@settings(max_examples=20, deadline=None)
@given(st.floats(1000, 1100), st.floats(-0.05, 0.05))
def test_a_river_that_stands_still_is_forecast_to_stand_and_a_rising_one_to_rise(level: float, slope: float) -> None:
    said = forecasting.forecast(level + slope * np.arange(60.0), 1.0, 12.0)
    assert said is not None
    assert (np.diff(said.stages) * np.sign(slope) >= -1.1e-3).all()
    assert abs(said.stages[-1] - (level + 59 * slope)) <= 12 * abs(slope) + 1e-3


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 80), min_size=1, max_size=24), st.integers(0, 23), st.floats(0, 50))
def test_more_rain_never_drains_a_hollow(rain: list[float], at: int, more: float) -> None:
    wetter = [mm + (more if i == at % len(rain) else 0) for i, mm in enumerate(rain)]
    less, after = (ponding.hollow_depth(row, 8, 0.85, 22, 1400) for row in (rain, wetter))
    assert 0 <= less <= after


@pytest.mark.parametrize(("name", "value"), [("rain_mm[1]", -1.0), ("rain_mm[1]", float("nan"))])
def test_negative_rain_is_refused_by_its_hour(name: str, value: float) -> None:
    with pytest.raises(InputError) as refused:
        ponding.hollow_depth([3.0, value], 8, 0.85, 22, 1400)
    assert refused.value.field == name


@pytest.fixture
def river(city: City) -> Reach:
    """Two hourly gauges 6 h apart with 12 days of waves; people on the plain behind the dike."""
    Area.objects.filter(pk=city.west.pk).update(geometry=square(106.6, 39.4, 0.2), population=8000)
    upstream, down, stage = flood_wave(280)
    gauges = []
    for code, flow, level in (("UP", upstream, None), ("DOWN", down, stage)):
        gauge = make_station(city, code, kind="水文", area=city.west)
        gauges.append(gauge)
        for quantity, values in (("流量", flow), ("河道水位", level)):
            if values is not None:
                stream = make_stream(gauge, quantity, unit="m")
                fill(stream.pk, [(280 - 1 - k, float(v)) for k, v in enumerate(values)], NOW)
    return Reach.objects.create(
        code="R", name="样例河段", upstream=gauges[0], downstream=gauges[1], width_m=400, bed_slope=0.0003, travel_h=6, lead_h=6,
        lon=106.7, lat=39.5, area=city.west, representative=True,
    )  # fmt: skip


def test_a_gauge_is_forecast_once_for_each_reading_judged_and_shown(
    river: Reach, city: City, signed_in: SignIn
) -> None:
    by = actor(city.city)
    with clock.standing_at(NOW):
        assert actions.forecast_stages(by, NOW) == 1
        assert actions.forecast_stages(by, NOW) == 0, "nothing new was read"
        row = StageForecast.everything.get()
        level = max(row.stages) - 0.01
        Station.everything.filter(pk=river.downstream_id).update(alert_m=level)
        actions.judge_readings(by, NOW)
        found = Judgement.everything.get(name="水位预报")
        assert (found.colour, found.subject) == ("黄", f"station:{river.downstream_id}")
        assert "确定性系数" in found.reason
        (feature,) = layers.forecasts(by, None)["features"]
        assert f"{max(row.stages):.2f} m" in feature["properties"]["name"]
        page = signed_in().get("/monitoring/rivers/").content.decode()
    for words in ("样例河段", "马斯京根", "确定性系数", "stroke-dasharray"):
        assert words in page
    assert list(queries.stage_forecasts(actor(city.east))) == []


def test_water_at_the_crest_of_a_dike_runs_the_breach_by_itself_with_people_and_advice(
    river: Reach, city: City
) -> None:
    by = actor(city.city)
    Barrier.objects.create(
        code="D", name="样例堤段", kind="dike", crest_m=1071.6, foot_m=1069, station=river.downstream, lon=106.7, lat=39.5,
        upstream_deg=0, area=city.west, representative=True,
    )  # fmt: skip
    stream = river.downstream.datastreams.get(quantity="河道水位")
    with clock.standing_at(NOW):
        actions.judge_readings(by, NOW)
        assert not Judgement.everything.filter(name="堤坝高水位").exists(), "no reading is kept as the latest yet"
        Latest.objects.create(datastream=stream, at=NOW, value=1071.3, received_at=NOW)
        actions.judge_readings(by, NOW)
        found = Judgement.everything.get(name="堤坝高水位")
        assert (found.colour, found.figures["freeboard_m"]) == ("红", 0.3)
        drain()
    lead = Lead.everything.get(edge="high-water-barrier")
    assert lead.things[0]["name"] == "样例堤段"
    run = Run.everything.get(pk=lead.things[0]["run"])
    assert (run.inputs["scenario"], run.inputs["rise_m"]) == ("dike_breach", 2.3)
    assert run.summary["advice"][0]["source"]
    assert lead.people
    assert lead.people > 0


def test_a_cloudburst_fills_the_underpass_and_is_told_with_its_depth(city: City) -> None:
    by = actor(city.city)
    Area.objects.filter(pk=city.west.pk).update(geometry=square(106.6, 39.4, 0.2), population=8000)
    gauge = make_station(city, "RAIN", kind="气象", area=city.west)
    stream = make_stream(gauge, "小时雨量", unit="mm")
    fill(stream.pk, [(3, 2.0), (1, 58.0), (0, 12.0)], NOW)
    LowSpot.objects.create(
        code="L", name="样例下穿桥", basin_hm2=8, runoff=0.85, drain_mm_h=22, pond_m2=1400, lon=106.7, lat=39.5, area=city.west,
        representative=True,
    )  # fmt: skip
    with clock.standing_at(NOW):
        actions.judge_readings(by, NOW)
        drain()
    found = Judgement.everything.get(name="内涝")
    filled_m3 = (0.85 * 58 - 22) * 80 + (0.85 * 12 - 22) * 80
    assert found.figures["depth_m"] == pytest.approx((2 * filled_m3 / 1400) ** 0.5, abs=0.01)
    assert found.colour == "红"
    assert timedelta(0) <= NOW - found.since
