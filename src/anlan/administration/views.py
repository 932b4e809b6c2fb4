"""值班: the week of every desk, with the hours nobody covers."""

from __future__ import annotations

from datetime import date, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from anlan.administration import queries
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import Forbidden, Invalid


def actor_of(request: HttpRequest) -> Actor:
    found: Actor = request.actor  # type: ignore[attr-defined]
    return found


def monday_of(text: str, today: date) -> date:
    """The Monday of the week of a day written 2026-11-23; "" = this week."""
    try:
        day = date.fromisoformat(text) if text else today
    except ValueError as error:
        raise Invalid("week", text, "日期，如 2026-11-23", label="周") from error
    return day - timedelta(days=day.weekday())


@require_GET
def duty(request: HttpRequest) -> HttpResponse:
    """值班表."""
    actor = actor_of(request)
    if not actor.has("administration.view"):
        raise Forbidden(f"{actor.name}没有“administration.view”权限", permission="administration.view")
    now = clock.now().astimezone(clock.BEIJING)
    monday = monday_of(request.GET.get("week", ""), now.date())
    chosen = request.GET.get("organisation", "")
    desks = queries.roster(actor, monday, int(chosen) if chosen.isdigit() else None)
    context = {
        "desks": desks,
        "gaps": sum(desk.gaps for desk in desks),
        "days": [monday + timedelta(days=n) for n in range(7)],
        "today": now.date(),
        "now": now,
        "before": monday - timedelta(days=7),
        "after": monday + timedelta(days=7),
        "monday": monday,
        "organisations": queries.desks(actor),
        "chosen": chosen,
        "may_edit": actor.has("administration.edit"),
    }
    return render(request, "administration/duty.html", context)
