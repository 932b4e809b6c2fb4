"""车队: plan, follow, and the pass of its vehicles."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import Invalid
from anlan.kernel.models import Area
from anlan.resources import actions, queries
from anlan.resources.models import Convoy, Readiness, Vehicle
from anlan.resources.passes import green_pass
from anlan.resources.views.common import actor_of, attempt, uuid_of
from anlan.resources.views.routes import at, number

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@require_http_methods(["GET", "POST"])
def listing(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    if request.method == "POST":
        return attempt(request, lambda: make(request), "车队已编组", reverse("convoys"))
    vehicles = Vehicle.objects.visible_to(actor).filter(readiness=Readiness.READY).exclude(driver="").order_by("plate")
    context = {
        "convoys": Convoy.objects.visible_to(actor).select_related("area")[:50], "vehicles": vehicles[:300],
        "areas": [area for area in Area.objects.filter(level__lte=2) if actor.may("resources.commit", area.path)],
        "may": actor.has("resources.commit"), "places": queries.place_names(actor), "given": request.GET, "now": clock.now(),
    }  # fmt: skip
    return render(request, "resources/convoys.html", context)


def where(actor: Actor, given: QueryDict, name: str) -> tuple[float, float]:
    """The coordinates given, else those of the registered place that is named."""
    text, called = given.get(name, "").strip(), given.get(f"{name}_name", "")
    found = None if text else queries.place_called(actor, called)
    if found is None and not text:
        label = "起点" if name == "from" else "终点"
        raise Invalid(f"{name}_name", called, "登记的库点、场所、医院、避难场所、队伍名称，或另填经纬度", label=label)
    return found or at(text)


def make(request: HttpRequest) -> str:
    actor, given = actor_of(request, "resources.commit"), request.POST
    area, (a, b), (c, d) = given.get("area", ""), where(actor, given, "from"), where(actor, given, "to")
    if not area.isdigit():
        raise Invalid("area", area, "列出的区划", label="所属区划")
    wait = number(given.get("in_min", "0"), "in_min", "几分钟后出发", 0, 10080, "min")
    made = actions.plan_convoy(
        actor, int(area), [int(pk) for pk in given.getlist("vehicle") if pk.isdigit()], title=given.get("title", ""),
        cargo=given.get("cargo", ""), start=(given.get("from_name", ""), a, b), end=(given.get("to_name", ""), c, d),
        depart_at=clock.now() + timedelta(minutes=wait), leader=given.get("leader", ""), phone=given.get("phone", ""),
        correlation_id=uuid_of(given.get("correlation", "")),
    )  # fmt: skip
    return reverse("convoy", args=[made.pk])


@require_GET
def convoy(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    row = Convoy.objects.visible_to(actor).select_related("area").one(pk)
    ends: list[dict[str, Any]] = [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": place}, "properties": {"name": name, "kind": kind}}
        for place, name, kind in (
            ([row.from_lon, row.from_lat], row.from_name, "store"), ([row.to_lon, row.to_lat], row.to_name, "place"),
        )
    ]  # fmt: skip
    line = {"type": "Feature", "geometry": row.route, "properties": {}}
    known = {car.pk: car for car in row.vehicles.all()}
    cars = [known[key] for key in row.vehicle_ids if key in known]
    began = row.departed_at or row.depart_at
    context = {
        "row": row, "cars": cars, "due": began + timedelta(minutes=row.minutes), "now": clock.now(),
        "map": {"type": "FeatureCollection", "features": [line, *ends]}, "may": actor.has("resources.commit"),
        "column_m": (len(cars) - 1) * row.gap_m,
    }  # fmt: skip
    return render(request, "resources/convoy.html", context)


@require_POST
def do(request: HttpRequest, pk: int, state: str) -> HttpResponse:
    actor = actor_of(request, "resources.commit")

    def act() -> None:
        actions.move_convoy(actor, pk, state, request.POST.get("reason", ""))

    return attempt(request, act, "车队状态已更新", reverse("convoy", args=[pk]))


@require_GET
def pass_docx(request: HttpRequest, pk: int) -> HttpResponse:
    row = Convoy.objects.visible_to(actor_of(request)).select_related("area").one(pk)
    answer = HttpResponse(green_pass(row), content_type=WORD)
    answer["Content-Disposition"] = f"attachment; filename={row.number}.docx"
    return answer
