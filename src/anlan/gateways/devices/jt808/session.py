"""The platform's side of a JT/T 808 connection: registration, authentication, general answers."""

from __future__ import annotations

from datetime import datetime

from anlan.gateways.devices.contract import Chunk, FrameError, Step
from anlan.gateways.devices.jt808.codec import Frame, Jt808Framer, encode, read, readings_of, reason_of

GENERAL, REGISTERED = 0x8001, 0x8100
OK, BAD, UNSUPPORTED, ALARM_SEEN = 0, 2, 3, 4
#: Uplinks that are answered with "ok" though they carry no reading for us.
QUIET = {0x0002, 0x0003, 0x0102, 0x0702, 0x0800, 0x0801}
POSITIONS = {0x0200, 0x0704}


class Jt808Session:
    """Every uplink is answered with its own serial; positions when they are durable."""

    def __init__(self) -> None:
        self.framer = Jt808Framer()
        self.serial = 0

    def receive(self, data: bytes, now: datetime) -> list[Step]:
        del now
        return [self.step(chunk) for chunk in self.framer.feed(data)]

    def step(self, chunk: Chunk) -> Step:
        if chunk.reason:
            return Step(chunk.data, reason=chunk.reason)
        try:
            frame = read(chunk.data)
        except FrameError as error:
            return Step(chunk.data, reason=str(error))
        if reason := reason_of(frame):
            return Step(chunk.data, nak=self.general(frame, BAD), reason=reason)
        if impossible := [place for place in frame.locations if not place.possible]:
            reason = f"经纬度 {impossible[0].lon},{impossible[0].lat} 超出范围（经度 ±180°，纬度 ±90°）"
            return Step(chunk.data, nak=self.general(frame, BAD), reason=reason)
        return Step(chunk.data, readings_of(frame), self.answer(frame))

    def answer(self, frame: Frame) -> bytes:
        if frame.message == 0x0001 or frame.message >= 0x8000:
            return b""
        if frame.message == 0x0100:
            return self.registered(frame)
        if frame.message in POSITIONS:
            urgent = any(place.alarm & 1 for place in frame.locations)
            return self.general(frame, ALARM_SEEN if urgent else OK)
        return self.general(frame, OK if frame.message in QUIET else UNSUPPORTED)

    def general(self, frame: Frame, result: int) -> bytes:
        """0x8001: the serial and the id that are answered, and the result."""
        body = frame.serial.to_bytes(2, "big") + frame.message.to_bytes(2, "big") + bytes([result])
        return self.send(GENERAL, frame, body)

    def registered(self, frame: Frame) -> bytes:
        """0x8100: the authentication code is the terminal's own number; who may connect is the network's matter."""
        return self.send(REGISTERED, frame, frame.serial.to_bytes(2, "big") + bytes([OK]) + frame.phone.encode())

    def send(self, message: int, frame: Frame, body: bytes) -> bytes:
        self.serial = (self.serial + 1) & 0xFFFF
        return encode(message, frame.phone, self.serial, body, frame.is_2019)
