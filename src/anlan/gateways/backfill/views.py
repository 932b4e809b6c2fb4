"""Pages of 补录."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from anlan.gateways.actions import over_the_city, require_city
from anlan.gateways.backfill import actions
from anlan.gateways.backfill.files import TABLES, refused_file
from anlan.gateways.devices import discover
from anlan.gateways.models import Backfill
from anlan.gateways.views import actor_of
from anlan.kernel.errors import Invalid, NotFound

STATUS = {"waiting": "info", "running": "warn", "done": "ok", "failed": "bad", "cancelled": "none"}
FIELDS = ("protocol", "zone", "encoding")


@require_http_methods(["GET", "POST"])
def backfills(request: HttpRequest) -> HttpResponse:
    """补录: what was ordered and how far it is; a form for the next."""
    actor = actor_of(request)
    require_city(actor, "gateways.view")
    error = ""
    if request.method == "POST":
        try:
            job = accept(request)
        except Invalid as refused:
            error = refused.message
        else:
            messages.success(request, f"已提交补录 {job.name}，网关即将开始")
            return redirect("backfills")
    page = Paginator(Backfill.objects.order_by("-pk"), 30).get_page(request.GET.get("page"))
    context = {
        "page": page, "rows": [(job, STATUS[job.state], job.part * 100) for job in page],
        "running": any(job.state in actions.OPEN for job in page), "error": error,
        "protocols": [(one.name, one.title) for one in discover().values() if one.session is not None],
        "may_edit": over_the_city(actor, "gateways.edit"), "given": {name: request.POST.get(name, "") for name in FIELDS},
        "tables": " ".join(TABLES),
    }  # fmt: skip
    template = "gateways/backfill_rows.html" if request.headers.get("HX-Request") else "gateways/backfill.html"
    return render(request, template, context, status=422 if error else 200)


def accept(request: HttpRequest) -> Backfill:
    """The sent file, kept and ordered; thrown away again when it cannot be read."""
    by, sent = actor_of(request), request.FILES.get("file")
    require_city(by, "gateways.edit")
    if sent is None:
        raise Invalid("file", "", "CSV、Parquet 或报文文件", label="文件")
    actions.room_for(sent.size or 0)
    file = actions.keep_upload(sent.name or "", sent.chunks())
    given = {name: request.POST.get(name, "").strip() for name in FIELDS}
    try:
        return actions.order(
            by, file, sent.name or file.name, protocol=given["protocol"], zone=given["zone"] or "Asia/Shanghai",
            encoding=given["encoding"],
        )  # fmt: skip
    except Exception:
        file.unlink(missing_ok=True)
        raise


@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    job = actions.cancel(actor_of(request), pk)
    messages.success(request, f"补录 {job.name} 已取消；已入日志的读数保留")
    return redirect("backfills")


@require_GET
def refused(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The rows that were not taken, with their reasons, as a file."""
    require_city(actor_of(request), "gateways.view")
    job = Backfill.objects.filter(pk=pk).first()
    if job is None or not refused_file(job).exists():
        raise NotFound(f"补录 {pk} 没有被拒绝的行")
    return FileResponse(refused_file(job).open("rb"), as_attachment=True, filename=f"{job.name}.refused.csv")
