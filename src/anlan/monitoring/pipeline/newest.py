"""The newest value of each datastream on its way into its table.

To replace a row costs the database more than to store a reading. While there are few new ones a flush they are written at
once; when there are more, a flush writes the next stretch of them by datastream, so that one that reports several times
meanwhile is written once, and rows of one page together. What is left over lies packed in `monitoring_behind`, written in the
transaction that stored the readings: whoever begins after a crash settles it first. No newest value is missing, none is
older than `SWEEP_S` and the time of a flush.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from anlan.monitoring.pipeline import store

#: Rows that a flush writes in any case: some 40 ms.
LEAST = 20_000
#: In this time every value that waits is written, seconds.
SWEEP_S = 15.0
PACKED = np.dtype([("stream", "<i4"), ("at_ms", "<i8"), ("value", "<f8"), ("quality", "<i2"), ("received_ms", "<i8")])
Registered = Callable[[NDArray[np.int32]], bool]


def grown(array: NDArray[Any], size: int) -> NDArray[Any]:
    return np.concatenate([array, np.zeros(size - len(array), array.dtype)])


class Newest:
    """By datastream: its newest value, whether the table has a row of it, and whether that row is behind. Changed inside
    the worker's transactions, and thrown away with it when one fails."""

    def __init__(self, owner: str, registered: Registered) -> None:
        """registered: whether all of these are known to be datastreams."""
        self.owner, self.registered = owner, registered
        settle()
        streams, at = store.latest_times()
        size = int(streams.max(initial=0)) + 1024
        self.at_ms, self.received_ms = np.zeros(size, np.int64), np.zeros(size, np.int64)
        self.value, self.quality = np.zeros(size), np.zeros(size, np.int16)
        self.kept, self.behind = np.zeros(size, bool), np.zeros(size, bool)
        self.at_ms[streams], self.kept[streams] = at, True
        #: Numbers of what lies packed; how many of them the running sweep settles, where it is, and its pace, rows/s.
        self.packed: list[int] = []
        self.covered, self.place, self.pace = 0, 0, 0.0
        self.written_at = time.monotonic()

    def reach(self, stream: int) -> None:
        """Room for this datastream."""
        if stream >= len(self.at_ms):
            for name in ("at_ms", "received_ms", "value", "quality", "kept", "behind"):
                setattr(self, name, grown(getattr(self, name), stream + 1024))

    def keep(self, rows: store.Rows) -> None:
        """Take one row a datastream, ordered by it; an older one than is known changes nothing."""
        self.reach(int(rows.stream[-1]))
        newer = rows.take(rows.at_ms >= self.at_ms[rows.stream])
        which = newer.stream
        self.at_ms[which], self.received_ms[which] = newer.at_ms, newer.received_ms
        self.value[which], self.quality[which] = newer.value, newer.quality
        self.behind[which] = True
        self.write()
        left = newer.take(self.behind[which])
        if len(left):
            self.packed.append(pack(self.owner, left))

    def write(self, everything: bool = False) -> None:
        """Write what waits, or the sweep's next stretch of it."""
        waiting = int(np.count_nonzero(self.behind))
        now = time.monotonic()
        most = waiting if everything else max(LEAST, int(self.pace * (now - self.written_at)))
        self.written_at = now
        if waiting <= most:
            self.put(np.flatnonzero(self.behind))
            self.forget_packed(len(self.packed))
        else:
            self.sweep(most, waiting)

    def sweep(self, most: int, waiting: int) -> None:
        """The next stretch, `most` rows of it; behind the last one all is settled that was packed when the sweep began."""
        if self.place == 0:
            self.covered, self.pace = len(self.packed), waiting / SWEEP_S
        found = np.flatnonzero(self.behind[self.place :])[:most] + self.place
        self.put(found)
        if len(found) == most:
            self.place = int(found[-1]) + 1
        else:
            self.forget_packed(self.covered)

    def put(self, which: NDArray[np.intp]) -> None:
        """Write these rows."""
        if not len(which):
            return
        stream = which.astype(np.int32)
        rows = store.Rows(
            stream, self.at_ms[which], self.value[which], self.quality[which], self.received_ms[which],
            np.zeros(len(which), bool),
        )  # fmt: skip
        store.keep_latest(rows, self.kept[which], self.registered(stream))
        self.kept[which], self.behind[which] = True, False

    def forget_packed(self, count: int) -> None:
        """The table has what lies in the oldest `count`; the next sweep begins at the first datastream."""
        gone, self.packed, self.place = self.packed[:count], self.packed[count:], 0
        if gone:
            with connection.cursor() as cursor:
                cursor.execute("delete from monitoring_behind where id = any(%s)", [gone])

    def forget_after(self, ms: int) -> None:
        """The clock was set back: what lies behind it now is not the newest any more."""
        self.write(everything=True)
        store.forget_latest_after(ms)
        future = self.at_ms > ms
        self.at_ms[future], self.kept[future] = 0, False


def pack(owner: str, rows: store.Rows) -> int:
    """Keep rows that the table does not have yet, in the caller's transaction; returns their number."""
    table = np.empty(len(rows), PACKED)
    for name in PACKED.names or ():
        table[name] = getattr(rows, name)
    with connection.cursor() as cursor:
        cursor.execute("select nextval(pg_get_serial_sequence('monitoring_behind', 'id'))")
        number = int(cursor.fetchone()[0])
        with cursor.copy("copy monitoring_behind (id, owner, rows) from stdin (format binary)") as copy:
            copy.set_types(["int8", "text", "bytea"])  # as a parameter the bytes would travel as text
            copy.write_row((number, owner, table.tobytes()))
    return number


def settle() -> int:
    """Bring the table up to all that lies packed, whoever left it; returns how many rows that was. What an owner that
    lives still packed he writes again, which changes nothing."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select id, rows from monitoring_behind order by id for update")
        found = cursor.fetchall()
        if not found:
            return 0
        rows = last_of_each(np.concatenate([np.frombuffer(data, PACKED) for _, data in found]))
        store.keep_latest(rows, np.zeros(len(rows), bool), registered=False)
        cursor.execute("delete from monitoring_behind where id = any(%s)", [[number for number, _ in found]])
    return len(rows)


def last_of_each(table: NDArray[Any]) -> store.Rows:
    """The newest row of each datastream, of equally new ones the last."""
    order = np.lexsort((np.arange(len(table)), table["at_ms"], table["stream"]))
    stream = table["stream"][order]
    table = table[order[np.append(stream[1:] != stream[:-1], True)]]
    columns = {name: np.ascontiguousarray(table[name]) for name in PACKED.names or ()}
    return store.Rows(**columns, backfill=np.zeros(len(table), bool))


def waits() -> bool:
    """Whether the table is behind now."""
    with connection.cursor() as cursor:
        cursor.execute("select exists (select from monitoring_behind)")
        return bool(cursor.fetchone()[0])
