"""Pages one looks at."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from anlan.command import actions, documents, event_codes, figures, queries, reporting, review
from anlan.command.duty import clocks, intake
from anlan.command.duty.places import PAIR
from anlan.command.forms import CasualtiesForm, IncidentForm
from anlan.command.models import Incident, Plan, PlanVersion, Report, ReportKind, ReportVersion, Response, Review
from anlan.command.models.incident import GRADE_CHOICES
from anlan.command.plans import words
from anlan.command.plans.document import LEVELS
from anlan.command.plans.variables import VARIABLES
from anlan.command.rules.cumulative import falls
from anlan.command.rules.drawing import SIGNS
from anlan.command.rules.duplicates import Account
from anlan.command.rules.reporting import PARTIES
from anlan.command.states import REPORT, TASK
from anlan.command.views.common import actor_of, attachment
from anlan.command.views.dispatching import resources_tab
from anlan.command.views.drills import review_context
from anlan.command.views.headquarters import headquarters_tab, needs_tab
from anlan.hazards.chemical.substances import table as substances
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.models import Post
from anlan.kernel.register.declare import REGISTERS
from anlan.simulation import queries as simulation

TABS = {
    "timeline": "时间线",
    "response": "响应",
    "headquarters": "指挥部",
    "tasks": "任务",
    "needs": "需求",
    "reports": "报告",
    "resources": "力量",
    "analysis": "研判",
}


@require_GET
def incidents(request: HttpRequest) -> HttpResponse:
    rows = queries.incidents(actor_of(request), open_only=request.GET.get("open") == "1")
    return render(request, "command/incidents.html", {"incidents": rows})


@require_http_methods(["GET", "POST"])
def new_incident(request: HttpRequest) -> HttpResponse:
    """新建事件, on the telephone."""
    actor = actor_of(request)
    form = IncidentForm(actor, request.POST or None, initial={**request.GET.dict(), "occurred_at": clock.now()})
    if request.method == "POST" and form.is_valid():
        made = actions.open_incident(actor, **form.values())
        return redirect("incident", made.pk)
    return render(request, "command/new_incident.html", {"form": form})


@require_GET
def duplicates(request: HttpRequest) -> HttpResponse:
    """Fragment: what is open near this place already."""
    found = PAIR.fullmatch(request.GET.get("location", ""))
    at = parse_datetime(request.GET.get("occurred_at", "")) if request.GET.get("occurred_at") else None
    if at is None or at.tzinfo is None:
        at = clock.now()
    now, code, words = clock.now(), request.GET.get("event_code", ""), request.GET.get("title", "")
    mine = Account(float(found[1]), float(found[2]), at, words, code) if found else None
    rows = [row.incident for row in intake.alike(actor_of(request), mine, now)] if mine else []
    return render(request, "command/parts/duplicates.html", {"incidents": rows})


@require_GET
def incident(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    row = queries.incident(actor, pk)
    tab = request.GET.get("tab", "timeline")
    tab = tab if tab in TABS else "timeline"
    context = {
        **header(actor, row),
        "tab": tab,
        "tabs": TABS,
        **(resources_tab(actor, row, request.GET) if tab == "resources" else CONTENT[tab](actor, row)),
    }
    return render(request, "command/incident.html", context)


@require_GET
def panel(request: HttpRequest, pk: int) -> HttpResponse:
    """Fragment for the side of the one map."""
    actor = actor_of(request)
    row = queries.incident(actor, pk)
    open_tasks = queries.tasks(actor, pk, open_only=True)
    leads = simulation.leads(actor, row.correlation_id).filter(state="open")[:3] if actor.has("simulation.view") else []
    context = {
        **header(actor, row),
        "tasks": open_tasks,
        "leads": leads,
        "timeline": queries.timeline(actor, pk)[:8],
        "signs": SIGNS.items() if actor.has("command.incident") else (),
    }
    return render(request, "command/panel.html", context)


def header(actor: Actor, row: Incident) -> dict[str, Any]:
    rows = queries.responses(actor, row.pk)
    return {
        "incident": row,
        "response": next((one for one in rows if one.state == Response.State.ACTIVE), None),
        "clocks": queries.clocks(actor, row.pk, unmet=True),
        "grades": [grade for grade, _word in GRADE_CHOICES],
        "now": clock.now(),
    }


def timeline_tab(actor: Actor, row: Incident) -> dict[str, Any]:
    others = [one for one in queries.incidents(actor, open_only=True) if one.pk != row.pk]
    return {"timeline": queries.timeline(actor, row.pk), "casualties": CasualtiesForm(instance=row), "others": others}


def response_tab(actor: Actor, row: Incident) -> dict[str, Any]:
    options = queries.plan_options(actor, row) if row.is_open else []
    return {"responses": queries.responses(actor, row.pk), "options": options, "levels": LEVELS}


def tasks_tab(actor: Actor, row: Incident) -> dict[str, Any]:
    return {"tasks": queries.tasks(actor, row.pk)}


def reports_tab(actor: Actor, row: Incident) -> dict[str, Any]:
    duties = queries.clocks(actor, row.pk)
    others = [(key, title) for key, (title, _level) in PARTIES.items() if key.removesuffix("_gov") != row.desk]
    window = clocks.window(row)
    return {
        "reports": queries.reports(actor, row.pk),
        "duties": sorted(duties, key=lambda duty: (list(PARTIES).index(duty.party), duty.due_at)),
        "kinds": ReportKind.values,
        "others": others,
        "window": window,
        "window_days": (window - clock.now()).days if window and window > clock.now() else None,
    }


def analysis_tab(actor: Actor, row: Incident) -> dict[str, Any]:
    known = figures.of_incident(row, clock.now())
    factors = [
        {"label": VARIABLES[name].label, "unit": VARIABLES[name].unit, "value": value, **row.factors.get(name, {})}
        for name, value in known.items()
        if name in VARIABLES
    ]
    for one in factors:
        of = substances().get(str(one["value"]))
        one["value"] = of.name if of else one["value"]
        one["at"] = datetime.fromisoformat(one["at"]) if one.get("at") else None
    entered = [
        (name, f"{_(v.label)} {_(v.unit) if v.unit else ''}".strip()) for name, v in VARIABLES.items() if v.entered
    ]
    return {
        "factors": factors, "entered": entered, "runs": runs_of(actor, row),
        "leads": simulation.leads(actor, row.correlation_id) if actor.has("simulation.view") else [],
        "may_answer": actor.has("simulation.run"),
    }  # fmt: skip


def runs_of(actor: Actor, row: Incident) -> list[dict[str, Any]]:
    """The newest runs of an incident with who is inside each zone."""
    found = simulation.runs(actor, row.correlation_id).order_by("-at")[:RUNS] if actor.has("simulation.view") else []
    return [
        {
            "pk": run.pk, "at": run.at, "title": run.title, "model": run.model, "because": run.because,
            "reached": list(zip(run.zones, run.exposure, strict=True)),
        }
        for run in found
    ]  # fmt: skip


#: Runs shown in the tab 研判.
RUNS = 12

CONTENT = {
    "timeline": timeline_tab,
    "response": response_tab,
    "headquarters": headquarters_tab,
    "needs": needs_tab,
    "tasks": tasks_tab,
    "reports": reports_tab,
    "analysis": analysis_tab,
}


@require_GET
def tasks(request: HttpRequest) -> HttpResponse:
    rows = queries.tasks(actor_of(request), open_only=request.GET.get("all") != "1")
    return render(request, "command/tasks.html", {"tasks": rows, "now": clock.now()})


@require_GET
def task(request: HttpRequest, pk: int) -> HttpResponse:
    """任务, for one hand and a telephone."""
    row = queries.task(actor_of(request), pk)
    return render(request, "command/task.html", {"task": row, "next_states": TASK[row.state], "now": clock.now()})


@require_GET
def plans(request: HttpRequest) -> HttpResponse:
    rows = [(plan, plan.current()) for plan in queries.plans(actor_of(request))]
    return render(request, "command/plans.html", {"plans": rows})


@require_GET
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """预案, readable, by version."""
    row = Plan.objects.visible_to(actor_of(request), "command.view").one(pk)
    versions = PlanVersion.objects.visible_to(actor_of(request), "command.view").filter(plan=row).order_by("-id")
    wanted = request.GET.get("version")
    shown = next((one for one in versions if one.version == wanted), versions.first())
    document = shown.document() if shown else None
    codes = [(code, event_codes.name(code)) for code in document.event_codes] if document else []
    context = {"plan": row, "versions": versions, "shown": shown, "document": document, "codes": codes}
    if document:
        wanted_posts = {code for one in document.roles for code in one.posts}
        posts = dict(Post.objects.unscoped(HELD).filter(code__in=wanted_posts).values_list("code", "title"))
        context |= words.readable(document, REGISTERS["teams"].words, posts)
    return render(request, "command/plan.html", context)


@require_GET
def report(request: HttpRequest, pk: int) -> HttpResponse:
    row = queries.report(actor_of(request), pk)
    before = reporting.previous(row)
    context = {
        "report": row,
        "fields": [field_row(row, name) for name in reporting.LABELS],
        "changes": reporting.difference(before.fields, row.fields) if before else [],
        "before": before,
        "versions": versions_of(row),
        "fallen": falls(before.fields, row.fields) if before else [],
        "next_states": REPORT[row.state],
        "clocks": queries.clocks(actor_of(request), row.incident_id),
        "sendings": [{**one, "at": datetime.fromisoformat(one["at"])} for one in row.sendings],
        "sent_by_phone": any(sending["channel"] == "phone" for sending in row.sendings),
        "now": clock.now(),
    }
    return render(request, "command/report.html", context)


def versions_of(row: Report) -> list[dict[str, Any]]:
    """Every version with what it changed in the one before, newest first."""
    kept = list(ReportVersion.objects.unscoped(HELD).filter(report=row))
    return [
        {"version": one, "changes": reporting.difference(kept[i - 1].fields, one.fields) if i else []}
        for i, one in enumerate(kept)
    ][::-1]


def field_row(row: Report, name: str) -> dict[str, Any]:
    """A field for the page: its text, and how it is edited."""
    value = row.fields.get(name)
    kind = "count" if name in (*reporting.COUNTS, "loss") else "text" if name in reporting.TEXTS else "fixed"
    return {
        "name": name,
        "label": reporting.LABELS[name] + ("（元）" if name == "loss" else "（人）" if kind == "count" else ""),
        "value": "" if value is None else value,
        "shown": reporting.shown(name, value),
        "kind": kind,
    }


@require_GET
def report_docx(request: HttpRequest, pk: int) -> HttpResponse:
    row = queries.report(actor_of(request), pk)
    return attachment(documents.report_docx(row), f"{row.number}{row.name}.docx", documents.WORD)


@require_GET
def review_page(request: HttpRequest, pk: int) -> HttpResponse:
    """复盘: replay, times against targets, lessons."""
    row = queries.incident(actor_of(request), pk)
    done = Review.objects.visible_to(actor_of(request), "command.view").filter(incident=row).first()
    measured = done.measured if done else [one.as_data() for one in review.measures(row)]
    context = {"incident": row, "review": done, "measures": measured}
    context |= review_context(actor_of(request), row, measured, done.scores if done else {})
    return render(request, "command/review.html", context)


@require_GET
def review_docx(request: HttpRequest, pk: int) -> HttpResponse:
    row = queries.incident(actor_of(request), pk)
    return attachment(documents.review_docx(row), f"{row.number}复盘.docx", documents.WORD)


@require_GET
def replay_json(request: HttpRequest, pk: int) -> JsonResponse:
    return JsonResponse(queries.replay(actor_of(request), pk), json_dumps_params={"ensure_ascii": False})
