"""值守: the desk itself, 叫应, 批示, 值班快报与专报."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from anlan.administration import actions as administration
from anlan.administration import queries as duty
from anlan.command import actions, documents, queries
from anlan.command.actions.calling import unanswered
from anlan.command.actions.instructions import Point
from anlan.command.common import hm
from anlan.command.duty import board, bulletins, typed
from anlan.command.forms import number_of
from anlan.command.models import Bulletin, CallAttempt, CallRound, Instruction
from anlan.command.states import BULLETIN, BULLETIN_LABELS
from anlan.command.views.common import actor_of, attachment, back
from anlan.kernel import clock
from anlan.kernel.errors import Invalid, NotFound
from anlan.kernel.models import Area

VIEW = "command.view"
#: Rows of the form for the points of an instruction.
POINTS = 4


@require_GET
def desk(request: HttpRequest) -> HttpResponse:
    """值班席: what has a clock first, by urgency."""
    seen = board.board(actor_of(request))
    return render(request, "command/desk.html", {"board": seen, "desk": seen.desk, "now": clock.now()})


def areas_for(request: HttpRequest) -> list[Area]:
    """Areas this actor may call in, city to town."""
    actor = actor_of(request)
    return [
        area for area in Area.objects.filter(level__lte=3).order_by("path") if actor.may("command.incident", area.path)
    ]


@require_http_methods(["GET", "POST"])
def callings(request: HttpRequest) -> HttpResponse:
    """叫应 rounds, and a new one."""
    actor = actor_of(request)
    if request.method == "POST":
        sent = request.POST
        made = actions.start_calling(
            actor,
            title=sent.get("title", ""),
            text=sent.get("text", ""),
            area_ids=[int(pk) for pk in sent.getlist("areas") if pk.isdigit()],
            incident_id=int(sent["incident"]) if sent.get("incident", "").isdigit() else None,
            answer_min=float(number_of(sent.get("answer_min", "10"), "answer_min", "应答时限")),
        )
        return back(request, reverse("calling", args=[made.pk]), f"已发起叫应，{made.callees.count()} 人")
    now = clock.now()
    rounds = CallRound.objects.visible_to(actor, VIEW).select_related("incident").prefetch_related("callees")[:50]
    context = {
        "rounds": [board.calling(row, now) for row in rounds],
        "areas": areas_for(request),
        "incidents": queries.incidents(actor, open_only=True),
        "now": now,
    }
    return render(request, "command/callings.html", context)


@require_GET
def calling(request: HttpRequest, pk: int) -> HttpResponse:
    """One round: the list to telephone from, one key per outcome."""
    row = CallRound.objects.visible_to(actor_of(request), VIEW).select_related("incident", "area").one(pk)
    callees = list(row.callees.select_related("area", "instead_of").prefetch_related("attempts"))
    order = {"waiting": 0, "escalated": 1, "answered": 2}
    context = {
        "round": row,
        "seen": board.calling(row, clock.now()),
        "callees": sorted(callees, key=lambda one: (order[one.state], -one.step, one.pk)),
        "left": unanswered(row),
        "outcomes": CallAttempt.Outcome.choices,
        "means": CallAttempt.Means.choices,
        "now": clock.now(),
    }
    return render(request, "command/calling.html", context)


@require_POST
def callee(request: HttpRequest, pk: int) -> HttpResponse:
    sent = request.POST
    made = actions.attempt_call(
        actor_of(request), pk, sent.get("outcome", ""), sent.get("means", "phone"), sent.get("note", "")
    )
    return back(request, reverse("calling", args=[made.callee.round_id]), f"已登记：{made}")


@require_POST
def close_calling(request: HttpRequest, pk: int) -> HttpResponse:
    actions.close_calling(actor_of(request), pk, request.POST.get("reason", ""))
    return back(request, reverse("calling", args=[pk]), "叫应已结束")


@require_http_methods(["GET", "POST"])
def instructions(request: HttpRequest) -> HttpResponse:
    """批示 with every point of each, and a new one."""
    actor, now = actor_of(request), clock.now()
    if request.method == "POST":
        sent = request.POST
        actions.record_instruction(
            actor,
            leader=sent.get("leader", ""),
            text=sent.get("text", ""),
            means=sent.get("means", "phone"),
            given_at=typed.moment(sent.get("given_at", ""), now),
            incident_id=int(sent["incident"]) if sent.get("incident", "").isdigit() else None,
            area_id=int(sent["area"]) if sent.get("area", "").isdigit() else None,
            points=points_of(sent, now),
        )
        return back(request, reverse("instructions"), "批示已登记")
    rows = Instruction.objects.visible_to(actor, VIEW).select_related("incident").prefetch_related("items")[:100]
    context = {
        "instructions": rows,
        "incidents": queries.incidents(actor, open_only=True),
        "areas": areas_for(request),
        "means": Instruction.Means.choices,
        "rows": range(POINTS),
        "now": now,
    }
    return render(request, "command/instructions.html", context)


def points_of(sent: Any, now: Any) -> list[Point]:
    """The filled rows of the form; a deadline is given in hours from now."""
    found = []
    for what, owner, phone, hours in zip(
        sent.getlist("what"), sent.getlist("owner"), sent.getlist("phone"), sent.getlist("hours"), strict=False
    ):
        if what.strip():
            given = float(number_of(hours or "24", "hours", "办结时限"))
            if not 0 < given <= 24 * 90:
                raise Invalid("hours", hours, "0.5~2160", label="办结时限", unit="h")
            found.append(Point(what, owner, now + timedelta(hours=given), phone))
    return found


@require_POST
def instruction_item(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    verbs = {"feedback": actions.feed_back, "finish": actions.finish_item}
    if verb not in verbs:
        raise NotFound(f"没有动作 {verb}")
    verbs[verb](actor_of(request), pk, request.POST.get("reason", ""))
    return back(request, reverse("instructions"), "已登记")


@require_http_methods(["GET", "POST"])
def bulletin_list(request: HttpRequest) -> HttpResponse:
    """值班快报、值班信息、专报."""
    actor = actor_of(request)
    if request.method == "POST":
        sent = request.POST
        numbers = {name: int(sent[name]) if sent.get(name, "").isdigit() else None for name in ("incident", "area")}
        made = actions.draft_bulletin(actor, sent.get("kind", ""), numbers["incident"], numbers["area"])
        return back(request, reverse("bulletin", args=[made.pk]), f"已拟稿 {made.number}")
    context = {
        "bulletins": Bulletin.objects.visible_to(actor, VIEW).defer("picture").select_related("incident")[:100],
        "incidents": queries.incidents(actor, open_only=True),
        "areas": areas_for(request),
        "kinds": Bulletin.Kind.choices,
    }
    return render(request, "command/bulletins.html", context)


@require_GET
def bulletin(request: HttpRequest, pk: int) -> HttpResponse:
    row = Bulletin.objects.visible_to(actor_of(request), VIEW).select_related("incident").one(pk)
    labels = bulletins.LABELS[row.kind]
    context = {
        "bulletin": row,
        "steps": [
            {**one, "at": parse_datetime(one["at"]), "label": BULLETIN_LABELS[one["state"]]} for one in row.steps
        ],
        "fields": [{"name": name, "label": label, "value": row.fields.get(name, "")} for name, label in labels.items()],
        "length": bulletins.length(row.fields),
        "most": bulletins.FLASH_MOST if row.kind == Bulletin.Kind.FLASH else None,
        "next_states": BULLETIN[row.state],
        "editable": row.state not in {"sent", "received"},
    }
    return render(request, "command/bulletin.html", context)


@require_POST
def bulletin_do(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    by, sent = actor_of(request), request.POST
    version = int(sent["version"]) if sent.get("version", "").isdigit() else None
    if verb == "edit":
        row = Bulletin.objects.visible_to(by, "command.report").one(pk)
        fields = {name: sent[name] for name in bulletins.LABELS[row.kind] if name in sent}
        actions.edit_bulletin(by, pk, fields, title=sent.get("title", ""), version=version)
    elif verb == "receive":
        actions.receive_bulletin(by, pk, sent.get("reason", ""), version=version)
    elif verb in STEPS:
        STEPS[verb](by, pk, version=version)
    else:
        raise NotFound(f"没有动作 {verb}")
    return back(request, reverse("bulletin", args=[pk]), "已保存")


STEPS: dict[str, Any] = {
    "check": actions.check_bulletin,
    "sign": actions.sign_bulletin,
    "send": actions.send_bulletin,
}


@require_GET
def bulletin_picture(request: HttpRequest, pk: int) -> HttpResponse:
    """附图 of a 专报 as it was drawn with the draft."""
    row = Bulletin.objects.visible_to(actor_of(request), VIEW).one(pk)
    if not row.picture:
        raise NotFound(f"{row.number}没有附图")
    return HttpResponse(bytes(row.picture), content_type="image/png")


@require_GET
def bulletin_docx(request: HttpRequest, pk: int) -> HttpResponse:
    row = Bulletin.objects.visible_to(actor_of(request), VIEW).one(pk)
    return attachment(documents.bulletin_docx(row), f"{row.number}.docx", documents.WORD)


@require_http_methods(["GET", "POST"])
def handover(request: HttpRequest) -> HttpResponse:
    """交接班: what is open goes over with two signatures."""
    actor = actor_of(request)
    seen = board.board(actor)
    if request.method == "POST":
        sent = request.POST
        if sent.get("take", "").isdigit():
            administration.take_over(actor, int(sent["take"]), sent.get("remarks", ""))
            return back(request, reverse("handover"), "已接班")
        office = seen.watch.organisation.pk if seen.watch else 0
        wanted = sent.get("organisation", "")
        administration.hand_over(
            actor, int(wanted) if wanted.isdigit() else office, open_matters(seen), sent.get("remarks", "")
        )
        return back(request, reverse("handover"), "已交班，等待接班人签字")
    rows = duty.handovers(actor)
    context = {
        "board": seen,
        "items": open_matters(seen),
        "waiting": [row for row in rows if row.taken_at is None],
        "handovers": [row for row in rows if row.taken_at],
        "organisations": duty.desks(actor),
        "now": clock.now(),
    }
    return render(request, "command/handover.html", context)


def open_matters(seen: board.Board) -> list[dict[str, str]]:
    """Everything open at this moment, as text that stays true when the rows go on changing."""
    found = [
        {"kind": "事件", "title": str(row), "detail": f"{row.get_status_display()} {row.working_grade}".strip()}
        for row in seen.desk.incidents
    ]
    found += [{"kind": "线索", "title": row.title, "detail": row.source} for row in seen.desk.proposals]
    kinds = {"report": "报告时限", "task": "任务", "call": "叫应", "order": "批示"}
    found += [{"kind": kinds[one.kind], "title": one.title, "detail": f"{hm(one.at)} {one.detail}"} for one in seen.due]
    return found + [
        {"kind": "快报专报", "title": str(row), "detail": row.get_state_display()} for row in seen.bulletins
    ]
