"""Facts of the simulation room."""

from __future__ import annotations

from dataclasses import dataclass

from anlan.kernel.events.outbox import Fact


@dataclass(frozen=True)
class SimulationFinished(Fact):
    """An engine has said where the consequences may reach."""

    run_id: int
    kind: str
    title: str
    lon: float
    lat: float
    people: int
    took_ms: float
