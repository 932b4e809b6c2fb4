"""A registry as a file: the rows of the list, in columns that an import reads back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.db import models

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.documents import sheets
from anlan.kernel.register import query
from anlan.kernel.register.declare import Register
from anlan.kernel.register.fields import field_of, file_text, is_number, key_lookups, key_separator
from anlan.kernel.register.scoping import Rows

GEOMETRY = "geometry"


def columns(register: Register, *, excel: bool) -> list[str]:
    """All columns of the form; Excel cells are too short for geometries, which only CSV carries.

    演示数据 is always there, whether or not the form shows it.
    """
    names = list(dict.fromkeys([*register.key, *register.fields]))
    if excel:
        names = [name for name in names if name != GEOMETRY]
    every = {field.name for field in register.model._meta.concrete_fields}
    return names if "representative" in names or "representative" not in every else [*names, "representative"]


def header(register: Register, names: list[str]) -> list[str]:
    return [str(field_of(register, name).verbose_name) for name in names]


def values(register: Register, rows: Rows, names: list[str]) -> Iterator[list[Any]]:
    """The rows as texts and numbers, read without making model instances."""
    paths: list[str] = []
    readers = []
    for name in names:
        field = field_of(register, name)
        if isinstance(field, models.ForeignKey):
            target: Any = field.related_model
            lookups = [f"{name}__{path}" for path in key_lookups(target)]
            readers.append(key_reader(len(paths), len(lookups), key_separator(target)))
        else:
            lookups = [name]
            readers.append(value_reader(len(paths), field))
        paths += lookups
    for line in rows.values_list(*paths).iterator(2000):
        yield [reader(line) for reader in readers]


def key_reader(start: int, count: int, separator: str) -> Any:
    def read(line: tuple[Any, ...]) -> str:
        parts = line[start : start + count]
        return "" if None in parts else separator.join(map(str, parts))

    return read


def value_reader(at: int, field: Any) -> Any:
    if is_number(field):
        return lambda line: "" if line[at] is None else line[at]
    return lambda line: file_text(field, line[at])


def export(register: Register, actor: Actor, given: Mapping[str, str], kind: str) -> bytes:
    """The list as `actor` filtered it, as "xlsx" or "csv"."""
    names = columns(register, excel=kind == "xlsx")
    rows = query.listing(register, actor, given)
    return written(register, kind, header(register, names), values(register, rows.select_related(None), names))


def template(register: Register, kind: str) -> bytes:
    """An empty file to fill in, with one sample row."""
    names = columns(register, excel=kind == "xlsx")
    row = [register.sample.get(name, "") for name in names]
    return written(register, kind, header(register, names), [row])


def written(register: Register, kind: str, head: list[str], rows: Any) -> bytes:
    if kind == "csv":
        return sheets.write_csv(head, rows)
    return sheets.write_excel(register.title, head, rows)
