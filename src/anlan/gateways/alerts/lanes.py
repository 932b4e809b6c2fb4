"""Lanes: for every channel with something to send a few threads of its own, so that one that is slow or limited holds up
no other; within a channel the highest level goes first."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict

from django.db import connection

from anlan.gateways.alerts import mass

log = logging.getLogger(__name__)
LANES = 2


class Senders:
    """The lanes of this process."""

    def __init__(self) -> None:
        self.threads: dict[str, list[threading.Thread]] = defaultdict(list)

    def wake(self, channels: list[str]) -> None:
        for channel in channels:
            alive = [thread for thread in self.threads[channel] if thread.is_alive()]
            for _ in range(LANES - len(alive)):
                alive.append(threading.Thread(target=self.work, args=(channel,), name=f"fanout {channel}", daemon=True))
                alive[-1].start()
            self.threads[channel] = alive

    def work(self, channel: str) -> None:
        try:
            mass.work_off(channel)
        except Exception:
            log.exception("fan-out by %s stopped, trying again", channel)
        finally:
            connection.close()
