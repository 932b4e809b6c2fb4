"""值班: the week of every desk, with the hours nobody covers."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET, require_POST

from anlan.administration import actions, queries
from anlan.administration.models import DutyRole, Leave
from anlan.administration.rules.holidays import kind_of
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import Forbidden, Invalid, NotFound


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
        "days": [(day, kind_of(day)) for day in (monday + timedelta(days=n) for n in range(7))],
        "today": now.date(),
        "now": now,
        "before": monday - timedelta(days=7),
        "after": monday + timedelta(days=7),
        "monday": monday,
        "organisations": queries.desks(actor),
        "chosen": chosen,
        "may_edit": actor.has("administration.edit"),
        "may_ask": actor.has("administration.duty"),
        **queries.requests(actor, now),
        "people": queries.people(actor),
        "roles": DutyRole.choices,
        "lengths": actions.LENGTHS,
        "kinds": Leave.Kind.choices,
    }
    return render(request, "administration/duty.html", context)


def whole(text: str, field: str, label: str) -> int:
    if not text.isdigit():
        raise Invalid(field, text, "整数", label=label)
    return int(text)


def moment(text: str, field: str, label: str) -> datetime:
    """A local time of the form."""
    found = parse_datetime(text) if text else None
    if found is None:
        raise Invalid(field, text, "如 2026-11-23 08:00", label=label)
    return found if found.tzinfo else found.replace(tzinfo=clock.BEIJING)


def make(by: Actor, sent: Any) -> str:
    made = actions.make_roster(
        by,
        whole(sent.get("organisation", ""), "organisation", "机构"),
        day_of(sent.get("first", "")),
        whole(sent.get("days", ""), "days", "天数"),
        sent.get("role", ""),
        [int(pk) for pk in sent.getlist("people") if pk.isdigit()],
        shift_h=whole(sent.get("shift_h", "24"), "shift_h", "班次时长"),
    )
    return f"已排 {len(made)} 班"


def day_of(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid("first", text, "日期，如 2026-11-23", label="起始日") from error


def leave(by: Actor, sent: Any) -> str:
    actions.ask_leave(
        by,
        whole(sent.get("person", ""), "person", "人员"),
        sent.get("kind", ""),
        moment(sent.get("start", ""), "start", "开始"),
        moment(sent.get("end", ""), "end", "结束"),
        sent.get("reason", ""),
    )
    return "请假已提交"


def swap(by: Actor, sent: Any) -> str:
    against = sent.get("against", "")
    actions.ask_swap(
        by,
        whole(sent.get("shift", ""), "shift", "班次"),
        whole(sent.get("person", ""), "person", "替班人"),
        sent.get("reason", ""),
        int(against) if against.isdigit() else None,
    )
    return "调班已提交"


def decide(by: Actor, sent: Any) -> str:
    verb = {"leave": actions.decide_leave, "swap": actions.decide_swap}.get(sent.get("what", ""))
    if verb is None:
        raise Invalid("what", sent.get("what", ""), "leave / swap", label="申请")
    verb(by, whole(sent.get("id", ""), "id", "申请"), sent.get("approve") == "1")
    return "已审批"


VERBS = {"make": make, "leave": leave, "swap": swap, "decide": decide}


@require_POST
def do(request: HttpRequest, verb: str) -> HttpResponse:
    """排班、请假、调班、审批."""
    if verb not in VERBS:
        raise NotFound(f"没有动作 {verb}")
    messages.success(request, VERBS[verb](actor_of(request), request.POST))
    return redirect("duty")
