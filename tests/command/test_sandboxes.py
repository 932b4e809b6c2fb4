"""演练沙盒 from the console: led by files only; nothing of the live system goes in, only the record comes out."""

from __future__ import annotations

import asyncio
import json
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from anlan import sandbox
from anlan.command import jobs
from anlan.command.actions import sandboxes as verbs
from anlan.command.duty import sandboxes
from anlan.command.models import Drill, Incident, Proposal, SandboxRun
from anlan.kernel import clock
from anlan.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from anlan.web.scenario.directing import Directing
from anlan.web.scenario.people import Refused
from anlan.web.scenario.spec import Inject
from tests.command.conftest import START, Stage
from tests.command.test_drills import ROWS, at, planned
from tests.conftest import actor
from tests.web.conftest import signed_in

__all__ = ["signed_in"]


@pytest.fixture
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings, "VAR", tmp_path)
    return tmp_path


def ordered(stage: Stage, **more: Any) -> SandboxRun:
    with at(0):
        return verbs.start_sandbox(stage.officer, planned(stage).pk, "chlorine-wuda", **more)


def launched(stage: Stage) -> tuple[SandboxRun, sandbox.Mailbox]:
    """As it is when the worker has started it: what the sandbox itself says is written by the tests."""
    row = ordered(stage)
    row.state, row.launched_at = SandboxRun.State.STARTING, clock.real_now()
    row.save()
    box = sandboxes.mailbox(row)
    box.lead()
    return row, box


def followed(row: SandboxRun) -> SandboxRun:
    jobs.follow_sandboxes()
    row.refresh_from_db()
    return row


def test_the_stories_say_which_are_of_the_plan(stage: Stage) -> None:
    found = sandboxes.stories(stage.plan.document())
    assert {one.name for one in found} >= {"chlorine-wuda", "grassland-fire", "ice-jam"}
    assert (found[0].name, found[0].covered, found[0].injects) == ("chlorine-wuda", True, 3)
    assert not next(one for one in found if one.name == "ice-jam").covered


def test_who_may_order_what_and_how_many(stage: Stage, var: Path) -> None:
    row = ordered(stage, minutes=30, speed=10)
    assert (row.name, row.state, row.drill.state) == (f"{row.drill.number}-1".lower(), "ordered", "planned")
    with at(0):
        with pytest.raises(Conflict, match="待启动") as refused:
            verbs.start_sandbox(stage.officer, row.drill_id, "ice-jam")
        assert "至多 1 个" in refused.value.details["rule"]
        verbs.stop_sandbox(stage.officer, row.pk)
        for wrong in ({"scenario": "no-such"}, {"minutes": 0.5}, {"minutes": 721}, {"speed": 0}, {"people": "x"}):
            with pytest.raises(Invalid):
                verbs.start_sandbox(stage.officer, row.drill_id, **{"scenario": "ice-jam", **wrong})
        with pytest.raises(NotFound):
            verbs.start_sandbox(actor(stage.city.east), row.drill_id, "ice-jam")
        with pytest.raises(Forbidden):
            verbs.start_sandbox(actor(stage.city.city, "command.incident"), row.drill_id, "ice-jam")
        with pytest.raises(Conflict, match="已关闭"):
            verbs.stop_sandbox(stage.officer, row.pk)


def test_a_sandbox_orders_no_sandbox(stage: Stage, var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drill = planned(stage)
    monkeypatch.setenv(sandbox.NAME, "spring")
    with at(0), pytest.raises(Conflict, match="这里就是演练沙盒"):
        verbs.start_sandbox(stage.officer, drill.pk, "ice-jam")


def test_what_the_worker_starts_knows_nothing_of_the_live_system(stage: Stage, var: Path) -> None:
    row = ordered(stage, minutes=30, speed=10)
    live = {"ANLAN_DATABASE_URL": "postgresql://live", "ANLAN_NATS_URL": "nats://live", "ANLAN_SMS_URL": "http://sms"}
    live |= {"ANLAN_EXCHANGE_KEY": "k", "ANLAN_SECRET_KEY": "s", "ANLAN_MQTT_PASSWORD": "p", "PATH": "/bin"}
    command, env = sandboxes.orders(row, live)
    home = var / "sandbox" / row.name
    assert env == {
        "PATH": "/bin", "ANLAN_SANDBOX": row.name, "ANLAN_VAR": str(home), "ANLAN_CITY": str(home / "city" / "wuhai"),
    }  # fmt: skip
    row.today = False
    assert sandboxes.orders(row, live)[1]["ANLAN_CITY"] == "wuhai", "the package as it was delivered"
    assert [command[command.index(name) + 1] for name in ("--scenario", "--name", "--minutes", "--speed")] == [
        "chlorine-wuda", row.name, "30", "10",
    ]  # fmt: skip
    assert not set(live.values()) & set(command)


def test_from_the_first_word_to_the_record(stage: Stage, var: Path) -> None:
    row, box = launched(stage)
    with at(5):
        assert followed(row).state == "starting"
        box.tell({"state": "running", "url": "http://0.0.0.0:8090", "port": 8090, "minutes": 60,
                  "started": START.isoformat(), "clock": (START + timedelta(minutes=12)).isoformat()})  # fmt: skip
        assert followed(row).state == "running"
        assert (sandboxes.minute(row), sandboxes.address(row, "10.1.2.3")) == (12, "http://10.1.2.3:8090/")
        verbs.direct_sandbox(stage.officer, row.pk, "note", "记者到场")
        with pytest.raises(Invalid):
            verbs.direct_sandbox(stage.officer, row.pk, "alarm", "x")
        followed(row)
        assert box.take() == [{"kind": "note", "text": "记者到场"}]
        assert box.take() == []
        verbs.stop_sandbox(stage.officer, row.pk)
        followed(row)
        assert box.stopping()
        result = {"measures": ROWS, "held_at": START.isoformat(), "users": ["x"], "sandbox": row.name}
        sandbox.write(box.home / sandboxes.RESULT, result)
        box.tell({"state": "over", "port": 8090})
        assert followed(row).state == "over"
        box.tell({"state": "ended"})
        assert followed(row).state == "ended"
    drill = Drill.everything.get(pk=row.drill_id)
    assert (drill.state, drill.held_at, len(drill.result["measures"])) == ("held", START, len(ROWS))
    assert "users" not in drill.result
    assert not box.home.exists()
    assert not Incident.everything.exists()
    assert not Proposal.everything.exists()


def test_one_that_goes_silent_is_given_up_with_its_last_words(stage: Stage, var: Path) -> None:
    row, box = launched(stage)
    box.tell({"state": "running"})
    (box.home / sandboxes.LOG).write_text("…\nRuntimeError: 端口全被占用\n", encoding="utf-8")
    old = time.time() - sandboxes.SILENT_S - 5
    os.utime(box.home / "status.json", (old, old))
    assert followed(row).state == "failed"
    assert "端口全被占用" in row.error
    with at(10):
        again = verbs.start_sandbox(stage.officer, row.drill_id, "ice-jam")
    assert again.name.endswith("-2")


def test_a_record_that_does_not_fit_is_told_and_not_kept(stage: Stage, var: Path) -> None:
    row, box = launched(stage)
    (box.home / sandboxes.RESULT).write_text(json.dumps({"measures": [{"name": "x"}]}), encoding="utf-8")
    box.tell({"state": "ended"})
    assert followed(row).state == "ended"
    assert "实施记录" in row.error
    assert Drill.everything.get(pk=row.drill_id).state == "planned"


class Desk:
    """Takes injects only when an incident is open."""

    def __init__(self) -> None:
        self.open, self.taken = False, []  # type: ignore[var-annotated]

    async def post(self, path: str, **data: Any) -> None:
        if data["kind"] == "note" and not self.open:
            self.open = True
            raise Refused("还没有可注入的事件")
        self.taken.append((path, data["text"]))


def test_injects_are_tried_until_the_desk_takes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anlan.web.scenario.directing.AGAIN_S", 0.01)
    desk, directing = Desk(), Directing(sandbox.Mailbox(tmp_path))

    async def at_once(_minute: float) -> None:
        return None

    script = [Inject(9, "casualties", "收治 3 人"), Inject(2, "note", "媒体来电")]
    asyncio.run(directing.script(script, at_once, desk.post))
    assert desk.taken == [("command/injects", "媒体来电"), ("command/injects", "收治 3 人")]
    assert [(one["at_min"], one["state"]) for one in directing.status["injects"]] == [(2, "played"), (9, "played")]


def test_a_sandbox_ends_when_it_is_told_to_or_its_console_is_gone(tmp_path: Path) -> None:
    box = sandbox.Mailbox(tmp_path / "one")
    box.lead()
    assert (box.led(), box.stopping()) == (True, False)
    os.utime(box.home / "leader", (0, 0))
    assert not box.led()
    directing = Directing(box)
    directing.listen()  # returns: nobody leads
    assert directing.stop.is_set()
    assert box.told()[0]["state"] == "starting"

    async def stopped_work() -> None:
        await directing.unless_stopped(asyncio.sleep(3600))

    asyncio.run(asyncio.wait_for(stopped_work(), 30))


def test_the_page_starts_shows_directs_and_stops(stage: Stage, var: Path, signed_in: Any) -> None:
    client, drill = signed_in(), planned(stage)
    page = client.get(f"/command/drills/{drill.pk}/").content.decode()
    assert "启动沙盒" in page
    assert "属本预案" in page
    assert 'value="ice-jam"' in client.get("/command/drills/").content.decode()
    with at(0):
        client.post(f"/command/drills/{drill.pk}/sandbox/start", {"scenario": "chlorine-wuda", "people": "live"})
        row = SandboxRun.everything.get()
        box = sandboxes.mailbox(row)
        row.state, row.launched_at = SandboxRun.State.STARTING, clock.real_now()
        row.save()
        box.lead()
        box.tell({"state": "running", "port": 8090, "url": "http://127.0.0.1:8090", "minutes": 60,
                  "injects": [{"at_min": 12, "text": "群众来电", "state": "played", "at": START.isoformat()}]})  # fmt: skip
        jobs.follow_sandboxes()
        part = client.get(f"/command/drills/{drill.pk}/sandbox").content.decode()
        assert all(word in part for word in ("演练中", "群众来电", "已注入", "http://127.0.0.1:8090/", "every 2s"))
        client.post(f"/command/sandboxes/{row.pk}/do/inject", {"kind": "casualties", "text": "重伤 2", "serious": "2"})
        bad = client.post(
            f"/api/command/sandboxes/{row.pk}/inject", {"kind": "x", "text": "y"}, content_type="application/json"
        )
        assert bad.status_code == 422
        client.post(f"/command/sandboxes/{row.pk}/do/stop")
    row.refresh_from_db()
    assert (row.injects[0]["figures"], bool(row.stop_by)) == ({"serious": 2}, True)
    listed = client.get(f"/api/command/drills/{drill.pk}/sandboxes").json()
    assert [one["state"] for one in listed] == ["running"]
