"""The durable log of readings: how a batch is laid out in bytes, and where it lies in JetStream.

A batch is columns, not rows, so that a thousand readings are four array copies on either side. The log is the point
of no loss: a gateway acknowledges to a device when JetStream has acknowledged the batch, a worker acknowledges to
JetStream when PostgreSQL has committed it.
"""

from __future__ import annotations

import logging
import os
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import nats
import numpy as np
from nats.aio.client import Client
from numpy.typing import NDArray

log = logging.getLogger(__name__)

STREAM = "OBS"
SUBJECTS = "obs.>"
QUARANTINE_STREAM = "QUARANTINE"
QUARANTINE_SUBJECTS = "quarantine.>"
#: Fixed: a datastream's partition is its id modulo this, so that workers can share the log without moving state.
PARTITIONS = 16
#: How long the log keeps what everybody has read, seconds.
KEEP_S = 3 * 24 * 3600
#: A repeat with the same Nats-Msg-Id inside this window is dropped by the log itself; later ones by the primary key.
DUPLICATE_WINDOW_S = 120

MAGIC, VERSION = b"ANLB", 1
HEAD = struct.Struct("<4sBBHIq")
ROW_BYTES = 4 + 8 + 8 + 2

#: Quality of a reading: usable, or why not. Only GOOD may raise an alarm.
GOOD, NO_DATA, OUT_OF_RANGE, SUSPECT, MAINTENANCE, FAULT = range(6)
QUALITY_OF_FLAG = {
    "N": GOOD,
    "T": OUT_OF_RANGE,
    "M": MAINTENANCE,
    "C": MAINTENANCE,
    "S": MAINTENANCE,
    "D": FAULT,
    "B": FAULT,
    "F": FAULT,
}


def servers(url: str) -> list[str]:
    """The log's servers: `ANLAN_NATS_URL` may name all nodes of a cluster, separated by commas."""
    return [one.strip() for one in url.split(",") if one.strip()]


#: How soon a broken connection is tried again, s.
AGAIN_S = 0.2


async def connect(url: str, broke: Callable[[], Awaitable[None]] | None = None) -> Client:
    """A connection that comes back by itself, however long the log is away; `broke` is called when it is gone."""
    return await nats.connect(
        servers(url),
        max_reconnect_attempts=-1,
        reconnect_time_wait=AGAIN_S,
        error_cb=told_once(),
        disconnected_cb=broke,
    )


def told_once() -> Callable[[Exception], Awaitable[None]]:
    """Notes why there is no connection: the same reason once, not at every attempt."""
    last = ""

    async def tell(error: Exception) -> None:
        nonlocal last
        reason = f"{type(error).__name__} {error}"
        if reason != last:
            log.warning("log out of reach: %s", reason)
        last = reason

    return tell


def replicas() -> int:
    """On how many nodes of a cluster every batch lies before it is acknowledged (`ANLAN_NATS_REPLICAS`)."""
    return min(5, max(1, int(os.environ.get("ANLAN_NATS_REPLICAS", "1"))))


Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Batch:
    """n readings. stream: datastream ids int32[n]; at_ms: event times, ms since 1970 UTC; value: nan = no data.

    key: natural identity of the frame it came in (`Nats-Msg-Id`), "" when it has none.
    backfill: history the device is catching up with; stored, never a live alarm.
    """

    stream: NDArray[np.int32]
    at_ms: Ints
    value: Floats
    quality: NDArray[np.int16]
    received_ms: int
    backfill: bool = False
    key: str = ""

    def __len__(self) -> int:
        return len(self.stream)


def encode(batch: Batch) -> bytes:
    key = batch.key.encode()[:65535]
    head = HEAD.pack(MAGIC, VERSION, batch.backfill, len(key), len(batch), batch.received_ms)
    columns = (
        np.ascontiguousarray(batch.stream, "<i4"),
        np.ascontiguousarray(batch.at_ms, "<i8"),
        np.ascontiguousarray(batch.value, "<f8"),
        np.ascontiguousarray(batch.quality, "<i2"),
    )
    return b"".join([head, key, *(column.tobytes() for column in columns)])


def decode(data: bytes) -> Batch:
    """The batch; ValueError when the bytes are not one."""
    if len(data) < HEAD.size:
        raise ValueError(f"batch of {len(data)} bytes is shorter than its head")
    magic, version, backfill, key_bytes, count, received = HEAD.unpack_from(data)
    at = HEAD.size + key_bytes
    if magic != MAGIC or version != VERSION or len(data) != at + count * ROW_BYTES:
        raise ValueError("not a batch of readings, or a truncated one")
    stream = np.frombuffer(data, "<i4", count, at)
    at_ms = np.frombuffer(data, "<i8", count, at + 4 * count)
    value = np.frombuffer(data, "<f8", count, at + 12 * count)
    quality = np.frombuffer(data, "<i2", count, at + 20 * count)
    key = data[HEAD.size : HEAD.size + key_bytes].decode(errors="replace")
    return Batch(stream, at_ms, value, quality, received_ms=received, backfill=bool(backfill), key=key)


def subject(batch: Batch, protocol: str) -> str:
    """Where a batch lies. All its rows belong to one partition: see `split`."""
    partition = int(batch.stream[0]) % PARTITIONS if len(batch) else 0
    return f"obs.{partition}.{protocol}"


def partition_of(subject: str) -> int:
    return int(subject.split(".", 2)[1])


def split(batch: Batch) -> list[Batch]:
    """The batch by partitions, order kept inside each. The natural identity gets the partition's number."""
    partition = batch.stream % PARTITIONS
    if not len(batch) or (partition == partition[0]).all():
        return [batch]
    order = np.argsort(partition, kind="stable")
    ends = np.nonzero(np.diff(partition[order]))[0] + 1
    return [
        replace(
            batch, stream=batch.stream[rows], at_ms=batch.at_ms[rows], value=batch.value[rows],
            quality=batch.quality[rows], key=batch.key and f"{batch.key}/{partition[rows[0]]}",
        )
        for rows in np.split(order, ends)
    ]  # fmt: skip
