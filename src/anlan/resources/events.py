"""Facts of the resources room."""

from __future__ import annotations

from dataclasses import dataclass

from anlan.kernel.events.outbox import Fact


@dataclass(frozen=True)
class TeamReadinessChanged(Fact):
    team_id: int
    name: str
    readiness: str
    task: str


@dataclass(frozen=True)
class TeamMoved(Fact):
    team_id: int
    name: str
    lon: float
    lat: float
    at: str


@dataclass(frozen=True)
class StockIssued(Fact):
    stock_id: int
    item: str
    quantity: float
    left: float
    purpose: str


@dataclass(frozen=True)
class StockReceived(Fact):
    stock_id: int
    item: str
    quantity: float
    now: float
    reason: str


@dataclass(frozen=True)
class StockMoved(Fact):
    """To another shelf, or one lot for another (轮换)."""

    stock_id: int
    item: str
    quantity: float
    source: str
    target: str


@dataclass(frozen=True)
class StockCounted(Fact):
    stock_id: int
    item: str
    counted: float
    difference: float


@dataclass(frozen=True)
class AllocationApproved(Fact):
    """调拨方案批准: the goods stand ready for the drivers."""

    allocation_id: int
    title: str
    consignments: list[int]


@dataclass(frozen=True)
class ConsignmentChanged(Fact):
    """调拨单 moved on: picking, on_road, delivered or cancelled."""

    consignment_id: int
    number: str
    store: str
    to_name: str
    state: str
    what: str


@dataclass(frozen=True)
class PersonInside(Fact):
    """Somebody entered a danger zone, answered, left, or stays over the limit (entered, answered, left, overdue)."""

    presence_id: int
    person: str
    what: str


@dataclass(frozen=True)
class StockExpiring(Fact):
    """A lot came into a nearer band of its expiry (d180, d90, d30, expired)."""

    stock_id: int
    item: str
    store: str
    band: str
    expires_on: str


@dataclass(frozen=True)
class RoadsClosed(Fact):
    """An area was shut for vehicles, its outline changed, or it was opened again (closed, changed, reopened)."""

    code: str
    name: str
    what: str
    lon: float
    lat: float


@dataclass(frozen=True)
class VehicleMoved(Fact):
    vehicle_id: int
    name: str
    lon: float
    lat: float
    at: str


@dataclass(frozen=True)
class ConvoyChanged(Fact):
    convoy_id: int
    number: str
    title: str
    state: str
