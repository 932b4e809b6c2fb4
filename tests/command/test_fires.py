"""The page of a fire: seen, drawn, simulated again, with those who come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from anlan.kernel import clock
from anlan.resources import actions as resources
from anlan.resources.models import Team
from anlan.simulation import actions, queries
from anlan.simulation.layers import control_lines
from anlan.simulation.models import Run
from tests.conftest import City, actor
from tests.web.conftest import SignIn, signed_in

__all__ = ["signed_in"]
pytestmark = pytest.mark.django_db
NOW = datetime(2026, 4, 20, 6, 0, tzinfo=UTC)
RING = [(106.700, 39.500), (106.720, 39.500), (106.720, 39.512), (106.700, 39.512)]


def test_a_fire_is_drawn_held_and_run_again_on_one_page(city: City, signed_in: SignIn) -> None:
    by, client = actor(city.city), signed_in()
    team = Team.objects.create(
        code="FF-1", name="扑火一队", kind="森林草原", capabilities=["wildfire"], lon=106.72, lat=39.5, area=city.west,
        members=20, leader="队长", phone="19900000000", turnout_min=5, speed_km_h=50,
    )  # fmt: skip
    with clock.standing_at(NOW):
        first = actions.run(by, "wildfire", {"wind_m_s": 6, "wind_from_deg": 270}, 106.7, 39.5, None, "草场火")
        url = f"/command/fires/{first.correlation_id}/"
        assert url in client.get("/command/fires/").content.decode()
        page = client.get(url).content.decode()
        for title in (
            "热点定位",
            "火情实况",
            "火场绘制",
            "态势模拟",
            "调度管理",
            "通信联络",
            "扑救指挥",
            "扑火一队",
            "19900000000",
        ):
            assert title in page
        line = {"verb": "line", "points": "106.705, 39.4\n106.705, 39.6", "in_min": "0", "note": "推土机带"}
        assert client.post(url, line).status_code == 302
        drawn = control_lines(by, None)["features"]
        assert [(one["properties"]["name"], one["properties"]["state"]) for one in drawn] == [("推土机带", "已建成")]
        assert drawn[0]["properties"]["url"] == url
        assert '"LineString", "coordinates": [[106.705, 39.4], [106.705, 39.6]]' in client.get(url).content.decode()
        held = queries.runs(by, first.correlation_id)[0]
        assert held.summary["area_ha"]["6"] < first.summary["area_ha"]["6"]
        wrong = client.post(url, {**line, "points": "106.705"})
        assert (wrong.status_code, "隔离线" in wrong.content.decode()) == (422, True)
        points = "".join(f'<trkpt lat="{lat}" lon="{lon}"/>' for lon, lat in RING)
        gpx = SimpleUploadedFile("walk.gpx", f"<gpx><trk><trkseg>{points}</trkseg></trk></gpx>".encode())
        assert client.post(url, {"verb": "perimeter", "gpx": gpx}).status_code == 302
        walked = queries.runs(by, first.correlation_id)[0]
        assert walked.inputs["perimeter"] == [list(place) for place in RING]
        for n, (lon, lat) in enumerate(RING):
            resources.report_position(by, team.pk, lon, lat, NOW - timedelta(minutes=10 - n))
        assert client.post(url, {"verb": "perimeter", "team": str(team.pk)}).status_code == 302
        driven = queries.runs(by, first.correlation_id)[0]
        assert driven.inputs["perimeter"] == walked.inputs["perimeter"]
        assert any("队伍行进轨迹" in text for text in driven.assumptions)
        assert client.post(url, {"verb": "refresh"}).status_code == 302
        assert client.post(url, {"verb": "explode"}).status_code == 422
        line_id = queries.control_lines(by, first.correlation_id)[0].pk
        assert client.post(url, {"verb": "drop", "line_id": str(line_id)}).status_code == 302
        assert control_lines(by, None)["features"] == []
    assert Run.objects.visible_to(by).count() == 6


def test_a_fire_is_followed_as_an_ensemble_from_its_perimeter_and_nobody_else_sees_its_lines(city: City) -> None:
    by = actor(city.city)
    with clock.standing_at(NOW):
        asked = {"wind_m_s": 9, "wind_from_deg": 270, "members": 5, "spot_fires": "yes", "cover_m": 1}
        first = actions.run(by, "wildfire", asked, 106.7, 39.5, None, "草场火")
        again = actions.redraw_fire(by, first.correlation_id, [list(place) for place in RING], "手绘")
        assert again.summary["members"] == 5
        assert again.summary["spot_fires"]["lit"] >= 0
        assert any("从已观测火线续算" in text for text in again.assumptions)
        assert any("烧到可能" in zone["name"] for zone in again.zones)
        actions.draw_line(by, first.correlation_id, [[106.705, 39.4], [106.705, 39.6]])
        assert control_lines(by, None)["features"]
        assert control_lines(actor(city.east), None)["features"] == []


def test_the_wind_of_now_burns_on_what_the_wind_of_before_has_burnt(city: City) -> None:
    """A refresh two hours later keeps those two hours; a perimeter seen then begins with the weather of then."""
    by = actor(city.city)
    with clock.standing_at(NOW):
        asked = {"wind_m_s": 6, "wind_from_deg": 270, "forecast": [[1.0, 8.0, 280.0, 7.0], [3.0, 9.0, 290.0, 8.0]]}
        first = actions.run(by, "wildfire", asked, 106.7, 39.5, None, "草场火")
    key = first.correlation_id
    air = {"forecast": [[1.0, 3.0, 90.0, 9.0]], "wind_m_s": 5.0, "wind_from_deg": 0.0}
    with clock.standing_at(NOW + timedelta(hours=2)):
        turned = actions.refresh_fire(by, key, air, "气象取自甲站")
        walked = actions.redraw_fire(by, key, [list(place) for place in RING], "手绘")
        kept = actions.refresh_fire(by, key, {}, "")
    assert turned.inputs["wind_m_s"] == 6.0
    assert turned.inputs["forecast"] == [[1.0, 8.0, 280.0, 7.0], [2.0, 5.0, 0.0, 6.0], [3.0, 3.0, 90.0, 9.0]]
    assert (turned.summary["weather"], turned.summary["began_at"]) == ("气象取自甲站", NOW.isoformat())
    until = {"1": first.summary["area_ha"]["1"], "2": first.summary["area_ha"]["2"]}
    assert {hour: turned.summary["area_ha"][hour] for hour in until} == pytest.approx(until, rel=0.01)
    assert turned.summary["area_ha"]["3"] < first.summary["area_ha"]["3"]
    assert (walked.inputs["wind_m_s"], walked.inputs["wind_from_deg"], walked.inputs["forecast"]) == (
        5.0, 0.0, [[1.0, 3.0, 90.0, 9.0]],
    )  # fmt: skip
    assert walked.summary["began_at"] == (NOW + timedelta(hours=2)).isoformat()
    assert any("气象照上次推演" in text for text in kept.assumptions)
    with clock.standing_at(NOW + timedelta(hours=9)):
        late = actions.refresh_fire(by, key, {"forecast": None, "wind_m_s": 5.0, "wind_from_deg": 0.0}, "气象取自甲站")
    assert any("从上次的火线按现在的气象重新起算" in text for text in late.assumptions)
    assert late.summary["began_at"] == (NOW + timedelta(hours=9)).isoformat()
