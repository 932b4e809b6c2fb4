"""Writing and proving the journal."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
from django.db.models.sql import InsertQuery

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.audit import seals
from anlan.kernel.audit.models import JournalEntry, JournalHead

GENESIS = "0" * 64
#: One writer at a time extends the chain; taken last in a transaction, so it is held only until that commit.
CHAIN_LOCK = 0x616E6C61
#: Rows of one statement.
MANY = 1000
ALGORITHM = "sm3" if "sm3" in hashlib.algorithms_available else "sha256"
CONTENT = (
    "seq",
    "at",
    "actor",
    "user_id",
    "origin",
    "verb",
    "subject_type",
    "subject_id",
    "subject",
    "before",
    "after",
    "reason",
    "area_path",
    "correlation_id",
)


def snapshot(row: models.Model) -> dict[str, Any]:
    """The columns of a row as JSON-able values: what `before` and `after` keep. Secrets (`JOURNAL_HIDES`) stay out."""
    hidden = getattr(row, "JOURNAL_HIDES", ())
    values = {f.attname: f.value_from_object(row) for f in row._meta.concrete_fields if f.name not in hidden}
    values = {k: bytes(v).hex() if isinstance(v, bytes | memoryview) else v for k, v in values.items()}
    return dict(json.loads(json.dumps(values, cls=DjangoJSONEncoder)))


def changed(before: dict[str, Any] | None, after: dict[str, Any]) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """Only the columns that differ, so that a journal entry shows the change and not the row."""
    if before is None:
        return None, after
    keys = [key for key in after if before.get(key) != after[key]]
    return {key: before.get(key) for key in keys}, {key: after[key] for key in keys}


def content_hash(entry: JournalEntry) -> str:
    content = {name: getattr(entry, name) for name in CONTENT}
    content["at"] = entry.at.timestamp()
    text = json.dumps(content, cls=DjangoJSONEncoder, sort_keys=True, ensure_ascii=False)
    return hashlib.new(entry.algorithm, f"{entry.previous}\n{text}".encode()).hexdigest()


class _Pending(threading.local):
    """Entries of the running transaction that are not chained yet."""

    def __init__(self) -> None:
        self.depth = 0
        self.entries: list[JournalEntry] = []
        self.rows: list[models.Model] = []
        self.wake: set[str] = set()


_pending = _Pending()


@contextmanager
def deferred() -> Iterator[None]:
    """Chain what is written inside at the end of the outermost block, and only then.

    The chain's lock is the last lock a transaction takes, whatever verbs it is made of: so two of them can never wait for
    each other. Use it directly inside the transaction: `with transaction.atomic(), journal.deferred():`.
    """
    began, rows = len(_pending.entries), len(_pending.rows)
    _pending.depth += 1
    try:
        yield
        if _pending.depth == 1:
            chain(_pending.entries, _pending.rows, _pending.wake)
    except BaseException:
        del _pending.entries[began:], _pending.rows[rows:]
        raise
    finally:
        _pending.depth -= 1
        if not _pending.depth:
            _pending.entries.clear()
            _pending.rows.clear()
            _pending.wake.clear()


def along(rows: Sequence[models.Model], wake: str = "") -> None:
    """Store new rows, which nothing in this transaction reads again or needs the keys of, in the trip that takes the chain's
    lock: a trip to the database costs more than most statements. wake: the channel that is told."""
    if _pending.depth:
        _pending.rows += rows
        _pending.wake |= {wake} - {""}
    else:
        chain([], rows, {wake} - {""})


Statement = tuple[str, Sequence[Any]]


def insertions(rows: Sequence[models.Model]) -> list[Statement]:
    """The statements that store new rows, those of one table together and in their order."""
    tables: dict[type[models.Model], list[models.Model]] = {}
    for row in rows:
        tables.setdefault(type(row), []).append(row)
    found: list[Statement] = []
    for model, alike in tables.items():
        columns = [f for f in model._meta.concrete_fields if not isinstance(f, models.AutoField)]
        for n in range(0, len(alike), MANY):
            query = InsertQuery(model)
            query.insert_values(columns, alike[n : n + MANY])
            found += query.get_compiler(connection=connection).as_sql()
    return found


def together(statements: Sequence[Statement]) -> tuple[Any, ...] | None:
    """Run the statements in one trip; the row that the last one answers with."""
    with connection.cursor() as cursor:
        cursor.execute("; ".join(sql for sql, _ in statements), [value for _, values in statements for value in values])
        while cursor.nextset():
            pass
        return cursor.fetchone() if cursor.description else None


def chain(entries: Sequence[JournalEntry], rows: Sequence[models.Model] = (), wake: Iterable[str] = ()) -> None:
    """Give the entries their place in the chain and store them, one writer at a time; `rows` and who is to wake go along."""
    before = [*insertions(rows), *(("select pg_notify(%s, '')", [channel]) for channel in wake)]
    if not entries:
        if before:
            together(before)
        return
    # Foreign keys are checked at the commit unless told otherwise, and that takes locks, too: have it done before. One trip
    # for all: each statement sees what was committed when it began, so what follows the lock sees the last entry.
    lock = [("set constraints all immediate", ()), ("select pg_advisory_xact_lock(%s)", [CHAIN_LOCK])]
    head = together([*before, *lock, ("select seq, hash from kernel_journalhead", ())])
    last = head or JournalEntry.objects.order_by("-seq").values_list("seq", "hash").first() or (0, GENESIS)
    for seq, entry in enumerate(entries, last[0] + 1):
        entry.seq, entry.previous = seq, last[1]
        entry.hash = content_hash(entry)
        last = (seq, entry.hash)
    moved = ("update kernel_journalhead set seq = %s, hash = %s", last)
    together([*insertions(entries), *([moved] if head else insertions([JournalHead(seq=last[0], hash=last[1])]))])


@dataclass(frozen=True)
class Change:
    """One row as it stands after a change, with what the journal says about it."""

    verb: str
    subject: models.Model
    before: dict[str, Any] | None = None
    reason: str = ""
    area_path: str = ""
    correlation_id: UUID | None = None


def write(
    by: Actor,
    verb: str,
    subject: models.Model,
    *,
    before: dict[str, Any] | None = None,
    reason: str = "",
    area_path: str = "",
    correlation_id: UUID | None = None,
) -> JournalEntry:
    """Append one entry in the caller's transaction. `before` is the `snapshot` taken ahead of the change."""
    change = Change(verb, subject, before, reason, area_path, correlation_id)
    return write_all(by, [change])[0]


def write_all(by: Actor, changes: Sequence[Change]) -> list[JournalEntry]:
    """Append one entry per change, in order; an import of ten thousand rows takes the chain's lock once."""
    at = clock.now()
    entries = [entry_of(by, change, at) for change in changes]
    if _pending.depth:
        _pending.entries += entries
    else:
        chain(entries)
    return entries


def entry_of(by: Actor, change: Change, at: datetime) -> JournalEntry:
    was, now_is = changed(change.before, snapshot(change.subject))
    return JournalEntry(
        at=at,
        actor=by.name,
        user_id=by.user_id,
        origin=by.origin,
        verb=change.verb,
        subject_type=change.subject._meta.label,
        subject_id=str(change.subject.pk),
        subject=str(change.subject)[:120],
        before=was,
        after=now_is,
        reason=change.reason,
        area_path=change.area_path,
        correlation_id=change.correlation_id,
        algorithm=ALGORITHM,
    )


@dataclass(frozen=True)
class Flaw:
    """Where the chain does not hold."""

    seq: int
    what: str


def flaws() -> Iterator[Flaw]:
    """Every place where an entry was changed, removed or inserted; nothing when the journal is whole.

    The end is held by the head and by the seals outside the database, which are read before the entries: what was
    written while we read is no flaw.
    """
    marks, found = marked()
    yield from found
    previous, expected = GENESIS, 1
    for entry in JournalEntry.objects.order_by("seq").iterator(2000):
        if entry.seq != expected:
            yield Flaw(expected, f"缺少第 {expected} 至 {entry.seq - 1} 条")
        if entry.previous != previous:
            yield Flaw(entry.seq, "与上一条的哈希不衔接")
        if content_hash(entry) != entry.hash:
            yield Flaw(entry.seq, "内容与哈希不符，已被改动")
        for mark, where in marks.pop(entry.seq, ()):
            if mark != entry.hash:
                yield Flaw(entry.seq, f"与{where}不符，自此以前的记录已被改写")
        previous, expected = entry.hash, entry.seq + 1
    if (missing := max(marks, default=0)) >= expected:
        where = "、".join(where for _hash, where in marks[missing])
        yield Flaw(expected, f"缺少第 {expected} 至 {missing} 条：日志末尾被删除（依据{where}）")


Marks = dict[int, list[tuple[str, str]]]


def marked() -> tuple[Marks, list[Flaw]]:
    """seq -> what hash it must have and who says so; and what is wrong with those who say it."""
    marks: Marks = {}
    wrong = []
    head = JournalHead.objects.first()
    if head is not None:
        marks.setdefault(head.seq, []).append((head.hash, "链头记录"))
    elif (last := JournalEntry.objects.order_by("-seq").first()) is not None:
        wrong.append(Flaw(last.seq, "链头记录缺失"))
    for line, seal in enumerate(seals.kept(), 1):
        if seal is None:
            wrong.append(Flaw(0, f"封存文件 {seals.FILE} 第 {line} 行不是本机签封，已被改动"))
        else:
            marks.setdefault(seal.seq, []).append((seal.hash, f"{seal.at[:10]} 封存"))
    return marks, wrong
