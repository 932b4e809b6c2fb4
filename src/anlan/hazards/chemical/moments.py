"""时刻: where an endpoint is exceeded at each minute of a release whose strength changes: parcels that left the source at their own
time with the rate of that time, carried by the wind (the observers of Colenbrander 1980, as HEGADAS-T and DEGADIS 2.1)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from anlan.hazards.chemical.cloud import Edges, Passage, Source

FloatArray = np.ndarray
Ring = list[tuple[float, float]]
#: Minutes shown on the map's time slider; shares of the greatest rate for which the plume is solved; steps of a ring.
MINUTES = (1, 2, 3, 5, 7, 10, 15, 20, 30, 45, 60, 90, 120)
LEVELS, RING = np.array([0.02, 0.06, 0.15, 0.3, 0.5, 0.75, 1.0]), 40


@dataclass(frozen=True)
class Course:
    """kg/s into the air at rising instants (s); nothing before the first and after the last."""

    seconds: FloatArray
    rate: FloatArray

    def at(self, seconds: FloatArray) -> FloatArray:
        found: FloatArray = np.interp(seconds, self.seconds, self.rate, left=0.0, right=0.0)
        return found

    @property
    def kg(self) -> float:
        """All that is let go."""
        return float(np.sum((self.rate[1:] + self.rate[:-1]) / 2 * np.diff(self.seconds)))

    def greatest_mean(self, within_s: float) -> float:
        """kg/s on average over that stretch of `within_s` seconds (or all there is) in which it is greatest."""
        gone = np.concatenate([[0.0], np.cumsum((self.rate[1:] + self.rate[:-1]) / 2 * np.diff(self.seconds))])
        long = min(within_s, float(self.seconds[-1] - self.seconds[0]))
        starts = np.minimum(np.concatenate([self.seconds, self.seconds - long]), self.seconds[-1] - long)
        starts = np.maximum(starts, self.seconds[0])
        taken = np.interp(starts + long, self.seconds, gone) - np.interp(starts, self.seconds, gone)
        return float(taken.max()) / long

    def mean(self, within_s: float) -> float:
        """kg/s on average over the first `within_s` seconds."""
        gone = np.concatenate([[0.0], np.cumsum((self.rate[1:] + self.rate[:-1]) / 2 * np.diff(self.seconds))])
        return float(np.interp(within_s, self.seconds, gone)) / within_s


def steady(rate: float, lasts_s: float) -> Course:
    return Course(np.array([0.0, lasts_s]), np.array([rate, rate]))


def members(source: Source, top: float) -> tuple[Source, ...]:
    """The source at each of LEVELS of its greatest rate, to be solved in one batch."""
    return tuple(replace(source, rate=top * share) for share in LEVELS)


def rings(course: Course, edges: Edges, passage: Passage) -> list[tuple[int, Ring]]:
    """(minute, ring in m downwind and across) of the limit of `edges` (those of `members`), as long as there is any."""
    found = []
    for minute in MINUTES:
        ring = at_minute(minute * 60.0, course, edges, passage)
        if ring:
            found.append((minute, ring))
        elif found:
            break
    return found


def at_minute(now: float, course: Course, edges: Edges, passage: Passage) -> Ring:
    """The ring at one instant."""
    far = min(passage.metres(now), float(edges.far.max()))
    if far <= 0:
        return []
    x = far * (np.arange(1, RING + 1) / RING) ** 1.5
    widths = np.array([edges.width(i, x) for i in range(len(LEVELS))])
    share = course.at(now - passage.seconds(x)) / float(course.rate.max())
    half = np.array([np.interp(share[j], LEVELS, widths[:, j], left=0.0) for j in range(RING)])
    inside = np.flatnonzero(half > 0)
    if not len(inside):
        return []
    side = [(float(x[j]), float(max(half[j], 0.5))) for j in range(int(inside[0]), int(inside[-1]) + 1)]
    return [*side, *((a, -b) for a, b in reversed(side))]
