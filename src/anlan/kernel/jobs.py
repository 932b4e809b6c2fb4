"""Timers of the kernel."""

from __future__ import annotations

from anlan.kernel import clock
from anlan.kernel.audit import seals
from anlan.kernel.events.outbox import every


@every(600.0)
def seal_the_journal() -> None:
    """Once a day; by the real clock, whatever scenario is told."""
    seals.seal(clock.real_now())
