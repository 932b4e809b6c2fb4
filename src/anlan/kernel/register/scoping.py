"""Which rows of any table an actor sees and may change."""

from __future__ import annotations

from typing import Any, cast

from django.db import models
from django.db.models import Q

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import ScopedQuerySet
from anlan.kernel.models import Area
from anlan.kernel.register.declaration import Register

Rows = models.QuerySet[Any]


def is_scoped(model: type[models.Model]) -> bool:
    return hasattr(model, "SCOPE_AREA")


def visible(model: type[models.Model], actor: Actor, permission: str) -> Rows:
    """Rows of any table this actor may see, or act on with `permission`.

    A table without areas (the road graph) is seen by whoever has the permission anywhere.
    """
    if is_scoped(model):
        return cast("ScopedQuerySet[Any]", cast(Any, model).objects).visible_to(actor, permission)
    rows: Rows = model._default_manager.all()
    if model is Area:
        allowed = Q(pk__in=[])
        for path, _top in actor.scopes(permission):
            allowed |= Q(path__startswith=path)
        return rows.filter(allowed)
    return rows if actor.has(permission) else rows.none()


def everything(model: type[models.Model]) -> Rows:
    """All rows, for looking up keys; what comes of it is checked against the actor's areas."""
    return model._base_manager.all()


def place_of(row: models.Model) -> tuple[Area | None, int]:
    """The area a row belongs to and its data class."""
    if isinstance(row, Area):
        return row, 1
    if not is_scoped(type(row)):
        return None, 1
    scoped = cast(Any, row)
    return follow(row, scoped.SCOPE_AREA), follow(row, scoped.SCOPE_CLASS)


def follow(row: Any, path: str) -> Any:
    for name in path.split("__"):
        row = getattr(row, name, None)
    return row


def may_change(actor: Actor, register: Register, row: models.Model) -> bool:
    """Whether the row, as it stands, lies where the actor may change this registry.

    Rows without an area concern the whole city: they need the permission on an area at the top.
    """
    area, data_class = place_of(row)
    permission = register.change_permission
    if area is None:
        return any(path.count("/") <= 2 for path, _top in actor.scopes(permission))
    path = area.path if area.pk else (area.parent.path if area.parent else "/")
    return actor.may(permission, path, data_class or 1)


def scope_relations(model: type[models.Model]) -> list[str]:
    return [cast(Any, model).SCOPE_AREA] if is_scoped(model) else []
