"""Reads of the command room: always for somebody."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from shapely.geometry import shape

from anlan.command import figures, review
from anlan.command.models import (
    RUNNING,
    Drawing,
    Drill,
    FeltReport,
    Incident,
    LossReturn,
    PastEarthquake,
    Plan,
    PlanVersion,
    Proposal,
    Report,
    ReportClock,
    Response,
    Task,
    TimelineEntry,
)
from anlan.command.plans.document import PlanDocument
from anlan.command.plans.expressions import Judgement
from anlan.command.rules.drawing import SIGNS, Sign
from anlan.command.states import INCIDENT_OVER, TASK_OPEN, TASK_WAITING
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import HELD, ScopedQuerySet
from anlan.kernel.areas.models import Area, Level
from anlan.kernel.events.models import Event
from anlan.monitoring.models import HazardEvent
from anlan.simulation import queries as simulation

VIEW = "command.view"


def incidents(actor: Actor, *, open_only: bool = False) -> list[Incident]:
    rows = Incident.objects.visible_to(actor, VIEW).select_related("area")
    return list(rows.exclude(status__in=INCIDENT_OVER) if open_only else rows)


def incidents_of_alarms(actor: Actor, alarm_ids: Collection[int]) -> dict[int, int]:
    """alarm -> the incident that was opened from it, or that it was found to belong to; others are left out."""
    opened = Incident.objects.visible_to(actor, VIEW).filter(alarm_id__in=alarm_ids)
    joined = Proposal.objects.visible_to(actor, VIEW).filter(alarm_id__in=alarm_ids, incident__isnull=False)
    pairs = [*joined.values_list("alarm_id", "incident_id"), *opened.values_list("alarm_id", "pk")]
    return {alarm: incident for alarm, incident in pairs if alarm and incident}


def is_open(correlation_id: UUID) -> bool:
    """Whether an incident of this correlation id goes on; asked by reactions."""
    rows = Incident.objects.unscoped("yes or no, of one id").filter(correlation_id=correlation_id)
    return rows.exclude(status__in=INCIDENT_OVER).exists()


def incident(actor: Actor, incident_id: int) -> Incident:
    return Incident.objects.visible_to(actor, VIEW).select_related("area").one(incident_id)


def report(actor: Actor, report_id: int) -> Report:
    return Report.objects.visible_to(actor, VIEW).select_related("incident__area").one(report_id)


def loss_return(actor: Actor, return_id: int) -> LossReturn:
    return LossReturn.objects.visible_to(actor, VIEW).select_related("round__process__incident", "area").one(return_id)


def task(actor: Actor, task_id: int) -> Task:
    rows = Task.objects.visible_to(actor, VIEW).select_related("incident__area", "team", "post", "person", "response")
    return rows.one(task_id)


def timeline(actor: Actor, incident_id: int) -> list[TimelineEntry]:
    """Newest first."""
    rows = TimelineEntry.objects.visible_to(actor, VIEW).filter(incident_id=incident_id)
    return list(rows.order_by("-at", "-id"))


def tasks(actor: Actor, incident_id: int | None = None, *, open_only: bool = False) -> list[Task]:
    rows = Task.objects.visible_to(actor, VIEW).select_related("incident", "team", "post", "person", "response")
    rows = rows.prefetch_related("steps")
    if incident_id is not None:
        rows = rows.filter(incident_id=incident_id)
    return list(rows.filter(state__in=TASK_OPEN) if open_only else rows)


def responses(actor: Actor, incident_id: int) -> list[Response]:
    rows = Response.objects.visible_to(actor, VIEW).filter(incident_id=incident_id)
    return list(rows.select_related("plan_version__plan"))


def reports(actor: Actor, incident_id: int) -> list[Report]:
    return list(Report.objects.visible_to(actor, VIEW).filter(incident_id=incident_id))


def clocks(actor: Actor, incident_id: int | None = None, *, unmet: bool = False) -> list[ReportClock]:
    rows = ReportClock.objects.visible_to(actor, VIEW).select_related("incident", "met_by")
    if incident_id is not None:
        rows = rows.filter(incident_id=incident_id)
    return list(rows.filter(RUNNING) if unmet else rows)


@dataclass(frozen=True)
class Desk:
    """What the duty desk looks at."""

    proposals: list[Proposal]
    incidents: list[Incident]
    clocks: list[ReportClock]
    waiting: list[Task]
    late: list[Task]


def desk(actor: Actor) -> Desk:
    now = clock.now()
    rows = Proposal.objects.visible_to(actor, VIEW).filter(state=Proposal.State.WAITING).select_related("area")
    unfinished = tasks(actor, open_only=True)
    return Desk(
        proposals=list(rows.order_by("priority", "-at")),
        incidents=incidents(actor, open_only=True),
        clocks=clocks(actor, unmet=True),
        waiting=[row for row in unfinished if row.state in TASK_WAITING],
        late=[row for row in unfinished if row.state not in TASK_WAITING and row.due_at and row.due_at <= now],
    )


@dataclass(frozen=True)
class PlanOption:
    """A plan that covers the incident, with every level's condition judged on what is known now."""

    version: PlanVersion
    document: PlanDocument
    levels: list[tuple[str, Judgement]]
    proposed: str


def plan_options(actor: Actor, row: Incident) -> list[PlanOption]:
    """Plans of the city are common knowledge; those whose event types fit come with the explanation."""
    known = figures.of_incident(row, clock.now())
    options = []
    for plan in Plan.objects.unscoped(HELD).filter(in_force=True):
        version = plan.current()
        document = version.document() if version else None
        if version and document and document.covers(row.event_code):
            judged = figures.judge_levels(document, known)
            options.append(PlanOption(version, document, judged, figures.proposed_level(judged)))
    return options


def plans(actor: Actor) -> list[Plan]:
    return list(Plan.objects.visible_to(actor, VIEW).select_related("area"))


def replay(actor: Actor, incident_id: int) -> dict[str, Any]:
    """Everything by time, for the review's slider: timeline, tracks of teams, hazard zones, task states."""
    row = incident(actor, incident_id)
    lines = timeline(actor, incident_id)[::-1]
    moments = [line.at for line in lines] or [row.received_at]
    start = min([row.occurred_at or row.received_at, *moments])
    return {
        "incident": {"number": row.number, "title": row.title, "lon": row.lon, "lat": row.lat},
        "start": start.isoformat(),
        "end": max(moments).isoformat(),
        "timeline": [as_line(line) for line in lines],
        "tracks": tracks(row, tasks(actor, incident_id)),
        "tasks": [as_steps(one) for one in tasks(actor, incident_id)],
        "zones": zones(actor, row),
    }


def as_line(line: TimelineEntry) -> dict[str, Any]:
    return {
        "at": line.at.isoformat(),
        "kind": line.kind,
        "label": _(str(line.get_kind_display())),
        "text": line.text,
        "by": line.by,
        "lon": line.lon,
        "lat": line.lat,
    }


def as_steps(one: Task) -> dict[str, Any]:
    """A task's way through its states; a team without reported positions is drawn along its planned route."""
    return {
        "id": one.pk,
        "title": one.title,
        "assignee": one.assignee,
        "team": one.team_id,
        "route": one.route,
        "route_how": one.route_how,
        "eta_min": one.eta_min,
        "steps": [
            {"state": s.state, "label": _(str(s.get_state_display())), "at": s.at.isoformat()} for s in one.steps.all()
        ],
    }


def tracks(row: Incident, rows: Iterable[Task]) -> list[dict[str, Any]]:
    """Reported positions of the teams that had tasks here, while it lasted."""
    teams = {one.team_id: one.team for one in rows if one.team}
    moved = Event.objects.filter(name="resources.TeamMoved", at__gte=row.received_at).order_by("id")
    moved = moved.filter(at__lte=row.closed_at) if row.closed_at else moved
    points: dict[int, list[list[Any]]] = {}
    for event in moved.filter(payload__team_id__in=list(teams)).iterator(2000):
        p = event.payload
        points.setdefault(p["team_id"], []).append([p["at"], p["lon"], p["lat"]])
    return [{"team": key, "name": teams[key].name, "points": track} for key, track in points.items()]


def zones(actor: Actor, row: Incident) -> list[dict[str, Any]]:
    """Hazard zones by the time they were computed 模型推算, oldest first."""
    found = simulation.runs(actor, row.correlation_id).order_by("at") if actor.has("simulation.view") else []
    return [{"at": run.at.isoformat(), "kind": run.kind, "title": run.title, "zones": run.zones} for run in found]


def record_of_latest(actor: Actor) -> dict[str, Any]:
    """What an evaluation reads of the newest incident: its times against targets and its timeline. Empty without one."""
    row = Incident.objects.visible_to(actor, VIEW).order_by("-id").first()
    if row is None:
        return {"measures": [], "timeline": []}
    return {
        "incident": row.number,
        "held_at": row.received_at.isoformat(),
        "measures": [one.as_data() for one in review.measures(row)],
        "timeline": [as_line(line) for line in timeline(actor, row.pk)][::-1],
        "replay": replay(actor, row.pk),
    }


def drill_numbered(actor: Actor, number: str) -> Drill | None:
    return Drill.objects.visible_to(actor, VIEW).filter(number=number).first()


def felt_reports(actor: Actor, event: HazardEvent) -> ScopedQuerySet[FeltReport]:
    return FeltReport.objects.visible_to(actor, VIEW).filter(event=event).select_related("area").order_by("-at", "-pk")


def past_earthquakes(actor: Actor) -> ScopedQuerySet[PastEarthquake]:
    return PastEarthquake.objects.visible_to(actor, VIEW).order_by("-at")


def city_place() -> tuple[float, float]:
    """A place that stands for the city: where most of its people live, else the middle of its outline."""
    living = simulation.homes()
    if living:
        densest = max(living, key=lambda home: home.per_km2).outline.representative_point()
        return densest.x, densest.y
    city = Area.objects.filter(level=Level.CITY, geometry__isnull=False).first()
    middle = shape(city.geometry or {}).centroid if city else None
    return (middle.x, middle.y) if middle is not None else (0.0, 0.0)


def drawings(actor: Actor) -> list[tuple[Drawing, Sign]]:
    """What is drawn on open incidents, with its sign."""
    rows = Drawing.objects.visible_to(actor, VIEW).filter(erased_at=None).exclude(incident__status__in=INCIDENT_OVER)
    return [(row, SIGNS[row.kind]) for row in rows if row.kind in SIGNS]
