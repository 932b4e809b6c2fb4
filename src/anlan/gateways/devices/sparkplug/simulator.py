"""A Sparkplug edge node: birth with aliases, data by alias, born again when asked. `<topic> <payload>` as gateways keep
it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from anlan.gateways.devices.sparkplug.codec import NAMESPACE, Metric, Payload, encode, topic_of


@dataclass
class Edge:
    """address: group/edge."""

    address: str
    seq: int = -1
    aliases: dict[str, int] = field(default_factory=dict)
    values: dict[str, float] = field(default_factory=dict)
    births: int = 0

    def said(self, kind: str, metrics: list[Metric], now: datetime) -> bytes:
        group, _, edge = self.address.partition("/")
        self.seq = 0 if kind == "NBIRTH" else (self.seq + 1) % 256
        body = encode(Payload(round(now.timestamp() * 1000), self.seq, metrics))
        return f"{NAMESPACE}/{group}/{kind}/{edge} ".encode() + body

    def hello(self, now: datetime) -> list[bytes]:
        self.births += 1
        metrics = [Metric(name=name, alias=self.aliases[name], value=value) for name, value in self.values.items()]
        return [self.said("NBIRTH", metrics, now)]

    def report(self, values: Mapping[str, float], now: datetime) -> list[bytes]:
        new = set(values) - set(self.aliases)
        self.values |= values
        if new:  # a metric that no birth has named needs a new birth
            self.aliases |= {name: len(self.aliases) + n for n, name in enumerate(sorted(new), 1)}
            return self.hello(now)
        return [self.said("NDATA", [Metric(alias=self.aliases[name], value=one) for name, one in values.items()], now)]

    def receive(self, data: bytes, now: datetime) -> list[bytes]:
        topic = topic_of(data.partition(b" ")[0].decode())
        return self.hello(now) if topic.kind == "NCMD" and topic.address == self.address else []

    def due(self, now: datetime) -> list[bytes]:
        del now
        return []
