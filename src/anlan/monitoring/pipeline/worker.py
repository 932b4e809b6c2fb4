"""The consumer of the log: observations, alarms, remembered states and the offset in one transaction; then the ack."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import nats
import psycopg
from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, close_old_connections, connection, transaction
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, RetentionPolicy, StorageType, StreamConfig

from anlan.kernel import clock
from anlan.monitoring import log as layout
from anlan.monitoring.models import AlarmRule, RegistryVersion, StreamOffset
from anlan.monitoring.pipeline.evaluator import Evaluator
from anlan.monitoring.pipeline.store import ObservationStore

log = logging.getLogger(__name__)
CONSUMER = "writer"
FETCH, FETCH_WAIT_S = 256, 0.25
TICK_S = 0.5
STORE_KEEPS_DAYS = 400


class Worker:
    """One reader of the whole log. `handle` is a plain function of messages, so tests need no NATS."""

    def __init__(self) -> None:
        self.store, self.evaluator = ObservationStore(), Evaluator()
        self.loaded: tuple[int, ...] = ()
        self.next_tick = 0.0

    def handle(self, batches: Sequence[tuple[int, layout.Batch]]) -> int:
        """(stream sequence, batch) in order. What was already written is skipped. Returns rows new or corrected."""
        self.refresh_rules()
        try:
            with transaction.atomic():
                offset, _ = StreamOffset.objects.select_for_update().get_or_create(consumer=CONSUMER)
                fresh = [batch for sequence, batch in batches if sequence > offset.sequence and len(batch)]
                stored = self.store.write(connection.connection, fresh) if fresh else 0
                self.evaluator.evaluate(fresh)
                self.tick()
                self.evaluator.save()
                if batches:
                    offset.sequence = max(offset.sequence, batches[-1][0])
                    offset.save()
            return stored
        except (DatabaseError, psycopg.Error):
            self.forget()
            raise

    def forget(self) -> None:
        """After a rolled-back transaction memory is ahead of the database: read it anew."""
        self.store, self.evaluator, self.loaded = ObservationStore(), Evaluator(), ()

    def refresh_rules(self) -> None:
        """A change of rules or stations takes effect with the next batch."""
        rules = AlarmRule.objects.unscoped("the evaluator serves all areas").order_by("pk")
        registry = RegistryVersion.objects.values_list("number", flat=True).first() or 0
        version = (registry, *(n for row in rules.values_list("pk", "version", "enabled") for n in row))
        if version != self.loaded:
            self.evaluator.load()
            self.loaded = version

    def tick(self) -> None:
        if time.monotonic() >= self.next_tick:
            self.next_tick = time.monotonic() + TICK_S
            self.evaluator.tick(round(clock.now().timestamp() * 1000))


async def run(stop: threading.Event) -> None:
    """Read the log until `stop`; come back when NATS or PostgreSQL were away."""
    worker = Worker()
    with ThreadPoolExecutor(1, "writer") as thread:
        while not stop.is_set():
            try:
                await consume(worker, thread, stop)
            except (
                nats.errors.Error,
                OSError,
                OperationalError,
                InterfaceError,
                DatabaseError,
                psycopg.Error,
            ) as error:
                log.warning("pipeline interrupted, trying again: %s: %s", type(error).__name__, error)
                await asyncio.sleep(1)
        await asyncio.get_running_loop().run_in_executor(thread, connection.close)


async def consume(worker: Worker, thread: ThreadPoolExecutor, stop: threading.Event) -> None:
    link = await nats.connect(settings.NATS_URL, max_reconnect_attempts=-1, reconnect_time_wait=0.5)
    try:
        stream = link.jetstream()
        await ensure_stream(stream)
        config = ConsumerConfig(ack_policy=AckPolicy.ALL, ack_wait=60, max_ack_pending=20_000)
        pull = await stream.pull_subscribe(layout.SUBJECTS, CONSUMER, layout.STREAM, config)
        loop = asyncio.get_running_loop()
        while not stop.is_set():
            try:
                messages = await pull.fetch(FETCH, timeout=FETCH_WAIT_S)
            except TimeoutError:
                messages = []
            await loop.run_in_executor(thread, handle, worker, decoded(messages))
            if messages:
                await messages[-1].ack()
    finally:
        await link.close()


def handle(worker: Worker, batches: list[tuple[int, layout.Batch]]) -> None:
    close_old_connections()
    worker.handle(batches)


async def ensure_stream(stream: nats.js.JetStreamContext) -> None:
    """The worker may start before any gateway."""
    try:
        await stream.stream_info(layout.STREAM)
    except nats.js.errors.NotFoundError:
        await stream.add_stream(
            StreamConfig(
                name=layout.STREAM, subjects=[layout.SUBJECTS], retention=RetentionPolicy.LIMITS,
                storage=StorageType.FILE, max_age=layout.KEEP_S, duplicate_window=layout.DUPLICATE_WINDOW_S,
            )
        )  # fmt: skip


def decoded(messages: Sequence[Msg]) -> list[tuple[int, layout.Batch]]:
    """Batches with their sequence; one that cannot be read is logged and passed over, never a stop."""
    found = []
    for message in messages:
        try:
            found.append((message.metadata.sequence.stream, layout.decode(message.data)))
        except ValueError:
            log.error("unreadable batch at %s, %d bytes", message.metadata.sequence.stream, len(message.data))
    return found
