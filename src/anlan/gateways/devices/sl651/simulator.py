"""An SL 651 station as the centre sees it: the four ways of working M1-M4 (6.3). Pure: bytes in, bytes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from anlan.gateways.devices.contract import FrameError
from anlan.gateways.devices.sl651 import encode
from anlan.gateways.devices.sl651.codec import ENQ, ESC, NAK, Frame, Sl651Framer, beijing, interpret, take_apart

#: A report that was not answered is sent again after this, and so often.
AGAIN = timedelta(seconds=60)
TIMES = 3
Values = Sequence[tuple[str, float | None]]
#: Without anything else to say a station keeps its line with 2F this often (recommended 40 s).
KEEP = timedelta(seconds=40)


@dataclass
class Pending:
    frames: list[bytes]
    at: datetime
    sent: int = 1


@dataclass
class Station:
    """mode: M1 reports only, M2 waits for an answer, M3 in packets, M4 only when asked. offset: its clock's error.
    ascii: it speaks the ASCII encoding. history: what it remembers, for 38H."""

    address: str
    mode: str = "M2"
    packet_bytes: int = 64
    offset: timedelta = timedelta()
    ascii: bool = False
    serial: int = 0
    values: Values = ()
    pending: dict[int, Pending] = field(default_factory=dict)
    given_up: int = 0
    history: list[tuple[datetime, Values]] = field(default_factory=list)
    spoke: datetime | None = None

    def __post_init__(self) -> None:
        self.framer = Sl651Framer()

    def hello(self, now: datetime) -> list[bytes]:
        self.spoke = now
        return [encode.keep_alive(self.address, now + self.offset)] if self.mode != "M4" and not self.ascii else []

    def report(self, values: Values | Mapping[str, float], now: datetime, function: str = "32") -> list[bytes]:
        """What it sends by itself."""
        self.values = list(values.items()) if isinstance(values, Mapping) else values
        self.history = [*self.history[-9999:], (now + self.offset, self.values)]
        self.spoke = now
        if self.mode == "M4":
            return []
        self.serial = self.serial % 65_535 + 1
        at = now + self.offset
        frame = self.made(self.values, at, function)
        frames = encode.packets(frame, self.packet_bytes) if self.mode == "M3" else [frame]
        if self.mode != "M1":
            self.pending[self.serial] = Pending(frames, now)
        return frames

    def made(self, values: Values, at: datetime, function: str) -> bytes:
        make = encode.ascii_report if self.ascii else encode.report
        return make(self.address, values, at, function=function, serial=self.serial)

    def receive(self, data: bytes, now: datetime) -> list[bytes]:
        """Its answers to what the centre says."""
        answers: list[bytes] = []
        for chunk in self.framer.feed(data):
            if chunk.reason:
                continue
            try:
                frame = take_apart(chunk.data)
                interpret(frame)
            except FrameError:
                continue
            if frame.checksum_ok and frame.head.station == self.address:
                answers += self.answer(frame, now)
        return answers

    def answer(self, frame: Frame, now: datetime) -> list[bytes]:
        if frame.end == NAK and frame.packets > 1:
            return [one.frames[frame.packet - 1] for one in list(self.pending.values())[-1:]]
        if frame.end == ESC:
            self.confirmed(frame)
            return []
        if frame.end == ENQ and frame.head.function == "4A":
            self.offset = frame.sent_at - now if frame.sent_at else self.offset
            return [self.reply("4A", (), now)]
        if frame.end == ENQ and frame.head.function == "38":
            return [self.remembered(frame, now)]
        return [self.reply(frame.head.function, self.values, now)] if frame.end == ENQ else []

    def remembered(self, frame: Frame, now: datetime) -> bytes:
        """38H: the newest value that it remembers of the period asked for."""
        start, end = (beijing(frame.parameters[n : n + 8] + "00") for n in (0, 8))
        code = f"{bytes.fromhex(frame.parameters[26:28])[0]:02X}"
        found = [
            (at, value) for at, values in self.history for one, value in values if one == code and start <= at <= end
        ]
        at, value = found[-1] if found else (start, None)
        self.serial = self.serial % 65_535 + 1
        return encode.report(self.address, [(code, value)], at, function="38", serial=self.serial, sent_at=now)

    def confirmed(self, frame: Frame) -> None:
        if frame.packets > 1 and self.pending:
            self.pending.popitem()
        elif frame.serial is not None:
            self.pending.pop(frame.serial, None)

    def reply(self, function: str, values: Values, now: datetime) -> bytes:
        self.serial = self.serial % 65_535 + 1
        return self.made(values, now + self.offset, function)

    def due(self, now: datetime) -> list[bytes]:
        """What it sends again because nobody answered."""
        silent = self.spoke is not None and now - self.spoke >= KEEP and not self.pending
        again = self.hello(now) if silent else []
        for serial, one in list(self.pending.items()):
            if now - one.at < AGAIN:
                continue
            if one.sent >= TIMES:
                del self.pending[serial]
                self.given_up += 1
                continue
            one.at, one.sent = now, one.sent + 1
            again += one.frames
        return again
