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

import psycopg
import pytest

from anlan import embedded
from anlan.gateways import devices, feeds
from anlan.gateways.log import REFRESH_S
from conftest import programs
from tests.acceptance.conftest import own_environment
from tests.conftest import free_port

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]
ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "integrators-guide.md").read_text(encoding="utf-8")
LINES = [line for block in re.findall(r"```sh\n(.*?)```", GUIDE, re.S) for line in block.splitlines() if line.strip()]


def readings(address: str, code: str, *values: float) -> str:
    """How many readings of an element are kept, of these values only where some are given."""
    among = f" and o.value in ({', '.join(map(str, values))})" if values else ""
    return (
        "select count(*) from observation o join monitoring_datastream d on d.id = o.stream join monitoring_station s"
        f" on s.id = d.station_id where s.address = '{address}' and d.source_code = '{code}'{among}"
    )


def events(kind: str) -> str:
    return f"select count(*) from monitoring_hazardevent where kind = '{kind}'"


STREAM = "select count(*) from observation where stream = 1 and value = 3.5"
STROKES = "select count(*) from monitoring_stroke"
#: Words of a line -> what it must print, and what there must be more of in the database a moment later. The first that fits.
ANSWERS: tuple[tuple[str, str, str], ...] = (
    ("--register stations", "", "select count(*) from monitoring_station"),
    ("--register datastreams", "", "select count(*) from monitoring_datastream"),
    ("--register hospitals", "LX-01|样例医院|新增|1", ""),
    ("startswith(name,'导则示例')", r'"EX-SL651|导则示例水位站', ""),
    ("echo 7E7E050011223344", "7e7e", readings("0011223344", "39")),
    ("echo 7E7E0100401013", "7e7e", readings("0040101300", "39", 1050.47)),
    ("simulate sl651", r'"received": [1-9]', readings("0011223344", "39", 12.34)),
    ("decode sl651", r'"valid": true', ""),
    ("nc -q 2 localhost 5212", "CN=901[34]", ""),
    ("simulate hj212", r'"received": [1-9]', readings("010000A8900016F000169DC0", "w01018-Rtd", 31.5)),
    ("simulate gb26875", r'"received": [1-9]', readings("1", "1.1.fire", 1)),
    ("simulate jt808", r'"received": [1-9]', readings("013912345678", "speed", 40)),
    ("localhost 8087", "", "select count(*) from resources_team where code = 'F-WD' and position_lon = 106.7"),
    ("simulate gb28181", r'"received": [1-9]', readings("15030200001320000001", "alarm.5", 1)),
    ("v1/G-V-101/telemetry", "", readings("G-V-101", "cl2", 0.3)),
    ("simulate sparkplug", r'"received": [1-9]', readings("park/E1", "level", 1.5)),
    ("simulate coap", r'"received": [1-9]', readings("EX-COAP", "t", 21.5)),
    ("simulate modbus", "", ""),  # these three are asked by what the line after them says
    ("simulate opcua", "", ""),
    ("simulate json", "", ""),
    ("polled.json", "", readings("EX-PLC", "level", 3.25)),
    ("api/sta/v1.1/Things?", r'"Datastreams"', ""),
    ("api/sta/v1.1/Observations", r'"result": ?3\.5', STREAM),
    ("api/sta/v1.1/CreateObservations", r"Observations\(", STREAM),
    ("v1.1/Datastreams($N)", "", readings("EX-STA", "t", 21.5)),
    ("api/feeds/earthquakes", r'"new": 1,', events("earthquake")),
    ("api/feeds/hotspots", r'"new": [1-9]', events("hotspot")),
    ("api/feeds/cap", r'"new": 1,', events("cap")),
    ("anlan cap check", r'"valid": true|符合', ""),
    ("api/feeds/lightning", r'"new": 1,', STROKES),
    ("api/feeds/weather", r'"new": 1,', readings("ZBUH", "TEM", -5)),
    ("api/feeds/bulletins", r'"new": 1,', events("bulletin")),
    ("inbox/lightning", "", STROKES),
    ("anlan backfill", "", readings("G-V-101", "cl2", 0.12)),
    ("/stream", "", ""),
)
ALSO_POLLED = [readings("EX-DCS", "level", 4.5), readings("EX-T1", "WD", 25.5)]
TOKEN = """
import django; django.setup()
from anlan.kernel import clock
from anlan.kernel.accounts.models import ApiToken, User
print(ApiToken.issue(User.objects.get(username="jiekou"), "guide", clock.real_now()))
"""

#: Ports of the guide that an environment variable moves, and those of what it starts to be asked.
PORTS = {
    "5212": "ANLAN_HJ212_PORT", "5875": "ANLAN_GB26875_PORT", "5808": "ANLAN_JT808_PORT", "8087": "ANLAN_COT_PORT",
    "5060": "ANLAN_GB28181_PORT", "5683": "ANLAN_COAP_PORT",
}  # fmt: skip
ASKED = {port: str(free_port()) for port in ("5020", "4840", "8099")}
#: A line of words in front of which a tool of the distribution stands.
TOOLS = re.compile(r"(?:^|\| |&& |\$\()(nc|xxd|curl|mosquitto_pub|cp|mkdir)\b")


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

    def count(self, query: str) -> int:
        with psycopg.connect(embedded.database_url(Path(self.env["ANLAN_VAR"]))) as connection:
            found = connection.execute(query).fetchone()
        assert found is not None
        return int(found[0])

    def until(self, query: str, more_than: int) -> None:
        """Readings and positions are written a moment after they were acknowledged."""
        deadline = time.monotonic() + 20
        while self.count(query) <= more_than:
            assert time.monotonic() < deadline, query
            time.sleep(0.05)

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
    return own | {"PATH": path} | {name: str(free_port()) for name in PORTS.values()}


@pytest.fixture(scope="module")
def installation(environment: dict[str, str]) -> Iterator[Installation]:
    """Its city is loaded: this is a second start, which is measured and used."""
    second = started(environment, free_port())
    second.env["TOKEN"] = second.python(TOKEN)
    yield second
    second.stop()


def pasted(line: str, installation: Installation) -> str:
    """The line with this installation's ports and folder instead of the default ones."""
    var = Path(installation.env["ANLAN_VAR"])
    ports = json.loads((var / "run" / "run.json").read_text(encoding="utf-8"))["ports"]
    here = {"8000": ports["web"], "1883": ports["mqtt"], "5651": ports["sl651"], **ASKED}
    here |= {port: installation.env[name] for port, name in PORTS.items()}
    line = re.sub(r"(localhost[: ]|-p |--port )(\d+)", lambda found: f"{found[1]}{here.get(found[2], found[2])}", line)
    line = line.replace("curl ", "curl --silent --show-error --fail-with-body ")
    line = line.replace("docs/examples/polled.json", str(polled(var)))
    return re.sub(r"(?<![\w/.])var/", f"{var}/", line)


def polled(var: Path) -> Path:
    """The example of what is asked, with the ports of this test."""
    text = (ROOT / "docs" / "examples" / "polled.json").read_text(encoding="utf-8")
    for port, free in ASKED.items():
        text = re.sub(rf"\b{port}\b", free, text)
    (var / "polled-example.json").write_text(text, encoding="utf-8")
    return var / "polled-example.json"


def answer_of(line: str) -> tuple[str, str, str]:
    return next(answer for answer in ANSWERS if answer[0] in line)


def test_the_guide_shows_every_way_in() -> None:
    """One folder, one way in: of each there is a line, and of every line it is written down what comes of it."""
    for protocol in set(devices.discover()) - {"mqtt", "cot"}:
        assert any(f"simulate {protocol} " in line for line in LINES), protocol
    for feed in feeds.discover():
        assert any(f"api/feeds/{feed}" in line for line in LINES), feed
    for way in (
        "mosquitto_pub",
        "localhost 8087",
        "sta/v1.1",
        "v1.1/Datastreams(",
        "inbox/",
        "anlan import",
        "anlan backfill",
    ):
        assert any(way in line for line in LINES), way
    assert [line for line in LINES if not any(words in line for words, _, _ in ANSWERS)] == []
    assert [words for words, _, _ in ANSWERS if not any(words in line for line in LINES)] == []


@pytest.mark.parametrize("line", LINES)
def test_a_line_of_the_guide_works_when_pasted(installation: Installation, line: str) -> None:
    programs(*set(TOOLS.findall(line)))
    _, printed, query = answer_of(line)
    before = installation.count(query) if query else 0
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", pasted(line, installation)],
        cwd=ROOT, env=installation.env, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert re.search(printed, done.stdout), done.stdout
    for expected in [query, *(ALSO_POLLED if "polled.json" in line else [])]:
        if expected:
            installation.until(expected, before if expected == query else 0)
    if "anlan import" in line:
        time.sleep(REFRESH_S)  # as the guide says: a registered station is known to the gateways within seconds


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
