"""Pages of allocations, consignments and requisitions."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import Invalid, NotFound
from anlan.kernel.models import Area
from anlan.resources import actions, queries
from anlan.resources.models import Allocation, Consignment, Line, Material, Movement, Requisition, Shelter, Stock
from anlan.resources.queries.loads import visible
from anlan.resources.rules import demand
from anlan.resources.views.common import actor_of, attempt, uuid_of

#: One place a line: name, lon, lat, people, days, priority.
PLACE = re.compile(
    r"\s*(?P<name>[^,，]+)[,，]\s*(?P<lon>-?[\d.]+)[,，]\s*(?P<lat>-?[\d.]+)[,，]\s*(?P<people>\d+)"
    r"(?:[,，]\s*(?P<days>\d+))?(?:[,，]\s*(?P<priority>[123]))?\s*"
)
PLACE_RULE = "每行：名称,经度,纬度,人数[,天数[,优先级 1~3]]"
LATEST = 40


@require_GET
def allocations(request: HttpRequest) -> HttpResponse:
    """调拨: plans and loads."""
    actor = actor_of(request)
    loads = Consignment.objects.unscoped("both ends are the actor's").filter(visible(actor)).distinct()
    context = {
        "allocations": Allocation.objects.visible_to(actor).select_related("area")[:LATEST],
        "consignments": loads.select_related("store", "to_store")[:LATEST],
        "may_allocate": actor.has("resources.allocate"), "now": clock.now(),
    }  # fmt: skip
    return render(request, "resources/allocations.html", context)


@require_GET
def new_allocation(request: HttpRequest) -> HttpResponse:
    """新方案: places and people; what they need follows from the norms, and may be typed over."""
    actor = actor_of(request, "resources.allocate")
    context = {
        "materials": Material.objects.filter(norm__isnull=False),
        "others": Material.objects.filter(norm__isnull=True),
        "shelters": Shelter.objects.visible_to(actor).order_by("name")[:100],
        "areas": top_areas(actor), "place_rule": PLACE_RULE,
        "given": {"title": request.GET.get("title", ""), "places": request.GET.get("places", ""),
                  "correlation": request.GET.get("correlation", "")},
    }  # fmt: skip
    return render(request, "resources/allocation_new.html", context)


def top_areas(actor: Actor) -> list[Area]:
    """The areas an allocation may be made for: those the actor holds the permission over, and the districts below."""
    return [
        area
        for area in Area.objects.filter(level__lte=2).order_by("path")
        if actor.may("resources.allocate", area.path)
    ]


def places_of(text: str) -> list[dict[str, Any]]:
    found = []
    for number, line in enumerate((line for line in text.splitlines() if line.strip()), 1):
        match = PLACE.fullmatch(line)
        if match is None:
            raise Invalid("places", line, PLACE_RULE, label=f"需求点第 {number} 行")
        found.append({**match.groupdict(), "people": int(match["people"]), "days": int(match["days"] or 3),
                      "priority": int(match["priority"] or 2)})  # fmt: skip
    return found


def demands_of(given: Any) -> list[dict[str, Any]]:
    """Each place with its people's need by norm of the ticked materials, and the fixed amounts typed in."""
    ticked = list(Material.objects.filter(code__in=given.getlist("material"), norm__isnull=False))
    fixed = {name.removeprefix("fixed-"): value for name, value in given.items() if name.startswith("fixed-") and value}
    found = []
    for place in places_of(given.get("places", "")):
        items = [
            {"material": row.code, "quantity": str(demand(row.need, place["people"], place["days"]))}
            for row in ticked
            if row.need is not None and place["people"]
        ]
        items += [{"material": code, "quantity": value} for code, value in fixed.items()]
        wanted = [item for item in items if item["quantity"] not in ("0", "")]
        found.append({**place, "items": wanted})
    return found


@require_POST
def make_allocation(request: HttpRequest) -> HttpResponse:
    actor, given = actor_of(request, "resources.allocate"), request.POST

    def act() -> str:
        area = given.get("area", "")
        if not area.isdigit():
            raise Invalid("area", area, "列出的区划", label="所属区划")
        correlation = uuid_of(given.get("correlation", ""))
        made = actions.draft_allocation(actor, int(area), given.get("title", ""), demands_of(given), correlation)
        return reverse("allocation", args=[made.pk])

    return attempt(request, act, "方案已算出", reverse("allocation-new"))


@require_GET
def allocation(request: HttpRequest, pk: int) -> HttpResponse:
    """方案页: who sends what where, why, on a map; changed by hand, approved."""
    actor = actor_of(request)
    row = Allocation.objects.visible_to(actor).select_related("area").one(pk)
    places = [
        {
            "demand": demand,
            "flows": [{"n": n, **flow} for n, flow in enumerate(row.plan["flows"]) if flow["place"] == place],
            "short": [one for one in row.plan["short"] if one["place"] == place],
            "latest": max((flow["minutes"] for flow in row.plan["flows"] if flow["place"] == place), default=None),
        }
        for place, demand in enumerate(row.demands)
    ]
    context = {
        "allocation": row, "places": places, "map": drawn(row), "now": clock.now(),
        "may_allocate": actor.may("resources.allocate", row.area.path), "consignments": row.consignments.all(),
    }  # fmt: skip
    return render(request, "resources/allocation.html", context)


def drawn(row: Allocation) -> dict[str, Any]:
    """What the map shows: ways, the stores they leave from, the places they go to."""
    stores = {flow["store"]: flow["store_name"] for flow in row.plan["flows"]}
    ways = [
        {"type": "Feature", "geometry": way["geometry"], "properties": {"colour": "", "width": 3}}
        for way in row.plan["ways"]
    ]
    starts = {way["store"]: way["geometry"]["coordinates"][0] for way in row.plan["ways"]}
    points = [point(at, stores.get(pk, ""), "store") for pk, at in starts.items()]
    short = {one["place"] for one in row.plan["short"]}
    points += [
        point([demand["lon"], demand["lat"]], demand["name"], "short" if place in short else "place")
        for place, demand in enumerate(row.demands)
    ]
    return {"type": "FeatureCollection", "features": ways + points}


def point(at: list[float], name: str, kind: str) -> dict[str, Any]:
    return {
        "type": "Feature", "geometry": {"type": "Point", "coordinates": at}, "properties": {"name": name, "kind": kind}
    }  # fmt: skip


@require_POST
def allocation_do(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    actor, given = actor_of(request, "resources.allocate"), request.POST
    verbs = {
        "approve": ("已批准，调拨单已生成", lambda: actions.approve_allocation(actor, pk)),
        "drop": ("已作废", lambda: actions.drop_allocation(actor, pk, given.get("reason", ""))),
        "change": (
            "已调整",
            lambda: actions.change_allocation(
                actor,
                pk,
                {int(name[5:]): value for name, value in given.items() if re.fullmatch(r"flow-\d{1,5}", name)},
                given.get("reason", ""),
            ),
        ),
    }
    if verb not in verbs:
        raise NotFound(f"没有“{verb}”这个操作")
    done, run = verbs[verb]
    return attempt(request, run, done, reverse("allocation", args=[pk]))


@require_GET
def consignment(request: HttpRequest, pk: int) -> HttpResponse:
    """调拨单: 拣货、发车、签收; made for a phone."""
    actor = actor_of(request)
    rows = Consignment.objects.unscoped("both ends are the actor's").filter(visible(actor)).distinct()
    row = rows.select_related("store__area", "to_store", "allocation").one(pk)
    loaded = Stock.objects.unscoped("lots of a load taken within the actor's scope").filter(consignment=row)
    lines = Line.objects.unscoped("lines of a load taken within the actor's scope").filter(movement__consignment=row)
    context = {
        "row": row, "lots": loaded.select_related("material").order_by("shelf", "code"),
        "lines": lines.filter(movement__kind=Movement.Kind.ALLOCATE).select_related("source", "material"),
        "arrived": lines.filter(movement__kind=Movement.Kind.ARRIVAL).select_related("material", "target"),
        "may_issue": actor.has("resources.issue"), "may_deliver": actor.has("resources.deliver"), "now": clock.now(),
    }  # fmt: skip
    return render(request, "resources/consignment.html", context)


@require_POST
def consignment_do(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    actor, given = actor_of(request), request.POST
    received = {int(name[4:]): value for name, value in given.items() if re.fullmatch(r"got-\d{1,10}", name)}
    verbs = {
        "depart": (
            "已发车",
            lambda: actions.depart(actor, pk, given.get("plate", ""), given.get("driver", ""), given.get("phone", "")),
        ),
        "withdraw": ("已撤回，物资回到货位", lambda: actions.withdraw(actor, pk, given.get("reason", ""))),
        "hand-over": (
            "已签收",
            lambda: actions.hand_over(
                actor, pk, given.get("receiver", ""), given.get("signature", ""), received,
                given.get("phone", ""), given.get("note", ""),
            ),
        ),
    }  # fmt: skip
    if verb not in verbs:
        raise NotFound(f"没有“{verb}”这个操作")
    done, run = verbs[verb]
    return attempt(request, run, done, reverse("consignment", args=[pk]))


@require_POST
def send(request: HttpRequest, pk: int) -> HttpResponse:
    """库间调拨 from a store's page."""
    actor, given = actor_of(request, "resources.issue"), request.POST
    goods = [(int(name[5:]), value) for name, value in given.items() if re.fullmatch(r"send-\d{1,10}", name) and value]

    def act() -> str:
        goal = given.get("to_store", "")
        if not goal.isdigit():
            raise Invalid("to_store", goal, "列出的库点", label="转入库点")
        made = actions.send_to_store(actor, pk, int(goal), goods, given.get("reason", ""))
        return reverse("consignment", args=[made.pk])

    return attempt(request, act, "调拨单已生成", reverse("store", args=[pk]))


@require_GET
def requisitions(request: HttpRequest) -> HttpResponse:
    """征用与补偿."""
    actor = actor_of(request)
    rows = Requisition.objects.visible_to(actor).select_related("store__area", "material")
    owed = sum((row.compensation_cny or Decimal(0) for row in rows), Decimal(0))
    context = {
        "rows": rows, "owed": owed, "stores": queries.stores(actor), "materials": Material.objects.all(),
        "may": actor.has("resources.requisition"), "now": clock.now(),
    }  # fmt: skip
    return render(request, "resources/requisitions.html", context)


@require_POST
def requisition_do(request: HttpRequest) -> HttpResponse:
    actor, given = actor_of(request, "resources.requisition"), request.POST

    def act() -> None:
        store = given.get("store", "")
        if not store.isdigit():
            raise Invalid("store", store, "列出的库点", label="收入库点")
        lot = actions.NewLot(given.get("material", ""), given.get("shelf", "") or "Z-01-1")
        actions.requisition(
            actor, int(store), given.get("owner", ""), given.get("order_no", ""), lot, given.get("quantity", ""),
            given.get("unit_price", ""), given.get("contact", ""), given.get("phone", ""),
        )  # fmt: skip

    return attempt(request, act, "征用已入账", reverse("requisitions"))


@require_POST
def settle_do(request: HttpRequest, pk: int) -> HttpResponse:
    actor, given = actor_of(request, "resources.requisition"), request.POST

    def act() -> None:
        actions.settle_requisition(actor, pk, given.get("returned", ""), given.get("damaged") or 0)

    return attempt(request, act, "已结清", reverse("requisitions"))
