"""What a feed is to us: a pure parser that gives events and names every row it refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from typing import Protocol as Interface

from anlan.gateways.readings import Reading

#: A document larger than this is refused whole.
MAX_BYTES = 20 * 2**20


class FeedError(Exception):
    """The document as a whole is not what the feed sends; the message says what was expected."""


@dataclass(frozen=True)
class FeedEvent:
    """One thing that happened, as the feed tells it.

    kind: earthquake, hotspot, cap or bulletin. key: the source's own identity, the same when it is sent again. lon, lat: WGS84
    degrees, None where the source names areas only. magnitude: M of an earthquake, FRP (MW) of a hotspot.
    """

    kind: str
    key: str
    at: datetime
    lon: float | None
    lat: float | None
    title: str
    magnitude: float | None
    properties: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Refused:
    """One row that could not be used. where: "第 3 行", "features[2]". raw: the row as a document of its own, so that
    it can be read again alone."""

    where: str
    reason: str
    raw: str = ""


@dataclass(frozen=True)
class Coming:
    """A forecast value of a document: station's code or address, quantity, when issued, for when; SI as datastreams keep it."""

    station: str
    quantity: str
    issued: datetime
    valid: datetime
    value: float


@dataclass(frozen=True)
class Struck:
    """A stroke to ground: when, where (WGS84), peak current in kA with its sign."""

    at: datetime
    lon: float
    lat: float
    current_ka: float


class Field(Interface):
    """Values over an area, as of one time."""

    @property
    def code(self) -> str: ...

    @property
    def valid(self) -> datetime: ...

    @property
    def forecast(self) -> bool: ...

    @property
    def issued(self) -> datetime: ...

    def at(self, lat: float, lon: float) -> float | None: ...


@dataclass(frozen=True)
class Parsed:
    """What a document held."""

    events: list[FeedEvent] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    #: Further documents that this one points to (an Atom index of CAP alerts).
    links: list[str] = field(default_factory=list)
    #: Values of stations (weather observations), for the log.
    readings: list[Reading] = field(default_factory=list)
    #: Values over an area, to be read at the places that are registered for them.
    fields: list[Field] = field(default_factory=list)
    #: Forecasts for stations, and fields of forecasts, to be read at our weather stations.
    coming: list[Coming] = field(default_factory=list)
    strokes: list[Struck] = field(default_factory=list)


@dataclass(frozen=True)
class Feed:
    """One feed, declared in the `__init__` of its folder as `FEED`."""

    name: str
    title: str
    standard: str
    #: bronze = reads published files; silver = + inbox and poller; gold = + conformance cases.
    grade: str
    kind: str
    parse: Callable[[bytes], Parsed]
    suffix: str


def number(value: object, name: str, low: float, high: float, unit: str = "") -> float:
    """A finite number within its physical range; ValueError says name, value, range and unit."""
    try:
        found = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}的值“{value}”不是数") from error
    if not math.isfinite(found) or not low <= found <= high:
        raise ValueError(f"{name}的值“{value}”不在 {low:g}～{high:g}{unit} 内")
    return found


def place(lon: object, lat: object) -> tuple[float, float]:
    return number(lon, "经度", -180, 180, "°"), number(lat, "纬度", -90, 90, "°")
