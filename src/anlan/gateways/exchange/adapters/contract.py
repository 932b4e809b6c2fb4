"""What an adapter of a foreign form is to us. Times are aware; places are lon, lat (WGS84)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

#: The largest document that is read, bytes.
MOST_BYTES = 4 * 1024 * 1024


class FormError(ValueError):
    """The document as a whole is none of this form, or is dangerous to read; the message says why."""


@dataclass(frozen=True)
class Item:
    """One thing out of a document, or for one: `kind` and `payload` as in our own parcels. `area`: division code, "" = none."""

    kind: str
    key: str
    said_at: datetime
    area: str
    payload: dict[str, Any]
    exercise: bool = False


@dataclass
class Read:
    """What could be read, and what could not with its reason."""

    items: list[Item] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Envelope:
    """Who writes to whom, and when: one document."""

    number: str
    sender: str
    receiver: str
    at: datetime


@dataclass(frozen=True)
class Adapter:
    """One form. note: what of it could not be verified, for the page."""

    name: str
    title: str
    suffix: str
    note: str
    kinds: tuple[str, ...]
    read: Callable[[bytes, datetime], Read]
    write: Callable[[Envelope, Sequence[Item]], bytes]
