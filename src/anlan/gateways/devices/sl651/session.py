"""The centre's side of one SL 651 connection: M1/M2 reports, M3 packets, negative answers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from anlan.gateways.devices.contract import Chunk, FrameError, Step
from anlan.gateways.devices.sl651 import encode
from anlan.gateways.devices.sl651.codec import (
    ESC,
    ETB,
    NAK,
    Frame,
    Head,
    Sl651Framer,
    interpret,
    read_head,
    readings_of,
    reason_of,
    take_apart,
)  # fmt: skip

#: Bounds of what one connection may keep while packets of one report are missing.
MAX_PACKETS, MAX_REPORTS = 512, 4


@dataclass
class Parts:
    """Packets of one M3 report so far."""

    total: int
    frames: dict[int, Frame] = field(default_factory=dict)

    def missing(self) -> list[int]:
        return [n for n in range(1, self.total + 1) if n not in self.frames]


class Sl651Session:
    """Answers M2 reports one by one and M3 reports once; 2F is not answered; damaged frames get NAK."""

    def __init__(self) -> None:
        self.framer = Sl651Framer()
        self.reports: dict[tuple[str, str], Parts] = {}

    def receive(self, data: bytes, now: datetime) -> list[Step]:
        return [self.step(chunk, now) for chunk in self.framer.feed(data)]

    def step(self, chunk: Chunk, now: datetime) -> Step:
        if chunk.reason:
            return Step(chunk.data, reason=chunk.reason)
        try:
            frame = take_apart(chunk.data)
            interpret(frame)
        except FrameError as error:
            return Step(chunk.data, reason=str(error), nak=self.refusal(chunk.data, now))
        reason = reason_of(frame, len(chunk.data))
        if reason and not (frame.length_ok and frame.checksum_ok):
            return Step(chunk.data, reason=reason, nak=self.refusal(chunk.data, now))
        if not frame.head.up:
            return Step(chunk.data, reason="中心站端口收到下行帧")
        if frame.packets > 1:
            return self.packet(frame, chunk.data, now)
        return Step(chunk.data, readings_of(frame), self.answer(frame, now), reason=reason or "")

    def answer(self, frame: Frame, now: datetime) -> bytes:
        head = frame.head
        if head.function == "2F" or head.ascii:
            return b"" if head.function == "2F" else ascii_answer(frame, now)
        return encode.acknowledge(head.station, head.centre, head.password, head.function, frame.serial or 0, now, ESC)

    def refusal(self, data: bytes, now: datetime) -> bytes:
        try:
            head = read_head(data)
        except FrameError:
            return b""
        if head.ascii or not head.up:
            return b""
        body = data[head.head_bytes : head.head_bytes + 2]
        serial = int.from_bytes(body, "big") if len(body) == 2 else 0
        return encode.acknowledge(head.station, head.centre, head.password, head.function, serial, now, NAK)

    def packet(self, frame: Frame, raw: bytes, now: datetime) -> Step:
        """One packet of several: quiet until the last, then one answer, or the number that is missing."""
        head = frame.head
        key = (head.station, head.function)
        if frame.packets > MAX_PACKETS:
            return Step(raw, reason=f"包总数 {frame.packets} 超过上限 {MAX_PACKETS}")
        known = self.reports.get(key)
        # Packet 1 begins a new report, unless it is the one that we asked for again.
        if known is None or known.total != frame.packets or (frame.packet == 1 and 1 in known.frames):
            self.make_room()
            self.reports[key] = Parts(frame.packets)
        parts = self.reports[key]
        parts.frames[frame.packet] = frame
        missing = parts.missing()
        if frame.end == ETB and missing != []:
            return Step(raw)
        if missing:
            return Step(raw, ack=self.packets_answer(head, parts.total, missing[0], now, NAK))
        del self.reports[key]
        whole = joined(parts)
        return Step(raw, readings_of(whole), self.packets_answer(head, parts.total, parts.total, now, ESC))

    def packets_answer(self, head: Head, total: int, number: int, now: datetime, end: int) -> bytes:
        return encode.acknowledge_packets(
            head.station, head.centre, head.password, head.function, total, number, now, end
        )

    def make_room(self) -> None:
        while len(self.reports) >= MAX_REPORTS:
            self.reports.pop(next(iter(self.reports)))


def joined(parts: Parts) -> Frame:
    """The report that the packets make together."""
    first = parts.frames[1]
    body = b"".join(parts.frames[n].body for n in range(1, parts.total + 1))
    whole = replace(first, body=body, packets=1, packet=1)
    interpret(whole)
    return whole


def ascii_answer(frame: Frame, now: datetime) -> bytes:
    head = frame.head
    body = f"{frame.serial or 0:04X}" + encode.stamp(now).hex()
    text = f"{head.station}{head.centre:02X}{head.password}{head.function}8{len(body):03X}"
    return encode.with_ascii_crc(b"\x01" + text.encode() + b"\x02" + body.encode() + bytes([ESC]))
