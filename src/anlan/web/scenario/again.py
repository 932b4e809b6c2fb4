"""Playing a piece of history once more on the same database.

A reading of a station at a moment, and an event by its number, exist once: sent again they are duplicates and rightly raise
nothing. So a repetition is played some whole weeks later than the original (same weekday, same hour), and its events say in
their title what they repeat (重演).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from anlan.web.scenario import checks
from anlan.web.scenario.spec import Scenario

WEEK = timedelta(weeks=1)
#: Between the end of one telling and the start of the next: what the sensors said must be history.
APART = timedelta(hours=1)
MS_OF_WEEK = int(WEEK.total_seconds() * 1000)


def weeks_later(scenario: Scenario) -> int:
    """By how many weeks this telling is put off: 0 on a database that has not seen the scenario."""
    start = datetime.fromisoformat(scenario.start)
    length = timedelta(minutes=scenario.minutes)
    newest = checks.newest_reading_of({(series.address, series.code) for series in scenario.series}, start)
    weeks = 0
    if newest is not None and newest + APART >= start:
        weeks = (newest + APART - start) // WEEK + 1
    kind = scenario.trigger["kind"]
    while kind != "alarm" and checks.has_event(kind, start + weeks * WEEK - APART, start + weeks * WEEK + length):
        weeks += 1
    return weeks


def feed(name: str, body: bytes, weeks: int) -> bytes:
    """The file of a feed, `weeks` later; unchanged in the first telling."""
    return SHIFTS[name](body, weeks) if weeks and name in SHIFTS else body


def earthquakes(body: bytes, weeks: int) -> bytes:
    """GeoJSON in the shape of USGS: number, times and place name."""
    found: dict[str, Any] = json.loads(body)
    for feature in found["features"]:
        facts = feature["properties"]
        feature["id"] = f"{feature['id']}-{weeks}"
        facts["time"] += weeks * MS_OF_WEEK
        facts["updated"] += weeks * MS_OF_WEEK
        facts["place"] = f"{facts['place']}（重演）"
    return json.dumps(found, ensure_ascii=False).encode()


def hotspots(body: bytes, weeks: int) -> bytes:
    """CSV in the shape of FIRMS: the day of acquisition, which is part of what names a pixel."""
    rows = list(csv.DictReader(io.StringIO(body.decode("utf-8"))))
    for row in rows:
        row["acq_date"] = (date.fromisoformat(row["acq_date"]) + weeks * WEEK).isoformat()
    written = io.StringIO()
    out = csv.DictWriter(written, list(rows[0]), lineterminator="\n")
    out.writeheader()
    out.writerows(rows)
    return written.getvalue().encode()


SHIFTS: dict[str, Callable[[bytes, int], bytes]] = {"earthquakes": earthquakes, "hotspots": hotspots}
