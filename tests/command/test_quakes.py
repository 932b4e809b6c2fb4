"""An earthquake from the feed to what people felt: judged by itself, moved by stations and reports."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from anlan.command import actions, jobs, layers
from anlan.command.models import PastEarthquake
from anlan.command.quakes import catalogue
from anlan.kernel import clock
from anlan.kernel.accounts.actor import system
from anlan.kernel.errors import Conflict, Forbidden, Invalid
from anlan.kernel.events.dispatcher import drain
from anlan.kernel.events.models import Event
from anlan.kernel.geo.layers import LAYERS
from anlan.kernel.models import Area
from anlan.monitoring import actions as monitoring
from anlan.monitoring.models import Datastream, HazardEvent, Station
from anlan.simulation.models import Run
from tests.command.conftest import START, Stage
from tests.conftest import actor
from tests.simulation.test_runs import square
from tests.web.conftest import SignIn, signed_in

__all__ = ["signed_in"]
pytestmark = pytest.mark.django_db
ALXA = (106.3, 39.8)


@pytest.fixture
def town(stage: Stage) -> Stage:
    """The eastern district with 340,000 people 45 km from the epicentre."""
    Area.objects.filter(pk=stage.city.east.pk).update(geometry=square(106.76, 39.6, 0.1), population=340_000)
    return stage


def received(magnitude: float = 5.8, key: str = "q1", place: tuple[float, float] = ALXA) -> HazardEvent:
    event, _ = monitoring.receive_event(
        system("速报"), "earthquake", key, START - timedelta(minutes=3), *place, f"M{magnitude} 阿拉善左旗", magnitude,
        {"depth_km": 10.0}, "台网",
    )  # fmt: skip
    drain()
    return event


def shown_on_map(stage: Stage) -> list[Any]:
    """What the one map fetches of it: the isoseismals, and the pictures of the slider."""
    return [LAYERS[key].features(stage.officer, None) for key in ("footprints", "fire-fronts")]


def judgements() -> list[Run]:
    return list(Run.everything.filter(kind="seismic").order_by("pk"))


def felt_strongly(stage: Stage) -> None:
    """A strong-motion station in town reads degree 7 a minute after the origin."""
    station = Station.everything.create(
        code="S1",
        name="强震台",
        kind="地震",
        protocol="mqtt",
        address="S1",
        lon=106.81,
        lat=39.65,
        area=stage.city.east,
        interval_s=3600,
    )
    for code, value in (("PGA", 1.5), ("PGV", 0.13)):
        stream = Datastream.everything.create(
            code=f"S1-{code}",
            station=station,
            source_code=code,
            name=code,
            quantity=code,
            unit="m/s²" if code == "PGA" else "m/s",
        )
        with connection.cursor() as cursor:
            cursor.execute("select anlan_observation_partition(%s)", [START.date()])
            cursor.execute(
                "insert into observation (stream, at, value, quality, received) values (%s, %s, %s, 0, %s)",
                [stream.pk, START - timedelta(minutes=2), value, START],
            )


def test_an_earthquake_of_the_feed_is_on_the_map_with_people_losses_and_needs_within_two_seconds(town: Stage) -> None:
    with clock.standing_at(START):
        received(6.0, "warm-up", (106.5, 39.7))  # kernels are loaded once a process
        began = time.perf_counter()
        event = received()
        shown = json.dumps(shown_on_map(town), ensure_ascii=False)
        took = time.perf_counter() - began
    assert "Ⅶ 度区" in shown
    assert "横波前缘" in shown
    run = judgements()[-1]
    assert took < 2
    assert (run.correlation_id, run.inputs["depth_km"], run.inputs["hour"]) == (event.correlation_id, 10.0, 19.0)
    assert [zone["name"] for zone in run.zones] == ["Ⅶ 度区", "Ⅵ 度区", "Ⅴ 度区"]
    impact = run.summary["impact"]
    assert impact["people_by_degree"] == {"5": 340_000}
    assert impact["people_in_danger"] == 0, "Ⅴ is felt, Ⅵ does harm"
    told = Event.objects.filter(name="simulation.SimulationFinished").order_by("-pk")[0].payload
    assert told["people"] == 0
    assert impact["communities"][0]["name"] == town.city.east.name
    assert set(impact["losses"]["deaths"]) == {"p10", "p50", "p90", "mean"}
    assert all(line["source"] for line in impact["advice"])


def test_stations_and_reports_move_the_judgement_and_nothing_new_moves_nothing(town: Stage) -> None:
    with clock.standing_at(START):
        event = received()
        assert jobs.station_peaks() == 0
        felt_strongly(town)
        assert jobs.station_peaks() == 1
        assert jobs.station_peaks() == 0
        actions.report_felt(town.officer, event.pk, 106.80, 39.66, 7, "家具倾倒")
        drain()
        first, second, third = judgements()
        assert [feature["properties"]["degree"] for feature in layers.felt(town.officer, None)["features"]] == [7]
    assert [run.summary["observations"] for run in (first, second, third)] == [0, 1, 2]
    homeless = [run.summary["impact"]["losses"]["homeless"]["p50"] for run in (first, second)]
    assert homeless[1] > 20 * max(homeless[0], 1)
    assert second.summary["bias"] > 0.3
    assert third.inputs["reports"] == [[106.8, 39.66, 7.0]]


def test_a_corrected_magnitude_is_judged_anew_and_what_nobody_feels_here_not_at_all(town: Stage) -> None:
    with clock.standing_at(START):
        received()
        received(6.6)
        received(3.2, "far", (110.0, 43.0))
        received(9.1, "chile", (-72.0, -36.0))
    assert [run.inputs["magnitude"] for run in judgements()] == [5.8, 6.6]


def test_who_may_not_and_what_cannot_be_is_refused(town: Stage) -> None:
    with clock.standing_at(START):
        event = received()
        with pytest.raises(Invalid, match="13"):
            actions.report_felt(town.officer, event.pk, 106.8, 39.6, 13)
        reader = actor(town.city.city, "command.view", "monitoring.view")
        with pytest.raises(Forbidden):
            actions.report_felt(reader, event.pk, 106.8, 39.6, 5)
    with clock.standing_at(START + timedelta(days=2)), pytest.raises(Conflict, match="24"):
        actions.report_felt(town.officer, event.pk, 106.8, 39.6, 5)


def test_the_pages_show_the_judgement_and_take_a_report(town: Stage, signed_in: SignIn) -> None:
    browser = signed_in()
    with clock.standing_at(START):
        assert "还没有收到地震速报" in browser.get("/command/quakes/").content.decode()
        event = received()
        sent = browser.post(f"/command/quakes/{event.pk}/felt", {"place": "106.8,39.65", "degree": "6"})
        assert sent.status_code == 302
        drain()
        assert "M5.8 阿拉善左旗" in browser.get("/command/quakes/").content.decode()
        page = browser.get(f"/command/quakes/{event.pk}/").content.decode()
        wrong = browser.post(f"/command/quakes/{event.pk}/felt", {"location": "x", "degree": "6"})
        told = {"lon": 106.82, "lat": 39.66, "degree": 5}
        assert (
            browser.post(f"/api/command/quakes/{event.pk}/felt", told, content_type="application/json").status_code
            == 201
        )
        drain()
        answer = browser.get(f"/api/command/quakes/{event.pk}").json()
    for words in ("伤亡与损失", "帐篷", "余震可能", "有感上报修正", "Reasenberg"):
        assert words in page
    assert wrong.status_code == 422
    assert [row["degree"] for row in answer["felt"]] == [5, 6]
    assert answer["judgement"]["summary"]["observations"] == 2
    assert signed_in(None, "monitoring.view", username="other").get("/command/quakes/").status_code == 403


def test_the_catalogue_tells_what_was_felt_here_and_how_often(town: Stage, signed_in: SignIn) -> None:
    for n in range(12):
        PastEarthquake.everything.create(
            code=f"E{n}", name=f"地震{n}", lon=106.0 - n * 0.1, lat=39.0, at=START - timedelta(days=2000 * n),
            magnitude=5.3 + 0.1 * (n % 6), source="目录", area=town.city.city,
        )  # fmt: skip
    seen = catalogue.seen_from(list(PastEarthquake.everything.all()), 106.8, 39.65)
    assert [one.felt for one in seen] == sorted((one.felt for one in seen), reverse=True)
    rate = catalogue.frequency([one.quake for one in seen], 5.3)
    assert rate is not None
    assert rate.every(6.3) == pytest.approx(rate.every(5.3) * 10**rate.b)
    assert rate.every(5.3) == pytest.approx(rate.years / 12)
    browser = signed_in()
    page = browser.get("/command/quakes/past/?least=5.5&within=200").content.decode()
    assert "地震3" in page
    assert "少于 10 次" in page
    assert "lg N" in browser.get("/command/quakes/past/").content.decode()
