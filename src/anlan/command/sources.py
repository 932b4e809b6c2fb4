"""What an incident can be opened from: an alarm, a hazard event, a clue of the duty desk."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from anlan.command import guess
from anlan.command.models import Proposal
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.areas.models import Area
from anlan.monitoring import queries as monitoring

KINDS = {"earthquake": "地震速报", "hotspot": "卫星热点", "cap": "外部预警"}


@dataclass(frozen=True)
class Source:
    """Where it came from and what is known from there."""

    kind: str
    title: str
    event_code: str
    lon: float
    lat: float
    at: datetime
    area: Area
    correlation_id: UUID
    reported_by: str
    place: str = ""
    alarm_id: int | None = None
    hazard_event_id: int | None = None
    factors: dict[str, Any] = field(default_factory=dict)


def known(value: Any, source: str, at: datetime) -> dict[str, Any]:
    """A factor with where and when it comes from."""
    return {"value": value, "source": source, "at": at.isoformat()}


def of_alarm(by: Actor, alarm_id: int) -> Source:
    """The alarm, with its priority and, at a hazard unit, the substance."""
    alarm = monitoring.alarm(by, alarm_id)
    unit = alarm.station.hazard_unit if alarm.station else None
    factors = {"alarm_priority": known(alarm.priority, "监测告警", alarm.raised_at)}
    if unit:
        factors["substance"] = known(unit.substance, f"危险单元 {unit.name}", alarm.raised_at)
    quantity = alarm.datastream.name if alarm.datastream else ""
    return Source(
        kind="监测告警",
        title=alarm.title[:120],
        event_code=guess.event_code(f"{alarm.title} {alarm.rule.title} {quantity} {alarm.unit}"),
        lon=alarm.lon,
        lat=alarm.lat,
        at=alarm.raised_at,
        area=alarm.area,
        correlation_id=alarm.correlation_id,
        reported_by=f"规则“{alarm.rule.title}”",
        place=unit.enterprise.name if unit else str(alarm.station or alarm.area),
        alarm_id=alarm.pk,
        factors=factors,
    )


def of_hazard_event(by: Actor, hazard_event_id: int) -> Source:
    """The earthquake, hotspot or outside warning, with what plans are judged on."""
    event = monitoring.hazard_event(by, hazard_event_id)
    factors: dict[str, Any] = {}
    if event.kind == "earthquake" and event.magnitude is not None:
        factors["magnitude"] = known(event.magnitude, f"地震速报（{event.source}）", event.at)
    if event.kind == "hotspot":
        factors["hotspots"] = known(1, f"卫星热点（{event.source}）", event.at)
    return Source(
        kind=KINDS.get(event.kind, "灾害信息"),
        title=event.title[:120],
        event_code=guess.event_code(event.title, event.kind),
        lon=event.lon,
        lat=event.lat,
        at=event.at,
        area=event.area,
        correlation_id=event.correlation_id,
        reported_by=event.source,
        hazard_event_id=event.pk,
        factors=factors,
    )


def of_proposal(proposal: Proposal) -> Source:
    """The clue as it stands, further hotspots at the place counted."""
    factors = dict(proposal.factors)
    if "hotspots" in factors:
        factors["hotspots"] = {**factors["hotspots"], "value": 1 + len(proposal.also)}
    return Source(
        kind=proposal.source,
        title=proposal.title,
        event_code=proposal.event_code,
        lon=proposal.lon,
        lat=proposal.lat,
        at=proposal.at,
        area=proposal.area,
        correlation_id=proposal.correlation_id,
        reported_by=proposal.reported_by or proposal.source,
        place=proposal.place,
        alarm_id=proposal.alarm_id,
        hazard_event_id=proposal.hazard_event_id,
        factors=factors,
    )
