"""Forecasts that appear by themselves: readings go through the worker, are judged, and stand on the map with what follows."""

from __future__ import annotations

from datetime import timedelta

import pytest

from anlan.kernel import clock
from anlan.kernel.events.dispatcher import drain
from anlan.kernel.models import Area
from anlan.monitoring import actions, layers, queries
from anlan.monitoring.models import Catchment
from anlan.simulation.layers import fire_fronts
from anlan.simulation.models import Run
from tests.conftest import City, actor
from tests.monitoring.conftest import T0, Feed, make_station, make_stream
from tests.simulation.test_runs import square

pytestmark = pytest.mark.django_db
DAY, HOUR = 24 * 60, 60


def test_rain_that_a_gauge_sends_becomes_a_torrent_on_the_map(city: City, feed: Feed) -> None:
    by = actor(city.city)
    Area.objects.filter(pk=city.east.pk).update(geometry=square(106.7, 39.5, 0.3), population=9000)
    gauge = make_station(city, kind="气象", lon=106.8, lat=39.6)
    Catchment.objects.create(
        code="X1", name="样例沟", lon=106.82, lat=39.6, area_km2=25, length_km=9, slope=0.03, curve_number=80,
        flood_flow_m3_s=40, area=city.east, station=gauge,
    )  # fmt: skip
    rain = make_stream(gauge, "小时雨量", "mm")
    with clock.standing_at(T0 + timedelta(minutes=5)):
        feed.say(rain, (-130, 30.0), (-70, 35.0), (-10, 30.0))
        actions.judge_readings(by, clock.now())
        drain()
        shown = layers.judgements(by, None)["features"]
        water = fire_fronts(by, None)["features"]
    assert {one["properties"]["name"].split("：")[1][:2] for one in shown} >= {"暴雨", "山洪"}
    run = Run.everything.get(kind="flood", because="")
    assert {one["properties"]["run"] for one in water} == {run.pk}
    assert len({one["properties"]["minute"] for one in water}) > 3, "the time slider has steps"


def test_a_cold_month_and_a_rising_gauge_become_ice_by_stage_whatever_the_flow_says(city: City, feed: Feed) -> None:
    by = actor(city.city)
    gauge = make_station(city, "G", kind="水文", area=city.west)
    air = make_station(city, "W", kind="气象", area=city.west)
    stage, flow = make_stream(gauge, "河道水位", "m"), make_stream(gauge, "流量", "m3/s")
    warmth = make_stream(air, "气温", "℃")
    with clock.standing_at(T0 + timedelta(minutes=5)):
        feed.say(warmth, *((-k * DAY - 6 * HOUR, -9.0) for k in range(25, -1, -1)))
        feed.say(stage, *((-k * DAY - 4 * HOUR, 1050.0) for k in range(25, 0, -1)))
        feed.say(flow, (-DAY, 640.0), (-5, 410.0))
        actions.judge_readings(by, clock.now())
        quiet = queries.judgements(by).filter(name="凌汛").first()
        feed.say(stage, *((-k * HOUR, 1051.4 - 0.15 * k) for k in range(6, -1, -1)))
        actions.judge_readings(by, clock.now())
        found = queries.judgements(by).get(name="凌汛")
        shown = [one["properties"]["name"] for one in layers.judgements(by, None)["features"]]
    assert quiet is None or quiet.colour in ("", "蓝", "黄")
    assert found.colour == "橙"
    assert found.figures["rise_m"] >= 0.5
    assert found.figures["phase"] != "畅流"
    assert any("凌汛" in name for name in shown)
