"""Drills: the legal calendar, evaluation out of measured times, lessons until verified, and a sandbox nothing leaves."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from anlan import sandbox
from anlan.command import actions, jobs, review
from anlan.command.duty import drills as calendar
from anlan.command.models import Drill, Lesson, Proposal
from anlan.command.rules import evaluation
from anlan.gateways import alerts
from anlan.gateways.alerts import sender
from anlan.gateways.alerts.models import OutgoingMessage
from anlan.kernel import clock
from anlan.kernel.clock import BEIJING
from anlan.kernel.errors import Conflict, Forbidden, Invalid
from anlan.kernel.events import dispatcher
from anlan.kernel.events.models import Event
from anlan.monitoring import actions as monitoring
from tests.command.conftest import START, Stage, opened
from tests.command.test_pages import signed_in
from tests.command.test_watch import words
from tests.conftest import actor

TODAY = date(2026, 11, 23)


def at(minutes: float) -> Any:
    return clock.standing_at(START + timedelta(minutes=minutes))


def planned(stage: Stage, **more: Any) -> Drill:
    values: dict[str, Any] = {
        "title": "液氯泄漏综合演练", "kind": "government_special", "unit": "市应急局", "planned_on": TODAY + timedelta(days=7),
        "area_id": stage.city.city.pk, "plan_id": stage.plan.plan_id,
    }  # fmt: skip
    with at(0):
        return actions.plan_drill(stage.officer, **{**values, **more})


ROWS = [
    {"name": "首报报送", "minutes": 40.0, "target": 60.0, "met": True},
    {"name": "首条预警发布", "minutes": None, "target": 30.0, "met": False},
    {"name": "首支力量到场", "minutes": 13.0, "target": 15.0, "met": True},
    {"name": "堵漏（特勤站）·到场", "minutes": 25.0, "target": 20.0, "met": False},
    {"name": "启动响应", "minutes": 5.0, "target": None, "met": None},
]


def test_evaluation_items_are_filled_with_measured_times_and_never_invented() -> None:
    items = {item.key: item for item in evaluation.items(ROWS)}
    assert items["warning_report"].suggested == 50.0
    assert items["action"].suggested == 50.0
    assert items["command"].suggested is None  # measured, but without a target nothing is judged
    assert items["command"].measured == ("启动响应 5 分钟",)
    assert items["medical"].measured == ()
    assert "首条预警发布 未发生（目标 30，未达标）" in items["warning_report"].measured


@pytest.mark.parametrize(
    ("score", "band"), [(100, "优"), (90, "优"), (89.9, "良"), (75, "良"), (60, "中"), (59.9, "差"), (None, "")]
)  # fmt: skip
def test_bands(score: float | None, band: str) -> None:
    assert evaluation.band(score) == band


def test_the_calendar_names_what_is_overdue_and_moves_on_when_drilled(stage: Stage) -> None:
    stage.plan.plan.kind = "专项"
    stage.plan.plan.save()

    def of_plan() -> calendar.Obligation:
        return next(one for one in calendar.calendar(stage.officer, TODAY) if one.plan == stage.plan.plan)

    assert (of_plan().due, of_plan().colour, of_plan().last) == (None, "红", None)
    city = next(one for one in calendar.calendar(stage.officer, TODAY) if one.unit == "乌海市")
    assert (city.kind, city.cycle.months) == ("government_overall", 12)
    row = planned(stage)
    assert of_plan().planned == row
    with at(60):
        actions.keep_drill(stage.officer, row.pk, START)
    found = of_plan()
    assert (found.last, found.due, found.colour, found.planned) == (TODAY, date(2029, 11, 23), "", None)


def test_a_drill_is_planned_held_and_evaluated_in_this_order(stage: Stage) -> None:
    row = planned(stage)
    scores = {"action": {"score": 80, "note": "到场慢"}, "command": {"score": 95}}
    with at(60):
        with pytest.raises(Conflict, match="已计划") as refused:
            actions.evaluate_drill(stage.officer, row.pk, scores, "总结")
        assert refused.value.details["rule"] == "演练：计划→实施→评估"
        with pytest.raises(Invalid, match="实施记录"):
            actions.keep_drill(stage.officer, row.pk, START, {"measures": [{"name": "x"}]})
        with pytest.raises(Invalid, match="实施时间"):
            actions.keep_drill(stage.officer, row.pk, clock.real_now() + timedelta(days=400))
        kept = actions.keep_drill(
            stage.officer, row.pk, START, {"measures": ROWS, "users": ["x"], "timeline": [{"text": "y"}]}
        )
        assert sorted(kept.result) == ["incident", "measures", "replay", "sandbox", "timeline"]
        with pytest.raises(Invalid, match="0~100"):
            actions.evaluate_drill(stage.officer, row.pk, {"action": {"score": 101}}, "总结")
        done = actions.evaluate_drill(stage.officer, row.pk, scores, "总结")
        with pytest.raises(Conflict, match="已评估"):
            actions.cancel_drill(stage.officer, row.pk, "不办了")
    assert (done.total, evaluation.band(done.total)) == (87.5, "良")
    with at(0), pytest.raises(Invalid, match="计划日期"):
        planned(stage, planned_on=TODAY - timedelta(days=1))


def reviewed(stage: Stage) -> int:
    incident = opened(stage, deaths=0)
    with at(5):
        actions.activate_response(stage.officer, incident.pk, "T-LEAK", "三级", "先期处置")
        for task in incident.tasks.exclude(state="planned"):
            actions.withdraw_task(stage.officer, task.pk, "演示")
        actions.start_calling(
            stage.officer,
            title="叫应",
            text="回电",
            area_ids=[stage.city.city.pk],
            incident_id=incident.pk,
            messages=False,
        )
    return incident.pk


def test_calls_and_reports_of_each_party_are_among_the_key_times(stage: Stage) -> None:
    pk = reviewed(stage)
    incident = opened(stage, 300)
    incident = type(incident).everything.get(pk=pk)
    names = {row.name: row for row in review.measures(incident)}
    assert names["叫应应答（叫应）"].met is False
    assert any(name.startswith("事故单位首报") for name in names)


def test_a_lesson_is_linked_to_the_step_that_failed_and_verified_by_another(stage: Stage) -> None:
    pk = reviewed(stage)
    one, other = stage.officer, actor(stage.city.city, name="督查", user_id=9)
    with at(60):
        with pytest.raises(Invalid, match="预案环节") as refused:
            actions.open_lesson(one, problem="x", owner="y", due_on=TODAY, incident_id=pk, plan_step="nothing")
        assert "cordon" in refused.value.details["allowed"]
        row = actions.open_lesson(
            one, problem="封控慢", owner="市公安局", due_on=TODAY, incident_id=pk, plan_step="cordon"
        )
        assert (row.plan, row.plan_version) == (stage.plan.plan, stage.plan.version)
        assert row.plan_step.startswith("cordon ")
        with pytest.raises(Conflict, match="整改中"):
            actions.verify_lesson(other, row.pk, True, "好")
        actions.finish_lesson(one, row.pk, "增设卡点")
        with pytest.raises(Forbidden, match="不能自己验证"):
            actions.verify_lesson(one, row.pk, True, "好")
        assert actions.verify_lesson(other, row.pk, False, "未到位").state == "open"
        actions.finish_lesson(one, row.pk, "增设卡点并演练")
        assert actions.verify_lesson(other, row.pk, True, "已到位").state == "verified"
        late = actions.open_lesson(one, problem="通信差", owner="通信公司", due_on=TODAY, incident_id=pk)
    with clock.standing_at(START + timedelta(days=1)):
        assert [jobs.late_lessons(), jobs.late_lessons()] == [1, 0]
    late.refresh_from_db()
    assert late.late_told_at
    text = words(signed_in(stage.city.city).get(f"/command/incidents/{pk}/review.docx").content)
    for wanted in ("封控慢", "通信公司", "已销号", "指挥与协调", "无实测，凭观察"):
        assert wanted in text
    assert Lesson.everything.get(pk=row.pk).returned == 1


def test_pages_of_drills_and_lessons(stage: Stage) -> None:
    pk = reviewed(stage)
    client = signed_in(stage.city.city)
    with at(0):
        sent = {"title": "演练", "kind": "department", "unit": "局", "planned_on": "2026-12-01", "form": "full"}
        sent["area"] = str(stage.city.city.pk)
        client.post("/command/drills/", sent)
        row = Drill.everything.get()
        client.post(f"/command/drills/{row.pk}/do/held", {"held_at": "2026-11-23T09:00"})
        client.post(f"/command/drills/{row.pk}/do/evaluate", {"score-plan": "80", "summary": "可行"})
        client.post(
            "/command/lessons/",
            {"problem": "慢", "owner": "局", "due_on": "2026-12-31", "incident": pk, "plan_step": "cordon"},
        )
        lesson = Lesson.everything.get()
        client.post(f"/command/lessons/{lesson.pk}/do/finish", {"reason": "改"})
        for page in (
            "/command/drills/",
            f"/command/drills/{row.pk}/",
            "/command/lessons/",
            f"/command/incidents/{pk}/review",
        ):
            assert client.get(page).status_code == 200
        assert lesson.plan_step in client.get("/command/lessons/").content.decode()
    row.refresh_from_db()
    lesson.refresh_from_db()
    assert (row.state, row.total, row.held_at) == ("evaluated", 80.0, datetime(2026, 11, 23, 9, tzinfo=BEIJING))
    assert lesson.state == "done"


# The sandbox


@pytest.fixture
def in_sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process takes itself for one of a sandbox (without the audit hook, which could not be taken off)."""
    monkeypatch.setenv(sandbox.NAME, "test-drill")
    alerts.discover.cache_clear()
    yield
    alerts.discover.cache_clear()


def test_injects_are_refused_by_the_live_system(stage: Stage) -> None:
    with at(0), pytest.raises(Conflict, match="实况系统不接受") as refused:
        actions.inject(stage.officer, "clue", "群众来电")
    assert refused.value.details["rule"] == "演练与实况隔离"
    assert not Proposal.everything.exists()


def test_injects_play_into_the_desk_of_a_sandbox(stage: Stage, in_sandbox: None) -> None:
    with at(0):
        actions.inject(stage.officer, "clue", "群众来电：有异味", lon=106.7, lat=39.5, event_code="12D02")
        actions.inject(stage.officer, "clue", "另一处起火", lon=106.95, lat=39.7, event_code="12G01")
    assert Proposal.everything.filter(source="导调").count() == 2
    incident = opened(stage, 10, event_code="11C02")
    with at(12):
        actions.inject(stage.officer, "casualties", "医院报告", figures={"minor": 3})
        actions.inject(stage.officer, "note", "媒体来电")
    incident.refresh_from_db()
    assert incident.minor == 3


class Spy:
    """A port on which something real could listen: it counts who comes."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(0.2)
        self.port = self.socket.getsockname()[1]

    def visitors(self) -> int:
        found = 0
        try:
            while True:
                self.socket.accept()[0].close()
                found += 1
        except TimeoutError:
            return found


@pytest.fixture
def spy() -> Iterator[Spy]:
    one = Spy()
    yield one
    one.socket.close()


def test_no_message_and_no_warning_of_a_sandbox_takes_a_way_that_leaves_the_house(
    stage: Stage, in_sandbox: None, spy: Spy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even with a live SMS gateway configured: only the local outbox is there, and every text says exercise."""
    monkeypatch.setenv("ANLAN_SMS_URL", f"http://127.0.0.1:{spy.port}/send")
    incident = opened(stage)
    people = [actor(stage.city.city, name=name, user_id=n) for n, name in enumerate(("起草", "审核", "签发"), 10)]
    with at(5):
        actions.start_calling(
            stage.officer, title="叫应", text="转移", area_ids=[stage.city.city.pk], incident_id=incident.pk
        )
        warning = monitoring.draft_warning(
            people[0], event_code="12D02", level="红", headline="液氯泄漏预警", description="下风向可能受影响",
            instruction="关闭门窗", area_ids=[stage.city.city.pk], geometry=None, onset=clock.now(),
            expires=clock.now() + timedelta(hours=6), correlation_id=incident.correlation_id,
        )  # fmt: skip
        monitoring.review_warning(people[1], warning.pk, True, "同意")
        monitoring.issue_warning(people[2], warning.pk)
        dispatcher.drain()
        alerts_sender_sends()
    issued = Event.objects.get(name="monitoring.WarningIssued").payload
    assert issued["exercise"] is True
    assert issued["headline"].startswith("【演练】")
    channels = set(OutgoingMessage.everything.values_list("channel", flat=True))
    assert channels
    assert all(alerts.discover()[name].carries_exercises for name in channels)
    assert "sms_http" not in alerts.discover()
    assert spy.visitors() == 0


def alerts_sender_sends() -> None:
    """One round of the real sender: every attempt in a thread of its own, as it works."""
    with ThreadPoolExecutor(1) as pool:
        assert list(pool.map(sender.attempt, sender.claim()))


SANDBOXED = """
import sys, socket
from anlan import sandbox
sandbox.guard()
port = int(sys.argv[1])
for what in ("connect", "create", "udp", "connect_ex", "name", "own"):
    try:
        if what == "connect":
            socket.socket().connect(("127.0.0.1", port))
        elif what == "create":
            socket.create_connection(("127.0.0.1", port), 1)
        elif what == "udp":
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", port))
        elif what == "connect_ex":
            socket.socket().connect_ex(("127.0.0.1", port))
        elif what == "name":
            socket.getaddrinfo("sms.example.com", 443)
        else:
            socket.create_connection(("127.0.0.1", int(sys.argv[2])), 1).close()
        print(what, "went out")
    except PermissionError as refused:
        print(what, "refused")
"""


def test_python_itself_refuses_every_connection_of_a_sandbox_but_to_its_own_ports(spy: Spy) -> None:
    own = Spy()
    env = dict(os.environ, **{sandbox.NAME: "test-drill", sandbox.PORTS: str(own.port)})
    ended = subprocess.run(
        [sys.executable, "-c", SANDBOXED, str(spy.port), str(own.port)],
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.split("\n")[:5] == [
        f"{what} refused" for what in ("connect", "create", "udp", "connect_ex", "name")
    ]
    assert ended.stdout.split("\n")[5] == "own went out"
    assert (spy.visitors(), own.visitors()) == (0, 1)
    own.socket.close()


def test_a_sandbox_knows_nothing_the_live_installation_was_given(tmp_path: Path) -> None:
    live = {
        "PATH": "/bin", "ANLAN_DATABASE_URL": "postgresql://live@db/anlan", "ANLAN_NATS_URL": "nats://live:4222",
        "ANLAN_SMS_URL": "http://sms", "ANLAN_EXCHANGE_KEY": "x", "ANLAN_CAP_KEY_FILE": "k", "ANLAN_SECRET_KEY": "s",
        "ANLAN_12379_ORGANISATION": "o", "ANLAN_CITY": "wuhai", "ANLAN_VAR": "/live",
    }  # fmt: skip
    env = sandbox.environment(live, tmp_path, "spring")
    assert env == {
        "PATH": "/bin", "ANLAN_CITY": "wuhai", "ANLAN_SANDBOX": "spring", "ANLAN_VAR": str(tmp_path / "sandbox" / "spring"),
    }  # fmt: skip
    for wrong in ("../live", "", "A", "a/b"):
        with pytest.raises(ValueError, match="沙盒名"):
            sandbox.folder(tmp_path, wrong)


def test_a_sandbox_does_not_start_on_data_that_are_not_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(sandbox.NAME, "spring")
    monkeypatch.setenv(sandbox.PORTS, "4300")
    home = tmp_path / "sandbox" / "spring"
    lock = home / "postgres" / "postmaster.pid"
    lock.parent.mkdir(parents=True)
    lock.write_text(f"1\n{lock.parent}\n0\n5432\n/run/own\n", encoding="utf-8")
    sandbox.check(home, "postgresql://p@/anlan?host=/run/own", "nats://127.0.0.1:4300")
    for var, database, nats in (
        (tmp_path, "", ""),
        (home, "postgresql://p@/anlan?host=/run/live", ""),
        (home, "postgresql://p@db.live/anlan", ""),
        (home, "", "nats://127.0.0.1:4222"),
    ):
        with pytest.raises(ValueError, match="沙盒"):
            sandbox.check(var, database, nats)
