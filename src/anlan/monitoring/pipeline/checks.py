"""Step and flat-line tests on what is written, for the datastreams that ask for them."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from anlan.monitoring.log import SUSPECT
from anlan.monitoring.models import Datastream
from anlan.monitoring.pipeline import store
from anlan.monitoring.rules import quality

WHY = "the worker serves all areas"


class Checks:
    """What the tests know of each datastream, by its id: limits, last good value and time, since when it is flat."""

    def __init__(self) -> None:
        self.size = 0
        self.last_at, self.last_value = np.zeros(0), np.zeros(0)
        self.since = np.zeros(0, np.int64)
        self.per_minute, self.flat_ms, self.tested = np.zeros(0), np.zeros(0, np.int64), np.zeros(0, bool)
        self.reload()

    def reload(self, streams: Collection[int] | None = None) -> None:
        """Take the limits as they are now, of all or of some; keep what is known of the values."""
        rows = Datastream.objects.unscoped(WHY).exclude(max_step=None, flat_s=None)
        if streams is None:
            self.per_minute, self.flat_ms = np.full(self.size, np.inf), np.zeros(self.size, np.int64)
        else:
            rows = rows.filter(pk__in=streams)
            known = [pk for pk in streams if pk < self.size]
            self.per_minute[known], self.flat_ms[known] = np.inf, 0
        found = list(rows.values_list("pk", "max_step", "flat_s", "latest__value", "latest__at"))
        self.reach(max((row[0] for row in found), default=0))
        for pk, step, flat_s, value, at in found:
            self.per_minute[pk] = np.inf if step is None else step
            self.flat_ms[pk] = (flat_s or 0) * 1000
            if value is not None and np.isnan(self.last_value[pk]):
                self.last_value[pk], self.last_at[pk] = value, at.timestamp() * 1000
        self.tested = np.isfinite(self.per_minute) | (self.flat_ms > 0)
        self.any = bool(self.tested.any())

    def reach(self, stream: int) -> None:
        """Room for this datastream id."""
        more = stream + 1 - self.size
        if more <= 0:
            return
        more += 1024
        self.last_at = np.concatenate([self.last_at, np.zeros(more)])
        self.last_value = np.concatenate([self.last_value, np.full(more, np.nan)])
        self.since = np.concatenate([self.since, np.zeros(more, np.int64)])
        self.per_minute = np.concatenate([self.per_minute, np.full(more, np.inf)])
        self.flat_ms = np.concatenate([self.flat_ms, np.zeros(more, np.int64)])
        self.tested = np.concatenate([self.tested, np.zeros(more, bool)])
        self.size += more

    def apply(self, rows: store.Rows, new: NDArray[np.bool_]) -> None:
        """Flag, in place, readings that are new, good so far, and change too fast or not at all. Rows are ordered by
        stream and time."""
        if not self.any:
            return
        wanted = np.nonzero(new & rows.good & self.tested[rows.stream])[0]
        if not len(wanted):
            return
        stream, at, value = rows.stream[wanted], rows.at_ms[wanted], rows.value[wanted]
        last_at = quality.previous(stream, at, self.last_at)
        last = quality.previous(stream, value, self.last_value)
        bad = quality.too_fast(at, value, last_at, last, self.per_minute[stream])
        flat = quality.flat_since(stream, at, value, last, self.since)
        limit = self.flat_ms[stream]
        bad |= (limit > 0) & (at - flat > limit)
        self.last_at[stream], self.last_value[stream] = at, value
        if bad.any():
            rows.quality = rows.quality.copy()
            rows.quality[wanted[bad]] = SUSPECT
