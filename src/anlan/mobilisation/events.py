"""Facts of mobilisation."""

from __future__ import annotations

from dataclasses import dataclass

from anlan.kernel.events.outbox import Fact


@dataclass(frozen=True)
class CallsMade(Fact):
    """The officers of every level were called (叫应)."""

    subject: str
    warning_id: int | None
    calls: int


@dataclass(frozen=True)
class CallConfirmed(Fact):
    call_id: int
    warning_id: int | None
    to_name: str
    how: str
    at: str


@dataclass(frozen=True)
class CallEscalated(Fact):
    """Nobody answered in time; `to_name` was called instead."""

    call_id: int
    warning_id: int | None
    area: str
    to_name: str
