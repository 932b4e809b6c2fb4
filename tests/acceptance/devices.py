"""Devices and programs that send each reading again and again until it is acknowledged, and remember what was.

Times run through the last hours, a second a reading, so that delays of alarm rules pass at the pace of the readings and not at
that of the clock, and a reading's time is its number.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx

from anlan.gateways.devices.mqtt.client import MqttClient

ANSWER_S, AGAIN_S, PAUSE_S = 10.0, 0.1, 0.02
#: What a connection says when the other end was killed.
BROKEN = (OSError, TimeoutError, httpx.HTTPError, asyncio.IncompleteReadError)
LOW, HIGH = 0.1, 30.0


@dataclass
class Source:
    """One series: what it tried to send and what was acknowledged, each by time in ms with its value."""

    code: str
    way: str
    address: str
    first: datetime
    tried: dict[int, float] = field(default_factory=dict)
    acknowledged: dict[int, float] = field(default_factory=dict)
    high: bool = False

    def next(self) -> tuple[datetime, float]:
        at = self.first + timedelta(seconds=len(self.tried))
        value = (HIGH if self.high else LOW) + round(len(self.tried) * 1e-6, 6)
        self.tried[round(at.timestamp() * 1000)] = value
        return at, value


class Load:
    """All sources at once in a thread of their own; `ports` may change while they run."""

    def __init__(self, ports: dict[str, int], password: str, token: str) -> None:
        self.ports, self.password, self.token = ports, password, token
        self.sources: list[Source] = []
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self._all()))
        self.error: BaseException | None = None

    def add(self, code: str, way: str, address: str) -> Source:
        first = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=6)
        self.sources.append(Source(code, way, address, first))
        return self.sources[-1]

    def start(self) -> None:
        self.thread.start()

    def stop(self, seconds: float) -> None:
        self.stopping.set()
        self.thread.join(seconds)
        if self.error is not None:
            raise self.error

    async def _all(self) -> None:
        ways = {"mqtt": self._detector, "http": self._program}
        try:
            await asyncio.gather(*(ways[source.way](source) for source in self.sources))
        except BaseException as error:
            self.error = error
            raise

    async def _each(self, source: Source, send: Callable[[datetime, float], Awaitable[None]]) -> None:
        while not self.stopping.is_set():
            at, value = source.next()
            while not self.stopping.is_set():
                with suppress(*BROKEN):
                    await asyncio.wait_for(send(at, value), ANSWER_S)
                    source.acknowledged[round(at.timestamp() * 1000)] = value
                    break
                await asyncio.sleep(AGAIN_S)
            await asyncio.sleep(PAUSE_S)

    async def _detector(self, source: Source) -> None:
        """A new connection, with a name of its own, whenever the last one broke or did not answer."""
        connection = Connection(self, source)

        async def send(at: datetime, value: float) -> None:
            element = source.code.rsplit("-", 1)[1]
            body = json.dumps({"ts": round(at.timestamp() * 1000), "values": {element: value}}).encode()
            try:
                client = await connection.opened()
                await client.publish(f"v1/{source.address}/telemetry", body)
            except BaseException:
                await connection.close()
                raise

        await self._each(source, send)
        await connection.close()

    async def _program(self, source: Source) -> None:
        async with httpx.AsyncClient(trust_env=False, headers={"Authorization": f"Bearer {self.token}"}) as client:

            async def send(at: datetime, value: float) -> None:
                url = f"http://127.0.0.1:{self.ports['web']}/api/sta/v1.1/Datastreams({source.address})/Observations"
                answer = await client.post(url, json={"result": value, "phenomenonTime": at.isoformat()})
                if answer.status_code < 500 and answer.status_code != 201:
                    raise AssertionError(f"{answer.status_code} {answer.text[:500]}")
                answer.raise_for_status()

            await self._each(source, send)


class Connection:
    """A detector's line to the broker."""

    def __init__(self, load: Load, source: Source) -> None:
        self.load, self.source, self.count = load, source, 0
        self.client: MqttClient | None = None
        self.reading: asyncio.Task[None] | None = None

    async def opened(self) -> MqttClient:
        if self.client is None:
            self.count += 1
            client = MqttClient(f"{self.source.address}-{self.count}", "device", self.load.password, clean=True)
            await client.connect("127.0.0.1", self.load.ports["mqtt"])
            self.client, self.reading = client, asyncio.create_task(client.run())
        return self.client

    async def close(self) -> None:
        reading, self.client, self.reading = self.reading, None, None
        if reading is not None:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
