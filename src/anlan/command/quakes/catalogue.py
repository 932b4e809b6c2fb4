"""A catalogue of past earthquakes as seen from here: distance, intensity to be expected, how often which size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log10

from anlan.command.models import PastEarthquake
from anlan.hazards.seismic.attenuation import intensity_axes
from anlan.kernel.geo import distance_m

#: Magnitudes of a catalogue are rounded to this; a fit wants so many earthquakes.
BIN, ENOUGH = 0.1, 10


@dataclass(frozen=True)
class Past:
    """One earthquake with what it means here."""

    quake: PastEarthquake
    km: float
    #: Intensity by the western relation, the mean of both axes: the strike of old ruptures is rarely known.
    felt: float


@dataclass(frozen=True)
class Frequency:
    """lg N = a - b M of those at and above `complete` (Aki 1965), N a year; and years between earthquakes of a size."""

    complete: float
    count: int
    years: float
    a: float
    b: float

    def every(self, magnitude: float) -> float:
        """Years between earthquakes of this magnitude and above."""
        return float(10 ** (self.b * magnitude - self.a))


def seen_from(rows: Sequence[PastEarthquake], lon: float, lat: float) -> list[Past]:
    """The catalogue from a place, the hardest felt first."""
    found = []
    for row in rows:
        km = distance_m(row.lon, row.lat, lon, lat) / 1000
        long, short = intensity_axes("西部", row.magnitude)
        found.append(Past(row, km, max((long.at(km) + short.at(km)) / 2, 1.0)))
    return sorted(found, key=lambda past: -past.felt)


def frequency(rows: Sequence[PastEarthquake], complete: float) -> Frequency | None:
    """How often which size; None with too few earthquakes."""
    sizes = [row.magnitude for row in rows if row.magnitude >= complete - 1e-9]
    if len(sizes) < ENOUGH:
        return None
    years = [row.at.year for row in rows if row.magnitude >= complete - 1e-9]
    span = max(years) - min(years) + 1.0
    b = log10(exp(1)) / max(sum(sizes) / len(sizes) - (complete - BIN / 2), BIN)
    return Frequency(complete, len(sizes), span, log10(len(sizes) / span) + b * complete, b)
