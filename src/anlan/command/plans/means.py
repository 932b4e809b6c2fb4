"""What a plan rests on, as it is today: posts, teams, stocks, places where it may have to work. Plain values, no database."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class PostState:
    """`holders`: people who hold the post; `on_duty`: those on the roster now; `deputy`: code of the post it escalates to."""

    code: str
    title: str
    holders: int
    on_duty: int
    deputy: str = ""


@dataclass(frozen=True)
class TeamState:
    """`turnout_min`: from the order to the wheels turning."""

    code: str
    name: str
    capabilities: tuple[str, ...]
    lon: float
    lat: float
    turnout_min: float
    ready: bool = True


@dataclass(frozen=True)
class StockState:
    """What one store holds of one item that a card asks for."""

    need: str
    store: str
    quantity: float
    lon: float
    lat: float


@dataclass(frozen=True)
class Site:
    """Where it may happen. `weight`: how likely beside the others (quantity of substance, people)."""

    name: str
    lon: float
    lat: float
    weight: float = 1.0


@dataclass(frozen=True)
class OtherPlan:
    """Another plan in force that covers events of the same kind. `rank`: 1 city, 2 district, …; lower is above."""

    code: str
    title: str
    rank: int
    superior: str
    posts: tuple[str, ...]
    first_report_min: float | None
    first_dispatch_min: float | None


@dataclass(frozen=True)
class Means:
    """Minutes by road (float64): team_min[t, s] and stock_min[k, s] from team t / stock k to site s, without turnout;
    site_min[a, b] from site to site."""

    posts: dict[str, PostState]
    teams: tuple[TeamState, ...]
    stock: tuple[StockState, ...]
    sites: tuple[Site, ...]
    team_min: NDArray[np.float64]
    stock_min: NDArray[np.float64]
    site_min: NDArray[np.float64]
    others: tuple[OtherPlan, ...] = ()
    rank: int = 1
    last_drill: date | None = None
    #: Minutes that acknowledgements took in real tasks (reviewed ones); empty where there are none yet.
    answers_min: tuple[float, ...] = field(default=())
    #: Capabilities as people read them.
    words: dict[str, str] = field(default_factory=dict)

    def word(self, capability: str) -> str:
        return self.words.get(capability, capability)

    def able(self, capability: str) -> list[int]:
        """Positions of the ready teams that can."""
        return [i for i, team in enumerate(self.teams) if team.ready and capability in team.capabilities]

    def holding(self, need: str) -> list[int]:
        return [i for i, row in enumerate(self.stock) if row.need == need and row.quantity > 0]
