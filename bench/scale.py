# ruff: noqa: PLC0415 - Django is set up first, with a folder of its own
"""50,000 devices with 1,000,000 datastreams configured: how long the gateway and the worker take to know them, how much
memory that is, and whether writing and asking still go as with 10,000.

Writing is 3,000,000 readings of any datastreams in flushes of 100,000, from tables that know no newest value to tables that
have all of them: what is still to be written at the end counts. Then as many again, which replace newest values only.

Peer: the same with 10,000 datastreams in the same run. Latest values and windows of one datastream are asked over ROWS
readings (`ANLAN_BENCH_ROWS`, 2,400,000 here; 1e8 needs 10 GB of disk and some minutes of loading on two cores).
"""

from __future__ import annotations

import os
import random
import resource
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from bench._lab import connection, fresh_database

STREAMS_EACH = 20
DEVICES = int(os.environ.get("ANLAN_BENCH_DEVICES", "50000"))
ROWS = int(os.environ.get("ANLAN_BENCH_ROWS", "2400000"))
BATCH, BATCHES, QUESTIONS = 100_000, 31, 200
START = datetime(2026, 3, 2, tzinfo=UTC)
GOAL_MS = 10.0
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
#: A day of readings as they arrive, minute by minute, filled and indexed before it is a part of the table. Without the
#: write-ahead log: what is measured is reading.
FILL = """
create unlogged table {name} (like observation including defaults);
insert into {name} (stream, at, value, quality, received)
select s, %(start)s::timestamptz + k * interval '1 minute', 20 + (s + k) %% 60, 0, now()
from generate_series(0, %(last)s) k, generate_series(%(low)s, %(high)s) s order by k, s;
alter table {name} add primary key (stream, at) include (value, quality, revision);
alter table {name} add constraint whole check (at >= %(start)s and at < %(end)s);
alter table observation attach partition {name} for values from (%(start)s) to (%(end)s);
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

    rng = np.random.default_rng(minute)
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


def history(actor: Any) -> dict[str, float]:
    """ROWS readings of 2,000 datastreams by the minute; newest values of a station and a day of one datastream."""
    from anlan.monitoring import queries
    from anlan.monitoring.models import Datastream
    from anlan.monitoring.pipeline import store

    streams = list(
        Datastream.objects.unscoped("benchmark").order_by("pk").values_list("pk", "station_id")[: 100 * STREAMS_EACH]
    )
    minutes = ROWS // len(streams)
    days = (minutes - 1) // 1440 + 1
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("set maintenance_work_mem = '512MB'")
        for day in range(days):
            start = START + timedelta(days=day)
            span = {"start": start, "end": start + timedelta(days=1), "last": min(1440, minutes - day * 1440) - 1}
            fill = FILL.format(name=store.partition_name(start.date()))
            cursor.execute(fill, {**span, "low": streams[0][0], "high": streams[-1][0]})
        cursor.execute("vacuum analyze observation")  # as the server does by itself as a day fills
        cursor.execute(
            "insert into monitoring_latest select n, %s, 20, 0, now() from generate_series(%s, %s) n"
            " on conflict (datastream_id) do update set at = excluded.at",
            [START + timedelta(minutes=minutes - 1), streams[0][0], streams[-1][0]],
        )
        rows = minutes * len(streams)
    filled = time.perf_counter() - began
    random.seed(1)
    asked = random.choices(streams, k=QUESTIONS)
    end = START + timedelta(minutes=minutes)
    window = [timed(lambda pk=pk: queries.series(actor, pk, end - timedelta(days=1), end))[0] for pk, _ in asked]  # type: ignore[misc]
    latest = [timed(lambda station=station: queries.latest(actor, [station]))[0] for _, station in asked]  # type: ignore[misc]
    with connection.cursor() as cursor:

        def scan(pk: int) -> Any:
            cursor.execute("select value from observation where stream = %s order by at desc limit 1", [pk])
            return cursor.fetchone()

        newest = [timed(lambda pk=pk: scan(pk))[0] for pk, _ in asked]  # type: ignore[misc]
    return {
        "rows": rows, "days": days, "filled_s": filled, "window_ms": p99(window), "latest_ms": p99(latest),
        "newest_ms": p99(newest), "window_p50": statistics.median(window) * 1000, "latest_p50": statistics.median(latest) * 1000,
    }  # fmt: skip


def p99(seconds: list[float]) -> float:
    return sorted(seconds)[int(0.99 * len(seconds))] * 1000


def run() -> list[dict[str, Any]]:
    from anlan.kernel.accounts.actor import system
    from anlan.kernel.models import Area, Level
    from anlan.monitoring.models import AlarmRule

    with fresh_database():
        city = Area.objects.create(code_system="mca", code="150300", name="乌海市", level=Level.CITY)
        AlarmRule.objects.create(
            code="hi", title="高", area=city, station_kind="气体", quantity="q1", hi=100, deadband=5
        )
        small = known(1, 500, city.pk)
        asked = history(system("bench"))
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
    for name, what in (("window", "a day of one datastream"), ("latest", "newest values of a station")):
        value = asked[f"{name}_ms"]
        rows.append(
            {
                "name": f"history {name}",
                "work": f"{what}, p99 of {QUESTIONS}; {int(asked['rows']):,} readings, {int(asked['days'])} partitions,"
                f" filled in {asked['filled_s']:.0f} s",
                "agreement": f"p50 {asked[f'{name}_p50']:.2f} ms", "ours": value, "peer": asked["newest_ms"],
                "peer_name": "newest by index scan of the partitions", "unit": "ms", "ratio": asked["newest_ms"] / value,
                "goal": GOAL_MS, "met": value < GOAL_MS,
            }
        )  # fmt: skip
    return rows
