"""The command post by API: the same verbs, the same refusals; nothing of it for a neighbour."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.test import Client

from anlan.command.models import AidRequest, Drawing, Headquarters, Need, NeedSupply, Period
from anlan.kernel import clock
from anlan.kernel.accounts.models import Role
from anlan.kernel.audit.models import JournalEntry
from tests.command.conftest import START, Stage, opened
from tests.web.conftest import account, signed_in

__all__ = ["signed_in"]

POST = {"place": "园区东门", "commander": "张局长", "title": "应急局长"}
CORDON = {
    "type": "Polygon",
    "coordinates": [[[106.70, 39.49], [106.72, 39.49], [106.72, 39.51], [106.70, 39.51], [106.70, 39.49]]],
}


class Program:
    """A client that speaks JSON below one address."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def get(self, path: str) -> Any:
        return self.client.get(f"/api/command{path}")

    def post(self, path: str, **data: Any) -> Any:
        return self.client.post(f"/api/command{path}", data, content_type="application/json")


@pytest.fixture
def program(stage: Stage, signed_in: Any) -> Program:
    return Program(signed_in())


def test_a_program_commands_hands_over_plans_a_period_and_dissolves(stage: Stage, program: Program) -> None:
    row = opened(stage)
    with clock.standing_at(START):
        made = program.post(f"/incidents/{row.pk}/headquarters", **POST)
        assert made.status_code == 201, made.content
        pk, version = made.json()["id"], made.json()["version"]
        assert (made.json()["lon"], len(made.json()["groups"])) == (row.lon, 9)
        assert program.post(f"/incidents/{row.pk}/headquarters", **POST).status_code == 409
        over = {"to_name": "李副市长", "to_title": "副市长", "reason": "升级", "briefing": "区内 2 人"}
        moved = program.post(f"/headquarters/{pk}/transfer", version=version, **over)
        assert [one["to_name"] for one in moved.json()["transfers"]] == ["张局长", "李副市长"]
        stale = program.post(f"/headquarters/{pk}/transfer", version=version, **{**over, "to_name": "王某"})
        assert (stale.status_code, "已被他人更改" in stale.json()["error"]) == (409, True)
        group = program.post(f"/headquarters/{pk}/groups", key="rescue", leader="王队", channel="350.125")
        assert (group.json()["leader"], group.json()["channel"]) == ("王队", "350.125")
        bad = program.post(f"/headquarters/{pk}/periods", hours=100, situation="泄漏未止", objectives="抢险：堵漏")
        assert (bad.status_code, bad.json()["unit"]) == (422, "h")
        period = program.post(f"/headquarters/{pk}/periods", hours=4, situation="泄漏未止", objectives="抢险：堵漏")
        assert period.json()["objectives"][0]["text"] == "堵漏"
        reached = program.post(f"/periods/{period.json()['id']}/reach", index=0)
        assert reached.json()["objectives"][0]["done_by"]
        assert program.post(f"/periods/{period.json()['id']}/reach", index=0).status_code == 409
        assert program.post(f"/headquarters/{pk}/dissolve", reason="").status_code == 422
        assert program.post(f"/headquarters/{pk}/dissolve", reason="处置结束").json()["dissolved_at"]
    kept = program.get(f"/incidents/{row.pk}/headquarters").json()
    assert [(one["commander"], len(one["periods"])) for one in kept] == [("李副市长", 1)]
    verbs = set(JournalEntry.objects.values_list("verb", flat=True))
    assert {"成立现场指挥部", "移交指挥权", "设置工作组", "拟定作战周期", "目标完成", "撤销现场指挥部"} <= verbs


def test_a_need_is_followed_until_it_came(stage: Stage, program: Program) -> None:
    row = opened(stage)
    wanted = {"kind": "material", "item": "泡沫", "quantity": "10", "unit": "吨"}
    with clock.standing_at(START):
        made = program.post(f"/incidents/{row.pk}/needs", **wanted)
        assert made.status_code == 201, made.content
        pk = made.json()["id"]
        with_four = program.post(f"/needs/{pk}/supplies", source="store", who="市库", quantity=4)
        assert (with_four.status_code, float(with_four.json()["missing"])) == (201, 6)
        over = program.post(f"/needs/{pk}/supplies", source="store", who="市库", quantity=7)
        assert (over.status_code, "还缺 6吨" in over.json()["error"]) == (409, True)
        came = program.post(f"/supplies/{with_four.json()['supplies'][0]['id']}/move", state="arrived")
        assert float(came.json()["arrived"]) == 4
        due = (START + timedelta(hours=2)).isoformat()
        aid = program.post(f"/needs/{pk}/aid", relation="side", quantity=6, due_at=due)
        assert aid.status_code == 201, aid.content
        said = program.post(f"/aid/{aid.json()['key']}/answer", peer="阿拉善", state="接受", note="两车")
        assert said.json()["state"] == "answered"
        assert program.post("/aid/nonsense/answer", peer="阿拉善", state="接受").status_code == 404
        assert program.post(f"/needs/{pk}/close").status_code == 409
        assert program.post(f"/needs/{pk}/close", reason="险情解除").json()["close_reason"] == "险情解除"
    listed = program.get(f"/incidents/{row.pk}/needs").json()
    assert [one["source"] for one in listed[0]["supplies"]] == ["store", "aid"]


def test_a_drawing_is_drawn_once_changed_on_its_version_and_erased(stage: Stage, program: Program) -> None:
    row, key = opened(stage), str(uuid4())
    with clock.standing_at(START):
        first = program.post(f"/incidents/{row.pk}/drawings", key=key, kind="cordon", geometry=CORDON)
        again = program.post(f"/incidents/{row.pk}/drawings", key=key, kind="cordon", geometry=CORDON)
        assert first.json()["id"] == again.json()["id"]
        assert first.json()["closure_code"]
        pk = first.json()["id"]
        bad = program.post(f"/incidents/{row.pk}/drawings", key=str(uuid4()), kind="cordon", geometry={"type": "x"})
        assert (bad.status_code, "不自交" in bad.json()["allowed"]) == (422, True)
        assert program.post(f"/drawings/{pk}/redraw", label="内圈", version=1).json()["version"] == 2
        assert program.post(f"/drawings/{pk}/redraw", label="外圈", version=1).status_code == 409
        assert program.post(f"/drawings/{pk}/erase", version=2).json()["erased_at"]
    assert program.get(f"/incidents/{row.pk}/drawings").json() == []
    assert len(program.get(f"/incidents/{row.pk}/drawings?erased=true").json()) == 1


def test_a_neighbour_and_one_without_the_right_get_nothing(stage: Stage, program: Program) -> None:
    row = opened(stage)
    with clock.standing_at(START):
        post = program.post(f"/incidents/{row.pk}/headquarters", **POST).json()["id"]
        program.post(f"/headquarters/{post}/periods", hours=4, situation="泄漏未止", objectives="堵漏")
        need = program.post(f"/incidents/{row.pk}/needs", kind="other", item="水", quantity=9, unit="车").json()["id"]
        program.post(f"/needs/{need}/supplies", source="own", who="环卫", quantity=1)
        due = (START + timedelta(hours=2)).isoformat()
        program.post(f"/needs/{need}/aid", relation="side", quantity=1, due_at=due)
        program.post(f"/incidents/{row.pk}/drawings", key=str(uuid4()), kind="cordon", geometry=CORDON)
        pks = [model.everything.get().pk for model in (Period, NeedSupply, Drawing)]
        key = AidRequest.everything.get().key
        tries: list[tuple[str, dict[str, Any]]] = [
            (f"/incidents/{row.pk}/headquarters", POST),
            (f"/headquarters/{post}/transfer", {"to_name": "x", "to_title": "x", "reason": "x", "briefing": "x"}),
            (f"/headquarters/{post}/groups", {"key": "rescue", "leader": "x"}),
            (f"/headquarters/{post}/periods", {"hours": 4, "situation": "x", "objectives": "x"}),
            (f"/headquarters/{post}/dissolve", {"reason": "x"}),
            (f"/periods/{pks[0]}/reach", {"index": 0}),
            (f"/incidents/{row.pk}/needs", {"kind": "other", "item": "x", "quantity": 1, "unit": "x"}),
            (f"/needs/{need}/supplies", {"source": "own", "who": "x", "quantity": 1}),
            (f"/needs/{need}/aid", {"relation": "side", "quantity": 1, "due_at": due}),
            (f"/needs/{need}/close", {"reason": "x"}),
            (f"/supplies/{pks[1]}/move", {"state": "arrived"}),
            (f"/aid/{key}/answer", {"peer": "x", "state": "接受"}),
            (f"/incidents/{row.pk}/drawings", {"key": str(uuid4()), "kind": "cordon", "geometry": CORDON}),
            (f"/drawings/{pks[2]}/redraw", {"label": "x"}),
            (f"/drawings/{pks[2]}/erase", {}),
        ]
        before = list(JournalEntry.objects.values_list("pk", flat=True))
        for name, user, allowed in (
            ("邻区", account(stage.city.east, "neighbour"), {404}),
            ("只看", account(stage.city.city, "viewer", ("command.view",)), {403}),
        ):
            other = Program(Client())
            other.client.force_login(user, "django.contrib.auth.backends.ModelBackend")
            codes = {path: other.post(path, **data).status_code for path, data in tries}
            assert set(codes.values()) == allowed, (name, codes)
            if allowed == {404}:
                reads = [
                    other.get(f"/incidents/{row.pk}/{what}").status_code
                    for what in ("headquarters", "needs", "drawings")
                ]
                assert reads == [404, 404, 404]
    changed = JournalEntry.objects.exclude(pk__in=before).exclude(before=None, after=None).exclude(verb="登录")
    assert list(changed.values_list("verb", flat=True)) == []
    assert (Headquarters.everything.get().version, Need.everything.get().version) == (2, 2)


def test_roles_that_were_there_before_get_the_right_to_fill_in_losses(stage: Stage) -> None:
    old = [
        Role.objects.create(code="duty", name="值班员", permissions=["*.view", "command.incident"]),
        Role.objects.create(code="community", name="网格员", permissions=["command.task", "command.losses"]),
        Role.objects.create(code="own", name="自设", permissions=["command.incident"]),
    ]
    import_module("anlan.command.migrations.0018_grant_losses").grant(apps, None)
    for row in old:
        row.refresh_from_db()
    assert [row.permissions.count("command.losses") for row in old] == [1, 1, 0]
