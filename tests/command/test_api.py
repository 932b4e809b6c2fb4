"""The API does what the pages do, in JSON, with the same refusals."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from anlan.command.layers import incidents, ways
from anlan.command.models import Incident, Task
from anlan.kernel import clock
from anlan.kernel.models import ApiToken, User
from tests.command.conftest import START, Stage, opened
from tests.command.test_pages import signed_in
from tests.conftest import actor


@pytest.fixture
def headers(stage: Stage) -> dict[str, str]:
    signed_in(stage.city.city, name="api")
    token = ApiToken.issue(User.objects.get(username="api"), "测试", clock.real_now())
    return {"Authorization": f"Bearer {token}"}


def test_a_program_leads_an_incident_from_report_to_task(stage: Stage, headers: dict[str, str], client: object) -> None:
    def post(path: str, **data: object) -> object:
        return client.post(f"/api/command{path}", data, content_type="application/json", headers=headers)  # type: ignore[attr-defined]

    with clock.standing_at(START):
        made = post(
            "/incidents",
            event_code="12D02",
            title="接口报送",
            lon=106.7,
            lat=39.5,
            area_id=stage.city.west.pk,
            deaths=1,
        )
        assert made.status_code == 201, made.content
        pk = made.json()["id"]
        started = post(f"/incidents/{pk}/respond", plan_code="T-LEAK", level="三级", reason="先期处置")
        assert started.json()["plan_version"] == "2026.1"
        wrong = post(f"/incidents/{pk}/casualties", deaths=-4)
        assert wrong.status_code == 422
        assert "死亡的值“-4”不正确" in wrong.json()["error"]
        stale = post(f"/incidents/{pk}/grade", grade="一般", version=1)
        assert stale.status_code == 409
        task = Task.everything.filter(incident_id=pk, card="cordon").get()
        assert post(f"/tasks/{task.pk}/acknowledge").json()["state"] == "acknowledged"
    timeline = client.get(f"/api/command/incidents/{pk}/timeline", headers=headers).json()  # type: ignore[attr-defined]
    assert timeline[0]["kind"] == "task"
    assert client.get("/api/command/incidents").status_code == 401  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("command/calls", '{"outcome":"noted","caller":"a","text":"b","occurred_at":"2026-11-28T08:00:00"}', "occurred_at"),
        ("command/calls", '{"outcome":"noted","caller":"a","text":"b","lon":NaN,"lat":39.5}', "lon"),
        ("command/incidents/1/receipt", '{"party":"a","proof":"b","known_at":"2026-11-28T08:00:00"}', "known_at"),
        ("resources/teams/1/position", '{"lon":106.7,"lat":Infinity}', "lat"),
        ("resources/teams/1/position", '{"lon":106.7,"lat":39.5,"at":"2026-11-28T08:00:00"}', "at"),
        ("supervision/hazard-units/1/stock", '{"quantity_t":1,"at":"2026-11-28T08:00:00"}', "at"),
        ("supervision/hazard-units/1/stock", '{"quantity_t":NaN}', "quantity_t"),
    ],
)  # fmt: skip
def test_times_without_zone_and_numbers_that_are_none_are_refused_by_field(
    headers: dict[str, str], client: Client, path: str, body: str, field: str
) -> None:
    answer = client.post(f"/api/{path}", body, content_type="application/json", headers=headers)
    assert (answer.status_code, answer.json()["field"].split(".")[-1]) == (422, field)
    assert b": NaN" not in answer.content, "no JSON"
    assert b": Infinity" not in answer.content, "no JSON"


def test_layers_show_what_is_open_and_who_is_under_way(stage: Stage) -> None:
    incident = opened(stage, deaths=3)
    opened(stage, 1, lon=106.9, lat=39.7, area_id=stage.city.east.pk)
    with clock.standing_at(START + timedelta(minutes=1)):
        Task.everything.create(
            incident=incident,
            title="增援",
            text="增援",
            assignee="甲队",
            state="en_route",
            created_at=START,
            deadline_min=30,
            route={"type": "LineString", "coordinates": [[106.7, 39.5], [106.8, 39.6]]},
        )
    desk = actor(stage.city.city)
    assert len(incidents(desk, None)["features"]) == 2
    assert [f["properties"]["level"] for f in incidents(desk, (106.6, 39.4, 106.8, 39.6))["features"]] == ["黄"]
    assert len(incidents(actor(stage.city.east), None)["features"]) == 1
    assert ways(desk, None)["features"][0]["geometry"]["type"] == "LineString"
    Incident.everything.update(status="closed")
    assert incidents(desk, None)["features"] == []
