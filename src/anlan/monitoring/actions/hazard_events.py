"""Hazard events from feeds: earthquakes, hotspots, CAP messages of others."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.areas.models import Area
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, Invalid
from anlan.kernel.geo import Finder, parse
from anlan.monitoring.events import HazardEventReceived, HazardEventRevised
from anlan.monitoring.models import HazardEvent, HazardEventKind


def area_at(lon: float, lat: float) -> Area:
    """The smallest area with an outline that holds the point; the top area when it lies outside all of them."""
    areas = list(Area.objects.filter(geometry__isnull=False).order_by("-level"))
    inside = Finder([(area, parse(area.geometry or {})) for area in areas]).containing(lon, lat)
    found = max(inside, key=lambda area: area.level, default=None) or Area.objects.order_by("level", "path").first()
    if found is None:
        raise Conflict("尚未登记任何行政区划")
    return found


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
    """(event, is it new) of a feed. The same key again changes nothing, or corrects what is known (`revision`); an alert's
    identifier may never come again with other words (CAP 1.2 section 3.2.1: changes are Updates of their own)."""
    if kind not in HazardEventKind.values:
        raise Invalid("kind", kind, "、".join(HazardEventKind.values), label="类别")
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise Invalid("lon,lat", f"{lon},{lat}", "经度 -180~180，纬度 -90~90", label="位置", unit="度")
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{kind}:{natural_key}"])
    known = HazardEvent.objects.unscoped("a feed serves all areas").filter(kind=kind, natural_key=natural_key).first()
    values = {
        "at": at, "lon": lon, "lat": lat, "title": title[:200], "magnitude": magnitude, "properties": properties,
        "source": source[:80],
    }  # fmt: skip
    if known is not None and kind == HazardEventKind.CAP and words(known.properties) != words(plain(properties)):
        raise Conflict(f"编号 {natural_key} 已收到过，内容不同：重放或伪造")
    if known is not None:
        return correct(by, known, values), False
    event = HazardEvent.objects.create(
        kind=kind, natural_key=natural_key, received_at=clock.now(), area=area_at(lon, lat), **values
    )
    fact = HazardEventReceived(event.pk, kind, event.title, magnitude, at.isoformat(), lon, lat)
    record(by, "接收灾害事件", event, fact, correlation_id=event.correlation_id)
    return event, True


def plain(properties: dict[str, Any]) -> dict[str, Any]:
    """As the database gives it back."""
    return dict(json.loads(json.dumps(properties, cls=DjangoJSONEncoder)))


def words(properties: dict[str, Any]) -> list[Any]:
    """What an alert says to people, and where."""
    names = ("language", "headline", "description", "instruction", "severity", "expires", "areas")
    return [properties.get("message_type"), *([info.get(n) for n in names] for info in properties.get("infos", []))]


def correct(by: Actor, known: HazardEvent, values: dict[str, Any]) -> HazardEvent:
    """A revised message of the same event: kept, not announced as new."""
    if all(getattr(known, name) == value for name, value in values.items()):
        return known
    was = snapshot(known)
    for name, value in values.items():
        setattr(known, name, value)
    known.revision += 1
    known.save()
    fact = HazardEventRevised(known.pk, known.kind, known.title, known.magnitude, known.revision)
    record(by, "修订灾害事件", known, fact, before=was, correlation_id=known.correlation_id)
    return known
