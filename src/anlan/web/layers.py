"""The base map's own layers: administrative areas, and what the city package draws (river, reservoir)."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.geo.layers import FeatureCollection, Layer, layer
from anlan.kernel.geo.shapes import BBox
from anlan.kernel.models import Area, Level
from anlan.resources.roads import roads as road_graph
from anlan.web.city import loader

GROUP = "base"
#: Everybody who signed in may see where the city ends.
EVERYBODY = ""


def properties(actor: Actor, area: Area) -> dict[str, Any]:
    """Name and level for everybody; how many live there for those who answer for the area."""
    known = actor.may("kernel.view", area.path)
    return {
        "id": area.pk,
        "name": area.name,
        "code": area.code,
        "level": area.get_level_display(),
        "population": area.population if known else None,
        "population_note": area.population_note if known else "",
        "sketch": area.sketch,
        "representative": area.representative,
        "seat": [area.seat_lon, area.seat_lat] if area.seat_lon is not None else None,
    }


def boundaries(actor: Actor, level: Level) -> FeatureCollection:
    """Areas of one level as polygons; those whose limits nobody published are marked `sketch` (示意)."""
    areas = Area.objects.filter(level=level, geometry__isnull=False)
    return collection(
        {"type": "Feature", "id": area.pk, "geometry": area.geometry, "properties": properties(actor, area)}
        for area in areas
    )


def seats(actor: Actor, *levels: Level) -> FeatureCollection:
    """Seats of areas as points: the place names of the map."""
    areas = Area.objects.filter(level__in=levels, seat_lon__isnull=False, seat_lat__isnull=False)
    return collection(
        {
            "type": "Feature",
            "id": area.pk,
            "geometry": {"type": "Point", "coordinates": [area.seat_lon, area.seat_lat]},
            "properties": properties(actor, area) | {"rank": int(area.level)},
        }
        for area in areas
    )


def collection(features: Any) -> FeatureCollection:
    return {"type": "FeatureCollection", "features": list(features)}


def water(actor: Actor, bbox: BBox | None) -> FeatureCollection:
    """River and lakes as the city package draws them, 示意."""
    found = [shape for shape in loader.lines(settings.CITY) if shape["properties"]["kind"] in {"river", "water"}]
    return collection({**shape, "id": number} for number, shape in enumerate(found))


def roads(actor: Actor, bbox: BBox | None) -> FeatureCollection:
    """The road graph as lines, one per stretch whatever its directions."""
    return collection(
        {
            "type": "Feature",
            "id": number,
            "geometry": {"type": "LineString", "coordinates": road.line},
            "properties": {
                "name": road.name,
                "speed_km_h": road.speed_km_h,
                "sketch": road.representative,
                "representative": road.representative,
            },
        }
        for number, road in enumerate(road_graph().roads)
    )


def of_level(level: Level) -> Any:
    return lambda actor, bbox: boundaries(actor, level)


def places(actor: Actor, bbox: BBox | None) -> FeatureCollection:
    return seats(actor, Level.CITY, Level.DISTRICT, Level.TOWN)


def communities(actor: Actor, bbox: BBox | None) -> FeatureCollection:
    return seats(actor, Level.COMMUNITY)


layer(Layer("area.city", "市界", "polygon", of_level(Level.CITY), EVERYBODY, group=GROUP, icon="area"))
layer(Layer("area.district", "区界", "polygon", of_level(Level.DISTRICT), EVERYBODY, group=GROUP, icon="area"))
layer(Layer("area.town", "镇（街道）界", "polygon", of_level(Level.TOWN), EVERYBODY, group=GROUP, icon="area"))
layer(Layer("base.water", "水系", "polygon", water, EVERYBODY, group=GROUP, icon="flood", colour="#2f6fb3"))
layer(Layer("base.road", "道路", "line", roads, EVERYBODY, group=GROUP, icon="road", colour="#5b6f92"))
layer(Layer("area.place", "地名", "point", places, EVERYBODY, group=GROUP, icon="pin", colour="#97a8c3"))
layer(
    Layer(
        "area.community",
        "村（社区）",
        "point",
        communities,
        EVERYBODY,
        group=GROUP,
        icon="area",
        colour="#7f8ea8",
        shown=False,
    )
)
