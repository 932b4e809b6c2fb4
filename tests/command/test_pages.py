"""The pages: what a duty officer, a field team and a reviewer see and press."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from docx import Document

from anlan.command import actions
from anlan.command.models import Incident, Report, Task
from anlan.kernel import clock
from anlan.kernel.models import Area, Grant, Role, User
from anlan.simulation.actions import run as simulate
from tests.command.conftest import START, Stage, opened

PASSWORD = "Correct-Horse-7"


def signed_in(area: Area, *permissions: str, name: str = "duty") -> Client:
    role = Role.objects.create(code=f"role-{name}", name="值班", permissions=list(permissions or ("*",)), data_class=4)
    user = User.objects.create_user(name, PASSWORD, display_name="王值班", password_changed_at=clock.real_now())
    Grant.objects.create(user=user, role=role, area=area)
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def incident(stage: Stage) -> Incident:
    incident = opened(stage, deaths=1)
    with clock.standing_at(START + timedelta(minutes=1)):
        actions.activate_response(stage.officer, incident.pk, "T-LEAK", "三级", "先期处置")
        actions.draft_report(stage.officer, incident.pk, "首报")
    incident.refresh_from_db()
    return incident


@pytest.mark.parametrize(
    "address",
    [
        "/command/",
        "/command/incidents/",
        "/command/incidents/new",
        "/command/incidents/{i}/",
        "/command/incidents/{i}/?tab=response",
        "/command/incidents/{i}/?tab=tasks",
        "/command/incidents/{i}/?tab=reports",
        "/command/incidents/{i}/?tab=resources",
        "/command/incidents/{i}/?tab=analysis",
        "/command/incidents/{i}/panel",
        "/command/incidents/{i}/review",
        "/command/tasks/",
        "/command/tasks/{t}/",
        "/command/reports/{r}/",
        "/command/plans/",
        "/command/plans/{p}/",
    ],
)
def test_every_page_opens_for_the_desk(stage: Stage, incident: Incident, address: str) -> None:
    ids = {
        "i": incident.pk,
        "t": Task.everything.filter(incident=incident).first().pk,
        "r": Report.everything.get(incident=incident).pk,
        "p": stage.plan.plan_id,
    }
    answer = signed_in(stage.city.city).get(address.format(**ids))
    assert answer.status_code == 200
    assert "安澜" in answer.content.decode() or address.endswith("panel")


def test_what_is_known_of_a_release_is_named_timed_and_shown_with_its_runs(stage: Stage, incident: Incident) -> None:
    """The substance by its Chinese name, times of Beijing, and each run of the incident with its zones and a way to the map."""
    with clock.standing_at(START + timedelta(minutes=2)):
        actions.set_factor(stage.officer, incident.pk, "substance", "chlorine", "现场报告")
        inputs = {"substance": "chlorine", "hole_mm": 25, "wind_from_deg": 250}
        run = simulate(stage.officer, "chemical", inputs, 106.7, 39.5, incident.correlation_id, "罐区泄漏")
    page = signed_in(stage.city.city).get(f"/command/incidents/{incident.pk}/?tab=analysis").content.decode()
    assert '<td class="num">氯 ' in page
    assert timezone.localtime(START + timedelta(minutes=2)).strftime("%m-%d %H:%M") in page
    assert f"/?run={run.pk}" in page
    assert "毒性终点浓度-1" in page
    assert "chlorine" not in page


def test_a_neighbouring_district_does_not_find_the_incident(stage: Stage, incident: Incident) -> None:
    neighbour = signed_in(stage.city.east)
    for address in (f"/command/incidents/{incident.pk}/", f"/command/incidents/{incident.pk}/replay.json"):
        assert neighbour.get(address).status_code == 404
    assert incident.number not in neighbour.get("/command/").content.decode()
    assert neighbour.post(f"/command/incidents/{incident.pk}/do/note", {"reason": "x"}).status_code == 404


def test_a_caller_is_written_down_in_six_fields(stage: Stage) -> None:
    stage.city.west.geometry = {
        "type": "Polygon",
        "coordinates": [[[106.6, 39.4], [106.8, 39.4], [106.8, 39.6], [106.6, 39.6], [106.6, 39.4]]],
    }
    stage.city.west.save()
    client = signed_in(stage.city.city)
    sent = {
        "event_code": "12D02",
        "title": "氯气泄漏",
        "location": "106.70，39.50",
        "place": "乌达园区",
        "reported_by": "厂值班室 13900000000",
        "source": "电话报告",
    }
    answer = client.post("/command/incidents/new", sent)
    made = Incident.everything.get(title="氯气泄漏")
    assert answer.headers["Location"] == f"/command/incidents/{made.pk}/"
    assert made.area == stage.city.west
    assert made.deaths is None
    again = client.get("/command/duplicates", {"location": "106.701,39.501"})
    assert made.number in again.content.decode()


def test_a_place_outside_the_city_is_asked_back(stage: Stage) -> None:
    answer = signed_in(stage.city.city).post(
        "/command/incidents/new",
        {"event_code": "12D02", "title": "甲", "location": "这里", "reported_by": "乙", "source": "电话报告"},
    )
    assert "应为“经度,纬度”" in answer.content.decode()


def test_buttons_do_what_they_say(stage: Stage, incident: Incident) -> None:
    client = signed_in(stage.city.city)
    task = Task.everything.get(incident=incident, card="cordon")
    with clock.standing_at(START + timedelta(minutes=3)):
        for verb in ("acknowledge", "start", "arrive"):
            assert client.post(f"/command/tasks/{task.pk}/do/{verb}").status_code == 302
        client.post(f"/command/tasks/{task.pk}/do/finish", {"reason": "已封控"})
    task.refresh_from_db()
    assert (task.state, task.result) == ("done", "已封控")
    refused = client.post(f"/command/tasks/{task.pk}/do/start")
    assert refused.status_code == 409
    assert "已是终态" in refused.content.decode()


def test_the_word_report_contains_the_fields(stage: Stage, incident: Incident) -> None:
    client = signed_in(stage.city.city)
    report = Report.everything.get(incident=incident)
    with clock.standing_at(START + timedelta(minutes=4)):
        client.post(
            f"/command/reports/{report.pk}/do/edit", {"course": "阀门 <破裂> & 泄漏", "missing": "", "deaths": "2"}
        )
        client.post(f"/command/reports/{report.pk}/do/sign")
        client.post(f"/command/reports/{report.pk}/do/send", {"channel": "text"})
    answer = client.get(f"/command/reports/{report.pk}/report.docx")
    text = "\n".join(p.text for p in Document(io.BytesIO(answer.content)).paragraphs)
    report.refresh_from_db()
    for wanted in (
        report.number,
        "签发人：王值班",
        "呈报：内蒙古自治区应急管理厅",
        "死亡2 人",
        "失踪不详",
        "数据截至11-23 20:00",
    ):
        assert wanted in text
    assert "阀门 <破裂> & 泄漏" in text
    assert "市委办公室" in text
    assert not re.search(r"[{][{%]", text)


def test_the_review_in_word_lists_times_against_targets(stage: Stage, incident: Incident) -> None:
    answer = signed_in(stage.city.city).get(f"/command/incidents/{incident.pk}/review.docx")
    document = Document(io.BytesIO(answer.content))
    rows = [[cell.text for cell in row.cells] for row in document.tables[0].rows]
    assert rows[0][0] == "环节"
    assert ["首次下达任务", "1", "15", "达标", "预案目标"] in rows
    assert any("启动《" in cell.text for row in document.tables[1].rows for cell in row.cells)


def test_the_replay_has_timeline_and_ways_by_time(stage: Stage, incident: Incident) -> None:
    story = signed_in(stage.city.city).get(f"/command/incidents/{incident.pk}/replay.json").json()
    assert story["start"] <= story["timeline"][0]["at"] <= story["end"]
    plug = next(task for task in story["tasks"] if task["title"] == "侦检堵漏")
    assert plug["route"]["type"] == "LineString"
    assert plug["steps"][0]["state"] == "issued"


def test_pages_ask_as_many_questions_for_three_incidents_as_for_one(
    stage: Stage, django_assert_max_num_queries: object
) -> None:
    client = signed_in(stage.city.city)
    opened(stage)
    client.get("/command/incidents/")
    with django_assert_max_num_queries(8):  # type: ignore[operator]
        client.get("/command/incidents/")
    for minute in (200, 400):
        opened(stage, minute)
    with django_assert_max_num_queries(8):  # type: ignore[operator]
        client.get("/command/incidents/")
