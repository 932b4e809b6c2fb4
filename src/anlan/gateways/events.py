"""Facts of the gateways."""

from __future__ import annotations

from dataclasses import dataclass

from anlan.kernel.events.outbox import Fact


@dataclass(frozen=True)
class QuarantineHandled(Fact):
    """An operator replayed or discarded what was refused."""

    quarantined_id: int
    protocol: str
    state: str
    count: int = 1


@dataclass(frozen=True)
class NoticeDelivered(Fact):
    """A channel took the message to its receiver (the local outbox: it lies there to be read)."""

    notice_event_id: int
    message_id: int
    to_name: str
    channel: str
    at: str
    detail: str


@dataclass(frozen=True)
class NoticeFailed(Fact):
    """The message did not go out, or nobody can say whether it did; the reason is in `detail`."""

    notice_event_id: int
    message_id: int
    to_name: str
    channel: str
    at: str
    detail: str


@dataclass(frozen=True)
class ForeignInformationReceived(Fact):
    """Another platform told us the state of a thing of its own, or answered about one of ours (`kind` ends in _answer)."""

    record_id: int
    kind: str
    title: str
    peer: str
    exercise: bool


@dataclass(frozen=True)
class BackfillChanged(Fact):
    """History out of a file was ordered, finished, failed or was called off."""

    backfill_id: int
    name: str
    state: str
    kept: int
    refused: int


@dataclass(frozen=True)
class CommandOrdered(Fact):
    """Somebody sent a command down to a device."""

    station_id: int
    kind: str
