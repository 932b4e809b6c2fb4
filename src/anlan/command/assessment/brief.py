"""态势摘要: put together anew each time it is looked at, so it is never older than what it is made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shapely.geometry import Point, shape

from anlan.command import figures, queries
from anlan.command.assessment.assess import Assessment, assess
from anlan.command.models import Incident, Response, Task
from anlan.command.plans.document import Card
from anlan.command.states import INCIDENT_LABELS
from anlan.command.weather import Forecast, Weather, clock_text, forecast, weather, weather_words
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.geo.shapes import distance_m
from anlan.monitoring import queries as monitoring
from anlan.resources import queries as resources
from anlan.simulation import queries as simulation

#: Without a model's footprint, people and places within this distance are told.
AROUND_M = 3000.0
DEGREE_M = 111_320.0
NEAREST_TEAMS, LIKE_BEFORE = 6, 5


@dataclass(frozen=True)
class Next:
    """What the plan says now: cards issued and open, cards that wait and for what, the next level and why."""

    plan: str
    level: str
    open: list[Task]
    waiting: list[tuple[Card, list[str]]]
    options: list[tuple[str, str]]


@dataclass(frozen=True)
class Brief:
    incident: Incident
    at: datetime
    inside: Assessment
    inside_of: str
    weather: list[Weather]
    ahead: Forecast | None
    warnings: list[Any]
    teams: list[Any]
    like: list[tuple[Incident, float]]
    next: Next | None
    figures: list[tuple[str, Any]]


def brief(actor: Actor, row: Incident, at: datetime) -> Brief:
    zone, of = footprint(actor, row)
    known = figures.of_incident(row, at)
    return Brief(
        incident=row, at=at, inside=assess(actor, zone, at), inside_of=of,
        weather=weather(actor, row.lon, row.lat, at), ahead=forecast(actor, row.lon, row.lat, at),
        warnings=warnings_over(actor, row),
        teams=resources.nearest_teams(actor, "", row.lon, row.lat, NEAREST_TEAMS, at) if actor.has("resources.view") else [],
        like=like_before(actor, row), next=plan_next(actor, row),
        figures=[(name, value) for name, value in known.items() if value is not None],
    )  # fmt: skip


def footprint(actor: Actor, row: Incident) -> tuple[Any, str]:
    """The outermost zone of the newest run of this incident, else a circle."""
    runs = simulation.runs(actor, row.correlation_id).filter(because="") if actor.has("simulation.view") else []
    for run in runs:
        shapes = [shape(zone["geometry"]) for zone in run.zones]
        if shapes:
            widest = max(shapes, key=lambda one: one.area)
            return widest, f"{run.title}（{run.model}，{clock_text(run.at)}，模型推算）"
    circle = Point(row.lon, row.lat).buffer(AROUND_M / DEGREE_M)
    return circle, f"事发地周围约 {AROUND_M / 1000:g} km（没有推演结果）"


def warnings_over(actor: Actor, row: Incident) -> list[Any]:
    """预警 in force that cover the place: what the weather service and others expect of the next hours."""
    if not actor.has("monitoring.view"):
        return []
    path = row.area.path
    return [
        one
        for one in monitoring.active_warnings(actor).prefetch_related("areas")
        if any(path.startswith(area.path) or area.path.startswith(path) for area in one.areas.all())
    ]


def like_before(actor: Actor, row: Incident) -> list[tuple[Incident, float]]:
    """(incident, how alike 0-1): the same kind, near, closed, with lessons to read; drills are likened to drills."""
    rows = Incident.objects.visible_to(actor, "command.view").filter(
        event_code__startswith=row.event_code[:2], exercise=row.exercise
    )
    scored = [(one, alike(row, one)) for one in rows.exclude(pk=row.pk).filter(status__in=["closed", "reviewed"])[:500]]
    return sorted((pair for pair in scored if pair[1] > 0.2), key=lambda pair: -pair[1])[:LIKE_BEFORE]


def alike(a: Incident, b: Incident) -> float:
    """Kind of event (half), distance (30 km to nothing), words of the title: this platform's own measure, for sorting only."""
    same = sum(x == y for x, y in zip(a.event_code, b.event_code, strict=False)) / max(len(a.event_code), 1)
    near = max(0.0, 1 - distance_m(a.lon, a.lat, b.lon, b.lat) / 30_000)
    pairs_a, pairs_b = ({title[i : i + 2] for i in range(len(title) - 1)} for title in (a.title, b.title))
    words = len(pairs_a & pairs_b) / max(len(pairs_a | pairs_b), 1)
    return 0.5 * same + 0.25 * near + 0.25 * words


def plan_next(actor: Actor, row: Incident) -> Next | None:
    """Open tasks and waiting cards of the running response, and what the conditions of the plans say now."""
    response = Response.objects.unscoped(HELD).filter(incident=row, state=Response.State.ACTIVE).first()
    options = [
        (option.document.title, option.proposed) for option in queries.plan_options(actor, row) if option.proposed
    ]
    if response is None:
        return Next("", "", [], [], options) if options else None
    document = response.plan_version.document()
    tasks = queries.tasks(actor, row.pk)
    state = {task.card: task.state for task in tasks}
    waiting = [
        (card, [one for one in card.depends_on if state.get(one) not in {"done", "cancelled"}])
        for card in document.cards(response.level)
        if state.get(card.key) in {None, "planned"}
    ]
    still = [task for task in tasks if not task.is_over and task.state != "planned"]
    return Next(document.title, response.level, still, waiting, options)


def sentence(found: Brief) -> str:
    """The brief in words, for reports and for reading out."""
    row, inside = found.incident, found.inside
    named = "、".join(f"{one.name} {one.people} 人" for one in inside.communities[:4])
    weak = "、".join(f"{one.name}{f'（{one.people} 人）' if one.people else ''}" for one in inside.vulnerable[:4])
    first = found.teams[0] if found.teams else None
    parts = [
        f"{clock_text(row.received_at)} 接报，{row.area.name}{row.place}发生{row.event_name}，现{INCIDENT_LABELS[row.status]}",
        f"范围（{found.inside_of}）内约 {inside.people} 人" + (f"，其中 {named}" if named else ""),
        f"{found.weather[0].station}现在{weather_words(found.weather[0])}" if found.weather else "",
        f"未来 6 小时预报{'，'.join(f'{name} {text}' for name, text in found.ahead.rows)}" if found.ahead else "",
        f"需优先保护：{weak}" if weak else "",
        f"最近力量 {first.team.name}，{first.minutes:.0f} 分钟可到（{first.how}）" if first else "",
        f"{found.next.level}响应中，未完成任务 {len(found.next.open)} 项" if found.next and found.next.level else "",
    ]
    return "。".join(part for part in parts if part) + "。"
