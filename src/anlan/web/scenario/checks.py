"""Whether every link of the chain really happened: asked of the database, not of the player."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from anlan.kernel.audit import journal
from anlan.kernel.events.models import Delivery, Event

#: link -> the fact that proves it.
FACTS = {
    "incident": "command.IncidentOpened",
    "simulation": "simulation.SimulationFinished",
    "response": "command.ResponseStarted",
    "task_issued": "command.TaskIssued",
    "task_acknowledged": "command.TaskAcknowledged",
    "warning_drafted": "monitoring.WarningDrafted",
    "warning_issued": "monitoring.WarningIssued",
    "warning_ended": "monitoring.WarningCancelled",
    "report_sent": "command.ReportSent",
    "response_ended": "command.ResponseEnded",
    "closed": "command.IncidentClosed",
    "reviewed": "command.IncidentReviewed",
}

PROGRESS = "from kernel_event where correlation_id = %s and name = 'command.TaskProgressed' and payload->>'state'"
#: Readings of the stations that raised the story's alarms, not after the alarm: what it was raised for is kept.
EVIDENCE = """select count(*) from kernel_event e
  join monitoring_datastream d on d.station_id = (e.payload->>'station_id')::bigint
  join observation o on o.stream = d.id and o.at between %s and (e.payload->>'at')::timestamptz
  where e.correlation_id = %s and e.name = 'monitoring.AlarmRaised'"""


def one(sql: str, *params: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        row = cursor.fetchone()
    return row[0] if row else None


def links(correlation_id: UUID | str, start: datetime, began_with_alarm: bool) -> dict[str, bool]:
    """link -> did it happen, for the story of this correlation id that began at `start`."""
    facts = set(Event.objects.filter(correlation_id=correlation_id).values_list("name", flat=True))
    found = {link: name in facts for link, name in FACTS.items()}
    found["tasks_done"] = bool(one(f"select count(*) {PROGRESS} = 'done'", str(correlation_id)))
    if began_with_alarm:
        found["observation"] = bool(one(EVIDENCE, start, str(correlation_id)))
        found["alarm"] = "monitoring.AlarmRaised" in facts
        found["alarm_acknowledged"] = "monitoring.AlarmAcknowledged" in facts
    else:
        found["hazard_event"] = "monitoring.HazardEventReceived" in facts
    found["published"] = not Event.objects.filter(correlation_id=correlation_id, published_seq__isnull=True).exists()
    owed = Delivery.objects.filter(event__correlation_id=correlation_id, done_at__isnull=True)
    found["reactions_done"] = not owed.exists()
    found["notices_delivered"] = "gateways.NoticeDelivered" in facts
    found["journal_whole"] = next(journal.flaws(), None) is None
    return found


def newest_observation() -> datetime | None:
    """Event time of the newest reading of all; a story must begin after it, or its readings would be history."""
    newest: datetime | None = one("select max(at) from monitoring_latest")
    return newest


def newest_reading_of(sensors: set[tuple[str, str]], since: datetime) -> datetime | None:
    """Event time of the newest reading of these sensors (address, code) from `since` on."""
    if not sensors:
        return None
    addresses, codes = zip(*sorted(sensors), strict=True)
    newest: datetime | None = one(
        """select max(o.at) from observation o where o.at >= %s and o.stream in (
             select d.id from monitoring_datastream d join monitoring_station s on s.id = d.station_id
             join unnest(%s::text[], %s::text[]) as sensor(address, code)
               on sensor.address = s.address and sensor.code = d.source_code)""",
        since,
        list(addresses),
        list(codes),
    )
    return newest


def has_event(kind: str, start: datetime, end: datetime) -> bool:
    """Whether an event of a feed is kept that happened between these times."""
    return bool(
        one("select count(*) from monitoring_hazardevent where kind = %s and at between %s and %s", kind, start, end)
    )
