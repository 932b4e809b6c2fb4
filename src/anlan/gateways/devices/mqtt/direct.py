"""MQTT 3.1.1 straight to the gateway, without a broker in between: devices that only report.

A broker that promises nothing it has not on disk syncs every message by itself, and that is what bounds it. Here the readings
of all connections share a write of the log, and PUBACK says that it is done. Taken are PUBLISH of QoS 0 and 1 to
`v1/<address>/telemetry`; nothing is handed out: who subscribes is told no (SUBACK 0x80). Pure.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from anlan.gateways.devices.contract import DeviceProtocol, FrameError, Step
from anlan.gateways.devices.mqtt import PROTOCOL
from anlan.gateways.devices.mqtt.client import (
    CONNACK,
    CONNECT,
    DISCONNECT,
    PINGREQ,
    PUBACK,
    PUBLISH,
    SUBACK,
    SUBSCRIBE,
    packet,
)
from anlan.gateways.devices.mqtt.codec import address_of, decode

UNSUBSCRIBE, UNSUBACK, PINGRESP = 10, 11, 13
#: Section 3.2.2.3: return codes of CONNACK.
ACCEPTED, WRONG_VERSION, NOT_AUTHORISED = 0, 1, 5
#: A message has at most so many bytes: ten thousand readings in one list.
MOST = 1 << 20
USER = "device"


class Ended(ConnectionAbortedError):
    """Section 4.8: a client that breaks the protocol is hung up on."""


@dataclass(frozen=True)
class Packet:
    kind: int
    flags: int
    body: bytes
    raw: bytes


class Fields:
    """The fields of a packet's body, one after the other; FrameError where one is cut off."""

    def __init__(self, body: bytes) -> None:
        self.body, self.at = body, 0

    def take(self, size: int) -> bytes:
        if self.at + size > len(self.body):
            raise FrameError(f"报文在第 {len(self.body)} 字节处中断")
        found = self.body[self.at : self.at + size]
        self.at += size
        return found

    def number(self) -> int:
        return int.from_bytes(self.take(2), "big")

    def text(self) -> bytes:
        return self.take(self.number())

    @property
    def rest(self) -> bytes:
        return self.body[self.at :]


class DirectSession:
    """One device's connection."""

    def __init__(self, password: str) -> None:
        self.password = password
        self.buffer, self.at = b"", 0
        self.known = self.over = False

    def receive(self, data: bytes, now: datetime) -> list[Step]:
        if self.over:
            raise Ended("MQTT 连接已按协议终止")
        self.buffer += data
        steps: list[Step] = []
        while not self.over:
            seen = self.buffer[self.at : self.at + (1024 if self.known else 2)]  # a CONNECT holds the password
            try:
                if (found := self.cut()) is None:
                    break
                steps.append(self.step(found, now))
            except FrameError as error:
                self.over = True
                steps.append(Step(seen, reason=str(error)))
        self.buffer, self.at = self.buffer[self.at :], 0
        return steps

    def cut(self) -> Packet | None:
        """The next whole packet (section 2.2.3), None while it is not all here."""
        length = shift = 0
        at = self.at + 1
        while True:
            if at >= len(self.buffer):
                return None
            byte = self.buffer[at]
            length |= (byte & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if not byte & 0x80:
                break
            if shift > 21:
                length = MOST + 1
                break
        if length > MOST:
            raise FrameError(f"MQTT 报文长度超过 {MOST} 字节")
        end = at + length
        if len(self.buffer) < end:
            return None
        raw, body, self.at = self.buffer[self.at : end], self.buffer[at:end], end
        return Packet(raw[0] >> 4, raw[0] & 15, body, raw)

    def step(self, found: Packet, now: datetime) -> Step:
        if not self.known:
            return self.connect(found)
        if found.kind == PUBLISH:
            return self.publish(found, now)
        if found.kind == PINGREQ:
            return Step(found.raw, ack=packet(PINGRESP, 0, b""))
        if found.kind == DISCONNECT:
            self.over = True
            return Step(found.raw)
        fields = Fields(found.body)
        if found.kind == SUBSCRIBE:
            number, count = fields.take(2), 0
            while fields.rest:
                fields.text()
                fields.take(1)
                count += 1
            return Step(found.raw, ack=packet(SUBACK, 0, number + b"\x80" * count))
        if found.kind == UNSUBSCRIBE:
            return Step(found.raw, ack=packet(UNSUBACK, 0, fields.take(2)))
        raise FrameError(f"这里不接受 MQTT 报文类型 {found.kind}")

    def connect(self, found: Packet) -> Step:
        """Section 3.1: version 4, user and password as for the broker."""
        if found.kind != CONNECT:
            raise FrameError("第一个 MQTT 报文应为 CONNECT")
        fields = Fields(found.body)
        name, level = fields.text(), fields.take(1)[0]
        if name != b"MQTT" or level != 4:
            self.over = True
            return Step(found.raw[:2], nak=packet(CONNACK, 0, bytes([0, WRONG_VERSION])), reason="只支持 MQTT 3.1.1")
        flags = fields.take(3)[0]
        for wanted in (0, 4, 4):  # client identifier; topic and message of the will
            if not wanted or flags & wanted:
                fields.text()
        user = fields.text() if flags & 0x80 else b""
        password = fields.text() if flags & 0x40 else b""
        if user != USER.encode() or not hmac.compare_digest(password, self.password.encode()):
            self.over = True
            # Without its body: that is the password.
            return Step(found.raw[:2], nak=packet(CONNACK, 0, bytes([0, NOT_AUTHORISED])), reason="MQTT 用户或口令不对")
        self.known = True
        return Step(found.raw[:2], ack=packet(CONNACK, 0, bytes([0, ACCEPTED])))

    def publish(self, found: Packet, now: datetime) -> Step:
        """Section 3.3. What cannot be read is acknowledged as well: it lies in quarantine, and would come again for ever."""
        quality = found.flags >> 1 & 3
        if quality > 1:
            raise FrameError("这里只接受 QoS 0 与 1")
        fields = Fields(found.body)
        topic = fields.text().decode(errors="replace")
        answer = packet(PUBACK, 0, fields.take(2)) if quality else b""
        raw = topic.encode() + b" " + fields.rest
        try:
            return Step(raw, decode(fields.rest, address_of(topic), now), answer)
        except FrameError as error:
            return Step(raw, nak=answer, reason=str(error))


def protocol(env: Mapping[str, str]) -> DeviceProtocol | None:
    """The same stations, codec and name as over the broker; None where no password is known."""
    own = env.get("ANLAN_MQTT_PASSWORD", "")
    password = env.get("ANLAN_MQTT_DIRECT_PASSWORD", f"{own}-device" if own else "")
    if not password:
        return None
    return replace(
        PROTOCOL, title="MQTT 直连（只上报）", transport="tcp", session=lambda: DirectSession(password),
        port_env="ANLAN_MQTT_DIRECT_PORT", default_port=2883,
    )  # fmt: skip
