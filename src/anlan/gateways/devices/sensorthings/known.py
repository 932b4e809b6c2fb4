"""What the fast way in remembers of accounts and datastreams, and for how long: seconds. Every use is checked against the
actor's areas and data class as in the database's own queries."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import InterfaceError, OperationalError, connection, connections

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.middleware import actor_by_token
from anlan.kernel.accounts.models import digest
from anlan.kernel.errors import NotFound
from anlan.monitoring import queries

T = TypeVar("T")
#: A token that was withdrawn, or rights that were taken, end after this long at the latest.
TOKEN_S = 2.0
#: The registry's changes are looked for so often; areas may have moved after so long.
LOOK_S, FORGET_S = 1.0, 60.0
READERS = 2
#: Entries of either kind that are kept.
MOST = 200_000


@dataclass(frozen=True, slots=True)
class Sink:
    """A datastream as readings go into it, and who may."""

    pk: int
    station_id: int
    unit: str
    valid_min: float | None
    valid_max: float | None
    path: str
    data_class: int

    def may(self, by: Actor, permission: str) -> bool:
        """As `visible_to(by, permission)` has it."""
        return by.may(permission, self.path, self.data_class)


def unseen(pk: int) -> NotFound:
    return NotFound(f"数据流 {pk} 不存在，或不在您的管辖范围内")


def lasting(work: Callable[[], T]) -> T:
    """On this thread's own connection, which stays open: taking one out of the pool costs more than most questions. One
    that the database has closed is made anew."""
    try:
        return work()
    except (InterfaceError, OperationalError):
        connection.close()
        return work()


class Known:
    """Of one event loop; the database is asked in a thread of its own."""

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="sensorthings")
        #: Of its own, so that a long question holds up nobody who writes.
        self.readers = [ThreadPoolExecutor(1, thread_name_prefix="sensorthings-read") for _ in range(READERS)]
        self.actors: dict[str, tuple[float, Actor]] = {}
        self.sinks: dict[int, Sink] = {}
        self.version, self.looked, self.forgot = -1, 0.0, 0.0
        self.asking: dict[object, asyncio.Future[Any]] = {}

    def close(self) -> None:
        for pool in (self.pool, *self.readers):
            pool.submit(connections.close_all)
            pool.shutdown(wait=True)

    async def read(self, work: Callable[[], T]) -> T:
        """A question to the database."""
        self.readers.append(self.readers.pop(0))
        return await asyncio.get_running_loop().run_in_executor(self.readers[0], lasting, work)

    async def ask(self, what: object, work: Callable[[], T]) -> T:
        """Once for all who want it at the same time."""

        asked = self.asking.get(what)
        if asked is None:
            asked = self.asking[what] = asyncio.get_running_loop().run_in_executor(self.pool, lasting, work)
            asked.add_done_callback(lambda _: self.asking.pop(what, None))
        found: T = await asyncio.shield(asked)
        return found

    async def actor(self, token: str, origin: str) -> Actor | None:
        """Whom a token stands for; an unknown one is never remembered."""
        key, now = digest(token), time.monotonic()
        held = self.actors.get(key)
        if held is not None and now - held[0] < TOKEN_S:
            return held[1]
        found = await self.ask(key, lambda: actor_by_token(token, origin))
        self.actors.pop(key, None)
        if found is not None:
            if len(self.actors) >= MOST:
                self.actors.clear()
            self.actors[key] = now, found
        return found

    async def streams(self, wanted: Collection[int]) -> dict[int, Sink]:
        """The datastreams there are among these, by number."""
        await self.keep_up()
        found = {pk: self.sinks[pk] for pk in wanted if pk in self.sinks}
        missing = frozenset(pk for pk in wanted if pk not in found)
        if not missing:
            return found
        version = self.version
        fresh = await self.ask(missing, lambda: read(missing))
        if version == self.version:  # else it may be older than what was just forgotten
            if len(self.sinks) + len(fresh) > MOST:
                self.sinks.clear()
            self.sinks.update(fresh)
        return found | fresh

    async def keep_up(self) -> None:
        """Forget what changed since the last look."""
        now = time.monotonic()
        if now - self.looked < LOOK_S:
            return
        changed = await self.ask("changes", lambda: queries.changes(self.version))
        if changed.stations is None or now - self.forgot > FORGET_S:
            self.sinks.clear()
            self.forgot = now
        elif changed.stations:
            self.sinks = {pk: sink for pk, sink in self.sinks.items() if sink.station_id not in changed.stations}
        self.version, self.looked = changed.version, now


def read(wanted: Iterable[int]) -> dict[int, Sink]:
    """From the database, whoever may use them."""
    return {sink.pk: sink for sink in (Sink(*row) for row in queries.sinks(wanted))}
