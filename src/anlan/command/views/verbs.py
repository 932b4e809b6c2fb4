"""Buttons: one table per noun, verb -> what is done with what was sent. Everything else is the action's business."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.views.decorators.http import require_POST

from anlan.command import actions, queries, reporting
from anlan.command.duty import typed
from anlan.command.forms import FIGURES, number_of
from anlan.command.plans.variables import VARIABLES
from anlan.command.views.common import actor_of, back
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import NotFound

Verb = tuple[str, Callable[[Actor, int, QueryDict], Any]]


def version(sent: QueryDict) -> int | None:
    text = sent.get("version", "")
    return int(text) if text.isdigit() else None


def counts(sent: QueryDict, names: tuple[str, ...]) -> dict[str, Any]:
    """Typed counts; an empty field is null."""
    typed = {name: str(sent.get(name)).strip() for name in names if name in sent}
    return {
        name: number_of(text, name, reporting.LABELS.get(name, name)) if text else None for name, text in typed.items()
    }


def casualties(by: Actor, pk: int, sent: QueryDict) -> Any:
    figures = counts(sent, FIGURES)
    return actions.update_casualties(by, pk, version=version(sent), reason=sent.get("reason", ""), **figures)


def factor(by: Actor, pk: int, sent: QueryDict) -> Any:
    name, text = sent.get("name", ""), sent.get("value", "").strip()
    kind = VARIABLES[name].kind if name in VARIABLES else "text"
    value: Any = text or None
    if text and kind == "number":
        value = number_of(text, "value", VARIABLES[name].label)
    if text and kind == "flag":
        value = text in {"是", "true", "1"}
    return actions.set_factor(by, pk, name, value, sent.get("source", ""), version=version(sent))


def report_fields(by: Actor, pk: int, sent: QueryDict) -> Any:
    texts = {name: sent[name] for name in reporting.TEXTS if name in sent}
    figures = counts(sent, (*reporting.COUNTS, "loss"))
    return actions.edit_report(by, pk, {**texts, **figures}, version=version(sent), reason=sent.get("reason", ""))


def respond(by: Actor, pk: int, sent: QueryDict) -> Any:
    plan, level = sent.get("plan", ""), sent.get("level", "")
    return actions.activate_response(by, pk, plan, level, sent.get("reason", ""), version=version(sent))


def receipt(by: Actor, pk: int, sent: QueryDict) -> Any:
    """他方报告: times as typed on the desk."""
    now = clock.now()
    known, met = (typed.moment(sent.get(name, ""), now) for name in ("known_at", "met_at"))
    return actions.note_receipt(by, pk, sent.get("party", ""), known, met, sent.get("reason", ""))


INCIDENT: dict[str, Verb] = {
    "casualties": ("伤亡已更新", casualties),
    "factor": ("研判要素已录入", factor),
    "grade": (
        "等级已确认",
        lambda by, pk, s: actions.confirm_grade(by, pk, s.get("grade", ""), s.get("reason", ""), version=version(s)),
    ),
    "note": ("已记录", lambda by, pk, s: actions.note(by, pk, s.get("reason", ""))),
    "respond": ("响应已启动", respond),
    "adjust": (
        "响应级别已调整",
        lambda by, pk, s: actions.adjust_response(by, pk, s.get("level", ""), s.get("reason", ""), version=version(s)),
    ),
    "end": ("响应已终止", lambda by, pk, s: actions.end_response(by, pk, s.get("reason", ""), version=version(s))),
    "dispatch": (
        "队伍已调派",
        lambda by, pk, s: actions.dispatch_team(
            by, pk, int(number_of(s.get("team", ""), "team", "队伍")), s.get("reason", "")
        ),
    ),
    "close": ("已结案", lambda by, pk, s: actions.close_incident(by, pk, s.get("reason", ""), version=version(s))),
    "merge": (
        "已并入",
        lambda by, pk, s: actions.merge_incident(
            by, pk, int(number_of(s.get("into", ""), "into", "并入事件")), s.get("reason", ""), version=version(s)
        ),
    ),
    "restore": ("已取消合并", lambda by, pk, s: actions.restore_incident(by, pk, s.get("reason", ""))),
    "split": (
        "已拆分",
        lambda by, pk, s: actions.split_incident(
            by, pk, s.get("title", ""), s.get("event_code", ""), s.get("reason", ""), version=version(s)
        ),
    ),
    "receipt": ("已登记", receipt),
    "review": ("复盘已完成", lambda by, pk, s: actions.complete_review(by, pk, s.get("lessons", ""))),
}
TASK: dict[str, Verb] = {
    "acknowledge": ("已确认", lambda by, pk, s: actions.acknowledge_task(by, pk)),
    "start": ("已出发", lambda by, pk, s: actions.start_task(by, pk)),
    "arrive": ("已到场", lambda by, pk, s: actions.arrive_task(by, pk)),
    "finish": ("已完成", lambda by, pk, s: actions.finish_task(by, pk, s.get("reason", ""))),
    "refuse": ("已拒绝", lambda by, pk, s: actions.refuse_task(by, pk, s.get("reason", ""))),
    "withdraw": ("已撤销", lambda by, pk, s: actions.withdraw_task(by, pk, s.get("reason", ""))),
}
REPORT: dict[str, Verb] = {
    "edit": ("已保存", report_fields),
    "sign": ("已签发", lambda by, pk, s: actions.sign_report(by, pk, version=version(s))),
    "send": ("已报送", lambda by, pk, s: actions.send_report(by, pk, s.get("channel", ""))),
}


def chosen(verbs: dict[str, Verb], name: str) -> Verb:
    if name not in verbs:
        raise NotFound(f"没有动作 {name}")
    return verbs[name]


@require_POST
def incident(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    done, run = chosen(INCIDENT, verb)
    run(actor_of(request), pk, request.POST)
    return back(request, reverse("incident", args=[pk]), done)


@require_POST
def task(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    done, run = chosen(TASK, verb)
    run(actor_of(request), pk, request.POST)
    return back(request, reverse("task", args=[pk]), done)


@require_POST
def report(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    done, run = chosen(REPORT, verb)
    run(actor_of(request), pk, request.POST)
    return back(request, reverse("report", args=[pk]), done)


@require_POST
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    """拟稿, then to the report's page."""
    made = actions.draft_report(actor_of(request), pk, request.POST.get("kind", ""))
    return back(request, reverse("report", args=[made.pk]), f"已拟{made.name}")


@require_POST
def proposal(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """A clue becomes an incident, is merged into one, or is dismissed."""
    by, sent = actor_of(request), request.POST
    if verb == "accept":
        made = actions.accept_proposal(by, pk, sent.get("event_code", ""))
        return back(request, reverse("incident", args=[made.pk]), f"已立案 {made.number}")
    if verb == "merge":
        into = queries.incident(by, int(number_of(sent.get("incident", ""), "incident", "事件")))
        actions.merge_proposal(by, pk, into.pk)
        return back(request, reverse("incident", args=[into.pk]), f"已并入 {into.number}")
    if verb == "dismiss":
        actions.dismiss_proposal(by, pk, sent.get("reason", ""))
        return back(request, reverse("desk"), "线索不予立案")
    raise NotFound(f"没有动作 {verb}")
