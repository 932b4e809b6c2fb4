"""The field: sensors and feeds, each through its own real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import httpx

from anlan.gateways.devices.mqtt.client import MqttClient
from anlan.gateways.devices.sl651 import encode
from anlan.gateways.devices.sl651.codec import ESC, take_apart
from anlan.kernel import clock
from anlan.web.scenario.spec import Scenario, Series

ANSWER_BYTES, ANSWER_S = 25, 10.0
#: How long a wait may last before it looks again how fast the clock runs, real seconds.
LOOK_S = 0.1
#: Before the story every sensor has been quiet for so long: what an earlier story left standing returns to normal.
PRELUDE, PRELUDE_MIN = timedelta(minutes=20), (-19, -8, -1)


class Field:
    """Sends what the scenario's sensors measure, when the scenario's clock says so."""

    def __init__(self, scenario: Scenario, start: datetime, ports: dict[str, int], device_password: str) -> None:
        self.scenario, self.start, self.ports, self.password = scenario, start, ports, device_password
        self.sent = 0
        self.mqtt: MqttClient | None = None
        self.quiet = asyncio.Event()

    async def run(self, post_feed: Callable[[str, bytes], Awaitable[httpx.Response]]) -> None:
        if not self.scenario.series:
            self.quiet.set()
        work = [self.send_series(series) for series in self.scenario.series]
        work += [self.send_feed(feed.feed, feed.file, feed.at_min, post_feed) for feed in self.scenario.feeds]
        work.append(self.keep_pace())
        if any(series.via == "mqtt" for series in self.scenario.series):
            self.mqtt = MqttClient("scenario-devices", "device", self.password, clean=True)
            await self.mqtt.connect("127.0.0.1", self.ports["mqtt"])
            reading = asyncio.create_task(self.mqtt.run())
            try:
                await asyncio.gather(*work)
            finally:
                await self.mqtt.close()
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)
        else:
            await asyncio.gather(*work)

    async def until(self, minute: float) -> datetime:
        """Wait until the scenario's clock shows that minute; returns its time."""
        at = self.start + timedelta(minutes=minute)
        while (left := clock.real_seconds(at - clock.now())) > 0:
            await asyncio.sleep(min(left, LOOK_S))
        return at

    async def keep_pace(self) -> None:
        """Change the clock's speed where the scenario says so."""
        for pace in self.scenario.paces:
            await self.until(pace.at_min)
            clock.run_scenario(self.scenario.name, clock.now(), pace.speed)

    async def send_series(self, series: Series) -> None:
        if self.scenario.start == "now":
            for before in PRELUDE_MIN:
                await self.send(series, self.start + timedelta(minutes=before), series.points[0][1])
        self.quiet.set()
        for minute, value in series.readings():
            await self.send(series, await self.until(minute), value)

    async def send(self, series: Series, at: datetime, value: float) -> None:
        if series.via == "mqtt":
            await self.by_mqtt(series, at, value)
        else:
            await self.by_sl651(series, at, value)
        self.sent += 1

    async def by_mqtt(self, series: Series, at: datetime, value: float) -> None:
        assert self.mqtt is not None
        payload = json.dumps({"at": at.isoformat(), "values": {series.code: value}}).encode()
        await asyncio.wait_for(self.mqtt.publish(f"v1/{series.address}/telemetry", payload), ANSWER_S)

    async def by_sl651(self, series: Series, at: datetime, value: float) -> None:
        """One report over TCP, as an RTU sends it; the centre's confirmation is awaited."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.ports["sl651"])
        try:
            writer.write(encode.report(series.address, [(series.code, value)], at, serial=self.sent % 65535 + 1))
            answer = await asyncio.wait_for(reader.readexactly(ANSWER_BYTES), ANSWER_S)
            if take_apart(answer).end != ESC:
                raise ConnectionError(f"测站 {series.address} 未得到确认：{answer.hex()}")
        finally:
            writer.close()

    async def send_feed(
        self, feed: str, file: str, minute: float, post: Callable[[str, bytes], Awaitable[httpx.Response]]
    ) -> None:
        self.quiet.set()
        await self.until(minute)
        answer = await post(feed, (self.scenario.folder / file).read_bytes())
        answer.raise_for_status()
        self.sent += 1
