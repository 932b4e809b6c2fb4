"""From readings to the durable log: finds each reading's datastream, gathers batches, waits for JetStream's word.

`keep()` returns when everything is durable, so a caller may acknowledge to its device. Readings of many connections
share one write: the log is asked at most every `GATHER_S`, or when `GATHER_ROWS` have come together. Under load it waits
`BUSY_GATHER_S`: every write is a synced file and a transaction of the worker, so fewer and larger ones are quicker for all.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import Counter, deque
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import nats
import numpy as np
import orjson
from asgiref.sync import sync_to_async
from django.db import close_old_connections
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import RetentionPolicy, StorageType, StreamConfig

from anlan.gateways.readings import Reading
from anlan.kernel import clock
from anlan.monitoring import log as layout
from anlan.monitoring import queries

log = logging.getLogger(__name__)
GATHER_S, GATHER_ROWS = 0.003, 5000
#: From this many readings a second on.
BUSY_RATE, BUSY_GATHER_S = 500, 0.025
REFRESH_S = 1.0
PUBLISH_TIMEOUT_S = 10.0
#: Of something refused we keep so many bytes; the log takes messages of 8 MB.
MAX_KEPT = 4 * 2**20
#: A device whose clock is further ahead than this is wrong: its readings would hide those that follow.
AHEAD = timedelta(hours=24)

#: Frames remembered for the protocol console, and bytes of each.
FRAMES_KEPT, FRAME_BYTES = 500, 2048
#: Devices remembered that sent faster than they may.
SLOWED_KEPT = 20

Row = tuple[int, int, float, int]


@dataclass(frozen=True)
class Frame:
    """A frame that came in, and what was answered."""

    at: datetime
    protocol: str
    peer: str
    raw: bytes
    answer: bytes
    reason: str


@dataclass(eq=False)
class Gathering:
    """Readings that will go out together, and who waits for them."""

    rows: list[Row] = field(default_factory=list)
    done: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class ReadingLog:
    """The gateway's hand on the log."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.known: dict[str, Mapping[tuple[str, str], queries.StreamRef]] = {}
        self.version = -1
        self.gathering: dict[tuple[str, bool], Gathering] = {}
        self.counts: Counter[str] = Counter()
        self.tasks: set[asyncio.Task[None]] = set()
        #: What JetStream has not answered yet.
        self.on_the_way: set[asyncio.Timeout] = set()
        #: When a write last began, and readings a second since the one before.
        self.written, self.rate = time.monotonic(), 0.0
        #: Why nothing can be kept at the moment, "" when all is well; devices are not answered as long.
        self.trouble = ""
        #: The last frames of everybody, for the protocol console.
        self.frames: deque[Frame] = deque(maxlen=FRAMES_KEPT)
        #: (protocol, address) of devices that were made to wait, and when last.
        self.slowed: dict[tuple[str, str], datetime] = {}

    def saw(self, protocol: str, peer: str, raw: bytes, answer: bytes = b"", reason: str = "") -> None:
        """Remember a frame for who looks on."""
        self.frames.append(Frame(clock.now(), protocol, peer, raw[:FRAME_BYTES], answer[:FRAME_BYTES], reason))

    def slow(self, protocol: str, who: str) -> None:
        """Remember that a device sent faster than it may and was made to wait; the last one comes last."""
        self.counts["slowed"] += 1
        self.slowed.pop((protocol, who), None)
        self.slowed[protocol, who] = clock.now()
        while len(self.slowed) > SLOWED_KEPT:
            del self.slowed[next(iter(self.slowed))]

    async def open(self) -> None:
        """Connect and read the registry."""
        await self.open_only()
        await self.refresh()

    async def open_only(self) -> None:
        """Connect, for callers that know their datastreams by themselves."""
        self.nats: Client = await layout.connect(self.url, self.broke)
        self.stream: JetStreamContext = self.nats.jetstream(timeout=PUBLISH_TIMEOUT_S)
        await ensure_streams(self.stream)

    async def broke(self) -> None:
        """The connection is gone, and with it the word about what was on its way."""
        for waiting in self.on_the_way:
            if not waiting.expired():
                waiting.reschedule(0)

    async def _durable(self, subject: str, data: bytes, headers: dict[str, str] | None) -> None:
        """Returns with JetStream's word. What was on its way when the connection broke goes again with the next one:
        whether it had arrived nobody knows, and the log or the primary key drops the second."""
        while True:
            try:
                async with asyncio.timeout(None) as waiting:
                    self.on_the_way.add(waiting)
                    await self.stream.publish(subject, data, headers=headers)
                return
            except TimeoutError:
                if not waiting.expired():
                    raise
            finally:
                self.on_the_way.discard(waiting)

    async def close(self) -> None:
        await asyncio.gather(*self.tasks, return_exceptions=True)
        # What was asked of the log has been answered by now; draining would wait for the quarantine's open question.
        await self.nats.close()

    async def refresh(self, always: bool = False) -> None:
        """Bring the registry up to date: the stations that changed, or all of it at first."""
        changed = await sync_to_async(self._changed)(-1 if always else self.version)
        for protocol in {*self.known, "mqtt", "sl651"}:
            known = self.known.get(protocol)
            if changed.stations is None or not isinstance(known, queries.Directory):
                self.known[protocol] = await sync_to_async(queries.resolve)(protocol)
            else:
                await sync_to_async(known.update)(changed.stations)
        self.version = changed.version

    def _changed(self, since: int) -> queries.Changes:
        close_old_connections()
        return queries.changes(since)

    async def refresh_for_ever(self) -> None:
        while True:
            await asyncio.sleep(REFRESH_S)
            try:
                await self.refresh()
            except Exception as error:  # the database may be restarting; what is known stays good
                log.warning("registry not refreshed: %s", error)

    async def keep(self, protocol: str, readings: Sequence[Reading], raw: bytes, peer: str) -> int:
        """Make readings durable; unknown ones go to quarantine with the frame. Returns how many went to the log."""
        refused = await self.keep_known(protocol, readings)
        if refused:
            await self.quarantine(protocol, raw, peer, "；".join(refused)[:400])
        return len(readings) - len(refused)

    async def keep_known(self, protocol: str, readings: Sequence[Reading]) -> list[str]:
        """Make durable what has a datastream and a possible time. Returns why the others were not kept."""
        known = await self.registry(protocol)
        waiting: set[Gathering] = set()
        refused = self._put(protocol, known, readings, waiting)
        await self._all_durable(waiting)
        return refused

    async def keep_frames(self, protocol: str, frames: Sequence[tuple[Sequence[Reading], bytes]], peer: str) -> None:
        """As `keep`, for frames that came together: none of them waits for the one before it."""
        known = await self.registry(protocol)
        waiting: set[Gathering] = set()
        put = [(raw, self._put(protocol, known, readings, waiting)) for readings, raw in frames]
        await self._all_durable(waiting)
        for raw, refused in put:
            if refused:
                await self.quarantine(protocol, raw, peer, "；".join(refused)[:400])

    def _put(
        self,
        protocol: str,
        known: Mapping[tuple[str, str], queries.StreamRef],
        readings: Sequence[Reading],
        waiting: set[Gathering],
    ) -> list[str]:
        """Let readings go with the next write, which joins `waiting`; returns why some do not."""
        latest_ms = round((clock.now() + AHEAD).timestamp() * 1000)
        refused: list[str] = []
        at, at_ms = None, 0
        for reading in readings:
            ref = known.get((reading.address, reading.code))
            if reading.at is not at:  # the readings of a frame mostly share it
                at, at_ms = reading.at, round(reading.at.timestamp() * 1000)
            if ref is None:
                refused.append(f"未登记的测站或要素：{reading.address}/{reading.code}")
            elif at_ms + ref.clock_s * 1000 > latest_ms:
                refused.append(f"{reading.address}/{reading.code} 的观测时间 {reading.at.isoformat()} 超前")
            else:
                waiting.add(self._gather(protocol, row_of(reading, ref, at_ms), reading.backfill))
        return refused

    async def registry(self, protocol: str) -> Mapping[tuple[str, str], queries.StreamRef]:
        """The datastreams of a protocol, read at its first use and kept true by `refresh`."""
        if protocol not in self.known:
            self.known[protocol] = await sync_to_async(queries.resolve)(protocol)
        return self.known[protocol]

    async def keep_rows(self, protocol: str, rows: Sequence[Row], backfill: bool = False) -> None:
        """Make readings of known datastreams durable."""
        await self._all_durable({self._gather(protocol, row, backfill) for row in rows})

    async def _all_durable(self, waiting: set[Gathering]) -> None:
        for gathering in waiting:
            await asyncio.shield(gathering.done)

    def _gather(self, protocol: str, row: Row, backfill: bool) -> Gathering:
        gathering = self.gathering.get((protocol, backfill))
        if gathering is None:
            gathering = self.gathering[protocol, backfill] = Gathering()
            self._later(self._write_soon(protocol, backfill))
        gathering.rows.append(row)
        return gathering

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _write_soon(self, protocol: str, backfill: bool) -> None:
        deadline = time.monotonic() + (BUSY_GATHER_S if self.rate > BUSY_RATE else GATHER_S)
        gathering = self.gathering[protocol, backfill]
        while time.monotonic() < deadline and len(gathering.rows) < GATHER_ROWS:
            await asyncio.sleep(GATHER_S / 3)
        del self.gathering[protocol, backfill]
        now = time.monotonic()
        self.written, self.rate = now, len(gathering.rows) / max(now - self.written, 0.001)
        try:
            await self.write(protocol, gathering.rows, backfill)
        except Exception as error:
            gathering.done.set_exception(error)
            gathering.done.exception()
        else:
            gathering.done.set_result(None)

    async def write(self, protocol: str, rows: list[Row], backfill: bool) -> None:
        stream, at_ms, value, flags = zip(*rows, strict=True)
        batch = layout.Batch(
            np.array(stream, "<i4"),
            np.array(at_ms, "<i8"),
            np.array(value, "<f8"),
            np.array(flags, "<i2"),
            received_ms=round(clock.now().timestamp() * 1000),
            backfill=backfill,
        )
        await self.publish(batch, protocol)

    async def publish(self, batch: layout.Batch, protocol: str) -> None:
        """One batch into the log, by partitions; returns when JetStream has all of it on disk."""
        await asyncio.gather(*(self._publish(part, protocol) for part in layout.split(batch)))
        self.counts["readings"] += len(batch)

    async def _publish(self, part: layout.Batch, protocol: str) -> None:
        headers = {"Nats-Msg-Id": part.key} if part.key else None
        try:
            await self._durable(layout.subject(part, protocol), layout.encode(part), headers)
        except (nats.errors.Error, nats.js.errors.Error) as error:
            self.counts["not_kept"] += len(part)
            if not self.trouble:
                log.error("readings are not kept, devices not answered: %s", error or type(error).__name__)
            self.trouble = f"{clock.real_now():%Y-%m-%d %H:%M:%S} UTC 起：{error or type(error).__name__}"[:300]
            raise
        if self.trouble:
            log.warning("readings are kept again")
            self.trouble = ""

    async def quarantine(self, protocol: str, raw: bytes, peer: str, reason: str) -> None:
        """Keep what was refused, durably, for an operator to read and replay."""
        self.counts["quarantined"] += 1
        raw = raw[:MAX_KEPT]
        head = orjson.dumps({"peer": peer, "reason": reason, "at": clock.now().isoformat()})
        once = {"Nats-Msg-Id": uuid4().hex}
        await self._durable(f"quarantine.{protocol}", len(head).to_bytes(4, "big") + head + raw, once)


def row_of(reading: Reading, ref: queries.StreamRef, at_ms: int) -> Row:
    value = math.nan if reading.value is None else reading.value * ref.scale + ref.offset
    return ref.id, at_ms + ref.clock_s * 1000, value, quality(reading, value, ref)


def quality(reading: Reading, value: float, ref: queries.StreamRef) -> int:
    """Usable, or why not: the device's flag, no data, or outside the range that is physically possible here."""
    if reading.value is None:
        return layout.NO_DATA if reading.flag == "N" else layout.QUALITY_OF_FLAG.get(reading.flag, layout.SUSPECT)
    low, high = ref.valid_min, ref.valid_max
    if (low is not None and value < low) or (high is not None and value > high):
        return layout.OUT_OF_RANGE
    return layout.QUALITY_OF_FLAG.get(reading.flag, layout.SUSPECT)


async def ensure_streams(stream: JetStreamContext) -> None:
    """The two streams, as files, made once; an existing one is brought to today's settings."""
    for name, subjects in ((layout.STREAM, layout.SUBJECTS), (layout.QUARANTINE_STREAM, layout.QUARANTINE_SUBJECTS)):
        config = StreamConfig(
            name=name,
            subjects=[subjects],
            retention=RetentionPolicy.LIMITS,
            storage=StorageType.FILE,
            max_age=layout.KEEP_S,
            duplicate_window=layout.DUPLICATE_WINDOW_S,
            num_replicas=layout.replicas(),
        )
        try:
            await stream.add_stream(config)
        except nats.js.errors.BadRequestError:
            await stream.update_stream(config)
