"""One sender's conversation: confirmable requests are answered when their readings are durable (RFC 7252 sections 4 and 5)."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta

from anlan.gateways.devices.coap.codec import (
    ACK,
    CHANGED,
    CON,
    EMPTY,
    NON,
    RST,
    Message,
    Refused,
    read,
    readings_of,
)
from anlan.gateways.devices.contract import FrameError, Step

#: Section 4.8.2, EXCHANGE_LIFETIME: so long a number is the same message.
LIFETIME = timedelta(seconds=247)
REMEMBERED = 64


class Datagrams:
    """A datagram is a whole message: nothing is gathered."""

    buffer = b""


class CoapSession:
    def __init__(self) -> None:
        self.framer = Datagrams()
        #: When each message came first, by its number: sent again it has the same time, so that it is stored once.
        self.first: OrderedDict[int, datetime] = OrderedDict()
        self.own = 0

    def receive(self, data: bytes, now: datetime) -> list[Step]:
        try:
            message = read(data)
        except FrameError as error:
            return [Step(data, nak=reset(data), reason=str(error))]
        if message.code == EMPTY:  # section 4.3: a ping is answered with a reset
            answer = Message(RST, EMPTY, message.number).encode() if message.kind == CON else b""
            return [Step(data, ack=answer)]
        if message.code >= 0x40 or message.kind not in (CON, NON):
            return [Step(data)]  # an answer: we ask nobody
        try:
            readings = readings_of(message, self.came(message.number, now))
        except Refused as error:
            return [Step(data, nak=self.answer(message, error.code), reason=str(error))]
        return [Step(data, readings, self.answer(message, CHANGED))]

    def came(self, number: int, now: datetime) -> datetime:
        """When this message came first."""
        first = self.first.get(number)
        if first is None or not timedelta(0) <= now - first < LIFETIME:
            first = self.first[number] = now
            self.first.move_to_end(number)
            if len(self.first) > REMEMBERED:
                self.first.popitem(last=False)
        return first

    def answer(self, message: Message, code: int) -> bytes:
        """Section 5.2: on the acknowledgement, or not confirmable as the request was."""
        if message.kind == CON:
            return Message(ACK, code, message.number, message.token).encode()
        self.own = (self.own + 1) & 0xFFFF
        return Message(NON, code, self.own, message.token).encode()


def reset(data: bytes) -> bytes:
    """Section 4.2: a confirmable message that cannot be read is rejected; another version is passed over in silence."""
    if len(data) >= 4 and data[0] >> 6 == 1 and data[0] >> 4 & 3 == CON:
        return Message(RST, EMPTY, int.from_bytes(data[2:4], "big")).encode()
    return b""
