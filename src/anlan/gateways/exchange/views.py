"""What a peer's carrier asks for, and the page of the links for our own people."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.timezone import get_current_timezone, is_naive
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from anlan.gateways.exchange import intake, platform, queries, stick, tasks
from anlan.gateways.exchange.adapters import carrying
from anlan.gateways.exchange.parcel import SCHEMAS, Kind, Refused
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import Conflict, Forbidden, Invalid

PAGE = 30


def actor_of(request: HttpRequest) -> Actor:
    found: Actor = request.actor  # type: ignore[attr-defined]
    return found


def origin_of(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


@login_not_required
@require_GET
def hello(request: HttpRequest) -> JsonResponse:
    """Which platform this is and which schemas it speaks; nothing a stranger could use."""
    del request
    return JsonResponse({"platform": platform.code(), "schemas": list(SCHEMAS), "kinds": [kind.value for kind in Kind]})


@login_not_required
@csrf_exempt
@require_POST
def parcels(request: HttpRequest) -> JsonResponse:
    """A batch of sealed parcels; the answer is the sealed acknowledgement. The signature is the sign-in."""
    try:
        said = json.loads(request.body)
    except (ValueError, RecursionError):
        said = None
    if (
        not isinstance(said, dict)
        or not isinstance(said.get("parcels"), list)
        or not isinstance(said.get("sender"), str)
    ):
        intake.turn_away("", origin_of(request), "不是互联报文", request.body[:400])
        return JsonResponse({"error": "不是互联报文：须为 {sender, parcels}"}, status=422, json_dumps_params=PLAIN)
    try:
        peer = intake.peer_named(said["sender"], origin_of(request), request.body[:400])
    except Forbidden as error:
        return JsonResponse(error.as_json(), status=error.status, json_dumps_params=PLAIN)
    return JsonResponse(intake.take(peer, said["parcels"], origin_of(request)), json_dumps_params=PLAIN)


PLAIN = {"ensure_ascii": False}


def may_see(request: HttpRequest) -> Actor:
    actor = actor_of(request)
    if not actor.has("gateways.view"):
        raise Forbidden(f"{actor.name}没有“gateways.view”权限", permission="gateways.view")
    return actor


@require_GET
def links(request: HttpRequest) -> HttpResponse:
    """Every peer: how far both streams are, since when, what is wrong."""
    actor = may_see(request)
    context = {
        "links": queries.links(actor),
        "own": platform.code(),
        "turned": queries.turned_away(),
        "may": actor.has("gateways.exchange"),
        "keys": queries.own_keys() if actor.has("gateways.exchange") else [],
        "now": clock.now(),
    }
    return render(request, "gateways/exchange.html", context)


@require_GET
def records(request: HttpRequest) -> HttpResponse:
    """What other platforms told us, newest first."""
    actor, given = may_see(request), request.GET
    rows = queries.records(actor, given.get("kind", ""), given.get("peer", ""), given.get("q", "").strip())
    context = {
        "page": Paginator(rows, PAGE).get_page(given.get("page")),
        "kinds": [(kind.value, kind.words) for kind in Kind if kind in queries.SHOWN],
        "peers": queries.peers(actor),
        "given": given,
        "may": actor.has("gateways.exchange"),
        "moves": tasks.MOVES,
    }
    return render(request, "gateways/exchange_records.html", context)


@require_GET
def peer_log(request: HttpRequest, pk: int) -> HttpResponse:
    """Both streams of one peer, and what waits."""
    actor = may_see(request)
    peer = queries.peer(actor, pk)
    sent = Paginator(queries.sent(actor, peer), PAGE).get_page(request.GET.get("page"))
    context = {
        "peer": peer,
        "sent": sent,
        "taken": queries.taken(actor, peer)[:PAGE],
        "may": actor.has("gateways.exchange"),
        "forms": carrying.forms(),
    }
    return render(request, "gateways/exchange_peer.html", context)


@require_POST
def export(request: HttpRequest, pk: int) -> HttpResponse:
    data = stick.export(actor_of(request), pk, request.POST.get("passphrase", ""))
    stamp = clock.real_now().astimezone(clock.BEIJING)
    answer = HttpResponse(data, content_type="application/octet-stream")
    answer["Content-Disposition"] = f'attachment; filename="anlan-exchange-{pk}-{stamp:%Y%m%d%H%M%S}.json"'
    return answer


@require_POST
def bring(request: HttpRequest) -> HttpResponse:
    file: Any = request.FILES.get("file")
    if file is None:
        raise Invalid("file", None, "一个摆渡文件", label="文件")
    try:
        found = stick.bring(actor_of(request), file.read(), request.POST.get("passphrase", ""))
    except Refused as error:
        raise Conflict(f"文件中的回执不可信：{error.reason}", rule="回执须由对方签名") from error
    counts = (
        f"收取 {found.taken} 件，已有 {found.repeated} 件，拒收 {found.refused} 件；对方确认收妥 {found.confirmed} 件"
    )
    text = f"{found.peer}：{counts}"
    (messages.warning if found.halted else messages.success)(request, f"{text}。{found.halted}")
    return redirect("exchange")


@require_POST
def bring_foreign(request: HttpRequest, pk: int) -> HttpResponse:
    """A document of another maker's platform."""
    file: Any = request.FILES.get("file")
    if file is None:
        raise Invalid("file", None, "一个文件", label="文件")
    found = carrying.bring(actor_of(request), pk, request.POST.get("form", ""), file.read())
    why = "；".join(f"{where}：{reason}" for where, reason in found.refused[:5])
    text = f"收取 {found.taken} 件，已有 {found.known} 件，拒收 {len(found.refused)} 件"
    (messages.warning if found.refused else messages.success)(request, f"{text}{f'。{why}' if why else ''}")
    return redirect("exchange-peer", pk)


@require_POST
def export_foreign(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    data = carrying.export(actor_of(request), pk, form, request.POST.get("exercise") == "1")
    stamp = clock.real_now().astimezone(clock.BEIJING)
    answer = HttpResponse(data, content_type="application/xml")
    answer["Content-Disposition"] = f'attachment; filename="{form}-{pk}-{stamp:%Y%m%d%H%M%S}.xml"'
    return answer


def time_given(text: str) -> datetime:
    found = parse_datetime(text)
    if found is None:
        raise Invalid("due_at", text, "年-月-日T时:分", label="完成时限")
    return found.replace(tzinfo=get_current_timezone()) if is_naive(found) else found


@require_POST
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    given = request.POST
    row = tasks.ask(
        actor_of(request), pk, given.get("title", ""), given.get("text", ""), time_given(given.get("due_at", ""))
    )
    messages.success(request, f"协同任务“{row.title}”已投递")
    return redirect("exchange-peer", pk)


@require_POST
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    row = tasks.answer(actor_of(request), pk, request.POST.get("state", ""), request.POST.get("reason", ""))
    messages.success(request, f"已回复“{row.title}”：{row.answer['state']}")
    return redirect("exchange-records")
