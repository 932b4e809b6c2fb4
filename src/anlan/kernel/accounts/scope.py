"""Area scope and data class in every query, by one method. An unscoped query raises."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self, TypeVar

from django.db import models
from django.db.models import Q

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.models import DataClass
from anlan.kernel.errors import NotFound

M = TypeVar("M", bound=models.Model)


#: Reason for `unscoped`: the rows hang on one that was already taken with a scope.
HELD = "rows of something already taken within the actor's scope"


class UnscopedQuery(RuntimeError):
    """Somebody asked for rows without saying for whom: a mistake of ours, not of the user's."""


class ScopedQuerySet(models.QuerySet[M]):
    """Rows of areas. Must pass through `visible_to` (for somebody) or `unscoped` (for the system, with a reason)."""

    _scoped = False

    def _clone(self) -> Self:
        clone = super()._clone()  # type: ignore[misc]
        clone._scoped = self._scoped
        return clone  # type: ignore[no-any-return]

    def _need_scope(self) -> None:
        if not self._scoped:
            raise UnscopedQuery(f"{self.model.__name__}.objects: use .visible_to(actor) or .unscoped(reason)")

    def _fetch_all(self) -> None:
        self._need_scope()
        super()._fetch_all()

    def iterator(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
        self._need_scope()
        return super().iterator(*args, **kwargs)

    def count(self) -> int:
        self._need_scope()
        return super().count()

    def exists(self) -> bool:
        self._need_scope()
        return super().exists()

    def aggregate(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        self._need_scope()
        return super().aggregate(*args, **kwargs)

    def update(self, **kwargs: Any) -> int:
        self._need_scope()
        return super().update(**kwargs)

    def delete(self) -> tuple[int, dict[str, int]]:
        self._need_scope()
        return super().delete()

    def unscoped(self, reason: str) -> Self:
        """All rows, for work that serves no user (dispatcher, importer); the reason is for the reader."""
        if not reason:
            raise UnscopedQuery("unscoped() needs a reason")
        clone = self._clone()
        clone._scoped = True
        return clone

    def visible_to(self, actor: Actor, permission: str = "") -> Self:
        """The rows this actor may see (or act on with `permission`, by default the room's `<room>.view`)."""
        model: Any = self.model
        clone = self._clone()
        clone._scoped = True
        allowed = Q(pk__in=[])
        for path, data_class in actor.scopes(permission or f"{model._meta.app_label}.view"):
            allowed |= Q(**{f"{model.SCOPE_AREA}__path__startswith": path, f"{model.SCOPE_CLASS}__lte": data_class})
        return clone.filter(allowed)

    def one(self, pk: int | str, *, lock: bool = False) -> M:
        """The row, or `NotFound` with the Chinese name of the thing. `lock` holds it until the transaction ends."""
        return self.these([pk], lock=lock)[0]

    def these(self, pks: Sequence[int | str], *, lock: bool = False) -> list[M]:
        """The rows in the order asked for, or `NotFound` for the first that is missing; locked in the order of their keys."""
        rows = self.select_for_update(of=("self",), no_key=True) if lock else self
        found = {str(row.pk): row for row in rows.filter(pk__in=pks).order_by("pk")}
        for pk in pks:
            if str(pk) not in found:
                raise NotFound(f"{self.model._meta.verbose_name} {pk} 不存在，或不在您的管辖范围内")
        return [found[str(pk)] for pk in pks]


class ScopedModel(models.Model):
    """A row that belongs to an area and has a data class.

    `objects` demands a scope. `everything` is for Django's own machinery (uniqueness checks, relations of a row that
    was fetched with a scope) and for migrations; application code does not name it.
    """

    SCOPE_AREA: ClassVar[str] = "area"
    SCOPE_CLASS: ClassVar[str] = "data_class"

    area = models.ForeignKey("kernel.Area", models.PROTECT, related_name="+", verbose_name="所属区划")
    data_class = models.PositiveSmallIntegerField("数据级", choices=DataClass.choices, default=DataClass.INTERNAL)

    objects = ScopedQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        abstract = True
        default_manager_name = "everything"
        base_manager_name = "everything"


class ScopedChild(models.Model):
    """A row that is seen with its parent: set SCOPE_AREA and SCOPE_CLASS to the parent's columns."""

    SCOPE_AREA: ClassVar[str]
    SCOPE_CLASS: ClassVar[str]

    objects = ScopedQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        abstract = True
        default_manager_name = "everything"
        base_manager_name = "everything"


class Located(ScopedModel):
    """A thing with a place. Coordinates are WGS84 degrees; `representative` marks invented demonstration data."""

    code = models.CharField("编码", max_length=40, unique=True)
    name = models.CharField("名称", max_length=80)
    lon = models.FloatField("经度")
    lat = models.FloatField("纬度")
    representative = models.BooleanField("演示数据", default=False)

    class Meta(ScopedModel.Meta):
        abstract = True

    def __str__(self) -> str:
        return self.name
