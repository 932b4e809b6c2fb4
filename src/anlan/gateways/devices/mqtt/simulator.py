"""An MQTT device: JSON on its own topic. What it says is `<topic> <payload>`, as gateways keep it. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass
class Sensor:
    """senml: it sends RFC 8428 instead of our own shape."""

    address: str
    senml: bool = False

    def hello(self, now: datetime) -> list[bytes]:
        del now
        return []

    def report(self, values: Mapping[str, float], now: datetime) -> list[bytes]:
        said: object = {"at": now.isoformat(), "values": dict(values)}
        if self.senml:
            records: list[dict[str, object]] = [{"n": code, "v": value} for code, value in values.items()]
            records[0] |= {"bt": now.timestamp()}
            said = records
        return [f"v1/{self.address}/telemetry {json.dumps(said)}".encode()]

    def receive(self, data: bytes, now: datetime) -> list[bytes]:
        del data, now
        return []

    def due(self, now: datetime) -> list[bytes]:
        del now
        return []
