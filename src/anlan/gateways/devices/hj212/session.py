"""The centre's side of an HJ 212 connection: data answered by 9014, packets put together."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from anlan.gateways.devices.contract import Chunk, FrameError, Reading, Step
from anlan.gateways.devices.hj212.codec import BEIJING, Hj212Framer, Message, encode, read, readings_of, reason_of

#: DataTime is the start of these; the value is known, and may alarm, only at the end.
PERIODS = {"2061": timedelta(hours=1), "2031": timedelta(days=1), "2041": timedelta(days=1)}
#: Uploads that are answered by 9013 (notice) instead of 9014 (data).
NOTICES = {"1013", "3019", "3020", "3021"}
ANSWERS = {"9011", "9012", "9013", "9014"}
#: Messages in packets whose first packet we remember.
MAX_OPEN = 16


class Hj212Session:
    """Answers with the same QN when the sender asks for it; a damaged frame is kept and not answered: it comes again."""

    def __init__(self) -> None:
        self.framer = Hj212Framer()
        self.times: dict[str, str] = {}

    def receive(self, data: bytes, now: datetime) -> list[Step]:
        del now
        return [self.step(chunk) for chunk in self.framer.feed(data)]

    def step(self, chunk: Chunk) -> Step:
        if chunk.reason:
            return Step(chunk.data, reason=chunk.reason)
        try:
            message = read(chunk.data)
        except FrameError as error:
            return Step(chunk.data, reason=str(error))
        if reason := reason_of(message):
            return Step(chunk.data, reason=reason)
        return Step(chunk.data, self.readings(message), answer(message))

    def readings(self, message: Message) -> list[Reading]:
        """For the log: the quantity with its sub-field is the element code; period values stand at the period's end."""
        if message.head["CN"] in ANSWERS:
            return []
        shift = PERIODS.get(message.head["CN"], timedelta())
        return [
            replace(reading, code=f"{reading.code}-{reading.field}", at=reading.at + shift, field="")
            for reading in readings_of(message, self.data_time(message))
        ]

    def data_time(self, message: Message) -> str:
        """Of a message in packets only the first may carry it."""
        qn = message.head.get("QN", "")
        if message.data_time:
            if message.number("PNUM") > 1:
                while len(self.times) >= MAX_OPEN:
                    self.times.pop(next(iter(self.times)))
                self.times[qn] = message.data_time
            return message.data_time
        return self.times.get(qn, "")


def answer(message: Message) -> bytes:
    """9014 (or 9013) where the sender asks for an answer, once for a message in packets."""
    head = message.head
    if not message.wants_answer or head["CN"] in ANSWERS or message.number("PNO") < message.number("PNUM"):
        return b""
    command = "9013" if head["CN"] in NOTICES else "9014"
    flag = (message.flag or 0) & ~3
    return encode(
        f"QN={head.get('QN', '')};ST=91;CN={command};PW={head.get('PW', '')};MN={head['MN']};Flag={flag};CP=&&&&"
    )


def command(kind: str, address: str, at: datetime, serial: int) -> bytes:
    """ "time": set the field unit's clock (1012); "query": real-time values now (2011). Answered by 9011 and 9012."""
    del serial
    local = at.astimezone(BEIJING)
    content = {"time": ("1012", f"SystemTime={local:%Y%m%d%H%M%S}"), "query": ("2011", "")}.get(kind)
    if content is None:
        raise FrameError(f"HJ 212 现场机没有命令 {kind}")
    number, parameters = content
    qn = f"{local:%Y%m%d%H%M%S}{local.microsecond // 1000:03d}"
    return encode(f"QN={qn};ST=32;CN={number};PW=123456;MN={address};Flag=5;CP=&&{parameters}&&")
