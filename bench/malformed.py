"""A million damaged frames through the conversations of every protocol with a server: none brings it down, none is kept in
memory, each is refused with a reason. Peer: undamaged frames through the same conversations."""

from __future__ import annotations

import os
import random
import resource
import time
from datetime import UTC, datetime
from typing import Any

from anlan.gateways.devices import discover
from anlan.gateways.devices.contract import DeviceProtocol

FRAMES = int(os.environ.get("ANLAN_BENCH_FRAMES", "1000000"))
NOW = datetime(2026, 3, 2, tzinfo=UTC)
SAID: dict[str, tuple[str, dict[str, float]]] = {
    "sl651": ("0012345678", {"39": 1063.25, "38": 12.6}),
    "hj212": ("010000A8900016F000169DC0", {"w01018-Rtd": 35.2}),
    "gb26875": ("11111", {"1.2.7.a3": 23.5}),
    "jt808": ("013912345678", {"lon": 106.7, "lat": 39.5, "speed": 60.0}),
    "gb28181": ("15030200001320000001", {"alarm.5": 1.0}),
    "coap": ("R1", {"t": 21.5, "rh": 40.0}),
}


def good_frames(protocol: DeviceProtocol) -> list[bytes]:
    address, values = SAID[protocol.name]
    assert protocol.device is not None
    return [frame for n in range(50) for frame in protocol.device(address).report(values, NOW)][:50]


def damaged(frame: bytes, rng: random.Random) -> bytes:
    """Bytes changed, cut off, doubled, or put before it."""
    kind, at = rng.randrange(4), rng.randrange(len(frame))
    if kind == 0:
        return frame[:at] + bytes([frame[at] ^ (1 + rng.randrange(255))]) + frame[at + 1 :]
    if kind == 1:
        return frame[: max(1, at)]
    if kind == 2:
        return frame[:at] + frame[max(0, at - 7) :]
    return rng.randbytes(rng.randrange(1, 40)) + frame


def feed(protocol: DeviceProtocol, frames: list[bytes], count: int) -> tuple[float, int, int]:
    """(frames a second, how many pieces were refused, bytes the conversation still holds)."""
    assert protocol.session is not None
    session, refused = protocol.session(), 0
    began = time.process_time()  # per core: what else runs on the machine does not count
    for n in range(count):
        for step in session.receive(frames[n % len(frames)], NOW):
            refused += bool(step.reason)
    held = len(session.framer.buffer)  # type: ignore[attr-defined]
    return count / (time.process_time() - began), refused, held


def run() -> list[dict[str, Any]]:
    rng, rows = random.Random(1), []
    protocols = [one for one in discover().values() if one.name in SAID]
    each = FRAMES // len(protocols)
    for protocol in protocols:
        good = good_frames(protocol)
        bad = [damaged(good[n % len(good)], rng) for n in range(5000)]
        rate, refused, held = feed(protocol, bad, each)
        plain, _, _ = feed(protocol, good, max(1, each // 10))
        if held > 70_000 or not refused:
            raise AssertionError(f"{protocol.name}: {held} bytes held, {refused} refused")
        rows.append(
            {
                "name": f"malformed {protocol.name}", "work": f"{each:,} damaged frames", "ours": rate, "peer": plain,
                "agreement": f"{refused:,} refused with a reason; {held} bytes held at the end",
                "peer_name": "undamaged frames", "unit": "frames/s", "ratio": rate / plain, "goal": 0.2,
                "met": rate / plain >= 0.2, "rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        )  # fmt: skip
    return rows
