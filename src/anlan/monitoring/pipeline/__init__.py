"""The worker's loop between the log and the database. `run` is role `work`'s part of monitoring."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import nats
import orjson
from django.conf import settings
from nats.aio.client import Client
from nats.js import JetStreamContext

from anlan.kernel import clock
from anlan.monitoring.log import STREAM
from anlan.monitoring.pipeline.puller import Lost, Message, Puller
from anlan.monitoring.pipeline.worker import CONSUMER, NotOwner, Refused, Worker, let_go, prepare

log = logging.getLogger(__name__)
#: Bytes of messages in one transaction: some 100 000 readings.
FLUSH_BYTES = 2_200_000
TICK_S, WAIT_S, RETRY_S = 1.0, 0.25, 1.0
T = TypeVar("T")


class Session:
    """One connection to the log, one engine: until the first failure, then all is made anew from the database."""

    def __init__(self, nats: Client, pool: ThreadPoolExecutor) -> None:
        self.nats = nats
        self.stream: JetStreamContext = nats.jetstream(timeout=10)
        self.pool = pool
        self.ticked = 0.0

    async def db(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.pool, work)

    async def open(self) -> None:
        info = await self.stream.stream_info(STREAM)
        log_id = str(info.created)
        self.worker = await self.db(lambda: Worker(log_id))
        self.puller = Puller(self.nats, self.stream, CONSUMER)
        await self.puller.open(self.worker.seq)

    async def work(self, stop: threading.Event) -> None:
        while not stop.is_set():
            messages = await self.puller.next(FLUSH_BYTES, WAIT_S)
            if messages:
                await self.keep(messages)
            if time.monotonic() - self.ticked > TICK_S and self.nats.is_connected and self.puller.at_end:
                self.ticked = time.monotonic()
                await self.db(self.worker.tick)

    async def keep(self, messages: list[Message]) -> None:
        """Refused readings into quarantine, the rest into the tables, and only then the word to the log."""
        rows, refused = prepare(messages)
        await self.quarantine(refused)
        await self.db(lambda: self.worker.flush(rows, messages[-1].seq))
        await self.puller.committed(messages[-1])

    async def quarantine(self, refused: list[Refused]) -> None:
        """Keep what was refused with its reason, in the form gateways use."""
        for one in refused:
            head = orjson.dumps({"peer": "worker", "reason": one.reason, "at": clock.now().isoformat()})
            payload = len(head).to_bytes(4, "big") + head + one.data
            headers = {"Nats-Msg-Id": one.key}
            await self.stream.publish(f"quarantine.{one.protocol}", payload, headers=headers)


async def session(url: str, stop: threading.Event, pool: ThreadPoolExecutor) -> None:
    client = await nats.connect(url, max_reconnect_attempts=-1, reconnect_time_wait=0.5)
    try:
        one = Session(client, pool)
        await one.open()
        await one.work(stop)
        await one.puller.close()
        await client.flush()
    finally:
        await asyncio.get_running_loop().run_in_executor(pool, let_go)
        await client.close()


async def run(stop: threading.Event, url: str = "") -> None:
    """Write and judge readings until `stop`. Whatever fails, the next attempt begins at the committed offset."""
    url = url or settings.NATS_URL
    with ThreadPoolExecutor(1, thread_name_prefix="worker-db") as pool:
        while not stop.is_set():
            try:
                await session(url, stop, pool)
            except (NotOwner, nats.js.errors.NotFoundError) as error:
                log.info("standing by: %s", type(error).__name__)
                await asyncio.sleep(RETRY_S)
            except Lost as error:
                log.warning("log reader lost its place (%s), going on from the database", error)
            except Exception:  # a worker that ends stores nothing: note it and begin again
                log.exception("worker begins again")
                await asyncio.sleep(RETRY_S)
