"""How tasks are carried out in a story: acknowledged, under way along the road, on scene, done; new ones as they come."""

from __future__ import annotations

import json
from typing import Any

from anlan.web.scenario import evidence
from anlan.web.scenario.player import Stage

API = "/api/command/tasks"
#: Positions a team reports on its way.
REPORTS = 4


class Tasks:
    """All tasks of the incident, as the terminals of those who do them would send."""

    def __init__(self, stage: Stage, script: dict[str, Any]) -> None:
        self.stage, self.script = stage, script
        self.incident = 0
        self.taken: set[int] = set()
        self.said: set[str] = set()

    @property
    def terminal(self) -> Any:
        return self.stage.people[self.script.get("terminal", "jiuyuan")]

    def look(self) -> None:
        """Put every task that has been issued since the last look on the agenda."""
        times, agenda = self.script["work"], self.stage.agenda
        now = agenda.minute
        found = self.terminal.get(f"/api/command/incidents/{self.incident}/tasks")
        fresh = [task for task in found if task["id"] not in self.taken and task["state"] == "issued"]
        for number, task in enumerate(fresh):
            self.taken.add(task["id"])
            at = now + times["acknowledge"] + number * times["between"]
            agenda.at(at, self.acknowledging(task))
            if task["team_id"]:
                self.plan_journey(task, at)
            else:
                agenda.at(at + times["desk"], self.finishing(task, "已按任务卡完成"))

    def plan_journey(self, task: dict[str, Any], at: float) -> None:
        """Out, four positions along the way, on scene when the road says so, then the work."""
        agenda, times = self.stage.agenda, self.script["work"]
        ride = max(1.0, float(task["eta_min"] or 10.0)) * times.get("ride", 1.0)
        agenda.at(at + 0.3, self.starting(task))
        for number in range(1, REPORTS + 1):
            agenda.at(at + 0.3 + ride * number / (REPORTS + 1), self.moving(task, number / (REPORTS + 1)))
        agenda.at(at + 0.3 + ride, self.arriving(task))
        agenda.at(at + 0.3 + ride + times["scene"], self.finishing(task, "现场任务完成"))

    def step(self, step: str, state: str, text: str, task: dict[str, Any], verb: str, **data: Any) -> None:
        """The first of a kind is a link of the chain; the others are proved all the same."""
        pk = task["id"]
        if step in self.said:
            self.terminal.post(f"{API}/{pk}/{verb}", **data)
            evidence.wait(text, evidence.TASK_STATE, [pk, state], broken=self.stage.broken)
            self.stage.teller.line(text)
            return
        self.said.add(step)
        self.stage.do(
            step, text, lambda: self.terminal.post(f"{API}/{pk}/{verb}", **data), evidence.TASK_STATE,
            lambda _: [pk, state],
        )  # fmt: skip

    def acknowledging(self, task: dict[str, Any]) -> Any:
        text = f"{task['assignee']}确认任务：{task['title']}"
        return lambda: self.step("task_acknowledged", "acknowledged", text, task, "acknowledge")

    def starting(self, task: dict[str, Any]) -> Any:
        text = f"{task['assignee']}出动，{task['route_how']} {(task['road_m'] or 0) / 1000:.1f} km"
        return lambda: self.step("team_started", "en_route", text, task, "start")

    def arriving(self, task: dict[str, Any]) -> Any:
        text = f"{task['assignee']}到场：{task['title']}"
        return lambda: self.step("team_arrived", "on_scene", text, task, "arrive")

    def finishing(self, task: dict[str, Any], result: str) -> Any:
        text = f"{task['assignee']}完成：{task['title']}"

        def finish() -> None:
            self.step("task_done", "done", text, task, "finish", text=result)
            self.look()

        return finish

    def moving(self, task: dict[str, Any], share: float) -> Any:
        def move() -> None:
            way = evidence.one(evidence.WAY, [task["id"]])
            if way is None:
                return
            lon, lat = along(way, share)
            path = f"/api/resources/teams/{way['team_id']}/position"
            if "team_moving" in self.said:
                self.terminal.post(path, lon=lon, lat=lat)
                return
            self.said.add("team_moving")
            self.stage.do(
                "team_moving", f"{task['assignee']}在途，位置上图", lambda: self.terminal.post(path, lon=lon, lat=lat),
                evidence.POSITION, lambda _: [way["team_id"]],
            )  # fmt: skip

        return move


def along(way: dict[str, Any], share: float) -> tuple[float, float]:
    """The point of the route after this share of its vertices."""
    route = json.loads(way["route"]) if isinstance(way["route"], str) else way["route"]
    points = (route or {}).get("coordinates") or [[way["lon"], way["lat"]]]
    place = share * (len(points) - 1)
    before = int(place)
    after = min(before + 1, len(points) - 1)
    rest = place - before
    return tuple(points[before][i] + (points[after][i] - points[before][i]) * rest for i in (0, 1))  # type: ignore[return-value]
