"""What a channel is to us: one function that tries once and says what became of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What one attempt came to."""

    DELIVERED = "delivered"
    #: Certainly not delivered; it may be tried again.
    RETRY = "retry"
    #: Refused for good: trying again cannot help.
    REFUSED = "refused"
    #: It may have been delivered: the answer got lost.
    UNKNOWN = "unknown"


class Audience(StrEnum):
    PERSON = "person"
    PUBLIC = "public"


@dataclass(frozen=True)
class Message:
    """One message to one receiver. `key` stays the same however often it is tried."""

    key: str
    to_name: str
    address: str
    text: str
    purpose: str
    subject_type: str
    subject_id: str


@dataclass(frozen=True)
class Receipt:
    """The channel's answer. `reference` is the channel's own number of the message."""

    outcome: Outcome
    detail: str
    reference: str = ""
    retry_after_s: float | None = None
    #: Under which numbers (one for each part) the channel will yet say what became of it at the receiver; () = it is said.
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Channel:
    """One way out, declared in the `__init__` of its folder as `CHANNEL`.

    rank: the ready channel with the lowest one is taken. repeatable: whether sending the same key twice delivers once,
    so that a message whose sender died on the way may be sent again. ready: whether it is set up in this installation.
    reaches: whether this address (a phone number) can be told by it. send: one attempt; it never raises for what the
    other side does. carries_exercises: whether it may carry what belongs to a drill: only ways that stay in the house, or
    that say "exercise" in the protocol itself.
    """

    name: str
    title: str
    grade: str
    audience: Audience
    rank: int
    ready: Callable[[], bool]
    repeatable: Callable[[], bool]
    reaches: Callable[[str], bool]
    send: Callable[[Message], Receipt]
    carries_exercises: bool = False
    #: Many messages in one go, an answer for each in the same order; None = one by one.
    send_many: Callable[[Sequence[Message]], list[Receipt]] | None = None
    #: Hears what the other side reports later, until the given function says that nothing is owed any more; None = it never does.
    listen: Callable[[Callable[[], bool]], None] | None = None
    #: What subscribers of this way it carries ("sms", "mail"); "" = none.
    subscribers: str = ""
