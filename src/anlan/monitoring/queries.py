"""Reads of the monitoring room."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import ScopedQuerySet
from anlan.monitoring.models import Alarm, Datastream, RegistryVersion, Station, Warning, WarningState
from anlan.monitoring.rules.states import STANDING

#: A station is silent after so many of its reporting intervals without a reading.
SILENT_AFTER = 3


@dataclass(frozen=True)
class StreamRef:
    """What a gateway must know of a datastream."""

    id: int
    station_id: int
    unit: str
    valid_min: float | None
    valid_max: float | None


def registry_version() -> int:
    """Grows whenever a station or datastream changes."""
    row = RegistryVersion.objects.first()
    return row.number if row else 0


def resolve(protocol: str) -> dict[tuple[str, str], StreamRef]:
    """(address, element code) -> datastream, of all stations in service that speak `protocol`."""
    rows = (
        Datastream.objects.unscoped("gateways serve all areas")
        .filter(station__protocol=protocol, station__in_service=True)
        .values_list("station__address", "source_code", "id", "station_id", "unit", "valid_min", "valid_max")
    )
    return {(row[0], row[1]): StreamRef(*row[2:]) for row in rows.iterator(5000)}


def open_alarms(actor: Actor) -> ScopedQuerySet[Alarm]:
    """Alarms that still stand before an operator's eyes, the most urgent and newest first."""
    rows = Alarm.objects.visible_to(actor).filter(state__in=[state.value for state in STANDING])
    return rows.select_related("station").order_by("priority", "-raised_at")


@dataclass(frozen=True)
class Online:
    """How many of the stations in service have reported within three of their intervals."""

    online: int
    total: int

    @property
    def percent(self) -> int | None:
        """Rounded down, so that 100 means all."""
        return 100 * self.online // self.total if self.total else None


def online(actor: Actor, now: datetime) -> Online:
    """Stations in service that are heard of, by the time of their newest reading."""
    rows = Station.objects.visible_to(actor).filter(in_service=True)
    found = rows.annotate(newest=Max("datastreams__latest__at")).values_list("interval_s", "newest")
    heard = [newest is not None and now - newest <= SILENT_AFTER * timedelta(seconds=each) for each, newest in found]
    return Online(sum(heard), len(heard))


def active_warnings(actor: Actor) -> ScopedQuerySet[Warning]:
    """Warnings in force, the newest first."""
    return Warning.objects.visible_to(actor).filter(state=WarningState.ISSUED).order_by("-issued_at")


def stations(actor: Actor, permission: str = "") -> ScopedQuerySet[Station]:
    """测站 the actor may see (or act on with `permission`)."""
    return Station.objects.visible_to(actor, permission).select_related("area")


def datastreams(actor: Actor, permission: str = "") -> ScopedQuerySet[Datastream]:
    """数据流 the actor may see (or act on with `permission`)."""
    return Datastream.objects.visible_to(actor, permission).select_related("station__area")
