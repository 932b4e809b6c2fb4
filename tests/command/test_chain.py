"""From an alarm to a reviewed incident, in one process on a real PostgreSQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest

from anlan.command import actions, jobs
from anlan.command.actions import proposals
from anlan.command.models import Incident, Proposal, Report, ReportClock, Task, TimelineEntry
from anlan.kernel import clock
from anlan.kernel.accounts.actor import system
from anlan.kernel.audit import journal
from anlan.kernel.errors import Conflict
from anlan.kernel.events import dispatcher
from anlan.kernel.events.models import Delivery, Event
from anlan.monitoring.actions import process
from anlan.monitoring.models import Alarm, AlarmRule, Station
from anlan.resources.models import Team
from tests.command.conftest import START, Stage


def raise_alarm(stage: Stage, at: float = 0, lon: float = 106.7, code: str = "HH", **rule: object) -> Alarm:
    """The rule engine finds chlorine at a detector `at` minutes after START; what follows from it has run."""
    fields = {
        "code": code,
        "title": "氯气浓度高高报",
        "quantity": "cl2",
        "area": stage.city.city,
        "priority": 1,
        **rule,
    }
    found, _ = AlarmRule.everything.get_or_create(code=code, defaults=fields)
    station = Station.everything.create(
        code=f"S{lon}{code}",
        name="1# 氯罐区",
        lon=lon,
        lat=39.5,
        kind="气体",
        protocol="mqtt",
        address=f"{lon}{code}",
        area=stage.city.west,
    )
    moment = START + timedelta(minutes=at)
    finding = process.Finding(
        rule=found,
        subject=f"s{station.pk}",
        started_at=moment,
        at=moment,
        title="乌达园区 1# 氯罐区 氯气 12 ppm 超限",
        station=station,
        area=stage.city.west,
        data_class=2,
        lon=lon,
        lat=39.5,
        value=12.0,
        unit="ppm",
    )
    with clock.standing_at(moment):
        alarm = process.raise_alarm(system("规则引擎"), finding)
        dispatcher.drain()
    assert alarm is not None
    return alarm


@dataclass
class Story:
    """The clock of the story, in minutes after START."""

    minute: float = 0

    def at(self, minute: float) -> object:
        self.minute = minute
        return clock.standing_at(START + timedelta(minutes=minute))


def by_card(incident: Incident, card: str) -> Task:
    return Task.everything.get(incident=incident, card=card)


def do(stage: Stage, task: Task, story: Story, start: float) -> None:
    """Acknowledge, go, arrive, finish, five minutes apart."""
    with story.at(start):
        actions.acknowledge_task(stage.officer, task.pk)
    with story.at(start + 5):
        actions.start_task(stage.officer, task.pk)
    with story.at(start + 10):
        actions.arrive_task(stage.officer, task.pk)
    with story.at(start + 15):
        actions.finish_task(stage.officer, task.pk, "已完成")


@pytest.mark.django_db
def test_an_alarm_goes_the_whole_way_to_a_review(stage: Stage) -> None:
    story, desk = Story(), stage.officer
    alarm = raise_alarm(stage)
    proposal = Proposal.everything.get(alarm_id=alarm.pk)
    assert (proposal.event_code, proposal.state) == ("12D02", "waiting")
    with story.at(2):
        incident = actions.open_from_alarm(desk, alarm.pk)
    assert incident.correlation_id == alarm.correlation_id
    assert incident.number == "WH-20261123-001"
    proposal.refresh_from_db()
    assert (proposal.state, proposal.incident_id) == ("accepted", incident.pk)

    with story.at(3):
        actions.update_casualties(desk, incident.pk, deaths=1, serious=2)
        actions.confirm_grade(desk, incident.pk, "一般")
        response = actions.activate_response(desk, incident.pk, "T-LEAK", "三级", "")
    assert response.proposal["level"] == "三级"
    cordon, plug, wash = (by_card(incident, card) for card in ("cordon", "plug", "decontaminate"))
    assert (cordon.person.name, plug.team, wash.state) == ("赵大队", stage.team, "planned")
    assert Team.everything.get(pk=stage.team.pk).readiness == "dispatched"

    do(stage, cordon, story, 5)
    do(stage, plug, story, 6)
    wash.refresh_from_db()
    assert wash.state == "issued"
    with story.at(30):
        with pytest.raises(Conflict, match="终止条件未满足"):
            actions.end_response(desk, incident.pk, "处置完毕")
        actions.acknowledge_task(desk, wash.pk)
        actions.finish_task(desk, wash.pk, "洗消完成")

    with story.at(40):
        first = actions.draft_report(desk, incident.pk, "首报")
        actions.sign_report(desk, first.pk)
        first = actions.send_report(desk, first.pk, "text")
    assert first.fields["deaths"] == 1
    assert first.fields["trapped"] is None
    assert (first.lateness_min, first.receipt_note) == (0, "本级留存/待上级平台回执")

    with story.at(60):
        actions.end_response(desk, incident.pk, "泄漏源已控制")
        with pytest.raises(Conflict, match="终报尚未报送"):
            actions.close_incident(desk, incident.pk, "已处置")
        final = actions.draft_report(desk, incident.pk, "终报")
        actions.sign_report(desk, final.pk)
        actions.send_report(desk, final.pk, "text")
        actions.close_incident(desk, incident.pk, "泄漏已止住，无次生灾害")
    with story.at(90):
        review = actions.complete_review(desk, incident.pk, "夜间叫应要更快")
        dispatcher.drain()
    rows = {row["name"]: row for row in review.measured}
    assert rows["首支力量到场"]["minutes"] == 13
    assert rows["首支力量到场"]["met"] is True
    assert Incident.everything.get(pk=incident.pk).status == "reviewed"
    names = list(Event.objects.filter(correlation_id=alarm.correlation_id).values_list("name", flat=True))
    for link in ("IncidentOpened", "ResponseStarted", "TaskIssued", "ReportSent", "IncidentClosed", "IncidentReviewed"):
        assert f"command.{link}" in names
    assert TimelineEntry.everything.filter(incident=incident).count() > 20
    assert not list(journal.flaws())
    assert not Delivery.objects.filter(done_at__isnull=True).exists()
    assert not ReportClock.everything.filter(incident=incident, party="city", met_at__isnull=True).exists()
    assert Report.everything.filter(incident=incident).count() == 2
    assert Team.everything.get(pk=stage.team.pk).readiness == "ready"
    with story.at(300):
        assert jobs.late_tasks() == 0


def test_opening_takes_in_the_clues_of_the_same_thing_and_leaves_others_waiting(stage: Stage) -> None:
    first = raise_alarm(stage)
    raise_alarm(stage, 1, lon=107.3)
    with clock.standing_at(START + timedelta(minutes=2)):
        other = proposals.propose_foreign(
            stage.officer, kind="通报", title="浓烟和刺鼻气味", event_code="12D01", lon=106.71, lat=39.5, at=clock.now(),
            area=stage.city.west, correlation_id=None, reported_by="乌达区",
        )  # fmt: skip
        incident = actions.open_from_alarm(stage.officer, first.pk, "12D02")
    states = dict(Proposal.everything.values_list("lon", "state"))
    assert states == {106.7: "accepted", 107.3: "waiting", other.lon: "merged"}
    merged = Proposal.everything.get(pk=other.pk)
    assert (merged.incident_id, merged.reason) == (incident.pk, f"并入 {incident.number}")
    assert TimelineEntry.everything.filter(incident=incident, text__contains="同地同时段线索").count() == 1
    told = Event.objects.filter(name="command.ProposalDecided").values_list("payload__state", flat=True)
    assert sorted(told) == ["accepted", "merged"]


def test_a_real_message_never_goes_into_an_exercise(stage: Stage) -> None:
    with clock.standing_at(START):
        actions.open_incident(
            stage.officer, event_code="12D02", title="演练", lon=106.7, lat=39.5, area_id=stage.city.west.pk,
            occurred_at=None, reported_by="导调", source="演练", exercise=True,
        )  # fmt: skip
    raise_alarm(stage)
    assert Proposal.everything.get().state == "waiting"
    with clock.standing_at(START):
        drill = actions.open_incident(
            stage.officer, event_code="12D02", title="又一次演练", lon=106.7, lat=39.5, area_id=stage.city.west.pk,
            occurred_at=None, reported_by="导调", source="演练", exercise=True,
        )  # fmt: skip
    assert drill.exercise
    assert Proposal.everything.get().state == "waiting"
