"""状态报告, the inbox: what gateways say later about what they took is kept as it comes, once, and only then acknowledged.
`settling` gives it its effect.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from anlan.gateways.alerts.models import StatusReport, Submission
from anlan.kernel import clock

#: Gateways give a message up after two days, then nobody reports any more (待核对: validity differs by operator).
WAIT = timedelta(hours=72)
#: Stat of a part that is on the phone.
DELIVERED = "DELIVRD"
KEEP = """
insert into gateways_statusreport (number, stat, phone, submitted, at, settled)
select number, stat, phone, submitted, %s, false
from unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[]) as said (number, stat, phone, submitted)
on conflict (number) do nothing
"""
OWE = """
insert into gateways_submission (number, message_id, chunk_id, place, at)
select number, %s, %s, place, %s from unnest(%s::text[], %s::int[]) as said (number, place)
on conflict (number) do update set message_id = excluded.message_id, chunk_id = excluded.chunk_id, place = excluded.place,
    at = excluded.at
"""


@dataclass(frozen=True)
class Said:
    """One report: the part's number, how it ended, the phone, when the gateway took it."""

    number: str
    stat: str
    phone: str
    submitted: datetime | None


def keep(said: Sequence[Said]) -> None:
    """Committed when this returns. What was reported already stays as it is."""
    if not said:
        return
    columns = [[one.number[:120] for one in said], [one.stat[:7] for one in said], [one.phone[:32] for one in said]]
    with connection.cursor() as cursor:
        cursor.execute(KEEP, [clock.real_now(), *columns, [one.submitted for one in said]])


def owe(numbers: Iterable[tuple[str, int]], message_id: int | None = None, chunk_id: int | None = None) -> None:
    """Written down with the answer itself: (number of a part, place in the chunk)."""
    rows = list(numbers)
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(OWE, [message_id, chunk_id, clock.real_now(), [n for n, _ in rows], [p for _, p in rows]])


def owed() -> bool:
    return Submission.objects.exists()


def pending() -> bool:
    return StatusReport.objects.filter(settled=False).exists()


def tidy() -> None:
    """After the time in which reports come nobody waits for one, and what was said is no longer held against repeats."""
    before = clock.real_now() - WAIT
    Submission.objects.filter(at__lt=before).delete()
    StatusReport.objects.filter(at__lt=before).delete()
