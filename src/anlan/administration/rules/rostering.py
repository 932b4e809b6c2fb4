"""排班: who sits at the desk when. Fair, rested, nobody on leave; what cannot be filled stays an open gap. Pure.

The rest between two shifts and the weight of holidays are this platform's own figures (no text prescribes them), settable.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

Span = tuple[datetime, datetime]
REST_H = 12.0


@dataclass(frozen=True)
class Slot:
    """One shift to be filled. `off`: it begins on a holiday or weekend, counted by itself so that these are shared, too."""

    start: datetime
    end: datetime
    off: bool = False


@dataclass
class Load:
    """What one person has so far: shifts, shifts on days off, and the spans he is taken."""

    shifts: int = 0
    off: int = 0
    taken: list[Span] = field(default_factory=list)


def overlaps(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def may_sit(slot: Slot, load: Load, away: Sequence[Span], rest: timedelta) -> bool:
    """Not on leave, not at another desk, and rested before and after."""
    padded = (slot.start - rest, slot.end + rest)
    here = (slot.start, slot.end)
    return not any(overlaps(here, span) for span in away) and not any(overlaps(padded, span) for span in load.taken)


def fill(
    slots: Sequence[Slot],
    people: Sequence[int],
    away: Mapping[int, Sequence[Span]],
    taken: Mapping[int, Sequence[Span]],
    done: Mapping[int, tuple[int, int]] | None = None,
    rest_h: float = REST_H,
) -> list[int | None]:
    """For each slot the person, or None where nobody may sit.

    `taken`: shifts people have already (any desk); `done`: shifts and days off of the last time, so that fairness
    carries on from roster to roster. Of those who may, the one with the fewest (on days off: fewest days off) sits; then
    the one who has rested longest, then in the given order.
    """
    rest = timedelta(hours=rest_h)
    before = done or {}
    loads = {p: Load(*before.get(p, (0, 0)), list(taken.get(p, ()))) for p in people}
    found: list[int | None] = []
    for slot in slots:
        able = [p for p in people if may_sit(slot, loads[p], away.get(p, ()), rest)]
        chosen = min(able, key=lambda p: rank(slot, loads[p], people.index(p)), default=None)
        found.append(chosen)
        if chosen is not None:
            load = loads[chosen]
            load.shifts, load.off = load.shifts + 1, load.off + slot.off
            load.taken.append((slot.start, slot.end))
    return found


def rank(slot: Slot, load: Load, order: int) -> tuple[float, ...]:
    last = max((span[1] for span in load.taken if span[1] <= slot.start), default=None)
    rested = (slot.start - last).total_seconds() if last else float("inf")
    return (load.off if slot.off else 0, load.shifts, -rested, order)


def shares(chosen: Sequence[int | None]) -> Counter[int]:
    return Counter(person for person in chosen if person is not None)
