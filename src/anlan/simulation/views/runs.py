"""推演: choose an engine, give its inputs, see what it says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from anlan.hazards.contract import Choice, Ground, Hazard, Input, Lines, Places, Rows, Structures, Track
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import Forbidden, Invalid, NotFound
from anlan.simulation import actions, queries
from anlan.simulation import report as reports
from anlan.simulation.layers import SHOWN_H
from anlan.simulation.models import Run
from anlan.simulation.queries import numbers, track

PAGE = 30
KINDS = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "pdf": "application/pdf",
    "png": "image/png",
}  # fmt: skip
#: Filled in by the room, not typed by people.
FILLED = (Places, Lines, Ground, Structures)


def actor_of(request: HttpRequest) -> Actor:
    found: Actor = request.actor  # type: ignore[attr-defined]
    return found


def seen_by(request: HttpRequest) -> Actor:
    actor = actor_of(request)
    if not actor.has("simulation.view"):
        raise Forbidden(f"{actor.name}没有“simulation.view”权限", permission="simulation.view")
    return actor


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Engines, and what they were asked before."""
    actor = seen_by(request)
    page = Paginator(queries.runs(actor), PAGE).get_page(request.GET.get("page"))
    rows = [(run, queries.HAZARDS.get(run.kind), worst(run)) for run in page.object_list]
    context = {
        "page": page,
        "rows": rows,
        "hazards": queries.HAZARDS.values(),
        "may_run": actor.has("simulation.run"),
    }
    return render(request, "simulation/list.html", context)


def worst(run: Run) -> int | None:
    """People in the largest zone; None when nobody's outline is known."""
    if not all(zone.get("known", True) for zone in run.exposure):
        return None
    pairs = zip(run.zones, run.exposure, strict=True)
    return max((counted["people"] for zone, counted in pairs if not zone.get("uncertain")), default=0)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The form of one engine; from the map it comes with the place."""
    actor = seen_by(request)
    given = request.POST if request.method == "POST" else request.GET
    hazard = hazard_of(given.get("kind", ""))
    error: Invalid | None = None
    if request.method == "POST":
        try:
            run = asked(actor, hazard, given)
            return redirect("simulation-run", run.pk)
        except Invalid as refused:
            error = refused
    context = {
        "hazard": hazard,
        "hazards": queries.HAZARDS.values(),
        "fields": [field(item, given) for item in hazard.inputs if not isinstance(item, FILLED)],
        "lon": given.get("lon", ""),
        "lat": given.get("lat", ""),
        "subject": given.get("subject", ""),
        "correlation_id": given.get("correlation_id", ""),
        "error": error.message if error else "",
    }
    return render(request, "simulation/new.html", context, status=422 if error else 200)


def hazard_of(kind: str) -> Hazard:
    if not kind:
        return next(iter(queries.HAZARDS.values()))
    found = queries.HAZARDS.get(kind)
    if found is None:
        raise Invalid("kind", kind, "、".join(queries.HAZARDS), label="灾种")
    return found


def spoken_span(item: Input) -> str:
    return _("%(low)s 至 %(high)s") % {"low": f"{item.low:g}", "high": f"{item.high:g}"}


def field(item: Any, given: Any) -> dict[str, Any]:
    """One input as the form shows it."""
    if isinstance(item, Track):
        places = track(given.get(item.name, ""), item.title)
        text = "\n".join(f"{lon}, {lat}" for lon, lat in places)
        return {"item": item, "value": text, "choices": (), "unit": "", "range": "", "track": True}
    if isinstance(item, Rows):
        lines = numbers(str(given.get(item.name, "")), len(item.columns), item.title)
        text = "\n".join(", ".join(f"{value:g}" for value in row) for row in lines)
        return {"item": item, "value": text, "choices": (), "unit": "", "range": "", "rows": True}
    value = given.get(item.name, "" if item.default is None else item.default)
    choices = [(word, item.words.get(word, word)) for word in item.allowed] if isinstance(item, Choice) else ()
    unit, span = (item.unit, spoken_span(item)) if isinstance(item, Input) else ("", "")
    shown = f"{value:g}" if isinstance(value, float) else value
    return {"item": item, "value": shown, "choices": choices, "unit": unit, "range": span}


def number(given: Any, name: str, label: str, allowed: str) -> float:
    try:
        return float(given.get(name, ""))
    except ValueError as error:
        raise Invalid(name, given.get(name), allowed, label=label) from error


def asked(actor: Actor, hazard: Hazard, given: Any) -> Run:
    """Run what the form asks for."""
    inputs: dict[str, Any] = {}
    for item in hazard.inputs:
        if isinstance(item, FILLED) or given.get(item.name, "") == "":
            continue
        if isinstance(item, Track):
            inputs[item.name] = track(given[item.name], item.title)
            continue
        if isinstance(item, Rows):
            inputs[item.name] = numbers(given[item.name], len(item.columns), item.title)
            continue
        whole = isinstance(item, Choice)
        inputs[item.name] = given[item.name] if whole else number(given, item.name, item.title, "数")
    lon, lat = number(given, "lon", "经度", "-180~180"), number(given, "lat", "纬度", "-90~90")
    said = given.get("correlation_id", "")
    try:
        correlation_id = UUID(said) if said else None
    except ValueError as error:
        raise Invalid("correlation_id", said, "UUID", label="关联号") from error
    return actions.run(actor, hazard.kind, inputs, lon, lat, correlation_id, given.get("subject", "")[:120])


@require_GET
def result(request: HttpRequest, pk: int) -> HttpResponse:
    """What an engine said, with model, assumptions and limits."""
    run = queries.runs(seen_by(request)).one(pk)
    context = {
        "run": run, "hazard": queries.HAZARDS.get(run.kind), "zones": list(zip(run.zones, run.exposure, strict=True)),
        "on_map": run.at >= clock.now() - timedelta(hours=SHOWN_H),
        "inputs": reports.inputs_of(run), "reached": queries.affected(actor_of(request), run),
    }  # fmt: skip
    return render(request, "simulation/run.html", context)


@require_GET
def report(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """A run as Word, PDF, or map and people as PNG."""
    actor = seen_by(request)
    if kind not in KINDS:
        raise NotFound(f"没有“{kind}”格式的报告")
    run = queries.runs(actor).one(pk)
    answer = HttpResponse(reports.made(run, kind, actor), content_type=KINDS[kind])
    name = f"{run.title}推演报告{localtime(run.at):%Y%m%d%H%M}.{kind}"
    answer["Content-Disposition"] = content_disposition_header(True, name)
    return answer
