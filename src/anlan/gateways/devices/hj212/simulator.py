"""An HJ 212 field unit (数采仪) as the centre sees it: reports, 9014, commands answered by 9011 and 9012, history. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from anlan.gateways.devices.contract import FrameError
from anlan.gateways.devices.hj212.codec import BEIJING, Hj212Framer, Message, encode, moment, read, reason_of

#: 6.4.3: an answer is waited for so long, and the report sent again so often.
AGAIN, TIMES = timedelta(seconds=10), 3
HISTORY = {"2051": timedelta(minutes=10), "2061": timedelta(hours=1), "2031": timedelta(days=1)}


@dataclass
class Pending:
    frames: list[bytes]
    at: datetime
    sent: int = 1


@dataclass
class FieldUnit:
    """segment: longest segment before a report is sent in packets (the standard's 1024)."""

    address: str
    kind: str = "32"
    password: str = "123456"  # noqa: S105 - the protocol's own field, default of the field's devices
    segment: int = 1024
    offset: timedelta = timedelta()
    pending: dict[str, Pending] = field(default_factory=dict)
    history: list[tuple[datetime, dict[str, float]]] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    given_up: int = 0

    def __post_init__(self) -> None:
        self.framer = Hj212Framer()
        self.last = 0

    def hello(self, now: datetime) -> list[bytes]:
        del now
        return []

    def number(self, now: datetime) -> str:
        """A QN that was not used before."""
        self.last = max(self.last + 1, int(f"{now.astimezone(BEIJING):%Y%m%d%H%M%S}{now.microsecond // 1000:03d}"))
        return str(self.last)

    def report(self, values: Mapping[str, float], now: datetime) -> list[bytes]:
        """2011: real-time values; element codes as `w01018` or `w01018-Rtd`."""
        self.history = [*self.history[-9999:], (now + self.offset, dict(values))]
        qn = self.number(now)
        frames = self.data(qn, "2011", now + self.offset, values, "Rtd")
        self.pending[qn] = Pending(frames, now)
        return frames

    def data(self, qn: str, command: str, at: datetime, values: Mapping[str, float], field_: str) -> list[bytes]:
        items = [f"{code if '-' in code else f'{code}-{field_}'}={value:g}" for code, value in values.items()]
        first = f"DataTime={at.astimezone(BEIJING):%Y%m%d%H%M%S}"
        groups: list[list[str]] = [[first]]
        room = self.segment - 120
        for item in items:
            if sum(len(one) + 1 for one in groups[-1]) + len(item) + 10 > room:
                groups.append([])
            groups[-1].append(f"{item},{item.rpartition('-')[0]}-Flag=N")
        head = f"QN={qn};ST={self.kind};CN={command};PW={self.password};MN={self.address}"
        if len(groups) == 1:
            return [encode(f"{head};Flag=5;CP=&&{';'.join(groups[0])}&&")]
        return [
            encode(f"{head};Flag=7;PNUM={len(groups)};PNO={number};CP=&&{';'.join(group)}&&")
            for number, group in enumerate(groups, 1)
        ]

    def receive(self, data: bytes, now: datetime) -> list[bytes]:
        answers: list[bytes] = []
        for chunk in self.framer.feed(data):
            try:
                message = read(chunk.data)
            except FrameError:
                continue
            if not chunk.reason and reason_of(message) is None and message.head.get("MN") == self.address:
                answers += self.answer(message, now)
        return answers

    def answer(self, message: Message, now: datetime) -> list[bytes]:
        command, qn = message.head["CN"], message.head.get("QN", "")
        if command in ("9014", "9013"):
            self.pending.pop(qn, None)
            return []
        self.done.append(command)
        if command == "1012":
            said = moment(message.items.get("SystemTime", {}).get("", ""))
            self.offset = said - now if said else self.offset
        return [self.reply(qn, "9011", "QnRtn=1"), *self.results(message, now), self.reply(qn, "9012", "ExeRtn=1")]

    def reply(self, qn: str, command: str, content: str) -> bytes:
        head = f"QN={qn};ST=91;CN={command};PW={self.password};MN={self.address};Flag=4"
        return encode(f"{head};CP=&&{content}&&")

    def results(self, message: Message, now: datetime) -> list[bytes]:
        """What a question is answered with, between 9011 and 9012."""
        command, qn = message.head["CN"], message.head.get("QN", "")
        if command == "2011" and self.history:
            return self.data(qn, "2011", now + self.offset, self.history[-1][1], "Rtd")
        if command not in HISTORY:
            return []
        span = [moment(message.items.get(name, {}).get("", "")) for name in ("BeginTime", "EndTime")]
        return [
            frame
            for at, values in self.history
            if span[0] and span[1] and span[0] <= at <= span[1]
            for frame in self.data(qn, command, at, values, "Avg")
        ]

    def due(self, now: datetime) -> list[bytes]:
        again: list[bytes] = []
        for qn, one in list(self.pending.items()):
            if now - one.at < AGAIN:
                continue
            if one.sent >= TIMES:
                del self.pending[qn]
                self.given_up += 1
                continue
            one.at, one.sent = now, one.sent + 1
            again += one.frames
        return again
