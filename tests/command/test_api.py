"""The API does what the pages do, in JSON, with the same refusals."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

import pytest
from django.test import Client
from ninja import Schema
from pydantic import Field, ValidationError

from anlan.command.layers import incidents, ways
from anlan.command.models import Incident, Task
from anlan.kernel import clock
from anlan.kernel.models import ApiToken, User
from anlan.web import malformed
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


NOTED = '{"outcome":"noted","caller":"a","text":"b",%s}'
STOCK = "supervision/hazard-units/1/stock"


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("command/incidents", '{"title":"甲"}', {"field": "data.event_code", "value": None, "allowed": "必填"}),
        ("command/calls", NOTED % '"lon":"东"', {"field": "data.lon", "value": "东", "allowed": "数", "unit": "度"}),
        ("command/calls", NOTED % '"area_id":1.5', {"field": "data.area_id", "value": 1.5, "allowed": "整数"}),
        (STOCK, '{"quantity_t":"x"}', {"field": "data.quantity_t", "value": "x", "allowed": "数", "unit": "t"}),
        ("command/calls", '[1]', {"field": "data.outcome", "allowed": "必填"}),
    ],
)  # fmt: skip
def test_a_malformed_value_is_told_with_what_is_allowed_in_chinese(
    headers: dict[str, str], client: Client, path: str, body: str, told: dict[str, object]
) -> None:
    answer = client.post(f"/api/{path}", body, content_type="application/json", headers=headers)
    said = answer.json()
    assert answer.status_code == 422
    assert {key: said[key] for key in told} == told, said
    assert said["error"].startswith(f"{said['field']}的值")
    assert f"允许：{said['allowed']}" in said["error"]
    assert said["fields"][0]["field"] == said["field"]


class Inner(Schema):
    share: float = Field(0, ge=0, lt=1, json_schema_extra={"unit": "%"})
    kind: Literal["a", "b"] = "a"
    note: str = Field("x", min_length=1, max_length=3)
    kinds: list[int] = Field([], max_length=2)
    depth_m: float = Field(1, gt=0)


class Outer(Schema):
    parts: list[Inner] | None = None


@pytest.mark.parametrize(
    ("given", "allowed", "unit"),
    [
        ({"share": 2}, "0~1，不含 1", "%"),
        ({"kind": "c"}, "'a' 或 'b'", ""),
        ({"note": ""}, "至少 1 个字", ""),
        ({"note": "abcd"}, "至多 3 个字", ""),
        ({"kinds": [1, 2, 3]}, "至多 2 项", ""),
        ({"depth_m": 0}, "大于 0", "m"),
        ({"depth_m": "深"}, "数", "m"),
    ],
)
def test_limits_of_a_schema_are_said_with_both_ends_and_their_unit(
    given: dict[str, Any], allowed: str, unit: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate({"parts": [given]})
    told = malformed.invalid(dict(caught.value.errors()[0]), Outer, "body").details
    assert (told["field"], told["allowed"], told["unit"]) == (f"parts.0.{next(iter(given))}", allowed, unit)


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
