"""接报: the form for the telephone, six fields, keyboard only; merging and splitting; the rules of the clock."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET, require_http_methods

from anlan.command import actions, event_codes
from anlan.command.duty import clocks, intake
from anlan.command.models import CallRecord
from anlan.command.rules.reporting import ROLES
from anlan.command.views.common import actor_of
from anlan.kernel import clock
from anlan.kernel.errors import Forbidden


def context_of(request: HttpRequest, sent: Any) -> dict[str, Any]:
    """What the form and its hint show about what has been typed."""
    actor, now = actor_of(request), clock.now()
    found = intake.read(actor, sent, now)
    return {"found": found, "suspects": intake.suspects(actor, found, now), "now": now, "sent": sent}


@require_http_methods(["GET", "POST"])
def take_call(request: HttpRequest) -> HttpResponse:
    """接报 within a minute. A likely duplicate is shown before saving, and the officer says which it is."""
    actor = actor_of(request)
    if not actor.has("command.incident"):
        raise Forbidden(f"{actor.name}没有“command.incident”权限", permission="command.incident")
    sent = request.POST if request.method == "POST" else request.GET
    context = context_of(request, sent)
    if request.method == "POST":
        done = save(request, context)
        if done is not None:
            return redirect("incident", done.incident_id) if done.incident_id else redirect("calls")
    began = parse_datetime(sent.get("began", "")) or clock.now()
    context |= {
        "callers": CallRecord.Caller.choices,
        "codes": event_codes.names().items(),
        "began": began.isoformat(),
        "elapsed": max(0, round((clock.now() - began).total_seconds())),
    }
    return render(request, "command/intake.html", context, status=422 if request.method == "POST" else 200)


def save(request: HttpRequest, context: dict[str, Any]) -> CallRecord | None:
    """None = the form is shown again: something cannot be read, or a possible duplicate is not decided yet."""
    found, sent, suspects = context["found"], request.POST, context["suspects"]
    decision = sent.get("decision", "open")
    common: dict[str, Any] = {
        "caller": found.caller, "text": found.text, "caller_kind": found.caller_kind, "event_code": found.event_code,
        "place": sent.get("place", "").strip(), "occurred_at": found.occurred_at, "figures": found.figures,
        "began_at": parse_datetime(sent.get("began", "")) if sent.get("began") else None,
        "shown": intake.as_shown(suspects),
    }  # fmt: skip
    if found.place:
        area = found.place.area
        common |= {"lon": found.place.lon, "lat": found.place.lat, "area_id": area.pk if area else None}
    by = actor_of(request)
    if decision.startswith("join:") and decision[5:].isdigit() and not found.errors:
        return actions.take_call(by, outcome="joined", incident_id=int(decision[5:]), **common)
    if decision == "note" and not found.errors and found.text and found.caller:
        return actions.take_call(by, outcome="noted", **common)
    intake.complete(found, sent)
    context["undecided"] = bool(suspects) and decision != "new"
    if found.errors or context["undecided"]:
        return None
    return actions.take_call(by, outcome="opened", **common)


@require_GET
def check_call(request: HttpRequest) -> HttpResponse:
    """Fragment: what has been understood so far, and what this may be about."""
    return render(request, "command/parts/understood.html", context_of(request, request.GET))


@require_GET
def calls(request: HttpRequest) -> HttpResponse:
    """接报记录, newest first."""
    rows = CallRecord.objects.visible_to(actor_of(request), "command.view").select_related("incident", "area")
    return render(request, "command/calls.html", {"calls": list(rows[:200])})


@require_GET
def report_rules(request: HttpRequest) -> HttpResponse:
    """报告时限规则: every version with its dates in force."""
    actor, today = actor_of(request), clock.now().astimezone(clock.BEIJING).date()
    if not actor.has("command.view"):
        raise Forbidden(f"{actor.name}没有“command.view”权限", permission="command.view")
    rules = [
        {"rule": rule, "role": ROLES.get(rule.role, rule.role), "now": rule.in_force(today)}
        for rule in clocks.kept_rules()
    ]
    return render(request, "command/report_rules.html", {"rules": rules, "may_edit": actor.has("command.edit")})
