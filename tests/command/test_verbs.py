"""What the verbs allow and refuse: states, scope, versions, the append-only tables."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anlan.command import actions, states, tasking
from anlan.command.common import tell
from anlan.command.models import Incident, Plan, PlanVersion, Proposal, ReportVersion, Task, TaskStep, TimelineEntry
from anlan.kernel import clock
from anlan.kernel.accounts.actor import system
from anlan.kernel.audit import journal
from anlan.kernel.audit.models import JournalEntry
from anlan.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from anlan.kernel.events import dispatcher
from anlan.monitoring.actions import receive_event
from anlan.resources.models import Readiness, RoadEdge, RoadNode, Team
from tests.command.conftest import START, Stage, opened
from tests.command.test_chain import raise_alarm
from tests.conftest import actor

LATER = START + timedelta(minutes=10)


def responded(stage: Stage, **details: Any) -> Incident:
    incident = opened(stage, **{"deaths": 1, **details})
    with clock.standing_at(LATER):
        actions.activate_response(stage.officer, incident.pk, "T-LEAK", "三级", "先期处置")
    incident.refresh_from_db()
    return incident


def test_unknown_casualties_stay_null_and_are_not_zero(stage: Stage) -> None:
    incident = opened(stage, deaths=0)
    incident.refresh_from_db()
    assert (incident.deaths, incident.missing) == (0, None)
    assert incident.suggested_grade == "一般"
    assert opened(stage, 1).suggested_grade == ""


def test_the_missing_are_graded_as_dead_beside_the_grade(stage: Stage) -> None:
    incident = opened(stage, deaths=2, missing=1)
    assert (incident.suggested_grade, incident.grade_if_missing_dead) == (
        "一般",
        "较大",
    )
    assert "第493号" in incident.grade_clause


@pytest.mark.parametrize(
    ("details", "message"),
    [
        ({"deaths": -1}, "死亡的值“-1”不正确"),
        ({"lon": 200.0}, "经度的值“200.0”不正确"),
        ({"event_code": "99999"}, "事件类型的值“99999”不正确"),
        ({"title": " "}, "标题的值空不正确"),
        ({"occurred_at": START + timedelta(hours=1)}, "发生时间.*不晚于接报时间|接报时间.*不晚于现在"),
        ({"wounded": 3}, "wounded"),
    ],
)
def test_a_wrong_value_is_named(stage: Stage, details: dict[str, Any], message: str) -> None:
    with pytest.raises(Invalid, match=message):
        opened(stage, **details)


def test_numbers_run_by_day_without_gaps(stage: Stage) -> None:
    numbers = [opened(stage, minute).number[-12:] for minute in (0, 1, 60 * 5)]
    assert numbers == ["20261123-001", "20261123-002", "20261124-001"]


def test_one_alarm_opens_one_incident(stage: Stage) -> None:
    alarm = raise_alarm(stage)
    with clock.standing_at(LATER):
        actions.open_from_alarm(stage.officer, alarm.pk)
        with pytest.raises(Conflict, match="已立案为"):
            actions.open_from_alarm(stage.officer, alarm.pk)
    with pytest.raises(NotFound):
        actions.open_from_alarm(actor(stage.city.east), alarm.pk)


def test_alarms_at_one_place_and_time_are_one_clue(stage: Stage) -> None:
    raise_alarm(stage)
    second = raise_alarm(stage, 5, lon=106.701)
    third = raise_alarm(stage, 6, lon=106.9)
    raise_alarm(stage, 7, lon=107.0, code="H", priority=2)
    first, far = Proposal.everything.order_by("alarm_id")
    assert [other["alarm_id"] for other in first.also] == [second.pk]
    entry = JournalEntry.objects.get(verb="归并接报线索")
    assert (entry.subject_id, entry.before["also"]) == (str(first.pk), [])
    assert far.alarm_id == third.pk


def test_an_alarm_at_an_open_incident_is_a_line_of_it_and_no_new_clue(stage: Stage) -> None:
    incident = opened(stage)
    raise_alarm(stage, 5)
    assert not Proposal.everything.exists()
    assert TimelineEntry.everything.filter(incident=incident, kind="alarm").count() == 1


@pytest.mark.parametrize(("magnitude", "clues"), [(2.5, 0), (3.4, 1), (5.8, 1)])
def test_a_felt_earthquake_is_a_clue_with_its_magnitude(stage: Stage, magnitude: float, clues: int) -> None:
    with clock.standing_at(START):
        receive_event(
            system("速报"),
            kind="earthquake",
            natural_key=f"q{magnitude}",
            at=START - timedelta(minutes=2),
            lon=106.3,
            lat=39.8,
            title=f"阿左旗 M{magnitude} 地震",
            magnitude=magnitude,
            properties={},
            source="CENC",
        )
        dispatcher.drain()
        assert Proposal.everything.count() == clues
        for proposal in Proposal.everything.all():
            incident = actions.accept_proposal(stage.officer, proposal.pk)
            assert (incident.event_code, incident.suggested_grade) == ("11C02", "" if magnitude < 4 else "较大")


def test_a_clue_is_dismissed_with_a_reason_and_only_once(stage: Stage) -> None:
    raise_alarm(stage)
    with clock.standing_at(START):
        proposal = Proposal.everything.get()
        with pytest.raises(Invalid, match="理由"):
            actions.dismiss_proposal(stage.officer, proposal.pk, " ")
        actions.dismiss_proposal(stage.officer, proposal.pk, "标定试验")
        with pytest.raises(Conflict, match="不予立案"):
            actions.accept_proposal(stage.officer, proposal.pk)


def test_deaths_do_not_fall_without_a_reason(stage: Stage) -> None:
    incident = opened(stage, deaths=3)
    with clock.standing_at(LATER):
        with pytest.raises(Conflict, match="核减理由"):
            actions.update_casualties(stage.officer, incident.pk, deaths=2)
        with pytest.raises(Conflict, match="核减理由"):
            actions.update_casualties(stage.officer, incident.pk, deaths=None)
        actions.update_casualties(stage.officer, incident.pk, deaths=2, reason="一人核实为重伤")
    assert "核实为重伤" in TimelineEntry.everything.filter(incident=incident).order_by("-id")[1].text


def test_a_grade_other_than_the_suggested_needs_a_reason(stage: Stage) -> None:
    incident = opened(stage, deaths=1)
    with pytest.raises(Invalid, match="与建议等级不同时的理由"):
        actions.confirm_grade(stage.officer, incident.pk, "较大")
    assert actions.confirm_grade(stage.officer, incident.pk, "较大", "社会影响大").grade == "较大"


def test_the_level_is_a_persons_decision_and_a_different_one_is_explained(stage: Stage) -> None:
    incident = opened(stage)
    with clock.standing_at(LATER):
        with pytest.raises(Invalid, match="与预案建议（不启动）不同时的理由"):
            actions.activate_response(stage.officer, incident.pk, "T-LEAK", "二级", "")
        response = actions.activate_response(stage.officer, incident.pk, "T-LEAK", "二级", "邻近居民区")
    terms = response.proposal["conditions"]["二级"]["terms"]
    assert {"死亡 未知 ≥ 3", "被困 未知 ≥ 10"} <= {term["text"] for term in terms}
    assert response.measures == ["成立现场指挥部", "疏散下风向人员"]
    assert response.expected_until == LATER + timedelta(hours=24)


def test_a_plan_is_not_used_for_what_it_does_not_cover(stage: Stage) -> None:
    quake = opened(stage, event_code="11C02")
    with pytest.raises(Conflict, match="不适用于“天然地震”"):
        actions.activate_response(stage.officer, quake.pk, "T-LEAK", "三级", "x")


def test_a_running_response_keeps_its_plan_version(stage: Stage) -> None:
    incident = responded(stage)
    assert incident.responses.get().plan_version == stage.plan
    with pytest.raises(Conflict):
        actions.activate_response(stage.officer, incident.pk, "T-LEAK", "二级", "再启动")


def test_raising_the_level_issues_only_the_new_cards(stage: Stage) -> None:
    incident = responded(stage)
    before = set(Task.everything.filter(incident=incident).values_list("pk", flat=True))
    with clock.standing_at(LATER):
        actions.adjust_response(stage.officer, incident.pk, "二级", "扩大")
    new = Task.everything.filter(incident=incident).exclude(pk__in=before)
    assert [task.card for task in new] == ["evacuate"]


def test_a_post_that_is_not_registered_is_passed_over_for_the_next(stage: Stage) -> None:
    task = Task.everything.get(incident=responded(stage), card="cordon")
    assert (task.post, task.person.name) == (stage.police, "赵大队")


def test_without_a_ready_team_the_leader_gets_the_task_and_it_says_so(stage: Stage) -> None:
    Team.everything.update(readiness=Readiness.RESTING)
    task = Task.everything.get(incident=responded(stage), card="plug")
    assert (task.team, task.post) == (None, stage.commander)
    assert "没有可用的“hazmat”队伍" in task.text


def test_the_nearest_team_goes_and_a_second_incident_gets_the_next(stage: Stage) -> None:
    assert Task.everything.get(incident=responded(stage), card="plug").team == stage.team
    second = responded(stage, lon=106.705, title="另一处泄漏")
    assert Task.everything.get(incident=second, card="plug").team == stage.far_team


def test_the_team_that_is_nearer_by_road_goes_before_the_one_that_is_nearer_as_the_crow_flies(stage: Stage) -> None:
    """The near station lies across the river: 60 km round by the bridge; from the far one a road leads straight here."""
    here, near, bridge, far = (
        RoadNode.objects.create(code=code, lon=lon, lat=lat)
        for code, lon, lat in (
            ("here", 106.7, 39.5),
            ("near", 106.72, 39.5),
            ("bridge", 106.7, 39.3),
            ("far", 106.9, 39.5),
        )
    )
    for code, start, end, length in (
        ("1", near, bridge, 30_000),
        ("2", bridge, here, 30_000),
        ("3", far, here, 17_200),
    ):
        RoadEdge.objects.create(
            code=code, start=start, end=end, name="路", kind="主干路", length_m=length, speed_km_h=60
        )
    task = Task.everything.get(incident=responded(stage), card="plug")
    assert (task.team, round(task.road_m or 0, -2)) == (stage.far_team, 17_200)


def test_a_team_may_be_sent_by_hand_once(stage: Stage) -> None:
    incident = opened(stage)
    task = actions.dispatch_team(stage.officer, incident.pk, stage.far_team.pk, "增援")
    assert (task.state, task.team) == ("issued", stage.far_team)
    with pytest.raises(Conflict, match="不能调派"):
        actions.dispatch_team(stage.officer, incident.pk, stage.far_team.pk, "再去")


def test_a_refused_task_frees_its_team_and_tells_the_duty_leader(stage: Stage) -> None:
    task = Task.everything.get(incident=responded(stage), card="plug")
    actions.refuse_task(stage.officer, task.pk, "装备故障")
    assert Team.everything.get(pk=stage.team.pk).readiness == Readiness.READY
    assert Task.everything.get(incident=task.incident, card="decontaminate").state == "planned"


def test_closing_names_the_rule_that_forbids_it(stage: Stage) -> None:
    incident = responded(stage)
    with pytest.raises(Conflict, match="应急响应尚未结束"):
        actions.close_incident(stage.officer, incident.pk, "完")
    small = opened(stage, 1)
    actions.dispatch_team(stage.officer, small.pk, stage.far_team.pk, "查看")
    with pytest.raises(Conflict, match="还有 1 项任务未完成") as refused:
        actions.close_incident(stage.officer, small.pk, "完")
    assert refused.value.details["rule"] == "任务全部办结后方可结案"


def test_a_neighbour_can_neither_see_nor_act(stage: Stage) -> None:
    incident, neighbour = responded(stage), actor(stage.city.east)
    task = incident.tasks.first()
    for refuse in (
        lambda: actions.note(neighbour, incident.pk, "x"),
        lambda: actions.activate_response(neighbour, incident.pk, "T-LEAK", "三级", "x"),
        lambda: actions.draft_report(neighbour, incident.pk, "首报"),
        lambda: actions.acknowledge_task(neighbour, task.pk),
    ):
        with pytest.raises(NotFound):
            refuse()
    with pytest.raises(Forbidden):
        actions.note(actor(stage.city.west, "command.view"), incident.pk, "x")
    with pytest.raises(Forbidden):
        actions.open_incident(
            neighbour,
            event_code="12D02",
            title="越界",
            lon=106.7,
            lat=39.5,
            area_id=stage.city.west.pk,
            occurred_at=None,
            reported_by="x",
            source="电话",
        )


@pytest.mark.parametrize("model", [TimelineEntry, TaskStep, PlanVersion, ReportVersion])
def test_the_database_refuses_to_change_what_only_grows(stage: Stage, model: Any) -> None:
    incident = responded(stage)
    actions.draft_report(stage.officer, incident.pk, "首报")
    row = model.everything.first()
    for sql in (
        f"update {model._meta.db_table} set id = id where id = %s",
        f"delete from {model._meta.db_table} where id = %s",
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, [row.pk])
    assert model.everything.filter(pk=row.pk).exists()


def test_a_change_decided_on_an_old_picture_is_refused(stage: Stage) -> None:
    incident = opened(stage, deaths=0)
    actions.update_casualties(stage.officer, incident.pk, deaths=1, version=1)
    with pytest.raises(Conflict, match="已被他人更改"):
        actions.update_casualties(stage.officer, incident.pk, deaths=2, version=1)
    assert Incident.everything.get(pk=incident.pk).deaths == 1


@pytest.mark.django_db(transaction=True)
def test_two_commanders_at_once_lose_no_update(stage: Stage) -> None:
    incident = opened(stage, deaths=0)
    outcomes: list[str] = []
    gate = threading.Barrier(2)

    def command(figures: dict[str, int]) -> None:
        gate.wait()
        try:
            actions.update_casualties(stage.officer, incident.pk, version=1, **figures)
            outcomes.append("done")
        except Conflict:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=command, args=(figures,)) for figures in ({"deaths": 1}, {"serious": 4})]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == ["done", "refused"]
    assert Incident.everything.get(pk=incident.pk).version == 2


def test_every_change_is_in_the_journal(stage: Stage) -> None:
    incident = responded(stage)
    verbs = set(JournalEntry.objects.filter(correlation_id=incident.correlation_id).values_list("verb", flat=True))
    assert {"登记突发事件", "启动响应", "下达任务", "派出队伍"} <= verbs


VERBS = {
    "acknowledged": actions.acknowledge_task,
    "en_route": actions.start_task,
    "on_scene": actions.arrive_task,
    "done": lambda by, pk: actions.finish_task(by, pk, "完成"),
    "refused": lambda by, pk: actions.refuse_task(by, pk, "不能"),
    "cancelled": lambda by, pk: actions.withdraw_task(by, pk, "不需要"),
}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(sorted(VERBS)), min_size=1, max_size=6))
def test_a_task_only_goes_the_ways_of_its_table(stage: Stage, wanted: list[str]) -> None:
    """Whatever is pressed in whatever order: each step is one of the table, and each is written down."""
    incident = opened(stage)
    task = Task.everything.create(
        incident=incident, title="任务", text="任务", assignee="甲", created_at=START, deadline_min=10
    )
    tasking.issue(stage.officer, task)
    gone = ["issued"]
    for state in wanted:
        try:
            VERBS[state](stage.officer, task.pk)
            assert state in states.TASK[gone[-1]]
            gone.append(state)
        except Conflict:
            assert state not in states.TASK[gone[-1]]
    assert [step.state for step in TaskStep.everything.filter(task=task)] == gone


@pytest.mark.parametrize("machine", [states.INCIDENT, states.TASK, states.REPORT])
def test_every_state_of_a_table_can_be_reached_and_named(machine: states.Machine) -> None:
    reached = {next(iter(machine))}
    for _ in machine:
        reached |= {to for state in reached for to in machine[state]}
    assert reached == set(machine)


def test_a_line_may_be_told_for_an_earlier_time(stage: Stage) -> None:
    incident = opened(stage)
    line = tell(incident, "note", "电话确认", "王值班", at=START - timedelta(minutes=3))
    assert line.at < line.recorded_at
    assert Plan.everything.count() == 1


@pytest.mark.django_db(transaction=True)
def test_teams_that_report_at_the_same_moment_do_not_block_each_other(stage: Stage) -> None:
    """Ten tasks finished at once, each freeing successors: nobody deadlocks, each successor is issued exactly once."""
    incident = responded(stage)
    response = incident.responses.get()
    tasks = [
        Task.everything.create(
            incident=incident,
            response=response,
            card=f"c{number}",
            title=f"任务{number}",
            text="x",
            assignee="甲",
            created_at=START,
            deadline_min=10,
        )
        for number in range(10)
    ]
    for task in tasks:
        tasking.issue(stage.officer, task)
    last = Task.everything.create(
        incident=incident,
        response=response,
        card="last",
        title="收尾",
        text="x",
        assignee="乙",
        created_at=START,
        deadline_min=10,
        depends_on=[task.card for task in tasks],
    )
    failures: list[Exception] = []

    def work(pk: int) -> None:
        try:
            actions.acknowledge_task(stage.officer, pk)
            actions.finish_task(stage.officer, pk, "完成")
        except Exception as error:  # kept for the assertion below
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(task.pk,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    last.refresh_from_db()
    assert failures == []
    assert [step.state for step in last.steps.all()] == ["issued"]
    assert not list(journal.flaws())


def test_who_drafts_a_report_may_not_sign_it_without_the_permission_to_sign(stage: Stage) -> None:
    drafter = actor(stage.city.city, "command.view", "command.report")
    report = actions.draft_report(drafter, opened(stage).pk, "首报")
    with pytest.raises(Forbidden):
        actions.sign_report(drafter, report.pk)
    signer = actor(stage.city.city, "command.view", "command.report_sign")
    assert actions.sign_report(signer, report.pk).state == "signed"
