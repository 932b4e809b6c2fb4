"""Assessing a shape, the brief of an incident, experts, branches."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from anlan.command import actions, documents, queries
from anlan.command.assessment import experts, whatif
from anlan.command.assessment.assess import Assessment, assess, ring, shape_of
from anlan.command.assessment.brief import Brief, brief, sentence
from anlan.command.views.common import actor_of, attachment
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import Forbidden


def looked(request: HttpRequest) -> tuple[Actor, Assessment]:
    actor = actor_of(request)
    if not actor.has("command.view"):
        raise Forbidden(f"{actor.name}没有“command.view”权限", permission="command.view")
    return actor, assess(actor, shape_of(ring(request.GET.get("ring", ""))), clock.now())


@require_GET
def inside(request: HttpRequest) -> HttpResponse:
    """Fragment for the map's panel: what lies inside a drawn ring."""
    actor, found = looked(request)
    context = {"found": found, "ring": request.GET.get("ring", ""), "may_call": actor.has("command.incident")}
    return render(request, "command/parts/assessment.html", context)


@require_GET
def inside_json(request: HttpRequest) -> JsonResponse:
    return JsonResponse(as_json(looked(request)[1]), json_dumps_params={"ensure_ascii": False})


def as_json(found: Assessment) -> dict[str, object]:
    return {
        "km2": round(found.km2, 3),
        "people": found.people,
        "communities": [vars(row) for row in found.communities],
        "vulnerable": [{"name": one.name, "people": one.people, "phone": one.phone} for one in found.vulnerable],
        "things": {title: [one.name for one in rows] for title, rows in found.things},
        "contacts": [{"name": c.name, "title": c.title, "phone": c.phone, "area": c.area.name} for c in found.contacts],
        "source": found.source,
        "modelled": True,
        "at": found.at.isoformat(),
    }


@require_POST
def call_inside(request: HttpRequest) -> HttpResponse:
    """Start calling those in charge of what was drawn."""
    actor = actor_of(request)
    found = assess(actor, shape_of(ring(request.POST.get("ring", ""))), clock.now())
    made = actions.start_calling(
        actor, title=request.POST.get("title", ""), text=request.POST.get("text", ""), area_ids=found.area_ids
    )
    return redirect("calling", made.pk)


def the_brief(request: HttpRequest, pk: int) -> Brief:
    actor = actor_of(request)
    return brief(actor, queries.incident(actor, pk), clock.now())


@require_GET
def brief_page(request: HttpRequest, pk: int) -> HttpResponse:
    """态势摘要, with experts and branches."""
    actor, found = actor_of(request), the_brief(request, pk)
    base = whatif.live(actor, found.incident)
    context = {
        "brief": found, "sentence": sentence(found), "incident": found.incident,
        "experts": experts.fitting(actor, found.incident)[:8], "base": base,
        "base_people": whatif.people(base) if base else 0,
        "fields": whatif.fields(base) if base else [], "branches": whatif.branches(actor, found.incident),
    }  # fmt: skip
    return render(request, "command/brief.html", context)


@require_GET
def brief_part(request: HttpRequest, pk: int) -> HttpResponse:
    """Fragment: the brief anew."""
    found = the_brief(request, pk)
    return render(request, "command/parts/brief.html", {"brief": found, "sentence": sentence(found)})


@require_GET
def brief_docx(request: HttpRequest, pk: int) -> HttpResponse:
    found = the_brief(request, pk)
    return attachment(documents.brief_docx(found), f"{found.incident.number}态势摘要.docx", documents.WORD)


@require_POST
def call_expert(request: HttpRequest, pk: int, expert: int) -> HttpResponse:
    called = experts.call_expert(actor_of(request), pk, expert, request.POST.get("reason", ""))
    messages.success(request, f"已请{called.name}会商")
    return redirect("incident-brief", pk)


@require_POST
def suppose(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    run = whatif.suppose(actor, queries.incident(actor, pk), {k: str(v) for k, v in request.POST.items()})
    messages.success(request, f"{run.title}：范围内约 {whatif.people(run)} 人")
    return redirect("incident-brief", pk)
