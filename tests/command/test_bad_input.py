"""What must not be: each refusal names the rule that forbids it, and leaves everything as it was."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from anlan.command import actions
from anlan.command.models import Incident, Report, Response, Task, TimelineEntry
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import Conflict, Forbidden
from anlan.kernel.models import Person, User
from anlan.resources import actions as resources
from anlan.resources.ledger import Paper
from anlan.resources.models import Material, Store
from tests.command.conftest import START, Stage, opened
from tests.conftest import actor
from tests.web.conftest import signed_in

__all__ = ["signed_in"]

LATER = START + timedelta(minutes=10)
Verb = Callable[[Stage, Incident], Any]


def responded(stage: Stage) -> Incident:
    incident = opened(stage, deaths=1)
    with clock.standing_at(LATER):
        actions.activate_response(stage.officer, incident.pk, "T-LEAK", "三级", "先期处置")
    incident.refresh_from_db()
    return incident


STALE: dict[str, Verb] = {
    "casualties": lambda s, i: actions.update_casualties(s.officer, i.pk, deaths=3, version=1),
    "details": lambda s, i: actions.update_incident(s.officer, i.pk, title="另一标题", version=1),
    "factor": lambda s, i: actions.set_factor(s.officer, i.pk, "released_kg", 900, "现场", version=1),
    "grade": lambda s, i: actions.confirm_grade(s.officer, i.pk, "一般", version=1),
    "respond": lambda s, i: actions.activate_response(s.officer, i.pk, "T-LEAK", "三级", "再启动", version=1),
    "adjust": lambda s, i: actions.adjust_response(s.officer, i.pk, "二级", "升级", version=1),
    "end": lambda s, i: actions.end_response(s.officer, i.pk, "完成", version=1),
    "close": lambda s, i: actions.close_incident(s.officer, i.pk, "完成", version=1),
    "review": lambda s, i: actions.complete_review(s.officer, i.pk, "教训", version=1),
    "dispatch": lambda s, i: actions.dispatch_team(s.officer, i.pk, s.far_team.pk, "增援", version=1),
    "merge": lambda s, i: actions.merge_incident(s.officer, i.pk, opened(s, 5).pk, "同一起", version=1),
    "split": lambda s, i: actions.split_incident(s.officer, i.pk, "另一件", "12G01", "分开", version=1),
}


@pytest.mark.parametrize("name", STALE)
def test_every_verb_refuses_a_decision_made_on_an_older_picture(stage: Stage, name: str) -> None:
    incident = responded(stage)
    version, lines = incident.version, TimelineEntry.everything.filter(incident=incident).count()
    with clock.standing_at(LATER), pytest.raises(Conflict, match="已被他人更改") as refused:
        STALE[name](stage, incident)
    assert refused.value.details == {"rule": "并发更改检查", "current_version": version}
    incident.refresh_from_db()
    assert incident.version == version
    assert TimelineEntry.everything.filter(incident=incident).count() == lines


@pytest.mark.django_db(transaction=True)
def test_what_many_commanders_do_at_once_is_all_there_afterwards(stage: Stage) -> None:
    """Verbs without a picture to compare (a note, a factor, a figure of one's own) queue up; none is lost."""
    incident = opened(stage, deaths=0)
    verbs: list[Callable[[], Any]] = [
        lambda: actions.note(stage.officer, incident.pk, "第一条"),
        lambda: actions.note(stage.officer, incident.pk, "第二条"),
        lambda: actions.set_factor(stage.officer, incident.pk, "released_kg", 900, "现场"),
        lambda: actions.set_factor(stage.officer, incident.pk, "burned_ha", 2, "现场"),
        lambda: actions.update_casualties(stage.officer, incident.pk, serious=4),
        lambda: actions.update_casualties(stage.officer, incident.pk, minor=7),
        lambda: actions.update_incident(stage.officer, incident.pk, measures="已封控"),
        lambda: actions.confirm_grade(stage.officer, incident.pk, "较大", "社会影响大"),
    ]
    gate, failed = threading.Barrier(len(verbs)), []

    def run(verb: Callable[[], Any]) -> None:
        gate.wait()
        try:
            verb()
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(verb,)) for verb in verbs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    incident.refresh_from_db()
    assert failed == []
    assert (incident.deaths, incident.serious, incident.minor, incident.measures) == (0, 4, 7, "已封控")
    assert set(incident.factors) == {"released_kg", "burned_ha"}
    assert incident.grade == "较大"
    assert TimelineEntry.everything.filter(incident=incident, kind="note").count() == 2
    assert incident.version == 7  # six verbs that change the incident itself


def open_task(incident: Incident, card: str = "cordon") -> Task:
    return Task.everything.get(incident=incident, card=card)


ILLEGAL: dict[str, tuple[Verb, str]] = {
    "close while responding": (lambda s, i: actions.close_incident(s.officer, i.pk, "完"), "响应结束后方可结案"),
    "review before closing": (lambda s, i: actions.complete_review(s.officer, i.pk, "教训"), "状态转换表"),
    "start a second response": (lambda s, i: actions.activate_response(s.officer, i.pk, "T-LEAK", "三级", "x"), "状态转换表"),
    "adjust to the same level": (lambda s, i: actions.adjust_response(s.officer, i.pk, "三级", "x"), "调整须改变级别"),
    "arrive before acknowledging": (lambda s, i: actions.arrive_task(s.officer, open_task(i).pk), "状态转换表"),
    "dispatch a busy team": (lambda s, i: actions.dispatch_team(s.officer, i.pk, s.team.pk, "x"), "只调派待命队伍"),
    "second draft": (
        lambda s, i: (actions.draft_report(s.officer, i.pk, "首报"), actions.draft_report(s.officer, i.pk, "续报")),
        "上一份报送后再拟下一份",
    ),
    "final before first": (lambda s, i: actions.draft_report(s.officer, i.pk, "终报"), "续报、终报须在首报之后"),
    "send unsigned": (
        lambda s, i: actions.send_report(s.officer, actions.draft_report(s.officer, i.pk, "首报").pk, "text"), "状态转换表",
    ),
    "deaths fall": (lambda s, i: actions.update_casualties(s.officer, i.pk, deaths=0), "累计死亡人数等累计数不得无故减少"),
    "merge while responding": (
        lambda s, i: actions.merge_incident(s.officer, i.pk, opened(s, 5).pk, "x"), "响应中的事件不并入他事件",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ILLEGAL)
def test_an_illegal_change_names_its_rule(stage: Stage, name: str) -> None:
    incident = responded(stage)
    verb, rule = ILLEGAL[name]
    with clock.standing_at(LATER), pytest.raises(Conflict) as refused:
        verb(stage, incident)
    assert refused.value.details["rule"] == rule
    assert refused.value.message
    assert Report.everything.filter(sent_at__isnull=False).count() == 0


@pytest.mark.django_db
def test_page_and_interface_refuse_with_the_rule_that_forbids_it(stage: Stage, signed_in: Any) -> None:
    """The three of the issue: closing with open tasks, issuing more than is there, acknowledging another one's task."""
    incident = responded(stage)
    task, client = open_task(incident), signed_in()
    boss = signed_in(stage.city.city, "command.task", "command.view", username="zhang")
    User.objects.filter(username="zhang").update(person=Person.everything.get(name="张局长"))
    store = Store.everything.create(code="LS", name="库", lon=106.7, lat=39.5, area=stage.city.west, kind="store")
    Material.objects.create(code="1020101", name="救灾帐篷", unit="顶", whole=True)
    lot = resources.receive_lot(stage.officer, store.pk, resources.NewLot("1020101", "B-02-1"), 30, Paper("采购"))
    with clock.standing_at(LATER):
        Response.everything.update(state="ended")
        Incident.everything.filter(pk=incident.pk).update(status="ended")
        cases = (
            (client, f"/command/incidents/{incident.pk}/do/close", f"/api/command/incidents/{incident.pk}/close",
             {"reason": "完"}, 409, "任务全部办结后方可结案"),
            (client, f"/resources/stock/{lot.pk}/do/issue", f"/api/resources/stock/{lot.pk}/issue",
             {"quantity": 31, "reason": "救灾", "purpose": "救灾"}, 422, "不超过现存 30"),
            (boss, f"/command/tasks/{task.pk}/do/acknowledge", f"/api/command/tasks/{task.pk}/acknowledge",
             {}, 403, "只办理派给自己的任务"),
        )  # fmt: skip
        for who, page, interface, given, status, rule in cases:
            told = who.post(page, given, HTTP_ANLAN_FORM="1")
            assert (told.status_code, rule in told.content.decode()) == (status, True), page
            answered = who.post(interface, given, content_type="application/json")
            assert (answered.status_code, rule in str(answered.json())) == (status, True), interface
    task.refresh_from_db()
    lot.refresh_from_db()
    incident.refresh_from_db()
    assert (task.state, lot.quantity, incident.status) == ("issued", 30, "ended")


def responder(stage: Stage, person: Person) -> Actor:
    user = User.objects.create_user(person.code, "Correct-Horse-7", display_name=person.name, person=person)
    return actor(stage.city.city, "command.task", name=person.name, user_id=user.pk)


def test_nobody_acknowledges_another_ones_task(stage: Stage) -> None:
    task = open_task(responded(stage))
    police, boss = (Person.everything.get(name=name) for name in ("赵大队", "张局长"))
    with clock.standing_at(LATER):
        with pytest.raises(Forbidden, match="您不能代办") as refused:
            actions.acknowledge_task(responder(stage, boss), task.pk)
        assert refused.value.details["rule"] == "只办理派给自己的任务"
        assert actions.acknowledge_task(responder(stage, police), task.pk).state == "acknowledged"
    other = open_task(Incident.everything.get(pk=task.incident_id), "plug")
    fire = Person.everything.create(code="F", name="消防", organisation=stage.team.organisation, area=stage.city.city)
    with clock.standing_at(LATER):
        assert actions.acknowledge_task(responder(stage, fire), other.pk).state == "acknowledged"
