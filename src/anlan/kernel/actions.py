"""What every verb shares: permission, one transaction, the journal, the event. Only actions write."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

from django.db import models, transaction

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.audit import journal
from anlan.kernel.errors import Forbidden
from anlan.kernel.events.outbox import Fact, emit

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
    area = getattr(subject, "area", None)
    path = area.path if area is not None else str(getattr(subject, "area_path", ""))
    data_class = int(getattr(subject, "data_class", 2))
    for fact in facts:
        emit(by, fact, area_path=path, data_class=data_class, correlation_id=correlation_id)
    journal.write(by, verb, subject, before=before, reason=reason, area_path=path, correlation_id=correlation_id)
