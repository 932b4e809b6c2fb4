"""Every line of the integrator's guide, pasted into a running installation; and how soon that starts a second time."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from conftest import programs
from tests.acceptance.conftest import own_environment
from tests.conftest import free_port

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]
ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "integrators-guide.md").read_text(encoding="utf-8")
LINES = [line for block in re.findall(r"```sh\n(.*?)```", GUIDE, re.S) for line in block.splitlines() if line.strip()]
#: Words of a line -> what it must print, so that a line that merely ends well does not pass.
ANSWERS = (
    ("| nc -q 2 localhost 5651", r"7e7e"),
    ("anlan decode sl651", r'"valid": true'),
    ("nc -q 2 localhost 5212", r"CN=901[34]"),
    ("api/sta/v1.1/Things", r'"value"'),
    ("api/sta/v1.1/Observations", r'"result": ?3\.5'),
    ("api/sta/v1.1/CreateObservations", r"Observations\("),
    ("api/feeds/earthquakes", r"阿拉善|\"(accepted|taken|new|received)\": ?1"),
    ("api/feeds/", r"\{"),
    ("anlan cap check", r"valid|true|符合"),
)
TOKEN = """
import django; django.setup()
from anlan.kernel import clock
from anlan.kernel.accounts.models import ApiToken, User
print(ApiToken.issue(User.objects.get(username="jiekou"), "guide", clock.real_now()))
"""
READINGS = """
import django; django.setup()
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("select count(*) from observation o join monitoring_datastream d on d.id = o.stream"
                   " join monitoring_station s on s.id = d.station_id where s.address = 'G-V-101' and o.value = 0.3")
    print(cursor.fetchone()[0])
"""


@dataclass
class Installation:
    """One `anlan up`, and the environment in which its commands run."""

    env: dict[str, str]
    process: subprocess.Popen[str]
    took_s: float
    spent_s: float

    def python(self, code: str) -> str:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code], env=self.env, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        if self.process.stdout:
            self.process.stdout.close()


def started(env: dict[str, str], port: int) -> Installation:
    """Until it prints its address, as a person would wait."""
    began = time.monotonic()
    command = [sys.executable, "-m", "anlan", "up", "--demo-accounts", "--port", str(port)]
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert "安澜已启动" in line, line
    return Installation(env, process, time.monotonic() - began, spent_s(process.pid))


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory, loaded_var: Callable[[Path], Path]) -> dict[str, str]:
    own = own_environment(loaded_var(tmp_path_factory.mktemp("guide") / "var"))
    path = f"{Path(sys.executable).parent}{os.pathsep}{own.get('PATH', '')}"
    return own | {"PATH": path, "ANLAN_HJ212_PORT": str(free_port())}


@pytest.fixture(scope="module")
def installation(environment: dict[str, str]) -> Iterator[Installation]:
    """Its city is loaded: this is a second start, which is measured and used."""
    second = started(environment, free_port())
    second.env["TOKEN"] = second.python(TOKEN)
    yield second
    second.stop()


def pasted(line: str, installation: Installation) -> str:
    """The line with this installation's ports instead of the default ones."""
    var = Path(installation.env["ANLAN_VAR"])
    ports = json.loads((var / "run" / "run.json").read_text(encoding="utf-8"))["ports"]
    line = line.replace("localhost:8000", f"localhost:{ports['web']}").replace("-p 1883", f"-p {ports['mqtt']}")
    line = line.replace("curl ", "curl --silent --show-error --fail-with-body ")
    line = line.replace("localhost 5651", f"localhost {ports['sl651']}")
    line = line.replace("localhost 5212", f"localhost {installation.env['ANLAN_HJ212_PORT']}")
    return line.replace("var/nats_token", str(var / "nats_token"))


def tools_of(line: str) -> set[str]:
    return {name for name in ("nc", "xxd", "curl", "mosquitto_pub") if re.search(rf"(^|\| ){name} ", line)}


def test_the_guide_shows_every_way_in() -> None:
    for way in ("nc ", "mosquitto_pub", "curl", "sta/v1.1", "feeds/earthquakes", "feeds/hotspots", "feeds/cap"):
        assert any(way in line for line in LINES), way


@pytest.mark.parametrize("line", LINES)
def test_a_line_of_the_guide_works_when_pasted(installation: Installation, line: str) -> None:
    programs(*tools_of(line))
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", pasted(line, installation)],
        cwd=ROOT, env=installation.env, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for words, answer in ANSWERS:
        if words in line:
            assert re.search(answer, done.stdout), done.stdout
            break


def test_what_was_published_over_mqtt_is_kept(installation: Installation) -> None:
    programs("mosquitto_pub")
    line = next(line for line in LINES if "mosquitto_pub" in line and "values" in line)
    subprocess.run(["bash", "-c", pasted(line, installation)], cwd=ROOT, env=installation.env, timeout=30, check=True)
    deadline = time.monotonic() + 20
    while int(installation.python(READINGS)) == 0:
        assert time.monotonic() < deadline
        time.sleep(0.5)


#: What one process of ours pays for its imports alone.
IMPORTS = """
import importlib
from anlan import nursery
for name in nursery.LIBRARIES:
    importlib.import_module(name)
nursery.load_own()
"""


def spent_s(pid: int) -> float:
    """Processor time of a process and of its children, seconds; 0 when it has ended."""
    process = Path(f"/proc/{pid}")
    try:
        fields = (process / "stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
        children = [child for task in process.glob("task/*/children") for child in task.read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return 0
    own = sum(int(fields[n]) for n in (11, 12, 13, 14)) / os.sysconf("SC_CLK_TCK")
    return own + sum(spent_s(int(child)) for child in children)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_second_start_imports_the_program_once_for_all_its_roles(installation: Installation) -> None:
    """What keeps it under fifteen seconds on two cores, whatever else they do (elapsed times: docs/benchmarks.md)."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    installation.python(IMPORTS)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    once = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(
        f"second start: {installation.took_s:.1f} s, of processor time {installation.spent_s:.1f} s; imports {once:.1f} s"
    )
    assert installation.spent_s < 2.5 * once
