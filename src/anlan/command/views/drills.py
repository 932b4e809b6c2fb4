"""演练日历、演练评估、整改台账."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from anlan.command import actions, queries
from anlan.command.duty import drills as calendar
from anlan.command.duty.sandboxes import stories
from anlan.command.forms import number_of
from anlan.command.models import Drill, Incident, Lesson
from anlan.command.rules import evaluation
from anlan.command.rules.drills import KINDS
from anlan.command.views import sandboxes
from anlan.command.views.common import actor_of, back
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import Invalid, NotFound
from anlan.kernel.models import Area

VIEW = "command.view"


def today() -> date:
    return clock.now().astimezone(clock.BEIJING).date()


def day(text: str, field: str, label: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid(field, text, "日期，如 2026-12-01", label=label) from error


def pk_of(text: str) -> int | None:
    return int(text) if text.isdigit() else None


@require_http_methods(["GET", "POST"])
def drills(request: HttpRequest) -> HttpResponse:
    """演练日历: what the law demands, by due date; and the drills themselves."""
    actor = actor_of(request)
    if request.method == "POST":
        made = planned(actor, request.POST)
        return back(request, reverse("drill", args=[made.pk]), f"已计划 {made.number}")
    places = Area.objects.filter(level__lte=3).order_by("path")
    context = {
        "obligations": calendar.calendar(actor, today()),
        "drills": Drill.objects.visible_to(actor, VIEW).select_related("plan")[:100],
        "kinds": KINDS.items(),
        "forms": Drill.Form.choices,
        "purposes": Drill.Purpose.choices,
        "plans": queries.plans(actor),
        "areas": [one for one in places if actor.may("command.review", one.path)],
        "today": today(),
        "given": request.GET,
        "stories": stories(),
    }
    return render(request, "command/drills.html", context)


def planned(by: Actor, sent: QueryDict) -> Drill:
    return actions.plan_drill(
        by,
        title=sent.get("title", ""),
        kind=sent.get("kind", ""),
        unit=sent.get("unit", ""),
        scenario=sent.get("scenario", ""),
        participants=sent.get("participants", ""),
        planned_on=day(sent.get("planned_on", ""), "planned_on", "计划日期"),
        area_id=pk_of(sent.get("area", "")) or 0,
        form=sent.get("form", "full"),
        purpose=sent.get("purpose", "test"),
        plan_id=pk_of(sent.get("plan", "")),
    )


def rows_for(measured: list[dict[str, Any]], scores: dict[str, Any]) -> list[dict[str, Any]]:
    """The evaluation form: every item with what was measured and what was given."""
    return [{"item": item, "given": scores.get(item.key, {})} for item in evaluation.items(measured)]


@require_GET
def drill(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    row = Drill.objects.visible_to(actor, VIEW).select_related("plan", "area").one(pk)
    context = {
        "drill": row,
        "rows": rows_for(row.result.get("measures", []), row.scores),
        "band": evaluation.band(row.total),
        "lessons": Lesson.objects.visible_to(actor, VIEW).filter(drill=row),
        "steps": calendar.steps(None, row),
        "today": today(),
    }
    context |= sandboxes.progress(request, row) | sandboxes.choice(row)
    return render(request, "command/drill.html", context)


@require_GET
def replay_json(request: HttpRequest, pk: int) -> JsonResponse:
    """The replay as the sandbox gave it back."""
    row = Drill.objects.visible_to(actor_of(request), VIEW).one(pk)
    return JsonResponse(row.result.get("replay") or {}, json_dumps_params={"ensure_ascii": False})


def scores_of(sent: QueryDict) -> dict[str, dict[str, Any]]:
    return {
        key: {"score": number_of(str(sent[f"score-{key}"]), key, label), "note": sent.get(f"note-{key}", "")[:200]}
        for key, (label, _) in evaluation.ITEMS.items()
        if sent.get(f"score-{key}", "").strip()
    }


def held(by: Actor, pk: int, sent: QueryDict) -> Any:
    at = parse_datetime(sent.get("held_at", ""))
    if at is None:
        raise Invalid("held_at", sent.get("held_at", ""), "如 2026-12-01 09:00", label="实施时间")
    row = Drill.objects.visible_to(by, "command.review").one(pk)
    return actions.keep_drill(by, pk, at if at.tzinfo else at.replace(tzinfo=clock.BEIJING), row.result)


VERBS: dict[str, tuple[str, Callable[[Actor, int, QueryDict], Any]]] = {
    "held": ("已登记实施", held),
    "evaluate": ("已评估", lambda by, pk, s: actions.evaluate_drill(by, pk, scores_of(s), s.get("summary", ""))),
    "cancel": ("已取消", lambda by, pk, s: actions.cancel_drill(by, pk, s.get("reason", ""))),
}


@require_POST
def drill_do(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    if verb not in VERBS:
        raise NotFound(f"没有动作 {verb}")
    done, run = VERBS[verb]
    run(actor_of(request), pk, request.POST)
    return back(request, reverse("drill", args=[pk]), done)


@require_POST
def evaluate_incident(request: HttpRequest, pk: int) -> HttpResponse:
    actions.evaluate_incident(actor_of(request), pk, scores_of(request.POST))
    return back(request, reverse("incident-review", args=[pk]), "已评估")


def review_context(
    actor: Actor, incident: Incident, measured: list[dict[str, Any]], scores: dict[str, Any]
) -> dict[str, Any]:
    """What the review's page shows beyond replay and times: evaluation and lessons."""
    total = evaluation.total([float(one["score"]) for one in scores.values()])
    return {
        "rows": rows_for(measured, scores),
        "total": total,
        "band": evaluation.band(total),
        "lessons": Lesson.objects.visible_to(actor, VIEW).filter(incident=incident),
        "steps": calendar.steps(incident, None),
        "today": today(),
    }


@require_http_methods(["GET", "POST"])
def lessons(request: HttpRequest) -> HttpResponse:
    """整改台账."""
    actor = actor_of(request)
    if request.method == "POST":
        sent = request.POST
        actions.open_lesson(
            actor,
            problem=sent.get("problem", ""),
            owner=sent.get("owner", ""),
            due_on=day(sent.get("due_on", ""), "due_on", "整改期限"),
            incident_id=pk_of(sent.get("incident", "")),
            drill_id=pk_of(sent.get("drill", "")),
            plan_step=sent.get("plan_step", ""),
        )
        return back(request, reverse("lessons"), "已列入整改")
    rows = Lesson.objects.visible_to(actor, VIEW).select_related("incident", "drill", "plan")
    return render(request, "command/lessons.html", {"lessons": rows, "today": today()})


@require_POST
def lesson_do(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    by, reason = actor_of(request), request.POST.get("reason", "")
    if verb == "finish":
        actions.finish_lesson(by, pk, reason)
    elif verb in {"pass", "return"}:
        actions.verify_lesson(by, pk, verb == "pass", reason)
    else:
        raise NotFound(f"没有动作 {verb}")
    return back(request, reverse("lessons"), "已登记")
