"""Reads of the monitoring room."""

from __future__ import annotations

from dataclasses import dataclass

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import ScopedQuerySet
from anlan.monitoring.models import Alarm, Datastream, RegistryVersion, Station
from anlan.monitoring.rules.states import STANDING


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


def stations(actor: Actor, permission: str = "") -> ScopedQuerySet[Station]:
    """测站 the actor may see (or act on with `permission`)."""
    return Station.objects.visible_to(actor, permission).select_related("area")


def datastreams(actor: Actor, permission: str = "") -> ScopedQuerySet[Datastream]:
    """数据流 the actor may see (or act on with `permission`)."""
    return Datastream.objects.visible_to(actor, permission).select_related("station__area")
