"""Roll-ups by minute, hour and day, correct under late data.

An hour is rolled up when it is over. `monitoring_rolled.until` says how far that is; the worker holds a share lock on it in
every transaction that writes readings, and notes (hour, datastream) for whatever it writes before it. Moving `until` takes
the row for itself, so that no reading can slip between: either it was committed before the hour is rolled, or it is noted.
Rolling again replaces: the outcome depends on the readings only, not on when or how often they came.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from anlan.monitoring.pipeline import store
from anlan.monitoring.queries import milliseconds

HOUR_MS = 3_600_000
#: So long after its end an hour is rolled up for the first time; most late readings are in by then.
GRACE = timedelta(minutes=2)
#: Hours worked off in one go.
AT_ONCE = 48
#: Minutes are kept so long, hours and days as long as nobody drops them.
KEEP_MINUTES = timedelta(days=60)

VALUES = """
count(*) filter (where quality = 0 and value <> 'NaN'),
count(*) filter (where quality <> 0 or value = 'NaN'),
avg(value) filter (where quality = 0 and value <> 'NaN'),
min(value) filter (where quality = 0 and value <> 'NaN'),
max(value) filter (where quality = 0 and value <> 'NaN'),
(array_agg(value order by at desc) filter (where quality = 0 and value <> 'NaN'))[1]
"""
ROLL = """
insert into {table} (stream, at, n, bad, mean, low, high, last)
select stream, date_trunc('{unit}', at, 'UTC'), {values} from observation
where at >= %(start)s and at < %(end)s and (%(stream)s = 0 or stream = %(stream)s)
group by 1, 2
"""
ROLL_DAY = """
insert into monitoring_day (stream, at, n, bad, mean, low, high, last)
select stream, date_trunc('day', at, 'UTC'), sum(n), sum(bad), sum(mean * n) / nullif(sum(n), 0), min(low), max(high),
(array_agg(last order by at desc) filter (where last is not null))[1]
from monitoring_hour where at >= %(start)s and at < %(end)s and (%(stream)s = 0 or stream = %(stream)s)
group by 1, 2
"""
CLEAR = "delete from {table} where at >= %(start)s and at < %(end)s and (%(stream)s = 0 or stream = %(stream)s)"


def until() -> int:
    """Up to when everything is rolled up, ms, 0 = nothing yet; nobody moves it while the caller's transaction lives."""
    with connection.cursor() as cursor:
        cursor.execute("select until from monitoring_rolled for share")
        row = cursor.fetchone()
        return milliseconds(row[0]) if row and row[0] else 0


def note_late(rows: store.Rows) -> int:
    """Called by the worker with what it writes, in the same transaction; returns how many (hour, datastream) are due."""
    rolled = until()
    late = rows.at_ms < rolled
    if not late.any():
        return 0
    hour = rows.at_ms[late] // HOUR_MS
    pairs = np.unique(np.stack([hour, rows.stream[late].astype(np.int64)], axis=1), axis=0)
    note_due(pairs)
    return len(pairs)


def note_changed(readings: list[tuple[int, int]]) -> None:
    """Readings (ms, datastream) whose quality was changed afterwards, in the same transaction."""
    rolled = until()
    late = sorted({(at // HOUR_MS, stream) for at, stream in readings if at < rolled})
    if late:
        note_due(np.array(late, np.int64))


def note_due(pairs: NDArray[np.int64]) -> None:
    """Rows of (hour since 1970, datastream) are to be rolled up again."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into monitoring_due (hour, stream) select to_timestamp(h * 3600), s"
            " from unnest(%s::bigint[], %s::int[]) as t (h, s) on conflict do nothing",
            [pairs[:, 0].tolist(), pairs[:, 1].tolist()],
        )


def advance(now: datetime) -> int:
    """Declare the hours that are over by now as due; returns how many."""
    end = (now - GRACE).astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select until from monitoring_rolled for update")
        row = cursor.fetchone()
        begin = row[0] if row and row[0] else oldest(end)
        hours = max(0, int((end - begin) / timedelta(hours=1)))
        if hours:
            cursor.execute(
                "insert into monitoring_due (hour, stream)"
                " select h, 0 from generate_series(%s::timestamptz, %s::timestamptz, interval '1 hour') as h"
                " on conflict do nothing",
                [begin, end - timedelta(hours=1)],
            )
        cursor.execute("update monitoring_rolled set until = greatest(until, %s)", [end])
    return hours


def oldest(otherwise: datetime) -> datetime:
    """The first day that has readings."""
    days = store.days_with_partition()
    return datetime.combine(days[0][0], datetime.min.time(), UTC) if days else otherwise


def work_off(most: int = AT_ONCE) -> int:
    """Roll up what is due, the newest first; returns how many entries."""
    done = 0
    while done < most and roll_next():
        done += 1
    return done


def roll_next() -> bool:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "delete from monitoring_due where (hour, stream) in (select hour, stream from monitoring_due"
            " order by hour desc, stream limit 1 for update skip locked) returning hour, stream"
        )
        row = cursor.fetchone()
        if row is None:
            return False
        roll(row[0], row[1])
    return True


def roll(hour: datetime, stream: int = 0) -> None:
    """Minutes and hour of one hour anew, and the day they belong to."""
    day = hour.astimezone(UTC).replace(hour=0)
    span: dict[str, datetime | int] = {"start": hour, "end": hour + timedelta(hours=1), "stream": stream}
    whole: dict[str, datetime | int] = {"start": day, "end": day + timedelta(days=1), "stream": stream}
    with connection.cursor() as cursor:
        # One at a time for a day: two hours of it would each leave the other out.
        cursor.execute("select pg_advisory_xact_lock(hashtext('rollup'), %s)", [int(day.timestamp()) // 86_400])
        for table, unit in (("monitoring_minute", "minute"), ("monitoring_hour", "hour")):
            cursor.execute(CLEAR.format(table=table), span)
            cursor.execute(ROLL.format(table=table, unit=unit, values=VALUES), span)
        cursor.execute(CLEAR.format(table="monitoring_day"), whole)
        cursor.execute(ROLL_DAY, whole)


def drop_old_minutes(now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute("delete from monitoring_minute where at < %s", [now - KEEP_MINUTES])
        return int(cursor.rowcount)
