"""What the toolkit knows of a column: label, unit, how it reads as text."""

from __future__ import annotations

import json
import re
from datetime import datetime
from functools import cache
from typing import Any, TypeAlias, cast

from django.db import models
from django.utils.timezone import localtime

from anlan.kernel.models import Area
from anlan.kernel.register.declare import REGISTERS, Register

AnyField: TypeAlias = "models.Field[Any, Any]"
#: "建筑面积 m²": the last word is a unit when it does not begin with a Chinese character.
UNIT = re.compile(r"^(.*\S) ([^\s\u4e00-\u9fff]\S*)$")


def split_unit(label: str) -> tuple[str, str]:
    """Label and unit of a verbose name."""
    found = UNIT.match(label)
    return (found[1], found[2]) if found else (label, "")


def field_of(register: Register, name: str) -> AnyField:
    return cast("AnyField", register.model._meta.get_field(name))


def label_of(register: Register, name: str) -> tuple[str, str]:
    """Label and unit of a column."""
    return split_unit(str(field_of(register, name).verbose_name))


def is_number(field: AnyField) -> bool:
    numbers = (models.IntegerField, models.FloatField, models.DecimalField)
    return isinstance(field, numbers) and not field.choices


@cache
def key_names(model: type[models.Model]) -> tuple[str, ...]:
    """The columns by which rows of `model` are named in files and forms."""
    if model is Area:
        return ("code_system", "code")
    for register in REGISTERS.values():
        if register.model is model:
            return tuple(register.key)
    names = {field.name for field in model._meta.concrete_fields}
    return next((name,) for name in ("code", "username", "id") if name in names)


def key_lookups(model: type[models.Model]) -> list[str]:
    """The key as paths of plain columns, keys of keys included (`station__code`)."""
    paths: list[str] = []
    for name in key_names(model):
        field = model._meta.get_field(name)
        if isinstance(field, models.ForeignKey):
            paths += [f"{name}__{path}" for path in key_lookups(field.related_model)]
        else:
            paths.append(name)
    return paths


def key_separator(model: type[models.Model]) -> str:
    """`mca:150302` for areas, `station/39` for the rest."""
    return ":" if model is Area else "/"


def key_text(row: models.Model) -> str:
    """How files and forms name this row."""
    parts = []
    for name in key_names(type(row)):
        value = getattr(row, name)
        parts.append(key_text(value) if isinstance(value, models.Model) else str(value))
    return key_separator(type(row)).join(parts)


def file_text(field: AnyField, value: Any) -> str:
    """A value as an export writes it and an import reads it back."""
    if value is None:
        return ""
    if isinstance(value, models.Model):
        return key_text(value)
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        return localtime(value).isoformat(timespec="seconds")
    if isinstance(field, models.JSONField):
        return json_text(value)
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    return repr(value) if isinstance(value, float) else str(value)


def json_text(value: Any) -> str:
    """Lists of words as `fire;hazmat`, everything else as JSON."""
    if isinstance(value, list) and all(isinstance(word, str) and not set(word) & set("[];") for word in value):
        return ";".join(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def parse_json(text: str, default: Any) -> Any:
    """The inverse of `json_text`: words when the column holds a list, else JSON. Raises ValueError."""
    text = text.strip()
    if not text:
        return default
    if default == [] and text[0] not in "[{":
        return [word for word in re.split(r"[;；,，、\s]+", text) if word]
    return json.loads(text)
