"""What the duty desk has to look at now: incidents and alarms by priority. Used by the map and the wall."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.timezone import localtime

from anlan.command import queries as command
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.events.models import Event
from anlan.monitoring import queries as monitoring
from anlan.web.icons import SHAPES
from anlan.web.live import FIELDS, may_see
from anlan.web.timeline import LEVELS

#: As many as a person can take in; the rest is one click away in the room's own list.
MOST = 60
NAMES = {1: ("红", "red"), 2: ("橙", "orange"), 3: ("黄", "yellow"), 4: ("蓝", "blue")}
UNSEEN = {"unacknowledged", "returned"}
#: Set aside by somebody, with a reason: not before the operator's eyes now.
ASIDE = ("shelved", "suppressed", "out_of_service")
ONLINE_GOOD, ONLINE_FAIR = 95, 80
TRENDS = {"command.TaskIssued": "下达", "command.TaskLate": "超时", "command.TaskProgressed": "完成"}


@dataclass(frozen=True)
class IncidentLine:
    """An open incident as one entry of a list, with the report that is due next."""

    id: int
    title: str
    grade: str
    level: int
    status: str
    lon: float
    lat: float
    at: datetime
    correlation_id: UUID
    response: str
    clock_due: datetime | None
    clock_title: str
    late_tasks: int


def standing(actor: Actor) -> Any:
    return monitoring.open_alarms(actor).exclude(state__in=ASIDE)


def incident_lines(actor: Actor, desk: command.Desk) -> list[IncidentLine]:
    """The gravest first."""
    late = Counter(task.incident_id for task in late_tasks(desk))
    found = []
    for row in desk.incidents:
        due = min(
            (duty for duty in desk.clocks if duty.incident_id == row.pk), key=lambda duty: duty.due_at, default=None
        )
        active = next((one for one in command.responses(actor, row.pk) if one.state == "active"), None)
        found.append(
            IncidentLine(
                id=row.pk,
                title=f"【演练】{row.title}" if row.exercise else row.title,
                grade=row.working_grade,
                level=LEVELS.get(row.working_grade, 4),
                status=row.get_status_display(),
                lon=row.lon,
                lat=row.lat,
                at=row.received_at,
                correlation_id=row.correlation_id,
                response=f"{active.level}响应" if active else "",
                clock_due=due.due_at if due else None,
                clock_title=str(due.kind) if due else "",
                late_tasks=late[row.pk],
            )
        )
    return sorted(found, key=lambda line: (line.level, -line.at.timestamp()))


def late_tasks(desk: command.Desk) -> list[Any]:
    """Not acknowledged or not finished by their time."""
    now = clock.now()
    return [task for task in desk.waiting if task.acknowledge_by and task.acknowledge_by <= now] + desk.late


def worklist(actor: Actor) -> dict[str, Any]:
    """Proposals, open incidents and standing alarms this actor may see, the most urgent first."""
    alarms = list(standing(actor)[: MOST + 1])
    opened = command.incidents_of_alarms(actor, [alarm.pk for alarm in alarms])
    for alarm in alarms:
        alarm.incident_id = opened.get(alarm.pk)
    desk = command.desk(actor)
    return {
        "proposals": desk.proposals[:MOST],
        "incidents": incident_lines(actor, desk),
        "alarms": alarms[:MOST],
        "more_alarms": len(alarms) > MOST,
        "alarm_counts": sorted(Counter(alarm.priority for alarm in alarms).items()),
        "at": clock.now(),
    }


def wall(actor: Actor) -> dict[str, Any]:
    """The figures and lists of the wall display."""
    now = clock.now()
    alarms = list(standing(actor))
    counts = Counter(alarm.priority for alarm in alarms)
    desk = command.desk(actor)
    tasks = command.tasks(actor, open_only=True)
    late = {task.pk for task in late_tasks(desk)}
    return {
        "alarms": alarms[:MOST],
        "levels": [
            {"priority": level, "name": name, "shape": SHAPES[shape], "count": counts[level]}
            for level, (name, shape) in NAMES.items()
        ],
        "unseen": sum(alarm.state in UNSEEN for alarm in alarms),
        "incidents": incident_lines(actor, desk),
        "late_tasks": len(late),
        "tasks": [task_line(task, task.pk in late) for task in sorted(tasks, key=urgency)],
        "warnings": [warning_line(warning) for warning in monitoring.active_warnings(actor)],
        "online": online_figure(actor, now),
    }


def urgency(task: Any) -> float:
    due = task.due_at or task.created_at + timedelta(days=1)
    return float(due.timestamp())


def task_line(task: Any, late: bool) -> dict[str, Any]:
    return {
        "title": task.title,
        "assignee": task.assignee,
        "state": task.get_state_display(),
        "due_at": task.due_at,
        "late": late,
    }


def warning_line(warning: Any) -> dict[str, Any]:
    return {
        "level": warning.level,
        "priority": LEVELS.get(warning.level, 4),
        "headline": warning.headline,
        "expires": warning.expires,
    }


def online_figure(actor: Actor, now: datetime) -> dict[str, Any]:
    found = monitoring.online(actor, now)
    percent = found.percent
    kind = "" if percent is None else "ok" if percent >= ONLINE_GOOD else "warn" if percent >= ONLINE_FAIR else "bad"
    return {"online": found.online, "total": found.total, "percent": percent, "kind": kind}


def trends(actor: Actor, hours: int = 24) -> dict[str, Any]:
    """Events by hour of the last day: alarms by priority, and how tasks went (running totals)."""
    now = clock.now()
    start = localtime(now).replace(minute=0, second=0, microsecond=0) - timedelta(hours=hours - 1)
    rows = Event.objects.filter(at__gte=start, name__in=["monitoring.AlarmRaised", *TRENDS])
    seen = [row for row in rows.values(*FIELDS) if row["published_seq"] and may_see(actor, row)]
    alarms = [by_hour((r for r in seen if r["payload"].get("priority") == level), start, hours) for level in NAMES]
    return {
        "hours": [f"{(start + timedelta(hours=n)).hour:02d}" for n in range(hours)],
        "alarms": alarms,
        "tasks": [
            {"name": name, "data": running(by_hour((r for r in seen if counts_as(r, event)), start, hours))}
            for event, name in TRENDS.items()
        ],
    }


def counts_as(row: dict[str, Any], event: str) -> bool:
    done = row["payload"].get("state") == "done"
    return row["name"] == event and (done or event != "command.TaskProgressed")


def by_hour(rows: Iterable[dict[str, Any]], start: datetime, hours: int) -> list[int]:
    counts = Counter(int((row["at"] - start).total_seconds() // 3600) for row in rows)
    return [counts[hour] for hour in range(hours)]


def running(counts: list[int]) -> list[int]:
    total, found = 0, []
    for count in counts:
        total += count
        found.append(total)
    return found
