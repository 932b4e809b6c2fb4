"""Taking in what feeds tell."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.areas.models import Area, Level
from anlan.kernel.errors import Invalid
from anlan.kernel.geo import Finder, parse
from anlan.monitoring.events import HazardEventReceived
from anlan.monitoring.models import HazardEvent, HazardEventKind


def area_of(lon: float, lat: float) -> Area:
    """The district that contains the point; an event outside concerns the whole city."""
    shaped = [a for a in Area.objects.filter(level=Level.DISTRICT) if a.geometry]
    inside = Finder([(a, parse(a.geometry)) for a in shaped]).containing(lon, lat) if shaped else []
    city = Area.objects.filter(level=Level.CITY).first()
    if not inside and city is None:
        raise Invalid("area", f"{lon},{lat}", "先载入本市区划", label="区划")
    return inside[0] if inside else city  # type: ignore[return-value]


@action("monitoring.feed")
def receive_event(
    by: Actor,
    kind: str,
    natural_key: str,
    at: datetime,
    lon: float,
    lat: float,
    title: str,
    magnitude: float | None,
    properties: dict[str, Any],
    source: str,
) -> tuple[HazardEvent, bool]:
    """(event, is it new). The same event again changes nothing; a changed one is updated and journalled, not repeated."""
    if kind not in HazardEventKind.values:
        raise Invalid("kind", kind, "、".join(HazardEventKind.values), label="类别")
    events = HazardEvent.objects.unscoped("identity of an event").select_for_update(of=("self",))
    known = events.filter(kind=kind, natural_key=natural_key).first()
    if known is not None:
        return known, False
    event = HazardEvent.objects.create(
        area=area_of(lon, lat), kind=kind, natural_key=natural_key, source=source, title=title[:200], at=at, lon=lon,
        lat=lat, magnitude=magnitude, properties=properties, received_at=clock.now(),
    )  # fmt: skip
    fact = HazardEventReceived(event.pk, kind, event.title, magnitude, at.isoformat(), lon, lat)
    record(by, "收到灾害信息", event, fact, correlation_id=event.correlation_id)
    return event, True
