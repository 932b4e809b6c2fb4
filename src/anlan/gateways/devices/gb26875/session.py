"""The centre's side of a GB/T 26875.3 connection: 确认 when durable, 否认 when damaged."""

from __future__ import annotations

from datetime import datetime

from anlan.gateways.devices.contract import Chunk, FrameError, Step
from anlan.gateways.devices.gb26875.codec import (
    CONFIRM,
    DENY,
    SEND,
    Gb26875Framer,
    encode,
    read,
    readings_of,
    reason_of,
    time_tag,
)

CONTROL = 1


class Gb26875Session:
    """Answers 发送数据 with the sender's serial and the addresses turned round."""

    def __init__(self) -> None:
        self.framer = Gb26875Framer()

    def receive(self, data: bytes, now: datetime) -> list[Step]:
        return [self.step(chunk, now) for chunk in self.framer.feed(data)]

    def step(self, chunk: Chunk, now: datetime) -> Step:
        if chunk.reason:
            return Step(chunk.data, reason=chunk.reason)
        try:
            frame = read(chunk.data)
        except FrameError as error:
            return Step(chunk.data, reason=str(error))

        def answer(command: int) -> bytes:
            return encode(frame.serial, now, frame.destination, frame.source, command)

        if reason := reason_of(frame):
            return Step(chunk.data, nak=answer(DENY), reason=reason)
        if frame.command != SEND:
            return Step(chunk.data)
        return Step(chunk.data, readings_of(frame), answer(CONFIRM))


def command(kind: str, address: str, at: datetime, serial: int) -> bytes:
    """ "time": set the transmitter's clock (type 90); "query": its running state (type 81). Control command 1."""
    if not address.isascii() or not address.isdigit():
        raise FrameError(f"用户信息传输装置地址 {address!r} 应为十进制数")
    bodies = {"time": bytes([90, 1]) + time_tag(at), "query": bytes([81, 1, 0])}
    if kind not in bodies:
        raise FrameError(f"用户信息传输装置没有命令 {kind}")
    return encode(serial, at, 1, int(address), CONTROL, bodies[kind])
