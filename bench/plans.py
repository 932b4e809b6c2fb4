"""Stress test of a plan: 10,000 incidents of Wuhai's chemical plan, on means of Wuhai's size.

The bound is SimPy's own: the same number of timeouts with nothing around them, in the same run. Agreement: two runs of one
seed are equal, and the shares of 2,000 and 10,000 incidents lie within three standard errors of each other.
"""

from __future__ import annotations

import resource
import time
from pathlib import Path
from typing import Any

import numpy as np
import simpy

from anlan.command.plans.loader import load
from anlan.command.plans.means import Means, PostState, Site, StockState, TeamState
from anlan.command.plans.stress import Assumptions, Chances, Simulation, draw, stress

PLAN = Path(__file__).resolve().parent.parent / "src" / "anlan" / "cities" / "wuhai" / "plans" / "chemical-leak.toml"
INCIDENTS, GOAL_S, SITES, TEAMS = 10_000, 60.0, 45, 25


def means(plan: Any) -> Means:
    """Drawn with a fixed seed: as many places and teams as Wuhai has, ways of 5 to 60 minutes."""
    random = np.random.default_rng(5)
    wanted = sorted({card.capability for card in plan.tasks if card.capability})
    posts = {code: PostState(code, code, 2, 1) for role in plan.roles for code in role.posts}
    teams = tuple(TeamState(f"T{i}", f"T{i}", (wanted[i % len(wanted)],), 106.8, 39.6, 5.0) for i in range(TEAMS))
    needs = sorted({need.code or need.item for card in plan.tasks for need in card.needs})
    stock = tuple(StockState(need, f"S{i}", 500.0, 106.8, 39.6) for need in needs for i in range(4))
    sites = tuple(Site(f"P{i}", 106.7 + i / 100, 39.5, float(random.uniform(1, 500))) for i in range(SITES))
    ways = random.uniform(5, 60, (TEAMS, SITES)), random.uniform(5, 60, (len(stock), SITES))
    return Means(posts, teams, stock, sites, *ways, site_min=random.uniform(0, 60, (SITES, SITES)))


def bare(events: int) -> float:
    """Seconds for so many timeouts of SimPy alone."""
    env = simpy.Environment()

    def one() -> Any:
        for _ in range(events):
            yield env.timeout(1.0)

    env.process(one())
    began = time.perf_counter()
    env.run()
    return time.perf_counter() - began


def events_of(plan: Any, given: Means, chances: list[Chances]) -> int:
    """Events that one run steps through."""
    run = Simulation(plan, given, Assumptions())
    run.env.process(run.arrivals(chances, None))
    steps = 0
    while run.env.peek() != float("inf"):
        run.env.step()
        steps += 1
    return steps


def run() -> list[dict[str, Any]]:
    plan = load(PLAN)
    given = means(plan)
    small = stress(plan, given, None, 2000, 1)
    assert small == stress(plan, given, None, 2000, 1), "the same seed must give the same run"
    began = time.perf_counter()
    large = stress(plan, given, None, INCIDENTS, 1)
    took = time.perf_counter() - began
    error = 3 * (small.kept_share * (1 - small.kept_share) / 2000) ** 0.5 + 0.005
    assert abs(small.kept_share - large.kept_share) <= error, (small.kept_share, large.kept_share)
    steps = events_of(plan, given, draw(plan, given, Assumptions(), INCIDENTS, 1))
    limit = bare(steps)
    return [
        {
            "name": "plan stress test",
            "work": f"{INCIDENTS:,} incidents, {len(plan.tasks)} cards, {TEAMS} teams, {SITES} places, {steps:,} events",
            "agreement": f"one seed equal; kept {small.kept_share:.3f} and {large.kept_share:.3f}",
            "ours": took, "peer": limit, "peer_name": "SimPy: as many bare timeouts", "unit": "s", "ratio": limit / took,
            "goal": f"< {GOAL_S:g} s", "met": took < GOAL_S,
            "limit": {"name": "SimPy events", "value": limit, "fraction": limit / took},
            "rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
    ]  # fmt: skip
