"""Pages of the gateways."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from anlan.gateways import actions, console, queries
from anlan.gateways.devices import ordering
from anlan.gateways.feeds.cap import relaying
from anlan.gateways.feeds.contract import MAX_BYTES
from anlan.gateways.models import Quarantined
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import Forbidden, Invalid
from anlan.kernel.register import refused
from anlan.monitoring.rules.warnings import DRAFT, EVENT_NAMES

PAGE = 50


def actor_of(request: HttpRequest) -> Actor:
    found: Actor = request.actor  # type: ignore[attr-defined]
    return found


def back(request: HttpRequest) -> HttpResponse:
    """To where the button was."""
    goal = request.POST.get("next", "")
    return redirect(goal if url_has_allowed_host_and_scheme(goal, {request.get_host()}) else "quarantine")


@require_GET
def quarantine(request: HttpRequest) -> HttpResponse:
    """隔离区: what was refused, with its reason."""
    actor, given = actor_of(request), request.GET
    state = given.get("state", Quarantined.State.KEPT)
    rows = queries.quarantined(actor, given.get("protocol", ""), state, given.get("q", "").strip())
    context = {
        "page": Paginator(rows.defer("raw"), PAGE).get_page(given.get("page")),
        "waiting": queries.waiting(actor),
        "registers": refused.waiting(actor),
        "protocols": queries.protocols(),
        "protocol": given.get("protocol", ""),
        "states": Quarantined.State.choices,
        "state": state,
        "q": given.get("q", ""),
        "may_edit": actions.over_the_city(actor, "gateways.edit"),
    }
    return render(request, "gateways/quarantine.html", context)


@require_GET
def quarantined(request: HttpRequest, pk: int) -> HttpResponse:
    """One of them: bytes on the left, what our decoder makes of them on the right."""
    actor = actor_of(request)
    row = queries.quarantined_one(actor, pk)
    raw = bytes(row.raw)
    context = {
        "row": row,
        "size": len(raw),
        "lines": queries.hex_lines(raw),
        "cut": len(raw) > queries.SHOWN_BYTES,
        "read": queries.as_read(row),
        "open": row.state in actions.WORK,
        "may_edit": actions.over_the_city(actor, "gateways.edit"),
    }
    return render(request, "gateways/quarantined.html", context)


@require_POST
def replay(request: HttpRequest, pk: int) -> HttpResponse:
    actions.replay(actor_of(request), pk)
    messages.success(request, f"报文 {pk} 已交给网关重放，几秒后可看到结果")
    return back(request)


@require_POST
def replay_all(request: HttpRequest) -> HttpResponse:
    count = actions.replay_all(actor_of(request), request.POST.get("protocol", ""))
    messages.success(request, f"{count} 条报文已交给网关重放")
    return back(request)


@require_POST
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    actions.discard(actor_of(request), pk, request.POST.get("reason", ""))
    messages.success(request, f"报文 {pk} 已作废")
    return back(request)


@require_GET
def live_frames(request: HttpRequest) -> HttpResponse:
    """协议台: the gateway's last frames, bytes and meaning side by side."""
    protocol, text = request.GET.get("protocol", ""), request.GET.get("q", "").strip()
    context = {
        "heard": console.frames(actor_of(request), protocol, text), "protocol": protocol, "q": text,
        "protocols": queries.protocols(),
    }  # fmt: skip
    template = "gateways/console_rows.html" if request.headers.get("HX-Request") else "gateways/console.html"
    return render(request, template, context)


@require_http_methods(["GET", "POST"])
def command(request: HttpRequest, pk: int) -> HttpResponse:
    """下行命令 to one station: which ones its protocol knows, each with its own fields."""
    actor, error, status = actor_of(request), "", 200
    station, protocol = ordering.station_of(actor, pk)
    if request.method == "POST":
        kind = request.POST.get("kind", "")
        names = protocol.commands[kind].parameters if kind in protocol.commands else {}
        given = {name: request.POST[name].strip() for name in names if request.POST.get(name, "").strip()}
        try:
            name, address = ordering.order(actor, pk, kind, given)
        except Invalid as refused:
            error, status = refused.message, 422
        else:
            error = ordering.send(name, address, kind, given)
            status = 502 if error else 200
            if not error:
                messages.success(request, f"已发往 {station.name}；设备的应答见协议台")
                return redirect("station-command", pk)
    context = {"station": station, "protocol": protocol, "commands": protocol.commands.items(), "error": error}
    return render(request, "gateways/command.html", context, status=status)


@require_http_methods(["GET", "POST"])
def bring_warnings(request: HttpRequest) -> HttpResponse:
    """引入外来预警: CAP and 12379 files become drafts; what cannot is told with its reason."""
    actor = actor_of(request)
    if not actor.has(DRAFT):
        raise Forbidden(f"{actor.name}没有“{DRAFT}”权限", permission=DRAFT)
    context: dict[str, Any] = {"codes": EVENT_NAMES.items(), "event_code": request.POST.get("event_code", "")}
    if request.method == "POST":
        files = [(sent.name or "", sent.read(MAX_BYTES + 1)) for sent in request.FILES.getlist("files")]
        code = context["event_code"] if context["event_code"] in EVENT_NAMES else ""
        context |= {"done": relaying.bring(actor, files, code)} if files else {"error": "没有选择文件"}
    status = 422 if "error" in context else 200
    return render(request, "gateways/bring_warnings.html", context, status=status)
