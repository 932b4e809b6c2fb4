"""Rows from files into a registry: the same validation as the form, refusals by row and field, one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.audit import journal
from anlan.kernel.events.outbox import emit
from anlan.kernel.register.actions import require_change
from anlan.kernel.register.constraints import broken
from anlan.kernel.register.declare import Register
from anlan.kernel.register.events import RegisterRowChanged
from anlan.kernel.register.fields import field_of, file_text, key_text, split_unit
from anlan.kernel.register.forms import KeyField, bind, clean_value, form_class
from anlan.kernel.register.keys import FOR_AN_IMPORT, Keys
from anlan.kernel.register.query import related
from anlan.kernel.register.scoping import everything, may_change, place_of

BATCH = 1000
#: The header is row 1 of a file.
FIRST_ROW = 2
SHOWN_CHANGES = 200
Reasons = dict[str, str]
Key = tuple[Any, ...]


@dataclass(frozen=True)
class Shown:
    """One change as the preview shows it: column label -> (before, after)."""

    row_no: int
    verb: str
    key: str
    values: dict[str, tuple[str, str]]


@dataclass
class Report:
    """What an import did, or would do. Row numbers are those of the file, whose header is row 1."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: list[tuple[int, Reasons]] = field(default_factory=list)
    #: Columns of the file that this registry does not have; they are not read.
    unknown: list[str] = field(default_factory=list)
    changes: list[Shown] = field(default_factory=list)

    @property
    def total(self) -> int:
        return self.created + self.updated + self.unchanged + len(self.refused)


@dataclass
class Pending:
    """A row ready to be written."""

    row_no: int
    row: models.Model
    before: dict[str, Any] | None
    names: list[str]


def import_rows(
    by: Actor, register: Register, rows: Iterable[dict[str, str]], dry_run: bool = False, *, new_only: bool = False
) -> Report:
    """Create and update rows by their key; refused rows are left out and told, the others are one transaction.

    With `new_only` a row that is there stays as its users have made it.

    Columns are named as in the declaration or by their Chinese label. Columns that a file does not have keep their
    values; foreign keys are given by key (areas as `mca:150302` or `乌海市/乌达区`).
    """
    require_change(by, register)
    with transaction.atomic(), journal.deferred():
        work = Import(by, register, new_only)
        work.run(rows)
        if dry_run:
            transaction.set_rollback(True)
        else:
            work.tell()
    return work.report


def column_names(register: Register) -> dict[str, str]:
    """Everything a header may say -> column."""
    names: dict[str, str] = {}
    for name in dict.fromkeys([*register.key, *register.fields]):
        verbose = str(field_of(register, name).verbose_name)
        names |= {verbose: name, split_unit(verbose)[0]: name}
    return names | {name: name for name in names.values()}


class Import:
    """One import of one file."""

    def __init__(self, by: Actor, register: Register, new_only: bool = False) -> None:
        self.new_only = new_only
        self.by, self.register, self.model = by, register, register.model
        self.keys, self.report = Keys(by, FOR_AN_IMPORT), Report()
        self.fields = dict(form_class(register.slug)(by, self.keys).fields)
        bind(self.fields, self.keys)
        self.columns = column_names(register)
        self.own = [n for n, f in self.fields.items() if isinstance(f, KeyField) and f.target is self.model]
        self.existing: dict[Key, models.Model] = {}
        self.seen: dict[Key, int] = {}
        self.done: list[Pending] = []
        self.allowed: dict[tuple[str | None, int], bool] = {}

    def run(self, rows: Iterable[dict[str, str]]) -> None:
        """Rows that point to rows of the same file come in rounds: first those that point to nothing new."""
        waiting = [(i, self.named(row)) for i, row in enumerate(rows, FIRST_ROW) if any(row.values())]
        self.load_existing([row for _i, row in waiting])
        while waiting:
            ready, waiting = self.prepare(waiting)
            self.write(ready)
            if not ready:
                break
        for row_no, row in waiting:
            self.refuse(row_no, self.cleaned(row)[1])
        self.report.refused.sort(key=lambda pair: pair[0])

    def named(self, row: dict[str, str]) -> dict[str, str]:
        known = {}
        for head, value in row.items():
            name = self.columns.get(head.strip())
            if name is not None:
                known[name] = "" if value is None else str(value).strip()
            elif head not in self.report.unknown and head not in self.hidden():
                self.report.unknown.append(head)
        return known

    def hidden(self) -> set[str]:
        """Columns an export shows but an import does not set."""
        return {str(f.verbose_name) for f in self.model._meta.concrete_fields}

    def load_existing(self, rows: list[dict[str, str]]) -> None:
        """The rows that may be meant, by their key, in one query."""
        found = everything(self.model).select_related(*related(self.register, self.register.fields))
        first = self.register.key[0]
        if not field_of(self.register, first).is_relation and len(rows) < 5 * BATCH:
            found = found.filter(**{f"{first}__in": {row.get(first, "") for row in rows}})
        self.existing = {self.key_of(row): row for row in found}

    def key_of(self, row: models.Model) -> Key:
        return tuple(getattr(row, field_of(self.register, name).attname) for name in self.register.key)

    def prepare(self, rows: list[tuple[int, dict[str, str]]]) -> tuple[list[Pending], list[Any]]:
        """Rows that can be written now, and rows that point to rows not written yet."""
        ready, waiting = [], []
        for row_no, row in rows:
            values, reasons = self.cleaned(row)
            if reasons and set(reasons) <= set(self.own) and any(row.get(name) for name in reasons):
                waiting.append((row_no, row))
            elif reasons:
                self.refuse(row_no, reasons)
            elif pending := self.pending(row_no, row, values):
                ready.append(pending)
        return ready, waiting

    def cleaned(self, row: dict[str, str]) -> tuple[dict[str, Any], Reasons]:
        """Values by the fields of the form; reasons by field where they are wrong."""
        values, reasons = {}, {}
        for name, text in row.items():
            column, form_field = field_of(self.register, name), self.fields[name]
            if text == "" and form_field.required and column.has_default():
                values[name] = column.get_default()
                continue
            try:
                values[name] = clean_value(form_field, column, text)
            except ValidationError as error:
                reasons[name] = "；".join(error.messages)
        return values, reasons

    def pending(self, row_no: int, row: dict[str, str], values: dict[str, Any]) -> Pending | None:
        """The changed instance, or None when the row is refused or changes nothing."""
        if missing := [name for name in self.register.key if values.get(name) in (None, "")]:
            return self.refuse(row_no, {name: f"{self.label(name)}不能为空，它用来识别记录" for name in missing})
        key = tuple(v.pk if isinstance(v, models.Model) else v for v in (values[n] for n in self.register.key))
        if key in self.seen:
            return self.refuse(row_no, {self.register.key[0]: f"与第 {self.seen[key]} 行重复"})
        self.seen[key] = row_no
        return self.merged(row_no, values, self.existing.get(key))

    def merged(self, row_no: int, values: dict[str, Any], old: models.Model | None) -> Pending | None:
        if old is None and (missing := self.missing(values)):
            return self.refuse(row_no, {name: f"{self.label(name)}不能为空" for name in missing})
        if old is not None and not self.may(old):
            return self.refuse(row_no, {"area": "同一编码的记录已存在，且不在您的管辖范围内"})
        row = old or self.model()
        before = journal.snapshot(row) if old else None
        names = [name for name, value in values.items() if old is None or getattr(old, name) != value]
        if old is not None and (self.new_only or not names):
            self.report.unchanged += 1
            return None
        shown = {name: (self.text(row, name) if old else "") for name in names}
        for name in names:
            setattr(row, name, values[name])
        if not self.may(row):
            return self.refuse(row_no, {"area": self.out_of_scope(row)})
        self.show(row_no, row, shown, old is None)
        return Pending(row_no, row, before, names)

    def missing(self, values: dict[str, Any]) -> list[str]:
        """Required columns without a default that the file does not have at all."""
        return [
            name
            for name, form_field in self.fields.items()
            if name not in values and form_field.required and not field_of(self.register, name).has_default()
        ]

    def may(self, row: models.Model) -> bool:
        area, data_class = place_of(row)
        if area is None or area.pk is None:
            return may_change(self.by, self.register, row)
        place = (area.path, data_class)
        if place not in self.allowed:
            self.allowed[place] = may_change(self.by, self.register, row)
        return self.allowed[place]

    def out_of_scope(self, row: models.Model) -> str:
        area, data_class = place_of(row)
        name = area.name if area else "全市"
        return f"{self.by.name}没有在{name}维护数据级 {data_class} 的“{self.register.title}”的权限"

    def label(self, name: str) -> str:
        return split_unit(str(field_of(self.register, name).verbose_name))[0]

    def text(self, row: models.Model, name: str) -> str:
        return file_text(field_of(self.register, name), getattr(row, name))[:60]

    def show(self, row_no: int, row: models.Model, before: dict[str, str], new: bool) -> None:
        if len(self.report.changes) < SHOWN_CHANGES:
            values = {self.label(name): (was, self.text(row, name)) for name, was in before.items()}
            self.report.changes.append(Shown(row_no, "新增" if new else "修改", key_text(row), values))

    def refuse(self, row_no: int, reasons: Reasons) -> Pending | None:
        """Note the reasons; the None takes the place of the row."""
        self.report.refused.append((row_no, reasons))
        return None

    def write(self, ready: list[Pending]) -> None:
        """All at once; only when the database refuses some, one by one."""
        for start in range(0, len(ready), BATCH):
            batch = ready[start : start + BATCH]
            try:
                with transaction.atomic(), journal.deferred():
                    self.write_batch(batch)
                written = batch
            except IntegrityError:
                written = [pending for pending in batch if self.write_one(pending)]
            self.count(written)

    def write_batch(self, batch: list[Pending]) -> None:
        if self.model.save is not models.Model.save:
            for pending in batch:
                pending.row.save()
            return
        manager = self.model._base_manager
        manager.bulk_create([p.row for p in batch if p.before is None])
        changed = [p for p in batch if p.before is not None]
        if changed:
            names = sorted({name for p in changed for name in p.names})
            manager.bulk_update([p.row for p in changed], names, batch_size=BATCH)

    def write_one(self, pending: Pending) -> bool:
        try:
            with transaction.atomic(), journal.deferred():
                if pending.before is None:
                    pending.row.pk = None
                    pending.row._state.adding = True
                pending.row.save()
        except IntegrityError as error:
            self.refuse(pending.row_no, {"": broken(self.model, error)})
            return False
        return True

    def count(self, written: list[Pending]) -> None:
        self.done += written
        created = sum(pending.before is None for pending in written)
        self.report.created += created
        self.report.updated += len(written) - created
        for pending in written:
            self.keys.remember(pending.row, key_text(pending.row))

    def tell(self) -> None:
        """Facts, one per area, and one journal entry per row."""
        if not self.done:
            return
        places = {id(p): place_of(p.row) for p in self.done}
        groups = Counter((area.path if area else "", data_class) for area, data_class in places.values())
        for (path, data_class), count in groups.items():
            fact = RegisterRowChanged(self.register.slug, self.model._meta.label, "imported", count)
            emit(self.by, fact, area_path=path, data_class=data_class)
        journal.write_all(self.by, [self.change(p, places[id(p)][0]) for p in self.done])

    def change(self, pending: Pending, area: Any) -> journal.Change:
        verb = f"导入{self.register.title}（{'新增' if pending.before is None else '修改'}）"
        return journal.Change(verb, pending.row, pending.before, area_path=area.path if area else "")
