"""The tables the worker writes: partitions, readings, latest values, offset, rule state. All in the caller's
transaction except the making of partitions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import psycopg
from django.db import connection, transaction
from django.db.utils import IntegrityError
from numpy.typing import NDArray

from anlan.monitoring.rules.alarms import Cell, Phase

DAY_MS = 86_400_000
SIGNATURE = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
TRAILER = b"\xff\xff"
#: Column name, PostgreSQL's binary form.
READING = (("stream", ">i4"), ("at_ms", ">i8"), ("value", ">f8"), ("quality", ">i2"))
NEWEST = (*READING, ("received_ms", ">i8"))

Key = tuple[int, str]


@dataclass
class Rows:
    """Readings as columns of equal length."""

    stream: NDArray[np.int32]
    at_ms: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.int16]
    received_ms: NDArray[np.int64]
    backfill: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.stream)

    def take(self, which: NDArray[Any]) -> Rows:
        """The rows at these positions, or where this mask is true."""
        columns = (self.stream, self.at_ms, self.value, self.quality, self.received_ms, self.backfill)
        return Rows(*(column[which] for column in columns))

    @property
    def good(self) -> NDArray[np.bool_]:
        good: NDArray[np.bool_] = (self.quality == 0) & np.isfinite(self.value)
        return good


def copy_bytes(rows: Rows, columns: Iterable[tuple[str, str]]) -> bytes:
    """Rows in PostgreSQL's binary COPY format, made by one structured array."""
    fields: list[tuple[str, str]] = [("_n", ">i2")]
    for name, kind in columns:
        fields += [(f"_{name}", ">i4"), (name, kind)]
    table = np.empty(len(rows), np.dtype(fields))
    table["_n"] = len(fields) // 2
    for name, kind in columns:
        table[f"_{name}"] = np.dtype(kind).itemsize
        table[name] = getattr(rows, name)
    return SIGNATURE + table.tobytes() + TRAILER


def copy_into(table: str, rows: Rows, columns: tuple[tuple[str, str], ...] = READING) -> None:
    names = ", ".join(name for name, _ in columns)
    with connection.cursor() as cursor, cursor.copy(f"copy {table} ({names}) from stdin (format binary)") as copy:
        copy.write(copy_bytes(rows, columns))


def day_of(ms: int) -> date:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)).date()


def partition_name(day: date) -> str:
    return f"monitoring_observation_{day:%Y%m%d}"


def known_days() -> set[int]:
    """Days since 1970 that have a partition."""
    with connection.cursor() as cursor:
        cursor.execute("select day - date '1970-01-01' from monitoring_partition")
        return {row[0] for row in cursor.fetchall()}


def make_partition(day_number: int) -> None:
    """A table for one UTC day, made apart and then attached, so that readers are not held up."""
    name = partition_name(day_of(day_number * DAY_MS))
    start, end = day_number * DAY_MS, (day_number + 1) * DAY_MS
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('monitoring_partition'))")
        cursor.execute("select 1 from monitoring_partition where day = date '1970-01-01' + %s", [day_number])
        if cursor.fetchone():
            return
        cursor.execute(f"create table {name} (like monitoring_observation including all)")
        cursor.execute(
            f"alter table monitoring_observation attach partition {name} for values from ({start}) to ({end})"
        )
        cursor.execute("insert into monitoring_partition (day) values (date '1970-01-01' + %s)", [day_number])


def drop_partitions(before: date, unused_since: datetime) -> list[date]:
    """Remove days before `before`, unless they were made (a scenario's past) after `unused_since`."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "delete from monitoring_partition where day < %s and created_at < %s returning day", [before, unused_since]
        )
        days = sorted(row[0] for row in cursor.fetchall())
        for day in days:
            cursor.execute(f"drop table if exists {partition_name(day)}")
        if days:
            edge = int((before - date(1970, 1, 1)).days) * DAY_MS
            cursor.execute(
                "delete from monitoring_correction c where at_ms < %s and not exists"
                " (select 1 from monitoring_partition p where p.day = date '1970-01-01' + (c.at_ms / 86400000)::int)",
                [edge],
            )
        return days


def insert_new(rows: Rows) -> bool:
    """Readings newer than anything stored of their stream, straight into the table. False: one was there already."""
    try:
        with transaction.atomic():
            copy_into("monitoring_observation", rows)
    except (IntegrityError, psycopg.errors.UniqueViolation):
        return False
    return True


MERGE_CORRECTIONS = """
insert into monitoring_correction (stream, at_ms, revision, value, quality, replaced_ms)
select o.stream, o.at_ms, o.revision, o.value, o.quality, %s
from anlan_stage s join monitoring_observation o on o.stream = s.stream and o.at_ms = s.at_ms
where o.at_ms between %s and %s and (o.value, o.quality) is distinct from (s.value, s.quality)
on conflict do nothing
"""
MERGE_READINGS = """
insert into monitoring_observation as o (stream, at_ms, value, quality)
select stream, at_ms, value, quality from anlan_stage
on conflict (stream, at_ms) do update
set value = excluded.value, quality = excluded.quality, revision = o.revision + 1
where (o.value, o.quality) is distinct from (excluded.value, excluded.quality)
returning stream, at_ms
"""
STAGE = """
create temp table if not exists anlan_stage
(stream integer, at_ms bigint, value double precision, quality smallint) on commit delete rows
"""


def merge(rows: Rows, now_ms: int) -> set[tuple[int, int]]:
    """Readings that may be there already: the same again is ignored, another value for the same instant replaces the
    old one, which goes to the corrections. Returns (stream, at_ms) of what is new or different."""
    if not len(rows):
        return set()
    with connection.cursor() as cursor:
        cursor.execute("set local client_min_messages = warning")
        cursor.execute(STAGE)
        cursor.execute("delete from anlan_stage")
        copy_into("anlan_stage", rows)
        # The stage has no statistics: without this the planner would read whole partitions.
        cursor.execute("set local enable_hashjoin = off; set local enable_mergejoin = off")
        cursor.execute(MERGE_CORRECTIONS, [now_ms, int(rows.at_ms.min()), int(rows.at_ms.max())])
        cursor.execute("set local enable_hashjoin = on; set local enable_mergejoin = on")
        cursor.execute(MERGE_READINGS)
        return {(row[0], row[1]) for row in cursor.fetchall()}


STAGE_LATEST = """
create temp table if not exists anlan_newest
(stream integer, at_ms bigint, value double precision, quality smallint, received_ms bigint) on commit delete rows
"""
UPSERT_LATEST = """
insert into monitoring_latest as l (stream, at_ms, value, quality, received_ms)
select stream, at_ms, value, quality, received_ms from anlan_newest
on conflict (stream) do update set
at_ms = excluded.at_ms, value = excluded.value, quality = excluded.quality, received_ms = excluded.received_ms
where l.at_ms <= excluded.at_ms
"""


def keep_latest(rows: Rows) -> None:
    """One row a stream; an older reading than the one kept changes nothing."""
    with connection.cursor() as cursor:
        cursor.execute("set local client_min_messages = warning")
        cursor.execute(STAGE_LATEST)
        cursor.execute("delete from anlan_newest")
        copy_into("anlan_newest", rows, NEWEST)
        cursor.execute(UPSERT_LATEST)


def latest_times() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Streams ever heard, and the event time of the newest reading of each."""
    with connection.cursor() as cursor:
        cursor.execute("select stream, at_ms from monitoring_latest")
        table = np.array(cursor.fetchall(), np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def forget_latest_after(ms: int) -> None:
    """The clock was set back: what lies behind it now is not the latest any more."""
    with connection.cursor() as cursor:
        cursor.execute("delete from monitoring_latest where at_ms > %s", [ms])


def samples(stream: int, start_ms: int, end_ms: int) -> list[tuple[int, float]]:
    """Good readings of a stream in [start, end], oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select at_ms, value from monitoring_observation where stream = %s and at_ms between %s and %s"
            " and quality = 0 and value <> 'NaN' order by at_ms",
            [stream, start_ms, end_ms],
        )
        return list(cursor.fetchall())


def read_offset(consumer: str) -> tuple[str, int]:
    """(identity of the log, last sequence in the tables); ("", 0) when nothing was ever read."""
    with connection.cursor() as cursor:
        cursor.execute("select log_id, seq from monitoring_offset where consumer = %s", [consumer])
        return cursor.fetchone() or ("", 0)


def move_offset(consumer: str, log_id: str, before: int, after: int) -> bool:
    """Note how far the log is in the tables; False when somebody else has moved it meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into monitoring_offset as o (consumer, log_id, seq) values (%s, %s, %s)"
            " on conflict (consumer) do update set log_id = excluded.log_id, seq = excluded.seq"
            " where o.log_id <> excluded.log_id or o.seq = %s",
            [consumer, log_id, after, before],
        )
        return bool(cursor.rowcount == 1)


def read_cells() -> dict[Key, dict[str, Cell]]:
    """Rule state as last saved: (rule, target) -> band -> cell."""
    found: dict[Key, dict[str, Cell]] = {}
    with connection.cursor() as cursor:
        cursor.execute("select rule_id, target, band, phase, since_ms, start_ms from monitoring_rulestate")
        for rule, target, band, phase, since, start in cursor.fetchall():
            found.setdefault((rule, target), {})[band] = Cell(Phase(phase), since, start)
    return found


def save_cells(changed: dict[Key, dict[str, Cell]]) -> None:
    """Replace the state of these (rule, target); quiet ones have no rows."""
    if not changed:
        return
    with connection.cursor() as cursor:
        cursor.executemany("delete from monitoring_rulestate where rule_id = %s and target = %s", list(changed))
        rows = [
            (rule, target, band, int(cell.phase), cell.since, cell.start)
            for (rule, target), cells in changed.items()
            for band, cell in cells.items()
        ]
        if rows:
            cursor.executemany("insert into monitoring_rulestate values (%s, %s, %s, %s, %s, %s)", rows)
