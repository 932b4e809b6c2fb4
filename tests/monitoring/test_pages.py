"""Pages, map layers and API of monitoring, for those who may see them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.test import Client

from anlan.kernel import clock
from anlan.kernel.accounts.models import ApiToken, Grant, Role, User
from anlan.kernel.geo.layers import LAYERS
from anlan.kernel.models import Area
from anlan.monitoring.models import Alarm, Warning
from tests.conftest import City, actor
from tests.monitoring.conftest import T0, Feed, make_rule, make_station, make_stream

pytestmark = pytest.mark.django_db


def account(area: Area, name: str, *permissions: str) -> User:
    role = Role.objects.create(code=name, name=name, permissions=list(permissions or ("*",)), data_class=4)
    user = User.objects.create_user(name, "Xk9!xk9!x", display_name=name, password_changed_at=clock.real_now())
    Grant.objects.create(user=user, role=role, area=area)
    return user


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def api(user: User) -> Client:
    token = ApiToken.issue(user, "测试", clock.real_now())
    return Client(headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
def alarm(city: City, feed: Feed) -> Alarm:
    make_rule(city, hihi=10, hi=3, priority=1, code="cl2")
    stream = make_stream(make_station(city, code="G1"))
    feed.say(stream, (-1, 0.5), (0, 12.0))
    return Alarm.objects.unscoped("test").get()


@pytest.fixture(autouse=True)
def evening() -> Any:
    with clock.standing_at(T0 + timedelta(minutes=1)):
        yield


def test_an_operator_finds_the_alarm_sees_why_and_acknowledges_it(city: City, alarm: Alarm) -> None:
    client = browser(account(city.east, "li"))
    assert alarm.title in client.get("/monitoring/alarms/").content.decode()
    page = client.get(f"/monitoring/alarms/{alarm.pk}/").content.decode()
    assert "高高限" in page
    assert "<svg" in page
    assert client.post(f"/monitoring/alarms/{alarm.pk}/acknowledge").status_code == 302
    alarm.refresh_from_db()
    assert (alarm.state, alarm.acknowledged_by) == ("acknowledged", "li")


def test_the_panel_of_the_map_answers_a_verb_with_itself(city: City, alarm: Alarm) -> None:
    client = browser(account(city.east, "li"))
    answer = client.post(f"/monitoring/alarms/{alarm.pk}/acknowledge", headers={"HX-Request": "true"})
    assert "已确认" in answer.content.decode()
    assert client.get(f"/monitoring/alarms/{alarm.pk}/panel").status_code == 200


def test_a_neighbour_finds_nothing_on_any_page_layer_or_api(city: City, alarm: Alarm) -> None:
    user = account(city.west, "zhao")
    client, program = browser(user), api(user)
    for path in ("/monitoring/alarms/", "/monitoring/stations/", "/monitoring/rules/"):
        assert alarm.station.name not in client.get(path).content.decode()
    for path in (f"/monitoring/alarms/{alarm.pk}/", f"/monitoring/stations/{alarm.station_id}/"):
        assert client.get(path).status_code == 404
    assert client.post(f"/monitoring/alarms/{alarm.pk}/acknowledge").status_code == 404
    assert program.get("/api/monitoring/alarms").json() == []
    assert program.get("/api/monitoring/latest").json() == []
    assert program.get(f"/api/monitoring/datastreams/{alarm.datastream_id}/series").status_code == 404
    for key in ("monitoring.stations", "monitoring.alarms"):
        assert LAYERS[key].features(actor(city.west), None)["features"] == []


def test_the_api_lists_values_and_handles_alarms(city: City, alarm: Alarm) -> None:
    program = api(account(city.east, "li"))
    listed = program.get("/api/monitoring/alarms").json()
    assert [(row["id"], row["band"], row["value"], row["unit"]) for row in listed] == [(alarm.pk, "hihi", 12.0, "ppm")]
    assert [row["value"] for row in program.get("/api/monitoring/latest").json()] == [12.0]
    series = program.get(f"/api/monitoring/datastreams/{alarm.datastream_id}/series").json()
    assert [row["value"] for row in series] == [0.5, 12.0]
    url = f"/api/monitoring/alarms/{alarm.pk}/shelve"
    refused = program.post(url, orjson.dumps({"reason": "", "minutes": 30}), content_type="application/json")
    assert (refused.status_code, refused.json()["field"]) == (422, "reason")
    done = program.post(url, orjson.dumps({"reason": "检修", "minutes": 30}), content_type="application/json")
    assert done.json()["state"] == "shelved"


def test_the_map_shows_the_station_red_and_the_alarm_where_it_is(city: City, alarm: Alarm) -> None:
    me = actor(city.city)
    station = LAYERS["monitoring.stations"].features(me, (106.0, 39.0, 107.0, 40.0))["features"][0]
    assert (station["properties"]["priority"], station["properties"]["values"]) == (1, "氯气浓度 12 ppm")
    assert LAYERS["monitoring.stations"].features(me, (0.0, 0.0, 1.0, 1.0))["features"] == []
    point = LAYERS["monitoring.alarms"].features(me, None)["features"][0]
    assert point["geometry"]["coordinates"] == [106.7, 39.5]


def test_a_warning_goes_from_one_desk_to_the_other(city: City) -> None:
    drafter = browser(account(city.east, "qian", "monitoring.view", "monitoring.warn_draft"))
    given = {
        "event_code": "12D02", "level": "橙", "headline": "氯气泄漏橙色预警", "description": "罐区氯气泄漏，向东南扩散",
        "instruction": "关闭门窗，向上风向撤离", "area_ids": [city.town.pk], "onset": "2026-03-02T20:00",
        "expires": "2026-03-03T02:00",
    }  # fmt: skip
    assert drafter.get("/monitoring/warnings/draft").status_code == 200
    assert drafter.post("/monitoring/warnings/draft", given | {"headline": ""}).status_code == 200
    begun = drafter.get("/monitoring/warnings/draft?event_code=12D02&level=%E7%BA%A2").content.decode()
    assert "立即离开下风向" in begun
    assert "Chemical leak: red warning" in begun
    bad = drafter.post("/monitoring/warnings/draft", given | {"geometry": "{"})
    assert "不是 JSON" in bad.content.decode()
    judged = drafter.get("/monitoring/warnings/judge?p3=60").content.decode()
    assert "第16号" in judged
    assert "3 小时降雨（mm）" in judged
    assert not Warning.objects.unscoped("test").exists(), "an incomplete form drafts nothing"
    assert drafter.post("/monitoring/warnings/draft", given).status_code == 302
    warning = Warning.objects.unscoped("test").get()
    assert drafter.post(f"/monitoring/warnings/{warning.pk}/approve").status_code == 403
    leader = browser(account(city.city, "sun"))
    page = leader.get(f"/monitoring/warnings/{warning.pk}/").content.decode()
    assert "大喇叭" in page
    leader.post(f"/monitoring/warnings/{warning.pk}/approve")
    assert leader.post(f"/monitoring/warnings/{warning.pk}/issue").status_code == 403, "the reviewer does not sign"
    signer = browser(account(city.city, "li"))
    words = {"headline": "氯气泄漏橙色预警", "description": "改", "instruction": "改", "expires": "2026-03-03T02:00"}
    edited = drafter.post(f"/monitoring/warnings/{warning.pk}/edit", words | {"reason": "补充范围"})
    assert edited.status_code == 302
    leader.post(f"/monitoring/warnings/{warning.pk}/approve")
    signer.post(f"/monitoring/warnings/{warning.pk}/issue")
    warning.refresh_from_db()
    assert (warning.state, warning.issued_by) == ("issued", "li")
    assert "补充范围" in leader.get(f"/monitoring/warnings/{warning.pk}/").content.decode()
    assert drafter.get(f"/monitoring/warnings/{warning.pk}/12379.xml")["Content-Disposition"].endswith(
        '_ORANGE_ALERT.XML"'
    )
    assert "Severe" in leader.get(f"/monitoring/warnings/{warning.pk}/cap.xml").content.decode()
    shown = LAYERS["monitoring.warnings"].features(actor(city.city), None)
    assert shown["features"] == [], "the town has no outline"
    leader.post(f"/monitoring/warnings/{warning.pk}/cancel", {"reason": "泄漏已控制"})
    warning.refresh_from_db()
    assert warning.state == "cancelled"


@pytest.mark.parametrize("count", [1, 3])
def test_lists_ask_the_database_as_often_for_three_rows_as_for_one(
    city: City, feed: Feed, count: int, django_assert_max_num_queries: Any
) -> None:
    make_rule(city, hi=3)
    for number in range(count):
        feed.say(make_stream(make_station(city)), (number, 9.0))
    client = browser(account(city.city, "li"))
    client.get("/monitoring/alarms/")
    for path in ("/monitoring/alarms/", "/monitoring/stations/", "/monitoring/rules/"):
        with django_assert_max_num_queries(16):
            assert client.get(path).status_code == 200


def test_the_station_page_draws_its_series_and_names_what_was_never_heard(city: City, feed: Feed) -> None:
    station = make_station(city)
    stream = make_stream(station)
    make_stream(station, quantity="temperature", unit="℃")
    feed.say(stream, *((minute / 10, minute % 7) for minute in range(-3000, 0)))
    page = browser(account(city.east, "li")).get(f"/monitoring/stations/{station.pk}/").content.decode()
    assert page.count('<svg class="chart"') == 1
    assert "从未上报" in page
