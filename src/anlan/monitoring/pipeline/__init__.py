"""The worker's loop between the log and the database. `run` is role `work`'s part of monitoring."""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import nats
import orjson
from django.conf import settings
from nats.aio.client import Client
from nats.js import JetStreamContext

from anlan.kernel import clock
from anlan.monitoring.log import STREAM, connect
from anlan.monitoring.pipeline import trimming
from anlan.monitoring.pipeline.puller import Lost, Message, Puller
from anlan.monitoring.pipeline.share import Share, be_present, groups_wanted, let_go, present, shares
from anlan.monitoring.pipeline.store import Rows, joined
from anlan.monitoring.pipeline.worker import NotOwner, Refused, Sorted, Worker, prepare

log = logging.getLogger(__name__)
#: Bytes of messages in one transaction: some 100 000 readings.
FLUSH_BYTES = 2_200_000
TICK_S, WAIT_S, RETRY_S, FOLLOW_S = 1.0, 0.25, 1.0, 0.5
#: Beside readings that never pause.
BUSY_TICK_S = 5.0
#: Readings judged and not stored before judging waits, and in one transaction.
AHEAD_ROWS, STORE_ROWS = 400_000, 100_000
T = TypeVar("T")


@dataclass(frozen=True)
class Hands:
    """Threads of a seat, each with a connection of its own: one stores and owns, the other judges ahead of it."""

    storing: ThreadPoolExecutor
    judging: ThreadPoolExecutor

    async def let_go(self) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.gather(*(loop.run_in_executor(hand, let_go) for hand in (self.storing, self.judging)))


class Session:
    """One connection to the log, one engine: until the first failure, then all is made anew from the database."""

    def __init__(self, nats: Client, hands: Hands, share: Share) -> None:
        self.nats, self.share = nats, share
        self.stream: JetStreamContext = nats.jetstream(timeout=10)
        self.hands = hands
        self.ticked, self.trimmed = 0.0, time.monotonic()
        #: Judged and not stored yet, each with its last message; and who stores it.
        self.ahead: deque[tuple[Sorted, Message]] = deque()
        self.storing: asyncio.Task[None] | None = None
        self.stored = asyncio.Event()

    async def db(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.hands.storing, work)

    async def open(self) -> None:
        info = await self.stream.stream_info(STREAM)
        log_id = str(info.created)
        self.worker = await self.db(lambda: Worker(log_id, self.share))
        self.puller = Puller(self.nats, self.stream, self.share.name, self.share.subjects)
        if self.share.partitions:
            await self.puller.open(self.worker.seq)

    async def work(self, go_on: Callable[[], bool]) -> None:
        while go_on():
            if not self.share.partitions:
                await asyncio.sleep(FOLLOW_S)
                await self.db(self.worker.tick)
                continue
            messages = await self.puller.next(FLUSH_BYTES, WAIT_S)
            if messages:
                await self.keep(messages)
            if time.monotonic() - self.trimmed > trimming.EVERY_S and self.nats.is_connected:
                self.trimmed = time.monotonic()
                await trimming.trim(self.stream, self.worker.before, trimming.keep_bytes())
            if self.is_time_to_tick():
                await self.all_stored()
                self.ticked = time.monotonic()
                await self.db(self.worker.tick)

    def is_time_to_tick(self) -> bool:
        """Once a second when nothing is under way, or not quite so often beside a steady stream."""
        waited = time.monotonic() - self.ticked
        quiet = not self.ahead and self.storing is None
        return waited > (TICK_S if quiet else BUSY_TICK_S) and self.nats.is_connected and self.puller.at_end

    async def keep(self, messages: list[Message]) -> None:
        """Refused readings into quarantine, the rest to its alarms and into the tables, and only then the word to the log."""
        fresh = [message for message in messages if self.worker.is_new(message)]
        done, refused_before = prepare([message for message in fresh if self.worker.is_judged(message)])
        rows, refused = prepare([message for message in fresh if not self.worker.is_judged(message)])
        await self.quarantine(refused_before + refused)
        if len(done) or not len(rows) or not await self.judge_ahead(rows, messages[-1]):
            await self.all_stored()
            everything = joined([done, rows])
            await self.db(lambda: self.worker.flush(everything, messages[-1].seq, judged=len(done)))
            await self.puller.committed(messages[-1])

    async def judge_ahead(self, rows: Rows, last: Message) -> bool:
        """Whether these readings could be judged before those that are on their way into the tables; then they follow them."""
        while sum(len(batch) for batch, _ in self.ahead) > AHEAD_ROWS:
            self.stored.clear()
            await self.stored.wait()
            self.raise_failure()
        loop = asyncio.get_running_loop()
        batch = await loop.run_in_executor(self.hands.judging, self.worker.judge_ahead, rows, last.seq)
        self.raise_failure()
        if batch is None:
            return False
        self.ahead.append((batch, last))
        if self.storing is None:
            self.storing = asyncio.create_task(self.store())
        return True

    async def store(self) -> None:
        """Store what is judged ahead, until there is no more of it."""
        try:
            while self.ahead:
                taken: list[tuple[Sorted, Message]] = []
                rows = 0
                while self.ahead and (not taken or rows + len(self.ahead[0][0]) <= STORE_ROWS):
                    taken.append(self.ahead.popleft())
                    rows += len(taken[-1][0])
                await self.db(partial(self.worker.keep_ahead, [batch for batch, _ in taken]))
                await self.puller.committed(taken[-1][1])
                self.stored.set()
        finally:
            self.stored.set()
        self.storing = None

    async def all_stored(self) -> None:
        if self.storing is not None:
            await self.storing

    def raise_failure(self) -> None:
        """What was judged ahead and could not be stored is judged no further."""
        if self.storing is not None and self.storing.done():
            self.storing.result()

    async def end(self) -> None:
        """Nobody of ours writes any more when this returns."""
        if self.storing is not None:
            await asyncio.gather(self.storing, return_exceptions=True)

    async def quarantine(self, refused: list[Refused]) -> None:
        """Keep what was refused with its reason, in the form gateways use."""
        for one in refused:
            head = orjson.dumps({"peer": "worker", "reason": one.reason, "at": clock.now().isoformat()})
            payload = len(head).to_bytes(4, "big") + head + one.data
            headers = {"Nats-Msg-Id": one.key}
            await self.stream.publish(f"quarantine.{one.protocol}", payload, headers=headers)


@dataclass
class Crew:
    """The groups of work this process does now, and how many it may do: its fair part."""

    stop: threading.Event
    fair: int
    busy: set[Share] = field(default_factory=set)

    def may_begin(self) -> bool:
        return not self.stop.is_set() and len(self.busy) < self.fair

    def may_go_on(self) -> bool:
        return not self.stop.is_set() and len(self.busy) <= self.fair


async def session(url: str, crew: Crew, hands: Hands, share: Share) -> None:
    client = await connect(url)
    one = Session(client, hands, share)
    try:
        await one.open()
        crew.busy.add(share)
        log.info("working on %s", share.name)
        await one.work(crew.may_go_on)
        await one.all_stored()
        if share.partitions:
            await one.puller.close()
        await client.flush()
    finally:
        crew.busy.discard(share)
        await one.end()
        await hands.let_go()
        await client.close()


async def seat(url: str, crew: Crew, share: Share) -> None:
    """Do one group of the work whenever it is free and this process has less than its part. Whatever fails, the next
    attempt begins at the committed offset."""
    with ThreadPoolExecutor(1, "worker-db") as storing, ThreadPoolExecutor(1, "worker-rules") as judging:
        while not crew.stop.is_set():
            if not crew.may_begin():
                await asyncio.sleep(RETRY_S)
                continue
            try:
                await session(url, crew, Hands(storing, judging), share)
            except (NotOwner, nats.js.errors.NotFoundError) as error:
                log.info("standing by for %s: %s", share.name, type(error).__name__)
            except Lost as error:
                log.warning("log reader lost its place (%s), going on from the database", error)
                continue
            except Exception:  # a worker that ends stores nothing: note it and begin again
                log.exception("worker begins again")
            await asyncio.sleep(RETRY_S)


async def count_fairly(crew: Crew, groups: int) -> None:
    """Keep the fair part true while processes come and go."""
    with ThreadPoolExecutor(1, thread_name_prefix="worker-count") as pool:
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(pool, be_present)
            while not crew.stop.is_set():
                crew.fair = math.ceil(groups / await loop.run_in_executor(pool, present))
                await asyncio.sleep(RETRY_S)
        finally:
            await loop.run_in_executor(pool, let_go)


async def run(stop: threading.Event, url: str = "", groups: int = 0) -> None:
    """Write and judge readings until `stop`. groups: into how many parts the log's partitions are dealt out."""
    url = url or settings.NATS_URL
    parts = shares(groups or groups_wanted())
    crew = Crew(stop, 1)
    seats = [asyncio.create_task(seat(url, crew, share)) for share in parts]
    while len(parts) > 1 and not stop.is_set():
        try:
            await count_fairly(crew, len(parts))
        except Exception as error:  # the database may be restarting
            log.warning("processes not counted: %s", error)
            await asyncio.sleep(RETRY_S)
    await asyncio.gather(*seats)
