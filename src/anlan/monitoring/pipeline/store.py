"""The tables the worker writes: partitions, readings, latest values, offset, rule state. All in the caller's
transaction except the making of partitions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import psycopg
from django.db import connection, transaction
from django.db.utils import IntegrityError
from numpy.typing import NDArray

from anlan.kernel import clock
from anlan.monitoring.queries import moment
from anlan.monitoring.rules.alarms import Cell, Phase

DAY_MS = 86_400_000
SIGNATURE = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
TRAILER = b"\xff\xff"
#: PostgreSQL counts microseconds from 2000-01-01.
PG_EPOCH_MS = 946_684_800_000
#: Column name, PostgreSQL's binary form.
READING = (("stream", ">i4"), ("at", ">i8"), ("value", ">f8"), ("quality", ">i2"), ("received", ">i8"))

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
    def stream64(self) -> NDArray[np.int64]:
        """The stream as a key of Django's tables."""
        return self.stream.astype(np.int64)

    @property
    def at(self) -> NDArray[np.int64]:
        """Event times as PostgreSQL counts."""
        return (self.at_ms - PG_EPOCH_MS) * 1000

    @property
    def received(self) -> NDArray[np.int64]:
        """Times of receipt as PostgreSQL counts."""
        return (self.received_ms - PG_EPOCH_MS) * 1000

    @property
    def good(self) -> NDArray[np.bool_]:
        good: NDArray[np.bool_] = (self.quality == 0) & np.isfinite(self.value)
        return good


def joined(parts: Sequence[Rows]) -> Rows:
    """Tables one below the other."""
    if len(parts) == 1:
        return parts[0]
    return Rows(*(np.concatenate([getattr(part, column.name) for part in parts]) for column in fields(Rows)))


def copy_bytes(rows: Rows, columns: Iterable[tuple[str, str]]) -> bytes:
    """Rows in PostgreSQL's binary COPY format, made by one structured array."""
    layout: list[tuple[str, str]] = [("_n", ">i2")]
    for name, kind in columns:
        layout += [(f"_{name}", ">i4"), (name, kind)]
    table = np.empty(len(rows), np.dtype(layout))
    table["_n"] = len(layout) // 2
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
    return f"observation_{day:%Y%m%d}"


def days_with_partition() -> list[tuple[date, datetime | None]]:
    """Days that have a partition, and when it was made (kept as the table's comment)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select substr(c.relname, 13), obj_description(c.oid, 'pg_class') from pg_inherits i"
            " join pg_class c on c.oid = i.inhrelid where i.inhparent = 'observation'::regclass"
        )
        rows = cursor.fetchall()
    return [
        (datetime.strptime(name, "%Y%m%d").replace(tzinfo=UTC).date(), datetime.fromisoformat(made) if made else None)
        for name, made in sorted(rows)
    ]


def known_days() -> set[int]:
    """Days since 1970 that have a partition."""
    return {(day - date(1970, 1, 1)).days for day, _ in days_with_partition()}


def make_partition(day_number: int) -> None:
    """A table for one UTC day."""
    day = day_of(day_number * DAY_MS)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('observation'))")
        cursor.execute("set local client_min_messages = warning")
        cursor.execute("select anlan_observation_partition(%s)", [day])
        cursor.execute(f"comment on table {partition_name(day)} is '{clock.real_now().isoformat()}'")


def drop_partitions(before: date, unused_since: datetime) -> list[date]:
    """Remove days before `before`, unless they were made (a scenario's past) after `unused_since`."""
    days = [day for day, made in days_with_partition() if day < before and made is not None and made < unused_since]
    with transaction.atomic(), connection.cursor() as cursor:
        for day in days:
            cursor.execute(f"drop table {partition_name(day)}")
            cursor.execute(
                "delete from monitoring_correction where at >= %s and at < %s",
                [datetime.combine(day, datetime.min.time(), UTC), datetime.combine(day, datetime.max.time(), UTC)],
            )
    return days


def insert_new(rows: Rows) -> bool:
    """Readings newer than anything stored of their stream, straight into the table. False: one was there already."""
    try:
        with transaction.atomic():
            copy_into("observation", rows)
    except (IntegrityError, psycopg.errors.UniqueViolation):
        return False
    return True


STAGE = """
create temp table if not exists {name}
(stream integer, at timestamptz, value double precision, quality smallint, received timestamptz)
on commit delete rows
"""
MERGE_CORRECTIONS = """
insert into monitoring_correction (stream, at, revision, value, quality, replaced_at)
select o.stream, o.at, o.revision, o.value, o.quality, %s
from observation_stage s join observation o on o.stream = s.stream and o.at = s.at
where o.at between %s and %s and (o.value, o.quality) is distinct from (s.value, s.quality)
on conflict do nothing
"""
MERGE_READINGS = """
insert into observation as o (stream, at, value, quality, received)
select stream, at, value, quality, received from observation_stage
on conflict (stream, at) do update
set value = excluded.value, quality = excluded.quality, received = excluded.received, revision = o.revision + 1
where (o.value, o.quality) is distinct from (excluded.value, excluded.quality)
returning stream, (extract(epoch from at) * 1000)::bigint
"""


def merge(rows: Rows, now: datetime) -> set[tuple[int, int]]:
    """Readings that may be there already: the same again is ignored, another value for the same instant replaces the
    old one, which goes to the corrections. Returns (stream, at_ms) of what is new or different."""
    if not len(rows):
        return set()
    with connection.cursor() as cursor:
        stage(cursor, "observation_stage", rows)
        # The stage has no statistics: without this the planner would read whole partitions.
        cursor.execute("set local enable_hashjoin = off; set local enable_mergejoin = off")
        bounds = [moment(int(rows.at_ms.min())), moment(int(rows.at_ms.max()))]
        cursor.execute(MERGE_CORRECTIONS, [now, *bounds])
        cursor.execute("set local enable_hashjoin = on; set local enable_mergejoin = on")
        cursor.execute(MERGE_READINGS)
        return {(row[0], row[1]) for row in cursor.fetchall()}


def stage(cursor: Any, name: str, rows: Rows) -> None:
    """Readings into a temporary table that is empty at the end of the transaction."""
    cursor.execute("set local client_min_messages = warning")
    cursor.execute(STAGE.format(name=name))
    cursor.execute(f"truncate {name}")
    copy_into(name, rows)


FIRST_LATEST = """
insert into monitoring_latest as l (datastream_id, at, value, quality, received_at)
select s.stream, s.at, nullif(s.value, 'NaN'), s.quality, s.received from newest_stage s {known}
on conflict (datastream_id) do update set
at = excluded.at, value = excluded.value, quality = excluded.quality, received_at = excluded.received_at
where l.at <= excluded.at
"""
#: A value of a datastream that has gone meanwhile is nobody's latest.
REGISTERED = "where exists (select 1 from monitoring_datastream d where d.id = s.stream)"
NEXT_LATEST = """
update monitoring_latest l set at = s.at, value = nullif(s.value, 'NaN'), quality = s.quality, received_at = s.received
from newest_stage s where l.datastream_id = s.stream and l.at <= s.at {among}
"""
AMONG = "and l.datastream_id between %s and %s"
#: From this share of all numbers between the first and the last on, reading the stretch costs less than looking each up.
DENSE = 0.2


def keep_latest(rows: Rows, heard: NDArray[np.bool_], registered: bool) -> None:
    """One row a stream, ordered by it; an older reading than the one kept changes nothing. heard: had one before.
    registered: all of them are known to be datastreams.

    An insert that finds its row there costs twice as much as a change in place, so what is there is changed; and what is
    known not to be there is copied in."""
    replaced = replace_latest(rows.take(heard))
    rest = rows.take(~heard) if replaced else rows
    plain = registered and replaced and not np.isnan(rest.value).any()
    if not len(rest) or (plain and insert_latest(rest)):
        return
    with connection.cursor() as cursor:
        stage(cursor, "newest_stage", rest)
        cursor.execute(FIRST_LATEST.format(known="" if registered else REGISTERED))


def replace_latest(rows: Rows) -> bool:
    """Whether every row was there, and is changed."""
    if not len(rows):
        return True
    low, high = int(rows.stream[0]), int(rows.stream[-1])
    dense = len(rows) > DENSE * (high - low + 1)
    with connection.cursor() as cursor:
        stage(cursor, "newest_stage", rows)
        # The stage has no statistics. Rows in the key's order: a stretch of them is joined, single ones are looked up.
        other = ("nestloop" if dense else "hashjoin", "mergejoin")
        for way in other:
            cursor.execute(f"set local enable_{way} = off")
        cursor.execute(NEXT_LATEST.format(among=AMONG if dense else ""), [low, high] if dense else [])
        replaced = int(cursor.rowcount)
        for way in other:
            cursor.execute(f"set local enable_{way} = on")
        return replaced == len(rows)


def insert_latest(rows: Rows) -> bool:
    """First values straight into the table. False: one was there already."""
    names = "datastream_id, at, value, quality, received_at"
    columns = (("stream64", ">i8"), *READING[1:])
    try:
        with (
            transaction.atomic(),
            connection.cursor() as cursor,
            cursor.copy(f"copy monitoring_latest ({names}) from stdin (format binary)") as copy,
        ):
            copy.write(copy_bytes(rows, columns))
    except (IntegrityError, psycopg.errors.UniqueViolation):
        return False
    return True


def copied(query: str, parameters: Sequence[Any]) -> bytes:
    """What a query copies out."""
    with connection.cursor() as cursor, cursor.copy(f"copy ({query}) to stdout (format binary)", parameters) as copy:
        return b"".join(copy)


#: How PostgreSQL sends a value of a binary form.
SENDERS = {">i8": "int8send", ">i4": "int4send", ">f8": "float8send", ">i2": "int2send", "at": "timestamptz_send"}


def packed(query: str, columns: tuple[tuple[str, str], ...], parameters: Sequence[Any] = ()) -> NDArray[Any]:
    """Rows of a query without nulls, in no order, as a structured array. The database makes one value of them all: a row
    of its own for each costs us ten times more. columns: name and form, "at" for an instant in PostgreSQL's count."""
    sent = " || ".join(f"{SENDERS[form]}({name})" for name, form in columns)
    whole = f"select coalesce(string_agg({sent}, ''::bytea), ''::bytea) from ({query}) as found"  # noqa: S608 - our own names
    data = copied(whole, parameters)
    row = np.dtype([(name, ">i8" if form == "at" else form) for name, form in columns])
    return np.frombuffer(data, row, offset=len(SIGNATURE) + 6, count=(len(data) - len(SIGNATURE) - 8) // row.itemsize)


def latest_times() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Streams ever heard, and the event time of the newest reading of each, ms."""
    table = packed("select datastream_id, at from monitoring_latest", (("datastream_id", ">i8"), ("at", "at")))
    return table["datastream_id"].astype(np.int64), table["at"].astype(np.int64) // 1000 + PG_EPOCH_MS


def forget_latest_after(ms: int) -> None:
    """The clock was set back: what lies behind it now is not the latest any more."""
    with connection.cursor() as cursor:
        cursor.execute("delete from monitoring_latest where at > %s", [moment(ms)])


def samples(stream: int, start_ms: int, end_ms: int) -> list[tuple[int, float]]:
    """Good readings of a stream in [start, end], oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select (extract(epoch from at) * 1000)::bigint, value from observation"
            " where stream = %s and at between %s and %s and quality = 0 and value <> 'NaN' order by at",
            [stream, moment(start_ms), moment(end_ms)],
        )
        return list(cursor.fetchall())


#: One row of a binary COPY of (at, value, quality): counts and lengths before each value.
SERIES = np.dtype([
    ("_n", ">i2"), ("_at", ">i4"), ("at", ">i8"), ("_value", ">i4"), ("value", ">f8"), ("_quality", ">i4"),
    ("quality", ">i2"),
])  # fmt: skip


def series_arrays(
    stream: int, start: datetime, end: datetime
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int16]]:
    """All readings of a stream in [start, end], oldest first, as columns (ms, value, quality): a million in a second."""
    query = "select at, value, quality from observation where stream = %s and at between %s and %s order by at"
    data = copied(query, [stream, start, end])
    count = (len(data) - len(SIGNATURE) - 2) // SERIES.itemsize
    table = np.frombuffer(data, SERIES, offset=len(SIGNATURE), count=count)
    at = table["at"].astype(np.int64) // 1000 + PG_EPOCH_MS
    return at, table["value"].astype(np.float64), table["quality"].astype(np.int16)


#: Two numbers a partition: up to where its readings are stored, and up to where they are judged where that is further.
STORED, JUDGED = "p", "j"


def read_offsets(log_id: str, partitions: Iterable[int], what: str = STORED) -> dict[int, int]:
    """The last sequence of this log in the tables, by partition; 0 when nothing of it was ever read."""
    with connection.cursor() as cursor:
        cursor.execute("select consumer, seq from monitoring_offset where log_id = %s", [log_id])
        known: dict[str, int] = dict(cursor.fetchall())
    # One worker used to own the whole log and kept one number.
    return {n: known.get(partition_offset(n, what), known.get("worker", 0)) for n in partitions}


def partition_offset(partition: int, what: str = STORED) -> str:
    return f"{what}{partition:02d}"


MOVE = """
with mine as (select * from unnest(%s::text[], %s::bigint[]) as t (consumer, before))
insert into monitoring_offset as o (consumer, log_id, seq)
select consumer, %s, greatest(before, %s) from mine
on conflict (consumer) do update set log_id = excluded.log_id, seq = excluded.seq
where o.log_id <> excluded.log_id or o.seq = (select before from mine where mine.consumer = excluded.consumer)
"""


def move_offsets(log_id: str, before: dict[int, int], after: int, what: str = STORED) -> bool:
    """Note how far the log is in the tables; False when somebody else has moved one of these partitions meanwhile."""
    names = [partition_offset(partition, what) for partition in before]
    with connection.cursor() as cursor:
        cursor.execute(MOVE, [names, list(before.values()), log_id, after])
        return bool(cursor.rowcount == len(before))


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
