"""Rows of a registry for somebody: scope, search, filter, order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import models
from django.db.models import Q

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import Forbidden, NotFound
from anlan.kernel.models import Area
from anlan.kernel.register.declare import REGISTERS, Register
from anlan.kernel.register.fields import AnyField, field_of, is_number
from anlan.kernel.register.scoping import Rows, scope_relations, visible


def find(slug: str) -> Register:
    try:
        return REGISTERS[slug]
    except KeyError:
        raise NotFound(f"没有名为“{slug}”的登记簿") from None


def require_view(actor: Actor, register: Register) -> None:
    if not actor.has(register.view_permission):
        raise Forbidden(f"{actor.name}没有查看“{register.title}”的权限", permission=register.view_permission)


def related(register: Register, names: list[str]) -> list[str]:
    """Foreign keys among the columns, for one query instead of one per row."""
    found = [name for name in names if field_of(register, name).is_relation]
    return sorted({*found, *scope_relations(register.model)})


def one(register: Register, actor: Actor, pk: int, permission: str = "", *, lock: bool = False) -> Any:
    """One row by its number, or `NotFound`."""
    rows = visible(register.model, actor, permission or register.view_permission)
    rows = rows.select_related(*related(register, register.fields))
    found = (rows.select_for_update(of=("self",)) if lock else rows).filter(pk=pk).first()
    if found is None:
        raise NotFound(f"{register.title}中没有编号 {pk}，或不在您的管辖范围内")
    return found


def listing(register: Register, actor: Actor, query: Mapping[str, str], columns: list[str] | None = None) -> Rows:
    """The rows the list shows. `query`: `q` searches, `sort` orders (`-name` downwards), the rest filters."""
    require_view(actor, register)
    rows = visible(register.model, actor, register.view_permission)
    rows = rows.select_related(*related(register, columns or list(register.columns)))
    rows = rows.filter(searched(register, query.get("q", ""))).filter(filtered(register, query))
    return rows.order_by(*order(register, query.get("sort", "")))


def searched(register: Register, text: str) -> Q:
    """Every word must occur in one of the searched columns; Chinese matches anywhere in the text."""
    found = Q()
    for word in printable(text).split():
        any_column = Q()
        for name in register.search:
            any_column |= Q(**{f"{name}__icontains": word})
        found &= any_column
    return found


def printable(text: str) -> str:
    """Without NUL, which PostgreSQL's texts cannot hold."""
    return text.replace("\0", "")


def filtered(register: Register, query: Mapping[str, str]) -> Q:
    condition = Q()
    for name in register.filters:
        field = field_of(register, name)
        if is_number(field) and not field.is_relation:
            condition &= bounds(name, query.get(f"{name}_min", ""), query.get(f"{name}_max", ""))
        elif value := printable(query.get(name, "")):
            condition &= matches(field, name, value)
    return condition


def bounds(name: str, low: str, high: str) -> Q:
    condition = Q()
    for lookup, text in (("gte", low), ("lte", high)):
        try:
            bound = float(text) if text else None
            condition &= Q(**{f"{name}__{lookup}": bound}) if bound is not None else Q()
        except (ValueError, OverflowError):
            condition &= Q(pk__in=[])
    return condition


def matches(field: AnyField, name: str, value: str) -> Q:
    if field.related_model is Area:
        area = Area.objects.filter(pk=value).first() if value.isdigit() else None
        return Q(**{f"{name}__path__startswith": area.path}) if area else Q(pk__in=[])
    if field.is_relation:
        return Q(**{f"{name}_id": value}) if value.isdigit() else Q(pk__in=[])
    if isinstance(field, models.BooleanField):
        return Q(**{name: value == "1"})
    if field.choices:
        codes = {str(code): code for code, _name in field.flatchoices}
        return Q(**{name: codes[value]}) if value in codes else Q(pk__in=[])
    return Q(**{f"{name}__icontains": value})


def sortable(register: Register) -> list[str]:
    return [name for name in register.columns if not isinstance(field_of(register, name), models.JSONField)]


def order(register: Register, sort: str) -> list[str]:
    usual = [*(register.order or register.key), "pk"]
    name = sort.lstrip("-")
    if name not in {*sortable(register), *register.fields}:
        return usual
    field = field_of(register, name)
    column = f"{name}__path" if field.related_model is Area else name
    return [f"-{column}" if sort.startswith("-") else column, *usual]
