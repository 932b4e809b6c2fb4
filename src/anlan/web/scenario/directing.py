"""导调 of one drill: what is still to be let happen, what the console asks for, how far it is. Told to the console's mailbox."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from anlan.kernel import clock
from anlan.sandbox import Mailbox
from anlan.web.scenario.people import Refused
from anlan.web.scenario.spec import Inject

LOOK_S = 0.5
#: An inject that was refused (there is no incident yet) is tried again after so long, real seconds.
AGAIN_S = 3.0


@dataclass
class Directing:
    """`stop` ends the drill before its time; without a mailbox only the script's injects are played."""

    mailbox: Mailbox | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    status: dict[str, Any] = field(default_factory=lambda: {"state": "starting", "injects": []})
    lock: threading.Lock = field(default_factory=threading.Lock)

    def tell(self, **what: Any) -> None:
        with self.lock:
            self.status |= what
            if self.mailbox is not None:
                self.mailbox.tell({**self.status, "clock": clock.now().isoformat()})

    def listen(self) -> None:
        """In a thread, until the drill ends: a word each second; the console's stop, or its silence, ends the drill."""
        while self.mailbox is not None and not self.stop.wait(1):
            self.tell()
            if self.mailbox.stopping() or not self.mailbox.led():
                self.stop.set()

    async def unless_stopped(self, work: Awaitable[Any]) -> None:
        """The work to its end, or until the drill is stopped."""
        playing = asyncio.ensure_future(work)
        while not playing.done() and not self.stop.is_set():
            await asyncio.wait({playing}, timeout=LOOK_S)
        if playing.done():
            playing.result()
        else:
            playing.cancel()
            await asyncio.gather(playing, return_exceptions=True)

    async def script(
        self, injects: list[Inject], until: Callable[[float], Awaitable[Any]], post: Callable[..., Awaitable[Any]]
    ) -> None:
        """The scenario's injects at their minutes."""
        planned = sorted(injects, key=lambda one: one.at_min)
        for one in planned:
            self.status["injects"].append(
                {"at_min": one.at_min, "kind": one.kind, "text": one.text, "state": "waiting"}
            )
        for place, one in enumerate(planned):
            await until(one.at_min)
            data = {name: value for name, value in asdict(one).items() if name != "at_min"}
            await self.deliver(self.status["injects"][place], data, post)

    async def console(self, post: Callable[..., Awaitable[Any]]) -> None:
        """What the directors add while it runs."""
        while self.mailbox is not None:
            for data in self.mailbox.take():
                line = {"at_min": None, "kind": data.get("kind"), "text": data.get("text"), "state": "waiting"}
                self.status["injects"].append(line)
                await self.deliver(line, data, post, tries=3)
            await asyncio.sleep(LOOK_S)

    async def deliver(
        self, line: dict[str, Any], data: dict[str, Any], post: Callable[..., Awaitable[Any]], tries: int = 200
    ) -> None:
        """Into the desk, as often as it takes: a note can only fall into an incident that somebody has opened."""
        for _ in range(tries):
            try:
                await post("command/injects", **data)
            except Refused as refused:
                line |= {"state": "refused", "why": str(refused)[-200:]}
                await asyncio.sleep(AGAIN_S)
            else:
                line |= {"state": "played", "at": clock.now().isoformat(), "why": ""}
                return
