"""A TAK client's connection: its positions in, pings answered."""

from __future__ import annotations

import os
from datetime import datetime
from ipaddress import ip_address, ip_network

from anlan.gateways.devices.contract import Chunk, FrameError, Step
from anlan.gateways.devices.cot.codec import PING, CotFramer, place_of, pong, read, sketch_of

#: CoT over TCP knows no password: who may connect is said by address (networks with commas between).
ALLOW_ENV, HERE = "ANLAN_COT_ALLOW", "127.0.0.0/8,::1/128"


def admits(peer: str) -> bool:
    """Whether somebody at `address:port` may connect."""
    try:
        address = ip_address(peer.rpartition(":")[0].strip("[]").partition("%")[0])
        networks = [ip_network(part.strip()) for part in os.environ.get(ALLOW_ENV, HERE).split(",") if part.strip()]
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in network for network in networks)


class CotSession:
    """Pure: the time is passed in."""

    def __init__(self) -> None:
        self.framer = CotFramer()

    def receive(self, data: bytes, now: datetime) -> list[Step]:
        return [self.step(chunk, now) for chunk in self.framer.feed(data)]

    def step(self, chunk: Chunk, now: datetime) -> Step:
        if chunk.reason:
            return Step(chunk.data, reason=chunk.reason)
        try:
            one = read(chunk.data)
        except FrameError as error:
            return Step(chunk.data, reason=str(error))
        if one.type == PING:
            return Step(chunk.data, ack=pong(now))
        place, sketch = place_of(one), sketch_of(one)
        return Step(chunk.data, places=[place] if place else [], sketches=[sketch] if sketch else [])
