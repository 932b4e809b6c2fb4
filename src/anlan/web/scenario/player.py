"""The player: sets the clock, lets the devices speak and the people act, and keeps the proof of every link."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
from django.db import transaction

from anlan.kernel import clock
from anlan.kernel.accounts.actor import system
from anlan.web.city import loader
from anlan.web.scenario import checks, evidence
from anlan.web.scenario.agenda import Agenda
from anlan.web.scenario.document import Scenario, after_quiet
from anlan.web.scenario.evidence import Missing, Row
from anlan.web.scenario.people import People, RefusedByPlatform, feed_token
from anlan.web.scenario.telling import Teller
from anlan.web.scenario.wire import Wires

#: A story of today begins at least so long after the last reading of its devices.
AFTER_LAST = timedelta(minutes=2)
#: Longer than any alarm's delay of return: what a run that was cut off left standing goes first.
QUIET_MIN = 15.0
FEEDER = "jiekou"
CAST = ("zhiban", "zhihui", "qicao", "shenhe", "qianfa", "jiuyuan")
#: Reactions may still run when the last person has finished, real seconds.
SETTLE_S = 15.0


@dataclass(frozen=True)
class System:
    """Where the running installation listens."""

    url: str
    mqtt_port: int
    sl651_port: int
    accounts: list[tuple[str, str, str]]


@dataclass
class Outcome:
    """What was proved: the steps as they happened, the links as the database knows them at the end."""

    scenario: str
    title: str
    steps: list[dict[str, Any]] = field(default_factory=list)
    links: dict[str, bool] = field(default_factory=dict)
    incident: str = ""
    error: str = ""
    readings_sent: int = 0
    took_s: float = 0.0

    @property
    def missing(self) -> list[str]:
        return [link for link, there in self.links.items() if not there]

    @property
    def whole(self) -> bool:
        return bool(self.links) and not self.missing and not self.error

    def as_json(self) -> dict[str, Any]:
        ends = {name: self.links.get(name, False) for name in ("closed", "reviewed")}
        return {**vars(self), **ends, "missing": self.missing, "ok": self.whole}


def starts_at(scenario: Scenario) -> datetime:
    """The story's own time; or such that it ends about now, but after what its devices said before."""
    if scenario.start is not None:
        return scenario.start
    begin = clock.real_now() - timedelta(minutes=scenario.minutes * (1 - 1 / scenario.speed))
    last = evidence.one(evidence.LATEST, [[device.address for device in scenario.devices]])
    if last and last["at"] and last["at"] + AFTER_LAST > begin:
        return last["at"] + AFTER_LAST  # type: ignore[no-any-return]
    return begin


class Stage:
    """One performance: clock, devices, people, proof. `correlation` is the thread that runs through the story."""

    def __init__(self, scenario: Scenario, running: System, teller: Teller) -> None:
        addresses = [device.address for device in scenario.devices]
        if scenario.start is None and evidence.one(evidence.STILL_ACTIVE, [addresses]):
            scenario = after_quiet(scenario, QUIET_MIN)
        self.scenario, self.running, self.teller = scenario, running, teller
        self.people = People(running.url, running.accounts, CAST)
        self.outcome = Outcome(scenario.name, scenario.title)
        self.paces = list(scenario.paces)
        self.start = starts_at(scenario)

    def open(self) -> None:
        """Somebody must be on duty on that day; then the clock starts."""
        with transaction.atomic():
            loader.keep_roster(system("演示剧本"), self.start)
        token = feed_token(FEEDER)
        _, speed = self.paces.pop(0)
        clock.run_scenario(self.scenario.name, self.start, speed)
        time.sleep(2 * clock.REFRESH_S)  # every process has read the new pace
        self.start = clock.now()
        self.agenda = Agenda(self.meanwhile)
        self.wires = Wires(
            self.scenario, self.start, self.running.url, token, self.running.sl651_port, self.running.mqtt_port
        )
        self.wires.begin()

    def close(self) -> None:
        self.outcome.readings_sent = self.wires.sent
        self.wires.end()
        clock.run_real()

    def settle(self, correlation: str, with_alarm: bool) -> None:
        """The links as the database knows them, after what is still owed has been worked off."""
        deadline = time.monotonic() + SETTLE_S
        while correlation:
            self.outcome.links = checks.links(correlation, self.start, with_alarm)
            if not self.outcome.missing or time.monotonic() > deadline:
                return
            time.sleep(0.2)

    def meanwhile(self) -> None:
        """While waiting: keep the pace, move the bar, notice when the devices have fallen silent."""
        self.teller.moved(self.start)
        if self.paces and clock.now() >= self.start + timedelta(minutes=self.paces[0][0]):
            _, speed = self.paces.pop(0)
            clock.run_scenario(self.scenario.name, clock.now(), speed)
        if self.wires.failure:
            raise Missing(f"设备模拟中断：{self.wires.failure}")

    def broken(self) -> str:
        self.meanwhile()
        return ""

    def prove(
        self, step: str, text: str, sql: str, parameters: Sequence[Any], kind: str = "person", since: float | None = None
    ) -> Row:
        """Wait until the database shows it; keep when, and how long that took in real time."""
        began = time.monotonic() if since is None else since
        row = evidence.wait(text, sql, parameters, seconds=60, broken=self.broken)
        self.keep(step, text.format(**row), (time.monotonic() - began) * 1000, kind)
        return row

    def keep(self, step: str, text: str, latency_ms: float, kind: str) -> None:
        self.outcome.steps.append(
            {"step": step, "at": clock.now().isoformat(timespec="milliseconds"), "latency_ms": round(latency_ms, 1)}
        )
        self.teller.line(text, kind, latency_ms)

    def do(self, step: str, text: str, act: Callable[[], Any], sql: str, key: Callable[[Any], Sequence[Any]]) -> Any:
        """Act through the API, then prove it. `key` makes the parameters of the proof from the answer."""
        began = time.monotonic()
        answer = act()
        self.prove(step, text, sql, key(answer), since=began)
        return answer


def play(scenario: Scenario, running: System, tell: Callable[[Stage], None], teller: Teller) -> Outcome:
    """Perform `tell` on a stage; whatever happens, the clock is real again afterwards."""
    stage, began = Stage(scenario, running, teller), time.monotonic()
    stage.open()
    try:
        tell(stage)
    except (Missing, RefusedByPlatform, httpx.HTTPError) as error:
        stage.outcome.error = str(error)
        teller.line(f"中断：{error}", "bad")
    finally:
        stage.close()
        stage.outcome.took_s = round(time.monotonic() - began, 1)
    return stage.outcome
