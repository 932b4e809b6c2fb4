"""Teams where they are now."""

from __future__ import annotations

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.geo import BBox
from anlan.kernel.geo.layers import FeatureCollection, Layer, layer
from anlan.resources.models import Team


def teams(actor: Actor, bbox: BBox | None) -> FeatureCollection:
    """Each team at its reported position, else at its base."""
    features = []
    for team in Team.objects.visible_to(actor):
        lon, lat = team.position_lon or team.lon, team.position_lat or team.lat
        if bbox is None or (bbox[0] <= lon <= bbox[2] and bbox[1] <= lat <= bbox[3]):
            properties = {
                "id": team.pk, "name": team.name, "kind": team.kind, "readiness": team.readiness,
                "state": team.get_readiness_display(), "at": team.position_at.isoformat() if team.position_at else None,
                "representative": team.representative,
            }  # fmt: skip
            point = {"type": "Point", "coordinates": [lon, lat]}
            features.append({"type": "Feature", "id": team.pk, "geometry": point, "properties": properties})
    return {"type": "FeatureCollection", "features": features}


layer(
    Layer(
        key="teams",
        title="救援队伍",
        kind="point",
        features=teams,
        permission="resources.view",
        icon="team",
        colour="#1f7a4d",
        refresh=("resources.TeamReadinessChanged",),
        group="resources",
        moved_by=("resources.TeamMoved", "team_id"),
    )
)
