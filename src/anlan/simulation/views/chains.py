"""灾害链、区域风险: what may follow, what to check, where it is worst."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import groupby, pairwise
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from anlan.kernel import clock
from anlan.kernel.errors import NotFound
from anlan.simulation import actions, queries
from anlan.simulation.models import Firing, Lead
from anlan.simulation.rules import chains, drawing, risk
from anlan.simulation.rules.criteria import LIKELY
from anlan.simulation.views.runs import PAGE, actor_of, seen_by

#: Unusual combinations are shown so long.
COMBINED = timedelta(hours=48)


def told(lead: Lead) -> dict[str, Any]:
    """A lead as the templates show it."""
    graph = chains.graph()
    return {
        "lead": lead, "source": graph.nodes[lead.source].title, "target": graph.nodes[lead.target].title,
        "then": [_(title) for title in queries.next_after(lead.target)],
        "likely": sum(row["verdict"] == LIKELY for row in lead.things),
    }  # fmt: skip


@require_GET
def leads(request: HttpRequest) -> HttpResponse:
    """Everything that waits to be checked, over all incidents."""
    actor = seen_by(request)
    rows = queries.leads(actor)
    wanted = request.GET.get("state", "open")
    if wanted in Lead.State.values:
        rows = rows.filter(state=wanted)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page, "rows": [told(lead) for lead in page.object_list], "state": wanted, "states": Lead.State.choices,
        "may_answer": actor.has("simulation.run"),
        "combinations": queries.combinations(actor, clock.now() - COMBINED),
    }  # fmt: skip
    return render(request, "simulation/leads.html", context)


@require_GET
def lead(request: HttpRequest, pk: int) -> HttpResponse:
    """One lead: a page, or the fragment at the side of the map."""
    actor = seen_by(request)
    row = queries.leads(actor).one(pk)
    context = {**told(row), "may_answer": actor.has("simulation.run"), "fragment": "panel" in request.GET}
    template = "simulation/parts/lead.html" if "panel" in request.GET else "simulation/lead.html"
    return render(request, template, context)


@require_POST
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """What people found."""
    chosen = [int(text) for text in request.POST.getlist("thing") if text.isdigit()]
    actions.answer_lead(actor_of(request), pk, request.POST.get("state", ""), request.POST.get("answer", ""), chosen)
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
    return redirect(back if safe else "simulation-leads")


@require_GET
def declared(request: HttpRequest) -> HttpResponse:
    """The graph itself: every edge with its reason and source, so that people can contradict it."""
    seen_by(request)
    graph = chains.graph()
    rows = [
        (graph.nodes[source].title, [(edge, graph.nodes[edge.target].title) for edge in edges])
        for source, edges in graph.after.items()
        if edges
    ]
    combinations = [("＋".join(_(graph.nodes[n].title) for n in sorted(one.nodes)), one) for one in graph.combinations]
    context = {"rows": rows, "combinations": combinations, "drawing": drawn(list(graph.nodes), graph.edges, {}, {})}
    return render(request, "simulation/graph.html", context)


@require_GET
def story(request: HttpRequest, correlation_id: UUID) -> HttpResponse:
    """One chain as it went: what fired, what was computed from it step by step, what people found."""
    actor = seen_by(request)
    fired = list(queries.firings(actor).filter(correlation_id=correlation_id).order_by("at"))
    leads = list(queries.leads(actor, correlation_id))
    if not fired and not leads:
        raise NotFound(f"没有关联号为 {correlation_id} 的灾害链")
    graph = chains.graph()
    real = [row for row in fired if not row.heard.startswith("supposed:")]
    found = {lead.edge: lead for lead in sorted(leads, key=lambda one: one.verdict == LIKELY)}
    edges = [edge for edge in graph.edges if edge.id in found]
    links = joints(leads)
    nodes = [key for key in graph.nodes if key in {row.node for row in real} | ends(edges)]
    by_step = sorted(leads, key=lambda one: (one.step, one.verdict != LIKELY, -(one.people or 0)))
    context = {
        "title": real[0].title if real else leads[0].because, "now": clock.now(),
        "drawing": drawn(nodes, edges, {row.node: row for row in real}, found, links),
        "steps": [(step, list(rows)) for step, rows in groupby(by_step, key=lambda one: one.step)],
    }  # fmt: skip
    return render(request, "simulation/story.html", context)


def ends(edges: Iterable[chains.Edge]) -> set[str]:
    return {end for edge in edges for end in (edge.source, edge.target)}


#: Classes of the drawing and what they mean.
KEY = (
    ("fired", "已发生"), ("likely", "较可能"), ("possible", "须核实"), ("confirmed", "核查属实"), ("cleared", "已排除"),
    ("idle", "未触发或推演接续"),
)  # fmt: skip


def joints(leads: Iterable[Lead]) -> list[tuple[str, str]]:
    """(target, source) where a computed step goes on from another node than the one before led to: a torrent is a flood."""
    edges = {edge.id: edge for edge in chains.graph().edges}
    pairs = {
        (edges[a].target, edges[b].source)
        for lead in leads
        for a, b in pairwise(lead.path)
        if a in edges and b in edges and edges[a].target != edges[b].source
    }
    return sorted(pairs)


def state_of(lead: Lead | None) -> str:
    """The class an edge is drawn in."""
    if lead is None:
        return "idle"
    if lead.state != Lead.State.OPEN:
        return str(lead.state)
    return "likely" if lead.verdict == LIKELY else "possible"


def drawn(
    nodes: list[str], edges: Sequence[chains.Edge], fired: Mapping[str, Firing], leads: Mapping[str, Lead],
    links: Sequence[tuple[str, str]] = (),
) -> dict[str, Any]:  # fmt: skip
    """The graph as the template draws it; `links` are ways of the computation that are no edges of the graph."""
    places = drawing.draw(nodes, [*((edge.source, edge.target) for edge in edges), *links])
    titles = {key: _(node.title) for key, node in chains.graph().nodes.items()}
    reached = {edge.target: state_of(leads.get(edge.id)) for edge in edges}
    shown_edges = [
        {
            "path": path, "title": f"{titles[edge.source]} → {titles[edge.target]}：{_(edge.title)}。{_(edge.reason)}",
            "state": state_of(leads.get(edge.id)),
            "url": reverse("simulation-lead", args=[leads[edge.id].pk]) if edge.id in leads else "",
        }
        for edge, path in zip(edges, places.paths, strict=False)
    ]  # fmt: skip
    joined = zip(links, places.paths[len(edges) :], strict=True)
    shown_edges += [
        {"path": path, "title": f"{titles[a]} → {titles[b]}", "state": "idle", "url": ""} for (a, b), path in joined
    ]
    shown_nodes = [
        {
            "x": one.x, "y": one.y, "title": titles[one.id], "why": fired[one.id].title if one.id in fired else titles[one.id],
            "state": "fired" if one.id in fired or reached.get(one.id) == "confirmed" else reached.get(one.id, "idle"),
        }
        for one in places.nodes
    ]  # fmt: skip
    words = "；".join(f"{titles[edge.source]}→{titles[edge.target]}" for edge in edges)
    return {
        "width": places.width,
        "height": places.height,
        "nodes": shown_nodes,
        "edges": shown_edges,
        "words": words,
        "key": KEY,
    }


@require_GET
def ranking(request: HttpRequest) -> HttpResponse:
    """Districts by points, with the parts they are made of."""
    now = clock.now()
    nodes = {key: node.title for key, node in chains.graph().nodes.items()}
    rows = [
        (
            one, [(one.parts[name], one.amounts[name], weight) for name, weight in risk.WEIGHTS.items()],
            [nodes[node] for node in one.nodes],
        )
        for one in queries.ranking(seen_by(request), now)
    ]  # fmt: skip
    context = {"rows": rows, "titles": [(risk.TITLES[n], w) for n, w in risk.WEIGHTS.items()], "now": now}
    return render(request, "simulation/ranking.html", context)
