# ruff: noqa: PLC0415 - Django is set up first, with a folder of its own
"""Durable ingest with rules on against raw COPY of the same readings into the same table, on one machine.

Ours: batches lie in the JetStream file log; the worker pulls, decodes, sorts, stores, keeps the latest values, judges two
rules on every datastream, saves offset and state in the same transaction and acknowledges. Peer: one binary COPY a
transaction of the same size into the same partitioned table, bytes prepared beforehand. Rounds alternate; medians count.
"""

from __future__ import annotations

import asyncio
import os
import resource
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

#: A gateway under load gathers so many rows; the log takes them by partitions.
STREAMS, ROWS_PER_MESSAGE, MESSAGES, ROUNDS = 10_000, 5_000, 200, 3
GOAL = 0.6
START_MS = 1_772_409_600_000  # 2026-03-02 00:00 UTC


def prepare_database(folder: Path) -> None:
    os.environ["ANLAN_VAR"] = str(folder)
    os.environ.pop("ANLAN_DATABASE_URL", None)
    os.environ["DJANGO_SETTINGS_MODULE"] = "anlan.settings"
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def prepare_city() -> list[int]:
    """10 000 datastreams at 2 500 stations, watched by two rules each."""
    from anlan.kernel.models import Area, Level
    from anlan.monitoring.models import AlarmRule, Datastream, Station

    city = Area.objects.create(code_system="mca", code="150300", name="乌海市", level=Level.CITY)
    stations = Station.objects.bulk_create(
        Station(
            code=f"B{n}", name=f"站{n}", lon=106.8, lat=39.6, kind="气体", protocol="mqtt", address=f"B{n}", area=city
        )
        for n in range(STREAMS // 4)
    )
    streams = Datastream.objects.bulk_create(
        Datastream(
            code=f"B{n}", station=stations[n // 4], source_code=f"c{n % 4}", name="浓度", quantity="q", unit="ppm"
        )
        for n in range(STREAMS)
    )
    rules: dict[str, Any] = {"area": city, "station_kind": "气体", "quantity": "q"}
    AlarmRule.objects.create(code="high", title="高", hihi=200, hi=100, deadband=5, **rules)
    AlarmRule.objects.create(code="low", title="低", lolo=-200, lo=-100, off_delay_s=60, **rules)
    return [stream.pk for stream in streams]


def make_batches(ids: list[int], first_ms: int) -> list[Any]:
    """Each message: the newest value of 5000 datastreams, as gateways under load gather them; one reading in 50 000 is
    beyond."""
    import numpy as np

    from anlan.monitoring import log as layout

    rng = np.random.default_rng(1)
    made = []
    for n in range(MESSAGES):
        at = first_ms + n * 2500
        stream = np.array([ids[(n * ROWS_PER_MESSAGE + k) % STREAMS] for k in range(ROWS_PER_MESSAGE)], np.int32)
        value = rng.normal(20, 5, ROWS_PER_MESSAGE)
        if n % 10 == 0:
            value[n // 10] = 150.0
        at_ms = at + rng.integers(0, 2000, ROWS_PER_MESSAGE)
        quality = np.zeros(ROWS_PER_MESSAGE, np.int16)
        made.append(layout.Batch(stream, at_ms, value, quality, at))
    return made


def empty() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "truncate observation, monitoring_latest, monitoring_offset, monitoring_rulestate, monitoring_behind"
        )
        cursor.execute("checkpoint")


def totals() -> tuple[int, float]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("select count(*), round(sum(value)::numeric, 3)::float8 from observation")
        count, total = cursor.fetchone()
    return int(count), float(total)


def raw_copy(batches: list[Any]) -> float:
    """Readings a second of COPY alone."""
    from django.db import transaction

    from anlan.monitoring.pipeline import store
    from anlan.monitoring.pipeline.worker import table

    size = 100_000 // ROWS_PER_MESSAGE
    rows = [table(batches[n : n + size]) for n in range(0, len(batches), size)]
    for day in sorted({int(ms) // store.DAY_MS for part in rows for ms in (part.at_ms.min(), part.at_ms.max())}):
        store.make_partition(day)
    payloads = [store.copy_bytes(part, store.READING) for part in rows]
    from django.db import connection

    began = time.perf_counter()
    for payload in payloads:
        with (
            transaction.atomic(),
            connection.cursor() as cursor,
            cursor.copy("copy observation (stream, at, value, quality, received) from stdin (format binary)") as copy,
        ):
            copy.write(payload)
    return len(batches) * ROWS_PER_MESSAGE / (time.perf_counter() - began)


async def fill_log(url: str, batches: list[Any]) -> float:
    """Put the batches into the log, many acknowledgements under way; returns readings a second."""
    import nats
    from nats.js.api import StorageType, StreamConfig

    from anlan.monitoring import log as layout

    client = await nats.connect(url)
    stream = client.jetstream(timeout=30)
    await stream.add_stream(StreamConfig(name=layout.STREAM, subjects=[layout.SUBJECTS], storage=StorageType.FILE))
    await stream.purge_stream(layout.STREAM)
    payloads = [
        (layout.subject(part, "mqtt"), layout.encode(part)) for batch in batches for part in layout.split(batch)
    ]
    began = time.perf_counter()
    for n in range(0, len(payloads), 100):
        await asyncio.gather(*(stream.publish(subject, data) for subject, data in payloads[n : n + 100]))
    spent = time.perf_counter() - began
    await client.close()
    return len(batches) * ROWS_PER_MESSAGE / spent


async def drain(url: str, log_id: str, goal: int) -> float:
    """Readings a second while the worker takes everything in the log, from its first commit (it runs by then) on."""
    from asgiref.sync import sync_to_async

    from anlan.monitoring import pipeline
    from anlan.monitoring.pipeline import store

    async def offset() -> int:
        return (await sync_to_async(store.read_offsets)(log_id, [0]))[0]

    stop = threading.Event()
    working = asyncio.create_task(pipeline.run(stop, url))
    while await offset() == 0:
        await asyncio.sleep(0.005)
    began, before = time.perf_counter(), (await sync_to_async(totals)())[0]
    while await offset() < goal:
        await asyncio.sleep(0.02)
    spent = time.perf_counter() - began
    stop.set()
    await working
    return (MESSAGES * ROWS_PER_MESSAGE - before) / spent


async def last_sequence(url: str) -> tuple[str, int]:
    import nats

    from anlan.monitoring import log as layout

    client = await nats.connect(url)
    info = await client.jetstream().stream_info(layout.STREAM)
    await client.close()
    return str(info.created), int(info.state.last_seq)


def measure(url: str, ids: list[int]) -> dict[str, Any]:
    from anlan.monitoring.models import Alarm

    ours, peer, log = [], [], []
    alarms = 0
    for n in range(ROUNDS):
        batches = make_batches(ids, START_MS + n * MESSAGES * 2500 + 1000)
        empty()
        peer.append(raw_copy(batches))
        expected = totals()
        empty()
        log.append(asyncio.run(fill_log(url, batches)))
        goal = asyncio.run(last_sequence(url))
        ours.append(asyncio.run(drain(url, *goal)))
        found = totals()
        if found != expected:
            raise AssertionError(f"worker stored {found}, COPY stored {expected}")
        alarms = Alarm.objects.unscoped("benchmark").count()
    return {
        "ours": statistics.median(ours), "peer": statistics.median(peer), "log": statistics.median(log),
        "agreement": f"{expected[0]:,} rows and their sum equal; {alarms} alarms",
    }  # fmt: skip


def run() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="anlan-bench-") as name:
        folder = Path(name)
        prepare_database(folder)
        from anlan import embedded
        from anlan.supervisor import free_port

        taken: set[int] = set()
        ports = embedded.NatsPorts(*(free_port(15_380, taken) for _ in range(3)))
        server = embedded.start_nats(embedded.nats_config(folder, ports, "bench"))
        try:
            time.sleep(1.0)
            found = measure(embedded.nats_url(ports, "bench"), prepare_city())
        finally:
            from django.db import connection

            connection.close()
            server.terminate()
            server.wait(10)
    ratio = found["ours"] / found["peer"]
    return [
        {
            "name": "ingest",
            "work": f"{MESSAGES * ROWS_PER_MESSAGE:,} readings of {STREAMS:,} datastreams from the log, two rules on each",
            "agreement": found["agreement"], "ours": found["ours"], "peer": found["peer"],
            "peer_name": "raw COPY, same table", "unit": "readings/s", "ratio": ratio, "goal": GOAL,
            "met": ratio >= GOAL,
            "limit": {"name": "publishing to the log, synced", "value": found["log"], "fraction": found["ours"] / found["log"]},
            "rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
    ]  # fmt: skip
