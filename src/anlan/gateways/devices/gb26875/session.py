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
)


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
