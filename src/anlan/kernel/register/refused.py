"""The quarantine of the registries: refused rows are read, brought in again when their reason is gone, or discarded."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import record
from anlan.kernel.audit import journal
from anlan.kernel.errors import Invalid, NotFound
from anlan.kernel.models import RefusedRow
from anlan.kernel.register.actions import require_change
from anlan.kernel.register.declare import REGISTERS, Register
from anlan.kernel.register.importing import FIRST_ROW, Report, import_rows

Rows = QuerySet[RefusedRow]


def mine(by: Actor, register: Register | None = None) -> Rows:
    """What this actor sees: rows of their own files, and all rows of a registry that they keep for the whole city.

    A refused row has no area yet that could be trusted, so no area decides.
    """
    allowed = Q(pk__in=[])
    for one in REGISTERS.values() if register is None else [register]:
        if not by.has(one.change_permission):
            continue
        whole = any(path.count("/") <= 2 for path, _top in by.scopes(one.change_permission))
        allowed |= Q(register=one.slug) if whole else Q(register=one.slug, account=by.user_id, sender=by.name)
    return RefusedRow.objects.filter(allowed)


def waiting(by: Actor) -> list[tuple[Register, int]]:
    """Registries with refused rows that wait for this actor, and how many."""
    kept = (
        mine(by)
        .filter(state=RefusedRow.State.KEPT)
        .values_list("register")
        .annotate(n=Count("pk"))
        .order_by("register")
    )
    return [(REGISTERS[slug], count) for slug, count in kept]


def keep(by: Actor, register: Register, file: str, rows: Sequence[dict[str, str]], report: Report) -> int:
    """After an import: what it refused goes into quarantine, a row that waits there already only once. Returns how many."""
    there = mine(by, register).filter(state=RefusedRow.State.KEPT, sender=by.name).values_list("values", flat=True)
    new = [(number, why) for number, why in report.refused if rows[number - FIRST_ROW] not in there]
    if not new:
        return 0
    with transaction.atomic(), journal.deferred():
        made = RefusedRow.objects.bulk_create(
            RefusedRow(
                register=register.slug, file=file[:200], row_no=number, values=rows[number - FIRST_ROW], reasons=reasons,
                account=by.user_id, sender=by.name[:80], at=clock.now(),
            )
            for number, reasons in new
        )  # fmt: skip
        record(by, "收存拒收行", made[0], reason=f"{register.title}：{file} {len(made)} 行")
    return len(made)


def chosen(by: Actor, register: Register, pks: Sequence[int]) -> list[RefusedRow]:
    """Waiting rows of this registry, locked; all of them when none is named."""
    require_change(by, register)
    rows = mine(by, register).filter(state=RefusedRow.State.KEPT).select_for_update().order_by("pk")
    found = list(rows.filter(pk__in=pks) if pks else rows)
    if not found:
        raise NotFound(f"“{register.title}”没有待处理的拒收行")
    return found


def again(by: Actor, register: Register, pks: Sequence[int] = ()) -> Report:
    """Bring rows in once more, by today's registries; what is refused again stays with today's reason."""
    with transaction.atomic(), journal.deferred():
        rows = chosen(by, register, pks)
        report = import_rows(by, register, [row.values for row in rows])
        reasons = {number - FIRST_ROW: why for number, why in report.refused}
        for n, row in enumerate(rows):
            row.state = RefusedRow.State.KEPT if n in reasons else RefusedRow.State.TAKEN
            row.reasons, row.note = (reasons[n], "重新导入仍被拒绝") if n in reasons else (row.reasons, row.note)
        RefusedRow.objects.bulk_update(rows, ["state", "reasons", "note"])
        taken = len(rows) - len(reasons)
        record(by, "重新导入拒收行", rows[0], reason=f"{register.title}：{len(rows)} 行，导入 {taken} 行")
    return report


def discard(by: Actor, register: Register, pks: Sequence[int], reason: str) -> int:
    """They are of no use; why is kept."""
    if not reason.strip():
        raise Invalid("reason", reason, "不能为空", label="作废理由")
    with transaction.atomic(), journal.deferred():
        rows = chosen(by, register, pks)
        RefusedRow.objects.filter(pk__in=[row.pk for row in rows]).update(
            state=RefusedRow.State.DISCARDED, note=reason.strip()[:200]
        )
        record(by, "作废拒收行", rows[0], reason=f"{register.title}：{len(rows)} 行，{reason.strip()}")
    return len(rows)
