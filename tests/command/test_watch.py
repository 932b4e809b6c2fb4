"""叫应, 批示, 快报: what is chased until somebody has answered or done it."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from docx import Document

from anlan.command import actions, jobs
from anlan.command.actions.calling import unanswered
from anlan.command.actions.instructions import Point
from anlan.command.duty import board
from anlan.command.models import Bulletin, CallAttempt, Callee, CallRound, Instruction, InstructionItem, TimelineEntry
from anlan.kernel import clock
from anlan.kernel.errors import Conflict, Forbidden, Invalid
from anlan.kernel.events import dispatcher
from anlan.kernel.events.models import Event
from anlan.monitoring import actions as monitoring
from tests.command.conftest import START, Stage, opened
from tests.command.test_pages import signed_in
from tests.conftest import actor


def at(minutes: float) -> Any:
    return clock.standing_at(START + timedelta(minutes=minutes))


def called(stage: Stage, **more: Any) -> CallRound:
    with at(0):
        return actions.start_calling(
            stage.officer, title="液氯泄漏叫应", text="下风向人员立即转移", area_ids=[stage.city.city.pk], **more
        )


def callee(row: CallRound, name: str) -> Callee:
    return Callee.everything.get(round=row, name=name)


def test_those_in_charge_are_called_and_told(stage: Stage) -> None:
    row = called(stage)
    assert set(row.callees.values_list("name", flat=True)) == {"张局长", "李副队", "赵大队"}
    told = Event.objects.filter(name="kernel.NoticeRequested", payload__purpose="叫应")
    assert told.count() == 3
    assert "请 20:10 前回电" in told[0].payload["text"]


def test_who_does_not_answer_is_passed_on_and_the_answer_of_the_deputy_counts(stage: Stage) -> None:
    incident = opened(stage)
    row = called(stage, incident_id=incident.pk)
    police = callee(row, "赵大队")
    with at(3):
        actions.attempt_call(stage.officer, police.pk, "no_answer")
        actions.attempt_call(stage.officer, callee(row, "张局长").pk, "answered", note="明白")
        actions.attempt_call(stage.officer, callee(row, "李副队").pk, "answered")
        assert [one.name for one in unanswered(row)] == ["赵大队"]
    with at(9):
        assert jobs.unanswered_calls() == 0
    with at(10):
        assert jobs.unanswered_calls() == 1
    police.refresh_from_db()
    assert police.state == "escalated"
    # Deputy and leader have answered for themselves already: nobody is called twice, so the chain is at its end.
    assert row.callees.count() == 3
    fact = Event.objects.get(name="command.CalleeUnanswered").payload
    assert (fact["minutes"], fact["passed_to"]) == (10.0, None)
    with at(12), pytest.raises(Conflict, match="还有 1 人未应答") as refused:
        actions.close_calling(stage.officer, row.pk)
    assert refused.value.details["rule"] == "未应答者须有处置说明"
    with at(12):
        actions.close_calling(stage.officer, row.pk, "派出所上门通知")
        with pytest.raises(Conflict, match="已于"):
            actions.attempt_call(stage.officer, police.pk, "answered")
    assert TimelineEntry.everything.filter(incident=incident, text__contains="未应答").exists()


def test_the_chain_goes_to_the_deputy_then_to_the_leader_on_duty(stage: Stage) -> None:
    with at(0):
        row = actions.start_calling(
            stage.officer, title="叫应", text="回电", area_ids=[stage.city.city.pk], messages=False
        )
        for name in ("张局长", "李副队"):
            Callee.everything.filter(round=row, name=name).delete()
    for minutes in (10, 20, 30):
        with at(minutes):
            jobs.unanswered_calls()
    way = list(Callee.everything.filter(round=row).order_by("step").values_list("name", "step", "state"))
    assert way == [("赵大队", 0, "escalated"), ("李副队", 1, "escalated"), ("张局长", 2, "escalated")]
    late = Callee.everything.get(round=row, name="李副队")
    with at(31):
        actions.attempt_call(stage.officer, late.pk, "answered", note="刚看到")
    assert unanswered(row) == []


def test_a_delivered_message_is_no_answer_and_an_attempt_is_never_changed(stage: Stage) -> None:
    row = called(stage)
    with at(1):
        made = actions.attempt_call(stage.officer, row.callees.first().pk, "busy", "satellite")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        CallAttempt.everything.filter(pk=made.pk).update(outcome="answered")
    with at(1), pytest.raises(Invalid, match="outcome"):
        actions.attempt_call(stage.officer, row.callees.first().pk, "delivered")
    with at(1), pytest.raises(Invalid, match="叫应区划"):
        actions.start_calling(stage.officer, title="x", text="y", area_ids=[])
    with at(1), pytest.raises(Forbidden):
        actions.start_calling(actor(stage.city.east), title="x", text="y", area_ids=[stage.city.west.pk])


@pytest.mark.parametrize(("level", "rounds"), [("红", 1), ("橙", 1), ("黄", 0)])
def test_a_red_or_orange_warning_calls_those_in_charge_of_its_areas(stage: Stage, level: Any, rounds: int) -> None:
    incident = opened(stage)
    people = [actor(stage.city.city, name=name, user_id=n) for n, name in enumerate(("起草", "审核", "签发"), 10)]
    with at(5):
        warning = monitoring.draft_warning(
            people[0], event_code="12D02", level=level, headline="液氯泄漏预警", description="下风向可能受影响",
            instruction="关闭门窗", area_ids=[stage.city.city.pk], geometry=None, onset=clock.now(),
            expires=clock.now() + timedelta(hours=6), correlation_id=incident.correlation_id,
        )  # fmt: skip
        monitoring.review_warning(people[1], warning.pk, True, "同意")
        monitoring.issue_warning(people[2], warning.pk)
        dispatcher.drain()
        dispatcher.drain()
    made = CallRound.everything.filter(warning_id=warning.pk)
    assert made.count() == rounds
    assert all(row.incident_id == incident.pk and row.callees.count() == 3 for row in made)


def test_a_round_of_an_exercise_stays_in_the_house_however_far_it_goes_up(stage: Stage) -> None:
    people = [actor(stage.city.city, name=name, user_id=n) for n, name in enumerate(("起草", "审核", "签发"), 10)]
    with at(0):
        warning = monitoring.draft_warning(
            people[0], event_code="12D02", level="红", headline="液氯泄漏预警", description="下风向可能受影响",
            instruction="关闭门窗", area_ids=[stage.city.city.pk], geometry=None, onset=clock.now(),
            expires=clock.now() + timedelta(hours=6), exercise=True,
        )  # fmt: skip
        monitoring.review_warning(people[1], warning.pk, True, "同意")
        monitoring.issue_warning(people[2], warning.pk)
        dispatcher.drain()
        row = CallRound.everything.get(warning_id=warning.pk)
        row.callees.exclude(name="赵大队").delete()
    with at(10):
        assert jobs.unanswered_calls() == 1
    told = Event.objects.filter(name="kernel.NoticeRequested", payload__subject_type="command.Callee")
    assert [event.payload["exercise"] for event in told] == [True]


def ordered(stage: Stage, incident_id: int | None = None) -> Instruction:
    with at(0):
        return actions.record_instruction(
            stage.officer, leader="王市长", text="全力救援，查明原因", incident_id=incident_id, area_id=stage.city.city.pk,
            points=[Point("全力搜救被困人员", "消防支队", START + timedelta(hours=2), "119"),
                    Point("查明泄漏原因", "应急局", START + timedelta(hours=24))],
        )  # fmt: skip


def test_every_point_of_an_instruction_is_chased_until_it_is_done(stage: Stage) -> None:
    incident = opened(stage)
    row = ordered(stage, incident.pk)
    ran = []
    for minutes in (119, 120, 130, 150, 180):
        with at(minutes):
            ran.append(jobs.late_instructions())
    assert ran == [0, 1, 0, 1, 1]
    late = Event.objects.filter(name="kernel.NoticeRequested", payload__purpose="批示超期").order_by("id")
    assert [event.payload["to_name"] for event in late][:3] == ["消防支队", "消防支队", "市应急局带班领导 张局长"]
    item = row.items.order_by("id").first()
    with at(185):
        actions.feed_back(stage.officer, item.pk, "救出 2 人")
        with pytest.raises(Conflict, match="领导批示未办结") as refused:
            actions.close_incident(stage.officer, incident.pk, "结束")
        assert "批示件件有落实" in refused.value.details["rule"]
        actions.finish_item(stage.officer, item.pk, "全部救出")
        with pytest.raises(Conflict, match="已于 11-23 23:05 办结"):
            actions.finish_item(stage.officer, item.pk, "再办")
    with at(400):
        assert jobs.late_instructions() == 0
    assert InstructionItem.everything.get(pk=item.pk).chased == 3


@pytest.mark.parametrize(
    ("points", "why"),
    [([], "落实事项"), ([Point("做", "谁", START)], "办结时限"), ([Point(" ", "谁", START + timedelta(hours=1))], "落实事项"),
     ([Point("做", "", START + timedelta(hours=1))], "承办")],
)  # fmt: skip
def test_an_instruction_nobody_could_carry_out_is_refused(stage: Stage, points: list[Point], why: str) -> None:
    with at(0), pytest.raises(Invalid, match=why):
        actions.record_instruction(stage.officer, leader="王市长", text="x", points=points, area_id=stage.city.city.pk)
    assert not Instruction.everything.exists()


def words(content: bytes) -> str:
    document = Document(io.BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(p.text for p in document.paragraphs), *cells])


@pytest.mark.parametrize(("kind", "name"), [("flash", "值班快报"), ("info", "值班信息"), ("special", "专报")])
def test_products_of_the_desk_come_as_word_with_their_fields(stage: Stage, kind: str, name: str) -> None:
    incident = opened(stage, deaths=1, missing=2, place="园区3号罐")
    client = signed_in(stage.city.city)
    with at(5):
        row = actions.draft_bulletin(stage.officer, kind, incident.pk)
        for verb in (actions.check_bulletin, actions.sign_bulletin, actions.send_bulletin):
            verb(stage.officer, row.pk)
        row = actions.receive_bulletin(stage.officer, row.pk, "总值班室张三")
        text = words(client.get(f"/command/bulletins/{row.pk}/bulletin.docx").content)
    assert row.number == f"{name}〔2026〕1期"
    assert row.title == "乌达区园区3号罐泄漏事故致死亡1人、失踪2人，正在核实处置" or "死亡1人、失踪2人" in row.title
    for wanted in (name, row.number, row.title, "值班长", "死亡1人、失踪2人", "数据截至 11-23 20:05"):
        assert wanted in text
    assert "{{" not in text
    assert [one["state"] for one in row.steps] == ["drafted", "checked", "signed", "sent", "received"]


def test_a_flash_is_short_and_a_signature_falls_with_a_change(stage: Stage) -> None:
    incident = opened(stage)
    with at(5):
        row = actions.draft_bulletin(stage.officer, "flash", incident.pk)
        actions.edit_bulletin(stage.officer, row.pk, {"action": "长" * 200})
        with pytest.raises(Conflict, match="须不超过 200 字"):
            actions.check_bulletin(stage.officer, row.pk)
        actions.edit_bulletin(stage.officer, row.pk, {"action": "已疏散"})
        actions.check_bulletin(stage.officer, row.pk)
        with pytest.raises(Conflict, match="允许：拟稿、已签发"):
            actions.send_bulletin(stage.officer, row.pk)
        actions.sign_bulletin(stage.officer, row.pk)
        assert actions.edit_bulletin(stage.officer, row.pk, {"action": "已疏散300人"}).state == "drafted"
        with pytest.raises(Forbidden):
            actions.sign_bulletin(actor(stage.city.city, "command.report"), row.pk)
        with pytest.raises(Invalid, match="事件"):
            actions.draft_bulletin(stage.officer, "flash", None, stage.city.city.pk)


def test_the_daily_information_counts_the_day_and_says_what_is_unknown(stage: Stage) -> None:
    opened(stage, 0, deaths=1)
    opened(stage, 30, title="甲厂火灾")
    with at(60):
        row = actions.draft_bulletin(stage.officer, "info", None, stage.city.city.pk)
    assert "新增突发事件 2 起" in row.fields["event"]
    assert "死亡 1 人（另 1 起不详）" in row.fields["casualties"]
    assert Bulletin.everything.count() == 1


def test_the_desk_puts_what_is_most_urgent_first(stage: Stage) -> None:
    incident = opened(stage, deaths=1)
    called(stage, incident_id=incident.pk)
    ordered(stage, incident.pk)
    with at(1):
        actions.activate_response(stage.officer, incident.pk, "T-LEAK", "三级", "先期处置")
        seen = board.board(stage.officer)
        page = signed_in(stage.city.city).get("/command/").content.decode()
    moments = [one.at for one in seen.due]
    assert moments == sorted(moments)
    assert {one.kind for one in seen.due} == {"report", "task", "call", "order"}
    assert seen.watch is not None
    assert [person.name for person in seen.watch.leaders] == ["张局长"]
    assert "全力搜救被困人员" in page
    assert "张局长" in page


@pytest.mark.parametrize(
    "page",
    ["/command/callings/", "/command/callings/{r}/", "/command/instructions/", "/command/bulletins/", "/command/bulletins/{b}/",
     "/command/handover/", "/administration/duty/"],
)  # fmt: skip
def test_pages_of_the_watch_open(stage: Stage, page: str) -> None:
    incident = opened(stage)
    row = called(stage, incident_id=incident.pk)
    ordered(stage, incident.pk)
    with at(2):
        made = actions.draft_bulletin(stage.officer, "special", incident.pk)
        answer = signed_in(stage.city.city).get(page.format(r=row.pk, b=made.pk))
    assert answer.status_code == 200


def test_forms_of_the_watch_do_what_they_say(stage: Stage) -> None:
    client = signed_in(stage.city.city)
    with at(0):
        client.post(
            "/command/callings/", {"title": "叫应", "text": "回电", "areas": [stage.city.city.pk], "answer_min": "5"}
        )
        row = CallRound.everything.get()
        client.post(f"/command/callees/{row.callees.first().pk}/attempt", {"outcome": "answered", "means": "radio"})
        client.post(f"/command/callings/{row.pk}/close", {"reason": "改上门"})
        client.post(
            "/command/instructions/",
            {"leader": "王市长", "text": "抓紧", "area": stage.city.city.pk, "what": ["搜救", ""], "owner": ["消防", ""],
             "phone": ["119", ""], "hours": ["2", ""]},
        )  # fmt: skip
        item = InstructionItem.everything.get()
        client.post(f"/command/instructions/items/{item.pk}/finish", {"reason": "完成"})
        client.post("/command/bulletins/", {"kind": "info", "area": stage.city.city.pk, "incident": ""})
        sheet = Bulletin.everything.get()
        client.post(f"/command/bulletins/{sheet.pk}/do/edit", {"next_steps": "继续值守", "version": sheet.version})
        client.post(f"/command/bulletins/{sheet.pk}/do/check", {})
    for one in (row, item, sheet):
        one.refresh_from_db()
    assert row.close_note == "改上门"
    assert (item.result, item.due_at) == ("完成", START + timedelta(hours=2))
    assert (sheet.state, sheet.fields["next_steps"]) == ("checked", "继续值守")
