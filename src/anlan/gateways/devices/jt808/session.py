"""The platform's side of a JT/T 808 connection: registration, authentication, general answers."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from anlan.gateways.devices.contract import Chunk, Command, FrameError, Place, Step
from anlan.gateways.devices.jt808.codec import Frame, Jt808Framer, encode, interpret, read, readings_of, reason_of
from anlan.gateways.devices.parameters import number, text

GENERAL, SEND_AGAIN, REGISTERED, QUERY_POSITION, TRACK, TEXT = 0x8001, 0x8003, 0x8100, 0x8201, 0x8202, 0x8300
REGISTER, AUTHENTICATE = 0x0100, 0x0102
#: With a key, a terminal must show the code it got at its registration (0x0102) before anything else is taken.
KEY_ENV = "ANLAN_JT808_KEY"
#: Bounds of what one connection may keep while packets are missing.
MAX_PACKETS, MAX_OPEN = 256, 8
OK, FAILED, BAD, UNSUPPORTED, ALARM_SEEN = 0, 1, 2, 3, 4
#: Uplinks that are answered with "ok" though they carry no reading for us.
QUIET = {0x0002, 0x0003, AUTHENTICATE, 0x0702, 0x0800, 0x0801}
POSITIONS = {0x0200, 0x0704}


class Jt808Session:
    """Every uplink is answered with its own serial; positions when they are durable."""

    def __init__(self, key: str | None = None) -> None:
        self.framer = Jt808Framer()
        self.serial = 0
        self.key = os.environ.get(KEY_ENV, "") if key is None else key
        self.known: set[str] = set()
        self.parts: dict[tuple[str, int, int], dict[int, tuple[bytes, bytes]]] = {}

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
        if self.key and frame.message != REGISTER and frame.phone not in self.known:
            return self.at_the_door(frame, chunk.data)
        if frame.total > 1:
            return self.packet(frame, chunk.data)
        return self.whole(frame, chunk)

    def at_the_door(self, frame: Frame, raw: bytes) -> Step:
        """Before authentication: only the right code is let in (8.9)."""
        if frame.message == AUTHENTICATE and hmac.compare_digest(shown_code(frame), self.code(frame.phone).encode()):
            self.known.add(frame.phone)
            return Step(raw, ack=self.general(frame, OK))
        reason = "鉴权码不符" if frame.message == AUTHENTICATE else "终端未鉴权"
        return Step(raw, nak=self.general(frame, FAILED), reason=reason)

    def code(self, phone: str) -> str:
        """What a terminal is given at registration: its own number, or with a key what only we can compute."""
        return hmac.new(self.key.encode(), phone.encode(), hashlib.sha256).hexdigest()[:16] if self.key else phone

    def packet(self, frame: Frame, raw: bytes) -> Step:
        """One packet of several. Only the last is answered, when all of it is durable; what is missing is asked for."""
        if not 1 <= frame.number <= frame.total <= MAX_PACKETS:
            return Step(raw, nak=self.general(frame, BAD), reason=f"分包 {frame.number}/{frame.total} 不可能")
        key = (frame.phone, frame.message, (frame.serial - frame.number + 1) & 0xFFFF)
        parts = self.parts.setdefault(key, {})
        while len(self.parts) > MAX_OPEN:
            self.parts.pop(next(iter(self.parts)))
        parts[frame.number] = frame.body, raw
        missing = [number for number in range(1, frame.total + 1) if number not in parts]
        if not missing:
            del self.parts[key]
            body, raws = (
                b"".join(pieces) for pieces in zip(*(parts[n] for n in range(1, frame.total + 1)), strict=True)
            )
            joined = replace(frame, total=1, number=1, body=body)
            interpret(joined)
            return self.whole(joined, Chunk(raws))  # all packets: what is kept can be read again alone
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
        places = [
            Place(frame.phone, place.lon, place.lat, place.at, place.speed_km_h, float(place.direction_deg))
            for place in frame.locations
            if place.at is not None and place.fixed and not place.backfill
        ]
        return Step(chunk.data, readings_of(frame), self.answer(frame), places=places)

    def answer(self, frame: Frame) -> bytes:
        if frame.message == 0x0001 or frame.message >= 0x8000:
            return b""
        if frame.message == REGISTER:
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
        """0x8100: result and authentication code."""
        body = frame.serial.to_bytes(2, "big") + bytes([OK]) + self.code(frame.phone).encode()
        return self.send(REGISTERED, frame, body)

    def send(self, message: int, frame: Frame, body: bytes) -> bytes:
        self.serial = (self.serial + 1) & 0xFFFF
        return encode(message, frame.phone, self.serial, body, frame.is_2019)


def shown_code(frame: Frame) -> bytes:
    """0x0102: the code alone until 2013, length-prefixed with IMEI and software version behind it since 2019."""
    return frame.body[1 : 1 + frame.body[0]] if frame.is_2019 and frame.body else frame.body


COMMANDS = {
    "query": Command("查询位置"),
    "track": Command("临时位置跟踪", {"seconds": "间隔 s（0 为停止）", "minutes": "有效期 min"}),
    "text": Command("下发文本", {"text": "内容（1～200 字）"}),
}


def command(kind: str, phone: str, at: datetime, serial: int, parameters: Mapping[str, str] | None = None) -> bytes:
    """A message down. Numbers of 20 digits are of terminals of 2019. Their clock terminals take from the satellites."""
    del at
    given, is_2019 = parameters or {}, len(phone) == 20
    if not phone.isascii() or not phone.isdigit() or len(phone) not in (12, 20):
        raise FrameError(f"终端号“{phone[:24]}”应为 12 位（2013 及以前）或 20 位（2019）数字")
    if kind == "query":
        return encode(QUERY_POSITION, phone, serial, b"", is_2019)
    if kind == "track":
        every = number(given, "seconds", 0, 65_535)
        lasting = number(given, "minutes", 1, 24 * 60) * 60 if every else 0
        return encode(
            TRACK, phone, serial, every.to_bytes(2, "big") + (lasting.to_bytes(4, "big") if every else b""), is_2019
        )
    if kind == "text":
        words = text(given, "text").encode("gbk", "replace")
        # Flag: for the driver's display (bit 2); 2019 adds the kind of text (1 = notice) (table 30).
        return encode(TEXT, phone, serial, (b"\x04\x01" if is_2019 else b"\x04") + words, is_2019)
    raise FrameError(f"JT/T 808 终端没有命令 {kind}；有：{'、'.join(COMMANDS)}")
