"""自然灾害研判: what the rules say of weather, ice, rain and fire now, and fires that satellites saw."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from anlan.kernel import clock
from anlan.monitoring import queries
from anlan.monitoring.layers import RECENT
from anlan.monitoring.models import Judgement
from anlan.monitoring.views.alarms import actor_of

PAGE = 50
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
