"""点名: the list, and one roll-call with its result."""

from __future__ import annotations

from collections import Counter

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from anlan.command.actions import rollcalls
from anlan.command.forms import number_of
from anlan.command.models import ContactMeans, RollAnswer, RollCall
from anlan.command.models.rollcall import Means
from anlan.command.views.common import actor_of, back
from anlan.kernel import clock
from anlan.kernel.models import Area

VIEW = "command.view"


@require_http_methods(["GET", "POST"])
def listing(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    if request.method == "POST":
        sent = request.POST
        area, repeat = (
            int(number_of(sent.get(name) or "0", name, label))
            for name, label in (("area", "区划"), ("repeat_h", "每隔"))
        )
        made = rollcalls.start_roll_call(actor, area, sent.get("title", ""), repeat)
        return back(request, reverse("roll-call", args=[made.pk]), "点名已开始")
    rows = RollCall.objects.visible_to(actor, VIEW).select_related("area").prefetch_related("answers")[:50]
    found = [(row, Counter(one.state for one in row.answers.all())) for row in rows]
    areas = [area for area in Area.objects.filter(level__lte=2) if actor.may("command.incident", area.path)]
    chains = ContactMeans.objects.visible_to(actor, VIEW).count()
    context = {"rows": found, "areas": areas, "chains": chains, "now": clock.now()}
    return render(request, "command/rollcalls.html", context)


@require_GET
def one(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    row = RollCall.objects.visible_to(actor, VIEW).select_related("area").one(pk)
    answers = list(
        RollAnswer.objects.visible_to(actor, VIEW).filter(roll_call=row).select_related("post__organisation")
    )
    words, names = dict(Means.choices), rollcalls.OUTCOMES
    for answer in answers:
        answer.tried = [{**one, "words": words[one["means"]], "said": names[one["outcome"]]} for one in answer.tries]  # type: ignore[attr-defined]
        answer.due = answer.now_by and {**answer.now_by, "words": words[answer.now_by["means"]]}  # type: ignore[attr-defined]
    counts = Counter(answer.state for answer in answers)
    by_means = Counter(words[answer.means] for answer in answers if answer.means)
    context = {
        "row": row, "answers": answers, "counts": dict(counts), "by_means": dict(by_means), "now": clock.now(),
        "may": actor.has("command.incident") and not row.closed_at,
    }  # fmt: skip
    return render(request, "command/rollcall.html", context)


@require_POST
def note(request: HttpRequest, pk: int) -> HttpResponse:
    row = rollcalls.note_try(actor_of(request), pk, request.POST.get("outcome", ""), request.POST.get("note", ""))
    return back(request, reverse("roll-call", args=[row.roll_call_id]), "已登记")


@require_POST
def close(request: HttpRequest, pk: int) -> HttpResponse:
    rollcalls.close_roll_call(actor_of(request), pk)
    return back(request, reverse("roll-call", args=[pk]), "点名已结束")
