"""How the sensing network itself does: who is on line, how complete, how punctual, what is due for calibration."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from anlan.kernel.accounts.actor import Actor
from anlan.monitoring import queries
from anlan.monitoring.models import Datastream, Station
from anlan.monitoring.rules import quality

#: A station's clock is called wrong from here on.
SKEW = timedelta(minutes=5)
#: Within this distance stations of the same quantity should agree, km (a parameter of the installation).
NEIGHBOURS_KM = 20.0
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Health:
    """One station. complete: part of the readings expected in the last day of full hours, None before any hour is over.
    late: how long after their time the newest readings came."""

    station: Station
    heard_at: datetime | None
    online: bool
    complete: float | None
    bad: int
    late: timedelta | None
    overdue: bool
    odd: bool

    @property
    def skewed(self) -> bool:
        return self.late is not None and abs(self.late) > SKEW

    @property
    def rank(self) -> tuple[bool, bool, bool, bool, bool, float]:
        """What needs somebody first: what fell silent before what was never connected."""
        complete = 0.0 if self.complete is None else self.complete
        return self.online, self.heard_at is None, not self.skewed, not self.odd, not self.overdue, complete


@dataclass(frozen=True)
class Owner:
    """The stations of one responsible organisation."""

    name: str
    stations: int
    online: int
    complete: float | None


def last_day(stations: list[int], now: datetime) -> dict[int, tuple[int, int, int]]:
    """Station -> (good, bad, datastreams) over the last 24 hours that are rolled up."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select d.station_id, coalesce(sum(h.n), 0), coalesce(sum(h.bad), 0), count(distinct d.id)"
            " from monitoring_datastream d left join monitoring_hour h on h.stream = d.id and h.at >= %s and h.at < %s"
            " where d.station_id = any(%s) group by 1",
            [now - DAY, now, stations],
        )
        return {station: (int(good), int(bad), int(streams)) for station, good, bad, streams in cursor.fetchall()}


def offline_hours(stations: list[int], now: datetime, days: int = 30) -> dict[int, int]:
    """Hours of the last days, as far as rolled up, in which nothing was heard of a station that had been heard before."""
    with connection.cursor() as cursor:
        cursor.execute(
            "with known as (select h.at, d.station_id from monitoring_hour h join monitoring_datastream d on d.id = h.stream"
            " where h.at >= %s and h.at < %s and d.station_id = any(%s)),"
            " span as (select min(at) as first, max(at) as last from monitoring_hour where at >= %s and at < %s)"
            " select station_id, (extract(epoch from (select last from span) - min(at)) / 3600)::int + 1"
            " - count(distinct at) from known group by 1",
            [now - timedelta(days=days), now, stations, now - timedelta(days=days), now],
        )
        return {station: max(0, int(hours)) for station, hours in cursor.fetchall()}


def hours_known(now: datetime) -> int:
    """How many of the last 24 hours are rolled up."""
    with connection.cursor() as cursor:
        cursor.execute("select count(distinct at) from monitoring_hour where at >= %s and at < %s", [now - DAY, now])
        return int(cursor.fetchone()[0])


def health(actor: Actor, now: datetime) -> list[Health]:
    """Every station in service the actor may see, those that need somebody first."""
    stations = {row.pk: row for row in queries.stations(actor).filter(in_service=True)}
    counts, hours = last_day(list(stations), now), hours_known(now)
    newest: dict[int, list[queries.Reading]] = defaultdict(list)
    for reading in queries.latest(actor, stations):
        newest[reading.datastream.station_id].append(reading)
    due, odd = overdue(actor, now), odd_stations(stations, newest, now)
    found = []
    for pk, station in stations.items():
        readings = newest.get(pk, [])
        heard = max((one.received_at or one.at for one in readings), default=None)
        patience = queries.SILENT_AFTER * timedelta(seconds=station.interval_s)
        good, bad, streams = counts.get(pk, (0, 0, 0))
        expected = streams * hours * 3600 / max(1, station.interval_s)
        lateness = [one.received_at - one.at for one in readings if one.received_at is not None]
        found.append(
            Health(
                station, heard, heard is not None and now - heard <= patience,
                min(1.0, (good + bad) / expected) if expected else None, bad,
                sorted(lateness)[len(lateness) // 2] if lateness else None, pk in due, pk in odd,
            )
        )  # fmt: skip
    return sorted(found, key=lambda one: one.rank)


def overdue(actor: Actor, now: datetime) -> set[int]:
    """Stations with a datastream whose calibration is due."""
    rows = queries.datastreams(actor).exclude(calibrated_at=None).exclude(calibration_days=None)
    return {row.station_id for row in rows if is_due(row, now)}


def is_due(row: Datastream, now: datetime) -> bool:
    if row.calibrated_at is None or row.calibration_days is None:
        return False
    return row.calibrated_at + timedelta(days=row.calibration_days) < now.date()


def odd_stations(stations: dict[int, Station], newest: dict[int, list[queries.Reading]], now: datetime) -> set[int]:
    """Stations with a fresh value that does not fit those of their neighbours."""
    by_quantity: dict[tuple[str, str], list[tuple[int, float]]] = defaultdict(list)
    for pk, readings in newest.items():
        for one in readings:
            if one.good and one.value is not None and now - one.at < timedelta(hours=2):
                by_quantity[one.datastream.quantity, one.datastream.unit].append((pk, one.value))
    found: set[int] = set()
    for members in by_quantity.values():
        places = [(stations[pk].lon, stations[pk].lat) for pk, _ in members]
        least = 0.05 * max(abs(value) for _, value in members)
        odd = quality.odd_ones(places, [value for _, value in members], NEIGHBOURS_KM, least)
        found |= {members[index][0] for index in odd}
    return found


def by_owner(rows: list[Health]) -> list[Owner]:
    """Completeness by responsible organisation, the worst first."""
    together: dict[str, list[Health]] = defaultdict(list)
    for row in rows:
        together[row.station.owner or "—"].append(row)
    owners = []
    for name, members in together.items():
        known = [one.complete for one in members if one.complete is not None]
        complete = sum(known) / len(known) if known else None
        owners.append(Owner(name, len(members), sum(one.online for one in members), complete))
    return sorted(owners, key=lambda one: (one.complete is None, one.complete or 0.0))
