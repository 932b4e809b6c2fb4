"""The centre's side of one SL 651 connection: M1/M2 reports, M3 packets, negative answers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from anlan.gateways.devices.contract import Chunk, FrameError, Step
from anlan.gateways.devices.sl651 import encode
from anlan.gateways.devices.sl651.codec import (
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
    raws: dict[int, bytes] = field(default_factory=dict)

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
        return b"" if frame.head.function == "2F" else reply(frame.head).report(frame.serial or 0, now)

    def refusal(self, data: bytes, now: datetime) -> bytes:
        """NAK with the serial, as far as the head can be trusted."""
        try:
            head = read_head(data)
            raw = data[head.head_bytes : head.head_bytes + (4 if head.ascii else 2)]
            serial = int(raw or b"0", 16) if head.ascii else int.from_bytes(raw, "big")
        except (FrameError, ValueError):
            return b""
        return reply(head).report(serial, now, NAK) if head.up else b""

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
        parts.frames[frame.packet], parts.raws[frame.packet] = frame, raw
        missing = parts.missing()
        if frame.end == ETB and missing != []:
            return Step(raw)
        if missing:
            return Step(raw, ack=reply(head).packets(parts.total, missing[0], now, NAK))
        del self.reports[key]
        whole = joined(parts)
        # all packets: what is kept can be read again alone
        raw = b"".join(parts.raws[n] for n in range(1, parts.total + 1))
        return Step(raw, readings_of(whole), reply(head).packets(parts.total, parts.total, now))

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


def reply(head: Head) -> encode.Reply:
    return encode.Reply(head.station, head.centre, head.password, head.function, head.ascii)
