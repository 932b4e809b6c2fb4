"""Who is told, and when, about an alarm that nobody acknowledges. Pure. After ANSI/ISA-18.2-2016 clause 11 (response) and
the two people of a duty desk: 值班员 first, then 带班领导, then the desk one level up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

#: After so many notices nobody is called any more: the alarm stands on every list (a parameter of the installation).
MOST = 6


@dataclass(frozen=True)
class Rung:
    """One step of the ladder: a person on duty, or a post where nobody is on the roster."""

    name: str
    person_id: int | None = None
    post_id: int | None = None


def ladder(rungs: Sequence[Rung | None]) -> list[Rung]:
    """The steps without gaps and repeats, order kept."""
    found: list[Rung] = []
    for rung in rungs:
        if rung is not None and (rung.person_id, rung.post_id) not in {(one.person_id, one.post_id) for one in found}:
            found.append(rung)
    return found


def due(waiting_since: datetime, done: int, every: timedelta, now: datetime) -> bool:
    """Whether the next notice is due: one after each `every` of waiting. every 0: the first at once, then each minute."""
    if done >= MOST:
        return False
    step = every or timedelta(minutes=1)
    return now - waiting_since >= (step * (done + 1) if every else step * done)


def rung_of(rungs: Sequence[Rung], done: int) -> Rung | None:
    """Whom the next notice goes to; at the top it goes to the last again."""
    return rungs[min(done, len(rungs) - 1)] if rungs else None
