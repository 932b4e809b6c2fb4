"""What the people mean to do and when; acting adds to it."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count

from anlan.kernel import clock

LOOK_S = 0.03


class Agenda:
    """Things to do at minutes after `zero`, in order of time."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        self.zero = clock.now()
        self.items: list[tuple[float, int, Callable[[], None]]] = []
        self.order = count()
        self.meanwhile = meanwhile

    @property
    def minute(self) -> float:
        return (clock.now() - self.zero).total_seconds() / 60

    def begin(self, zero: datetime) -> None:
        self.zero = zero

    def at(self, minute: float, what: Callable[[], None]) -> None:
        heapq.heappush(self.items, (minute, next(self.order), what))

    def until(self, minute: float) -> None:
        """Wait for the clock."""
        due = self.zero + timedelta(minutes=minute)
        while clock.now() < due:
            self.meanwhile()
            time.sleep(LOOK_S)

    def run(self) -> None:
        while self.items:
            minute, _, what = heapq.heappop(self.items)
            self.until(minute)
            what()
