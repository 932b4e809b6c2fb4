"""The live hub 实时中枢 of one web process: listens to PostgreSQL once, fans events out in memory.

Events are numbered by the dispatcher (`published_seq`), so a client that names the last number it saw misses nothing
and gets nothing twice: it is handed the backlog up to the hub's position from the database, and from there the queue.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import orjson
import psycopg
from django.db import connection
from django.db.models import Max, Min

from anlan.kernel.accounts.actor import Actor, GrantView
from anlan.kernel.events.models import Event
from anlan.kernel.events.outbox import PUBLISHED, Fact
from anlan.kernel.tasks import end

log = logging.getLogger(__name__)
T = TypeVar("T")
#: Rows read from the outbox at once; how far behind a client may resume; how much a slow client may leave unread.
CHUNK, MAX_BACKLOG, MAX_UNREAD = 1000, 5000, 8000
#: Look anyway, should a notification be lost (connection pooler in between, restart of the database).
LOOK_ANYWAY_S = 5.0
#: Personal data (telephone numbers) on its way to a gateway: not for screens.
UNSEEN = frozenset({"kernel.NoticeRequested"})
FIELDS = ("published_seq", "name", "payload", "at", "actor", "area_path", "data_class", "correlation_id")
Row = dict[str, Any]
Grants = tuple[GrantView, ...]


@dataclass(frozen=True)
class Message:
    """One event as it goes over the wire."""

    seq: int
    wire: bytes


@dataclass(frozen=True)
class Batch:
    """What one look at the outbox found for one scope, joined once for all who share the scope."""

    messages: tuple[Message, ...]
    wire: bytes

    def after(self, seq: int) -> bytes:
        if self.messages[0].seq > seq:
            return self.wire
        return b"".join(message.wire for message in self.messages if message.seq > seq)


def wire(row: Row) -> bytes:
    """The event in the format of server-sent events. What the fact itself calls `name`, `at` or `by` (a team, the time of a
    fix, an answerer) stays: the event's own are `event` and `published_at`, and fill in where the fact says nothing."""
    data = {
        "at": row["at"],
        "by": row["actor"],
        **row["payload"],
        "event": row["name"],
        "published_at": row["at"],
        "correlation_id": row["correlation_id"],
    }
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (
        row["published_seq"],
        row["name"].encode(),
        orjson.dumps(data, default=str),
    )


def may_see(actor: Actor, row: Row) -> bool:
    """Seen with `<room>.view` over the event's area and data class.

    An event without an area concerns the whole installation: it is seen by those who hold the permission over a
    whole city (a path of one part) or more.
    """
    if row["name"] in UNSEEN:
        return False
    permission = f"{row['name'].partition('.')[0]}.view"
    if row["area_path"]:
        return actor.may(permission, row["area_path"], row["data_class"])
    return any(
        path.count("/") <= 2 and row["data_class"] <= data_class for path, data_class in actor.scopes(permission)
    )


def messages_for(actor: Actor, rows: Iterable[Row]) -> tuple[Message, ...]:
    return tuple(Message(row["published_seq"], wire(row)) for row in rows if may_see(actor, row))


def fact_names() -> list[str]:
    """Names of all facts this installation can state; the browser subscribes to each."""
    found: list[str] = []
    open_classes: deque[type[Fact]] = deque(Fact.__subclasses__())
    while open_classes:
        fact = open_classes.popleft()
        open_classes.extend(fact.__subclasses__())
        found.append(fact.event_name())
    return sorted(set(found) - UNSEEN)


def published_after(seq: int, up_to: int | None = None, limit: int = CHUNK) -> list[Row]:
    events = Event.objects.filter(published_seq__gt=seq)
    if up_to is not None:
        events = events.filter(published_seq__lte=up_to)
    return list(events.order_by("published_seq").values(*FIELDS)[:limit])


def position() -> int:
    """Number of the newest published event: where a page that is rendered now continues from."""
    return int(Event.objects.aggregate(last=Max("published_seq"))["last"] or 0)


def extent() -> tuple[int, int]:
    """Numbers of the oldest event still kept and of the newest."""
    found = Event.objects.aggregate(first=Min("published_seq"), last=Max("published_seq"))
    return int(found["first"] or 0), int(found["last"] or 0)


@dataclass(eq=False)
class Subscriber:
    """One open stream."""

    actor: Actor
    joined_at: int
    position: int
    queue: deque[Batch] = field(default_factory=deque)
    unread: int = 0
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    overrun: bool = False

    def put(self, batch: Batch) -> None:
        """Once a client was too slow for one batch it gets none after it, so that it resumes without a hole."""
        self.overrun = self.overrun or self.unread > MAX_UNREAD
        if not self.overrun:
            self.queue.append(batch)
            self.unread += len(batch.messages)
        self.woken.set()

    def take(self) -> bytes:
        """Everything unread that is newer than what was sent; empties the queue."""
        parts = [batch.after(self.position) for batch in self.queue]
        if self.queue:
            self.position = max(self.position, self.queue[-1].messages[-1].seq)
        self.queue.clear()
        self.unread = 0
        self.woken.clear()
        return b"".join(parts)


class Hub:
    """Listens for what the dispatcher publishes and hands it to the subscribers of this process."""

    def __init__(self) -> None:
        self.subscribers: set[Subscriber] = set()
        self.last = 0
        self.task: asyncio.Task[None] | None = None
        self.ready = asyncio.Event()
        self.starting = asyncio.Lock()
        self.threads = ThreadPoolExecutor(4, thread_name_prefix="live")

    async def ask(self, question: Callable[..., T], *args: Any) -> T:
        """Run a database question in a thread and give its connection back to the pool at once."""

        def run() -> T:
            try:
                return question(*args)
            finally:
                connection.close()

        return await asyncio.get_running_loop().run_in_executor(self.threads, run)

    async def start(self) -> None:
        """Listen, once; returns when nothing that is published from now on can be missed."""
        async with self.starting:
            if self.task is None or self.task.done():
                self.ready.clear()
                self.last = await self.ask(position)
                self.task = asyncio.create_task(self.listen(), name="live hub")
            await self.ready.wait()

    async def close(self) -> None:
        if self.task is not None:
            await end([self.task])
        self.threads.shutdown(wait=False)

    async def listen(self) -> None:
        """Until cancelled; a lost database is tried again every second and nothing of the gap is missed."""
        while True:
            try:
                await self.listen_once()
            except (psycopg.Error, OSError):
                log.warning("live hub lost the database, trying again")
                await asyncio.sleep(1.0)

    async def listen_once(self) -> None:
        params = connection_params()
        async with await psycopg.AsyncConnection.connect(**params, autocommit=True) as listener:
            await listener.execute(f"listen {PUBLISHED}".encode())
            await self.catch_up()
            self.ready.set()
            while True:
                async for _ in listener.notifies(timeout=LOOK_ANYWAY_S, stop_after=1):
                    pass
                await self.catch_up()

    async def catch_up(self) -> None:
        while rows := await self.ask(published_after, self.last):
            self.fan_out(rows)
            if len(rows) < CHUNK:
                break

    def fan_out(self, rows: list[Row]) -> None:
        """One filter and one join per distinct scope, not per subscriber."""
        batches: dict[Grants, Batch | None] = {}
        for subscriber in self.subscribers:
            grants = subscriber.actor.grants
            if grants not in batches:
                messages = messages_for(subscriber.actor, rows)
                batches[grants] = Batch(messages, b"".join(m.wire for m in messages)) if messages else None
            batch = batches[grants]
            if batch is not None:
                subscriber.put(batch)
        self.last = rows[-1]["published_seq"]

    def subscribe(self, actor: Actor, after: int | None) -> Subscriber:
        """Join at the hub's position; whoever is ahead of the hub already is not told again."""
        subscriber = Subscriber(actor, joined_at=self.last, position=max(self.last, after or 0))
        self.subscribers.add(subscriber)
        return subscriber

    def leave(self, subscriber: Subscriber) -> None:
        self.subscribers.discard(subscriber)


def connection_params() -> dict[str, Any]:
    params: dict[str, Any] = connection.get_connection_params()
    for key in ("pool", "cursor_factory", "context"):
        params.pop(key, None)
    return params


_hubs: dict[int, Hub] = {}


def hub() -> Hub:
    """The hub of the running event loop (one per web process)."""
    return _hubs.setdefault(id(asyncio.get_running_loop()), Hub())


async def close_hub() -> None:
    found = _hubs.pop(id(asyncio.get_running_loop()), None)
    if found is not None:
        await found.close()
