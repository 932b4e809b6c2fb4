"""Reading the log in order. The database says where to go on; JetStream is told what is committed.

A durable pull consumer with one request on its way at a time. Its own delivery numbers must follow each other: a hole
means that messages were lost between server and us, and the consumer is made anew behind the last committed message.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from anlan.monitoring.log import STREAM

BATCH, REQUEST_BYTES, EXPIRES_S = 2000, 16_000_000, 5.0
#: Messages read ahead of the database, bytes.
READ_AHEAD = 64_000_000


class Lost(Exception):
    """The consumer skipped something or is gone; start again from the database's offset."""


@dataclass(frozen=True)
class Message:
    """One batch as it lies in the log."""

    seq: int
    data: bytes
    reply: str
    subject: str


class Puller:
    """Messages of some subjects of the log behind `seq`, in order, none twice, none left out."""

    def __init__(self, nats: Client, stream: JetStreamContext, consumer: str, subjects: Sequence[str]) -> None:
        self.nats, self.stream, self.consumer, self.subjects = nats, stream, consumer, list(subjects)
        self.ready: deque[Message] = deque()
        self.ready_bytes = 0
        self.arrived = asyncio.Event()
        self.wanted = 0
        #: When the request was sent, and over which connection of ours: it ends with that.
        self.asked_at, self.asked_over = 0.0, 0
        self.pending = 0
        self.problem: str = ""

    async def open(self, seq: int) -> None:
        """(Re)make the consumer to deliver from behind `seq`."""
        with suppress(NotFoundError):
            await self.stream.delete_consumer(STREAM, self.consumer)
        made = await self.stream.add_consumer(
            STREAM,
            ConsumerConfig(
                durable_name=self.consumer,
                deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
                opt_start_seq=seq + 1,
                ack_policy=AckPolicy.ALL,
                ack_wait=120,
                max_ack_pending=-1,
                filter_subjects=self.subjects,
            ),
        )
        self.taken, self.delivered, self.pending = seq, 0, made.num_pending or 0
        self.inbox = self.nats.new_inbox()
        self.subscription = await self.nats.subscribe(
            self.inbox, cb=self.take, pending_bytes_limit=4 * READ_AHEAD, pending_msgs_limit=100_000
        )
        await self.ask()

    async def close(self) -> None:
        if not self.nats.is_closed:
            await self.subscription.unsubscribe()

    async def ask(self) -> None:
        self.wanted, self.asked_at = BATCH, asyncio.get_running_loop().time()
        self.asked_over = self.nats.stats["reconnects"]
        request = {"batch": BATCH, "max_bytes": REQUEST_BYTES, "expires": int(EXPIRES_S * 1e9)}
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{self.consumer}"
        await self.nats.publish(subject, json.dumps(request).encode(), self.inbox)

    async def take(self, message: Msg) -> None:
        """A message of the log, or the end of a request."""
        if message.headers and "Status" in message.headers and not message.reply:
            self.end_of_request(message.headers.get("Status", ""), message.headers.get("Description", ""))
        else:
            self.keep(message)
            self.wanted -= 1
        if self.wanted <= 0 and self.ready_bytes < READ_AHEAD and not self.problem:
            await self.ask()

    def end_of_request(self, status: str, description: str) -> None:
        self.wanted = 0
        if status == "503" or (status == "409" and "MaxBytes" not in description and "Batch" not in description):
            self.fail(f"{status} {description}")

    def keep(self, message: Msg) -> None:
        # $JS.ACK.<stream>.<consumer>.<times>.<stream seq>.<consumer seq>.<time>.<pending>, with domain: 12 words
        words = message.reply.split(".")
        at = 5 if len(words) == 9 else 7
        seq, delivered, self.pending = int(words[at]), int(words[at + 1]), int(words[at + 3])
        if delivered != self.delivered + 1:
            self.fail(f"delivery {delivered} after {self.delivered}")
            return
        self.delivered = delivered
        if seq > self.taken:
            self.taken = seq
            self.ready.append(Message(seq, message.data, message.reply, message.subject))
            self.ready_bytes += len(message.data)
            self.arrived.set()

    def fail(self, problem: str) -> None:
        self.problem = problem
        self.arrived.set()

    async def next(self, max_bytes: int, wait_s: float) -> list[Message]:
        """What has arrived, up to `max_bytes`; after `wait_s` seconds nothing is an answer too."""
        if not self.ready and not self.problem:
            self.arrived.clear()
            try:
                async with asyncio.timeout(wait_s):
                    await self.arrived.wait()
            except TimeoutError:
                await self.look_after_request()
                return []
        if self.problem:
            raise Lost(self.problem)
        found: list[Message] = []
        size = 0
        while self.ready and (size < max_bytes or not found):
            message = self.ready.popleft()
            found.append(message)
            size += len(message.data)
        self.ready_bytes -= size
        if self.wanted <= 0 and self.ready_bytes < READ_AHEAD:
            await self.ask()
        return found

    @property
    def at_end(self) -> bool:
        """Whether everything that was in the log at the last delivery has been handed on."""
        return not self.ready and self.pending == 0

    async def look_after_request(self) -> None:
        """A request that was lost with a connection is asked again."""
        overdue = asyncio.get_running_loop().time() - self.asked_at > EXPIRES_S + 2
        if overdue or self.asked_over != self.nats.stats["reconnects"]:
            await self.ask()

    async def committed(self, message: Message) -> None:
        """Everything up to here is in the database."""
        await self.nats.publish(message.reply, b"+ACK")
