"""Facts of the gateways."""

from __future__ import annotations

from dataclasses import dataclass

from anlan.kernel.events.outbox import Fact


@dataclass(frozen=True)
class QuarantineHandled(Fact):
    """An operator replayed or discarded what was refused."""

    quarantined_id: int
    protocol: str
    state: str
    count: int = 1
