"""A scenario file: what the devices say when, how fast the clock runs, what the people decide."""

from __future__ import annotations

import tomllib
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from anlan import cities
from anlan.kernel.errors import NotFound

FOLDER = "scenarios"
FILE = "scenario.toml"
#: How fast the quiet before a story passes.
QUIET_SPEED = 240.0


@dataclass(frozen=True)
class Device:
    """What one address says. `points` are (minute, values by element code); between them `every_min` interpolates."""

    protocol: str
    address: str
    points: tuple[tuple[float, dict[str, float]], ...]
    every_min: float = 0.0

    def readings(self, until: float) -> Iterator[tuple[float, dict[str, float]]]:
        """(minute, values): the points themselves, or one reading every `every_min` on the line through them."""
        if not self.every_min:
            yield from (point for point in self.points if point[0] <= until)
            return
        count = int((until - self.points[0][0]) / self.every_min) + 1
        for number in range(count):
            minute = self.points[0][0] + number * self.every_min
            yield minute, self.between(minute)

    def between(self, minute: float) -> dict[str, float]:
        after = bisect_right([point[0] for point in self.points], minute)
        (t0, before), (t1, then) = self.points[max(0, after - 1)], self.points[min(after, len(self.points) - 1)]
        share = (minute - t0) / (t1 - t0) if t1 > t0 else 0.0
        return {code: round(value + (then.get(code, value) - value) * share, 3) for code, value in before.items()}


@dataclass(frozen=True)
class Posting:
    """A document of a feed that arrives at this minute."""

    minute: float
    feed: str
    file: Path


@dataclass(frozen=True)
class Scenario:
    """One story. Minutes count from its start; those in `story` from the moment of the alarm or hazard event."""

    name: str
    title: str
    note: str
    minutes: float
    paces: tuple[tuple[float, float], ...]
    devices: tuple[Device, ...]
    postings: tuple[Posting, ...]
    story: dict[str, Any]
    #: None = ends now (a story of today).
    start: datetime | None = None
    origin: dict[str, Any] = field(default_factory=dict)

    @property
    def speed(self) -> float:
        return self.paces[0][1]


def after_quiet(scenario: Scenario, minutes: float) -> Scenario:
    """The same story after `minutes` of first readings, which pass quickly: what an earlier run left can return."""
    return replace(
        scenario,
        minutes=scenario.minutes + minutes,
        paces=((0.0, QUIET_SPEED), *((start + minutes, speed) for start, speed in scenario.paces)),
        devices=tuple(
            replace(d, points=((0.0, d.points[0][1]), *((at + minutes, values) for at, values in d.points)))
            for d in scenario.devices
        ),
        postings=tuple(replace(p, minute=p.minute + minutes) for p in scenario.postings),
    )


def names(city: str) -> list[str]:
    return sorted(file.parent.name for file in (cities.folder(city) / FOLDER).glob(f"*/{FILE}"))


def load(city: str, name: str) -> Scenario:
    """The scenario of this name in the city's package."""
    folder = cities.folder(city) / FOLDER / name
    if not (folder / FILE).is_file():
        raise NotFound(f"没有剧本“{name}”，可用：{'、'.join(names(city))}", field="scenario", value=name)
    data = tomllib.loads((folder / FILE).read_text(encoding="utf-8"))
    head = data["scenario"]
    return Scenario(
        name=name,
        title=head["title"],
        note=head["note"],
        minutes=float(head["minutes"]),
        paces=tuple((float(pace["from_min"]), float(pace["speed"])) for pace in data["pace"]),
        devices=tuple(device(entry) for entry in data.get("device", [])),
        postings=tuple(Posting(float(p["minute"]), p["feed"], folder / p["file"]) for p in data.get("posting", [])),
        story=data["story"],
        start=head.get("start"),
        origin=data["origin"],
    )


def device(entry: dict[str, Any]) -> Device:
    points = tuple((float(minute), dict(values)) for minute, values in entry["points"])
    return Device(entry["protocol"], entry["address"], points, float(entry.get("every_min", 0)))
