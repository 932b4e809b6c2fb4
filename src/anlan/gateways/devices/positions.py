"""Where vehicles and teams are, out of what their terminals say: the newest of each, written together.

Positions are readings, not decisions: they are shown and not journalled. A lost one is made good by the next.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time

from asgiref.sync import sync_to_async
from django.db import close_old_connections

from anlan.gateways.devices.contract import Place
from anlan.kernel.accounts.actor import system
from anlan.resources import actions, queries
from anlan.resources.actions import Fix

log = logging.getLogger(__name__)
GATEWAY = system("定位网关")
#: Positions that come within this time are written together; which terminals there are is read this often; seconds.
GATHER_S, KNOWN_S = 0.1, 10.0


class Positions:
    """The newest place of every known terminal."""

    def __init__(self) -> None:
        self.newest: dict[str, Place] = {}
        self.known: frozenset[str] = frozenset()
        self.woken = asyncio.Event()

    def note(self, places: list[Place]) -> None:
        for place in places:
            held = self.newest.get(place.address)
            if place.address in self.known and (held is None or held.at < place.at):
                self.newest[place.address] = place
                self.woken.set()

    async def run(self) -> None:
        """For ever: write what is new; learn now and then which terminals there are."""
        read = -KNOWN_S
        while True:
            try:
                if time.monotonic() - read >= KNOWN_S:
                    self.known, read = await sync_to_async(self.terminals)(), time.monotonic()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(KNOWN_S):
                        await self.woken.wait()
                    await asyncio.sleep(GATHER_S)
                self.woken.clear()
                await self.flush()
            except Exception as error:  # the database may be restarting
                log.warning("positions not written: %s", error)
                await asyncio.sleep(1.0)

    async def flush(self) -> None:
        places, self.newest = self.newest, {}
        if places:
            await sync_to_async(self.keep)(list(places.values()))

    def keep(self, places: list[Place]) -> int:
        close_old_connections()
        return write(places)

    def terminals(self) -> frozenset[str]:
        close_old_connections()
        return queries.terminals()


def write(places: list[Place]) -> int:
    fixes = [Fix(one.address, one.lon, one.lat, one.at, one.speed_km_h, one.course_deg) for one in places]
    return actions.report_fixes(GATEWAY, fixes)
