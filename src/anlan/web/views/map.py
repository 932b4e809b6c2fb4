"""`/`: the one map 一张图, and the fragments around it."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import Resolver404, resolve
from django.views.decorators.http import require_GET, require_POST
from shapely import STRtree
from shapely.geometry import Point, shape

from anlan.command import actions as command
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import Invalid, NotFound
from anlan.kernel.geo import distance_m
from anlan.kernel.geo.layers import LAYERS, Layer
from anlan.kernel.geo.shapes import BBox
from anlan.kernel.models import Area, Level
from anlan.monitoring import actions as monitoring
from anlan.web import board, live, timeline
from anlan.web.views.layers import json_answer, may_see, signed_in, visible_layers

#: Where a map without any area looks: Wuhai's bounding box, degrees.
WUHAI: BBox = (106.36, 39.15, 107.09, 39.90)
NEAR_DEG, NEAR_M, MOST_NEAR = 0.05, 4000, 14
WORKER = "vendor/maplibre-gl/dist/maplibre-gl-worker.mjs"


def city_bounds() -> BBox:
    """Extent of the city: of its limits, else of the seats below it."""
    shapes = [shape(area.geometry or {}) for area in Area.objects.filter(level=Level.CITY, geometry__isnull=False)]
    if shapes:
        boxes = [found.bounds for found in shapes]
        return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)
    return WUHAI


def map_config(actor: Actor) -> dict[str, Any]:
    """What the map's script must know; layers are those this actor may see."""
    return {
        "layers": visible_layers(actor),
        "bounds": city_bounds(),
        "tianditu": bool(settings.TIANDITU_KEY),
        "worker": static(WORKER),
        "attribution": "安澜 · 界线为示意，不作划界依据",
    }


def shell_context(actor: Actor) -> dict[str, Any]:
    return {"config": map_config(actor), "position": live.position()}


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    actor = signed_in(request)
    return render(request, "web/map.html", shell_context(actor) | board.worklist(actor))


@require_GET
def worklist(request: HttpRequest) -> HttpResponse:
    """The left side again, after an event."""
    return render(request, "web/map_worklist.html", board.worklist(signed_in(request)))


@require_POST
def acknowledge(request: HttpRequest, pk: int) -> HttpResponse:
    """Acknowledge an alarm where it is listed; the answer is the new list."""
    actor = signed_in(request)
    monitoring.acknowledge_alarm(actor, pk)
    return render(request, "web/map_worklist.html", board.worklist(actor))


@require_POST
def open_incident(request: HttpRequest, pk: int) -> HttpResponse:
    """由告警立案 from the list: the new incident opens at the right."""
    actor = signed_in(request)
    incident = command.open_from_alarm(actor, pk)
    answer = render(request, "web/map_worklist.html", board.worklist(actor))
    chosen = {"url": f"/command/incidents/{incident.pk}/panel", "lon": incident.lon, "lat": incident.lat}
    answer["HX-Trigger"] = json.dumps({"anlan-open": chosen | {"correlation": str(incident.correlation_id)}})
    return answer


def number(request: HttpRequest, name: str, low: float, high: float) -> float:
    given = request.GET.get(name, "")
    try:
        value = float(given)
    except ValueError as error:
        raise Invalid(name, given, f"{low:g} 至 {high:g}", unit="度") from error
    if not low <= value <= high:
        raise Invalid(name, given, f"{low:g} 至 {high:g}", unit="度")
    return value


def leads_somewhere(url: str) -> bool:
    try:
        resolve(url.partition("?")[0])
    except Resolver404:
        return False
    return True


@lru_cache(maxsize=4)
def area_tree(count: int, newest: int) -> tuple[list[int], STRtree]:
    """All areas with limits, in a search tree; `count` and `newest` only tell when it is out of date."""
    rows = list(Area.objects.filter(geometry__isnull=False).values_list("pk", "geometry"))
    return [pk for pk, _ in rows], STRtree([shape(geometry or {}) for _, geometry in rows])


def areas_at(lon: float, lat: float) -> list[Area]:
    """City, district, town … that contain the point, the largest first."""
    with_limits = Area.objects.filter(geometry__isnull=False)
    keys, tree = area_tree(with_limits.count(), with_limits.order_by("-pk").values_list("pk", flat=True).first() or 0)
    hits = [keys[i] for i in tree.query(Point(lon, lat), predicate="intersects")]
    return list(Area.objects.filter(pk__in=hits).order_by("level", "path"))


def near(actor: Actor, lon: float, lat: float) -> list[dict[str, Any]]:
    """Points of all visible layers around a place, the nearest first."""
    box = (lon - NEAR_DEG, lat - NEAR_DEG, lon + NEAR_DEG, lat + NEAR_DEG)
    found = [
        entry
        for layer in LAYERS.values()
        if layer.kind == "point" and may_see(actor, layer) and layer.group != "base"
        for entry in near_in(layer, actor, box, lon, lat)
    ]
    return sorted(found, key=lambda entry: entry["metres"])[:MOST_NEAR]


def near_in(layer: Layer, actor: Actor, box: BBox, lon: float, lat: float) -> list[dict[str, Any]]:
    found = []
    for feature in layer.features(actor, box)["features"]:
        at = feature["geometry"]["coordinates"]
        metres = distance_m(lon, lat, at[0], at[1])
        if metres <= NEAR_M:
            found.append({"layer": layer, "metres": metres, "lon": at[0], "lat": at[1], **described(layer, feature)})
    return found


def described(layer: Layer, feature: dict[str, Any]) -> dict[str, Any]:
    """Title and panel address of any feature."""
    properties = feature["properties"]
    pk = feature.get("id", properties.get("id"))
    title = properties.get("title") or properties.get("name") or properties.get("code") or pk
    panel = properties.get("panel") or f"/map/thing?layer={layer.key}&id={pk}"
    return {"title": title, "panel": panel, "properties": properties}


@require_GET
def here(request: HttpRequest) -> HttpResponse:
    """What is at a place, and what can be done there."""
    actor = signed_in(request)
    lon, lat = number(request, "lon", -180, 180), number(request, "lat", -90, 90)
    place = f"lon={lon:.6f}&lat={lat:.6f}"
    verbs = [
        ("command.incident", f"/command/incidents/new?{place}", "在此登记事件", "incident", "primary"),
        ("simulation.run", f"/simulation/new?{place}", "在此推演", "run", ""),
        ("resources.view", f"/resources/isochrones/?{place}", "到达范围", "road", ""),
    ]
    shown = [verb[1:] for verb in verbs if actor.has(verb[0]) and leads_somewhere(verb[1])]
    context = {"lon": lon, "lat": lat, "areas": areas_at(lon, lat), "near": near(actor, lon, lat), "verbs": shown}
    return render(request, "web/map_here.html", context)


@require_GET
def thing(request: HttpRequest) -> HttpResponse:
    """Any feature that has no fragment of its own: its properties, and the way to its page."""
    actor = signed_in(request)
    key, pk = request.GET.get("layer", ""), request.GET.get("id", "")
    layer = LAYERS.get(key)
    if layer is None or not may_see(actor, layer):
        raise NotFound(f"图层 {key} 不存在，或您无权查看")
    for feature in layer.features(actor, None)["features"]:
        if str(feature.get("id", feature["properties"].get("id"))) == pk:
            return render(request, "web/map_thing.html", {"layer": layer, **thing_context(layer, feature)})
    raise NotFound(f"{layer.title} {pk} 不存在，或不在您的管辖范围内")


#: What the properties of map features are called on the panel; one that is not named here shows its own name.
FACTS = {
    "kind": "类别", "state": "状态", "readiness": "状态代码", "at": "数据时间", "people": "人数", "value": "数值", "unit": "单位",
    "level": "级别", "model": "模型", "meaning": "含义", "capacity": "容纳人数", "beds": "床位", "industry": "行业",
    "substance": "物质", "quantity_t": "设计最大量 t", "priority": "优先级", "staff_day": "白班人数", "area": "区划",
    "status": "状态", "grade": "等级", "number": "编号", "source": "来源", "magnitude": "震级", "code": "编码",
    "per_km2": "人口密度 人/km²",
}  # fmt: skip


def thing_context(layer: Layer, feature: dict[str, Any]) -> dict[str, Any]:
    properties = dict(feature["properties"])
    hidden = {"id", "url", "panel", "title", "name", "representative", "modelled", "sketch", "correlation_id"}
    facts = [
        (FACTS.get(name, name), value)
        for name, value in properties.items()
        if name not in hidden and value not in (None, "") and not isinstance(value, dict | list)
    ]
    return described(layer, feature) | {"facts": facts, "geometry": feature["geometry"]}


@require_GET
def story(request: HttpRequest) -> HttpResponse:
    """Entries of the timeline band."""
    actor = signed_in(request)
    now = clock.now()
    if given := request.GET.get("correlation"):
        try:
            found = timeline.of_story(actor, UUID(given))
        except ValueError as error:
            raise Invalid("correlation", given, "UUID") from error
    else:
        hours = min(max(float(request.GET.get("hours") or 6), 0.1), 72)
        found = timeline.of_hours(actor, now, hours)
    return json_answer(request, {"now": now, "entries": found})
