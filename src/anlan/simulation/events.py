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
    #: Why it is only supposed (灾害链); empty where the hazard itself is known.
    because: str = ""


@dataclass(frozen=True)
class StoryEnded(Fact):
    """The event is over: its runs have left the map, and what nobody had checked has lapsed."""

    runs: int
    leads: int


@dataclass(frozen=True)
class LeadsFound(Fact):
    """What may follow a hazard in a district, and at how many things: for people to check."""

    node: str
    title: str
    because: str
    count: int
    likely: int
    lon: float
    lat: float


@dataclass(frozen=True)
class LeadAnswered(Fact):
    """Somebody has looked."""

    lead_id: int
    title: str
    state: str
    answer: str
    lon: float
    lat: float


@dataclass(frozen=True)
class CombinationSeen(Fact):
    """Hazards that are rare together have fired in one district within a day."""

    nodes: list[str]
    title: str
    why: str
    lon: float
    lat: float


@dataclass(frozen=True)
class GroundChanged(Fact):
    """A raster of fuel, heights or trees was brought in or taken away."""

    raster_id: int
    kind: str
    title: str


@dataclass(frozen=True)
class ControlLineChanged(Fact):
    """A commander drew a line into a fire, or took one back."""

    line_id: int
    drawn: bool
    title: str
    lon: float
    lat: float
