"""The centre's side of a GB/T 26875.3 connection: 确认 when durable, 否认 when damaged."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from anlan.gateways.devices.contract import Chunk, Command, FrameError, Step
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
from anlan.gateways.devices.parameters import number

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


COMMANDS = {
    "time": Command("同步传输装置时钟"),
    "query": Command("读传输装置运行状态"),
    "inspect": Command("查岗", {"minutes": "应答时限 min（1～10，待核对）"}),
    "system": Command("读设施系统状态", {"system": "系统类型", "address": "系统地址"}),
    "initialise": Command("初始化传输装置"),
}


def command(kind: str, address: str, at: datetime, serial: int, parameters: Mapping[str, str] | None = None) -> bytes:
    """A control command (1): types 90 clock, 81 running state, 91 查岗, 61 state of a system, 89 initialise (table 5)."""
    if not address.isascii() or not address.isdigit() or int(address) >= 1 << 48:
        raise FrameError(f"用户信息传输装置地址 {address[:20]!r} 应为十进制数")
    if kind not in COMMANDS:
        raise FrameError(f"用户信息传输装置没有命令 {kind}；有：{'、'.join(COMMANDS)}")
    return encode(serial, at, 1, int(address), CONTROL, body_of(kind, at, parameters or {}))


def body_of(kind: str, at: datetime, given: Mapping[str, str]) -> bytes:
    if kind == "time":
        return bytes([90, 1]) + time_tag(at)
    if kind == "inspect":
        return bytes([91, 1, number(given, "minutes", 1, 10, 1)])
    if kind == "system":
        return bytes([61, 1, number(given, "system", 0, 255), number(given, "address", 0, 255)])
    return bytes([81 if kind == "query" else 89, 1, 0])
