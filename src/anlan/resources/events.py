"""Facts of the resources room."""

from __future__ import annotations

from dataclasses import dataclass

from anlan.kernel.events.outbox import Fact


@dataclass(frozen=True)
class TeamReadinessChanged(Fact):
    team_id: int
    readiness: str
