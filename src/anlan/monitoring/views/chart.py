"""A series as SVG, drawn on the server: readable without script, printable, with its limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.timezone import localtime

from anlan.monitoring.queries import Sample

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 720.0, 220.0, 56.0, 24.0, 10.0
#: At most so many points are drawn; the lowest and highest of each piece are kept.
POINTS = 600


@dataclass(frozen=True)
class Tick:
    at: float
    text: str


@dataclass(frozen=True)
class Line:
    """A limit, as a horizontal line."""

    y: float
    text: str


@dataclass(frozen=True)
class Chart:
    """What the template draws, in SVG units."""

    path: str
    area: str
    bad: Sequence[tuple[float, float]]
    xs: Sequence[Tick]
    ys: Sequence[Tick]
    limits: Sequence[Line]
    width: float = WIDTH
    height: float = HEIGHT
    left: float = LEFT
    base: float = HEIGHT - BOTTOM


def thinned(samples: Sequence[Sample]) -> list[Sample]:
    """At most `POINTS` samples that keep every peak."""
    good = [sample for sample in samples if sample.value is not None]
    piece = max(1, len(good) * 2 // POINTS)
    if piece == 1:
        return good
    kept: list[Sample] = []
    for start in range(0, len(good), piece):
        part = good[start : start + piece]
        low = min(part, key=lambda sample: sample.value or 0.0)
        high = max(part, key=lambda sample: sample.value or 0.0)
        kept += sorted({low.at: low, high.at: high}.values(), key=lambda sample: sample.at)
    return kept


def steps(low: float, high: float) -> list[float]:
    """About five round numbers from low to high."""
    span = high - low or 1.0
    size = 10.0 ** (len(f"{int(span)}") - 1) if span >= 1 else 10.0 ** -(len(f"{int(1 / span)}"))
    step = next(size * factor for factor in (0.1, 0.2, 0.5, 1, 2, 5, 10) if span / (size * factor) <= 5)
    first = int(low / step) * step
    found = [round(first + step * n, 10) for n in range(8)]
    return [value for value in found if low <= value <= high]


@dataclass(frozen=True)
class Frame:
    """Where times and values fall in the drawing."""

    start: datetime
    end: datetime
    low: float
    high: float

    def x(self, at: datetime) -> float:
        span = (self.end - self.start).total_seconds() or 1.0
        return round(LEFT + (WIDTH - LEFT - 8) * (at - self.start).total_seconds() / span, 1)

    def y(self, value: float) -> float:
        return round(TOP + (HEIGHT - BOTTOM - TOP) * (self.high - value) / (self.high - self.low), 1)


def frame(
    samples: Sequence[Sample], start: datetime, end: datetime, limits: Mapping[str, float] | None = None
) -> Frame | None:
    """A frame that holds all samples and limits; None when there is nothing to draw."""
    values = [sample.value for sample in samples if sample.value is not None]
    if not values:
        return None
    values += list((limits or {}).values())
    low, high = min(values), max(values)
    pad = (high - low) * 0.08 or abs(high) * 0.05 or 1.0
    return Frame(start, end, low - pad, high + pad)


def path(samples: Sequence[Sample], of: Frame) -> str:
    """A line through samples."""
    points = [(of.x(one.at), of.y(one.value)) for one in samples if one.value is not None]
    return "M" + "L".join(f"{px},{py}" for px, py in points) if points else ""


def draw(
    samples: Sequence[Sample],
    start: datetime,
    end: datetime,
    limits: Mapping[str, float] | None = None,
    within: Frame | None = None,
) -> Chart | None:
    """The chart of [start, end], in a frame of its own or a wider one; None when there is nothing to draw."""
    good = thinned(samples)
    of = within or frame(good, start, end, limits)
    if not good or of is None:
        return None
    x, y, low, high = of.x, of.y, of.low, of.high
    points = [(x(sample.at), y(sample.value or 0.0)) for sample in good if sample.quality == 0]
    path = "M" + "L".join(f"{px},{py}" for px, py in points) if points else ""
    base = HEIGHT - BOTTOM
    return Chart(
        path=path,
        area=f"{path}L{points[-1][0]},{base}L{points[0][0]},{base}Z" if points else "",
        bad=[(x(sample.at), y(sample.value or 0.0)) for sample in good if sample.quality],
        xs=[Tick(x(at), localtime(at).strftime("%m-%d %H:%M")) for at in times(start, end)],
        ys=[Tick(y(value), f"{value:g}") for value in steps(low, high)],
        limits=[Line(y(value), f"{name} {value:g}") for name, value in (limits or {}).items()],
    )


def times(start: datetime, end: datetime) -> list[datetime]:
    return [start + (end - start) * part / 4 + timedelta(0) for part in range(1, 4)]
