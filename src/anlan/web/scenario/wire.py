"""The devices of a scenario: an MQTT client, SL 651 stations on TCP, documents by HTTP; as they would be outside."""

from __future__ import annotations

import heapq
import json
import logging
import os
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx

from anlan.gateways.devices.mqtt.client import CONNACK, CONNECT, PUBACK, PUBLISH, field as text_field, packet
from anlan.gateways.devices.sl651 import encode
from anlan.kernel import clock
from anlan.web.scenario.document import Device, Posting, Scenario

log = logging.getLogger(__name__)
#: User of devices at the embedded broker; its password is the installation's with this ending.
MQTT_USER = "device"
ANSWER_S = 10.0
LOOK_S = 0.02
#: Kinds of station SL 651 knows; 48H = river.
RIVER = "48"
QOS_1 = 0x02


class MqttLine:
    """A device's line to the broker: MQTT 3.1.1, a clean session, one message at a time with QoS 1."""

    def __init__(self, port: int, client: str, user: str, password: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), ANSWER_S)
        self.number = 0
        head = text_field("MQTT") + bytes([4, 0xC2]) + struct.pack("!H", 0) + text_field(client)
        self.socket.sendall(packet(CONNECT, 0, head + text_field(user) + text_field(password)))
        kind, answer = self.receive()
        if kind != CONNACK or answer[1] != 0:
            raise RuntimeError(f"MQTT 接入被拒绝：{answer.hex()}")

    def publish(self, topic: str, payload: bytes) -> None:
        """Returns when the broker has acknowledged, that is, has it on disk."""
        self.number = self.number % 65535 + 1
        body = text_field(topic) + struct.pack("!H", self.number) + payload
        self.socket.sendall(packet(PUBLISH, QOS_1, body))
        kind, answer = self.receive()
        if kind != PUBACK or struct.unpack("!H", answer[:2])[0] != self.number:
            raise RuntimeError(f"MQTT 消息没有得到确认：{kind} {answer.hex()}")

    def receive(self) -> tuple[int, bytes]:
        """One short answer: kind and body."""
        head = self.exactly(2)
        return head[0] >> 4, self.exactly(head[1])

    def exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            part = self.socket.recv(size - len(data))
            if not part:
                raise RuntimeError("MQTT 服务断开")
            data += part
        return data

    def close(self) -> None:
        self.socket.close()


@dataclass
class Wires:
    """Sends each reading when the clock says so, in a thread of its own."""

    scenario: Scenario
    start: datetime
    url: str
    token: str
    sl651_port: int
    mqtt_port: int
    sent: int = 0
    documents: int = 0
    failure: str = ""
    stopping: threading.Event = field(default_factory=threading.Event)
    serial: int = 0
    broker: MqttLine | None = None

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self.run, name="devices", daemon=True)

    def begin(self) -> None:
        if any(device.protocol == "mqtt" for device in self.scenario.devices):
            password = f"{os.environ.get('ANLAN_MQTT_PASSWORD', '')}-{MQTT_USER}"
            self.broker = MqttLine(self.mqtt_port, f"anlan-scenario-{os.getpid()}", MQTT_USER, password)
        self.thread.start()

    def end(self) -> None:
        self.stopping.set()
        self.thread.join(ANSWER_S)
        if self.broker is not None:
            self.broker.close()

    def agenda(self) -> list[tuple[float, int, Callable[[datetime], None]]]:
        """(minute, order, what to send), the earliest first."""
        items: list[tuple[float, int, Callable[[datetime], None]]] = []
        for device in self.scenario.devices:
            send = self.send_mqtt if device.protocol == "mqtt" else self.send_sl651
            for minute, values in device.readings(self.scenario.minutes):
                items.append((minute, len(items), self.reading(send, device, values)))
        for posting in self.scenario.postings:
            items.append((posting.minute, len(items), self.posting(posting)))
        heapq.heapify(items)
        return items

    @staticmethod
    def reading(
        send: Callable[[Device, dict[str, float], datetime], None], device: Device, values: dict[str, float]
    ) -> Callable[[datetime], None]:
        return lambda at: send(device, values, at)

    def posting(self, posting: Posting) -> Callable[[datetime], None]:
        return lambda at: self.post(posting)

    def run(self) -> None:
        items = self.agenda()
        try:
            while items and not self.stopping.is_set():
                minute, _, send = heapq.heappop(items)
                at = self.start + timedelta(minutes=minute)
                while clock.now() < at:
                    if self.stopping.wait(LOOK_S):
                        return
                send(at)
                self.sent += 1
        except (OSError, httpx.HTTPError, RuntimeError, ValueError) as error:
            log.exception("the scenario's devices stopped")
            self.failure = f"{type(error).__name__}: {error}"

    def send_mqtt(self, device: Device, values: dict[str, float], at: datetime) -> None:
        """QoS 1: returns when the broker has it."""
        body = json.dumps({"at": at.isoformat(), "values": values}).encode()
        if self.broker is not None:
            self.broker.publish(f"v1/{device.address}/telemetry", body)

    def send_sl651(self, device: Device, values: dict[str, float], at: datetime) -> None:
        """One report on a connection of its own, until the centre confirms it."""
        self.serial += 1
        frame = encode.report(device.address, list(values.items()), at, serial=self.serial, kind=RIVER)
        with socket.create_connection(("127.0.0.1", self.sl651_port), ANSWER_S) as line:
            line.sendall(frame)
            answer = line.recv(256)
        if not answer.startswith(b"\x7e\x7e"):
            raise RuntimeError(f"测站 {device.address} 的报文没有得到确认：{answer.hex()}")

    def post(self, posting: Posting) -> None:
        headers = {"Authorization": f"Bearer {self.token}"}
        body = posting.file.read_bytes()
        answer = httpx.post(f"{self.url}/api/feeds/{posting.feed}", content=body, headers=headers, timeout=ANSWER_S)
        answer.raise_for_status()
        self.documents += 1
