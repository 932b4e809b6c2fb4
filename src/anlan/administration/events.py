"""Facts of the administration room."""

from __future__ import annotations

from dataclasses import dataclass

from anlan.kernel.events.outbox import Fact


@dataclass(frozen=True)
class RosterMade(Fact):
    """Shifts were planned; `gaps` = how many could not be filled."""

    organisation_id: int
    shifts: int
    gaps: int


@dataclass(frozen=True)
class ShiftSwapped(Fact):
    shift_id: int
    person_id: int


@dataclass(frozen=True)
class DutyHandedOver(Fact):
    handover_id: int
    organisation_id: int
    open_items: int


@dataclass(frozen=True)
class DutyTaken(Fact):
    handover_id: int
    organisation_id: int
