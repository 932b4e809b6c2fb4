"""What a host application has to know of edge nodes: names behind aliases, sequence numbers, who is alive. Pure."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from datetime import datetime

from anlan.gateways.devices.contract import FrameError, Reading
from anlan.gateways.devices.sparkplug.codec import (
    NAMESPACE,
    Metric,
    Payload,
    Topic,
    encode,
    moment,
    read,
    readings,
    topic_of,
)  # fmt: skip

#: Edge nodes remembered, and aliases of each.
MAX_NODES, MAX_ALIASES = 20_000, 50_000
#: A node is asked for a new birth at most so often, seconds.
ASK_AGAIN_S = 30.0


@dataclass
class Node:
    """One edge node since its birth."""

    seq: int = -1
    born: bool = False
    asked: datetime | None = None
    names: dict[int, str] = field(default_factory=dict)


class Host:
    """Reads messages of all edge nodes; asks for a birth where one is missing."""

    def __init__(self) -> None:
        self.nodes: OrderedDict[tuple[str, str], Node] = OrderedDict()

    def take(self, topic_text: str, data: bytes, now: datetime) -> tuple[list[Reading], list[tuple[str, bytes]]]:
        """(readings, messages to send). Raises FrameError for what cannot be read."""
        topic, payload = topic_of(topic_text), read(data)
        node = self.node(topic)
        if topic.kind in ("NCMD", "DCMD"):
            return [], []
        if topic.kind in ("NDEATH", "DDEATH"):
            return [self.alive(topic, payload, now, 0.0)], []
        lost = self.follow(node, topic, payload)
        if topic.kind in ("NBIRTH", "DBIRTH"):
            named = {one.alias: one.name for one in payload.metrics if one.alias and one.name}
            if len(node.names) + len(named) > MAX_ALIASES:
                raise FrameError(f"{topic.address} 的别名超过 {MAX_ALIASES} 个")
            node.names.update(named)
        found, unknown = readings(topic, payload, node.names, now)
        if topic.kind in ("NBIRTH", "DBIRTH"):
            found.append(self.alive(topic, payload, now, 1.0))
        return found, self.ask(node, topic, now) if lost or unknown or not node.born else []

    def spelt(self, topic_text: str, data: bytes) -> bytes:
        """The message with the names that its aliases stand for: readable without the birth."""
        topic, payload = topic_of(topic_text), read(data)
        names = self.node(topic).names
        named = [replace(one, name=one.name or names.get(one.alias, "")) for one in payload.metrics]
        return encode(replace(payload, metrics=named))

    def node(self, topic: Topic) -> Node:
        key = (topic.group, topic.edge)
        node = self.nodes.setdefault(key, Node())
        self.nodes.move_to_end(key)
        if len(self.nodes) > MAX_NODES:
            self.nodes.popitem(last=False)
        return node

    def follow(self, node: Node, topic: Topic, payload: Payload) -> bool:
        """Keep the sequence number (0-255, 6.4.4); whether one is missing."""
        if topic.kind == "NBIRTH":
            node.born, node.seq, node.names, node.asked = True, payload.seq, {}, None
            return False
        lost = node.born and payload.seq not in (node.seq, (node.seq + 1) % 256)
        node.seq = payload.seq
        return lost

    def alive(self, topic: Topic, payload: Payload, now: datetime, value: float) -> Reading:
        at = now if topic.kind == "NDEATH" else moment(payload.at_ms, now)
        return Reading(topic.address, "online", value, "", at)

    def ask(self, node: Node, topic: Topic, now: datetime) -> list[tuple[str, bytes]]:
        """A command for a new birth (6.4.2)."""
        if node.asked is not None and abs((now - node.asked).total_seconds()) < ASK_AGAIN_S:
            return []
        node.asked = now
        metric = Metric(name="Node Control/Rebirth", value=True)
        body = encode(Payload(round(now.timestamp() * 1000), 0, [metric]))
        return [(f"{NAMESPACE}/{topic.group}/NCMD/{topic.edge}", body)]


def readings_of(raw: bytes, now: datetime) -> list[Reading]:
    """Readings of a kept message, `<topic> <payload>`; what only a birth could explain stays out."""
    topic, _, payload = raw.partition(b" ")
    return Host().take(topic.decode(errors="replace"), payload, now)[0]
