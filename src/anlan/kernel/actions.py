"""What every verb shares: permission, one transaction, the journal, the event. Only actions write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

from django.db import models, transaction

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.audit import journal
from anlan.kernel.errors import Forbidden
from anlan.kernel.events.outbox import Fact, Told, emit_all

P = ParamSpec("P")
R = TypeVar("R")
ACTIONS: dict[str, Callable[..., Any]] = {}


def action(
    permission: str,
) -> Callable[[Callable[Concatenate[Actor, P], R]], Callable[Concatenate[Actor, P], R]]:
    """Declare a verb. It needs `permission` at all, runs in one transaction, and takes the actor first.

    The verb itself finds its subject with `Model.objects.visible_to(by, permission)`, which keeps it inside the
    actor's areas, and ends with `record(...)`.
    """

    def declare(verb: Callable[Concatenate[Actor, P], R]) -> Callable[Concatenate[Actor, P], R]:
        @wraps(verb)
        def run(by: Actor, /, *args: P.args, **kwargs: P.kwargs) -> R:
            if not by.has(permission):
                raise Forbidden(f"{by.name}没有“{permission}”权限", permission=permission)
            with transaction.atomic(), journal.deferred():
                return verb(by, *args, **kwargs)

        ACTIONS[f"{verb.__module__}.{verb.__name__}"] = run
        return run

    return declare


@dataclass(frozen=True)
class Done:
    """What a verb did to one row, and the facts that makes true."""

    subject: models.Model
    facts: Sequence[Fact] = ()
    before: dict[str, Any] | None = None
    reason: str = ""
    correlation_id: UUID | None = None

    @property
    def area_path(self) -> str:
        area = getattr(self.subject, "area", None)
        return area.path if area is not None else str(getattr(self.subject, "area_path", ""))


def record(
    by: Actor,
    verb: str,
    subject: models.Model,
    *facts: Fact,
    before: dict[str, Any] | None = None,
    reason: str = "",
    correlation_id: UUID | None = None,
) -> None:
    """Journal the change of `subject` and emit the facts it makes true, in the running transaction.

    `verb` is Chinese ("确认告警").
    """
    record_all(by, verb, [Done(subject, facts, before, reason, correlation_id)])


def record_all(by: Actor, verb: str, done: Sequence[Done]) -> None:
    """The same for many rows at once."""
    told = [
        Told(fact, one.area_path, int(getattr(one.subject, "data_class", 2)), one.correlation_id)
        for one in done
        for fact in one.facts
    ]
    emit_all(by, told)
    changes = [
        journal.Change(verb, one.subject, one.before, one.reason, one.area_path, one.correlation_id) for one in done
    ]
    journal.write_all(by, changes)
