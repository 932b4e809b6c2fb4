"""Observations into PostgreSQL: binary COPY to a stage, then one INSERT that ignores repeats and keeps corrections."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anlan.monitoring.log import Batch

#: PostgreSQL counts microseconds from 2000-01-01.
PG_EPOCH_MS = 946_684_800_000
SIGNATURE, TRAILER = b"PGCOPY\n\xff\r\n\x00" + b"\x00" * 8, b"\xff\xff"
ROW = np.dtype(
    [
        ("fields", ">i2"), ("n1", ">i4"), ("stream", ">i4"), ("n2", ">i4"), ("at", ">i8"), ("n3", ">i4"),
        ("value", ">f8"), ("n4", ">i4"), ("quality", ">i2"), ("n5", ">i4"), ("received", ">i8"),
    ]
)  # fmt: skip
STAGE = """
create temporary table if not exists observation_stage
(stream int, at timestamptz, value float8, quality int2, received timestamptz) on commit delete rows
"""
COPY = "copy observation_stage (stream, at, value, quality, received) from stdin (format binary)"
#: A repeat changes nothing; another value for the same instant is a correction and counts up `revision`.
MERGE = """
insert into observation as o (stream, at, value, quality, received)
select stream, at, value, quality, received from observation_stage
on conflict (stream, at) do update
set value = excluded.value, quality = excluded.quality, received = excluded.received, revision = o.revision + 1
where (o.value, o.quality) is distinct from (excluded.value, excluded.quality)
"""
#: Only the newest of each datastream, and only when it is newer than what is there.
LATEST = """
insert into monitoring_latest as l (datastream_id, at, value, quality, received_at)
select distinct on (stream) stream, at, value, quality, received from observation_stage order by stream, at desc
on conflict (datastream_id) do update
set at = excluded.at, value = excluded.value, quality = excluded.quality, received_at = excluded.received_at
where l.at <= excluded.at
"""

Columns = tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.float64], NDArray[np.int16], NDArray[np.int64]]


def joined(batches: Sequence[Batch]) -> Columns:
    """All readings of several batches as columns (stream, at_ms, value, quality, received_ms)."""
    return (
        np.concatenate([b.stream for b in batches]),
        np.concatenate([b.at_ms for b in batches]),
        np.concatenate([b.value for b in batches]),
        np.concatenate([b.quality for b in batches]),
        np.concatenate([np.full(len(b), b.received_ms, "i8") for b in batches]),
    )


def last_of_each(columns: Columns) -> Columns:
    """One row per (stream, at): the one that came last. PostgreSQL refuses to touch a row twice in one statement."""
    stream, at = columns[0], columns[1]
    order = np.lexsort((np.arange(len(stream)), at, stream))
    s, t = stream[order], at[order]
    keep = np.ones(len(order), bool)
    keep[:-1] = (s[1:] != s[:-1]) | (t[1:] != t[:-1])
    kept = order[keep]
    return (stream[kept], at[kept], columns[2][kept], columns[3][kept], columns[4][kept])


def binary_rows(columns: Columns) -> bytes:
    """The rows in PostgreSQL's binary COPY format. A missing value travels as NaN and is stored as NaN."""
    stream, at_ms, value, quality, received_ms = columns
    rows = np.empty(len(stream), ROW)
    rows["fields"], rows["n1"], rows["n2"], rows["n3"], rows["n4"], rows["n5"] = 5, 4, 8, 8, 2, 8
    rows["stream"], rows["value"], rows["quality"] = stream, value, quality
    rows["at"] = (at_ms - PG_EPOCH_MS) * 1000
    rows["received"] = (received_ms - PG_EPOCH_MS) * 1000
    return SIGNATURE + rows.tobytes() + TRAILER


def days_of(at_ms: NDArray[np.int64]) -> list[date]:
    """The UTC days that the readings fall on."""
    return [date(1970, 1, 1) + timedelta(days=int(day)) for day in np.unique(at_ms // 86_400_000)]


class ObservationStore:
    """Writes on one psycopg connection inside the caller's transaction."""

    def __init__(self) -> None:
        self.partitions: set[date] = set()

    def write(self, connection: Any, batches: Sequence[Batch]) -> int:
        """Store the readings; returns how many rows were new or corrected."""
        columns = last_of_each(joined(batches))
        self.ensure_partitions(connection, days_of(columns[1]))
        with connection.cursor() as cursor:
            cursor.execute(STAGE)
            with cursor.copy(COPY) as copy:
                copy.write(binary_rows(columns))
            cursor.execute(MERGE)
            stored = int(cursor.rowcount)
            cursor.execute(LATEST)
        return stored

    def ensure_partitions(self, connection: Any, days: Sequence[date]) -> None:
        for day in days:
            if day not in self.partitions:
                connection.execute("select anlan_observation_partition(%s)", [day])
                self.partitions.add(day)


def drop_before(connection: Any, day: date) -> list[str]:
    """Retention: drop the daily partitions older than `day`; returns their names."""
    rows = connection.execute(
        "select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid "
        "where i.inhparent = 'observation'::regclass and c.relname < %s order by 1",
        [f"observation_{day:%Y%m%d}"],
    ).fetchall()
    for (name,) in rows:
        connection.execute(f'drop table "{name}"')
    return [name for (name,) in rows]


def moment(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)
