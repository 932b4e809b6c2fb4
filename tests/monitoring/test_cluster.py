"""A cluster of three NATS nodes, every batch on all of them: one is killed under load, and nothing acknowledged is lost,
nothing raised twice."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import nats
import pytest

from anlan import embedded
from anlan.gateways.log import ReadingLog
from anlan.kernel import clock
from anlan.monitoring import log as layout
from anlan.monitoring.models import Alarm
from tests.conftest import City, free_port, wait_for_port
from tests.monitoring.conftest import make_rule, make_station, make_stream
from tests.monitoring.test_kill import PROGRAM, ROOT, database_url, plain_tables, stored

__all__ = ["plain_tables"]
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    # nats-py drops the transport of a server that died without closing it.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]
STREAMS, ROUNDS = 32, 240


@dataclass
class Cluster:
    """Three real servers."""

    folder: Path
    clients: list[int] = field(default_factory=lambda: [free_port() for _ in range(3)])
    routes: list[int] = field(default_factory=lambda: [free_port() for _ in range(3)])
    nodes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return ",".join(f"nats://127.0.0.1:{port}" for port in self.clients)

    def start(self, number: int) -> subprocess.Popen[bytes]:
        routes = ", ".join(f'"nats://127.0.0.1:{port}"' for port in self.routes)
        store = self.folder / f"n{number}"
        config = self.folder / f"n{number}.conf"
        config.write_text(
            f'server_name: n{number}\nlisten: "127.0.0.1:{self.clients[number]}"\nmax_payload: 8MB\n'
            f'jetstream {{ store_dir: "{store}", sync_interval: "always" }}\n'
            f'cluster {{ name: anlan, listen: "127.0.0.1:{self.routes[number]}", routes: [{routes}] }}\n',
            encoding="utf-8",
        )
        with (self.folder / f"n{number}.log").open("ab") as out:
            return subprocess.Popen([embedded.nats_command(), "-c", str(config)], stdout=out, stderr=out)

    async def leader(self) -> int:
        client = await nats.connect(layout.servers(self.url))
        try:
            info = await client.jetstream().stream_info(layout.STREAM)
            assert info.cluster is not None
            assert len(info.cluster.replicas or []) == 2, "the log lies on three nodes"
            return int(str(info.cluster.leader)[1:])
        finally:
            await client.close()


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    monkeypatch.setenv("ANLAN_NATS_REPLICAS", "3")
    made = Cluster(tmp_path)
    made.nodes = [made.start(number) for number in range(3)]
    try:
        for port in made.clients:
            wait_for_port(port, 30)
        yield made
    finally:
        for node in made.nodes:
            node.kill()
            node.wait(10)


async def publish(cluster: Cluster, ids: list[int], start: int) -> tuple[int, int]:
    """Every datastream once a second, each batch until it is acknowledged, as devices do; a third of the way the leader
    is killed, at two thirds it comes back. Returns (acknowledged readings, attempts that failed)."""
    store = ReadingLog(cluster.url)
    for _ in range(60):
        try:
            await store.open_only()
            break
        except (nats.errors.Error, nats.js.errors.Error):  # no leader yet
            await asyncio.sleep(0.5)
    done = failed = 0
    killed = -1
    for n in range(ROUNDS):
        if n == ROUNDS // 3:
            killed = await cluster.leader()
            cluster.nodes[killed].send_signal(signal.SIGKILL)
            cluster.nodes[killed].wait(10)
        if n == 2 * ROUNDS // 3:
            cluster.nodes[killed] = cluster.start(killed)
        value = 9.0 if n % 80 in range(20, 50) else 1.0
        rows = [(stream, start + n * 1000, value, 0) for stream in ids]
        while True:
            try:
                await store.keep_rows("mqtt", rows)
                break
            except (nats.errors.Error, nats.js.errors.Error):
                failed += 1
                await asyncio.sleep(0.3)
        done += len(rows)
        await asyncio.sleep(0.01)
    await store.close()
    return done, failed


def test_a_node_that_dies_under_load_costs_nothing_that_was_acknowledged(
    cluster: Cluster, plain_tables: None, city: City, tmp_path: Path
) -> None:
    make_rule(city, hi=3, on_delay_s=5)
    ids = [make_stream(make_station(city)).pk for _ in range(STREAMS)]
    start = round(clock.real_now().timestamp() * 1000) - ROUNDS * 1000
    env = {
        **os.environ, "ANLAN_DATABASE_URL": database_url(), "TEST_NATS": cluster.url, "TEST_GROUPS": "1",
    }  # fmt: skip
    log = tmp_path / "worker.log"
    with log.open("wb") as out:
        worker = subprocess.Popen([sys.executable, "-c", PROGRAM], cwd=ROOT, env=env, stdout=out, stderr=out)
    try:
        acknowledged, failed = asyncio.run(publish(cluster, ids, start))
        gc.collect()  # what nats-py left is reported here, not in some later test
        deadline = time.monotonic() + 60
        while stored() < acknowledged and time.monotonic() < deadline:
            time.sleep(0.3)
    finally:
        worker.kill()
        worker.wait(10)
    assert acknowledged == ROUNDS * STREAMS
    assert failed < ROUNDS, "the others took over"
    assert stored() == acknowledged, log.read_text()[-2000:]
    rows = list(Alarm.objects.unscoped("test").values_list("subject", "started_at", "recurrences"))
    assert sum(1 + again for *_, again in rows) == 3 * STREAMS, "each crossed its limit three times"
    assert len({row[:2] for row in rows}) == len(rows)
