"""人员管控: the board of who is inside."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from anlan.kernel import clock
from anlan.kernel.errors import Invalid, NotFound
from anlan.kernel.models import Area
from anlan.resources import actions, queries
from anlan.resources.models import Presence, Team
from anlan.resources.views.common import actor_of, attempt, uuid_of


@require_GET
def board(request: HttpRequest) -> HttpResponse:
    actor, now = actor_of(request), clock.now()
    stays = queries.stays(actor, None, now)
    context = {
        "stays": stays, "counts": {s: sum(one.state == s for one in stays) for s in ("green", "warning", "critical")},
        "out": Presence.objects.visible_to(actor).filter(left_at__gte=now - timedelta(days=1)).count(), "now": now,
        "areas": [area for area in Area.objects.filter(level__lte=2) if actor.may("resources.commit", area.path)],
        "teams": Team.objects.visible_to(actor).order_by("name"), "zones": Presence.Zone.choices,
        "may": actor.has("resources.commit"),
    }  # fmt: skip
    return render(request, "resources/inside.html", context)


@require_POST
def enter(request: HttpRequest) -> HttpResponse:
    actor, given = actor_of(request, "resources.commit"), request.POST

    def act() -> None:
        area, team = given.get("area", ""), given.get("team", "")
        if not area.isdigit():
            raise Invalid("area", area, "列出的区划", label="所属区划")
        actions.enter_zone(
            actor, int(area), given.get("person", ""), given.get("zone", ""), given.get("limit_min", ""),
            int(team) if team.isdigit() else None, given.get("task", ""), uuid_of(given.get("correlation", "")),
            given.get("air_mpa", ""), given.get("air_l", ""),
        )  # fmt: skip

    return attempt(request, act, "已登记进入", reverse("inside"))


@require_POST
def do(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    actor = actor_of(request, "resources.commit")
    if verb not in {"answer", "leave"}:
        raise NotFound(f"没有“{verb}”这个操作")
    done = "已应答" if verb == "answer" else "已撤出"

    def act() -> None:
        if verb == "answer":
            actions.answer_roll_call(actor, pk, request.POST.get("air_mpa", ""))
        else:
            actions.leave_zone(actor, pk)

    return attempt(request, act, done, reverse("inside"))
