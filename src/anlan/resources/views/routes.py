"""到达范围: how far one comes in so many minutes, on the map."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from anlan.kernel import clock
from anlan.kernel.errors import Invalid
from anlan.resources.models import Store, Team, Vehicle
from anlan.resources.queries.reach import Reached, bands_of, reached
from anlan.resources.roads import ANY, Limits
from anlan.resources.views.common import actor_of

#: Near to far.
COLOURS = ("#1f9e6e", "#8cbf3f", "#e6c229", "#e08a2e", "#c8443c", "#8e3b8e")
SLOWEST, FASTEST = 5.0, 120.0


def number(text: str, name: str, label: str, low: float, high: float, unit: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise Invalid(name, text, f"{low:g}~{high:g}", label=label, unit=unit) from error
    if not low <= value <= high:
        raise Invalid(name, text, f"{low:g}~{high:g}", label=label, unit=unit)
    return value


@require_GET
def isochrones(request: HttpRequest) -> HttpResponse:
    actor, given = actor_of(request), request.GET
    vehicles = Vehicle.objects.visible_to(actor).order_by("plate")
    context: dict[str, Any] = {
        "vehicles": vehicles[:200], "stores": Store.objects.visible_to(actor), "teams": Team.objects.visible_to(actor),
        "given": {"minutes": given.get("minutes", "10,20,30"), "speed": given.get("speed", "60"),
                  "vehicle": given.get("vehicle", ""), "place": given.get("place", "")},
        "now": clock.now(),
    }  # fmt: skip
    place = given.get("place", "") or ",".join(filter(None, (given.get("lon", ""), given.get("lat", ""))))
    context["given"]["place"] = place
    if place:
        try:
            lon, lat = at(place)
            speed = number(given.get("speed", "60"), "speed", "车速", SLOWEST, FASTEST, "km/h")
            chosen = vehicles.filter(pk=given["vehicle"]).first() if given.get("vehicle", "").isdigit() else None
            bands = bands_of(context["given"]["minutes"])
            found = reached(actor, lon, lat, bands, clock.now(), speed, limits_of(chosen))
            context |= {"found": list(zip(found, COLOURS, strict=False)), "map": drawn(found, lon, lat), "asked": True}
        except Invalid as error:
            context["error"] = error.message
    return render(request, "resources/isochrones.html", context)


@require_GET
def isochrones_json(request: HttpRequest) -> JsonResponse:
    """The same surfaces for the one map."""
    actor, given = actor_of(request), request.GET
    lon, lat = at(given.get("place", ""))
    bands = bands_of(given.get("minutes", "10,20,30"))
    found = reached(
        actor, lon, lat, bands, clock.now(), number(given.get("speed", "60"), "speed", "车速", SLOWEST, FASTEST, "km/h")
    )
    return JsonResponse(drawn(found, lon, lat) | {"minutes": " / ".join(f"{band:g}" for band in bands)})


def at(place: str) -> tuple[float, float]:
    lon, _comma, lat = place.replace("，", ",").partition(",")
    return number(lon, "lon", "经度", -180, 180, "度"), number(lat, "lat", "纬度", -90, 90, "度")


def limits_of(vehicle: Vehicle | None) -> Limits:
    if vehicle is None:
        return ANY
    return Limits(vehicle.height_m or 0.0, vehicle.gross_t or 0.0, vehicle.hazmat)


def drawn(found: list[Reached], lon: float, lat: float) -> dict[str, Any]:
    """Surfaces from the farthest to the nearest, so that the near ones lie on top, and the place itself."""
    areas = [
        {"type": "Feature", "geometry": one.area, "properties": {"colour": colour}}
        for one, colour in zip(found, COLOURS, strict=False)
    ]
    here = {
        "type": "Feature", "geometry": {"type": "Point", "coordinates": [lon, lat]},
        "properties": {"name": "起点", "kind": "short"},
    }  # fmt: skip
    return {"type": "FeatureCollection", "features": [*areas[::-1], here]}
