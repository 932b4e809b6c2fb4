"""Facts of the situation room."""

from __future__ import annotations

from dataclasses import dataclass

from anlan.kernel.events.outbox import Fact


@dataclass(frozen=True)
class ReleaseAssessed(Fact):
    """A release that is being followed was computed anew: at the start, with another wind, or with another hole."""

    watch_id: int
    run_id: int
    title: str
    because: str
    lon: float
    lat: float
    people: int
    took_ms: float


@dataclass(frozen=True)
class ReleaseProposed(Fact):
    """Gas detectors at a hazard unit have started a release by themselves; an officer must confirm or end it."""

    watch_id: int
    title: str
    why: str
    rate_kg_s: float | None
    lon: float
    lat: float


@dataclass(frozen=True)
class ReleaseConfirmed(Fact):
    watch_id: int
    title: str
    by: str


@dataclass(frozen=True)
class ReleaseEnded(Fact):
    watch_id: int
    title: str
    reason: str
