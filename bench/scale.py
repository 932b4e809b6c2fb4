# ruff: noqa: PLC0415 - Django is set up first, with a folder of its own
"""50,000 devices with 1,000,000 datastreams configured: how long the gateway and the worker take to know them, how much
memory that is, and whether writing and asking still go as with 10,000.

Writing is 3,000,000 readings of any datastreams in flushes of 100,000, from tables that know no newest value to tables that
have all of them: what is still to be written at the end counts. Then as many again, which replace newest values only.

Peers in the same run: the same with 10,000 datastreams, and bare binary COPY of as many readings of all datastreams into
the same table, sorted as the worker sorts them.
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from bench._lab import connection, fresh_database

STREAMS_EACH = 20
DEVICES = int(os.environ.get("ANLAN_BENCH_DEVICES", "50000"))
BATCH, BATCHES = 100_000, 31
START = datetime(2026, 3, 2, tzinfo=UTC)
GOAL_COPY = 0.6
MAKE = """
insert into monitoring_station (code, name, lon, lat, kind, protocol, address, area_id, data_class, owner, interval_s,
  in_service, representative)
select 'B' || n, '站' || n, 106.8, 39.6, '气体', 'mqtt', 'B' || n, %s, 2, '', 60, true, false from generate_series(%s, %s) n;
"""
MAKE_STREAMS = """
insert into monitoring_datastream (code, station_id, source_code, name, quantity, unit, source_unit)
select s.code || '-' || k, s.id, 'c' || k, '浓度', 'q' || k, 'ppm', '' from monitoring_station s, generate_series(1, %s) k
where s.code not in (select split_part(code, '-', 1) from monitoring_datastream);
"""


def make(first: int, last: int, area: int) -> float:
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")  # one version step for a million rows is enough
        cursor.execute(MAKE, [area, first, last])
        cursor.execute(MAKE_STREAMS, [STREAMS_EACH])
        cursor.execute("set session_replication_role = origin")
        cursor.execute("analyze monitoring_station, monitoring_datastream")
    return time.perf_counter() - began


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found


def rss_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def one_batch(low: int, high: int, minute: int) -> Any:
    """Readings spread over all datastreams of [low, high]."""
    from anlan.monitoring import log as layout

    rng = np.random.default_rng(abs(minute))
    at = round((START + timedelta(days=400, minutes=minute)).timestamp() * 1000)
    stream = rng.choice(np.arange(low, high + 1, dtype=np.int32), BATCH, replace=high - low < BATCH)
    at_ms = at + np.arange(BATCH, dtype=np.int64) % 60_000
    return layout.Batch(stream, at_ms, 20 + rng.random(BATCH), np.zeros(BATCH, np.int16), at)


def known(first: int, last: int, area: int) -> dict[str, float]:
    """Everything at one size."""
    from anlan.kernel import clock
    from anlan.monitoring import queries
    from anlan.monitoring.models import Datastream
    from anlan.monitoring.pipeline.worker import Worker

    make(first, last, area)
    found: dict[str, float] = {}
    found["resolve_s"], refs = timed(lambda: queries.resolve("mqtt"))
    found["streams"] = len(refs)
    del refs
    ids = Datastream.objects.unscoped("benchmark").order_by("pk")
    low, high = int(ids.values_list("pk", flat=True)[0]), int(ids.reverse().values_list("pk", flat=True)[0])
    with clock.standing_at(START + timedelta(days=401)):
        found["worker_s"], worker = timed(lambda: Worker("bench", own=False))
        worker.flush(worker_rows(one_batch(low, high, first)), 1)  # partitions, caches
        found["rows_s"] = written(worker, low, high, first, 2)
        found |= {f"{name}_s": spent for name, spent in worker.counts.seconds.items()}
        fill_newest(low, high)
        found["worker_again_s"], worker = timed(lambda: Worker("bench", own=False))
        found["again_s"] = written(worker, low, high, first + BATCHES, BATCHES + 2)
        day = -2880 if first == 1 else -5760  # each into a day of its own
        found |= {"copy_rows_s": copied(low, high, day), "copy_again_s": copied(low, high, day + BATCHES)}
        found["change_s"] = change(worker, low)
    found["rss_mib"] = rss_mib()
    return found


def written(worker: Any, low: int, high: int, minute: int, seq: int) -> float:
    """Readings a second, all newest values in their table at the end."""
    parts = [worker_rows(one_batch(low, high, minute + n)) for n in range(1, BATCHES)]

    def work() -> None:
        for n, part in enumerate(parts):
            worker.flush(part, seq + n)
        while worker.newest.behind.any():
            worker.tick()

    spent, _ = timed(work)
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from monitoring_behind")
        assert cursor.fetchone()[0] == 0
        cursor.execute("select count(*) from monitoring_latest where at >= %s", [START + timedelta(days=400)])
        assert cursor.fetchone()[0] >= min(high - low + 1, len(np.unique(np.concatenate([p.stream for p in parts]))))
    return BATCH * len(parts) / spent


def copied(low: int, high: int, minute: int) -> float:
    """Readings a second of COPY alone, a transaction a batch, the bytes made beforehand; into a day that begins as empty as
    the worker's did."""
    from django.db import transaction

    from anlan.monitoring.pipeline import store
    from anlan.monitoring.pipeline.worker import arrange

    rows = [worker_rows(one_batch(low, high, minute + n)) for n in range(1, BATCHES)]
    store.make_partition(int(rows[0].at_ms[0]) // store.DAY_MS)
    parts = [store.copy_bytes(part.take(arrange(part)[0][~arrange(part)[1]]), store.READING) for part in rows]
    names = ", ".join(name for name, _ in store.READING)

    def work() -> None:
        for part in parts:
            with (
                transaction.atomic(),
                connection.cursor() as cursor,
                cursor.copy(f"copy observation ({names}) from stdin (format binary)") as copy,
            ):
                copy.write(part)

    return BATCH * len(parts) / timed(work)[0]


def fill_newest(low: int, high: int) -> None:
    """Every datastream was heard before."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into monitoring_latest select n, %s, 20, 0, now() from generate_series(%s, %s) n on conflict do nothing",
            [START, low, high],
        )
        cursor.execute("vacuum analyze monitoring_latest")


def worker_rows(batch: Any) -> Any:
    from anlan.monitoring import log as layout
    from anlan.monitoring.pipeline.puller import Message
    from anlan.monitoring.pipeline.worker import prepare

    return prepare([Message(1, layout.encode(batch), "", "obs.0.mqtt")])[0]


def change(worker: Any, stream: int) -> float:
    """Seconds until worker and gateway have taken one station's change."""
    from anlan.monitoring import queries
    from anlan.monitoring.models import Datastream

    directory, since = queries.resolve("mqtt"), queries.changes(-1).version
    Datastream.objects.unscoped("benchmark").filter(pk=stream).update(valid_max=99)
    worker_s, _ = timed(worker.keep_up)
    gateway_s, _ = timed(lambda: directory.update(queries.changes(since).stations or ()))
    return worker_s + gateway_s


def run() -> list[dict[str, Any]]:
    from anlan.kernel.models import Area, Level
    from anlan.monitoring.models import AlarmRule

    with fresh_database():
        city = Area.objects.create(code_system="mca", code="150300", name="乌海市", level=Level.CITY)
        AlarmRule.objects.create(
            code="hi", title="高", area=city, station_kind="气体", quantity="q1", hi=100, deadband=5
        )
        small = known(1, 500, city.pk)
        large = known(501, DEVICES, city.pk)
    ratio = large["rows_s"] / small["rows_s"]
    told = {name: [round(one[name], 3) for one in (small, large)] for name in large}
    again = large["again_s"] / small["again_s"]
    rows = [
        {
            "name": "scale again", "work": "newest values replaced, none is new", "agreement": "all newest values in their table",
            "ours": large["again_s"], "peer": small["again_s"], "peer_name": f"{int(small['streams']):,} datastreams",
            "unit": "readings/s", "ratio": again, "goal": 0.7, "met": again >= 0.7,
        },
        {
            "name": "scale", "work": f"{DEVICES:,} devices, {int(large['streams']):,} datastreams configured: {told}",
            "agreement": "the same batches through the same worker", "ours": large["rows_s"], "peer": small["rows_s"],
            "peer_name": f"{int(small['streams']):,} datastreams", "unit": "readings/s", "ratio": ratio, "goal": 0.7,
            "met": ratio >= 0.7, "rss_mib": large["rss_mib"],
        }
    ]  # fmt: skip
    return [
        *rows,
        *(against_copy(large, name, work) for name, work in (("rows", "none known before"), ("again", "all known"))),
    ]


def against_copy(large: dict[str, float], name: str, work: str) -> dict[str, Any]:
    """The worker beside COPY alone, everything else the same."""
    ours, peer = large[f"{name}_s"], large[f"copy_{name}_s"]
    return {
        "name": f"scale copy {name}", "work": f"{int(large['streams']):,} datastreams, {work}",
        "agreement": "as many rows stored", "ours": ours, "peer": peer, "peer_name": "raw COPY, same table",
        "unit": "readings/s", "ratio": ours / peer, "goal": GOAL_COPY, "met": ours / peer >= GOAL_COPY,
    }  # fmt: skip
