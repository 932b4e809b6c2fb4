"""The platform's side of a JT/T 808 connection: registration, authentication, general answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from anlan.gateways.devices.contract import Chunk, FrameError, Step
from anlan.gateways.devices.jt808.codec import Frame, Jt808Framer, encode, interpret, read, readings_of, reason_of

GENERAL, SEND_AGAIN, REGISTERED, QUERY_POSITION = 0x8001, 0x8003, 0x8100, 0x8201
#: Bounds of what one connection may keep while packets are missing.
MAX_PACKETS, MAX_OPEN = 256, 8
OK, BAD, UNSUPPORTED, ALARM_SEEN = 0, 2, 3, 4
#: Uplinks that are answered with "ok" though they carry no reading for us.
QUIET = {0x0002, 0x0003, 0x0102, 0x0702, 0x0800, 0x0801}
POSITIONS = {0x0200, 0x0704}


class Jt808Session:
    """Every uplink is answered with its own serial; positions when they are durable."""

    def __init__(self) -> None:
        self.framer = Jt808Framer()
        self.serial = 0
        self.parts: dict[tuple[str, int, int], dict[int, bytes]] = {}

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
        if frame.total > 1:
            return self.packet(frame, chunk.data)
        return self.whole(frame, chunk)

    def packet(self, frame: Frame, raw: bytes) -> Step:
        """One packet of several. Only the last is answered, when all of it is durable; what is missing is asked for."""
        if not 1 <= frame.number <= frame.total <= MAX_PACKETS:
            return Step(raw, nak=self.general(frame, BAD), reason=f"分包 {frame.number}/{frame.total} 不可能")
        key = (frame.phone, frame.message, (frame.serial - frame.number + 1) & 0xFFFF)
        parts = self.parts.setdefault(key, {})
        while len(self.parts) > MAX_OPEN:
            self.parts.pop(next(iter(self.parts)))
        parts[frame.number] = frame.body
        missing = [number for number in range(1, frame.total + 1) if number not in parts]
        if not missing:
            del self.parts[key]
            body = b"".join(parts[number] for number in range(1, frame.total + 1))
            joined = replace(frame, total=1, number=1, body=body)
            interpret(joined)
            return self.whole(joined, Chunk(raw))
        return Step(raw, ack=self.again(frame, key[2], missing) if frame.number == frame.total else b"")

    def again(self, frame: Frame, first: int, missing: list[int]) -> bytes:
        """0x8003: the serial of the first packet, and which are to be sent again."""
        numbers = b"".join(number.to_bytes(2, "big") for number in missing[:255])
        count = min(len(missing), 255)
        wide = 2 if frame.is_2019 else 1
        return self.send(SEND_AGAIN, frame, first.to_bytes(2, "big") + count.to_bytes(wide, "big") + numbers)

    def whole(self, frame: Frame, chunk: Chunk) -> Step:
        if frame.problem:
            return Step(chunk.data, nak=self.general(frame, BAD), reason=frame.problem)
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


def command(kind: str, phone: str, at: datetime, serial: int) -> bytes:
    """ "query": where are you (0x8201). Its clock a terminal takes from the satellites."""
    del at
    if kind != "query":
        raise FrameError(f"JT/T 808 终端没有命令 {kind}")
    return encode(QUERY_POSITION, phone, serial, b"")
