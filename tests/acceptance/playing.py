"""Playing a story on an installation of its own, and proving that every link of the chain happened."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.acceptance.conftest import own_environment

CHAIN = [
    "alarm", "incident", "simulation", "response", "warning_drafted", "warning_issued", "report_sent", "tasks_done",
    "response_ended", "final_report", "closed", "reviewed",
]  # fmt: skip


def play(scenario: str, var: Path, port: int) -> tuple[int, dict[str, Any]]:
    """Exit code and summary of `anlan demo --once` on an installation of its own."""
    command = [sys.executable, "-m", "anlan", "demo", "--scenario", scenario, "--once", "--port", str(port)]
    ended = subprocess.run(command, env=own_environment(var), capture_output=True, text=True, timeout=550, check=False)
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
