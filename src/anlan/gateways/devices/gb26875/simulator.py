"""A user information transmitter (用户信息传输装置) as the centre sees it: states and analog values, confirm, commands. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from anlan.gateways.devices.contract import FrameError
from anlan.gateways.devices.gb26875.codec import (
    CONFIRM,
    DENY,
    SEND,
    Frame,
    Gb26875Framer,
    encode,
    moment,
    read,
    reason_of,
    time_tag,
)  # fmt: skip
from anlan.gateways.devices.gb26875.session import CONTROL
from anlan.gateways.devices.gb26875.tables import ANALOGS

#: 7.3: answered within 10 s, sent again three times.
AGAIN, TIMES = timedelta(seconds=10), 3
REQUEST, ANSWER = 4, 5
STATES = {"fire": 1, "fault": 2}


@dataclass
class Transmitter:
    address: str
    centre: int = 1
    serial: int = 0
    offset: timedelta = timedelta()
    pending: dict[int, tuple[bytes, datetime, int]] = field(default_factory=dict)
    denied: int = 0
    given_up: int = 0
    inspected: int = 0

    def __post_init__(self) -> None:
        self.framer = Gb26875Framer()

    def hello(self, now: datetime) -> list[bytes]:
        """It runs normally (type 21)."""
        return [self.send(bytes([21, 1, 1]) + time_tag(now + self.offset), now)]

    def report(self, values: Mapping[str, float], now: datetime) -> list[bytes]:
        """Element codes as our gateway names them: `1.2.fire`, `1.2.7.fault`, `1.2.7.a3`."""
        return [self.send(self.body(code, value, now), now) for code, value in values.items()]

    def body(self, code: str, value: float, now: datetime) -> bytes:
        *place, what = code.split(".")
        if not all(part.isdigit() for part in place) or len(place) not in (2, 3):
            raise FrameError(f"要素码“{code}”应为 系统.地址[.部件].fire|fault|a<模拟量>")
        system, address, *part = (int(one) for one in place)
        head, tag = bytes([system, address]), time_tag(now + self.offset)
        where = head + b"\0" + (part[0] if part else 0).to_bytes(4, "little")
        if what in STATES:
            state = (1 | round(value) << STATES[what]).to_bytes(2, "little")
            return bytes([2, 1]) + where + state + bytes(31) + tag if part else bytes([1, 1]) + head + state + tag
        kind = int(what[1:]) if what[:1] == "a" and what[1:].isdigit() else -1
        if kind not in ANALOGS:
            raise FrameError(f"要素码“{code}”应以 fire、fault 或 a{min(ANALOGS)}～a{max(ANALOGS)} 结尾")
        raw = round(value / ANALOGS[kind][2]).to_bytes(2, "little", signed=True)
        return bytes([3, 1]) + where + bytes([kind]) + raw + tag

    def send(self, data: bytes, now: datetime, command: int = SEND) -> bytes:
        self.serial = self.serial % 65_535 + 1
        frame = encode(self.serial, now + self.offset, int(self.address), self.centre, command, data)
        if command == SEND:
            self.pending[self.serial] = (frame, now, 1)
        return frame

    def receive(self, data: bytes, now: datetime) -> list[bytes]:
        answers: list[bytes] = []
        for chunk in self.framer.feed(data):
            try:
                frame = read(chunk.data)
            except FrameError:
                continue
            if not chunk.reason and reason_of(frame) is None and frame.destination == int(self.address):
                answers += self.answer(frame, now)
        return answers

    def answer(self, frame: Frame, now: datetime) -> list[bytes]:
        if frame.command in (CONFIRM, DENY):
            self.denied += frame.command == DENY
            if frame.command == CONFIRM:
                self.pending.pop(frame.serial, None)
            return []
        if frame.command not in (CONTROL, REQUEST):
            return []
        confirm = encode(frame.serial, now, int(self.address), frame.source, CONFIRM)
        if frame.kind == 90:
            said = moment(frame.data[2:8])
            self.offset = said - now if said else self.offset
        if frame.kind == 91:  # 查岗: somebody at the transmitter presses the button (operation bit 5)
            self.inspected += 1
            return [confirm, self.send(bytes([24, 1, 1 << 5, 1]) + time_tag(now + self.offset), now)]
        if frame.kind == 81:
            return [confirm, self.send(bytes([21, 1, 1]) + time_tag(now + self.offset), now)]
        return [confirm]

    def due(self, now: datetime) -> list[bytes]:
        again: list[bytes] = []
        for serial, (frame, at, sent) in list(self.pending.items()):
            if now - at < AGAIN:
                continue
            if sent > TIMES:
                del self.pending[serial]
                self.given_up += 1
                continue
            self.pending[serial] = (frame, now, sent + 1)
            again.append(frame)
        return again
