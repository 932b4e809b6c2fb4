"""Creating, changing and deleting rows of registries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db import models, transaction
from django.db.models import ProtectedError, RestrictedError

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import record
from anlan.kernel.audit import journal
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, Forbidden, Invalid
from anlan.kernel.register.declare import Register
from anlan.kernel.register.events import RegisterRowChanged
from anlan.kernel.register.fields import key_text, split_unit
from anlan.kernel.register.forms import RegisterForm, form_class
from anlan.kernel.register.keys import Keys
from anlan.kernel.register.query import one
from anlan.kernel.register.scoping import may_change, place_of


def require_change(by: Actor, register: Register, row: models.Model | None = None) -> None:
    """The permission at all, and for this row where it lies."""
    permission = register.change_permission
    if not by.has(permission):
        raise Forbidden(f"{by.name}没有维护“{register.title}”的权限", permission=permission)
    if row is not None and not may_change(by, register, row):
        area, _top = place_of(row)
        place = area.name if area else "全市"
        raise Forbidden(f"{by.name}没有在{place}维护“{register.title}”的权限，或数据级过高", permission=permission)


def blank_form(by: Actor, register: Register, data: Mapping[str, Any] | None = None) -> RegisterForm:
    """The form of a new row."""
    require_change(by, register)
    return form_class(register.slug)(by, Keys(by), data, prefix=None)


def edit_form(by: Actor, register: Register, pk: int, data: Mapping[str, Any] | None = None) -> RegisterForm:
    """The form of an existing row; called in a transaction when there is data, because it locks the row."""
    require_change(by, register)
    row = one(register, by, pk, register.change_permission, lock=data is not None)
    return form_class(register.slug)(by, Keys(by), data, instance=row)


def create(by: Actor, register: Register, data: Mapping[str, Any]) -> models.Model:
    """A new row from form data; columns that are not given take their defaults, as in an import. Raises `Invalid`."""
    with transaction.atomic(), journal.deferred():
        shown = blank_form(by, register)
        form = blank_form(by, register, {name: shown[name].value() for name in shown.fields} | {**data})
        refuse_errors(form)
        return save(by, register, form)


def update(
    by: Actor,
    register: Register,
    pk: int,
    data: Mapping[str, Any],
    unchanged: Callable[[models.Model], None] = lambda row: None,
) -> models.Model:
    """Change a row from form data; columns that are not given keep their values. `unchanged` may refuse the locked row."""
    with transaction.atomic(), journal.deferred():
        unchanged(edit_form(by, register, pk, {}).instance)
        shown = edit_form(by, register, pk)
        kept = {name: shown[name].value() for name in shown.fields}
        form = edit_form(by, register, pk, {**kept, **data})
        refuse_errors(form)
        return save(by, register, form)


def refuse_errors(form: RegisterForm) -> None:
    if form.is_valid():
        return
    errors = {name: "；".join(map(str, messages)) for name, messages in form.errors.items()}
    name, message = next(iter(errors.items()))
    label, unit = split_unit(str(form.fields[name].label)) if name in form.fields else ("整行", "")
    value = form[name].value() if name in form.fields else None
    allowed = message.partition("允许：")[2].removesuffix(f"（单位：{unit}）") or message
    refused = Invalid(name, value, allowed, label=label, unit=unit)
    refused.message = message
    refused.details["fields"] = errors
    raise refused


def save(by: Actor, register: Register, form: RegisterForm) -> models.Model:
    """Write a valid form: both where the row was and where it will be must be the actor's."""
    creating = form.instance.pk is None
    before = None if creating else snapshot(register.model._base_manager.get(pk=form.instance.pk))
    row: models.Model = form.instance
    require_change(by, register, row)
    row.save()
    if before is not None and snapshot(row) == before:
        return row
    note_change(by, register, row, "created" if creating else "updated", before)
    return row


def note_change(by: Actor, register: Register, row: models.Model, change: str, before: dict[str, Any] | None) -> None:
    """Journal and fact of one changed row."""
    verb = {"created": "新增", "updated": "修改", "deleted": "删除"}[change]
    mark_place(row)
    fact = RegisterRowChanged(register.slug, register.model._meta.label, change, 1, row.pk, key_text(row))
    record(by, f"{verb}{register.title}", row, fact, before=before)


def mark_place(row: models.Model) -> None:
    """Rows seen with their parent (stock with its store) take area and data class from it, for journal and fact."""
    area, data_class = place_of(row)
    if not hasattr(row, "area"):
        row.area_path = area.path if area else ""  # type: ignore[attr-defined]
    if not hasattr(row, "data_class"):
        row.data_class = data_class  # type: ignore[attr-defined]


def delete(by: Actor, register: Register, pk: int, reason: str = "") -> None:
    """Remove a row that nothing refers to; its last values stay in the journal."""
    with transaction.atomic(), journal.deferred():
        require_change(by, register)
        row = one(register, by, pk, register.change_permission, lock=True)
        require_change(by, register, row)
        last = snapshot(row)
        mark_place(row)
        fact = RegisterRowChanged(register.slug, register.model._meta.label, "deleted", 1, row.pk, key_text(row))
        try:
            with transaction.atomic(), journal.deferred():
                row.delete()
        except (ProtectedError, RestrictedError) as error:
            users = sorted({str(other._meta.verbose_name) for other in referring(error)})
            raise Conflict(f"“{row}”正被{'、'.join(users)}引用，不能删除") from error
        row.pk = pk
        record(by, f"删除{register.title}", row, fact, before={**last, "deleted": False}, reason=reason)


def referring(error: ProtectedError | RestrictedError) -> set[models.Model]:
    found = error.protected_objects if isinstance(error, ProtectedError) else error.restricted_objects
    return set(found)
