"""合并与拆分: one event reported twice, two events taken for one. Both originals stay as they were written."""

from __future__ import annotations

from collections.abc import Sequence

from anlan.command import numbering
from anlan.command.actions.incidents import open_incident
from anlan.command.common import Kind, bump, hold_open, required, tell
from anlan.command.duty import clocks
from anlan.command.events import IncidentUpdated
from anlan.command.models import Incident, Response, Task, TimelineEntry
from anlan.command.states import INCIDENT, INCIDENT_LABELS, TASK_OVER, move
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.actions import action, record
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, Invalid


def hold_pair(by: Actor, one: int, other: int) -> tuple[Incident, Incident]:
    """Both locked, always the lower number first, so that two merges at once never wait for each other in a circle."""
    if one == other:
        raise Invalid("into", other, "另一事件", label="并入事件")
    held = {pk: Incident.objects.visible_to(by, "command.incident").one(pk, lock=True) for pk in sorted((one, other))}
    return held[one], held[other]


@action("command.incident")
def merge_incident(by: Actor, incident_id: int, into_id: int, reason: str, *, version: int | None = None) -> Incident:
    """并入: the same event. The one merged keeps all it has, closed to change; its earlier deadlines pass to the other."""
    incident, into = hold_pair(by, incident_id, into_id)
    check_mergeable(incident, into, version)
    before, reason = snapshot(incident), required("reason", reason, "合并理由")
    incident.status = move(INCIDENT, INCIDENT_LABELS, incident.number, incident.status, "merged")
    incident.merged_into = into
    bump(incident)
    was = snapshot(into)
    clocks.take_over(into, incident, incident.number)
    bump(into)
    tell(incident, Kind.INCIDENT, f"并入 {into.number} {into.title}：{reason}", by.name, into=into.pk)
    tell(into, Kind.INCIDENT, f"{incident.number} {incident.title} 并入本事件：{reason}", by.name, merged=incident.pk)
    fact = IncidentUpdated(incident.pk, "merged")
    record(by, "合并事件", incident, fact, before=before, reason=reason, correlation_id=incident.correlation_id)
    fact = IncidentUpdated(into.pk, "merged")
    record(by, "接受并入事件", into, fact, before=was, reason=reason, correlation_id=into.correlation_id)
    return into


def check_mergeable(incident: Incident, into: Incident, version: int | None) -> None:
    if version is not None and version != incident.version:
        raise Conflict(
            f"{incident}已被他人更改（您看到的是第{version}版，现为第{incident.version}版），请刷新后再试",
            rule="并发更改检查",
            current_version=incident.version,
        )
    if into.exercise != incident.exercise:
        raise Conflict(f"{incident.number}与{into.number}一为演练、一为实况", rule="演练与实况不得合并")
    if not into.is_open:
        raise Conflict(f"{into.number}{into.get_status_display()}，不能并入", rule="只并入未结案的事件")
    if Response.objects.unscoped(HELD).filter(incident=incident, state=Response.State.ACTIVE).exists():
        raise Conflict(f"{incident.number}响应进行中，请先终止响应或反向合并", rule="响应中的事件不并入他事件")
    left = Task.objects.unscoped(HELD).filter(incident=incident).exclude(state__in=TASK_OVER).count()
    if left:
        raise Conflict(f"{incident.number}还有 {left} 项任务未完成", rule="任务全部办结后方可并入", open_tasks=left)


@action("command.incident")
def restore_incident(by: Actor, incident_id: int, reason: str) -> Incident:
    """取消合并: it was another event after all. It goes on where it stood."""
    incident = Incident.objects.visible_to(by, "command.incident").one(incident_id, lock=True)
    before, into = snapshot(incident), incident.merged_into
    incident.status = move(INCIDENT, INCIDENT_LABELS, incident.number, incident.status, "opened")
    reason = required("reason", reason, "取消合并的理由")
    incident.merged_into = None
    bump(incident)
    if into is not None:
        tell(into, Kind.INCIDENT, f"{incident.number} 取消并入：{reason}", by.name, restored=incident.pk)
    tell(incident, Kind.INCIDENT, f"取消合并，恢复处置：{reason}", by.name)
    fact = IncidentUpdated(incident.pk, "restored")
    record(by, "取消合并", incident, fact, before=before, reason=reason, correlation_id=incident.correlation_id)
    return incident


@action("command.incident")
def split_incident(
    by: Actor, incident_id: int, title: str, event_code: str, reason: str, *, lon: float | None = None,
    lat: float | None = None, place: str = "", lines: Sequence[int] = (), version: int | None = None,
) -> Incident:  # fmt: skip
    """拆分: a second event inside one. The new one refers to the lines it came from; nothing is taken from the original.

    Its duty to report runs from the first word of it: the original's 接报时间.
    """
    numbering.lock()  # before the row, as everybody who opens an incident does
    source = hold_open(by, "command.incident", incident_id, version)
    before, reason = snapshot(source), required("reason", reason, "拆分理由")
    found = TimelineEntry.objects.unscoped(HELD).filter(incident=source, pk__in=list(lines))
    made = open_incident(
        by,
        event_code=event_code,
        title=title,
        lon=source.lon if lon is None else lon,
        lat=source.lat if lat is None else lat,
        area_id=source.area_id,
        place=place or source.place,
        occurred_at=source.occurred_at,
        received_at=source.received_at,
        exercise=source.exercise,
        reported_by=source.reported_by,
        source=f"由 {source.number} 拆出",
        description=reason,
    )
    made.split_from = source
    made.save()
    for line in found:
        tell(made, line.kind, f"（引自 {source.number}）{line.text}", line.by, at=line.at, line=line.pk)
    tell(source, Kind.INCIDENT, f"拆出 {made.number} {made.title}：{reason}", by.name, split=made.pk)
    bump(source)
    fact = IncidentUpdated(source.pk, "split")
    record(by, "拆分事件", source, fact, before=before, reason=reason, correlation_id=source.correlation_id)
    return made
