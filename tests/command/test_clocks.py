"""What is late by the clock: reports on the legal deadline, tasks that nobody acknowledged."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from anlan.command import actions, jobs
from anlan.command.models import Incident, Report, ReportClock, Task
from anlan.command.rules import follow_up, report_deadlines
from anlan.command.rules.reporting import deadlines, national
from anlan.kernel import clock
from anlan.kernel.errors import Conflict
from anlan.kernel.events.models import Event
from tests.command.conftest import START, Stage, opened


def at(minutes: float) -> Any:
    return clock.standing_at(START + timedelta(minutes=minutes))


def notices(purpose: str) -> list[dict[str, Any]]:
    rows = Event.objects.filter(name="kernel.NoticeRequested", payload__purpose=purpose).order_by("id")
    return [row.payload for row in rows]


def responded(stage: Stage) -> Incident:
    incident = opened(stage, deaths=1)
    with at(0):
        actions.activate_response(stage.officer, incident.pk, "T-LEAK", "三级", "先期处置")
    return incident


@pytest.mark.parametrize(
    ("role", "grade", "duties"),
    [
        ("enterprise", "一般", [("text", 60)]),
        ("enterprise", "较大", [("text", 60), ("text", 60)]),
        ("department", "一般", [("text", 120)]),
        ("department", "较大", [("text", 120), ("phone", 60)]),
        ("department", "重大", [("text", 120), ("phone", 60)]),
        ("government", "一般", []),
        ("government", "特别重大", [("phone", 30), ("text", 60)]),
    ],
)
def test_who_reports_how_soon(role: Any, grade: str, duties: list[tuple[str, int]]) -> None:
    found = report_deadlines(role, START, grade)
    assert [(duty.channel, (duty.due_at - START).total_seconds() / 60) for duty in found] == duties
    assert all(duty.basis for duty in found)


@pytest.mark.parametrize(("grade", "hours"), [("一般", 24), ("较大", 24), ("重大", 12), ("特别重大", 12)])
def test_how_often_it_is_reported_again(grade: str, hours: int) -> None:
    assert follow_up(START, grade).due_at == START + timedelta(hours=hours)


@pytest.mark.parametrize(
    ("event_code", "day", "first", "basis", "again_h"),
    [
        ("12D02", "2026-03-01", "493-11", "国务院令第493号", 12),
        ("11A05", "2026-03-01", "disaster-first", "应急〔2020〕19号", 24),
        ("11C02", "2015-04-15", "disaster-first", "突发事件应对法", 24),
        ("13A01", "2026-03-01", "law-first", "六十四条", 24),
        ("14A01", "2016-03-01", "law-first", "突发事件应对法", 24),
        ("", "2026-03-01", "493-11", "国务院令第493号", 12),
    ],
)
def test_each_kind_of_event_is_reported_by_its_own_law(
    event_code: str, day: str, first: str, basis: str, again_h: int
) -> None:
    """A flood is not reported under the regulation on production accidents; what is not known yet is, being the strictest."""
    known = datetime.fromisoformat(f"{day}T08:00+08:00")
    found = [
        duty
        for duty in deadlines(national(), "department", "首报", known, "重大", event_code)
        if duty.channel == "text"
    ]
    assert [duty.rule_id for duty in found] == [first]
    assert basis in found[0].basis
    assert found[0].due_at == known + timedelta(hours=2)
    assert follow_up(known, "重大", event_code=event_code).due_at == known + timedelta(hours=again_h)


def test_a_report_on_the_minute_is_on_time_and_a_minute_later_is_not(stage: Stage) -> None:
    for minutes, late in ((120, 0.0), (121, 1.0)):
        incident = opened(stage, deaths=1)
        with at(100):
            report = actions.draft_report(stage.officer, incident.pk, "首报")
            actions.sign_report(stage.officer, report.pk)
        with at(minutes):
            report = actions.send_report(stage.officer, report.pk, "text")
        assert report.lateness_min == pytest.approx(late)
    sent = Event.objects.filter(name="command.ReportSent").order_by("id")
    assert [event.payload["on_time"] for event in sent] == [True, False]


def test_a_higher_grade_brings_its_own_duty_from_when_it_was_known(stage: Stage) -> None:
    incident = opened(stage, deaths=1)
    with at(30):
        actions.update_casualties(stage.officer, incident.pk, deaths=3)
    phone = ReportClock.everything.get(incident=incident, channel="phone")
    assert (phone.due_at, phone.kind) == (START + timedelta(minutes=90), "首报")
    assert ReportClock.everything.filter(incident=incident, party="city").count() == 2


def test_by_telephone_first_then_in_writing(stage: Stage) -> None:
    incident = opened(stage, deaths=3)
    with at(20):
        report = actions.draft_report(stage.officer, incident.pk, "首报")
        actions.send_report(stage.officer, report.pk, "phone")
        with pytest.raises(Conflict, match="已电话报送"):
            actions.send_report(stage.officer, report.pk, "phone")
        with pytest.raises(Conflict, match="拟稿"):
            actions.send_report(stage.officer, report.pk, "text")
    unmet = ReportClock.everything.filter(incident=incident, met_at__isnull=True)
    assert [duty.channel for duty in unmet] == ["text"]


def test_due_soon_and_overdue_are_announced_once_each(stage: Stage) -> None:
    opened(stage, deaths=1)
    ran = []
    for minutes in (80, 95, 96, 121, 130):
        with at(minutes):
            ran.append(jobs.report_clocks())
    assert ran == [0, 1, 0, 1, 0]
    assert len(notices("报送临期")) == len(notices("报送超期")) == 1
    due = Event.objects.filter(name="command.ReportDue").order_by("id")
    assert [event.payload["overdue"] for event in due] == [False, True]


def test_reports_come_in_their_order_and_deaths_do_not_fall(stage: Stage) -> None:
    incident = opened(stage, deaths=2)
    with at(10):
        with pytest.raises(Conflict, match="尚无首报"):
            actions.draft_report(stage.officer, incident.pk, "续报")
        first = actions.draft_report(stage.officer, incident.pk, "首报")
        with pytest.raises(Conflict, match="尚未报送"):
            actions.draft_report(stage.officer, incident.pk, "续报")
        actions.sign_report(stage.officer, first.pk)
        edited = actions.edit_report(stage.officer, first.pk, {"support": "请求泡沫车两台"})
        assert (edited.state, edited.version) == ("drafted", 3)
        actions.sign_report(stage.officer, first.pk)
        actions.send_report(stage.officer, first.pk, "text")
        with pytest.raises(Conflict, match="请拟续报"):
            actions.edit_report(stage.officer, first.pk, {"support": ""})
        second = actions.draft_report(stage.officer, incident.pk, "续报")
        with pytest.raises(Conflict, match="核减理由"):
            actions.edit_report(stage.officer, second.pk, {"deaths": 1})
        actions.edit_report(stage.officer, second.pk, {"deaths": 1}, reason="核实一人为重伤")
    assert (second.name, Report.everything.get(pk=first.pk).versions.count()) == ("续报1", 2)


def test_after_a_report_the_next_one_has_its_clock_until_the_last(stage: Stage) -> None:
    incident = opened(stage, deaths=1)
    for kind, minutes in (("首报", 10), ("续报", 300), ("终报", 900)):
        with at(minutes):
            report = actions.draft_report(stage.officer, incident.pk, kind)
            actions.sign_report(stage.officer, report.pk)
            actions.send_report(stage.officer, report.pk, "text")
        unmet = list(ReportClock.everything.filter(incident=incident, met_at__isnull=True))
        expected = [] if kind == "终报" else [START + timedelta(minutes=minutes, hours=24)]
        assert [duty.due_at for duty in unmet] == expected


def test_a_task_nobody_acknowledges_goes_to_the_deputy_and_then_to_the_duty_leader(stage: Stage) -> None:
    incident = responded(stage)
    cordon = Task.everything.get(incident=incident, card="cordon")
    Task.everything.exclude(pk=cordon.pk).update(acknowledge_by=START + timedelta(days=1))
    ran = []
    for minutes in (4.9, 5.1, 6, 10.2, 20):
        with at(minutes):
            ran.append(jobs.late_tasks())
    assert ran == [0, 1, 0, 1, 0]
    late = [event.payload for event in Event.objects.filter(name="command.TaskLate").order_by("id")]
    assert [(fact["what"], fact["step"], fact["to_name"]) for fact in late] == [
        ("acknowledge", 1, "治安副大队长 李副队"),
        ("acknowledge", 2, "市应急局带班领导 张局长"),
    ]
    assert [notice["to_name"] for notice in notices("任务超时")] == ["治安副大队长 李副队", "市应急局带班领导 张局长"]
    with at(21):
        assert actions.acknowledge_task(stage.officer, cordon.pk).state == "acknowledged"


def test_a_task_not_done_in_time_is_told_once_to_the_duty_leader(stage: Stage) -> None:
    incident = responded(stage)
    cordon = Task.everything.get(incident=incident, card="cordon")
    with at(2):
        for task in Task.everything.filter(incident=incident, state="issued"):
            actions.acknowledge_task(stage.officer, task.pk)
    ran = []
    for minutes in (29, 31, 32):
        with at(minutes):
            ran.append(jobs.late_tasks())
    assert ran == [0, 1, 0]
    assert notices("任务超时")[0]["subject_id"] == str(cordon.pk)


def test_the_message_of_a_task_names_place_level_and_deadline(stage: Stage) -> None:
    responded(stage)
    cordon = next(notice for notice in notices("任务下达") if "设置警戒区" in notice["text"])
    assert cordon["text"] == "【三级响应】某化工厂液氯泄漏：设置警戒区，20:30前完成（乌达区，一般）"
    assert (cordon["phone"], cordon["urgency"]) == ("13900000000", "high")
