"""The small part of MQTT 3.1.1 that a gateway needs, with the one thing libraries hide: PUBACK when *we* say so.

A persistent session (clean_session = 0) and QoS 1: the broker keeps a message on disk for us until our PUBACK, and we
send that only when the reading is in the log. So a device's own PUBACK already means durable.
"""

from __future__ import annotations

import asyncio
import ssl
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, PINGREQ, DISCONNECT = 1, 2, 3, 4, 8, 9, 12, 14
KEEP_ALIVE_S = 30
MAX_PACKET = 8 * 2**20


class MqttError(ConnectionError):
    """The broker refused, or what it sent is not MQTT."""


@dataclass(frozen=True)
class Message:
    """One message as it came in; `packet` is 0 for QoS 0, which has no acknowledgement."""

    topic: str
    payload: bytes
    packet: int


def field(text: str | bytes) -> bytes:
    raw = text.encode() if isinstance(text, str) else text
    return struct.pack("!H", len(raw)) + raw


def packet(kind: int, flags: int, body: bytes) -> bytes:
    size, length = bytearray(), len(body)
    while True:
        size.append(length & 0x7F | (0x80 if length > 0x7F else 0))
        length >>= 7
        if not length:
            return bytes([kind << 4 | flags]) + bytes(size) + body


async def read_packet(reader: asyncio.StreamReader) -> tuple[int, int, bytes]:
    """(kind, flags, body) of the next packet."""
    first = (await reader.readexactly(1))[0]
    length = shift = 0
    while True:
        byte = (await reader.readexactly(1))[0]
        length |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            break
        if shift > 21:
            raise MqttError("剩余长度超过 4 字节")
    if length > MAX_PACKET:
        raise MqttError(f"报文 {length} 字节超过上限 {MAX_PACKET}")
    return first >> 4, first & 0x0F, await reader.readexactly(length)


class MqttClient:
    """One connection. `on_message` is called for each message; `acknowledge` ends the broker's duty for it."""

    def __init__(
        self,
        client_id: str,
        user: str = "",
        password: str = "",
        *,
        clean: bool = False,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.client_id, self.user, self.password, self.clean = client_id, user, password, clean
        self.tls = tls
        self.next_packet = 0
        self.acknowledged: dict[int, asyncio.Future[None]] = {}

    async def connect(self, host: str, port: int) -> None:
        """Raises `MqttError`, `OSError` or `TimeoutError`; then nothing stays open."""
        self.reader, self.writer = await asyncio.open_connection(host, port, limit=2**20, ssl=self.tls)
        try:
            await self._introduce()
        except BaseException:
            self.writer.close()
            raise

    async def _introduce(self) -> None:
        flags = (0x02 if self.clean else 0) | (0xC0 if self.user else 0)
        body = field("MQTT") + bytes([4, flags]) + struct.pack("!H", KEEP_ALIVE_S) + field(self.client_id)
        body += field(self.user) + field(self.password) if self.user else b""
        self.writer.write(packet(CONNECT, 0, body))
        async with asyncio.timeout(10):
            kind, _, answer = await read_packet(self.reader)
        if kind != CONNACK or len(answer) != 2 or answer[1]:
            raise MqttError(f"CONNACK {answer.hex()}")

    async def subscribe(self, *topics: str) -> None:
        body = struct.pack("!H", self._packet_id()) + b"".join(field(topic) + b"\x01" for topic in topics)
        self.writer.write(packet(SUBSCRIBE, 2, body))
        await self.writer.drain()

    async def publish(self, topic: str, payload: bytes) -> None:
        """QoS 1; returns when the broker has acknowledged. `run` must be running."""
        number = self._packet_id()
        waiting = self.acknowledged[number] = asyncio.get_running_loop().create_future()
        self.writer.write(packet(PUBLISH, 2, field(topic) + struct.pack("!H", number) + payload))
        await self.writer.drain()
        await waiting

    def tell(self, topic: str, payload: bytes) -> None:
        """QoS 0: nobody waits for it."""
        self.writer.write(packet(PUBLISH, 0, field(topic) + payload))

    def acknowledge(self, message: Message) -> None:
        if message.packet:
            self.writer.write(packet(PUBACK, 0, struct.pack("!H", message.packet)))

    async def run(self, on_message: Callable[[Message], Awaitable[None]] | None = None) -> None:
        """Read until the connection ends; pings by itself."""
        pinging = asyncio.create_task(self._ping())
        try:
            while True:
                kind, flags, body = await read_packet(self.reader)
                if kind == PUBLISH and on_message is not None:
                    await on_message(self._message(flags, body))
                elif kind == PUBACK:
                    waiting = self.acknowledged.pop(struct.unpack("!H", body[:2])[0], None)
                    if waiting is not None and not waiting.done():
                        waiting.set_result(None)
                elif kind == SUBACK and 0x80 in body[2:]:
                    raise MqttError("订阅被拒绝")
        finally:
            pinging.cancel()
            self.writer.close()
            for waiting in self.acknowledged.values():
                # Not cancelled: that would end the task of whoever waits, who may well want to send it again.
                if not waiting.done():
                    waiting.set_exception(MqttError("连接中断，未获确认"))

    async def close(self) -> None:
        self.writer.write(packet(DISCONNECT, 0, b""))
        self.writer.close()

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(KEEP_ALIVE_S / 2)
            self.writer.write(packet(PINGREQ, 0, b""))

    def _packet_id(self) -> int:
        self.next_packet = self.next_packet % 65535 + 1
        return self.next_packet

    def _message(self, flags: int, body: bytes) -> Message:
        length = struct.unpack("!H", body[:2])[0]
        topic = body[2 : 2 + length].decode(errors="replace")
        rest = body[2 + length :]
        if flags >> 1 & 3:
            return Message(topic, rest[2:], struct.unpack("!H", rest[:2])[0])
        return Message(topic, rest, 0)
