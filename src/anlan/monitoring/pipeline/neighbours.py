"""The spatial check: newest values that do not fit those of their neighbours become suspect, and stay on record as such."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from anlan.monitoring.log import GOOD, SUSPECT
from anlan.monitoring.models import Datastream
from anlan.monitoring.pipeline import rollups
from anlan.monitoring.queries import milliseconds
from anlan.monitoring.rules import quality

WHY = "the check compares stations across areas"
#: Values older than this are not compared.
FRESH = timedelta(hours=2)


@dataclass(frozen=True)
class Fresh:
    """The newest good value of a datastream, where it is, and what is asked of it."""

    stream: int
    at: datetime
    value: float
    place: tuple[float, float]
    radius_km: float
    least: float


def fresh(now: datetime) -> dict[tuple[str, str], list[Fresh]]:
    """By (quantity, unit): only quantities of which some datastream asks for the check."""
    rows = Datastream.objects.unscoped(WHY)
    asked = set(rows.exclude(neighbour_km=None).values_list("quantity", flat=True))
    found: dict[tuple[str, str], list[Fresh]] = defaultdict(list)
    if not asked:
        return found
    known = rows.filter(
        quantity__in=asked, station__in_service=True, latest__quality=GOOD, latest__at__gt=now - FRESH,
        latest__at__lte=now + FRESH, latest__value__isnull=False,
    )  # fmt: skip
    for pk, quantity, unit, at, value, lon, lat, radius, least in known.values_list(
        "pk", "quantity", "unit", "latest__at", "latest__value", "station__lon", "station__lat", "neighbour_km",
        "neighbour_diff",
    ):  # fmt: skip
        found[quantity, unit].append(Fresh(pk, at, float(value or 0.0), (lon, lat), radius or 0.0, least or 0.0))
    return found


def odd(members: Sequence[Fresh]) -> list[Fresh]:
    """Those that asked for the check and fail it."""
    places, values = [one.place for one in members], [one.value for one in members]
    found = quality.odd_ones(places, values, [one.radius_km for one in members], [one.least for one in members])
    return [members[index] for index in found if members[index].radius_km > 0]


def flag_odd_ones(now: datetime) -> int:
    """Mark them in the table of readings and as newest value; returns how many. Roll-ups of their hour are due again."""
    marked = [one for members in fresh(now).values() for one in odd(members)]
    if not marked:
        return 0
    streams, times = [one.stream for one in marked], [one.at for one in marked]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "update observation o set quality = %s from unnest(%s::int[], %s::timestamptz[]) as t (stream, at)"
            " where o.stream = t.stream and o.at = t.at and o.quality = %s",
            [SUSPECT, streams, times, GOOD],
        )
        cursor.execute(
            "update monitoring_latest l set quality = %s from unnest(%s::int[], %s::timestamptz[]) as t (stream, at)"
            " where l.datastream_id = t.stream and l.at = t.at and l.quality = %s",
            [SUSPECT, streams, times, GOOD],
        )
        rollups.note_changed([(milliseconds(one.at), one.stream) for one in marked])
    return len(marked)
