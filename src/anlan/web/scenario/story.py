"""The story: what people do, in order, each step when its turn has come by the scenario's clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from anlan.kernel import clock
from anlan.web.scenario.people import People, Refused
from anlan.web.scenario.spec import Scenario

POLL_S = 0.1
#: How long a step may wait for what it needs, real seconds.
PATIENCE_S = 180.0
#: How long old alarms may take to return to normal before the story begins, real seconds.
DESK_S = 4.0
#: Priority of alarms about the sensors themselves.
LOWEST = 4
OVER = {"done", "refused", "cancelled"}


@dataclass(frozen=True)
class Step:
    """One link of the chain as it happened: scenario time, and how long the platform took for it (real ms)."""

    step: str
    at: str
    latency_ms: float
    text: str


@dataclass
class Story:
    """Plays the people's part; `tell` is called after each step."""

    scenario: Scenario
    people: People
    start: datetime
    tell: Callable[[Step], None]
    steps: list[Step] = field(default_factory=list)
    alarm: dict[str, Any] = field(default_factory=dict)
    source: dict[str, Any] = field(default_factory=dict)
    incident: dict[str, Any] = field(default_factory=dict)
    run: dict[str, Any] = field(default_factory=dict)
    warning: dict[str, Any] = field(default_factory=dict)

    async def play(self) -> None:
        await self.clear_the_desk()
        desk, head = self.people["zhiban"], self.people["zhihui"]
        await self.step("alarm", self.notice)
        if self.alarm:
            await self.step("acknowledged", self.acknowledge)
        await self.step("incident", self.open)
        pk, spec = self.incident["id"], self.scenario
        await self.step("simulation", self.simulate)
        grade = spec.incident.get("grade", "一般")
        await self.do(
            "graded", f"初判{grade}", desk.post(f"command/incidents/{pk}/grade", grade=grade, reason="按现有伤亡初判")
        )
        await self.step("response", self.respond)
        moving = asyncio.create_task(self.work_on_tasks())
        await self.step("warning_drafted", self.draft_warning)
        await self.step("warning_issued", self.issue_warning)
        await self.step("report_sent", self.first_report)
        await moving
        await self.step("tasks_done", self.tasks_done)
        await self.step("warning_cancelled", self.cancel_warning)
        if self.alarm and spec.closing.get("alarms_return", True):
            await self.step("alarms_settled", self.alarms_return)
        await self.do(
            "response_ended",
            "终止响应",
            head.post(f"command/incidents/{pk}/end", reason=spec.closing["conclusion"][:200]),
        )
        await self.step("final_report", lambda: self.report("终报"))
        await self.do("closed", "结案", head.post(f"command/incidents/{pk}/close", reason=spec.closing["conclusion"]))
        await self.do("reviewed", "完成复盘", head.post(f"command/incidents/{pk}/review", text=spec.closing["lessons"]))

    async def do(self, name: str, text: str, call: Awaitable[Any]) -> Any:
        began = time.perf_counter()
        result = await call
        self.keep(name, text, began)
        return result

    async def step(self, name: str, act: Callable[[], Awaitable[str]]) -> None:
        began = time.perf_counter()
        text = await act()
        self.keep(name, text, began)

    def keep(self, name: str, text: str, began: float) -> None:
        at = clock.now().astimezone(clock.BEIJING)
        step = Step(name, at.isoformat(timespec="seconds"), round((time.perf_counter() - began) * 1000, 1), text)
        self.steps.append(step)
        self.tell(step)

    async def wait_for(self, what: str, look: Callable[[], Awaitable[Any]]) -> Any:
        """Ask until there is an answer."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if found := await look():
                return found
            await asyncio.sleep(POLL_S)
        raise Refused(f"等了 {PATIENCE_S:.0f} 秒没有等到：{what}")

    async def pause(self, minutes: float) -> None:
        """People need time, too: scenario minutes."""
        await asyncio.sleep(clock.real_seconds(timedelta(minutes=minutes)))

    async def notice(self) -> str:
        """The alarm or the clue that everything begins with appears on the duty officer's screen."""
        trigger = self.scenario.trigger
        if trigger["kind"] == "alarm":
            self.alarm = await self.wait_for("告警", lambda: self.alarm_of(trigger["rule_title"]))
            return f"{self.alarm['title']}"
        event = await self.wait_for("灾害信息", lambda: self.hazard_event(trigger))
        self.source = event
        return str(event["title"])

    async def alarm_of(self, rule_title: str) -> dict[str, Any] | None:
        alarms = await self.people["zhiban"].get("monitoring/alarms")
        found = [
            alarm
            for alarm in alarms
            if rule_title in f"{alarm['title']} {(alarm['explanation'] or {}).get('rule', '')}"
            and alarm["active"]
            and self.is_new(alarm["raised_at"])
        ]
        return found[0] if found else None

    def is_new(self, at: str) -> bool:
        return datetime.fromisoformat(at.replace("Z", "+00:00")) >= self.start - timedelta(minutes=1)

    async def hazard_event(self, trigger: dict[str, Any]) -> dict[str, Any] | None:
        events = await self.people["zhiban"].get("monitoring/hazard-events")
        wanted = trigger.get("key", "")
        kinds = [
            e for e in events if e["kind"] == trigger["kind"] and wanted in e["natural_key"] and self.is_new(e["at"])
        ]
        return kinds[0] if kinds else None

    async def settle_alarms(self, why: str, of_story: bool = False) -> int:
        """Acknowledge and reset what has returned to normal; returns how many alarms still hold.

        `of_story` counts those of this story only: not an ice jam of another one, nor a station that fell silent.
        """
        desk, holding = self.people["zhiban"], 0
        for alarm in await desk.get("monitoring/alarms"):
            if alarm["rule_kind"] == "silence":  # sensors that no story speaks for
                continue
            path, state = f"monitoring/alarms/{alarm['id']}", alarm["state"]
            if alarm["active"]:
                holding += not of_story or (self.is_new(alarm["raised_at"]) and alarm["priority"] < LOWEST)
                continue
            if state == "returned":
                state = (await desk.post(f"{path}/acknowledge", note=why))["state"]
            if state == "latched":
                await desk.post(f"{path}/reset", reason=why)
        return holding

    async def clear_the_desk(self) -> None:
        """What an earlier story left standing returns to normal with the quiet readings; what does not is left alone."""
        deadline = time.monotonic() + DESK_S
        while await self.settle_alarms("上一场演示遗留") and time.monotonic() < deadline:
            await asyncio.sleep(POLL_S * 3)

    async def alarms_return(self) -> str:
        """The gas is gone: the alarms return to normal by themselves, a person acknowledges and resets them."""

        async def all_settled() -> bool:
            return await self.settle_alarms("现场检测正常", of_story=True) == 0

        await self.wait_for("告警恢复", all_settled)
        return "告警全部恢复并复位"

    async def acknowledge(self) -> str:
        await self.pause(0.5)
        row = await self.people["zhiban"].post(
            f"monitoring/alarms/{self.alarm['id']}/acknowledge", note="已电话核实企业中控"
        )
        return f"{row['acknowledged_by']}确认告警"

    async def open(self) -> str:
        """立案 from the alarm or the event; the clue it left behind is settled with it."""
        await self.pause(1)
        desk, code = self.people["zhiban"], self.scenario.incident["event_code"]
        path = (
            f"command/alarms/{self.alarm['id']}/open"
            if self.alarm
            else f"command/hazard-events/{self.source['id']}/open"
        )
        try:
            self.incident = await desk.post(path, event_code=code)
        except Refused:
            self.incident = await self.wait_for("线索立案", self.by_proposal)
        pk = self.incident["id"]
        figures = {"deaths": 0, "missing": 0, **self.scenario.incident.get("figures", {})}
        await desk.post(f"command/incidents/{pk}/casualties", **figures)
        for name, value in self.scenario.incident.get("factors", {}).items():
            await desk.post(f"command/incidents/{pk}/factor", name=name, value=value, source="现场报告")
        return f"立案 {self.incident['number']} {self.incident['title']}"

    async def by_proposal(self) -> dict[str, Any] | None:
        key, wanted = ("alarm_id", self.alarm.get("id")) if self.alarm else ("hazard_event_id", self.source.get("id"))
        for proposal in await self.people["zhiban"].get("command/proposals"):
            if proposal[key] == wanted:
                code = self.scenario.incident["event_code"]
                found: dict[str, Any] = await self.people["zhiban"].post(
                    f"command/proposals/{proposal['id']}/accept", event_code=code
                )
                return found
        return None

    async def simulate(self) -> str:
        spec, here = self.scenario.simulation, self.incident
        self.run = await self.people["zhiban"].post(
            "simulation/run", kind=spec["kind"], inputs=spec["inputs"],
            lon=spec.get("lon", here["lon"]), lat=spec.get("lat", here["lat"]),
            correlation_id=here["correlation_id"], subject=f"{here['title']}推演",
        )  # fmt: skip
        people = max((zone["people"] for zone in self.run["exposure"]), default=0)
        path = f"command/incidents/{here['id']}/factor"
        await self.people["zhiban"].post(path, name="people_in_zone", value=people, source="模型推算")
        return f"{self.run['model']}：影响范围内约 {people} 人（模型推算），{len(self.run['zones'])} 个分区"

    async def respond(self) -> str:
        await self.pause(1)
        spec = self.scenario.response
        row = await self.people["zhihui"].post(
            f"command/incidents/{self.incident['id']}/respond",
            plan_code=spec["plan"], level=spec["level"], reason=spec["reason"],
        )  # fmt: skip
        tasks = await self.tasks()
        return f"启动{row.get('level', spec['level'])}响应，下达任务 {len(tasks)} 项"

    async def tasks(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self.people["zhiban"].get(f"command/incidents/{self.incident['id']}/tasks")
        return found

    async def work_on_tasks(self) -> None:
        """Every task that is issued gets its people, those that follow on others as well, until none is open."""
        begun: dict[int, asyncio.Task[None]] = {}
        while True:
            rows = await self.tasks()
            for row in rows:
                if row["id"] not in begun and row["state"] in {"issued", "escalated"}:
                    begun[row["id"]] = asyncio.create_task(self.work_on(row, len(begun)))
            if all(row["state"] in OVER for row in rows):
                break
            for work in begun.values():
                if work.done() and work.exception():
                    raise work.exception()  # type: ignore[misc]
            await asyncio.sleep(POLL_S * 2)
        await asyncio.gather(*begun.values())

    async def work_on(self, task: dict[str, Any], order: int) -> None:
        hand, path = self.people["jiuyuan"], f"command/tasks/{task['id']}"
        await self.pause(0.6 + 0.25 * order)
        await hand.post(f"{path}/acknowledge")
        if task["team_id"]:
            await self.travel(task, path)
        await self.pause(4 + order)
        await hand.post(f"{path}/finish", text=f"{task['title']}：已完成")

    async def travel(self, task: dict[str, Any], path: str) -> None:
        """The team drives the way it was given, reporting where it is."""
        hand, here = self.people["jiuyuan"], self.incident
        await hand.post(f"{path}/start")
        team = next(t for t in await hand.get("resources/teams") if t["id"] == task["team_id"])
        legs = 4
        for leg in range(1, legs + 1):
            await self.pause((task["eta_min"] or 8) / legs)
            lon, lat = (team[k] + (here[k] - team[k]) * leg / legs for k in ("lon", "lat"))
            await hand.post(f"resources/teams/{team['id']}/position", lon=round(lon, 6), lat=round(lat, 6))
        await hand.post(f"{path}/arrive")

    async def draft_warning(self) -> str:
        spec, now = self.scenario.warning, clock.now()
        areas = await self.area_ids(spec["areas"])
        zone = self.run["zones"][-1]["geometry"] if self.run.get("zones") else None
        draft = {
            "event_code": spec["event_code"], "level": spec["level"], "headline": spec["headline"],
            "description": spec["description"], "instruction": spec["instruction"], "area_ids": areas,
            "onset": now.isoformat(), "expires": (now + timedelta(hours=spec["hours"])).isoformat(),
            "basis": "推演与现场报告", "correlation_id": self.incident["correlation_id"],
        }  # fmt: skip
        hand = self.people["qicao"]
        try:
            self.warning = await hand.post("monitoring/warnings", **draft, geometry=zone)
        except Refused as refusal:
            if '"field": "geometry"' not in str(refusal):
                raise
            # The fire still burns beyond the border: the outline is the neighbour's, the threatened divisions are ours.
            self.warning = await hand.post("monitoring/warnings", **draft)
        return f"起草{spec['level']}色预警"

    async def area_ids(self, keys: list[str]) -> list[int]:
        rows = (await self.people["zhiban"].get("registers/areas", q="", size=200))["items"]
        known = {f"{row['code_system']}:{row['code']}": row["id"] for row in rows}
        return [known[key] for key in keys]

    async def issue_warning(self) -> str:
        pk = self.warning["id"]
        await self.pause(1)
        await self.people["shenhe"].post(f"monitoring/warnings/{pk}/review", approve=True, reason="内容完整，同意")
        await self.pause(0.5)
        row = await self.people["qianfa"].post(f"monitoring/warnings/{pk}/issue")
        return f"{row['issued_by']}签发：{row['headline']}"

    async def cancel_warning(self) -> str:
        row = await self.people["qianfa"].post(f"monitoring/warnings/{self.warning['id']}/cancel", reason="险情已消除")
        return f"解除：{row['headline']}"

    async def first_report(self) -> str:
        return await self.report("首报")

    async def report(self, kind: str) -> str:
        desk, head = self.people["zhiban"], self.people["zhihui"]
        row = await desk.post(f"command/incidents/{self.incident['id']}/report", kind=kind)
        await head.post(f"command/reports/{row['id']}/sign")
        sent = await desk.post(f"command/reports/{row['id']}/send", channel="text")
        late = sent["lateness_min"] or 0
        return f"{kind}报送{sent['superior']}（{'按时' if late <= 0 else f'迟 {late:.0f} 分钟'}）"

    async def tasks_done(self) -> str:
        rows = await self.tasks()
        return f"任务全部办结（{sum(row['state'] == 'done' for row in rows)} 项）"
