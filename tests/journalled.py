"""Every verb that any test plays writes what it changed into the journal, or the test fails."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from anlan.kernel.audit import journal

CHANGES = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)', re.IGNORECASE)
#: What is no state of the trade: the journal itself, the outbox and its marks, sessions.
ASIDE = re.compile(r"kernel_(?:journal|event|delivery)|django_")
#: Verbs, or branches of verbs, that write no line: they keep what sensors and feeds told, or what follows from it by itself, and
#: stand with the observations, at their rate.
READINGS = {
    "roll_climate": "figures worked out of observations",
    "keep_forecasts": "forecasts as a feed brings them",
    "keep_strokes": "strokes of lightning as a feed brings them",
    "report_fixes": "positions of vehicles and teams, each second",
    "observe_weather": "wind over a park as its station measures it",
    "report_stock": "a gauge that says the same again is no change; any other word of it is journalled",
    "take_in": "bookkeeping of a link between platforms; what a parcel changes is journalled by its effect",
    "keep_word": "bookkeeping of a link: what the other side answered, parcel by parcel",
    "judge_readings": "a judgement that stands, looked at again",
    "forecast_stages": "forecasts worked out of observations",
    "follow_sandbox": "how far a process has come; its start and end are journalled",
    "report_people": "counts at gates, as counters tell them; what a person reports is journalled",
}
deferred = journal.deferred


@contextmanager
def watched() -> Iterator[None]:
    """As `journal.deferred`; around a verb it refuses to end when rows were changed and no line was written."""
    verb = getattr(sys._getframe(2).f_locals.get("verb"), "__name__", "")
    if not verb or verb in READINGS:
        with deferred():
            yield
        return
    began, changed = len(journal._pending.entries), set[str]()

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        found = CHANGES.match(sql)
        if found is not None and not ASIDE.match(found[1]):
            changed.add(found[1])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note), deferred():
        yield
        if changed and len(journal._pending.entries) == began:
            raise AssertionError(f"{verb} changed {', '.join(sorted(changed))} and wrote nothing into the journal")


def watch() -> None:
    journal.deferred = watched
