"""Facts, reactions and timers: how rooms hear of each other without importing upwards."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.audit import journal
from anlan.kernel.events.models import Event

#: PostgreSQL channels: rows wait in the outbox / rows were published up to this sequence.
WAKE, PUBLISHED = "anlan_outbox", "anlan_published"


@dataclass(frozen=True)
class Fact:
    """Base of all events. A subclass in `<room>/events.py` is named `<room>.<Class>`; fields are JSON-able."""

    @classmethod
    def event_name(cls) -> str:
        return f"{cls.__module__.split('.')[1]}.{cls.__name__}"


Handler = Callable[[Event], None]
HANDLERS: dict[str, list[tuple[str, Handler]]] = {}
TIMERS: list[tuple[float, Callable[[], object]]] = []


@dataclass(frozen=True)
class Told:
    """A fact with whom it concerns."""

    fact: Fact
    area_path: str = ""
    data_class: int = 2
    correlation_id: UUID | None = None


def emit(
    by: Actor, fact: Fact, *, area_path: str = "", data_class: int = 2, correlation_id: UUID | None = None
) -> None:
    """Write the fact in the caller's transaction; it is heard when, and only if, that commits."""
    emit_all(by, [Told(fact, area_path, data_class, correlation_id)])


def emit_all(by: Actor, told: Sequence[Told]) -> None:
    """The same for many facts, in their order; they are stored with the journal's entries (`journal.along`)."""
    at = clock.now()
    events = [
        Event(
            name=one.fact.event_name(),
            payload=json.loads(json.dumps(asdict(one.fact), cls=DjangoJSONEncoder)),
            at=at,
            actor=by.name,
            area_path=one.area_path,
            data_class=one.data_class,
            correlation_id=one.correlation_id,
        )
        for one in told
    ]
    if events:
        journal.along(events, WAKE)


def on(*names: str) -> Callable[[Handler], Handler]:
    """React to events by name. The handler runs once per event with effect: its changes and the record that it ran
    commit together; when it raises it is tried again later. It must not talk to the outside world."""

    def keep(handler: Handler) -> Handler:
        for name in names:
            HANDLERS.setdefault(name, []).append((f"{handler.__module__}.{handler.__name__}", handler))
        return handler

    return keep


def every(seconds: float) -> Callable[[Callable[[], object]], Callable[[], object]]:
    """Run a function in the worker every so many real seconds; it looks for what is due by `clock.now()`."""

    def keep(job: Callable[[], object]) -> Callable[[], object]:
        TIMERS.append((seconds, job))
        return job

    return keep


def payload_of(event: Event) -> dict[str, Any]:
    return dict(event.payload)
