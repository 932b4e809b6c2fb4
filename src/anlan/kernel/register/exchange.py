"""Pages of import and export."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.documents import sheets
from anlan.kernel.errors import Invalid
from anlan.kernel.models import RefusedRow
from anlan.kernel.register import actions, exporting, query, refused, uploads
from anlan.kernel.register.declare import Register
from anlan.kernel.register.importing import FIRST_ROW, Report, import_rows

SHOWN_REFUSED = 200
TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


def download(name: str, kind: str, content: bytes) -> HttpResponse:
    answer = HttpResponse(content, content_type=TYPES[kind])
    answer["Content-Disposition"] = content_disposition_header(True, f"{name}.{kind}") or ""
    return answer


def kind_of(request: HttpRequest) -> str:
    kind = request.GET.get("file", "xlsx")
    if kind not in TYPES:
        raise Invalid("file", kind, "xlsx、csv", label="格式")
    return kind


@require_GET
def export(request: HttpRequest, slug: str) -> HttpResponse:
    """The filtered list as a file."""
    register, actor, kind = query.find(slug), request.actor, kind_of(request)  # type: ignore[attr-defined]
    stamp = localtime(clock.now()).strftime("%Y%m%d-%H%M")
    return download(f"{register.title}-{stamp}", kind, exporting.export(register, actor, request.GET.dict(), kind))


@require_GET
def template(request: HttpRequest, slug: str) -> HttpResponse:
    """An empty file with the right columns."""
    register, kind = query.find(slug), kind_of(request)
    actions.require_change(request.actor, register)  # type: ignore[attr-defined]
    return download(f"{register.title}-{_('导入模板')}", kind, exporting.template(register, kind))


def bring_in(request: HttpRequest, slug: str) -> HttpResponse:
    """Choose a file, see what it would do, confirm."""
    register = query.find(slug)
    actor: Actor = request.actor  # type: ignore[attr-defined]
    actions.require_change(actor, register)
    if request.method != "POST":
        return page(request, register)
    try:
        if token := request.POST.get("token", ""):
            return confirm(request, actor, register, uploads.fetch(actor, token))
        sent = request.FILES.get("file")
        if sent is None:
            raise Invalid("file", "", "Excel（.xlsx）或 CSV 文件", label="文件")
        upload = uploads.keep(actor, sent.name or "", sent.read())
        return page(request, register, upload, run(actor, register, upload, dry_run=True))
    except Invalid as error:
        return page(request, register, error=error.message)


def run(actor: Actor, register: Register, upload: uploads.Upload, *, dry_run: bool) -> Report:
    rows = sheets.read(upload.name, upload.content)
    with transaction.atomic():
        report = import_rows(actor, register, rows, dry_run)
        if not dry_run:
            refused.keep(actor, register, upload.name, rows, report)
    return report


def confirm(request: HttpRequest, actor: Actor, register: Register, upload: uploads.Upload) -> HttpResponse:
    report = run(actor, register, upload, dry_run=False)
    done = _("已导入：新增 %(created)s 行，修改 %(updated)s 行，未变 %(unchanged)s 行，拒绝 %(refused)s 行")
    counts = {"created": report.created, "updated": report.updated, "unchanged": report.unchanged}
    text = done % {**counts, "refused": len(report.refused)}
    if not report.refused:
        messages.success(request, text)
        return redirect("register", register.slug)
    messages.warning(request, text)
    return page(request, register, upload, report, done=True)


def page(
    request: HttpRequest,
    register: Register,
    upload: uploads.Upload | None = None,
    report: Report | None = None,
    *,
    error: str = "",
    done: bool = False,
) -> HttpResponse:
    context: dict[str, Any] = {"register": register, "upload": upload, "report": report, "error": error, "done": done}
    if report:
        context["refused"] = [(no, labelled(register, reasons)) for no, reasons in report.refused[:200]]
    return render(request, "register/import.html", context, status=422 if error else 200)


def labelled(register: Register, reasons: dict[str, str]) -> list[tuple[str, str]]:
    names = dict(zip(register.fields, exporting.header(register, register.fields), strict=True))
    return [(names.get(name, name), reason) for name, reason in reasons.items()]


@require_GET
def refused_file(request: HttpRequest, slug: str) -> HttpResponse:
    """The refused rows of a preview as they came, with their reasons in the first column."""
    register = query.find(slug)
    actor: Actor = request.actor  # type: ignore[attr-defined]
    upload = uploads.fetch(actor, request.GET.get("token", ""))
    rows = sheets.read(upload.name, upload.content)
    report = import_rows(actor, register, rows, dry_run=True)
    head = list(rows[0])
    lines = [
        ["；".join(reasons.values()), *(rows[no - FIRST_ROW].get(name, "") for name in head)]
        for no, reasons in report.refused
    ]
    return refused_download(register, head, lines)


def refused_download(register: Register, head: list[str], lines: list[list[str]]) -> HttpResponse:
    content = sheets.write_excel(register.title, [_("拒绝原因"), *head], lines)
    return download(f"{register.title}-{_('被拒绝的行')}", "xlsx", content)


def refused_rows(request: HttpRequest, slug: str) -> HttpResponse:
    """The registry's quarantine: what imports refused, until it is brought in again or discarded."""
    register = query.find(slug)
    actor: Actor = request.actor  # type: ignore[attr-defined]
    actions.require_change(actor, register)
    if request.method == "POST":
        return handle_refused(request, actor, register)
    rows = refused.mine(actor, register).filter(state=RefusedRow.State.KEPT).order_by("-at", "row_no")
    if request.GET.get("file"):
        head = list(dict.fromkeys(name for row in rows for name in row.values))
        lines = [["；".join(row.reasons.values()), *(str(row.values.get(name, "")) for name in head)] for row in rows]
        return refused_download(register, head, lines)
    shown = [(row, labelled(register, row.reasons)) for row in rows[:SHOWN_REFUSED]]
    context = {"register": register, "rows": shown, "more": max(0, rows.count() - SHOWN_REFUSED)}
    return render(request, "register/refused.html", context)


def handle_refused(request: HttpRequest, actor: Actor, register: Register) -> HttpResponse:
    pks = [int(pk) for pk in request.POST.getlist("row") if pk.isdecimal()]
    if request.POST.get("verb") == "discard":
        count = refused.discard(actor, register, pks, request.POST.get("reason", ""))
        messages.success(request, _("已作废 %(count)s 行") % {"count": count})
    else:
        report = refused.again(actor, register, pks)
        counts = {"taken": report.total - len(report.refused), "refused": len(report.refused)}
        messages.success(request, _("重新导入：收下 %(taken)s 行，仍被拒绝 %(refused)s 行") % counts)
    return redirect("register-refused-rows", register.slug)
