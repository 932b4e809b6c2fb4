"""A CoAP device: confirmable POSTs of SenML, sent again until they are acknowledged. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from anlan.gateways.devices.coap.codec import (
    ACK,
    CON,
    CONTENT_FORMAT,
    POST,
    RST,
    SENML,
    URI_PATH,
    Message,
    read,
)
from anlan.gateways.devices.contract import FrameError

#: Section 4.8: first wait, and how often it is doubled.
ACK_TIMEOUT, MAX_RETRANSMIT = timedelta(seconds=2), 4


@dataclass
class Sent:
    data: bytes
    at: datetime
    times: int = 0


@dataclass
class Node:
    address: str
    number: int = 0
    answered: int = 0
    waiting: dict[int, Sent] = field(default_factory=dict)

    def hello(self, now: datetime) -> list[bytes]:
        del now
        return []

    def report(self, values: Mapping[str, float], now: datetime) -> list[bytes]:
        self.number = (self.number + 1) & 0xFFFF
        records: list[dict[str, object]] = [{"n": code, "v": value} for code, value in values.items()]
        records[0]["bt"] = now.timestamp()
        path = [(URI_PATH, part.encode()) for part in ("v1", self.address, "telemetry")]
        options = (*path, (CONTENT_FORMAT, bytes([SENML])))
        token = self.number.to_bytes(2, "big")
        data = Message(CON, POST, self.number, token, options, json.dumps(records).encode()).encode()
        self.waiting[self.number] = Sent(data, now)
        return [data]

    def receive(self, data: bytes, now: datetime) -> list[bytes]:
        del now
        try:
            message = read(data)
        except FrameError:
            return []
        if message.kind in (ACK, RST) and self.waiting.pop(message.number, None) is not None:
            self.answered += message.kind == ACK
        return []

    def due(self, now: datetime) -> list[bytes]:
        again = []
        for number, sent in list(self.waiting.items()):
            if now - sent.at < ACK_TIMEOUT * 2**sent.times:
                continue
            if sent.times == MAX_RETRANSMIT:
                del self.waiting[number]
                continue
            sent.at, sent.times = now, sent.times + 1
            again.append(sent.data)
        return again
