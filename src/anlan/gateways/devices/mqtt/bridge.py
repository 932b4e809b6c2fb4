"""From the MQTT broker to the log: PUBACK only when durable; unreadable messages go to quarantine."""

from __future__ import annotations

import asyncio
import logging

from anlan.gateways.devices.contract import FrameError
from anlan.gateways.devices.mqtt.client import Message, MqttClient
from anlan.gateways.devices.mqtt.codec import address_of, decode
from anlan.gateways.devices.sparkplug.codec import NAMESPACE
from anlan.gateways.devices.sparkplug.host import Host
from anlan.gateways.log import ReadingLog
from anlan.gateways.readings import Reading
from anlan.kernel import clock

log = logging.getLogger(__name__)
TOPICS = ("v1/+/telemetry", f"{NAMESPACE}/#")
#: Messages being written at once; the broker waits with more (its own max_ack_pending bounds it too).
IN_FLIGHT = 4096


class MqttBridge:
    """Keeps one persistent session to the broker and comes back when it breaks."""

    def __init__(self, store: ReadingLog, host: str, port: int, user: str, password: str) -> None:
        self.store, self.address = store, (host, port)
        self.user, self.password = user, password
        self.slots = asyncio.Semaphore(IN_FLIGHT)
        self.tasks: set[asyncio.Task[None]] = set()
        self.connected = asyncio.Event()
        self.host = Host()

    async def run(self) -> None:
        while True:
            try:
                self.client = MqttClient("anlan-ingest", self.user, self.password)
                await self.client.connect(*self.address)
                await self.client.subscribe(*TOPICS)
                self.connected.set()
                await self.client.run(self.take)
            except (OSError, EOFError, TimeoutError) as error:
                log.warning("MQTT %s: %s, connecting again", self.address, error or type(error).__name__)
            self.connected.clear()
            await asyncio.sleep(0.5)

    async def take(self, message: Message) -> None:
        await self.slots.acquire()
        task = asyncio.create_task(self.keep(message, self.client))
        self.tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        self.slots.release()
        if not task.cancelled() and task.exception():
            log.warning("MQTT message not kept, the broker will send it again: %s", task.exception())

    async def keep(self, message: Message, client: MqttClient) -> None:
        raw = message.topic.encode() + b" " + message.payload
        protocol = "sparkplug" if message.topic.startswith(NAMESPACE) else "mqtt"
        self.store.saw(protocol, message.topic, raw)
        try:
            readings, answers = self.read(protocol, message)
        except FrameError as error:
            await self.store.quarantine(protocol, raw, message.topic, str(error))
        else:
            for topic, payload in answers:
                client.tell(topic, payload)
            await self.store.keep(protocol, readings, raw, message.topic)
        client.acknowledge(message)

    def read(self, protocol: str, message: Message) -> tuple[list[Reading], list[tuple[str, bytes]]]:
        """Readings, and what is to be told to the device."""
        if protocol == "sparkplug":
            return self.host.take(message.topic, message.payload, clock.now())
        return decode(message.payload, address_of(message.topic), clock.now()), []
