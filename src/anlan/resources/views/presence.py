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
from anlan.resources import actions
from anlan.resources.models import Presence, Team
from anlan.resources.rules import stay_state
from anlan.resources.views.common import actor_of, attempt, uuid_of


@require_GET
def board(request: HttpRequest) -> HttpResponse:
    actor, now = actor_of(request), clock.now()
    rows = Presence.objects.visible_to(actor).select_related("team", "area")
    stays = []
    for row in rows.filter(left_at=None):
        minutes = (now - row.entered_at).total_seconds() / 60
        answered = (now - (row.checked_at or row.entered_at)).total_seconds() / 60
        stays.append((row, minutes, row.limit_min - minutes, answered, stay_state(minutes, row.limit_min)))
    stays.sort(key=lambda stay: stay[2])
    context = {
        "stays": stays, "counts": {s: sum(one[4] == s for one in stays) for s in ("green", "warning", "critical")},
        "out": rows.filter(left_at__gte=now - timedelta(days=1)).count(), "now": now,
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
        )  # fmt: skip

    return attempt(request, act, "已登记进入", reverse("inside"))


@require_POST
def do(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    actor = actor_of(request, "resources.commit")
    verbs = {"answer": ("已应答", actions.answer_roll_call), "leave": ("已撤出", actions.leave_zone)}
    if verb not in verbs:
        raise NotFound(f"没有“{verb}”这个操作")
    done, run = verbs[verb]

    def act() -> None:
        run(actor, pk)

    return attempt(request, act, done, reverse("inside"))
