"""Forecasts and lightning strokes that feeds bring; what has passed goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action
from anlan.monitoring import queries
from anlan.monitoring.actions.hazard_events import area_at
from anlan.monitoring.models import Forecast, Stroke

#: A forecast hour is kept so long after it has passed; strokes for their day's density.
FORECAST_KEPT, STROKES_KEPT = timedelta(hours=6), timedelta(days=30)
FARTHEST = timedelta(days=16)
#: Who may bring forecasts and strokes writes them, whether or not it may look at them.
FEED = "monitoring.feed"
#: How far a network's clock may run ahead of ours.
AHEAD = timedelta(minutes=5)


@dataclass(frozen=True)
class Ahead:
    """One forecast value: code or address of a station, quantity as datastreams name it, when issued, for when."""

    station: str
    quantity: str
    issued_at: datetime
    valid_at: datetime
    value: float
    source: str


@dataclass(frozen=True)
class Flash:
    """One stroke to ground."""

    at: datetime
    lon: float
    lat: float
    current_ka: float
    source: str


@action("monitoring.feed")
def keep_forecasts(by: Actor, rows: Sequence[Ahead]) -> int:
    """Keep forecasts for our stations, the newest issue of each hour; returns how many were kept."""
    now = clock.now()
    known: dict[str, int] = {}
    for pk, code, address in queries.stations(by, FEED).filter(in_service=True).values_list("pk", "code", "address"):
        known |= {address: pk, code: pk}
    newest: dict[tuple[int, str, datetime], Ahead] = {}
    for row in rows:
        station = known.get(row.station)
        if station is None or not now - FORECAST_KEPT <= row.valid_at <= now + FARTHEST or row.issued_at > row.valid_at:
            continue
        held = newest.get((station, row.quantity, row.valid_at))
        if held is None or held.issued_at <= row.issued_at:
            newest[station, row.quantity, row.valid_at] = row
    Forecast.objects.visible_to(by, FEED).filter(valid_at__lt=now - FORECAST_KEPT).delete()
    return sum(keep_one(by, station, quantity, row) for (station, quantity, _), row in newest.items())


def keep_one(by: Actor, station: int, quantity: str, row: Ahead) -> bool:
    """False where a newer issue is there already."""
    rows = Forecast.objects.visible_to(by, FEED).filter(station_id=station, quantity=quantity, valid_at=row.valid_at)
    if rows.filter(issued_at__gt=row.issued_at).exists():
        return False
    values = {"issued_at": row.issued_at, "value": row.value, "source": row.source[:80]}
    if not rows.update(**values):
        Forecast.objects.create(station_id=station, quantity=quantity, valid_at=row.valid_at, **values)
    return True


def untimely(rows: Sequence[Flash], now: datetime) -> list[str]:
    """Why which strokes are not kept: whoever hands them over says so, so that nothing goes without a word."""
    since, until = now - STROKES_KEPT, now + AHEAD
    span = f"{since:%Y-%m-%dT%H:%M}~{until:%Y-%m-%dT%H:%M}（协调世界时）"
    return [
        f"雷击 {row.at.isoformat()}（{row.lon:.3f},{row.lat:.3f}）不在保存期 {span} 内"
        for row in rows
        if not since <= row.at <= until
    ]


@action("monitoring.feed")
def keep_strokes(by: Actor, rows: Sequence[Flash]) -> int:
    """Keep strokes once each; returns how many were new. Of others `untimely` tells why."""
    now = clock.now()
    Stroke.objects.visible_to(by, FEED).filter(at__lt=now - STROKES_KEPT).delete()
    fresh = [row for row in rows if now - STROKES_KEPT <= row.at <= now + AHEAD]
    if not fresh:
        return 0
    before = Stroke.objects.visible_to(by, FEED).count()
    areas = {(round(row.lon, 2), round(row.lat, 2)): None for row in fresh}
    found = {place: area_at(*place) for place in areas}
    Stroke.objects.bulk_create(
        [
            Stroke(
                area=found[round(row.lon, 2), round(row.lat, 2)], at=row.at, lon=row.lon, lat=row.lat,
                current_ka=row.current_ka, source=row.source[:80],
            )
            for row in fresh
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    return Stroke.objects.visible_to(by, FEED).count() - before
