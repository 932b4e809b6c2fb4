"""kill -9 of every role, of the broker, of the database and of the supervisor itself, while devices and programs go on sending.

Started as a user starts it. Each next kill comes when readings sent after the last one are stored, however long that takes.
Afterwards every reading that was acknowledged is stored with its value, none twice, every alarm that was raised meanwhile was told
once and is in one clue, and the journal is whole.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.acceptance.conftest import own_environment
from tests.acceptance.devices import Load, Source
from tests.acceptance.test_guide import TOKEN, Installation, started
from tests.conftest import free_port

pytestmark = [pytest.mark.acceptance, pytest.mark.slow, pytest.mark.timeout(600)]
DETECTORS = ("G-V-101", "G-V-102", "G-V-103", "G-V-104", "G-P-101")
#: Whose limit is 1 ppm for 30 s and 10 ppm for 20 s (cities/wuhai/registers/alarm-rules.csv).
RULES = {"CL2-HI", "CL2-HH"}
#: Two or more of them in one area.
BOTH = "CL2-2OO"
MORE, LONG_ENOUGH, DEADLINE_S = 5, 35, 150.0
STORED = """select (extract(epoch from o.at) * 1000)::bigint, o.value from observation o
    join monitoring_datastream d on d.id = o.stream where d.code = %s"""
SINCE = """select d.code, (extract(epoch from o.at) * 1000)::bigint from observation o
    join monitoring_datastream d on d.id = o.stream where o.at >= to_timestamp(%s / 1000.0)"""
#: The park's own risk is worked out beside; its alarms come when it is done.
ALARMS = """select a.id, r.code, d.code, a.recurrences, a.priority from monitoring_alarm a
    join monitoring_alarmrule r on r.id = a.rule_id
    left join monitoring_datastream d on d.id = a.datastream_id where r.code like 'CL2-%'"""
TOLD = """select (payload->>'alarm_id')::bigint, count(*) from kernel_event
    where name = 'monitoring.AlarmRaised' and payload->>'title' like '%氯气%' group by 1"""
CLUES = "select alarm_id, also from command_proposal"


class Site:
    """One installation: its processes, its database, its log, and what was done to it."""

    def __init__(self, env: dict[str, str]) -> None:
        self.env, self.var, self.port = env, Path(env["ANLAN_VAR"]), free_port()
        self.installation: Installation = started(env, self.port)
        self.events: list[str] = []
        self.note(f"started in {self.installation.took_s:.0f} s")

    def note(self, event: str) -> None:
        self.events.append(f"{time.monotonic():.1f} {event}")

    @property
    def run(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.var / "run" / "run.json").read_text(encoding="utf-8"))
        return found

    def mark(self) -> list[str]:
        return (self.var / "postgres" / "postmaster.pid").read_text(encoding="utf-8").splitlines()

    def ask(self, query: str, *values: object) -> list[Any]:
        """Rows, as soon as the database answers."""
        deadline = time.monotonic() + DEADLINE_S
        while True:
            try:
                with psycopg.connect(host=self.mark()[4], user="postgres", dbname="anlan") as connection:
                    return connection.execute(query.encode(), values or None).fetchall()
            except (psycopg.OperationalError, OSError, IndexError) as error:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"the database does not answer\n{self.where()}") from error
                time.sleep(0.2)

    def kill(self, name: str) -> None:
        pid = int(self.mark()[0]) if name == "postgres" else self.run["pids"][name]
        os.kill(pid, signal.SIGKILL)
        self.note(f"killed {name} ({pid})")

    def restart_after_a_crash(self) -> None:
        """The supervisor and the database at once, and by now another program has the database's number."""
        os.kill(int(self.mark()[0]), signal.SIGKILL)
        os.kill(self.installation.process.pid, signal.SIGKILL)
        self.installation.process.wait(10)
        assert self.installation.process.stdout is not None
        self.installation.process.stdout.close()
        mark = self.var / "postgres" / "postmaster.pid"
        mark.write_text("\n".join([str(os.getpid()), *self.mark()[1:]]) + "\n", encoding="utf-8")
        self.note("killed the supervisor and the database")
        self.installation = started(self.env, self.port)
        self.note("started again")

    def where(self) -> str:
        logs = sorted((self.var / "log").glob("*.log"))
        tails = [f"--- {log.name}\n{log.read_text(encoding='utf-8', errors='replace')[-1500:]}" for log in logs]
        return "\n".join([f"now {time.monotonic():.1f}", *self.events, *tails])

    def until(self, true: Callable[[], object], told: Callable[[], str]) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while not true():
            assert time.monotonic() < deadline, f"{told()}\n{self.where()}"
            time.sleep(0.2)


def stored(site: Site, source: Source) -> list[tuple[int, float]]:
    return [(int(at), float(value)) for at, value in site.ask(STORED, source.code)]


def goes_on(site: Site, load: Load, since: dict[str, int], after: str) -> None:
    """Until of every source readings that were acknowledged after the kill are stored."""

    def behind() -> list[str]:
        late = [s for s in load.sources if len(s.acknowledged) < since[s.code] + MORE]
        if late:
            return [f"{s.code}: {len(s.acknowledged)} acknowledged, {since[s.code]} before" for s in late]
        wanted = {s.code: list(s.acknowledged)[since[s.code] + MORE - 1] for s in load.sources}
        return [
            f"{s.code}: {wanted[s.code]} not stored"
            for s in load.sources
            if wanted[s.code] not in dict(stored(site, s))
        ]

    site.until(lambda: load.error or not behind(), lambda: f"after {after} was killed: {behind()}")
    assert load.error is None, site.where()


def go_high(site: Site, load: Load, source: Source) -> None:
    """This detector is over its limits from now on, and the next kill falls into the delay of its alarms."""
    source.high = True
    before = len(source.acknowledged)
    site.until(lambda: load.error or len(source.acknowledged) > before + MORE, lambda: f"{source.code} is not heard")


def prove(site: Site, load: Load) -> None:
    for source in load.sources:
        site.until(
            lambda source=source: source.acknowledged.items() <= set(stored(site, source)),  # type: ignore[misc]
            lambda source=source: (  # type: ignore[misc]
                f"{source.code}: acknowledged and lost {sorted(source.acknowledged.items() - set(stored(site, source)))}"
            ),
        )
        rows = stored(site, source)
        assert len(rows) == len(set(rows)) == len(dict(rows)), f"{source.code}: stored twice"
        assert set(rows) <= source.tried.items(), f"{source.code}: stored and never sent"
    high = {(rule, source.code) for source in load.sources if source.high for rule in RULES}
    site.until(lambda: high <= {row[1:3] for row in site.ask(ALARMS)}, lambda: f"{site.ask(ALARMS)}")
    site.until(lambda: [row for row in site.ask(ALARMS) if row[1] == BOTH], lambda: f"{BOTH} is not raised")
    alarms = site.ask(ALARMS)
    assert sorted(row[1:3] for row in alarms if row[1] != BOTH) == sorted(high), "one alarm for each, and no other"
    assert len(alarms) == len(high) + 1, f"{BOTH} more than once"
    assert [row for row in alarms if row[3]] == [], "each went over its limit once and stayed there"
    told = dict(site.ask(TOLD))
    assert told == {row[0]: 1 for row in alarms}
    urgent = sorted(row[0] for row in alarms if row[4] == 1)
    site.until(
        lambda: set(urgent) <= set(clued(site)), lambda: f"urgent alarms {urgent}, in clues {sorted(clued(site))}"
    )
    ours = {row[0] for row in alarms}
    assert sorted(ours.intersection(clued(site))) == urgent, "those that are not urgent are no clues"
    assert len(clued(site)) == len(set(clued(site))), "in one clue, once"


def clued(site: Site) -> list[int]:
    also = [(first, *(further["alarm_id"] for further in also)) for first, also in site.ask(CLUES)]
    return [alarm for alarms in also for alarm in alarms if alarm is not None]


def test_whatever_is_killed_nothing_acknowledged_is_lost_and_nothing_happens_twice(
    loaded_var: Callable[[Path], Path], tmp_path: Path
) -> None:
    site = Site(own_environment(loaded_var(tmp_path / "var")))
    password = (site.var / "nats_token").read_text(encoding="ascii").strip() + "-device"
    load = Load(site.run["ports"], password, site.installation.python(TOKEN))
    detectors = [load.add(f"{name}-cl2", "mqtt", name) for name in DETECTORS]
    for code in ("T-V-101-p", "T-V-102-p"):
        load.add(code, "http", str(site.ask("select id from monitoring_datastream where code = %s", code)[0][0]))
    try:
        load.start()
        goes_on(site, load, dict.fromkeys((s.code for s in load.sources), 0), "nothing")
        for name, detector in zip(("work", "ingest", "nats", "web", "postgres"), detectors, strict=True):
            go_high(site, load, detector)
            since = {s.code: len(s.acknowledged) for s in load.sources}
            site.kill(name)
            goes_on(site, load, since, name)
        since = {s.code: len(s.acknowledged) for s in load.sources}
        site.restart_after_a_crash()
        load.ports = site.run["ports"]
        goes_on(site, load, since, "the supervisor")
        site.until(
            lambda: all(sum(v >= 10 for v in d.acknowledged.values()) > LONG_ENOUGH for d in detectors),
            lambda: "not high for long enough",
        )
        load.stop(30)
        prove(site, load)
        site.note("proven")
        verified = subprocess.run(
            [sys.executable, "-m", "anlan", "audit", "verify"],
            env=site.env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert verified.returncode == 0, verified.stdout + verified.stderr
    finally:
        load.stopping.set()
        load.thread.join(30)
        site.installation.stop()
    site.note("stopped")
    print(*site.events, sep="\n")
    assert not (site.var / "postgres" / "postmaster.pid").exists(), "the database of the killed supervisor goes on"
