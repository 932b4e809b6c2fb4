"""The means of a plan as they are in the registers today."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from anlan.administration import queries as administration
from anlan.command.models import Plan, TaskStep
from anlan.command.plans.document import PlanDocument
from anlan.command.plans.means import Means, OtherPlan, PostState, Site, StockState, TeamState
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.areas.models import Area, Level
from anlan.kernel.models import Post
from anlan.resources import queries as resources
from anlan.resources.models import Readiness, Team
from anlan.resources.registers import CAPABILITIES
from anlan.resources.roads import Place, roads
from anlan.supervision import queries as supervision

WHY = "the plan names posts of every level"
#: Groups of event types that happen at plants, and not where people live.
AT_PLANTS = ("12D", "12E", "12A")
CAR_KM_H, TRUCK_KM_H = 60.0, 50.0
MOST_SITES = 120


def means_of(actor: Actor, plan: PlanDocument, at: datetime) -> Means:
    """Posts with who is on duty at `at`, teams, stocks of what the cards need, and minutes by road to the likely places."""
    sites = sites_of(actor, plan)
    teams = teams_of(actor)
    stock = [
        row for need in {n.code or n.item for card in plan.tasks for n in card.needs} for row in stock_of(actor, need)
    ]
    places: list[Place] = [(site.lon, site.lat) for site in sites]
    area = area_of(plan)
    return Means(
        posts=posts_of(plan, at),
        teams=tuple(teams),
        stock=tuple(stock),
        sites=tuple(sites),
        team_min=minutes([(team.lon, team.lat) for team in teams], places, CAR_KM_H),
        stock_min=minutes([(row.lon, row.lat) for row in stock], places, TRUCK_KM_H),
        site_min=minutes(places, places, CAR_KM_H),
        others=tuple(others_of(plan)),
        rank=area.level if area else Level.CITY,
        answers_min=tuple(answers(actor)),
        words=CAPABILITIES,
    )


def area_of(plan: PlanDocument) -> Area | None:
    system, _, code = plan.area.partition(":")
    return Area.objects.filter(code_system=system, code=code).first()


def posts_of(plan: PlanDocument, at: datetime) -> dict[str, PostState]:
    codes = {code for role in plan.roles for code in role.posts}
    found = {}
    for post in Post.objects.unscoped(WHY).filter(code__in=codes).select_related("deputy"):
        people = administration.holders(post.pk, at)
        on_duty = administration.on_duty(post.organisation_id, at)
        here = {shift.person_id for shift in on_duty}
        found[post.code] = PostState(
            post.code, post.title, len(people), sum(person.pk in here for person in people),
            post.deputy.code if post.deputy else "",
        )  # fmt: skip
    return found


def teams_of(actor: Actor) -> list[TeamState]:
    rows = Team.objects.visible_to(actor).order_by("code")
    return [
        TeamState(row.code, row.name, tuple(row.capabilities), row.lon, row.lat, row.turnout_min,
                  row.readiness in {Readiness.READY, Readiness.DISPATCHED})
        for row in rows
    ]  # fmt: skip


def stock_of(actor: Actor, need: str) -> list[StockState]:
    rows = resources.stores_with(actor, need, 0.0, 0.0)
    return [StockState(need, store.name, quantity, store.lon, store.lat) for store, quantity, _away in rows]


def sites_of(actor: Actor, plan: PlanDocument) -> list[Site]:
    """Hazard units by quantity for what happens at plants, seats of towns by people for the rest; inside the plan's area."""
    area = area_of(plan)
    path = area.path if area else "/"
    if any(code.startswith(AT_PLANTS) for code in plan.event_codes):
        units = supervision.units_below(actor, path)
        if units:
            heaviest = sorted(units, key=lambda unit: -unit.quantity_t)[:MOST_SITES]
            return [Site(unit.name, unit.lon, unit.lat, max(unit.quantity_t, 1.0)) for unit in heaviest]
    seats = Area.objects.filter(path__startswith=path, level__in=[Level.TOWN, Level.COMMUNITY], seat_lon__isnull=False)
    return [
        Site(seat.name, float(seat.seat_lon or 0), float(seat.seat_lat or 0), float(seat.population or 1000))
        for seat in seats.order_by("level", "code")[:MOST_SITES]
    ]


def minutes(starts: list[Place], goals: list[Place], km_h: float) -> NDArray[np.float64]:
    """[start, goal], one search of the graph for each goal."""
    table = np.zeros((len(starts), len(goals)))
    graph = roads()
    for column, (lon, lat) in enumerate(goals):
        if starts:
            table[:, column] = [way.minutes for way in graph.ways_to(lon, lat, starts, None, km_h)]
    return table


def others_of(plan: PlanDocument) -> list[OtherPlan]:
    """Plans in force that cover an event this one covers."""
    found = []
    for row in Plan.objects.unscoped("plans of every level are compared").filter(in_force=True).exclude(code=plan.code):
        version = row.current()
        other = version.document() if version else None
        if other and set(groups(plan)) & set(groups(other)):
            posts = tuple(code for role in other.roles for code in role.posts)
            found.append(
                OtherPlan(
                    other.code, other.title, row.area.level, other.report.superior, posts,
                    other.targets.first_report_min, other.targets.first_dispatch_min,
                )
            )  # fmt: skip
    return found


def groups(plan: PlanDocument) -> set[str]:
    return {code.rstrip("*")[:3] for code in plan.event_codes}


def answers(actor: Actor) -> list[float]:
    """Minutes from issue to acknowledgement of the last thousand tasks that were acknowledged."""
    steps = TaskStep.objects.visible_to(actor).filter(state__in=["issued", "acknowledged"]).order_by("-id")[:4000]
    by_task: dict[int, dict[str, datetime]] = defaultdict(dict)
    for step in steps:
        by_task[step.task_id].setdefault(step.state, step.at)
    pairs = [(t["issued"], t["acknowledged"]) for t in by_task.values() if len(t) == 2]
    return [(said - issued).total_seconds() / 60 for issued, said in pairs if said >= issued][:1000]
