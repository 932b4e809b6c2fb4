"""Mobilisation on the one map: where fewer than nine in ten would be reached."""

from __future__ import annotations

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.geo.layers import FeatureCollection, Layer, layer
from anlan.kernel.geo.shapes import BBox
from anlan.kernel.models import Area, Level
from anlan.mobilisation import queries

VIEW = "mobilisation.view"
BANDS = (
    (0.9, "#2e9e5b", "90% 以上"),
    (0.75, "#e6c229", "75%～90%"),
    (0.5, "#e8833a", "50%～75%"),
    (0.0, "#d6342c", "50% 以下"),
)


def gaps(actor: Actor, bbox: BBox | None) -> FeatureCollection:
    """Communities by the coverage of their worse time, as points at their seats, with the cheapest way to close the gap."""
    del bbox
    cities = [area.path for area in Area.objects.filter(level=Level.CITY) if actor.has(VIEW)]
    features = []
    for one in queries.unit_reach(cities):
        area, worse = one.area, one.worse
        if area.seat_lon is None or not actor.may(VIEW, area.path):
            continue
        colour = next(colour for bound, colour, _ in BANDS if worse.share >= bound)
        ways = "；".join(f"{way.title} {people} 人" for way, people in one.plan.steps)
        properties = {
            "id": area.pk, "name": area.name, "title": f"{area.name} {worse.share:.0%}", "colour": colour, "people": worse.people,
            "share": round(worse.share, 3), "gap": worse.gap, "plan": ways, "cost": one.plan.cost, "url": "/mobilisation/coverage/",
        }  # fmt: skip
        point = {"type": "Point", "coordinates": [area.seat_lon, area.seat_lat]}
        features.append({"type": "Feature", "id": area.pk, "geometry": point, "properties": properties})
    return {
        "type": "FeatureCollection",
        "features": features,
        "source": "模型推算：方法见 docs/coverage.md；到达率为登记值",
    }


layer(
    Layer(
        "mobilisation.coverage", "预警覆盖率", "point", gaps, VIEW, icon="warning", colour="#e8833a", group="mobilisation",
        shown=False, legend=[(colour, text) for _, colour, text in BANDS], empty="没有登记预警手段或人口",
    )
)  # fmt: skip
