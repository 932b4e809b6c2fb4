"""演练沙盒 seen from the console: which stories there are, how the worker starts one, what it has said."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from anlan import cities, sandbox
from anlan.command.duty import today
from anlan.command.models import SandboxRun
from anlan.command.plans.document import PlanDocument
from anlan.kernel.errors import AnlanError

#: States in which a process may be there.
ALIVE = ("ordered", "starting", "running", "over")
#: Without a word for so long after it was started (it makes its tables first), or while it ran, it is given up; real seconds.
START_S, SILENT_S = 300.0, 60.0
#: The web port that is tried first; taken ones are stepped over.
PORT = 8090
RESULT, LOG = "result.json", "console.log"
#: Our children, so that the ended ones are reaped.
_children: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True)
class Story:
    """A scenario as the choice shows it."""

    name: str
    title: str
    minutes: float
    event_code: str
    injects: int
    source: str
    covered: bool


def stories(plan: PlanDocument | None = None) -> list[Story]:
    """The scenarios of the city package; first those whose event the plan is for."""
    found = []
    for file in sorted(cities.folder(settings.CITY).glob("scenarios/*/scenario.toml")):
        said = tomllib.loads(file.read_text(encoding="utf-8"))
        head, code = said["scenario"], str(said.get("incident", {}).get("event_code", ""))
        covered = plan is not None and bool(code) and plan.covers(code)
        found.append(
            Story(
                file.parent.name,
                head["title"],
                float(head["minutes"]),
                code,
                len(said.get("inject", [])),
                head.get("source", ""),
                covered,
            )
        )
    return sorted(found, key=lambda one: not one.covered)


def mailbox(row: SandboxRun) -> sandbox.Mailbox:
    return sandbox.Mailbox(sandbox.folder(settings.VAR, row.name))


def orders(row: SandboxRun, outer: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """Command line and environment of the sandbox: of the live installation's only what every sandbox may know."""
    command = [sys.executable, "-m", "anlan", "drill", "play", "--console", "--scenario", row.scenario]
    command += ["--name", row.name, "--people", row.people, "--host", settings.SANDBOX_HOST, "--port", str(PORT)]
    city = str(city_of(row))
    command += ["--city", city]
    for option, value in (("--minutes", row.minutes), ("--speed", row.speed)):
        command += [option, f"{value:g}"] if value else []
    return command, sandbox.environment(outer, settings.VAR, row.name) | {"ANLAN_CITY": city}


def city_of(row: SandboxRun) -> str | Path:
    """The city it plays in: today's, written into its own folder, or the package by its name."""
    return mailbox(row).home / "city" / Path(settings.CITY).name if row.today else settings.CITY


def launched(row: SandboxRun) -> tuple[str, str]:
    """(state, error) after it was started, or could not be."""
    try:
        launch(row)
    except (OSError, AnlanError) as wrong:
        return "failed", f"沙盒没有启动：{wrong}"[:300]
    return "starting", ""


def launch(row: SandboxRun) -> None:
    """Start it as a program of its own; what it writes goes into its folder."""
    box = mailbox(row)
    box.lead()
    if row.today:
        today.save(settings.CITY, Path(city_of(row)))
    command, env = orders(row, os.environ)
    with (box.home / LOG).open("ab") as out:
        child = subprocess.Popen(
            command, env=env, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True
        )
    _children.append(child)


def reap() -> None:
    _children[:] = [child for child in _children if child.poll() is None]


def last_words(home: Path) -> str:
    """The last line of its log that says something."""
    try:
        lines = (home / LOG).read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")[:200]


def standing(row: SandboxRun, now: datetime) -> tuple[str, str, dict[str, Any]]:
    """(state, error, what it said) by its files. now: real time."""
    said, age_s = mailbox(row).told()
    state = str(said.get("state", row.state))
    if state in ("ended", "failed"):
        return state, str(said.get("error", ""))[:300], said
    waited = (now - row.launched_at).total_seconds() if row.launched_at else 0.0
    if (not said and waited > START_S) or (said and age_s > SILENT_S):
        words = last_words(mailbox(row).home)
        return "failed", f"沙盒没有音讯{'：' + words if words else ''}"[:300], said
    return (state if state in ALIVE else row.state), "", said


def clear(row: SandboxRun) -> None:
    """Its data go when it has ended: what is to stay was kept with the drill."""
    shutil.rmtree(mailbox(row).home, ignore_errors=True)


def address(row: SandboxRun, host: str) -> str:
    """Where the sandbox is opened; one that listens everywhere is reached under the name this page was reached by."""
    port = row.seen.get("port")
    if not port or row.state not in ("running", "over"):
        return ""
    own = str(row.seen.get("url", "")).removeprefix("http://").rpartition(":")[0]
    return f"http://{host if own in ('0.0.0.0', '::', '') else own}:{port}/"  # noqa: S104 - compared, not bound


def minute(row: SandboxRun) -> float | None:
    """Minutes of the scenario's clock since its start."""
    try:
        gone = datetime.fromisoformat(row.seen["clock"]) - datetime.fromisoformat(row.seen["started"])
    except (KeyError, TypeError, ValueError):
        return None
    return max(0.0, gone.total_seconds() / 60)
