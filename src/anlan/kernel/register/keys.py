"""Rows by their keys, as files and forms name them; looked up once per table and kept for the form or import."""

from __future__ import annotations

from typing import Any

from django.db import models

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.models import Area
from anlan.kernel.register.fields import key_lookups, key_separator
from anlan.kernel.register.scoping import everything, scope_relations, visible

#: Tables up to this size are read whole: for one form, and for an import of thousands of rows.
FOR_A_FORM, FOR_AN_IMPORT = 300, 20_000


class Keys:
    """The rows an actor may point to: those they see, in any table, plus the ones already pointed to."""

    def __init__(self, actor: Actor, whole: int = FOR_A_FORM) -> None:
        self.actor = actor
        self.whole = whole
        self.tables: dict[type[models.Model], dict[str, Any]] = {}
        self.names: dict[str, list[Area]] = {}

    def rows(self, target: type[models.Model]) -> Any:
        rows = visible(target, self.actor, f"{target._meta.app_label}.view")
        if target is Area:
            # Areas are public; what may be done in them is checked where it is done.
            return Area.objects.defer("geometry")
        return rows.select_related(*scope_relations(target))

    def texts(self, target: type[models.Model], rows: Any) -> list[tuple[int, str]]:
        separator = key_separator(target)
        values = rows.values_list("pk", *key_lookups(target))
        return [(pk, separator.join(map(str, key))) for pk, *key in values]

    def table(self, target: type[models.Model]) -> dict[str, Any]:
        """Key -> row of a table that is read whole."""
        if target not in self.tables:
            rows = self.rows(target)
            if target is not Area and rows.count() > self.whole:
                self.tables[target] = {}
            else:
                found = {row.pk: row for row in rows}
                self.tables[target] = {text: found[pk] for pk, text in self.texts(target, rows) if pk in found}
        return self.tables[target]

    def find(self, target: type[models.Model], text: str) -> Any:
        """The row of this key, or None."""
        table = self.table(target)
        if text in table:
            return table[text]
        found = self.area_by_name(text) if target is Area else self.ask(target, text)
        if found is None:
            return None
        table[text] = found
        return found

    def allowed(self, target: type[models.Model]) -> str:
        """What a key may be, in words."""
        if target is Area:
            return "已登记的区划，如 mca:150302 或 乌海市/乌达区"
        return f"您管辖范围内已登记的{target._meta.verbose_name}的编码"

    def ask(self, target: type[models.Model], text: str) -> Any:
        """One row from the database: the table is large, or the row is newer than our picture of it."""
        lookups = key_lookups(target)
        parts = text.split(key_separator(target)) if len(lookups) > 1 else [text]
        if len(parts) != len(lookups):
            return None
        try:
            return self.rows(target).filter(**dict(zip(lookups, parts, strict=True))).first()
        except ValueError:
            return None

    def area_by_name(self, text: str) -> Area | None:
        """An area by its names from above, `乌达区/滨海街道`; only when exactly one fits."""
        if ":" in text:
            found: Area | None = self.ask(Area, text)
            return found
        if not self.names:
            for area in self.table(Area).values():
                self.names.setdefault(area.name, []).append(area)
        *above, name = [part.strip() for part in text.replace("\\", "/").split("/")]
        by_pk = {area.pk: area for area in self.table(Area).values()}
        fitting = [area for area in {a.pk: a for a in self.names.get(name, [])}.values() if under(area, above, by_pk)]
        return fitting[0] if len(fitting) == 1 else None

    def text_of(self, target: type[models.Model], pk: int) -> str:
        texts = self.texts(target, everything(target).filter(pk=pk))
        return texts[0][1] if texts else ""

    def choices(self, target: type[models.Model], at_most: int) -> list[tuple[str, str]] | None:
        """(key, name) of all rows, or None when they are too many to choose from a list."""
        if self.rows(target).count() > at_most:
            return None
        table = self.table(target)
        if target is Area:
            return [(text, "　" * max(0, row.path.count("/") - 2) + row.name) for text, row in self.by_path()]
        return [(text, f"{row}（{text}）") for text, row in sorted(table.items())]

    def suggest(self, target: type[models.Model], text: str, at_most: int = 20) -> list[tuple[str, str]]:
        """(key, name) of rows whose key or name contains `text`."""
        names = {field.name for field in target._meta.concrete_fields} & {"name", "title"}
        matching = models.Q()
        for lookup in [*key_lookups(target), *names]:
            matching |= models.Q(**{f"{lookup}__icontains": text})
        rows = self.rows(target).filter(matching)[:at_most]
        shown = {row.pk: str(row) for row in rows}
        return [(key, shown[pk]) for pk, key in self.texts(target, self.rows(target).filter(pk__in=list(shown)))]

    def by_path(self) -> list[tuple[str, Area]]:
        return sorted(
            ((f"{a.code_system}:{a.code}", a) for a in set(self.table(Area).values())), key=lambda x: x[1].path
        )

    def remember(self, row: models.Model, text: str) -> None:
        """A row this import has just made can be pointed to by the rows after it."""
        if type(row) in self.tables:
            self.tables[type(row)][text] = row
        if isinstance(row, Area):
            self.names.setdefault(row.name, []).append(row)


def under(area: Area, above: list[str], by_pk: dict[int, Area]) -> bool:
    """Whether the names above fit the areas above, from below upwards; levels may be left out."""
    while above and area.parent_id:
        area = by_pk[area.parent_id]
        if area.name == above[-1]:
            above = above[:-1]
    return not above
