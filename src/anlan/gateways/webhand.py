"""The web's hand on the log: one connection per process, on a loop of its own, for views that are not asynchronous."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from django.conf import settings
from nats.errors import Error as NatsError

from anlan.gateways.log import ReadingLog, Row
from anlan.gateways.readings import Reading
from anlan.kernel.errors import AnlanError
from anlan.monitoring import queries

T = TypeVar("T")
WAIT_S = 15.0


class LogOutOfReach(AnlanError):
    """The log did not acknowledge in time: nothing was promised, the sender should try again."""

    status = 503


class WebHand:
    """Started at the first use; connects again when the address changes (tests)."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.loop: asyncio.AbstractEventLoop | None = None
        self.store: ReadingLog | None = None

    def _ask(self, work: Coroutine[Any, Any, T]) -> T:
        assert self.loop is not None
        try:
            return asyncio.run_coroutine_threadsafe(work, self.loop).result(WAIT_S)
        except (NatsError, TimeoutError, OSError) as error:
            raise LogOutOfReach("读数日志暂不可用，请稍后重发", detail=repr(error)) from error

    def log(self) -> ReadingLog:
        """The open log."""
        with self.lock:
            if self.loop is None:
                self.loop = asyncio.new_event_loop()
                self.thread = threading.Thread(target=self.loop.run_forever, name="log", daemon=True)
                self.thread.start()
            if self.store is not None and self.store.url != settings.NATS_URL:
                self._close()
            if self.store is None:
                store = ReadingLog(settings.NATS_URL)
                self._ask(store.open_only())
                self.store = store
            return self.store

    def _close(self) -> None:
        assert self.store is not None
        self._ask(self.store.close())
        self.store = None

    def close(self) -> None:
        """Let go of the connection and the loop."""
        with self.lock:
            if self.store is not None:
                self._close()
            if self.loop is not None:
                self.loop.call_soon_threadsafe(self.loop.stop)
                self.thread.join(WAIT_S)
                self.loop.close()
                self.loop = None

    def keep_rows(self, protocol: str, rows: Sequence[Row], backfill: bool = False) -> None:
        """Durable when this returns."""
        self._ask(self.log().keep_rows(protocol, rows, backfill))

    def keep_known(self, protocol: str, readings: Sequence[Reading]) -> list[str]:
        """Durable when this returns; why some were not kept. The registry is read anew: the web has no copy of it."""
        store = self.log()
        store.known[protocol] = queries.resolve(protocol)
        return self._ask(store.keep_known(protocol, readings))

    def quarantine(self, protocol: str, raw: bytes, peer: str, reason: str) -> None:
        self._ask(self.log().quarantine(protocol, raw, peer, reason))


hand = WebHand()
