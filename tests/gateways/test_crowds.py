"""Crowds at the door: thousands of devices at once, one that floods, half-open lines."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import time
from datetime import datetime, timedelta

import pytest

from anlan.gateways.devices import discover
from anlan.gateways.devices.hj212.codec import BEIJING
from anlan.gateways.devices.listener import BURST, RATE, Listener
from anlan.gateways.devices.sl651.encode import report
from anlan.gateways.log import ReadingLog
from anlan.gateways.readings import Reading
from tests.conftest import free_port

AT = datetime(2026, 11, 23, 8, tzinfo=BEIJING)
ANSWER_BYTES = 25


class Kept(ReadingLog):
    """A log that keeps in memory, so that the door is what is measured."""

    def __init__(self) -> None:
        super().__init__("")
        self.rows: list[Reading] = []

    async def keep(self, protocol: str, readings: object, raw: bytes, peer: str) -> int:
        self.rows += readings  # type: ignore[arg-type]
        return len(self.rows)

    async def keep_frames(self, protocol: str, frames: object, peer: str) -> None:
        for readings, _ in frames:  # type: ignore[attr-defined]
            self.rows += readings

    async def quarantine(self, protocol: str, raw: bytes, peer: str, reason: str) -> None:
        self.counts["quarantined"] += 1


async def opened() -> tuple[Listener, Kept, int]:
    store, port = Kept(), free_port()
    listener = Listener(discover()["sl651"], store)
    await listener.start("127.0.0.1", port)
    return listener, store, port


def frame(station: int, serial: int) -> bytes:
    return report(f"{station:010d}", [("39", float(serial))], AT - timedelta(minutes=serial), serial=serial)


async def say_once(port: int, station: int, gate: asyncio.Semaphore) -> bytes:
    async with gate:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(frame(station, 1))
            return await asyncio.wait_for(reader.readexactly(ANSWER_BYTES), 120)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


async def say_until_heard(port: int, station: int, gate: asyncio.Semaphore) -> bytes:
    """What a device does when a crowd at the door made the system hang up on it: it dials again."""
    for pause_s in (0.5, 1.0, 2.0, 4.0):
        try:
            return await say_once(port, station, gate)
        except (ConnectionError, asyncio.IncompleteReadError):
            await asyncio.sleep(pause_s)
    return await say_once(port, station, gate)


@pytest.mark.slow
def test_ten_thousand_devices_that_come_back_at_once_are_all_answered() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65_536), hard))
    # Both ends of a line are ours here: as many at once as the process may have open.
    at_once = min(10_000, (resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 500) // 2)

    async def body() -> tuple[int, int]:
        listener, store, port = await opened()
        gate = asyncio.Semaphore(at_once)
        answers = await asyncio.gather(*(say_until_heard(port, station, gate) for station in range(10_000)))
        await listener.close()
        return len({answer[2:7] for answer in answers}), len({row.address for row in store.rows})

    try:
        assert asyncio.run(body()) == (10_000, 10_000)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_device_that_floods_is_slowed_down_and_does_not_slow_down_others() -> None:
    flood = int(BURST + RATE * 2)

    async def body() -> tuple[float, list[float], list[tuple[str, str]]]:
        listener, store, port = await opened()
        gate = asyncio.Semaphore(100)

        async def flooding() -> float:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            began = time.perf_counter()
            writer.write(b"".join(frame(1, n % 60_000 + 1) for n in range(flood)))
            await asyncio.wait_for(reader.readexactly(ANSWER_BYTES * flood), 60)
            writer.close()
            return time.perf_counter() - began

        async def neighbour() -> list[float]:
            waits = []
            for _ in range(15):
                began = time.perf_counter()
                await say_once(port, 2, gate)
                waits.append(time.perf_counter() - began)
                await asyncio.sleep(0.1)
            return waits

        spent, waits = await asyncio.gather(flooding(), neighbour())
        await listener.close()
        return spent, waits, list(store.slowed)

    spent, waits, slowed = asyncio.run(body())
    assert slowed == [("sl651", "0000000001")], "the operator reads who was slowed down"
    assert spent > 1.5, f"{flood} frames take {(flood - BURST) / RATE:.0f} s at the allowed rate"
    assert sorted(waits)[len(waits) // 2] < 0.5
