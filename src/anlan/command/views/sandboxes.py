"""演练沙盒 on the drill's page: order it, watch it, direct it, stop it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from anlan import sandbox
from anlan.command.actions import sandboxes as verbs
from anlan.command.duty import sandboxes, today
from anlan.command.forms import number_of
from anlan.command.models import Drill, SandboxRun
from anlan.command.views.common import actor_of, back
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import NotFound

VIEW = "command.view"
KINDS = (("clue", "线索（群众来电、报告）"), ("note", "情况（记入事件）"), ("casualties", "伤亡（改事件数字）"))


def last_run(actor: Actor, drill: Drill) -> SandboxRun | None:
    return SandboxRun.objects.visible_to(actor, VIEW).select_related("drill").filter(drill=drill).first()


def progress(request: HttpRequest, drill: Drill) -> dict[str, Any]:
    """What the page's part shows of the last sandbox of this drill."""
    run = last_run(actor_of(request), drill)
    if run is None:
        return {"drill": drill, "run": None}
    minute, minutes = sandboxes.minute(run), run.seen.get("minutes") or 0
    return {
        "drill": drill, "run": run, "alive": run.state in sandboxes.ALIVE, "minute": minute, "minutes": minutes,
        "percent": round(min(100, 100 * (minute or 0) / minutes)) if minutes else 0,
        "address": sandboxes.address(run, request.get_host().rpartition(":")[0] or request.get_host()),
        "accounts": today.accounts(Path(sandboxes.city_of(run))) if run.today and run.state in ("running", "over")
        and actor_of(request).may(verbs.VERB, drill.area.path) else [],
        "kinds": KINDS, "waiting": [one for one in run.injects if not one["sent"]],
    }  # fmt: skip


def choice(drill: Drill) -> dict[str, Any]:
    """What the form to start one offers."""
    current = drill.plan.current() if drill.plan else None
    return {
        "stories": sandboxes.stories(current.document() if current else None), "ways": SandboxRun.People.choices,
        "in_sandbox": bool(sandbox.name()), "now": clock.now(),
    }  # fmt: skip


@require_GET
def part(request: HttpRequest, pk: int) -> HttpResponse:
    drill = Drill.objects.visible_to(actor_of(request), VIEW).select_related("plan").one(pk)
    return render(request, "command/parts/sandbox.html", progress(request, drill))


def number(text: str, field: str, label: str) -> float | None:
    return number_of(text, field, label) if text.strip() else None


@require_POST
def start(request: HttpRequest, pk: int) -> HttpResponse:
    sent = request.POST
    verbs.start_sandbox(
        actor_of(request), pk, sent.get("scenario", ""), people=sent.get("people", "live"),
        minutes=number(sent.get("minutes", ""), "minutes", "时长"), speed=number(sent.get("speed", ""), "speed", "倍速"),
        today=sent.get("today", "1") == "1",
    )  # fmt: skip
    return back(request, reverse("drill", args=[pk]), "沙盒正在启动")


def do_inject(by: Actor, pk: int, request: HttpRequest) -> SandboxRun:
    sent = request.POST
    names = {"minor": "轻伤", "serious": "重伤", "deaths": "死亡", "missing": "失踪"}
    figures = {
        name: int(number_of(sent[name], name, label)) for name, label in names.items() if sent.get(name, "").strip()
    }
    return verbs.direct_sandbox(
        by, pk, sent.get("kind", ""), sent.get("text", ""), event_code=sent.get("event_code", ""), figures=figures
    )


@require_POST
def do(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    by = actor_of(request)
    match verb:
        case "stop":
            row, done = verbs.stop_sandbox(by, pk), "已要求停止，实施记录写好后关闭"
        case "inject":
            row, done = do_inject(by, pk, request), "已交给沙盒"
        case _:
            raise NotFound(f"没有动作 {verb}")
    return back(request, reverse("drill", args=[row.drill_id]), done)
