"""Command posts and ways in for releases that are followed, on the one map. Footprints are the simulation room's layer."""

from __future__ import annotations

from typing import Any

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.geo import BBox
from anlan.kernel.geo.layers import FeatureCollection, Layer, layer
from anlan.situation import queries
from anlan.situation.models import ReleaseWatch

#: Only ways by road go around the zones; a straight estimate would be drawn right through them.
BY_ROAD = "路网"


def running(actor: Actor) -> list[ReleaseWatch]:
    return [watch for watch in queries.watches(actor).filter(ended_at__isnull=True) if watch.advice]


def shown(watch: ReleaseWatch, key: str, geometry: dict[str, Any], name: str, **more: Any) -> dict[str, Any]:
    at = watch.assessed_at.isoformat() if watch.assessed_at else None
    properties = {"id": f"{watch.pk}-{key}", "name": name, "at": at, "modelled": True, **more}
    return {"type": "Feature", "id": f"{watch.pk}-{key}", "geometry": geometry, "properties": properties}


def posts(actor: Actor, bbox: BBox | None) -> FeatureCollection:
    """Where the command post is suggested."""
    del bbox
    features = []
    for watch in running(actor):
        post = watch.advice["post"]
        geometry = {"type": "Point", "coordinates": [post["lon"], post["lat"]]}
        meaning = f"上风向 {post['bearing_deg']:.0f}°，距泄漏点 {post['distance_m']} m；{post['how']}"
        features.append(shown(watch, "post", geometry, f"建议指挥部：{watch.title}", meaning=meaning))
    return {"type": "FeatureCollection", "features": features}


def ways(actor: Actor, bbox: BBox | None) -> FeatureCollection:
    """From the post to the source, upwind all the way, and the roads of the nearest teams to the post."""
    del bbox
    features = []
    for watch in running(actor):
        post = watch.advice["post"]
        line = {"type": "LineString", "coordinates": [[post["lon"], post["lat"]], [watch.lon, watch.lat]]}
        features.append(shown(watch, "in", line, f"上风向接近：{watch.title}", colour="#1f9d61"))
        by_road = [team for team in post["teams"] if team["how"] == BY_ROAD]
        for i, team in enumerate(by_road):
            name = f"{team['name']} 约 {team['minutes']:g} min（{team['how']}）"
            features.append(shown(watch, f"team{i}", team["route"], name, colour="#4a7bd0"))
    return {"type": "FeatureCollection", "features": features}


REFRESH = ("situation.ReleaseAssessed", "situation.ReleaseEnded")
layer(
    Layer(
        key="release-posts", title="泄漏处置：建议指挥部（模型推算）", kind="point", features=posts, permission=queries.VIEW,
        icon="shield", colour="#1f9d61", refresh=REFRESH, group="situation",
    )
)  # fmt: skip
layer(
    Layer(
        key="release-ways", title="泄漏处置：接近方向与队伍路线（模型推算）", kind="line", features=ways, permission=queries.VIEW,
        colour="#1f9d61", refresh=REFRESH, group="situation",
    )
)  # fmt: skip
