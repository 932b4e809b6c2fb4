"""Facts of the supervision room."""

from __future__ import annotations

from dataclasses import dataclass

from anlan.kernel.events.outbox import Fact


@dataclass(frozen=True)
class ParkRiskAssessed(Fact):
    """A park's risk was worked out anew."""

    park_id: int
    risk_id: int
    basis: str
    title: str
    grade: str
    k: float
    lon: float
    lat: float


@dataclass(frozen=True)
class ParkRiskCrossed(Fact):
    """A criterion is broken that was kept before, or kept again (`broken` false)."""

    park_id: int
    risk_id: int
    basis: str
    broken: bool
    title: str
    why: str
    k: float
    at: str
    lon: float
    lat: float
