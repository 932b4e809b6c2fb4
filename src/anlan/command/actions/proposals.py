"""接报线索: what sensors and feeds put before the duty desk. Called by reactions, never by people."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from anlan.command.common import Kind, exercising, tell
from anlan.command.events import ProposalReceived
from anlan.command.models import Incident, Proposal
from anlan.command.sources import Source
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.actions import action, record
from anlan.kernel.areas.models import Area
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.geo.shapes import distance_m

#: Two clues nearer than this in place and time, of one kind of event, are taken for the same thing.
NEAR_M = 3000.0
NEAR_TIME = timedelta(minutes=60)


def near(found: Source | Proposal, lon: float, lat: float) -> bool:
    return distance_m(found.lon, found.lat, lon, lat) <= NEAR_M


def same_incident(found: Source) -> Incident | None:
    """An open incident at this place and time with the same group of event type; never a real message into an exercise."""
    rows = Incident.objects.unscoped(HELD).filter(
        exercise=exercising(),
        status__in=["opened", "responding", "ended"],
        event_code__startswith=found.event_code[:3],
        received_at__gte=found.at - NEAR_TIME,
        received_at__lte=found.at + NEAR_TIME,
    )
    return next((row for row in rows if near(found, row.lon, row.lat)), None)


def waiting_of(incident: Incident) -> list[Proposal]:
    """Waiting clues that would have been counted to the incident, had they come after it."""
    rows = Proposal.objects.unscoped(HELD).select_for_update()
    around = (incident.received_at - NEAR_TIME, incident.received_at + NEAR_TIME)
    rows = rows.filter(
        state=Proposal.State.WAITING, event_code__startswith=incident.event_code[:3], at__range=around
    ).order_by("pk")
    return [row for row in rows if incident.exercise == exercising() and near(row, incident.lon, incident.lat)]


def same_proposal(found: Source) -> Proposal | None:
    rows = (
        Proposal.objects.unscoped(HELD)
        .select_for_update()
        .filter(
            state=Proposal.State.WAITING,
            event_code=found.event_code,
            at__range=(found.at - NEAR_TIME, found.at + NEAR_TIME),
        )
    )
    return next((row for row in rows if near(found, row.lon, row.lat)), None)


def as_further(found: Source) -> dict[str, Any]:
    """A further message of the same thing."""
    return {
        "title": found.title,
        "at": found.at.isoformat(),
        "alarm_id": found.alarm_id,
        "hazard_event_id": found.hazard_event_id,
    }


def opened_of(found: Source) -> Incident | None:
    """The incident that was opened from this very alarm or hazard event before its clue arrived."""
    rows = Incident.objects.unscoped(HELD)
    if found.alarm_id is not None:
        return rows.filter(alarm_id=found.alarm_id).first()
    return rows.filter(hazard_event_id=found.hazard_event_id).first() if found.hazard_event_id is not None else None


def known_proposal(found: Source) -> Proposal | None:
    """The clue that was made of this very alarm or hazard event, or under this correlation id where it is neither."""
    rows = Proposal.objects.unscoped(HELD)
    if found.alarm_id is None and found.hazard_event_id is None:
        return rows.filter(correlation_id=found.correlation_id).first()
    return rows.filter(alarm_id=found.alarm_id, hazard_event_id=found.hazard_event_id).first()


@action("command.incident")
def propose_foreign(
    by: Actor,
    *,
    kind: str,
    title: str,
    event_code: str,
    lon: float,
    lat: float,
    at: datetime,
    area: Area,
    correlation_id: UUID | None,
    reported_by: str,
    place: str = "",
) -> Proposal | Incident:
    """外平台通报的事件: a clue for our desk; one that runs here already under the same correlation id gets a line."""
    found = Source(
        kind=kind, title=title[:120], event_code=event_code, lon=lon, lat=lat, at=at, area=area,
        correlation_id=correlation_id or uuid4(), reported_by=reported_by, place=place,
    )  # fmt: skip
    ours = Incident.objects.unscoped(HELD).filter(correlation_id=found.correlation_id).first()
    if ours is not None:
        line = tell(ours, Kind.ALARM, f"{reported_by}通报：{title}", by.name, at=clock.now(), lon=lon, lat=lat)
        record(by, "记入事件线索", line, reason=ours.number, correlation_id=ours.correlation_id)
        return ours
    return propose(by, found, 1)


@action("command.incident")
def propose(by: Actor, found: Source, priority: int) -> Proposal | Incident:
    """Put a clue before the duty desk, unless it belongs to an incident or a clue that is there already."""
    known = known_proposal(found)
    if known:
        return known
    if incident := opened_of(found):
        return incident
    incident = same_incident(found)
    if incident:
        text = f"同地同时段{found.kind}：{found.title}"
        line = tell(incident, Kind.ALARM, text, by.name, at=found.at, lon=found.lon, lat=found.lat)
        record(by, "记入事件线索", line, reason=incident.number, correlation_id=incident.correlation_id)
        return incident
    twin = same_proposal(found)
    if twin:
        before = snapshot(twin)
        twin.also = [*twin.also, as_further(found)]
        twin.priority = min(twin.priority, priority)
        twin.save()
        record(by, "归并接报线索", twin, before=before, reason=found.title, correlation_id=twin.correlation_id)
        return twin
    proposal = Proposal.objects.create(
        source=found.kind,
        place=found.place[:120],
        reported_by=found.reported_by[:80],
        title=found.title,
        event_code=found.event_code,
        lon=found.lon,
        lat=found.lat,
        at=found.at,
        received_at=clock.now(),
        priority=priority,
        area=found.area,
        factors=found.factors,
        alarm_id=found.alarm_id,
        hazard_event_id=found.hazard_event_id,
        correlation_id=found.correlation_id,
    )
    at = found.at.isoformat()
    fact = ProposalReceived(proposal.pk, proposal.title, priority, found.lon, found.lat, at)
    record(by, "收到接报线索", proposal, fact, correlation_id=proposal.correlation_id)
    return proposal


@action("command.incident")
def refine_proposal(
    by: Actor, hazard_event_ids: list[int], title: str, lon: float, lat: float, priority: int
) -> Proposal | None:
    """A waiting clue of these hazard events, better known now: its title, place and urgency."""
    rows = Proposal.objects.unscoped(HELD).select_for_update()
    row = rows.filter(state=Proposal.State.WAITING, hazard_event_id__in=hazard_event_ids).order_by("at").first()
    if row is None or (row.title, row.lon, row.lat, row.priority) == (title[:120], lon, lat, priority):
        return row
    before = snapshot(row)
    row.title, row.lon, row.lat, row.priority = title[:120], lon, lat, priority
    row.save()
    at = row.at.isoformat()
    fact = ProposalReceived(row.pk, row.title, priority, lon, lat, at)
    record(by, "更新接报线索", row, fact, before=before, correlation_id=row.correlation_id)
    return row
