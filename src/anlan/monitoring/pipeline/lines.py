"""A series for a chart: every reading while they are few, hours when they are many, thinned to what a screen can show."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from django.db import connection

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import Invalid
from anlan.monitoring import queries
from anlan.monitoring.pipeline import store
from anlan.monitoring.rules import quality

#: More readings than this are shown by their hours' lowest and highest.
MOST_READINGS = 2_000_000
MAX_POINTS, MAX_BAD = 5000, 500


@dataclass(frozen=True)
class Line:
    """at: ms since 1970; bad: [at, value] of readings that are no evidence. source: "reading" or "hour"."""

    at: list[int]
    value: list[float]
    bad: list[tuple[int, float]] = field(default_factory=list)
    readings: int = 0
    source: str = "reading"


def line(
    actor: Actor, datastream_id: int, start: datetime, end: datetime, points: int = 1000, most: int = MOST_READINGS
) -> Line:
    """At most `points` points of [start, end] that keep the look of the whole. Raises Invalid for an empty span.

    most: where more readings than this are expected, their hours stand for them."""
    if end <= start:
        raise Invalid("end", end.isoformat(), f"晚于 {start.isoformat()}", label="结束时间")
    if not 3 <= points <= MAX_POINTS:
        raise Invalid("points", points, f"3 至 {MAX_POINTS}", label="点数")
    stream = queries.datastreams(actor).one(datastream_id)
    expected = (end - start) / timedelta(seconds=max(1, stream.station.interval_s))
    return hours(stream.pk, start, end, points) if expected > most else readings(stream.pk, start, end, points)


def readings(stream: int, start: datetime, end: datetime, points: int) -> Line:
    at, value, flags = store.series_arrays(stream, start, end)
    good = (flags == 0) & np.isfinite(value)
    bad = np.nonzero(~good & np.isfinite(value))[0][:MAX_BAD]
    found_at, found = at[good], value[good]
    kept = quality.lttb(found_at.astype(np.float64), found, points)
    odd = list(zip(at[bad].tolist(), value[bad].tolist(), strict=True))
    return Line(found_at[kept].tolist(), found[kept].tolist(), odd, len(at))


def hours(stream: int, start: datetime, end: datetime, points: int) -> Line:
    with connection.cursor() as cursor:
        cursor.execute(
            "select (extract(epoch from at) * 1000)::bigint, low, high, n from monitoring_hour"
            " where stream = %s and at between %s and %s and n > 0 order by at",
            [stream, start, end],
        )
        rows = cursor.fetchall()
    at = np.array([ms for ms, *_ in rows for _ in range(2)], np.int64)
    value = np.array([number for _, low, high, _ in rows for number in (low, high)], np.float64)
    kept = quality.lttb(at.astype(np.float64), value, points)
    return Line(at[kept].tolist(), value[kept].tolist(), [], sum(row[3] for row in rows), "hour")
