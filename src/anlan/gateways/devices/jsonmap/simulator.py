"""A counterpart's HTTP server with the newest values of its equipment, as the mapping `major_hazard` reads them. Pure: bytes of
requests in, bytes of answers out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from anlan.gateways.devices.jsonmap.codec import encode

END, MOST_BYTES = b"\r\n\r\n", 16_384


@dataclass
class Feed:
    """address: equipment codes, separated by commas; every one has the same values."""

    address: str = "T-101"
    rows: list[tuple[str, str, float, datetime]] = field(default_factory=list)
    waiting: bytes = b""

    def hello(self, now: datetime) -> list[bytes]:
        del now
        return []

    def report(self, values: Mapping[str, float], now: datetime) -> list[bytes]:
        """What is answered from now on; it says nothing by itself."""
        self.rows = [
            (equipment, code, value, now) for equipment in self.address.split(",") for code, value in values.items()
        ]
        return []

    def receive(self, data: bytes, now: datetime) -> list[bytes]:
        """An answer for each whole request head."""
        del now
        *heads, self.waiting = (self.waiting + data).split(END)
        self.waiting = self.waiting[-MOST_BYTES:]
        return [self.answer(head) for head in heads]

    def answer(self, head: bytes) -> bytes:
        if not head.startswith((b"GET ", b"HEAD ")):
            return b"HTTP/1.1 405 Method Not Allowed\r\nAllow: GET\r\nContent-Length: 0\r\n\r\n"
        body = encode(self.rows)
        said = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        return said + (body if head.startswith(b"GET ") else b"")

    def due(self, now: datetime) -> list[bytes]:
        del now
        return []
