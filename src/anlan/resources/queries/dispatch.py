"""Who should go where: the optimal assignment of ready teams to what is wanted, with its reasons."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.geo import GeoJson
from anlan.resources.assignment import assign
from anlan.resources.models import Readiness, Team
from anlan.resources.queries.places import closed_at, team_ways
from anlan.resources.roads import Route

#: Other teams that are offered beside the suggested one; teams that stay at home in each district; wants at once; seconds
#: to search: parameters of the platform.
OFFERED, RESERVE, MOST_WANTS, SEARCH_S = 4, 1, 50, 2.0


@dataclass(frozen=True)
class Want:
    """What is wanted: so many teams with a capability ("" = any) at a place; `weight` is the urgency (> 0)."""

    title: str
    capability: str
    lon: float
    lat: float
    count: int = 1
    weight: float = 1.0


@dataclass(frozen=True)
class Offer:
    """One team for one want: minutes with turn-out, its way, and why it is or is not the one."""

    team: Team
    minutes: float
    way: Route
    reason: str = ""


@dataclass(frozen=True)
class Advice:
    """What is suggested for one want; `short` = teams that cannot be found."""

    want: Want
    chosen: list[Offer]
    others: list[Offer]
    short: int


@dataclass(frozen=True)
class Suggestion:
    """All of it: the gap is proven (0 = nothing better exists); `kept` = ready teams that stay, by area."""

    advices: list[Advice]
    gap: float
    kept: dict[str, int] = field(default_factory=dict)


def suggest(
    actor: Actor, wants: list[Want], at: datetime, reserve: int = RESERVE, avoid: GeoJson | None = None
) -> Suggestion:
    """The least weighted arrival time over all wants, around what is closed, with `reserve` ready teams left in each area."""
    wants = wants[:MOST_WANTS]
    teams = list(Team.objects.visible_to(actor).filter(readiness=Readiness.READY).select_related("area").order_by("pk"))
    if not wants or not teams:
        return Suggestion([Advice(want, [], [], want.count) for want in wants], 0.0)
    closed = closed_at(at, avoid)
    ways = {place: team_ways(teams, *place, closed) for place in {(want.lon, want.lat) for want in wants}}
    minutes = np.full((len(teams), len(wants)), np.inf)
    for n, team in enumerate(teams):
        for k, want in enumerate(wants):
            if not want.capability or want.capability in team.capabilities:
                minutes[n, k] = ways[want.lon, want.lat][n].minutes + team.turnout_min
    areas = sorted({team.area.path for team in teams})
    home = np.array([areas.index(team.area.path) for team in teams], np.int64)
    found = assign(
        minutes, np.array([want.count for want in wants], np.int64), np.array([want.weight for want in wants], float),
        home, np.full(len(areas), reserve, np.int64), SEARCH_S,
    )  # fmt: skip
    advices = [
        advice_for(k, want, teams, ways[want.lon, want.lat], minutes[:, k], found.task_of, int(found.short[k]))
        for k, want in enumerate(wants)
    ]
    kept = Counter(team.area.name for team, task in zip(teams, found.task_of, strict=True) if task < 0)
    return Suggestion(advices, found.gap, dict(kept))


def advice_for(
    k: int, want: Want, teams: list[Team], ways: list[Route], minutes: NDArray[np.float64], task_of: NDArray[np.int64],
    short: int,
) -> Advice:  # fmt: skip
    able = [int(n) for n in np.argsort(minutes, kind="stable") if np.isfinite(minutes[n])]
    offers = {n: Offer(teams[n], float(minutes[n]), ways[n]) for n in able}
    chosen = [n for n in able if task_of[n] == k]
    passed = [n for n in able if task_of[n] != k]
    return Advice(
        want,
        [replace(offers[n], reason=why(n, able, minutes, task_of)) for n in chosen],
        [replace(offers[n], reason=why_not(n, k, task_of)) for n in passed[:OFFERED]],
        short,
    )


def why(n: int, able: list[int], minutes: NDArray[np.float64], task_of: NDArray[np.int64]) -> str:
    """First to arrive, or what the earlier ones do instead."""
    earlier = [m for m in able if minutes[m] < minutes[n] and task_of[m] != task_of[n]]
    if not earlier:
        later = [m for m in able if minutes[m] > minutes[n] and task_of[m] != task_of[n]]
        return f"最先到达，比次优快 {minutes[later[0]] - minutes[n]:.0f} 分钟" if later else "没有其他可用队伍"
    busy = sum(bool(task_of[m] >= 0) for m in earlier)
    kept = len(earlier) - busy
    said = [f"{busy} 支更近的另有任务"] if busy else []
    return "，".join([*said, *([f"{kept} 支更近的留作备勤"] if kept else [])])


def why_not(n: int, k: int, task_of: NDArray[np.int64]) -> str:
    return "留作备勤" if task_of[n] < 0 else "建议派往另一任务"
