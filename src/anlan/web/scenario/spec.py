"""What a scenario file says. Wrong keys and values are refused with their name."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anlan.kernel.errors import Invalid

WAYS = ("mqtt", "sl651", "feed")
INJECTS = ("clue", "note", "casualties")


@dataclass(frozen=True)
class Series:
    """Readings of one quantity: straight lines between (minute, value) points, one every `step_s` scenario seconds.

    With `step_s` 0 the points themselves are sent.
    """

    via: str
    address: str
    code: str
    points: list[tuple[float, float]]
    step_s: float = 60

    def readings(self) -> Iterator[tuple[float, float]]:
        """(minute, value) in order."""
        if not self.step_s:
            yield from self.points
            return
        minute, last = self.points[0][0], self.points[-1][0]
        while minute <= last + 1e-9:
            yield minute, self.value(minute)
            minute += self.step_s / 60

    def value(self, minute: float) -> float:
        for (t0, v0), (t1, v1) in zip(self.points, self.points[1:], strict=False):
            if minute <= t1:
                return round(v0 + (v1 - v0) * (minute - t0) / (t1 - t0), 4)
        return self.points[-1][1]


@dataclass(frozen=True)
class Feed:
    """A file of the scenario's folder posted to a feed's inbox at a minute."""

    feed: str
    file: str
    at_min: float = 0


@dataclass(frozen=True)
class Inject:
    """导调: what the directors of a drill let happen at a minute. Played into a sandbox only.

    kind: clue (a call, a report: 接报线索 on the desk), note (a line for the open incident), casualties (its figures).
    """

    at_min: float
    kind: str
    text: str
    event_code: str = ""
    place: str = ""
    lon: float | None = None
    lat: float | None = None
    reported_by: str = "导调组"
    figures: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Pace:
    """From this minute on the clock runs at another speed: days of history pass quickly, the hour that matters does not."""

    at_min: float
    speed: float


@dataclass(frozen=True)
class Scenario:
    """One story."""

    name: str
    title: str
    minutes: float
    speed: float
    folder: Path
    start: str
    series: list[Series]
    feeds: list[Feed]
    trigger: dict[str, Any]
    incident: dict[str, Any]
    simulation: dict[str, Any]
    response: dict[str, Any]
    warning: dict[str, Any]
    closing: dict[str, Any]
    paces: list[Pace] = field(default_factory=list)
    injects: list[Inject] = field(default_factory=list)
    source: str = ""
    extra: dict[str, Any] = field(default_factory=dict)


def load(folder: Path) -> Scenario:
    """Read `scenario.toml` of a folder."""
    path = folder / "scenario.toml"
    if not path.is_file():
        known = sorted(p.parent.name for p in folder.parent.glob("*/scenario.toml"))
        raise Invalid("scenario", folder.name, "、".join(known), label="场景")
    spec = tomllib.loads(path.read_text(encoding="utf-8"))
    head = spec.get("scenario", {})
    for key in ("title", "minutes", "speed"):
        if key not in head:
            raise Invalid(f"scenario.{key}", None, "必填", label=str(path.name))
    return Scenario(
        name=folder.name,
        title=head["title"],
        minutes=float(head["minutes"]),
        speed=float(head["speed"]),
        folder=folder,
        start=str(head.get("start", head.get("ends", "now"))),
        series=[series(row) for row in spec.get("series", [])],
        feeds=[Feed(**row) for row in spec.get("feed", [])],
        paces=[Pace(**row) for row in spec.get("pace", [])],
        injects=[inject(row) for row in spec.get("inject", [])],
        source=head.get("source", ""),
        **{
            part: spec.get(part, {}) for part in ("trigger", "incident", "simulation", "response", "warning", "closing")
        },
    )


def inject(row: dict[str, Any]) -> Inject:
    if row.get("kind") not in INJECTS:
        raise Invalid("inject.kind", row.get("kind"), "、".join(INJECTS), label="导调")
    return Inject(**row)


def series(row: dict[str, Any]) -> Series:
    if row.get("via") not in WAYS:
        raise Invalid("series.via", row.get("via"), "、".join(WAYS), label="接入方式")
    return Series(**{**row, "points": [(float(t), float(v)) for t, v in row["points"]]})
