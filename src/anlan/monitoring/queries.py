"""Reads of the monitoring room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import ScopedQuerySet
from anlan.kernel.errors import NotFound
from anlan.monitoring.models import Alarm, Datastream, Latest, RegistryVersion, Station, Warning, WarningState
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


def active_warnings(actor: Actor) -> QuerySet[Warning]:
    return Warning.objects.visible_to(actor).filter(state=WarningState.ISSUED).order_by("-issued_at")


def latest(actor: Actor, station: str = "") -> list[dict[str, Any]]:
    """The newest reading of each datastream the actor may see, of one station by code when given."""
    rows = Latest.objects.filter(datastream__in=Datastream.objects.visible_to(actor)).select_related(
        "datastream__station"
    )
    if station:
        rows = rows.filter(datastream__station__code=station)
    return [
        {
            "datastream": row.datastream.code, "name": row.datastream.name, "station": row.datastream.station.name,
            "at": row.at, "value": row.value, "unit": row.datastream.unit, "quality": row.quality,
        }
        for row in rows
    ]  # fmt: skip


def verb_named(verbs: dict[str, Any], name: str) -> Any:
    if name not in verbs:
        raise NotFound(f"没有动作 {name}；可用：{'、'.join(verbs)}")
    return verbs[name]
