"""What an incident can be opened from: an alarm, a hazard event, a clue of the duty desk."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from anlan.command import guess
from anlan.command.models import Proposal
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.areas.models import Area
from anlan.kernel.errors import NotFound
from anlan.kernel.events.models import Event


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


def area_of(path: str) -> Area | None:
    """The area at the end of a path `/1/4/17/`."""
    return Area.objects.filter(path=path).first()


def of_alarm_event(event: Event) -> Source | None:
    """Out of the fact AlarmRaised; None when the fact carries no known area."""
    p, area = event.payload, area_of(event.area_path)
    if area is None:
        return None
    title = str(p["title"])
    return Source(
        kind="监测告警",
        title=title[:120],
        event_code=guess.event_code(f"{title} {p.get('rule_title', '')} {p.get('unit', '')}"),
        lon=float(p["lon"]),
        lat=float(p["lat"]),
        at=datetime.fromisoformat(p["at"]),
        area=area,
        correlation_id=event.correlation_id or uuid4(),
        reported_by=f"规则“{p.get('rule_title', '')}”",
        alarm_id=int(p["alarm_id"]),
        factors={"alarm_priority": known(int(p["priority"]), "监测告警", event.at)},
    )


def of_hazard_event_fact(event: Event) -> Source | None:
    p, area = event.payload, area_of(event.area_path)
    if area is None:
        return None
    factors: dict[str, Any] = {}
    if p["kind"] == "earthquake" and p.get("magnitude") is not None:
        factors["magnitude"] = known(float(p["magnitude"]), "地震速报", event.at)
    if p["kind"] == "hotspot":
        factors["hotspots"] = known(1, "卫星热点", event.at)
    return Source(
        kind={"earthquake": "地震速报", "hotspot": "卫星热点", "cap": "外部预警"}.get(p["kind"], "灾害事件"),
        title=str(p["title"])[:120],
        event_code=guess.event_code(str(p["title"]), p["kind"]),
        lon=float(p["lon"]),
        lat=float(p["lat"]),
        at=datetime.fromisoformat(p["at"]),
        area=area,
        correlation_id=event.correlation_id or uuid4(),
        reported_by="外部数据源",
        hazard_event_id=int(p["hazard_event_id"]),
        factors=factors,
    )


def known(value: Any, source: str, at: datetime) -> dict[str, Any]:
    return {"value": value, "source": source, "at": at.isoformat()}


def visible(by: Actor, found: Source | None, what: str) -> Source:
    if found is None or not by.may("command.incident", found.area.path):
        raise NotFound(f"{what}不存在，或不在您的管辖范围内")
    return found


def of_alarm(by: Actor, alarm_id: int) -> Source:
    event = Event.objects.filter(name="monitoring.AlarmRaised", payload__alarm_id=alarm_id).first()
    return visible(by, of_alarm_event(event) if event else None, f"告警 {alarm_id} ")


def of_hazard_event(by: Actor, hazard_event_id: int) -> Source:
    event = Event.objects.filter(
        name="monitoring.HazardEventReceived", payload__hazard_event_id=hazard_event_id
    ).first()
    return visible(by, of_hazard_event_fact(event) if event else None, f"灾害事件 {hazard_event_id} ")


def of_proposal(proposal: Proposal) -> Source:
    return Source(
        kind=proposal.source,
        title=proposal.title,
        event_code=proposal.event_code,
        lon=proposal.lon,
        lat=proposal.lat,
        at=proposal.at,
        area=proposal.area,
        correlation_id=proposal.correlation_id,
        reported_by=proposal.source,
        alarm_id=proposal.alarm_id,
        hazard_event_id=proposal.hazard_event_id,
        factors=proposal.factors,
    )
