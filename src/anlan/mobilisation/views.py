"""Pages of mobilisation: coverage, the cascade of a warning, what a warning is for."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import AnlanError, Forbidden
from anlan.kernel.geo.exposed import EXPOSED
from anlan.kernel.models import Area, Level
from anlan.mobilisation import actions, queries
from anlan.mobilisation.actions import CALL, EDIT
from anlan.mobilisation.rules.coverage import GOAL, total
from anlan.monitoring import queries as monitoring
from anlan.monitoring.rules.warnings import FAST_LEVELS

VIEW = "mobilisation.view"
#: The chart over time, in its own units.
WIDE, HIGH = 640, 180


def actor_of(request: HttpRequest) -> Actor:
    found: Actor = request.actor  # type: ignore[attr-defined]
    if not found.has(VIEW):
        raise Forbidden(f"{found.name}没有“{VIEW}”权限", permission=VIEW)
    return found


@require_GET
def coverage(request: HttpRequest) -> HttpResponse:
    """Each level against the 90 % line, over time, and the gaps with the cheapest way to close them."""
    actor = actor_of(request)
    tops = [
        area for area in Area.objects.filter(level__lte=Level.DISTRICT).defer("geometry") if actor.may(VIEW, area.path)
    ]
    paths = [area.path for area in tops if not any(area.path.startswith(o.path) and area.pk != o.pk for o in tops)]
    found = queries.unit_reach(paths)
    gaps = sorted((one for one in found if one.worse.gap), key=lambda one: -one.worse.gap)
    context = {
        "levels": by_level(paths), "whole": (total(o.day for o in found), total(o.night for o in found)), "goal": GOAL,
        "names": [title for _, title in queries.LEVELS],
        "lines": chart(queries.history(actor, Level.CITY), queries.keeping(actor)),
        "gaps": gaps, "cost": sum(one.plan.cost for one in gaps), "may_test": actor.has(EDIT), "now": clock.now(),
        "wide": WIDE, "high": HIGH, "line": HIGH * (1 - GOAL),
    }  # fmt: skip
    return render(request, "mobilisation/coverage.html", context)


def by_level(paths: list[str]) -> list[dict[str, Any]]:
    """How many areas of each level keep the line by day and by night."""
    rows = queries.reached(paths, None)
    found = []
    for level, title in queries.LEVELS:
        mine = [(day, night) for area, day, night, _ in rows if area.level == level]
        if mine:
            found.append({
                "title": title, "areas": len(mine), "day": total(d for d, _ in mine), "night": total(n for _, n in mine),
                "met_day": sum(d.met for d, _ in mine), "met_night": sum(n.met for _, n in mine),
            })  # fmt: skip
    return found


def chart(history: list[dict[str, Any]], keeping: dict[str, list[tuple[int, int, int]]]) -> dict[str, Any]:
    """Points of the two lines in the chart's units, and below for each time how many areas of each level kept the line."""
    if not history:
        return {}
    step = WIDE / max(1, len(history) - 1)
    lines = {
        key: " ".join(f"{n * step:.1f},{HIGH * (1 - one[key]):.1f}" for n, one in enumerate(history)) for key in ("day", "night")
    }  # fmt: skip
    return {**lines, "rows": [{**one, "levels": keeping.get(one["subject"], [])} for one in history]}


@require_POST
def test(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    try:
        count = actions.silent_test(actor)
        messages.success(request, f"静默测试已发出，共 {count} 人")
    except AnlanError as error:
        if error.status == 403:
            raise
        messages.error(request, error.message)
    return redirect("coverage")


@require_GET
def cascade(request: HttpRequest, subject: str) -> HttpResponse:
    """Who was called at each level, who answered and when."""
    actor = actor_of(request)
    hops = queries.cascade(actor, subject)
    done, sums = Counter(h.area.level for h in hops if h.confirmed_at), Counter(h.area.level for h in hops)
    levels = [(title, done[level], sums[level]) for level, title in queries.LEVELS if sums[level]]
    title = hops[0].calls[0].headline if hops else ""
    context = {"hops": hops, "levels": levels, "headline": title, "subject": subject, "may_call": actor.has(CALL)}
    return render(request, "mobilisation/cascade.html", context)


@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    row = actions.confirm_call(actor_of(request), pk, request.POST.get("reason") or "电话")
    messages.success(request, f"{row.to_name}已确认")
    return redirect("cascade", row.subject)


@require_GET
def targets(request: HttpRequest, pk: int) -> HttpResponse:
    """What a warning is for: communities, people, key places, officers of four levels."""
    actor = actor_of(request)
    warning = monitoring.warning(actor, pk)
    paths = [area.path for area in warning.areas.all()]
    rows = queries.targets(paths, warning.geometry)
    things: dict[str, list[Any]] = {}
    for thing in queries.things(actor, paths, warning.geometry):
        things.setdefault(EXPOSED[thing.kind].title, []).append(thing)
    officers: dict[str, list[Any]] = {title: [] for _, title in queries.LEVELS}
    names = dict(queries.LEVELS)
    # Those that issuing it calls: of the areas and everything below, and for the gravest levels the watch above.
    called = [*(queries.watch(paths) if warning.level in FAST_LEVELS else []), *queries.officers(paths)]
    for area, person in called:
        officers.setdefault(names.get(Level(area.level), "网格"), []).append((area, person))
    context = {
        "warning": warning, "rows": rows, "people": sum(row.people for row in rows), "things": things.items(),
        "officers": [(title, found) for title, found in officers.items() if found],
    }  # fmt: skip
    return render(request, "mobilisation/targets.html", context)
