"""The whole chain on the real system: started as a user starts it, played through its sockets, proved in its database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(420)]
CHAIN = [
    "alarm", "incident", "simulation", "response", "warning_drafted", "warning_issued", "report_sent", "tasks_done",
    "response_ended", "final_report", "closed", "reviewed",
]  # fmt: skip


def play(scenario: str, var: Path, port: int) -> tuple[int, dict[str, Any]]:
    """Exit code and summary of `anlan demo --once` on an installation of its own."""
    env = {name: value for name, value in os.environ.items() if name not in {"ANLAN_DATABASE_URL", "ANLAN_NATS_URL"}}
    env |= {"ANLAN_VAR": str(var), "DJANGO_SETTINGS_MODULE": "anlan.settings"}
    command = [sys.executable, "-m", "anlan", "demo", "--scenario", scenario, "--once", "--port", str(port)]
    ended = subprocess.run(command, env=env, capture_output=True, text=True, timeout=400, check=False)
    lines = ended.stdout.strip().splitlines()
    assert lines, ended.stderr[-3000:]
    return ended.returncode, json.loads(lines[-1])


def prove(scenario: str, var: Path, port: int) -> dict[str, Any]:
    code, summary = play(scenario, var, port)
    assert (summary["missing"], summary["error"]) == ([], "")
    assert code == 0
    assert summary["closed"]
    assert summary["reviewed"]
    steps = [step["step"] for step in summary["steps"]]
    assert [step for step in steps if step in CHAIN] == CHAIN
    assert all(step["latency_ms"] >= 0 for step in summary["steps"])
    return summary


def test_a_chlorine_leak_goes_from_the_detector_to_the_reviewed_incident(tmp_path: Path) -> None:
    summary = prove("chlorine-wuda", tmp_path / "var", 15610)
    assert summary["links"]["alarm"]
    assert summary["links"]["observation"]
    assert summary["readings_sent"] > 100


@pytest.mark.slow
def test_real_stages_of_a_jam_winter_raise_the_alarm_the_flow_would_not(tmp_path: Path) -> None:
    """YRCC 2014-12-17: 1052.95 m at 435 m3/s, against 1050.49 m at 700 m3/s three days before."""
    assert prove("ice-jam", tmp_path / "var", 15630)["links"]["observation"]
    # The same history once more on the same database: an hour of one winter is not read twice, so it is a week later.
    assert prove("ice-jam", tmp_path / "var", 15630)["weeks_later"] == 1


@pytest.mark.slow
def test_a_satellite_hotspot_becomes_a_reviewed_grass_fire(tmp_path: Path) -> None:
    assert prove("grassland-fire", tmp_path / "var", 15650)["links"]["hazard_event"]


@pytest.mark.slow
def test_the_alxa_earthquake_of_2015_is_answered_as_published(tmp_path: Path) -> None:
    assert prove("alxa-2015", tmp_path / "var", 15670)["links"]["hazard_event"]
    assert prove("alxa-2015", tmp_path / "var", 15670)["weeks_later"] == 1
