"""Two people at one row: the second to save is told what the first changed, instead of undoing it unseen.

A form carries what its row was when it was opened, signed (`stamp`); a program sends back the ETag it read. At saving the
row is locked and compared. Only the registry's own fields count: what the platform itself writes (a team's readiness) is
nobody's edit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core import signing
from django.db import models

from anlan.kernel.audit.journal import snapshot
from anlan.kernel.audit.models import JournalEntry
from anlan.kernel.errors import Conflict
from anlan.kernel.register.declare import Register
from anlan.kernel.register.fields import field_of, split_unit

SALT = "anlan.register.seen"
#: Longer values (boundaries) travel as their digest: it shows that they changed, not what.
LONG = 300
FIELD = "seen_row"


def values(register: Register, row: models.Model) -> dict[str, Any]:
    """What the registry's fields hold now, JSON-able, long values as digests."""
    whole = snapshot(row)
    held = {name: whole.get(field_of(register, name).attname) for name in register.fields}
    return {name: digest(value) if len(json.dumps(value)) > LONG else value for name, value in held.items()}


def digest(value: Any) -> str:
    return "#" + hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def stamp(register: Register, row: models.Model) -> str:
    """What this row is now, for the form that is opened on it."""
    return signing.dumps(values(register, row), salt=SALT, compress=True)


def tag(register: Register, row: models.Model) -> str:
    """The ETag of a row."""
    return f'"{digest(values(register, row))[1:]}"'


@dataclass(frozen=True)
class Difference:
    """One field that somebody changed meanwhile."""

    label: str
    was: str
    now: str


@dataclass(frozen=True)
class Meanwhile:
    """What happened to the row since it was read, by whom and when as the journal has it."""

    differences: list[Difference]
    by: str
    at: datetime | None


def meanwhile(register: Register, row: models.Model, given: str) -> Meanwhile | None:
    """None when the row is as it was read, or when the form says nothing (a program's own form)."""
    if not given:
        return None
    try:
        was = signing.loads(given, salt=SALT)
    except signing.BadSignature as error:
        raise Conflict("表单中的版本标记无效，请重新打开此页再修改") from error
    now = values(register, row)
    found = [
        Difference(split_unit(str(column.verbose_name))[0], words(column, was.get(name)), words(column, now[name]))
        for name in register.fields
        if was.get(name) != now[name]
        for column in [field_of(register, name)]
    ]
    if not found:
        return None
    last = JournalEntry.objects.filter(subject_type=row._meta.label, subject_id=str(row.pk)).order_by("-seq").first()
    return Meanwhile(found, last.actor if last else "", last.at if last else None)


def words(column: Any, value: Any) -> str:
    """A kept value as people read it."""
    if value in (None, "", [], {}):
        return "—"
    if isinstance(value, str) and value.startswith("#") and isinstance(column, models.JSONField):
        return "（内容较长）"
    if column.is_relation:
        return str(column.related_model._base_manager.filter(pk=value).first() or value)
    if column.choices:
        return str(dict(column.flatchoices).get(value, value))
    if isinstance(value, bool):
        return "是" if value else "否"
    return "、".join(map(str, value)) if isinstance(value, list) else str(value)


def refuse_other(register: Register, row: models.Model, expected: str, current: Mapping[str, Any]) -> None:
    """The same for a program: `If-Match` names the version it read; raises `Conflict` (409) with the row as it is now."""
    if expected and expected != "*" and tag(register, row) not in {part.strip() for part in expected.split(",")}:
        raise Conflict(f"“{row}”已被他人修改，请按现在的值重新核对", now=dict(current), etag=tag(register, row))
