"""Positions to everybody on one incident: 200 browsers' streams, and 200 TAK clients by Cursor on Target.

`clients()` is the script for the peer, too: it knows nothing but CoT over TCP. OpenTAKServer needs RabbitMQ beside itself and
is not started here: with one running, `ANLAN_OTS=host:port` measures it in the same run.
"""

from __future__ import annotations

from bench import _lab

# isort: split
# The lab has set Django up: tables may be imported from here on.

import asyncio
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import orjson
from django.db import close_old_connections, connection

from anlan.gateways.devices.cot.codec import Happening, encode
from anlan.kernel import clock
from anlan.kernel.accounts.actor import system
from anlan.kernel.events import dispatcher
from anlan.resources import actions
from anlan.resources.actions import Fix
from anlan.resources.models import Team, Vehicle
from bench.console import people, row

CLIENTS, SENDERS, EVERY_S, SECONDS = 200, 40, 1.0, 20
AIM_MS = 300.0
#: What OpenTAKServer gave with this script on a machine like this one (two cores), in an earlier run and not in this one:
#: clients -> ms and of what.
EARLIER = {20: (357.0, "OpenTAKServer's p95 of an earlier run"), 50: (7400.0, "OpenTAKServer's p50 of an earlier run")}
SERVER = """
import asyncio, sys, django
django.setup()
from anlan.gateways.devices import discover
from anlan.gateways.devices.listener import Listener
from anlan.gateways.log import ReadingLog
async def main():
    await Listener(discover()["cot"], ReadingLog("")).start("127.0.0.1", int(sys.argv[1]))
    await asyncio.Event().wait()
asyncio.run(main())
"""


def summary(name: str, work: str, waits: list[float], wanted: int, peer: tuple[float, str]) -> dict[str, Any]:
    """p50, p95 and what was lost, as a line of the table."""
    ms = 1000 * np.array(waits or [float("inf")])
    p50, p95 = np.percentile(ms, (50, 95))
    lost = wanted - len(waits)
    agreement = f"{len(waits)} of {wanted} received, p50 {p50:.0f} ms, max {ms.max():.0f} ms"
    return row(
        name, work, agreement, float(p95), peer, "ms p95", "p95 < 300 ms, none lost", bool(p95 < AIM_MS and not lost)
    )


# --- browsers -------------------------------------------------------------------------------------------------------


async def listen(host: str, port: int, session: str, seen: dict[str, list[float]], ready: asyncio.Semaphore) -> None:
    """One browser's stream: when each position came, by its time."""
    reader, writer = await asyncio.open_connection(host, port, limit=1 << 20)
    writer.write(
        f"GET /stream HTTP/1.1\r\nHost: {host}\r\nCookie: sessionid={session}\r\nAccept: text/event-stream\r\n\r\n".encode()
    )
    try:
        await reader.readuntil(b"event: hello")
        ready.release()
        while True:
            line = await reader.readline()
            if not line:
                return
            if line.startswith(b"data:") and b'"vehicle_id"' in line:
                told = orjson.loads(line[5:])
                key = f"{told['vehicle_id']}@{told['lon']}"
                seen.setdefault(key, []).append(time.perf_counter())
    except (asyncio.CancelledError, asyncio.IncompleteReadError):
        writer.close()


def send(cars: dict[str, int], sent: dict[str, float], stop: threading.Event) -> None:
    """Every second the positions of all cars, as the gateway writes them."""
    by, names = system("压测"), list(cars)
    for turn in range(SECONDS):
        due = time.perf_counter() + EVERY_S
        step = len(cars) // 10
        for part in range(0, len(cars), step):
            fixes = []
            for number in range(part, part + step):
                lon = round(106.5 + turn * 0.001 + number * 0.00001, 5)
                fixes.append(Fix(names[number], lon, 39.5, clock.now() + timedelta(microseconds=turn)))
                sent[f"{cars[names[number]]}@{lon}"] = time.perf_counter()
            actions.report_fixes(by, fixes)
            time.sleep(EVERY_S / 10 * 0.5)
        time.sleep(max(0.0, due - time.perf_counter()))
    time.sleep(3)
    stop.set()
    close_old_connections()
    connection.close()


async def browsers(url: str, session: str, cars: dict[str, int]) -> tuple[list[float], int]:
    """(waits of every position at every client, how many there should be)."""
    host, port = url.removeprefix("http://").split(":")
    seen: dict[str, list[float]] = {}
    sent: dict[str, float] = {}
    ready, stop = asyncio.Semaphore(0), threading.Event()
    tasks = [asyncio.create_task(listen(host, int(port), session, seen, ready)) for _ in range(CLIENTS)]
    for _ in range(CLIENTS):
        await asyncio.wait_for(ready.acquire(), 60)
    await asyncio.sleep(1)
    threading.Thread(target=send, args=(cars, sent, stop)).start()
    while not stop.is_set():
        await asyncio.sleep(0.2)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    waits = [at - sent[key] for key, times in seen.items() if key in sent for at in times]
    return waits, len(sent) * CLIENTS


@contextmanager
def dispatching() -> Iterator[None]:
    """The dispatcher of the worker."""
    stop = threading.Event()
    thread = threading.Thread(target=dispatcher.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(15)


def to_browsers() -> dict[str, Any]:
    with _lab.fresh_database() as database:
        city, session = people()
        cars = [f"T{number:03d}" for number in range(SENDERS)]
        team = Team.everything.create(code="T", name="车队", kind="消防", lon=106.7, lat=39.5, area=city)
        Vehicle.everything.bulk_create(
            Vehicle(code=car, plate=car, kind="消防车", terminal=car, team=team, area=city) for car in cars
        )
        with dispatching(), _lab.web(database) as url:
            ids = dict(Vehicle.everything.values_list("terminal", "pk"))
            waits, wanted = asyncio.run(browsers(url, session, ids))
    work = f"{CLIENTS} browsers, {SENDERS} vehicles a second, {SECONDS} s"
    return summary("positions to browsers", work, waits, wanted, (AIM_MS, "aim"))


# --- TAK clients ----------------------------------------------------------------------------------------------------


async def client(
    number: int, address: tuple[str, int], sent: dict[str, float], waits: list[float], begin: asyncio.Event
) -> None:
    """Connect, say where one is every five seconds, note when the others' positions come."""
    reader, writer = await asyncio.open_connection(*address, limit=1 << 20)

    async def speak() -> None:
        await begin.wait()
        await asyncio.sleep(5.0 * number / CLIENTS)
        for turn in range(SECONDS // 5):
            now, uid = datetime.now(UTC), f"bench-{number}-{turn}"
            sent[uid] = time.perf_counter()
            writer.write(
                encode(Happening(uid, "a-f-G-U-C", 106.7, 39.5, now, now + timedelta(minutes=5), uid, how="m-g"), now)
            )
            await asyncio.sleep(5.0)

    async def hear() -> None:
        while True:
            event = await reader.readuntil(b"</event>")
            found = re.search(rb'uid="(bench-\d+-\d+)"', event)
            if found and (uid := found[1].decode()) in sent:
                waits.append(time.perf_counter() - sent[uid])

    speaking, hearing = asyncio.create_task(speak()), asyncio.create_task(hear())
    await speaking
    await asyncio.sleep(3)
    hearing.cancel()
    await asyncio.gather(hearing, return_exceptions=True)
    writer.close()


async def clients(address: tuple[str, int], count: int) -> tuple[list[float], int]:
    """The same for every server of Cursor on Target."""
    sent: dict[str, float] = {}
    waits: list[float] = []
    begin = asyncio.Event()
    tasks = [asyncio.create_task(client(number, address, sent, waits, begin)) for number in range(count)]
    await asyncio.sleep(3)
    begin.set()
    await asyncio.gather(*tasks)
    return waits, len(sent) * (count - 1)


def to_clients() -> list[dict[str, Any]]:
    port = _lab.free_port()
    server = subprocess.Popen([sys.executable, "-c", SERVER, str(port)], env=dict(os.environ))
    try:
        _lab.wait_for_port(port)
        few = {count: asyncio.run(clients(("127.0.0.1", port), count)) for count in EARLIER}
        waits, wanted = asyncio.run(clients(("127.0.0.1", port), CLIENTS))
    finally:
        server.terminate()
        server.wait(15)
    peer, rows = (AIM_MS, "aim; OpenTAKServer not run: ANLAN_OTS=host:port"), []
    if other := os.environ.get("ANLAN_OTS"):
        host, _, other_port = other.rpartition(":")
        theirs, owed = asyncio.run(clients((host, int(other_port)), CLIENTS))
        line = summary("OpenTAKServer", f"{CLIENTS} TAK clients", theirs, owed, (AIM_MS, "aim"))
        rows, peer = [line], (line["ours"], "OpenTAKServer")
    for count, (heard, owed) in few.items():
        rows.append(summary(f"positions to {count} TAK clients", f"{count} TAK clients", heard, owed, EARLIER[count]))
    work = f"{CLIENTS} TAK clients, each every 5 s, {SECONDS} s"
    return [summary("positions to TAK clients", work, waits, wanted, peer), *rows]


def run() -> list[dict[str, Any]]:
    return [to_browsers(), *to_clients()]
