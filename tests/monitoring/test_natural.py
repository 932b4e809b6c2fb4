"""Natural hazards judged from readings: signals, fire danger, ice, torrents; hotspots that become fires."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.command.models import Proposal
from anlan.hazards.flood import flash, ice
from anlan.hazards.wildfire.moisture import equilibrium
from anlan.kernel import clock
from anlan.kernel.events.dispatcher import drain
from anlan.kernel.events.models import Event
from anlan.kernel.models import Area
from anlan.monitoring import actions, layers, queries
from anlan.monitoring.models import Catchment, ClimateMonth, Fire, Judgement, Station
from anlan.monitoring.rules import judging, signals
from anlan.monitoring.rules.advice import advice
from anlan.monitoring.rules.judging import Hour
from anlan.simulation.models import Lead, Run
from tests.conftest import City, actor
from tests.monitoring.conftest import make_station, make_stream
from tests.simulation.test_runs import square
from tests.web.conftest import SignIn, signed_in

__all__ = ["signed_in"]
NOW = datetime(2026, 7, 20, 6, 30, tzinfo=UTC)


def flat(value: float, hours: int, start: int = 0) -> list[Hour]:
    return [Hour(ago, value, value, value, value) for ago in range(start, start + hours)]


@pytest.mark.parametrize(
    ("streams", "said"),
    [
        ({"小时雨量": flat(20, 3)}, {"暴雨": "橙"}),
        ({"小时雨量": flat(34, 3)}, {"暴雨": "红"}),
        ({"小时雨量": flat(34, 3, start=5)}, {"暴雨": "蓝"}),
        ({"小时雨量": flat(16, 2)}, {}),
        ({"风速": flat(25, 2)}, {"大风": "橙"}),
        ({"风速": flat(25, 2, start=5)}, {}),
        ({"气温": flat(40.2, 1)}, {"高温": "红"}),
        ({"气温": flat(35.5, 72)}, {"高温": "黄"}),
        ({"气温": [*flat(35.5, 24), *flat(35.5, 24, start=48)]}, {}),
        ({"能见度": flat(40, 1), "相对湿度": flat(95, 1)}, {"大雾": "红"}),
        ({"能见度": flat(400, 1), "相对湿度": flat(20, 1), "风速": flat(9, 2)}, {"沙尘暴": "橙"}),
        ({"能见度": flat(400, 1)}, {}),
    ],
)  # fmt: skip
def test_readings_prove_signals_and_holes_prove_nothing(streams: dict[str, Any], said: dict[str, str]) -> None:
    assert {one.name: one.colour for one in judging.weather(streams)} == said


def test_a_fall_of_temperature_counts_only_between_two_whole_days() -> None:
    whole = {"气温": [*flat(-10, 24), *flat(3, 24, start=24)], "风速": flat(12, 2)}
    assert {one.name: one.colour for one in judging.weather(whole)} == {"寒潮": "橙", "大风": "蓝"} | {"寒潮": "橙"}
    holes = {"气温": [*flat(-10, 24), *flat(3, 8, start=24)], "风速": flat(12, 2)}
    assert {one.name for one in judging.weather(holes)} == {"大风"}


def test_fire_danger_of_the_standard_s_worked_case() -> None:
    rain = [Hour(24 * 5, 1.0, 1.0, 1.0, 1.0)]
    streams = {"气温": flat(27.3, 24), "相对湿度": flat(22, 24), "风速": flat(9.2, 24), "小时雨量": rain}
    found = judging.fire_danger(streams, 5, "20%")
    assert found is not None
    assert (found.figures["HTZ"], found.colour) == (95.0, "红")
    assert judging.fire_danger({"气温": flat(27, 24)}, 5) is None


BASIN = flash.Catchment(25, 9, 0.03, 80, 40)


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 100), st.floats(0, 50))
def test_more_rain_never_calls_a_torrent_off(mm: float, more: float) -> None:
    ranks = {"": 0, "橙": 1, "红": 2}
    basin = judging.Basin(BASIN, {}, {})
    less, after = (judging.flash_flood(flat(value, 3), basin) for value in (mm, mm + more))
    assert ranks[after.colour] >= ranks[less.colour]


def test_a_surveyed_table_goes_before_the_computed_critical_rain() -> None:
    found = judging.flash_flood(flat(12, 1), judging.Basin(BASIN, {1.0: 12.0}, {}))
    assert (found.colour, found.clause) == ("红", "山洪灾害调查评价临界雨量")
    assert judging.flash_flood(flat(12, 1), judging.Basin(BASIN, {}, {})).colour == ""


def test_ice_is_judged_by_stage_and_by_the_day_where_only_daily_stages_exist() -> None:
    daily = [Hour(24, 1050.47, 1050.47, 1050.47, 1050.47), Hour(0, 1051.55, 1051.55, 1051.55, 1051.55)]
    found = judging.ice_flood(daily, [], ice.Levels())
    assert found is not None
    assert (found.colour, found.figures["rise_m"]) == ("橙", 1.08)
    hourly = [Hour(ago, s := 1050 + (24 - ago) * 0.02, s, s, s) for ago in range(24)]
    slow = judging.ice_flood(hourly, [], ice.Levels(alert_m=1050.4))
    assert slow is not None
    assert slow.colour == "黄", "0.12 m in six hours is no jam; the alert stage is"


def test_equilibrium_moisture_of_the_fire_danger_tables() -> None:
    assert equilibrium(21.1, 50) == pytest.approx(0.0920, abs=5e-4)
    assert equilibrium(35, 5) < equilibrium(20, 30) < equilibrium(5, 90)


def fill(stream: int, rows: Sequence[tuple[float, float]], now: datetime = NOW) -> None:
    """Readings as (hours ago, value), straight into the table."""
    with connection.cursor() as cursor:
        for day in sorted({(now - timedelta(hours=ago)).date() for ago, _ in rows}):
            cursor.execute("select anlan_observation_partition(%s)", [day])
        cursor.executemany(
            "insert into observation (stream, at, value, quality, received) values (%s, %s, %s, 0, %s)",
            [(stream, now - timedelta(hours=ago), value, now) for ago, value in rows],
        )


@pytest.fixture
def valley(city: City) -> tuple[City, Station, Catchment]:
    Area.objects.filter(pk=city.east.pk).update(geometry=square(106.7, 39.5, 0.3), population=9000)
    station = make_station(city, kind="气象", lon=106.8, lat=39.6)
    basin = Catchment.objects.create(
        code="X1", name="样例沟", lon=106.82, lat=39.6, area_km2=25, length_km=9, slope=0.03, curve_number=80,
        flood_flow_m3_s=40, area=city.east, station=station,
    )  # fmt: skip
    return city, station, basin


def test_rain_over_its_threshold_warns_of_the_torrent_runs_it_and_ends_with_the_rain(
    valley: tuple[City, Station, Catchment], signed_in: SignIn
) -> None:
    city, station, basin = valley
    by = actor(city.city)
    stream = make_stream(station, "小时雨量", "mm")
    fill(stream.pk, [(2.2, 30), (1.2, 35), (0.2, 30)])
    with clock.standing_at(NOW):
        assert actions.judge_readings(by, NOW) == 2
        assert actions.judge_readings(by, NOW + timedelta(minutes=5)) == 0, "the same picture is no news"
        drain()
        standing = {row.name: row for row in queries.judgements(by)}
        assert set(standing) == {"暴雨", "山洪"}
        run = Run.everything.get(kind="flood", because="")
        assert run.inputs["peak_m3_s"] == standing["山洪"].figures["peak_m3_s"]
        assert (run.lon, run.correlation_id) == (basin.lon, standing["山洪"].correlation_id)
        edges = set(Lead.everything.values_list("edge", flat=True))
        assert {"rain-flash-flood", "rain-landslide"} <= edges
        assert {f["properties"]["name"] for f in layers.judgements(by, None)["features"]} == {
            row.title for row in standing.values()
        }
        assert "样例沟" in signed_in().get("/monitoring/judgements/").content.decode()
        later = NOW + timedelta(hours=30)
        assert actions.judge_readings(by, later) == 2
        assert not queries.judgements(by).exists()
        assert Judgement.everything.filter(ended_at=later).count() == 2
        assert list(queries.judgements(actor(city.west), standing=False)) == []


def test_fire_danger_is_shown_by_district(valley: tuple[City, Station, Catchment]) -> None:
    city, station, _ = valley
    for quantity, value in (("气温", 33.0), ("相对湿度", 12.0), ("风速", 12.0)):
        fill(make_stream(station, quantity, "-").pk, [(1, value)])
    with clock.standing_at(NOW):
        actions.judge_readings(actor(city.city), NOW)
        shown = layers.fire_danger(actor(city.city), None)["features"]
    assert [(f["properties"]["name"], f["properties"]["colour"]) for f in shown] == [("海勃湾区", layers.DANGER[4][0])]
    assert "LY/T 1172" in shown[0]["properties"]["source"]


def hotspot(by: Any, key: str, at: datetime, lon: float, lat: float, confidence: float = 80) -> int:
    event, _ = actions.receive_event(
        by, "hotspot", key, at, lon, lat, f"卫星热点 {key}", None,
        {"scan_km": 0.5, "track_km": 0.5, "confidence_pct": confidence, "frp_mw": 5.0}, "FIRMS",
    )  # fmt: skip
    return event.pk


def test_hotspots_become_one_fire_with_an_ellipse_a_clue_and_a_spread_of_their_own(
    valley: tuple[City, Station, Catchment],
) -> None:
    by = actor(valley[0].city)
    with clock.standing_at(NOW):
        for n in range(3):
            hotspot(by, f"h{n}", NOW - timedelta(minutes=20), 106.80 + 0.004 * n, 39.60)
        drain()
        fire = Fire.everything.get()
        assert (fire.pixels, fire.static_days) == (3, None)
        assert fire.lon == pytest.approx(106.804, abs=1e-3)
        assert fire.semi_major_m > fire.semi_minor_m > 0
        assert Event.objects.filter(name="monitoring.FireLocated").count() == 3
        runs = Run.everything.filter(kind="wildfire")
        assert 1 <= runs.count() <= 3
        assert {run.correlation_id for run in runs} == {fire.correlation_id}
        assert runs.first().summary["members"] == 40
        assert "默认值" in runs.first().summary["weather"]
        clue = Proposal.everything.get()
        assert clue.title.startswith("疑似火情：3 个热点")
        assert len(layers.fires(by, None)["features"]) == 1


def test_a_place_that_is_always_hot_is_no_fire_and_comes_last(city: City) -> None:
    by = actor(city.city)
    with clock.standing_at(NOW):
        for day in range(12, -1, -3):
            hotspot(by, f"d{day}", NOW - timedelta(days=day), 106.70, 39.46)
        drain()
        assert Fire.everything.order_by("-last_at").first().static_days == 5
        newest = Proposal.everything.order_by("-at").first()
        assert (newest.priority, newest.title[:3]) == (3, "常热源")
        last = Fire.everything.order_by("-last_at").first().correlation_id
        assert not Run.everything.filter(correlation_id=last).exists()


def ahead(value: float, hours: int, start: int = 1) -> list[Hour]:
    """A forecast of the next hours."""
    return [Hour(-n, value, value, value, value) for n in range(start, start + hours)]


@pytest.mark.parametrize(
    ("streams", "coming", "said"),
    [
        ({}, {"小时雨量": ahead(17, 3)}, {"暴雨": "橙"}),
        ({"小时雨量": flat(30, 1)}, {"小时雨量": ahead(21, 1)}, {"暴雨": "橙"}),
        ({}, {"小时雨量": ahead(17, 3, start=9)}, {"暴雨": "蓝"}),
        ({}, {"小时雨量": ahead(17, 3, start=13)}, {}),
        ({}, {"阵风": ahead(35, 1, start=5)}, {"大风": "橙"}),
        ({}, {"阵风": ahead(35, 1, start=10)}, {"大风": "黄"}),
        ({}, {"阵风": ahead(35, 1, start=20)}, {"大风": "蓝"}),
        ({"气温": flat(3, 24)}, {"气温": ahead(-10, 24), "风速": ahead(12, 3)}, {"寒潮": "橙", "大风": "蓝"}),
        ({}, {"能见度": ahead(150, 1, 4), "相对湿度": ahead(96, 1, 4)}, {"大雾": "橙"}),
        ({}, {"能见度": ahead(30, 1, 4), "相对湿度": ahead(96, 1, 4)}, {"大雾": "橙"}),
        ({"能见度": flat(2500, 1), "相对湿度": flat(60, 1), "PM2.5": flat(160, 1)}, {}, {"霾": "黄"}),
        ({"地面温度": flat(4, 1)}, {"地面温度": ahead(-4, 1, 30)}, {"霜冻": "蓝"}),
    ],
)  # fmt: skip
def test_a_forecast_counts_as_far_ahead_as_the_order_s_colour_looks(
    streams: dict[str, Any], coming: dict[str, Any], said: dict[str, str]
) -> None:
    """中国气象局令第16号: "T 小时内将达", T by colour."""
    found = judging.weather(streams, coming)
    assert {one.name: one.colour for one in found} == said
    assert all(("预报" in one.reason) == bool(coming) for one in found)


@pytest.mark.parametrize(
    ("streams", "coming", "around", "said"),
    [
        ({}, {}, judging.Around(1), {"雷电": "橙"}),
        ({}, {}, judging.Around(60), {"雷电": "红"}),
        ({}, {"雷电概率": ahead(0.4, 1, 5)}, judging.Around(), {"雷电": "黄"}),
        ({"冰雹直径": flat(8, 1)}, {}, judging.Around(), {"冰雹": "橙"}),
        ({"冰雹直径": flat(25, 1)}, {}, judging.Around(), {"冰雹": "红"}),
        ({"路面温度": flat(-2, 1), "小时雪量": flat(0.4, 1)}, {}, judging.Around(), {"道路结冰": "红"}),
        ({"路面温度": flat(-2, 1)}, {"小时雨量": ahead(1, 1, 10)}, judging.Around(), {"道路结冰": "黄"}),
        ({"路面温度": flat(2, 1), "小时雪量": flat(0.4, 1)}, {}, judging.Around(), {}),
        ({"路面温度": flat(-2, 1)}, {}, judging.Around(), {}),
        ({"阵风": flat(26, 1)}, {}, judging.Around(0, 0.0), {"台风": "黄"}),
        ({"阵风": flat(26, 1)}, {}, judging.Around(0), {}),
    ],
)  # fmt: skip
def test_the_signals_told_by_words_are_proven_by_what_stations_strokes_and_forecasts_say(
    streams: dict[str, Any], coming: dict[str, Any], around: judging.Around, said: dict[str, str]
) -> None:
    assert {one.name: one.colour for one in judging.by_words(streams, coming, around)} == said


def test_every_signal_of_the_order_can_be_fed_and_has_its_guide() -> None:
    fed = {*judging.AHEAD, *judging.phenomena.RULES, "干旱"}
    assert fed == {*signals.SIGNALS, *judging.phenomena.RULES}
    assert len(fed) == 14
    for name in fed:
        told, source = advice(name, "红")
        assert told
        assert "16号" in source
    assert advice("大风", "蓝")[0] < advice("大风", "红")[0] or len(advice("大风", "红")[0]) > len(
        advice("大风", "蓝")[0]
    )


def test_slopes_are_judged_by_what_fell_and_what_is_forecast() -> None:
    wet, dry = flat(3, 24), flat(0, 24)
    assert judging.slope(wet, "高易发").colour == "橙"
    assert judging.slope(dry, "高易发", ahead(2, 20)).colour == "黄"
    assert judging.slope(dry, "不易发", ahead(2, 20)).colour == ""
    assert judging.slope([Hour(0, 40, 40, 40, 40)], "中易发").colour == "橙", "an hour of 35 mm alone"


def test_a_dry_summer_after_twenty_years_is_a_drought_of_the_standard_s_grades() -> None:
    months = [date(2000 + n // 12, n % 12 + 1, 1) for n in range(12 * 24 + 8)]
    rain = [
        30.0 + 10 * ((n * 7919) % 11) / 10 if n % 12 in (5, 6, 7) else 8.0 + (n * 31) % 5 for n in range(len(months))
    ]
    temp = [12.0 + 14 * (1 - abs(n % 12 - 6) / 3) for n in range(len(months))]
    normal = judging.drought(months, rain, temp, 39.7)
    dried = judging.drought(months, [*rain[:-3], 0.0, 0.0, 0.0], temp, 39.7)
    assert normal is not None
    assert dried is not None
    assert normal.colour == ""
    assert dried.colour in ("橙", "红")
    assert len(json.loads(str(dried.figures["past"]))) == judging.DROUGHT_MONTHS
    assert judging.drought(months[:200], rain[:200], temp[:200], 39.7) is None, "under twenty years"
    assert [judging.drought_grade(v)[0] for v in (-0.4, -0.5, -1.0, -1.5, -2.0)] == [
        "无旱",
        "轻旱",
        "中旱",
        "重旱",
        "特旱",
    ]


@pytest.mark.django_db
def test_strokes_forecasts_and_months_become_judgements_and_layers_by_themselves(city: City, signed_in: SignIn) -> None:
    Area.objects.filter(pk=city.west.pk).update(geometry=square(106.6, 39.4, 0.3), population=120_000)
    by = actor(city.city)
    station = make_station(city, "W-1", kind="气象", area=city.west)
    strokes = [actions.Flash(NOW - timedelta(minutes=n + 1), 106.71, 39.51, -20.0, "雷电网") for n in range(3)]
    with clock.standing_at(NOW):
        assert actions.keep_strokes(by, [*strokes, strokes[0]]) == 3
        assert actions.keep_strokes(by, strokes) == 0
        old = actions.Flash(NOW - timedelta(days=31), 106.71, 39.51, -20.0, "雷电网")
        early = actions.Flash(NOW + timedelta(minutes=6), 106.72, 39.51, -20.0, "雷电网")
        assert actions.keep_strokes(by, [old, early]) == 0
        said = actions.untimely([old, *strokes, early], NOW)
        assert [old.at.isoformat() in said[0], early.at.isoformat() in said[1], len(said)] == [True, True, 2]
        coming = [
            actions.Ahead("W-1", quantity, NOW - timedelta(hours=hour), NOW + timedelta(hours=2), value, "数值预报")
            for hour, quantity, value in ((6, "阵风", 20.0), (1, "阵风", 35.0), (9, "阵风", 10.0))
        ]
        assert actions.keep_forecasts(by, coming[:1]) == 1
        assert actions.keep_forecasts(by, coming) == 1
        assert actions.keep_forecasts(by, coming[2:]) == 0, "an older issue"
        months = [(2000 + n // 12, n % 12 + 1) for n in range(12 * 24)]
        ClimateMonth.objects.bulk_create(
            ClimateMonth(
                code=f"{y}-{m}",
                station=station,
                month=date(y, m, 1),
                rain_mm=5.0 + (y * 7 + m) % 9,
                temp_c=10 + m,
                source="测试",
            )
            for y, m in months
        )
        actions.judge_readings(by, NOW)
        rows = {row.name: row for row in queries.judgements(by)}
        assert {name: row.colour for name, row in rows.items()} == {
            "雷电": "橙",
            "大风": "橙",
            "干旱": rows["干旱"].colour,
        }
        assert "预报 6 小时内将达" in rows["大风"].reason
        density = layers.lightning(by, None)["features"]
        frames = layers.drought(by, None)["features"]
        page = signed_in().get(f"/monitoring/judgements/{rows['雷电'].pk}/").content.decode()
    assert [f["properties"]["minute"] for f in density] == [5]
    assert len(frames) == judging.DROUGHT_MONTHS
    assert "内部研判，不是预警信号" in page
    assert "油气、民爆、危化品装卸停止作业" in page
