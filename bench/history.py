# ruff: noqa: PLC0415 - Django is set up first, with a folder of its own
"""Latest values of a station and a day of one datastream, over ROWS readings of 2,000 datastreams by the minute.

`ANLAN_BENCH_ROWS` (2,400,000): 1e8 needs 13 GB of disk and some minutes of filling on two cores; everything is removed
afterwards. Peer: the newest reading of one datastream by a bare index scan over all partitions.
"""

from __future__ import annotations

import os
import random
import statistics
import time
from datetime import timedelta
from typing import Any

from bench._lab import connection, fresh_database
from bench.scale import START, make, timed

ROWS = int(os.environ.get("ANLAN_BENCH_ROWS", "2400000"))
STATIONS, QUESTIONS, GOAL_MS = 100, 500, 10.0
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


def history(actor: Any) -> dict[str, float]:
    """ROWS readings of 2,000 datastreams by the minute; newest values of a station and a day of one datastream."""
    from anlan.monitoring import queries
    from anlan.monitoring.models import Datastream
    from anlan.monitoring.pipeline import store

    streams = list(Datastream.objects.unscoped("benchmark").order_by("pk").values_list("pk", "station_id"))
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

    with fresh_database():
        city = Area.objects.create(code_system="mca", code="150300", name="乌海市", level=Level.CITY)
        make(1, STATIONS, city.pk)
        asked = history(system("bench"))
    rows = []
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
