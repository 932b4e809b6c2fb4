"""震情: earthquakes judged by themselves, what people felt, and the catalogue of past ones."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from anlan.command import actions, queries
from anlan.command.layers import past_feature
from anlan.command.quakes import catalogue, judged
from anlan.command.views.common import actor_of, back
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import Forbidden, Invalid
from anlan.monitoring import queries as monitoring
from anlan.simulation import queries as simulation

PAGE = 25
#: Smallest magnitudes the catalogue can be narrowed to, and distances (km).
SIZES, DISTANCES = (0.0, 5.0, 5.5, 6.0, 7.0), (100, 200, 300, 400)
#: Years back that the catalogue can be narrowed to; 0 is all of it.
SPANS = (0, 10, 30, 50, 100)
#: What a person feels, as the form asks it, by degree (GB/T 17742 table 1, shortened).
FELT = {
    2: "个别人静止时有感",
    3: "室内少数人有感，悬挂物微动",
    4: "室内多数人、室外少数人有感，器皿作响",
    5: "多数人惊醒，门窗作响，墙灰掉落",
    6: "站立不稳，惊逃户外，墙体细裂",
    7: "多数人惊逃，家具倾倒，墙体开裂",
    8: "摇晃颠簸，行走困难，房屋中等至严重破坏",
    9: "行动的人摔倒，房屋多数严重破坏",
}


def viewer(request: HttpRequest) -> Actor:
    actor = actor_of(request)
    for permission in ("command.view", "monitoring.view"):
        if not actor.has(permission):
            raise Forbidden(f"{actor.name}没有“{permission}”权限", permission=permission)
    return actor


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Earthquakes of the feeds, the newest first, with their newest judgement."""
    actor = viewer(request)
    page = Paginator(monitoring.hazard_events(actor).filter(kind="earthquake"), PAGE).get_page(request.GET.get("page"))
    events = list(page.object_list)
    found = judged.newest(actor, [event.correlation_id for event in events])
    rows = [(event, found.get(event.correlation_id)) for event in events]
    return render(request, "command/quakes.html", {"page": page, "rows": rows, "now": clock.now()})


@require_GET
def quake(request: HttpRequest, pk: int) -> HttpResponse:
    """One earthquake: judgement, its history, felt reports."""
    actor = viewer(request)
    event = monitoring.hazard_event(actor, pk)
    found = judged.assessments(actor, event.correlation_id)
    context = {
        "event": event, "run": found[0] if found else None, "history": found, "degrees": FELT.items(), "now": clock.now(),
        "reached": simulation.affected(actor, found[0]) if found else [], "felt": queries.felt_reports(actor, event)[:100],
        "open": clock.now() - event.at <= judged.OPEN_FOR and actor.has("command.incident"), "places": places(),
    }  # fmt: skip
    return render(request, "command/quake.html", context)


def places() -> list[tuple[str, float, float]]:
    """Communities by a place inside them."""
    inside = [(home.name, home.outline.representative_point()) for home in simulation.homes()]
    return [(name, round(point.x, 5), round(point.y, 5)) for name, point in inside]


@require_POST
def felt(request: HttpRequest, pk: int) -> HttpResponse:
    """登记有感上报: at a community or at typed coordinates."""
    sent = request.POST
    try:
        lon, lat = (
            float(part) for part in (sent.get("place") or sent.get("location", "")).replace("，", ",").split(",")
        )
    except ValueError as error:
        raise Invalid("location", sent.get("location", ""), "“经度, 纬度”", label="位置") from error
    degree = sent.get("degree", "")
    if not degree.isdigit():
        raise Invalid("degree", degree, "1 至 12", label="烈度", unit="度")
    actions.report_felt(actor_of(request), pk, lon, lat, int(degree), sent.get("words", ""))
    return back(request, reverse("quake", args=[pk]), "有感上报已登记，随即修正烈度")


@require_GET
def past(request: HttpRequest) -> HttpResponse:
    """历史地震: what has been felt here, how often which size."""
    actor = viewer(request)
    least, within = chosen(request.GET.get("least"), SIZES, 0.0), chosen(request.GET.get("within"), DISTANCES, 400)
    years_back = int(chosen(request.GET.get("span"), SPANS, 0))
    found = queries.past_earthquakes(actor).filter(magnitude__gte=least)
    if years_back:
        found = found.filter(at__gte=clock.now() - timedelta(days=365.25 * years_back))
    rows = list(found)
    lon, lat = queries.city_place()
    seen = [one for one in catalogue.seen_from(rows, lon, lat) if one.km <= within]
    order = {"felt": lambda one: -one.felt, "at": lambda one: -one.quake.at.timestamp(), "km": lambda one: one.km,
             "magnitude": lambda one: -one.quake.magnitude}  # fmt: skip
    sort = request.GET.get("sort", "felt")
    seen.sort(key=order.get(sort, order["felt"]))
    rate = catalogue.frequency([one.quake for one in seen], max(least, 5.2))
    years = [(size, rate.every(size)) for size in (5.0, 5.5, 6.0, 6.5, 7.0)] if rate else []
    context = {"rows": seen, "rate": rate, "years": years, "least": least, "within": within, "sort": sort, "sizes": SIZES,
               "distances": DISTANCES, "span": years_back, "spans": SPANS, "map": mapped(seen, lon, lat),
               "dots": catalogue.dots([one.quake for one in seen]),
               "sources": sorted({one.quake.source for one in seen})}  # fmt: skip
    return render(request, "command/past_quakes.html", context)


def mapped(seen: list[catalogue.Past], lon: float, lat: float) -> dict[str, Any]:
    """The chosen earthquakes and this city, for the small map."""
    features = []
    for one in sorted(seen, key=lambda past: past.quake.magnitude):
        feature = past_feature(one.quake)
        # the size of a dot grows as the wave does, the strongest are named
        size = one.quake.magnitude
        feature["properties"] |= {"radius": 2.0 + 1.6 * max(0.0, size - 4), "name": one.quake.name if size >= 6 else ""}
        features.append(feature)
    point = {"type": "Point", "coordinates": [lon, lat]}
    here = {"type": "Feature", "geometry": point, "properties": {"kind": "place", "name": "本市"}}
    return {"type": "FeatureCollection", "features": [*features, here]}


def chosen(text: str | None, among: tuple[float, ...], default: float) -> float:
    """The choice that a query names, else the default."""
    try:
        value = float(text or "")
    except ValueError:
        return default
    return value if value in among else default
