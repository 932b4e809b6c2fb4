"""发件箱: exactly what was or would be sent, to whom, when, by which way, in which state."""

from __future__ import annotations

import logging

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from anlan.gateways.alerts import actions, queries, reports
from anlan.gateways.alerts.models import SendState
from anlan.gateways.alerts.sms_http import status
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import Forbidden

log = logging.getLogger(__name__)
PAGE = 50


def actor_of(request: HttpRequest) -> Actor:
    found: Actor = request.actor  # type: ignore[attr-defined]
    return found


@require_GET
def outbox(request: HttpRequest) -> HttpResponse:
    actor, given = actor_of(request), request.GET
    if not actor.has("gateways.view"):
        raise Forbidden(f"{actor.name}没有“gateways.view”权限", permission="gateways.view")
    state, channel, text = given.get("state", ""), given.get("channel", ""), given.get("q", "").strip()
    page = Paginator(queries.messages(actor, state, channel, text), PAGE).get_page(given.get("page"))
    context = {
        "page": page,
        "rows": queries.shown(actor, page.object_list),
        "counts": queries.by_state(actor),
        "channels": queries.channels(),
        "accounts": queries.accounts(actor, clock.now()),
        "fanouts": queries.fanouts(actor),
        "states": SendState.choices,
        "state": state,
        "channel": channel,
        "q": text,
        "may_edit": actor.has("gateways.edit"),
        "stuck": actions.STUCK,
    }
    return render(request, "gateways/outbox.html", context)


def back(request: HttpRequest) -> HttpResponse:
    goal = request.POST.get("next", "")
    return redirect(goal if url_has_allowed_host_and_scheme(goal, {request.get_host()}) else "outbox")


@require_POST
def again(request: HttpRequest, pk: int) -> HttpResponse:
    row = actions.send_again(actor_of(request), pk)
    messages.success(request, f"给{row.to_name}的消息已重新排队")
    return back(request)


@require_POST
def drop(request: HttpRequest, pk: int) -> HttpResponse:
    row = actions.let_be(actor_of(request), pk, request.POST.get("reason", ""))
    messages.success(request, f"给{row.to_name}的消息不再发送")
    return back(request)


@login_not_required
@csrf_exempt
@require_POST
def sms_status(request: HttpRequest) -> JsonResponse:
    """状态报告 of the HTTP short message gateway: kept before it is acknowledged, one number once."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > status.MOST_BYTES:
        return JsonResponse({"error": f"报告超过 {status.MOST_BYTES} 字节"}, status=413)
    headers = request.headers
    if not status.believed(request.body, headers.get("X-Signature", ""), headers.get("Authorization", "")):
        log.warning("status report from %s is not proved to be the gateway's", request.META.get("REMOTE_ADDR", ""))
        return JsonResponse({"error": "签名或令牌不对"}, status=403)
    try:
        said = status.read(request.body, status.form())
    except status.ReportError as error:
        log.warning("status report cannot be read: %s", error)
        return JsonResponse({"error": str(error)}, status=422)
    reports.keep(said)
    return JsonResponse({"kept": len(said)})
