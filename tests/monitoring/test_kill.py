"""kill -9 of the worker under load: nothing that the log has acknowledged is lost, no alarm is raised twice."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import nats
import numpy as np
import pytest
from django.conf import settings
from django.db import connection
from django.db.utils import ConnectionHandler
from nats.js.api import StorageType, StreamConfig

from anlan import embedded
from anlan.kernel import clock
from anlan.monitoring import log as layout
from anlan.monitoring.models import Alarm
from anlan.monitoring.pipeline import share
from anlan.monitoring.pipeline.share import OWNER_LOCK
from tests.conftest import City, Nats, free_port, wait_for_port
from tests.monitoring.conftest import make_rule, make_station, make_stream

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
ROOT = Path(__file__).resolve().parents[2]
STREAMS, BATCHES = 40, 400
KILLS = 3
#: How long a slow machine may take for one step, seconds.
PATIENCE_S = 120
PROGRAM = """
import asyncio, os, threading, django
django.setup()
from django.conf import settings
from anlan.monitoring import pipeline
from anlan.monitoring.pipeline import newest
newest.LEAST = int(os.environ.get("TEST_NEWEST", newest.LEAST))
asyncio.run(pipeline.run(threading.Event(), os.environ["TEST_NATS"], int(os.environ["TEST_GROUPS"])))
"""


def empty_plain_tables() -> None:
    """Tables that are not Django's are not emptied by its tests."""
    with connection.cursor() as cursor:
        cursor.execute(
            "truncate observation, monitoring_correction, monitoring_offset, monitoring_rulestate, monitoring_behind"
        )


@pytest.fixture
def plain_tables(transactional_db: None) -> Iterator[None]:
    empty_plain_tables()
    yield
    empty_plain_tables()


@pytest.fixture
def own_nats(tmp_path: Path) -> Iterator[Nats]:
    """A log of its own: nothing in it but what this test puts there."""
    ports = embedded.NatsPorts(free_port(), free_port(), free_port())
    process = embedded.start_nats(embedded.nats_config(tmp_path, ports, "test-token"))
    try:
        wait_for_port(ports.client)
        yield Nats(embedded.nats_url(ports, "test-token"), ports, "test-token")
    finally:
        process.terminate()
        process.wait(10)


def database_url() -> str:
    """The test database, for another process."""
    given = settings.DATABASES["default"]
    return f"postgresql://{given['USER']}@/{connection.settings_dict['NAME']}?host={given['HOST']}"


def start_worker(server: Nats, log: Path, groups: int = 1) -> subprocess.Popen[bytes]:
    env = {
        **os.environ, "ANLAN_DATABASE_URL": database_url(), "TEST_NATS": server.url, "ANLAN_LOG": "INFO",
        "TEST_GROUPS": str(groups), "TEST_NEWEST": "7",
    }  # fmt: skip
    with log.open("ab") as out:
        return subprocess.Popen([sys.executable, "-c", PROGRAM], cwd=ROOT, env=env, stdout=out, stderr=out)


def stored() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from observation")
        return int(cursor.fetchone()[0])


def newest_wrong() -> list[int]:
    """Datastreams whose newest value is not the one their readings have."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct on (o.stream) o.stream, o.at is distinct from l.at or o.value is distinct from l.value"
            " from observation o left join monitoring_latest l on l.datastream_id = o.stream order by o.stream, o.at desc"
        )
        return [stream for stream, wrong in cursor.fetchall() if wrong]


def batches(ids: list[int]) -> list[layout.Batch]:
    """Every datastream once a second; each crosses its limit three times, and stays above it the last time, so that rules
    which look at what holds now have something to find however fast the readings are worked off."""
    start = round(clock.real_now().timestamp() * 1000) - BATCHES * 1000
    made = []
    for n in range(BATCHES):
        value = 9.0 if n % 150 in range(50, 80) or n >= 350 else 1.0
        at = np.full(len(ids), start + n * 1000, np.int64)
        quality = np.zeros(len(ids), np.int16)
        made.append(
            layout.Batch(
                np.array(ids, np.int32), at, np.full(len(ids), value), quality, start + n * 1000, key=f"k{start}-{n}"
            )
        )
    return made


async def publish(server: Nats, made: list[layout.Batch], pause_s: float, gates: Sequence[threading.Event]) -> int:
    """Put the batches into the log one by one; returns how many it has acknowledged. It stops at even distances until the
    next gate is opened, so that there is work for whoever comes back from every kill, on a fast machine or a slow one."""
    client = await nats.connect(server.url)
    stream = client.jetstream()
    config = StreamConfig(
        name=layout.STREAM, subjects=[layout.SUBJECTS], storage=StorageType.FILE, duplicate_window=120
    )
    await stream.add_stream(config)
    done, waiting = 0, dict(zip(range(0, BATCHES, BATCHES // (len(gates) + 1)), [None, *gates], strict=False))
    for batch in made:
        gate = waiting.get(done)
        if gate is not None:
            await asyncio.to_thread(gate.wait, PATIENCE_S)
        for part in layout.split(batch):
            await stream.publish(layout.subject(part, "mqtt"), layout.encode(part), headers={"Nats-Msg-Id": part.key})
        done += 1
        await asyncio.sleep(pause_s)
    await client.close()
    return done


@contextmanager
def all_open_at_last(gates: Sequence[threading.Event]) -> Iterator[None]:
    """Whatever goes wrong, nobody waits for a gate for ever."""
    try:
        yield
    finally:
        for gate in gates:
            gate.set()


def kill_in_turn(
    workers: list[subprocess.Popen[bytes]],
    again: Callable[[int], subprocess.Popen[bytes]],
    gates: Sequence[threading.Event],
) -> None:
    """Kill one worker after another, each as soon as something of the next stretch is stored, and let the log go on."""
    stretch = BATCHES // (len(gates) + 1) * STREAMS
    for turn, gate in enumerate(gates):
        dead = turn % len(workers)
        until(lambda turn=turn: stored() > turn * stretch, f"rows arrive before kill {turn + 1}")  # type: ignore[misc]
        workers[dead].kill()
        workers[dead].wait(10)
        workers[dead] = again(dead)
        gate.set()
    until(lambda: stored() >= BATCHES * STREAMS, "everything is stored")
    until(lambda: not newest_wrong(), "newest values that waited are written")


def until(holds: Callable[[], bool], what: str) -> None:
    """A worker imports for seconds before it works; beside two other test processes for ten and more."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE_S} s, {stored()} rows stored"
        time.sleep(0.05)


@pytest.mark.slow
def test_killing_the_worker_again_and_again_loses_nothing_and_raises_nothing_twice(
    own_nats: Nats, plain_tables: None, city: City, tmp_path: Path
) -> None:
    make_rule(city, hi=3, on_delay_s=10)
    ids = [make_stream(make_station(city)).pk for _ in range(STREAMS)]
    made = batches(ids)
    log = tmp_path / "worker.log"
    gates = [threading.Event() for _ in range(KILLS)]
    workers = [start_worker(own_nats, log)]
    try:
        with ThreadPoolExecutor() as pool, all_open_at_last(gates):
            task = pool.submit(lambda: asyncio.run(publish(own_nats, made, 0.02, gates)))
            kill_in_turn(workers, lambda _: start_worker(own_nats, log), gates)
            assert task.result() == BATCHES
    finally:
        workers[0].kill()
        workers[0].wait(10)
    assert stored() == BATCHES * STREAMS, log.read_text()[-2000:]
    alarms = list(Alarm.objects.unscoped("test").values_list("subject", "started_at", "recurrences"))
    raised = sum(1 + recurrences for _, _, recurrences in alarms)
    assert raised == 3 * STREAMS, "each datastream crossed its limit three times"
    assert len({(subject, start) for subject, start, _ in alarms}) == len(alarms)


def owners() -> set[int]:
    """Database processes that own partitions."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct pid from pg_locks where locktype = 'advisory' and classid = %s and granted", [OWNER_LOCK]
        )
        return {row[0] for row in cursor.fetchall()}


@pytest.mark.slow
def test_evaluators_share_the_log_and_what_one_leaves_when_killed_another_takes_up(
    own_nats: Nats, plain_tables: None, city: City, tmp_path: Path
) -> None:
    make_rule(city, "gas", hi=3, on_delay_s=10)
    make_rule(city, "two", kind="group", members=["gas"], k=30, group_by="area", area=city.city)
    ids = [make_stream(make_station(city)).pk for _ in range(STREAMS)]
    made = batches(ids)
    logs = [tmp_path / f"worker-{n}.log" for n in range(2)]
    workers = [start_worker(own_nats, log, groups=3) for log in logs]
    gates = [threading.Event() for _ in range(KILLS)]
    try:
        with ThreadPoolExecutor() as pool, all_open_at_last(gates):
            task = pool.submit(lambda: asyncio.run(publish(own_nats, made, 0.01, gates)))
            until(lambda: len(owners()) >= 3, "groups of partitions have owners of their own")
            kill_in_turn(workers, lambda n: start_worker(own_nats, logs[n], groups=3), gates)
            assert task.result() == BATCHES
        found = Alarm.objects.unscoped("test").filter(rule__code="two")
        until(found.exists, "the rule over rules finds")
    finally:
        for worker in workers:
            worker.kill()
            worker.wait(10)
    told = "".join(log.read_text()[-2000:] for log in logs)
    assert stored() == BATCHES * STREAMS, told
    rows = Alarm.objects.unscoped("test").values_list("subject", "started_at", "recurrences")
    raised = [(subject, start) for subject, start, again in rows.filter(rule__code="gas") for _ in range(1 + again)]
    assert len(raised) == 3 * STREAMS, "each datastream crossed its limit three times"
    assert rows.filter(rule__code="two").exists(), "a rule over rules follows what the others found"


def test_who_lets_go_of_its_work_can_take_it_up_again_at_once(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = settings.DATABASES["default"] | {"NAME": connection.settings_dict["NAME"]}
    pooled = ConnectionHandler({"default": given | {"OPTIONS": {"pool": {"min_size": 2, "max_size": 2}}}})["default"]
    monkeypatch.setattr(share, "connection", pooled)
    try:
        for _ in range(3):
            assert share.ALL.take(), "a session of the pool kept the locks"
            share.let_go()
    finally:
        pooled.close_pool()


def test_rows_of_a_batch_are_dealt_out_to_the_partitions_of_their_datastreams() -> None:
    ids = np.array([5, 21, 6, 5, 22, 7], np.int32)
    at = np.arange(6, dtype=np.int64)
    whole = layout.Batch(ids, at, at.astype(float), np.zeros(6, np.int16), 0, key="k")
    parts = layout.split(whole)
    assert [(layout.subject(p, "mqtt"), p.stream.tolist(), p.at_ms.tolist(), p.key) for p in parts] == [
        ("obs.5.mqtt", [5, 21, 5], [0, 1, 3], "k/5"),
        ("obs.6.mqtt", [6, 22], [2, 4], "k/6"),
        ("obs.7.mqtt", [7], [5], "k/7"),
    ]
