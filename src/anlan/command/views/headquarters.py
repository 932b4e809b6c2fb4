"""指挥部与需求: the two tabs of the incident, and their buttons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.views.decorators.http import require_POST

from anlan.command.actions import headquarters, needs, supplying
from anlan.command.duty.places import PAIR
from anlan.command.forms import number_of
from anlan.command.models import (
    AidRequest,
    CommandGroup,
    CommandTransfer,
    Drawing,
    Headquarters,
    Incident,
    Need,
    NeedSupply,
    Period,
)
from anlan.command.views.common import actor_of, back
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.errors import Invalid, NotFound
from anlan.resources import queries as resources
from anlan.resources.models import Material, Presence, Team

VIEW = "command.view"


def post_of(actor: Actor, row: Incident) -> Headquarters | None:
    """The command post that stands, else the last one."""
    rows = Headquarters.objects.visible_to(actor, VIEW).filter(incident=row)
    return rows.filter(dissolved_at=None).first() or rows.last()


def headquarters_tab(actor: Actor, row: Incident) -> dict[str, Any]:
    post, now = post_of(actor, row), clock.now()
    found: dict[str, Any] = {
        **needs_met(actor, row),
        "post": post, "may_command": actor.has("command.respond"), "may_commit": actor.has("resources.commit"),
        "stays": resources.stays(actor, row.correlation_id, now) if actor.has("resources.view") else [],
        "zones": Presence.Zone.choices, "teams": Team.objects.visible_to(actor, "resources.view").order_by("name"),
    }  # fmt: skip
    if post is None:
        return found | {"suggested": {}}
    periods = list(Period.objects.unscoped(HELD).filter(headquarters=post).order_by("-number"))
    return found | {
        "groups": list(CommandGroup.objects.unscoped(HELD).filter(headquarters=post)),
        "transfers": list(CommandTransfer.objects.unscoped(HELD).filter(headquarters=post).order_by("-at", "-id")),
        "periods": periods,
        "current": next((one for one in periods if one.begins_at <= now < one.ends_at), None),
    }


@dataclass(frozen=True)
class Way:
    """How a load comes, as far as who looks may see it."""

    load: resources.Load
    open: bool
    good: resources.Good | None


def needs_met(actor: Actor, row: Incident) -> dict[str, Any]:
    """需求对满足: every need with what it was promised, and the way of what storehouses sent, from shelf to signature."""
    rows = Need.objects.visible_to(actor, VIEW).filter(incident=row).prefetch_related("supplies", "aid_requests")
    needs = sorted(rows, key=lambda one: (one.closed_at is not None, one.priority, one.pk))
    pks = {part.consignment_id for one in needs for part in one.supplies.all() if part.consignment_id}
    found, seen = resources.loads(pks), resources.visible_loads(actor, pks)

    def way(need: Need, part: NeedSupply) -> Way | None:
        load = found.get(part.consignment_id or 0)
        return Way(load, load.row.pk in seen, load.goods.get(need.material_id or 0)) if load else None

    return {"needs": [(one, [(part, way(one, part)) for part in one.supplies.all()]) for one in needs]}


def needs_tab(actor: Actor, row: Incident) -> dict[str, Any]:
    post = post_of(actor, row)
    found = needs_met(actor, row)
    drawn = Drawing.objects.visible_to(actor, VIEW).filter(incident=row, erased_at=None).exclude(label="")
    missing = [one for one, _parts in found["needs"] if one.material_id and not one.closed_at and one.missing > 0]
    return found | {
        "groups": list(CommandGroup.objects.unscoped(HELD).filter(headquarters=post)) if post else [],
        "kinds": Need.Kind.choices, "sources": NeedSupply.Source.choices, "relations": AidRequest.Relation.choices,
        "known_places": [*dict.fromkeys([*drawn.values_list("label", flat=True), *([post.place] if post else [])])],
        "may_need": actor.has("command.incident"), "may_aid": actor.has("command.dispatch"),
        "may_allocate": bool(missing) and actor.may("resources.allocate", row.area.path),
        "materials": Material.objects.order_by("name"), "loads": resources.open_loads(actor, row.correlation_id),
        "allocation_places": f"{row.place or row.title},{row.lon:.5f},{row.lat:.5f},0,3,1".replace("，", " "),
    }  # fmt: skip


def version(sent: QueryDict) -> int | None:
    text = sent.get("version", "")
    return int(text) if text.isdigit() else None


def tab(request: HttpRequest, incident_id: int, name: str, done: str) -> HttpResponse:
    return back(request, f"{reverse('incident', args=[incident_id])}?tab={name}", done)


def after(sent: QueryDict) -> datetime | None:
    """A deadline given as hours from now; empty = none."""
    text = sent.get("hours", "").strip()
    if not text:
        return None
    hours = number(text, "hours", "时限")
    if not 0 < hours <= 720:
        raise Invalid("hours", text, "0~720", label="时限", unit="h")
    return clock.now() + timedelta(hours=hours)


def number(text: str, field: str, label: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise Invalid(field, text, "数字", label=label) from error


@require_POST
def set_up(request: HttpRequest, pk: int) -> HttpResponse:
    sent, text = request.POST, request.POST.get("location", "").strip()
    place = PAIR.fullmatch(text) if text else None
    if text and place is None:
        raise Invalid("location", text, "经度,纬度，如 106.8120,39.6620", label="位置")
    headquarters.set_up_headquarters(
        actor_of(request), pk, place=sent.get("place", ""), commander=sent.get("commander", ""),
        title=sent.get("title", ""), lon=float(place[1]) if place else None, lat=float(place[2]) if place else None,
    )  # fmt: skip
    return tab(request, pk, "headquarters", "现场指挥部已成立")


def do_transfer(by: Actor, pk: int, sent: QueryDict) -> Headquarters:
    return headquarters.transfer_command(
        by, pk, sent.get("to_name", ""), sent.get("to_title", ""), sent.get("reason", ""), sent.get("briefing", ""),
        version=version(sent),
    )  # fmt: skip


def do_group(by: Actor, pk: int, sent: QueryDict) -> Headquarters:
    names = ("leader", "phone", "channel", "title", "organisation", "duty")
    given = {name: sent.get(name, "") for name in names}
    return headquarters.set_group(by, pk, sent.get("key", ""), **given, version=version(sent)).headquarters


def do_period(by: Actor, pk: int, sent: QueryDict) -> Headquarters:
    hours = number(sent.get("hours", ""), "hours", "时长")
    made = headquarters.plan_period(
        by, pk, hours, sent.get("situation", ""), sent.get("objectives", ""), version=version(sent)
    )
    return made.headquarters


def do_dissolve(by: Actor, pk: int, sent: QueryDict) -> Headquarters:
    return headquarters.dissolve_headquarters(by, pk, sent.get("reason", ""), version=version(sent))


POST = {
    "transfer": ("指挥权已移交", do_transfer), "group": ("工作组已保存", do_group),
    "period": ("作战周期已下达", do_period), "dissolve": ("指挥部已撤销", do_dissolve),
}  # fmt: skip


@require_POST
def post_do(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    if verb not in POST:
        raise NotFound(f"没有动作 {verb}")
    done, run = POST[verb]
    return tab(request, run(actor_of(request), pk, request.POST).incident_id, "headquarters", done)


@require_POST
def reach(request: HttpRequest, pk: int) -> HttpResponse:
    index = int(number_of(request.POST.get("index", ""), "index", "目标"))
    row = headquarters.reach_objective(actor_of(request), pk, index, version=version(request.POST))
    return tab(request, row.headquarters.incident_id, "headquarters", "目标已完成")


@require_POST
def raise_need(request: HttpRequest, pk: int) -> HttpResponse:
    sent = request.POST
    needs.raise_need(
        actor_of(request), pk, kind=sent.get("kind", ""), item=sent.get("item", ""), quantity=sent.get("quantity", ""),
        unit=sent.get("unit", ""), priority=int(number_of(sent.get("priority", "2"), "priority", "优先级")),
        place=sent.get("place", ""), wanted_by=after(sent), group=sent.get("group", ""),
    )  # fmt: skip
    return tab(request, pk, "needs", "需求已提出")


def do_supply(by: Actor, pk: int, sent: QueryDict) -> Need:
    return needs.promise_supply(
        by, pk, source=sent.get("source", ""), who=sent.get("who", ""), quantity=sent.get("quantity", ""),
        version=version(sent),
    ).need  # fmt: skip


def do_aid(by: Actor, pk: int, sent: QueryDict) -> Need:
    due_at = after(sent)
    if due_at is None:
        raise Invalid("hours", "", "0~720", label="几小时内到位", unit="h")
    return needs.request_aid(
        by, pk, sent.get("relation", ""), sent.get("quantity", ""), due_at, sent.get("text", "")
    ).need


def do_load(by: Actor, pk: int, sent: QueryDict) -> Need:
    load = int(number_of(sent.get("load", ""), "load", "调拨单"))
    return supplying.link_load(by, pk, load, version=version(sent)).need


NEED = {
    "load": ("调拨单已挂接", do_load), "supply": ("已登记落实", do_supply), "aid": ("支援请求已提出", do_aid),
    "close": ("需求已关闭", lambda by, pk, s: needs.close_need(by, pk, s.get("reason", ""), version=version(s))),
}  # fmt: skip


@require_POST
def need_do(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    if verb not in NEED:
        raise NotFound(f"没有动作 {verb}")
    done, run = NEED[verb]
    return tab(request, run(actor_of(request), pk, request.POST).incident_id, "needs", done)


@require_POST
def allocate(request: HttpRequest, pk: int) -> HttpResponse:
    made = supplying.allocate_needs(actor_of(request), pk)
    return back(request, reverse("allocation", args=[made.pk]), "方案已算出")


@require_POST
def supply_move(request: HttpRequest, pk: int) -> HttpResponse:
    sent = request.POST
    row = needs.move_supply(actor_of(request), pk, sent.get("state", ""), sent.get("reason", ""))
    return tab(request, row.need.incident_id, "needs", "落实状态已更新")


@require_POST
def aid_answer(request: HttpRequest, key: str) -> HttpResponse:
    sent = request.POST
    row = needs.aid_answered(actor_of(request), key, sent.get("peer", ""), sent.get("state", ""), "电话答复")
    return tab(request, row.need.incident_id, "needs", "答复已登记")
