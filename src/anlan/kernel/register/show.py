"""How values and filters of a registry look on a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.models import Area
from anlan.kernel.register.declare import REGISTERS, Register
from anlan.kernel.register.fields import AnyField, field_of, is_number, label_of, split_unit
from anlan.kernel.register.keys import Keys
from anlan.kernel.register.scoping import visible

#: A filter by a foreign key with more rows than this is left out of the page (the address still takes it).
FILTER_AT_MOST = 500


@dataclass(frozen=True)
class Cell:
    """One value as shown."""

    label: str
    unit: str
    value: Any
    kind: str
    url: str = ""


def kind_of(field: AnyField) -> str:
    if field.is_relation:
        return "link"
    if isinstance(field, models.BooleanField):
        return "yesno"
    if isinstance(field, models.DateTimeField):
        return "time"
    if isinstance(field, models.JSONField):
        return "json"
    return "choice" if field.choices else "number" if is_number(field) else "text"


def told(label: str, unit: str) -> tuple[str, str]:
    """Label and unit in the language of the page."""
    return _(label), _(unit) if unit else ""


def cell(register: Register, row: Any, name: str) -> Cell:
    field = field_of(register, name)
    label, unit = told(*label_of(register, name))
    value, kind = getattr(row, name), kind_of(field)
    if kind == "choice":
        return Cell(label, unit, _(str(dict(field.flatchoices).get(value, value))), kind)
    if kind == "number":
        return Cell(label, unit, number(name, value), kind)
    if kind == "json":
        return Cell(label, unit, brief(value, register.words), kind)
    if kind == "text" and value and isinstance(value, str) and (value in register.words or name in register.filters):
        return Cell(label, unit, _(register.words.get(value, value)), kind)
    return Cell(label, unit, value, kind, address(value) if kind == "link" else "")


def number(name: str, value: Any) -> str:
    """Numbers as people read them; coordinates keep their decimals."""
    if value is None:
        return "—"
    if name.rsplit("_", 1)[-1] in {"lon", "lat"}:
        return f"{value:.5f}"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.6g}"


def brief(value: Any, words: Mapping[str, str]) -> str:
    if isinstance(value, dict) and "type" in value:
        return f"{_('几何')} {value['type']}"
    if isinstance(value, list):
        return "、".join(_(words.get(v, v)) if isinstance(v, str) and v else str(v) for v in value) or "—"
    return "；".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) and value else "—"


def address(value: Any) -> str:
    """The page of the row a foreign key points to."""
    if value is None:
        return ""
    slug = next((r.slug for r in REGISTERS.values() if r.model is type(value)), "")
    return f"/registers/{slug}/{value.pk}/" if slug else ""


@dataclass(frozen=True)
class FilterInput:
    """One filter above the list: a choice, a text, or a range of numbers."""

    name: str
    label: str
    unit: str
    kind: str
    value: str = ""
    low: str = ""
    high: str = ""
    options: tuple[tuple[str, str], ...] = ()


def filter_inputs(register: Register, actor: Actor, given: Mapping[str, str]) -> list[FilterInput]:
    return [found for name in register.filters if (found := filter_input(register, actor, name, given))]


def filter_input(register: Register, actor: Actor, name: str, given: Mapping[str, str]) -> FilterInput | None:
    field = field_of(register, name)
    label, unit = told(*split_unit(str(field.verbose_name)))
    value = given.get(name, "")
    if is_number(field) and not field.is_relation:
        low, high = given.get(f"{name}_min", ""), given.get(f"{name}_max", "")
        return FilterInput(name, label, unit, "range", low=low, high=high)
    options = filter_options(field, actor)
    if options is None:
        return None
    kind = "choice" if options else "text"
    return FilterInput(name, label, unit, kind, value, options=tuple(options))


def filter_options(field: AnyField, actor: Actor) -> list[tuple[str, str]] | None:
    """The values to choose from; an empty list means free text, None too many."""
    if isinstance(field, models.BooleanField):
        return [("1", _("是")), ("0", _("否"))]
    if field.choices:
        return [(str(code), _(str(name))) for code, name in field.flatchoices]
    if field.related_model is Area:
        return [(str(a.pk), text) for a, text in area_options(actor)]
    if field.is_relation:
        target: Any = field.related_model
        rows = visible(target, actor, f"{target._meta.app_label}.view")[: FILTER_AT_MOST + 1]
        found = [(str(row.pk), str(row)) for row in rows]
        return sorted(found, key=lambda pair: pair[1]) if len(found) <= FILTER_AT_MOST else None
    return []


def area_options(actor: Actor) -> list[tuple[Area, str]]:
    """Areas the actor has any grant in, indented by level."""
    scopes = tuple(grant.path for grant in actor.grants)
    areas = [area for _key, area in Keys(actor).by_path() if area.path.startswith(scopes)]
    return [(area, "　" * max(0, area.path.count("/") - 2) + area.name) for area in areas]
