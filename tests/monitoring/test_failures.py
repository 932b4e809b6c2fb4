"""kill -9 of the database and of the broker in the middle of load: every acknowledged reading is there exactly once, no
alarm is raised twice."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import nats
import psycopg
import pytest

from anlan import embedded
from anlan.gateways.log import ReadingLog
from anlan.kernel import clock
from tests.conftest import free_port, wait_for_port
from tests.monitoring.test_kill import PROGRAM, ROOT

pytestmark = [
    pytest.mark.slow,
    # nats-py drops the transport of a server that died without closing it.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]
STREAMS, ROUNDS = 32, 240
CITY = """
import json, django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from anlan.kernel.models import Area, Level
from anlan.monitoring.models import AlarmRule, Datastream, Station
city = Area.objects.create(code_system="mca", code="150300", name="乌海市", level=Level.CITY)
AlarmRule.objects.create(code="gas", title="气体", area=city, quantity="cl2", station_kind="气体", hi=3, on_delay_s=5)
ids = []
for n in range(32):
    station = Station.objects.create(
        code=f"S{n}", name=f"站{n}", lon=106.7, lat=39.5, kind="气体", protocol="mqtt", address=f"S{n}", area=city
    )
    row = Datastream.objects.create(code=f"D{n}", station=station, source_code="cl2", name="氯气", quantity="cl2", unit="ppm")
    ids.append(row.pk)
print(json.dumps(ids))
"""


@dataclass
class Lab:
    """A database and a broker of its own, and a worker on them."""

    folder: Path
    ids: list[int]
    database_url: str
    ports: embedded.NatsPorts
    broker: subprocess.Popen[bytes]
    worker: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return embedded.nats_url(self.ports, "test-token")

    def kill_database(self) -> None:
        pid = int((self.folder / "postgres" / "postmaster.pid").read_text(encoding="ascii").split()[0])
        os.kill(pid, signal.SIGKILL)
        for _ in range(60):  # as the supervisor does: look again until it runs
            time.sleep(0.5)
            embedded.revive_database(self.folder)
            found = (self.folder / "postgres" / "postmaster.pid").read_text(encoding="ascii").split()[0]
            if int(found) != pid:
                return
        raise TimeoutError("the database was not started again")

    def kill_broker(self) -> None:
        self.broker.send_signal(signal.SIGKILL)
        self.broker.wait(10)
        time.sleep(0.5)
        self.broker = embedded.start_nats(embedded.nats_config(self.folder, self.ports, "test-token"))
        wait_for_port(self.ports.client)

    def ask(self, query: str) -> list[tuple[object, ...]]:
        for _ in range(100):
            try:
                with psycopg.connect(self.database_url) as connection:
                    return connection.execute(query.encode()).fetchall()
            except psycopg.OperationalError:  # it is just coming up again
                time.sleep(0.2)
        raise TimeoutError("the database did not come back")

    def stored(self) -> int:
        return int(str(self.ask("select count(*) from observation")[0][0]))


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    url = embedded.database_url(tmp_path)
    env = {
        **os.environ,
        "ANLAN_DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "anlan.settings",
        "ANLAN_VAR": str(tmp_path),
    }
    made = subprocess.run([sys.executable, "-c", CITY], cwd=ROOT, env=env, capture_output=True, check=False)
    assert made.returncode == 0, made.stderr.decode()[-2000:]
    ports = embedded.NatsPorts(free_port(), free_port(), free_port())
    broker = embedded.start_nats(embedded.nats_config(tmp_path, ports, "test-token"))
    wait_for_port(ports.client)
    env |= {"TEST_NATS": embedded.nats_url(ports, "test-token"), "TEST_GROUPS": "1"}
    with (tmp_path / "worker.log").open("wb") as out:
        worker = subprocess.Popen([sys.executable, "-c", PROGRAM], cwd=ROOT, env=env, stdout=out, stderr=out)
    found = Lab(tmp_path, json.loads(made.stdout), url, ports, broker, worker)
    yield found
    worker.kill()
    worker.wait(10)
    found.broker.terminate()
    found.broker.wait(10)
    embedded.server_at(tmp_path / "postgres").cleanup()


async def publish(lab: Lab, start: int, troubles: dict[int, Callable[[], None]]) -> int:
    """As devices do: each batch until it is acknowledged; at some rounds something is killed and comes back."""
    store = ReadingLog(lab.url)
    await store.open_only()
    done = 0
    for n in range(ROUNDS):
        trouble = asyncio.create_task(asyncio.to_thread(troubles[n])) if n in troubles else None
        value = 9.0 if n % 80 in range(20, 50) else 1.0
        rows = [(stream, start + n * 1000, value, 0) for stream in lab.ids]
        while True:
            try:
                await store.keep_rows("mqtt", rows)
                break
            except (nats.errors.Error, nats.js.errors.Error):
                await asyncio.sleep(0.3)
        done += len(rows)
        await asyncio.sleep(0.02)
        if trouble is not None:
            await trouble
    await store.close()
    return done


def test_database_and_broker_that_are_killed_and_come_back_lose_nothing_and_double_nothing(lab: Lab) -> None:
    start = round(clock.real_now().timestamp() * 1000) - ROUNDS * 1000
    troubles = {40: lab.kill_database, 90: lab.kill_broker, 140: lab.kill_database, 190: lab.kill_broker}
    acknowledged = asyncio.run(publish(lab, start, troubles))
    gc.collect()
    deadline = time.monotonic() + 120
    while lab.stored() < acknowledged and time.monotonic() < deadline:
        time.sleep(0.3)
    told = (lab.folder / "worker.log").read_text(encoding="utf-8")[-2000:]
    assert lab.stored() == acknowledged == ROUNDS * STREAMS, told
    rows = lab.ask("select subject, started_at, recurrences from monitoring_alarm")
    assert sum(1 + int(str(again)) for *_, again in rows) == 3 * STREAMS, "each crossed its limit three times"
    assert len({row[:2] for row in rows}) == len(rows)
