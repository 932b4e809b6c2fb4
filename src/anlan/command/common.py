"""What the verbs of this room share."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from anlan import sandbox
from anlan.command.models import Incident, Task, TimelineEntry
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.clock import BEIJING
from anlan.kernel.errors import Conflict, Invalid
from anlan.kernel.events.facts import NoticeRequested

Kind = TimelineEntry.Kind


def exercising() -> bool:
    """Is what happens now an exercise? A scenario's clock, or a drill's sandbox as a whole."""
    return clock.scenario() is not None or bool(sandbox.name())


def hold(by: Actor, permission: str, incident_id: int, version: int | None = None) -> Incident:
    """The incident, locked until the transaction ends. `version` is the one the user looked at when deciding."""
    incident = Incident.objects.visible_to(by, permission).one(incident_id, lock=True)
    check_version(incident, version)
    return incident


def hold_open(by: Actor, permission: str, incident_id: int, version: int | None = None) -> Incident:
    incident = hold(by, permission, incident_id, version)
    if not incident.is_open:
        raise Conflict(f"{incident.number}{incident.get_status_display()}，不能再改", rule="结案后不得更改")
    return incident


def check_version(row: Any, version: int | None) -> None:
    """Refuse a change that was decided on an older picture: nobody's change is lost silently."""
    if version is not None and version != row.version:
        raise Conflict(
            f"{row}已被他人更改（您看到的是第{version}版，现为第{row.version}版），请刷新后再试",
            rule="并发更改检查",
            current_version=row.version,
        )


def bump(row: Any) -> None:
    row.version += 1
    row.save()


def tell(
    incident: Incident,
    kind: str,
    text: str,
    by: str,
    *,
    at: datetime | None = None,
    lon: float | None = None,
    lat: float | None = None,
    **data: Any,
) -> TimelineEntry:
    """Add a line to the incident's timeline."""
    now = clock.now()
    return TimelineEntry.objects.create(
        incident=incident,
        at=at or now,
        recorded_at=now,
        kind=kind,
        text=text[:1000],
        by=by,
        lon=lon,
        lat=lat,
        data=data,
    )


def hm(moment: datetime | None) -> str:
    """`11-23 14:05` in Beijing time, as messages show it."""
    return f"{moment.astimezone(BEIJING):%m-%d %H:%M}" if moment else "未知"


def required(field: str, value: str, label: str, most: int = 400) -> str:
    """A text somebody has to give."""
    value = value.strip()
    if not 0 < len(value) <= most:
        raise Invalid(field, value, f"1~{most} 字", label=label)
    return value


def task_notice(task: Task, text: str, purpose: str, name: str = "", phone: str = "", **to: Any) -> NoticeRequested:
    """A message about a task, by default to the one who has it."""
    if not name:
        name, phone = task.assignee, ""
        if task.person:
            name, phone = task.person.name, task.person.phone
        elif task.team:
            name, phone = task.team.name, task.team.phone
        to = {"to_person_id": task.person_id, "to_post_id": task.post_id}
    return NoticeRequested(
        to_name=name,
        phone=phone,
        text=text,
        purpose=purpose,
        subject_type="command.Task",
        subject_id=str(task.pk),
        urgency="high",
        correlation_id=str(task.incident.correlation_id),
        **to,
    )
