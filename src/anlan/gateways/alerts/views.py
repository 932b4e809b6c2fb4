"""发件箱: exactly what was or would be sent, to whom, when, by which way, in which state."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from anlan.gateways.alerts import actions, queries
from anlan.gateways.alerts.models import SendState
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import Forbidden

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
