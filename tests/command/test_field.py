"""What the field sends: each thing once, in the order it happened, never in conflict."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anlan.command import actions
from anlan.command.actions.field import Noted, take_noted
from anlan.command.models import FieldEntry, Task, TimelineEntry
from anlan.kernel import clock
from anlan.kernel.errors import Invalid, NotFound
from tests.command.conftest import START, Stage
from tests.conftest import actor
from tests.web.conftest import signed_in

__all__ = ["signed_in"]
JPEG = b"\xff\xd8\xff\xe0 picture"
STEPS = ("acknowledge", "start", "arrive", "finish")


@pytest.fixture
def task(stage: Stage) -> Task:
    with clock.standing_at(START):
        row = actions.open_incident(
            stage.officer, event_code="12D02", title="泄漏", lon=106.7, lat=39.5, area_id=stage.city.west.pk,
            occurred_at=None, reported_by="", source="电话",
        )  # fmt: skip
        return actions.dispatch_team(stage.officer, row.pk, stage.team.pk, "堵漏")


def noted(task: Task, kind: str, minutes: float = 0, **more: Any) -> Noted:
    return replace(Noted(uuid4(), task.pk, kind, START + timedelta(minutes=minutes)), **more)


def lines(task: Task) -> str:
    return "\n".join(TimelineEntry.everything.filter(incident=task.incident).values_list("text", flat=True))


def test_a_whole_task_done_without_a_line_is_told_afterwards_with_the_times_it_happened(
    task: Task, stage: Stage
) -> None:
    with clock.standing_at(START + timedelta(hours=2)):
        for minutes, kind in enumerate(STEPS):
            take_noted(stage.officer, noted(task, kind, 10 * minutes, text="已堵住"))
    task.refresh_from_db()
    assert task.state == "done"
    assert "现场 20:20，补报" in lines(task)


def test_the_same_thing_sent_again_changes_nothing(task: Task, stage: Stage) -> None:
    one = noted(task, "note", text="风向变了")
    with clock.standing_at(START):
        first, again = take_noted(stage.officer, one), take_noted(stage.officer, one)
    assert first.pk == again.pk
    assert lines(task).count("风向变了") == 1


def test_a_step_the_task_has_passed_is_kept_with_the_reason_and_nothing_is_lost(task: Task, stage: Stage) -> None:
    with clock.standing_at(START + timedelta(minutes=5)):
        actions.withdraw_task(stage.officer, task.pk, "改派他队")
        entry = take_noted(stage.officer, noted(task, "arrive", 1))
    task.refresh_from_db()
    assert (entry.outcome, task.state) == ("kept", "cancelled")
    assert "已留存" in lines(task)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(4)), twice=st.lists(st.integers(0, 3), max_size=4))
def test_whatever_order_and_however_often_it_comes_each_is_there_once(
    task: Task, stage: Stage, order: list[int], twice: list[int]
) -> None:
    sent = [noted(task, kind, n) for n, kind in enumerate(STEPS)]
    before = FieldEntry.everything.filter(task=task).count()
    with clock.standing_at(START + timedelta(hours=1)):
        for n in [*order, *twice]:
            take_noted(stage.officer, sent[n])
    assert FieldEntry.everything.filter(task=task).count() == before + 4


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"kind": "gossip"}, "类别"),
        ({"lon": 200.0, "lat": 0.0}, "经度 -180~180"),
        ({"lon": 106.0}, "经度"),
        ({"kind": "position"}, "位置"),
        ({"kind": "photo"}, "附件"),
        ({"kind": "photo", "media": b"<svg onload=alert(1)>", "media_type": "image/jpeg"}, "附件类型"),
        ({"kind": "photo", "media": JPEG, "media_type": "text/html"}, "附件类型"),
        ({"kind": "photo", "media": JPEG + bytes(7_000_000), "media_type": "image/jpeg"}, "MB"),
    ],
)
def test_what_is_wrong_is_refused_with_what_is_allowed(
    task: Task, stage: Stage, more: dict[str, Any], words: str
) -> None:
    with pytest.raises(Invalid, match=words):
        take_noted(stage.officer, noted(task, **{"kind": "note", **more}))


def test_an_officer_of_another_district_can_neither_send_nor_see(task: Task, stage: Stage) -> None:
    with pytest.raises(NotFound):
        take_noted(actor(stage.city.east), noted(task, "note", text="x"))


def test_a_clock_that_runs_ahead_does_not_write_into_the_future(task: Task, stage: Stage) -> None:
    with clock.standing_at(START):
        entry = take_noted(stage.officer, noted(task, "note", 60 * 24, text="明天？"))
    assert entry.device_at == START


def test_a_position_moves_the_team_and_an_older_one_does_not_move_it_back(task: Task, stage: Stage) -> None:
    with clock.standing_at(START + timedelta(minutes=9)):
        take_noted(stage.officer, noted(task, "position", 8, lon=106.75, lat=39.55))
        take_noted(stage.officer, noted(task, "position", 2, lon=106.0, lat=39.0))
    stage.team.refresh_from_db()
    assert (stage.team.position_lon, stage.team.position_lat) == (106.75, 39.55)


def test_the_page_sends_in_order_and_one_wrong_thing_does_not_hold_up_the_rest(task: Task, signed_in: Any) -> None:
    client = signed_in()
    with clock.standing_at(START + timedelta(minutes=30)):
        said = client.get("/command/field/tasks").json()
        assert [one["title"] for one in said["tasks"]] == ["堵漏"]
        at = [(START + timedelta(minutes=n)).isoformat() for n in range(4)]
        photo = {"media": b64encode(JPEG).decode(), "media_type": "image/jpeg"}
        rows = [
            {"key": str(uuid4()), "task": task.pk, "kind": "start", "at": at[1]},
            {"key": str(uuid4()), "task": task.pk, "kind": "acknowledge", "at": at[0]},
            {"key": "none", "task": task.pk, "kind": "note", "at": at[2]},
            {"key": str(uuid4()), "task": task.pk, "kind": "photo", "at": at[3], **photo},
        ]
        answer = client.post("/command/field/sync", json.dumps({"noted": rows}), content_type="application/json").json()
    assert [one["outcome"] for one in answer["results"]] == ["applied", "applied", "refused", "applied"]
    task.refresh_from_db()
    assert task.state == "en_route"
    kept = FieldEntry.everything.get(kind="photo")
    shown = client.get(f"/command/field/media/{kept.pk}")
    assert (shown.content, shown["Content-Type"]) == (JPEG, "image/jpeg")
    assert "FILES" in client.get("/command/field/worker.js").content.decode()
    assert client.post("/command/field/sync", "{", content_type="application/json").status_code == 422
