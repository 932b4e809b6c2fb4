"""态势摘要: put together anew each time it is looked at, so it is never older than what it is made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shapely.geometry import Point, shape

from anlan.command import figures, queries
from anlan.command.assessment.assess import Assessment, assess
from anlan.command.models import Incident, Response, Task
from anlan.command.plans.document import Card
from anlan.command.states import INCIDENT_LABELS
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.geo.shapes import distance_m
from anlan.monitoring import queries as monitoring
from anlan.resources import queries as resources
from anlan.simulation import queries as simulation

#: Without a model's footprint, people and places within this distance are told.
AROUND_M = 3000.0
DEGREE_M = 111_320.0
#: Kind of the register's weather stations.
WEATHER = "气象"
#: Forecasts of the next hours; one of a station farther away says nothing of this place (as monitoring's judgements).
AHEAD, FORECAST_M = timedelta(hours=6), 25_000.0
#: What is added up over the hours; of anything else the lowest and highest are told.
SUMS = {"小时雨量": "雨量", "小时雪量": "雪量"}
UNITS = {
    "气温": "°C", "风速": "m/s", "阵风": "m/s", "小时雨量": "mm", "小时雪量": "mm", "相对湿度": "%", "能见度": "m",
    "地面温度": "°C", "路面温度": "°C", "冰雹直径": "mm", "PM2.5": "µg/m³",
}  # fmt: skip
#: Weather older than this is told as old.
FRESH = timedelta(hours=1)
NEAREST_TEAMS, LIKE_BEFORE = 6, 5


@dataclass(frozen=True)
class Weather:
    """What one station near says now. `old`: it has not been heard for an hour."""

    station: str
    km: float
    rows: list[tuple[str, str, datetime]]
    old: bool


@dataclass(frozen=True)
class Forecast:
    """What is forecast for the next hours at the nearest station that has a forecast: (quantity, words)."""

    station: str
    km: float
    rows: list[tuple[str, str]]
    until: datetime
    issued_at: datetime
    source: str


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


def clock_text(at: datetime) -> str:
    return at.astimezone(clock.BEIJING).strftime("%m-%d %H:%M")


def weather(actor: Actor, lon: float, lat: float, at: datetime) -> list[Weather]:
    """The two nearest weather stations that have said anything."""
    if not actor.has("monitoring.view"):
        return []
    rows = monitoring.stations(actor).filter(kind=WEATHER, in_service=True)
    near = sorted(rows, key=lambda one: distance_m(lon, lat, one.lon, one.lat))[:3]
    found = []
    for station in near:
        readings = [one for one in monitoring.latest(actor, [station.pk]) if one.value is not None and one.at <= at]
        if readings:
            told = [(one.datastream.name, f"{one.value:g} {one.datastream.unit}".strip(), one.at) for one in readings]
            old = max(one.at for one in readings) < at - FRESH
            found.append(Weather(station.name, distance_m(lon, lat, station.lon, station.lat) / 1000, told, old))
    return found[:2]


def forecast(actor: Actor, lon: float, lat: float, at: datetime) -> Forecast | None:
    """未来 6 小时 of the nearest station with a forecast; None where there is none near enough."""
    if not actor.has("monitoring.view"):
        return None
    rows = monitoring.forecasts(actor).filter(valid_at__gt=at, valid_at__lte=at + AHEAD).select_related("station")
    by_station: dict[int, list[Any]] = {}
    for row in rows:
        by_station.setdefault(row.station_id, []).append(row)
    near = [(distance_m(lon, lat, some[0].station.lon, some[0].station.lat), some) for some in by_station.values()]
    metres, found = min(near, key=lambda pair: pair[0], default=(FORECAST_M + 1, []))
    if metres > FORECAST_M:
        return None
    values: dict[str, list[float]] = {}
    for row in found:
        values.setdefault(row.quantity, []).append(row.value)
    first = found[0]
    return Forecast(
        first.station.name, metres / 1000, [(SUMS.get(name, name), told(name, some)) for name, some in values.items()],
        max(row.valid_at for row in found), max(row.issued_at for row in found), first.source,
    )  # fmt: skip


def told(quantity: str, values: list[float]) -> str:
    unit = UNITS.get(quantity, "")
    if quantity in SUMS:
        return f"{sum(values):.1f} {unit}"
    low, high = min(values), max(values)
    return f"{low:.1f} {unit}".strip() if low == high else f"{low:.1f}~{high:.1f} {unit}".strip()


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


def weather_words(now: Weather) -> str:
    return "，".join(f"{name} {value}" for name, value, _at in now.rows[:4]) + ("（数据已旧）" if now.old else "")


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
