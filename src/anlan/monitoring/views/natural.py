"""自然灾害研判: what the rules say of weather, ice, rain and fire now, and fires that satellites saw."""

from __future__ import annotations

import json

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from shapely.geometry import shape

from anlan.kernel import clock
from anlan.kernel.geo import as_geojson, circle
from anlan.kernel.geo.exposed import EXPOSED, things_in
from anlan.monitoring import queries
from anlan.monitoring.layers import RECENT
from anlan.monitoring.models import Judgement
from anlan.monitoring.rules.advice import advice
from anlan.monitoring.views.alarms import actor_of
from anlan.simulation import queries as simulation

PAGE = 50
#: What lies so near (m) to a place that may flood or slide is looked at.
NEAR_M = 3000.0
ORDER = {"红": 0, "橙": 1, "黄": 2, "蓝": 3, "": 4}


@require_GET
def judgements(request: HttpRequest) -> HttpResponse:
    """Standing judgements, the worst first; then those that have ended; fires of the last days."""
    actor = actor_of(request)
    standing = sorted(queries.judgements(actor), key=lambda row: (ORDER[row.colour], row.kind, row.place))
    ended = queries.judgements(actor, standing=False).filter(ended_at__isnull=False)
    context = {
        "standing": standing, "page": Paginator(ended, PAGE).get_page(request.GET.get("page")),
        "fires": queries.fires(actor).filter(last_at__gte=clock.now() - RECENT)[:50],
        "kinds": dict(Judgement.Kind.choices), "now": clock.now(),
        "may_draft": actor.has("monitoring.warn_draft"),
    }  # fmt: skip
    return render(request, "monitoring/judgements.html", context)


@require_GET
def judgement(request: HttpRequest, pk: int) -> HttpResponse:
    """One judgement: why, who and what it threatens, what the guide asks."""
    actor = actor_of(request)
    row = queries.judgement(actor, pk)
    outline = shape(row.area.geometry) if row.area.geometry else circle(row.lon, row.lat, NEAR_M)
    # a place's own judgement is about what lies round it, a station's about its district
    around = circle(row.lon, row.lat, NEAR_M) if row.kind in ("flash", "slope", "ice", "flood") else outline
    things = things_in(actor, around) if row.colour else []
    kinds = [(exposed.title, [thing for thing in things if thing.kind == exposed.kind]) for exposed in EXPOSED.values()]
    people = simulation.exposure([as_geojson(around)])[0] if row.colour else {}
    told, source = advice(row.name, row.colour)
    figures = [(name, value) for name, value in row.figures.items() if name not in ("past", "people")]
    context = {
        "row": row, "kinds": [(title, found) for title, found in kinds if found], "people": people, "advice": told,
        "source": source, "figures": figures, "past": json.loads(str(row.figures.get("past", "[]"))),
        "where": f"{NEAR_M / 1000:g} km 内" if around is not outline else row.area.name,
        "may_draft": actor.has("monitoring.warn_draft"),
    }  # fmt: skip
    return render(request, "monitoring/judgement.html", context)
