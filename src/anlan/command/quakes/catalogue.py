"""A catalogue of past earthquakes as seen from here: distance, intensity to be expected, how often which size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, floor, log10

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


#: The drawing of magnitude over time: width, height, margins of the axes.
WIDE, HIGH, LEFT, LOW = 640.0, 180.0, 34.0, 22.0


@dataclass(frozen=True)
class Dot:
    """One earthquake in the drawing of magnitude over time."""

    x: float
    y: float
    r: float
    title: str


@dataclass(frozen=True)
class Dots:
    """Earthquakes over time, with ticks of years and magnitudes."""

    dots: list[Dot]
    years: list[tuple[float, int]]
    sizes: list[tuple[float, int]]


def dots(rows: Sequence[PastEarthquake]) -> Dots | None:
    """Magnitude over time; None where there are none."""
    if not rows:
        return None
    first, last = min(row.at.year for row in rows), max(row.at.year for row in rows) + 1
    low, high = floor(min(row.magnitude for row in rows)), floor(max(row.magnitude for row in rows)) + 1

    def x(year: float) -> float:
        return round(LEFT + (WIDE - LEFT - 8) * (year - first) / (last - first), 1)

    def y(magnitude: float) -> float:
        return round(8 + (HIGH - LOW - 8) * (high - magnitude) / (high - low), 1)

    step = next(size for size in (1, 2, 5, 10, 20, 50, 100, 200) if (last - first) / size <= 10)
    drawn = [
        Dot(x(row.at.year + row.at.timetuple().tm_yday / 366), y(row.magnitude), round(1.5 + 1.2 * max(0.0, row.magnitude - 4), 1),
            f"{row.at:%Y-%m-%d} {row.name} M {row.magnitude:.1f}")
        for row in rows
    ]  # fmt: skip
    return Dots(
        drawn,
        [(x(year), year) for year in range(-(-first // step) * step, last + 1, step)],
        [(y(m), m) for m in range(low, high + 1)],
    )


def frequency(rows: Sequence[PastEarthquake], complete: float) -> Frequency | None:
    """How often which size; None with too few earthquakes."""
    sizes = [row.magnitude for row in rows if row.magnitude >= complete - 1e-9]
    if len(sizes) < ENOUGH:
        return None
    years = [row.at.year for row in rows if row.magnitude >= complete - 1e-9]
    span = max(years) - min(years) + 1.0
    b = log10(exp(1)) / max(sum(sizes) / len(sizes) - (complete - BIN / 2), BIN)
    return Frequency(complete, len(sizes), span, log10(len(sizes) / span) + b * complete, b)
