"""通信点名: the chain of each post is tried to its end; whoever no means reaches is lost; it repeats by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from anlan.command import jobs
from anlan.command.actions import rollcalls
from anlan.command.assessment.experts import call_expert, fitting
from anlan.command.models import CallRound, ContactMeans, RollAnswer, RollCall
from anlan.kernel import clock
from anlan.kernel.errors import Conflict, Invalid, NotFound
from anlan.kernel.events.dispatcher import drain
from anlan.kernel.events.models import Event
from anlan.kernel.events.outbox import emit
from anlan.monitoring.events import WarningCancelled
from anlan.resources.models import Expert
from tests.command.conftest import START, Stage, opened
from tests.conftest import actor
from tests.web.conftest import signed_in

__all__ = ["signed_in"]


def chain(stage: Stage) -> None:
    for order, means in enumerate(("sms", "phone", "radio"), 1):
        ContactMeans.everything.create(
            code=f"CM{order}", post=stage.police, means=means, number=f"1{order}", order=order, area=stage.city.city
        )


def test_one_means_after_the_other_until_somebody_answers_or_nobody_can_be_reached(stage: Stage) -> None:
    with clock.standing_at(START):
        with pytest.raises(Conflict, match="没有登记通信方式") as refused:
            rollcalls.start_roll_call(stage.officer, stage.city.city.pk)
        assert refused.value.details["rule"] == "点名须先登记岗位的通信链"
        chain(stage)
        made = rollcalls.start_roll_call(stage.officer, stage.city.city.pk)
        with pytest.raises(Conflict, match="尚未结束"):
            rollcalls.start_roll_call(stage.officer, stage.city.city.pk)
        row = RollAnswer.everything.get(roll_call=made)
        assert row.name == "赵大队"
        for due in ("sms", "phone", "radio"):
            assert (row.now_by or {})["means"] == due
            row = rollcalls.note_try(stage.officer, row.pk, "no_answer")
        assert row.state == "lost"
        with pytest.raises(Conflict, match="失联"):
            rollcalls.note_try(stage.officer, row.pk, "answered")
        with pytest.raises(NotFound):
            rollcalls.note_try(actor(stage.city.east), row.pk, "answered")
    assert Event.objects.filter(name="kernel.NoticeRequested", payload__purpose="通信点名").count() == 1
    assert Event.objects.get(name="command.PostLost").payload["means_tried"] == 3


def test_it_repeats_when_its_hours_are_over_and_the_last_one_is_closed(stage: Stage, signed_in: Any) -> None:
    chain(stage)
    client = signed_in()
    with clock.standing_at(START):
        client.post("/command/rollcalls/", {"area": stage.city.city.pk, "title": "早点名", "repeat_h": "24"})
        row = RollAnswer.everything.get()
        client.post(f"/command/rollcalls/answers/{row.pk}", {"outcome": "answered"})
        text = client.get(f"/command/rollcalls/{row.roll_call_id}/").content.decode()
        assert all(word in text for word in ("已应答", "短信", "治安大队长"))
        client.post(f"/command/rollcalls/{row.roll_call_id}/close")
        with pytest.raises(Invalid, match="每隔"):
            rollcalls.start_roll_call(stage.officer, stage.city.city.pk, "x", 10_000)
        assert jobs.repeat_roll_calls() == 0
    with clock.standing_at(START + timedelta(hours=24)):
        assert (jobs.repeat_roll_calls(), jobs.repeat_roll_calls()) == (1, 0)
        assert client.get("/command/rollcalls/").status_code == 200
    assert RollCall.everything.count() == 2


def test_calls_for_a_warning_end_with_it(stage: Stage) -> None:
    with clock.standing_at(START):
        round_ = CallRound.everything.create(
            title="红色预警叫应", text="x", warning_id=7, started_at=START, started_by="接报", area=stage.city.city
        )
        emit(stage.officer, WarningCancelled(7, "大风红色预警", "风已减弱"), area_path=stage.city.city.path)
        drain()
    round_.refresh_from_db()
    assert round_.closed_at is not None
    assert "风已减弱" in round_.close_note


def test_an_expert_who_is_away_is_offered_last_and_not_called(stage: Stage) -> None:
    row = opened(stage)
    day = START.date()
    for code, speciality, away in (("A", "氯碱工艺", "away"), ("B", "气象", "free")):
        Expert.everything.create(
            code=code, name=code, speciality=speciality, availability=away, area=stage.city.city,
            away_until=day if away == "away" else None,
        )  # fmt: skip
    with clock.standing_at(START):
        assert [one.code for one, _ in fitting(stage.officer, row)] == ["B", "A"]
        with pytest.raises(Conflict, match="暂不可用"):
            call_expert(stage.officer, row.pk, Expert.everything.get(code="A").pk, "堵漏")
    with clock.standing_at(START + timedelta(days=2)):
        assert [one.code for one, _ in fitting(stage.officer, row)] == ["A", "B"]
