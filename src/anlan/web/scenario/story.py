"""The chain as the people play it: alarm or hazard event, incident, response, tasks, warning, report, close, review."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from anlan.kernel import clock
from anlan.web.scenario import evidence
from anlan.web.scenario.player import Stage
from anlan.web.scenario.tasks import Tasks

API = "/api"


def tell(stage: Stage) -> None:
    """The whole story of one scenario."""
    Story(stage).run()


class Story:
    """Minutes are after the alarm or hazard event."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.people = stage, stage.people
        self.script: dict[str, Any] = stage.scenario.story
        self.incident = 0
        self.correlation = ""
        self.source: dict[str, Any] = {}
        self.run_result: dict[str, Any] = {}
        self.warning = 0
        self.tasks = Tasks(stage, self.script)

    def run(self) -> None:
        self.teller_head()
        try:
            self.perform()
        finally:
            self.stage.settle(self.correlation, self.from_alarm)

    def perform(self) -> None:
        self.origin()
        agenda = self.stage.agenda
        minutes = self.script["minutes"]
        for name, verb in (
            ("acknowledge", self.acknowledge), ("open", self.open_incident), ("simulate", self.simulate),
            ("respond", self.respond), ("draft_warning", self.draft_warning), ("review_warning", self.review_warning),
            ("issue_warning", self.issue_warning), ("first_report", self.first_report),
        ):  # fmt: skip
            if name in minutes:
                agenda.at(float(minutes[name]), verb)
        agenda.run()
        self.finish()

    def teller_head(self) -> None:
        scenario = self.stage.scenario
        self.stage.teller.line(f"剧本：{scenario.title}（时钟 {scenario.speed:g} 倍速）", "head")
        self.stage.teller.line(scenario.note, "head")

    def origin(self) -> None:
        """Until the platform has raised the alarm, or has taken in the hazard event."""
        stage, origin = self.stage, self.stage.scenario.origin
        addresses = [device.address for device in stage.scenario.devices]
        if addresses:
            stage.prove("frame", "首批报文已入库：{readings} 条读数", evidence.OBSERVED, [addresses, stage.start], "device")
        if "rule" in origin:
            found = evidence.wait(
                f"规则 {origin['rule']} 的告警", evidence.ALARM, [origin["rule"], stage.start], 240, stage.broken
            )
            self.came("alarm", found, found["raised_at"], "告警：{title}（{value:g} {unit}）")
        else:
            key = [origin["kind"], origin["key"]]
            found = evidence.wait(f"灾害信息 {origin['key']}", evidence.EVENT, key, 120, stage.broken)
            self.came("hazard_event", found, clock.now(), "灾害信息：{title}")
        self.source, self.correlation = found, str(found["correlation_id"])
        stage.agenda.begin(clock.now())

    def came(self, step: str, found: dict[str, Any], at: Any, text: str) -> None:
        """Latency: from the reading that raised it to its being seen here, in real time."""
        latency = max(0.0, (clock.now() - at).total_seconds() / clock.speed() * 1000)
        self.stage.keep(step, text.format(**found), latency, "platform")

    @property
    def from_alarm(self) -> bool:
        return "rule" in self.stage.scenario.origin

    def acknowledge(self) -> None:
        pk = self.source["id"]
        self.stage.do(
            "alarm_acknowledged", "市值班员确认告警，电话核实",
            lambda: self.people["zhiban"].post(f"{API}/monitoring/alarms/{pk}/acknowledge", note="电话核实中"),
            evidence.ACKNOWLEDGED, lambda _: [pk],
        )  # fmt: skip

    def open_incident(self) -> None:
        noun = "alarms" if self.from_alarm else "hazard-events"
        path = f"{API}/command/{noun}/{self.source['id']}/open"
        code = self.script["event_code"]
        made = self.stage.do(
            "incident_opened", "立案 {number}，建议等级：{suggested_grade}",
            lambda: self.people["zhiban"].post(path, event_code=code),
            evidence.INCIDENT, lambda _: [self.correlation],
        )  # fmt: skip
        self.incident = self.tasks.incident = int(made["id"])
        self.stage.outcome.incident = str(made["number"])
        for factor in self.script.get("factor", []):
            self.people["zhiban"].post(f"{API}/command/incidents/{self.incident}/factor", **factor)
        if figures := self.script.get("casualties"):
            self.people["zhiban"].post(f"{API}/command/incidents/{self.incident}/casualties", **figures)

    def simulate(self) -> None:
        asked = self.script["simulation"]
        inputs = dict(asked["inputs"])
        lon, lat = asked.get("lon", self.source["lon"]), asked.get("lat", self.source["lat"])
        self.run_result = self.stage.do(
            "simulated", "推演完成：{model}，{took_ms:.0f} ms",
            lambda: self.people["zhiban"].post(
                f"{API}/simulation/run", kind=asked["kind"], lon=lon, lat=lat, inputs=inputs,
                correlation_id=self.correlation, subject=asked["subject"],
            ),
            evidence.RUN, lambda _: [self.correlation],
        )  # fmt: skip
        key = ["people_in_zone", self.incident, "people_in_zone"]
        self.stage.prove("exposure", "影响人口 {value} 人（模型推算）记入研判要素", evidence.FACTOR, key, "platform")

    def respond(self) -> None:
        commander, incident, plan = self.people["zhihui"], self.incident, self.script["plan"]
        options = commander.get(f"{API}/command/incidents/{incident}/plans")
        proposed = next((o["proposed"] for o in options if o["plan"] == plan), "") or self.script["level"]
        reason = self.script.get("reason", "按预案启动条件")
        self.stage.do(
            "response_started", "市指挥长启动{level}响应",
            lambda: commander.post(
                f"{API}/command/incidents/{incident}/respond", plan_code=plan, level=proposed, reason=reason
            ),
            evidence.RESPONSE, lambda _: [incident],
        )  # fmt: skip
        self.stage.prove("tasks_issued", "下达任务 {tasks} 项", evidence.TASKS, [incident], "platform")
        key = [self.correlation, self.script["notice_purposes"]]
        self.stage.prove("notices_sent", "任务通知已发 {notices} 条（本地发件箱）", evidence.NOTICES, key, "platform")
        self.tasks.look()

    def draft_warning(self) -> None:
        script, now = self.script["warning"], clock.now()
        zones = self.run_result.get("zones") or [{}]
        places = [c["area_id"] for zone in self.run_result.get("exposure", []) for c in zone["communities"]]
        content = {
            "event_code": self.script["event_code"], "event_name": script["event_name"], "level": script["level"],
            "headline": script["headline"], "description": script["description"], "instruction": script["instruction"],
            "area_ids": list(dict.fromkeys(places)) or [self.area(script["area"])],
            "onset": now.isoformat(), "expires": (now + timedelta(hours=script["hours"])).isoformat(),
            "geometry": zones[-1].get("geometry"), "basis": script.get("basis", ""),
            "correlation_id": self.correlation,
        }  # fmt: skip
        made = self.stage.do(
            "warning_drafted", f"起草{script['level']}色预警：{script['headline']}",
            lambda: self.people["qicao"].post(f"{API}/monitoring/warnings", **content),
            evidence.WARNING, lambda answer: [answer["id"], "draft"],
        )  # fmt: skip
        self.warning = int(made["id"])

    @staticmethod
    def area(code: str) -> int:
        found = evidence.one("select id from kernel_area where code = %s order by level limit 1", [code])
        return int(found["id"]) if found else 0

    def review_warning(self) -> None:
        self.stage.do(
            "warning_reviewed", "另一人审核通过预警",
            lambda: self.people["shenhe"].post(
                f"{API}/monitoring/warnings/{self.warning}/review", approve=True, reason="内容完整"
            ),
            evidence.WARNING, lambda _: [self.warning, "reviewed"],
        )  # fmt: skip

    def issue_warning(self) -> None:
        self.stage.do(
            "warning_issued", "第三人签发，预警发布",
            lambda: self.people["qianfa"].post(f"{API}/monitoring/warnings/{self.warning}/issue"),
            evidence.WARNING, lambda _: [self.warning, "issued"],
        )  # fmt: skip
        self.stage.prove(
            "warning_told", "预警已送公众渠道与责任人 {told} 条", evidence.TELLING, [str(self.warning)], "platform"
        )

    def report(self, kind: str, step: str) -> None:
        """Drafted and told by phone by the desk, signed by the commander, sent in writing."""
        desk, boss, path = self.people["zhiban"], self.people["zhihui"], f"{API}/command/reports"
        made = self.stage.do(
            f"{step}_drafted", f"拟{kind}",
            lambda: desk.post(f"{API}/command/incidents/{self.incident}/report", kind=kind),
            evidence.REPORT.format("state = 'drafted'"), lambda answer: [answer["id"]],
        )  # fmt: skip
        pk = int(made["id"])
        desk.post(f"{path}/{pk}/send", channel="phone")
        self.stage.do(
            f"{step}_signed", f"市指挥长签发{kind}", lambda: boss.post(f"{path}/{pk}/sign"),
            evidence.REPORT.format("signed_at is not null"), lambda _: [pk],
        )  # fmt: skip
        self.stage.do(
            f"{step}_sent", f"{kind}报送上级，时限内", lambda: desk.post(f"{path}/{pk}/send", channel="text"),
            evidence.REPORT.format("sent_at is not null and lateness_min = 0"), lambda _: [pk],
        )  # fmt: skip

    def first_report(self) -> None:
        self.report("首报", "report")

    def finish(self) -> None:
        """Everything done: alarms back to normal, warning lifted, response ended, final report, closed, reviewed."""
        self.stage.keep("tasks_done", "全部任务办结", 0.0, "person")
        if self.script.get("alarm_clears"):
            self.settle_alarms()
        boss, incident = self.people["zhihui"], self.incident
        if self.warning:
            self.stage.do(
                "warning_cancelled", "解除预警",
                lambda: self.people["qianfa"].post(
                    f"{API}/monitoring/warnings/{self.warning}/cancel", reason="险情解除"
                ),
                evidence.WARNING, lambda _: [self.warning, "cancelled"],
            )  # fmt: skip
        self.stage.do(
            "response_ended", "终止响应 {number}",
            lambda: boss.post(f"{API}/command/incidents/{incident}/end", reason=self.script["end_reason"]),
            evidence.STATUS, lambda _: [incident, "ended"],
        )  # fmt: skip
        self.report("终报", "final_report")
        self.stage.do(
            "closed", "结案 {number}",
            lambda: boss.post(f"{API}/command/incidents/{incident}/close", reason=self.script["conclusion"]),
            evidence.STATUS, lambda _: [incident, "closed"],
        )  # fmt: skip
        self.stage.do(
            "reviewed", "完成复盘",
            lambda: boss.post(f"{API}/command/incidents/{incident}/review", text=self.script["lessons"]),
            evidence.REVIEW, lambda _: [incident],
        )  # fmt: skip
        self.stage.prove("journal", "全程留痕：审计日志 {entries} 条", evidence.JOURNAL, [self.correlation], "platform")

    def settle_alarms(self) -> None:
        """Readings are normal again: every alarm of the story acknowledged, latched ones reset by a person."""
        pk, desk = self.source["id"], self.people["zhiban"]
        self.stage.prove("alarm_cleared", "监测值恢复正常，告警条件解除", evidence.CLEARED, [pk], "platform")
        for alarm in desk.get(f"{API}/monitoring/alarms"):
            if not alarm["active"] and alarm["state"] in {"returned", "unacknowledged"}:
                desk.post(f"{API}/monitoring/alarms/{alarm['id']}/acknowledge", note="随事件处置")
        for alarm in desk.get(f"{API}/monitoring/alarms"):
            if alarm["state"] == "latched":
                desk.post(f"{API}/monitoring/alarms/{alarm['id']}/reset", reason="现场确认安全")
        self.stage.prove("alarm_reset", "值班员复位告警", evidence.RESET, [pk])
