"""灾害链、区域风险: what may follow, what to check, where it is worst."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from anlan.kernel import clock
from anlan.simulation import actions, queries
from anlan.simulation.models import Lead
from anlan.simulation.rules import chains, risk
from anlan.simulation.rules.criteria import LIKELY
from anlan.simulation.views.runs import PAGE, actor_of, seen_by

#: Unusual combinations are shown so long.
COMBINED = timedelta(hours=48)


def told(lead: Lead) -> dict[str, Any]:
    """A lead as the templates show it."""
    graph = chains.graph()
    return {
        "lead": lead, "source": graph.nodes[lead.source].title, "target": graph.nodes[lead.target].title,
        "then": queries.next_after(lead.target), "likely": sum(row["verdict"] == LIKELY for row in lead.things),
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
    actions.answer_lead(actor_of(request), pk, request.POST.get("state", ""), request.POST.get("answer", ""))
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
    combinations = [("＋".join(graph.nodes[n].title for n in sorted(one.nodes)), one) for one in graph.combinations]
    return render(request, "simulation/graph.html", {"rows": rows, "combinations": combinations})


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
