"""From the MQTT broker to the log: PUBACK only when durable; unreadable messages go to quarantine."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass

from anlan.gateways.devices.contract import FrameError
from anlan.gateways.devices.mqtt.client import Message, MqttClient
from anlan.gateways.devices.mqtt.codec import address_of, decode
from anlan.gateways.devices.sensorthings import mqtt as sensorthings
from anlan.gateways.devices.sparkplug.codec import NAMESPACE
from anlan.gateways.devices.sparkplug.host import Host
from anlan.gateways.log import ReadingLog
from anlan.gateways.readings import Reading
from anlan.kernel import clock

log = logging.getLogger(__name__)
TELEMETRY = "v1/+/telemetry"
TOPICS = (TELEMETRY, f"{NAMESPACE}/#", sensorthings.TOPIC)
#: Messages being written at once; the broker waits with more (its own max_ack_pending bounds it too).
IN_FLIGHT = 4096
#: How soon a broken connection is tried again: at first, and at last when the broker stays away, s.
RETRY_S, RETRY_MOST_S = 0.1, 2.0


@dataclass(frozen=True)
class Broker:
    """Where messages come from. group: several gateways share the messages of an external broker (`$share/<group>/…`);
    each then has a client of its own."""

    host: str = "127.0.0.1"
    port: int = 1883
    user: str = "anlan"
    password: str = ""
    group: str = ""
    client: str = "anlan-ingest"
    topics: tuple[str, ...] = TOPICS
    tls: bool = False

    @classmethod
    def of_environment(cls, env: Mapping[str, str]) -> Broker:
        """`ANLAN_MQTT_HOST _PORT _USER _PASSWORD _GROUP _CLIENT _TOPICS _TLS`."""
        group = env.get("ANLAN_MQTT_GROUP", "")
        own = f"anlan-ingest-{socket.gethostname()}" if group else "anlan-ingest"
        topics = tuple(one.strip() for one in env.get("ANLAN_MQTT_TOPICS", "").split(",") if one.strip())
        return cls(
            env.get("ANLAN_MQTT_HOST", "127.0.0.1"), int(env.get("ANLAN_MQTT_PORT", "1883")),
            env.get("ANLAN_MQTT_USER", "anlan"), env.get("ANLAN_MQTT_PASSWORD", ""), group,
            env.get("ANLAN_MQTT_CLIENT", own), topics or ((TELEMETRY, sensorthings.TOPIC) if group else TOPICS),
            env.get("ANLAN_MQTT_TLS", "") not in ("", "0"),
        )  # fmt: skip

    @property
    def filters(self) -> list[str]:
        """Sparkplug's aliases are known to the gateway that heard the birth, so its messages are not dealt out unless
        somebody asks for it (a broker that deals by topic)."""
        return [f"$share/{self.group}/{topic}" if self.group else topic for topic in self.topics]


def protocol_of(topic: str) -> str:
    if topic.startswith(NAMESPACE):
        return "sparkplug"
    return "sensorthings" if topic.startswith("v1.1/") else "mqtt"


class MqttBridge:
    """Keeps one persistent session to the broker and comes back when it breaks."""

    def __init__(self, store: ReadingLog, broker: Broker) -> None:
        self.store, self.broker = store, broker
        self.slots = asyncio.Semaphore(IN_FLIGHT)
        self.tasks: set[asyncio.Task[None]] = set()
        self.connected = asyncio.Event()
        self.host = Host()

    async def run(self) -> None:
        wait_s = RETRY_S
        while True:
            try:
                broker = self.broker
                tls = ssl.create_default_context() if broker.tls else None
                self.client = MqttClient(broker.client, broker.user, broker.password, tls=tls)
                await self.client.connect(broker.host, broker.port)
                await self.client.subscribe(*broker.filters)
                self.connected.set()
                wait_s = RETRY_S
                await self.client.run(self.take)
            except (OSError, EOFError, TimeoutError) as error:
                log.warning("MQTT %s: %s, connecting again", self.broker.host, error or type(error).__name__)
            self.connected.clear()
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, RETRY_MOST_S)

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
        protocol = protocol_of(message.topic)
        self.store.saw(protocol, message.topic, raw)
        answers: list[tuple[str, bytes]] = []
        try:
            if protocol == "sensorthings":
                readings = await self.observations(message)
            else:
                readings, answers = self.read(protocol, message)
        except FrameError as error:
            await self.store.quarantine(protocol, raw, message.topic, str(error))
        else:
            for topic, payload in answers:
                client.tell(topic, payload)
            if refused := await self.store.keep_known(protocol, readings):
                if protocol == "sparkplug":
                    raw = message.topic.encode() + b" " + self.host.spelt(message.topic, message.payload)
                await self.store.quarantine(protocol, raw, message.topic, "；".join(refused)[:400])
        client.acknowledge(message)

    async def observations(self, message: Message) -> list[Reading]:
        """Of SensorThings' datastreams, found by their number."""
        keys = sensorthings.by_number(await self.store.registry("sensorthings"))
        return sensorthings.readings(message.topic, message.payload, keys, clock.now())

    def read(self, protocol: str, message: Message) -> tuple[list[Reading], list[tuple[str, bytes]]]:
        """Readings, and what is to be told to the device."""
        if protocol == "sparkplug":
            return self.host.take(message.topic, message.payload, clock.now())
        return decode(message.payload, address_of(message.topic), clock.now()), []
