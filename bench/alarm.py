# ruff: noqa: PLC0415 - Django is set up first, with a folder of its own
"""From a reading in the log to its alarm in the database, at half of the rate that the worker can take.

The worker runs as its own process. First as many readings as it takes are published, which gives the greatest rate; then half
of that for SECONDS, and every EVERY-th message has one datastream over its limit. Measured from just before the message is
handed to the log until another connection sees the alarm (looked for every 5 ms). Peer: the same alarms with nothing else.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from anlan import embedded
from bench._lab import fresh_database
from bench.gateway import TOKEN, broker, count
from bench.ingest import ROWS_PER_MESSAGE, START_MS, STREAMS, prepare_city

FLOOD, SECONDS, EVERY, LOOK_S, GOAL_S = 300, 20.0, 5, 0.005, 0.5
ALONE = 50


class Watch(threading.Thread):
    """When each alarm was first seen, by its datastream."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.url, self.stop, self.seen = url, threading.Event(), dict[str, float]()

    def run(self) -> None:
        last = 0
        with psycopg.connect(self.url, autocommit=True) as line:
            while not self.stop.is_set():
                rows = line.execute(
                    "select id, subject from monitoring_alarm where id > %s order by id", [last]
                ).fetchall()
                now = time.time()
                last = rows[-1][0] if rows else last
                for _, subject in rows:
                    self.seen.setdefault(subject, now)
                self.stop.wait(LOOK_S)


def parts(ids: list[int], n: int, over: int | None) -> list[tuple[str, bytes]]:
    """Message n: half of the datastreams at a second of its own, cut by the log's partitions; `over`: a place in `ids`."""
    from anlan.monitoring import log as layout

    now = round(time.time() * 1000)
    place = (n * ROWS_PER_MESSAGE + np.arange(ROWS_PER_MESSAGE)) % STREAMS
    value = 20.0 + (place * 7 + n) % 60
    if over is not None:
        value[over - place[0]] = 150.0
    stream = np.array(ids, np.int32)[place]
    batch = layout.Batch(
        stream, np.full(len(stream), START_MS + n * 1000, np.int64), value, np.zeros(len(stream), np.int16), now
    )
    return [(layout.subject(part, "mqtt"), layout.encode(part)) for part in layout.split(batch)]


async def publish(stream: Any, ids: list[int], first: int, number: int, rate: float, every: int) -> dict[str, float]:
    """`number` messages, so many readings a second (0 = as fast as it goes); when the alarming ones were handed over."""
    sent: dict[str, float] = {}
    waiting: set[asyncio.Task[Any]] = set()
    began = time.perf_counter()
    for n in range(first, first + number):
        if rate:
            due = began + (n - first) * ROWS_PER_MESSAGE / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
        # Each a datastream of its own, of the half that this message has.
        over = (n % 2) * ROWS_PER_MESSAGE + (n // every) % ROWS_PER_MESSAGE if every and n % every == 0 else None
        made = parts(ids, n, over)
        if over is not None:
            sent[f"d{ids[over]}"] = time.time()
        for subject, data in made:
            task = asyncio.create_task(stream.publish(subject, data))
            waiting.add(task)
            task.add_done_callback(waiting.discard)
        while len(waiting) > 200 or (not rate and len(waiting) > 64):
            await asyncio.wait(set(waiting), return_when=asyncio.FIRST_COMPLETED)
    if waiting:
        await asyncio.gather(*waiting)
    return sent


async def lonely(stream: Any, ids: list[int]) -> dict[str, float]:
    """One reading over its limit at a time, the log empty before it."""
    from anlan.monitoring import log as layout

    sent: dict[str, float] = {}
    for pk in ids[-ALONE:]:
        now = time.time()
        sent[f"d{pk}"] = now
        ms = np.array([START_MS + 15_000_000], np.int64)
        batch = layout.Batch(np.array([pk], np.int32), ms, np.array([150.0]), np.zeros(1, np.int16), round(now * 1000))
        await stream.publish(layout.subject(batch, "mqtt"), layout.encode(batch))
        await asyncio.sleep(0.1)
    return sent


async def stored(rows: int) -> None:
    deadline = time.monotonic() + 120
    while (found := await asyncio.to_thread(count, "observation")) < rows:
        if time.monotonic() > deadline:
            raise AssertionError(f"{found} of {rows} readings stored")
        await asyncio.sleep(0.02)


async def measure(nats_url: str, ids: list[int]) -> dict[str, Any]:
    import nats
    from nats.js.api import StorageType, StreamConfig

    from anlan.monitoring import log as layout

    client = await nats.connect(nats_url)
    stream = client.jetstream(timeout=60)
    await stream.add_stream(StreamConfig(name=layout.STREAM, subjects=[layout.SUBJECTS], storage=StorageType.FILE))
    await publish(stream, ids, 0, 4, 0, 0)  # the worker stands by until there is a log; tables and caches
    await stored(4 * ROWS_PER_MESSAGE)
    began = time.perf_counter()
    await publish(stream, ids, 4, FLOOD, 0, 0)
    await stored((4 + FLOOD) * ROWS_PER_MESSAGE)
    most = FLOOD * ROWS_PER_MESSAGE / (time.perf_counter() - began)
    number = int(SECONDS * most / 2 / ROWS_PER_MESSAGE)
    alone = await lonely(stream, ids)
    sent = await publish(stream, ids, 20_000, number, most / 2, EVERY)
    await stored((4 + FLOOD + number) * ROWS_PER_MESSAGE + len(alone))
    await asyncio.sleep(0.5)
    await client.close()
    return {"most": most, "sent": sent, "alone": alone, "number": number}


def waits(sent: dict[str, float], seen: dict[str, float]) -> list[float]:
    missing = [name for name in sent if name not in seen]
    if missing:
        raise AssertionError(f"{len(missing)} of {len(sent)} alarms were not raised")
    return sorted(seen[name] - at for name, at in sent.items())


def p99(found: list[float]) -> float:
    return found[int(0.99 * len(found))]


def run() -> list[dict[str, Any]]:
    with fresh_database() as url, broker(TOKEN) as ports, tempfile.TemporaryDirectory(prefix="anlan-bench-") as var:
        ids, nats_url = prepare_city(), embedded.nats_url(ports, TOKEN)
        env = {
            **os.environ,
            "ANLAN_VAR": var,
            "ANLAN_DATABASE_URL": url,
            "ANLAN_NATS_URL": nats_url,
            "ANLAN_SECRET_KEY": "x" * 50,
        }
        worker = subprocess.Popen([sys.executable, "-m", "anlan", "work"], env=env, stderr=subprocess.DEVNULL)
        watch = Watch(url)
        watch.start()
        try:
            while not (Path(var) / "run" / "work.ready").exists():
                time.sleep(0.1)
            found = asyncio.run(measure(nats_url, ids))
        finally:
            watch.stop.set()
            watch.join(5)
            worker.terminate()
            worker.wait(20)
    loaded, alone = waits(found["sent"], watch.seen), waits(found["alone"], watch.seen)
    return [
        {
            "name": "alarm", "work": f"reading to alarm at {found['most'] / 2:,.0f} readings/s for {SECONDS:g} s, half of the"
            f" most ({found['most']:,.0f}); {STREAMS:,} datastreams, two rules each",
            "agreement": f"{len(loaded)} of {len(found['sent'])} alarms, p50 {loaded[len(loaded) // 2]:.3f} s;"
            " every reading stored",
            "ours": p99(loaded), "peer": p99(alone), "peer_name": "the same, no load", "unit": "s p99",
            "ratio": p99(alone) / p99(loaded), "goal": GOAL_S, "met": p99(loaded) < GOAL_S,
        }
    ]  # fmt: skip
