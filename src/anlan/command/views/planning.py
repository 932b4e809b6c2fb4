"""Plans as data: check-up, stress test, editing, drafting from Word."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from anlan.command import actions, documents
from anlan.command.models import Plan, PlanVersion, StressRun
from anlan.command.planning.gather import means_of
from anlan.command.plans import lint, loader, text, word
from anlan.command.plans.document import PlanDocument
from anlan.command.views.common import actor_of, attachment
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.areas.models import Area
from anlan.kernel.errors import Conflict, Forbidden, Invalid, NotFound


def held(actor: Actor, pk: int) -> tuple[Plan, PlanVersion, PlanDocument]:
    """The plan and its version in force."""
    row = Plan.objects.visible_to(actor, "command.view").one(pk)
    version = row.current()
    if version is None:
        raise NotFound(f"{row}没有已发布的版本")
    return row, version, version.document()


@require_GET
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """预案体检与压力试验."""
    actor = actor_of(request)
    row, version, document = held(actor, pk)
    now = clock.now()
    means = means_of(actor, document, now)
    found = lint.lint(document, means, now.astimezone(clock.BEIJING).date())
    context = {
        "plan": row, "in_force": version, "findings": found, "means": means, "now": now,
        "counts": [(grade, sum(one.grade == grade for one in found)) for grade in (lint.ERROR, lint.WARNING, lint.HINT)],
        "run": newest(actor, row), "may": actor.has("command.edit"),
    }  # fmt: skip
    return render(request, "command/plan_check.html", context)


def newest(actor: Actor, row: Plan) -> StressRun | None:
    return StressRun.objects.visible_to(actor, "command.view").filter(plan_version__plan=row).first()


@require_GET
def stress_part(request: HttpRequest, pk: int) -> HttpResponse:
    """Fragment: the newest run, with its progress while it is being computed."""
    actor = actor_of(request)
    row = Plan.objects.visible_to(actor, "command.view").one(pk)
    return render(request, "command/parts/stress.html", {"plan": row, "run": newest(actor, row)})


@require_POST
def order_stress(request: HttpRequest, pk: int) -> HttpResponse:
    given = request.POST.get("incidents", "")
    if not given.isdigit():
        raise Invalid("incidents", given, "1 至 100000 的整数", label="模拟事件数", unit="起")
    actions.order_stress(actor_of(request), pk, int(given))
    messages.success(request, "压力试验已下达，算完自动显示")
    return redirect("plan-check", pk)


@require_GET
def stress_docx(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    row = Plan.objects.visible_to(actor, "command.view").one(pk)
    run = StressRun.objects.visible_to(actor, "command.view").filter(plan_version__plan=row, state="done").first()
    if run is None:
        raise NotFound(f"{row}还没有完成的压力试验")
    return attachment(documents.stress_docx(run), f"{row.title}压力试验报告.docx", documents.WORD)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Edit the text of a plan: look it over (errors, difference, check-up), then publish it as a new version."""
    actor = actor_of(request)
    row, version, document = held(actor, pk)
    before = text.as_toml(document)
    given = request.POST.get("text", before)
    context: dict[str, Any] = {"plan": row, "in_force": version, "text": given}
    if request.method == "POST":
        if published(request, actor, given, context):
            return redirect("plan", pk)
        context["difference"] = text.difference(before, given)
    return render(request, "command/plan_edit.html", context)


def published(request: HttpRequest, actor: Actor, given: str, context: dict[str, Any]) -> bool:
    """Look the text over; publish it when that was asked for and nothing is wrong with it."""
    try:
        document = loader.loads("预案文本", given)
        if request.POST.get("do") == "publish":
            made = actions.publish_plan(actor, document)
            messages.success(request, f"{made} 已发布")
            return True
    except (Conflict, Invalid) as error:
        context["error"] = error
        return False
    now = clock.now()
    context["findings"] = lint.lint(document, means_of(actor, document, now), now.astimezone(clock.BEIJING).date())
    return False


@require_GET
def versions(request: HttpRequest, pk: int) -> HttpResponse:
    """The difference of two versions."""
    actor = actor_of(request)
    row = Plan.objects.visible_to(actor, "command.view").one(pk)
    rows = list(PlanVersion.objects.visible_to(actor, "command.view").filter(plan=row).order_by("-id"))
    new = next((one for one in rows if one.version == request.GET.get("new")), rows[0] if rows else None)
    old = next((one for one in rows if one.version == request.GET.get("old")), rows[1] if len(rows) > 1 else new)
    lines = text.difference(text.as_toml(old.document()), text.as_toml(new.document())) if old and new else []
    return render(
        request, "command/plan_versions.html", {"plan": row, "rows": rows, "old": old, "new": new, "lines": lines}
    )


@require_http_methods(["GET", "POST"])
def draft(request: HttpRequest) -> HttpResponse:
    """From a Word plan to a text to finish and publish."""
    actor = actor_of(request)
    if not actor.has("command.edit"):
        raise Forbidden(f"{actor.name}没有“command.edit”权限", permission="command.edit")
    context: dict[str, Any] = {}
    if request.method == "POST" and "file" in request.FILES:
        made = word.read(request.FILES["file"].read())  # type: ignore[union-attr]
        top = Area.objects.order_by("level", "path").first()
        area = f"{top.code_system}:{top.code}" if top else ""
        context = {"notes": made.notes, "text": word.as_toml(made, area, clock.now().date())}
    elif request.method == "POST":
        context["text"] = request.POST.get("text", "")
        if published(request, actor, context["text"], context):
            return redirect("plans")
    return render(request, "command/plan_draft.html", context)
