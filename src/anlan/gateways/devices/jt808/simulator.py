"""A vehicle terminal as the platform sees it: registration, authentication, positions, blind areas in packets. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from anlan.gateways.devices.contract import FrameError
from anlan.gateways.devices.jt808.codec import BEIJING, Frame, Jt808Framer, encode, encode_packets, read, reason_of

HEARTBEAT = timedelta(seconds=60)
AGAIN, TIMES = timedelta(seconds=10), 3
FIXED = 0b11  # ACC on, position fixed


@dataclass
class Terminal:
    """phone: 12 digits speak the version of 2013, 20 digits that of 2019."""

    phone: str
    plate: str = "蒙C12345"
    serial: int = 0
    code: str = ""
    signed_in: bool = False
    refused: int = 0
    place: Mapping[str, float] = field(default_factory=dict)
    pending: dict[int, tuple[bytes, datetime, int]] = field(default_factory=dict)
    packets: dict[int, list[bytes]] = field(default_factory=dict)
    heard: list[int] = field(default_factory=list)
    given_up: int = 0
    beat: datetime | None = None

    def __post_init__(self) -> None:
        self.framer = Jt808Framer()

    @property
    def is_2019(self) -> bool:
        return len(self.phone) == 20

    def send(self, message: int, body: bytes, now: datetime, wait: bool = False) -> bytes:
        self.serial = (self.serial + 1) & 0xFFFF
        self.beat = now
        frame = encode(message, self.phone, self.serial, body, self.is_2019)
        if wait:
            self.pending[self.serial] = (frame, now, 1)
        return frame

    def hello(self, now: datetime) -> list[bytes]:
        """0x0100: registration, or 0x0102 with the code it was given before."""
        self.signed_in = False
        return [self.authenticate(now) if self.code else self.register(now)]

    def register(self, now: datetime) -> bytes:
        maker, model, own = (11, 30, 30) if self.is_2019 else (5, 20, 7)
        texts = b"ANLAN".ljust(maker, b"\0") + b"SIM".ljust(model, b"\0") + self.phone[-7:].encode().ljust(own, b"\0")
        return self.send(0x0100, bytes([0, 15, 0, 3]) + texts + b"\x01" + self.plate.encode("gbk"), now)

    def authenticate(self, now: datetime) -> bytes:
        code = self.code.encode()
        body = bytes([len(code)]) + code + bytes(35) if self.is_2019 else code
        return self.send(0x0102, body, now)

    def report(self, values: Mapping[str, float], now: datetime) -> list[bytes]:
        """0x0200 out of lon, lat, altitude, speed, direction, alarm."""
        self.place = values
        return [self.send(0x0200, location(values, now), now, wait=True)]

    def blind_area(self, points: Sequence[tuple[datetime, Mapping[str, float]]], now: datetime) -> list[bytes]:
        """0x0704 of kind 1, in packets where it is long."""
        parts = [location(values, at) for at, values in points]
        body = len(parts).to_bytes(2, "big") + b"\x01" + b"".join(len(one).to_bytes(2, "big") + one for one in parts)
        if len(body) <= 1000:
            return [self.send(0x0704, body, now, wait=True)]
        first = (self.serial + 1) & 0xFFFF
        self.packets[first] = encode_packets(0x0704, self.phone, first, body, self.is_2019)
        self.serial = (self.serial + len(self.packets[first])) & 0xFFFF
        return list(self.packets[first])

    def receive(self, data: bytes, now: datetime) -> list[bytes]:
        answers: list[bytes] = []
        for chunk in self.framer.feed(data):
            try:
                frame = read(chunk.data)
            except FrameError:
                continue
            if not chunk.reason and reason_of(frame) is None and frame.phone == self.phone:
                answers += self.answer(frame, now)
        return answers

    def answer(self, frame: Frame, now: datetime) -> list[bytes]:
        self.heard.append(frame.message)
        body = frame.body
        if frame.message == 0x8100:
            self.code = body[3:].decode("gbk", "replace") if body[2:3] == b"\0" else ""
            return [self.authenticate(now)] if self.code else []
        if frame.message == 0x8001:
            return self.answered(int.from_bytes(body[:2], "big"), int.from_bytes(body[2:4], "big"), body[4], now)
        if frame.message == 0x8003:
            first, wide = int.from_bytes(body[:2], "big"), 2 if self.is_2019 else 1
            numbers = body[2 + wide :]
            wanted = [int.from_bytes(numbers[n : n + 2], "big") for n in range(0, len(numbers), 2)]
            known = self.packets.get(first, [])
            return [known[number - 1] for number in wanted if 0 < number <= len(known)]
        if frame.message == 0x8201:
            return [self.send(0x0201, frame.serial.to_bytes(2, "big") + location(self.place, now), now)]
        general = frame.serial.to_bytes(2, "big") + frame.message.to_bytes(2, "big") + b"\0"
        return [self.send(0x0001, general, now)]

    def answered(self, serial: int, message: int, result: int, now: datetime) -> list[bytes]:
        self.pending.pop(serial, None)
        self.refused += result not in (0, 4)
        if message != 0x0102:
            return []
        self.signed_in = result == 0
        if self.signed_in:
            return []
        self.code = ""  # what we were given is not known any more: register anew
        return [self.register(now)]

    def due(self, now: datetime) -> list[bytes]:
        again = [self.send(0x0002, b"", now)] if self.beat is not None and now - self.beat >= HEARTBEAT else []
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


def location(values: Mapping[str, float], at: datetime) -> bytes:
    """Basic position (table 23): signs in status bits 2 (south) and 3 (west)."""
    lat, lon = values.get("lat", 0.0), values.get("lon", 0.0)
    status = FIXED | (lat < 0) << 2 | (lon < 0) << 3
    words = (round(values.get("alarm", 0)), status, round(abs(lat) * 1e6), round(abs(lon) * 1e6))
    halves = (values.get("altitude", 0.0), values.get("speed", 0.0) * 10, values.get("direction", 0.0))
    body = b"".join(word.to_bytes(4, "big") for word in words)
    body += b"".join(max(0, round(half)).to_bytes(2, "big") for half in halves)
    return body + bytes.fromhex(f"{at.astimezone(BEIJING):%y%m%d%H%M%S}")
