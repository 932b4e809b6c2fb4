"""Teams where they are now."""

from __future__ import annotations

from functools import partial
from typing import Any

from shapely.geometry import LineString, Point, shape
from shapely.geometry.base import BaseGeometry

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.geo import BBox
from anlan.kernel.geo.exposed import Thing, exposes
from anlan.kernel.geo.layers import FeatureCollection, Layer, layer
from anlan.resources.models import Hospital, KeyPlace, RoadEdge, Shelter, Store, Team, Vehicle


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


def vehicles(actor: Actor, bbox: BBox | None) -> FeatureCollection:
    """Vehicles where their terminal said last, else where they stand."""
    features = []
    for row in Vehicle.objects.visible_to(actor).filter(position_lon__isnull=False, position_lat__isnull=False):
        lon, lat = row.position_lon or 0.0, row.position_lat or 0.0
        if bbox is None or (bbox[0] <= lon <= bbox[2] and bbox[1] <= lat <= bbox[3]):
            properties = {
                "id": row.pk, "name": str(row), "kind": row.kind, "readiness": row.readiness,
                "state": row.get_readiness_display(), "at": row.position_at.isoformat() if row.position_at else None,
                "speed_km_h": row.speed_km_h, "representative": row.representative,
            }  # fmt: skip
            point = {"type": "Point", "coordinates": [lon, lat]}
            features.append({"type": "Feature", "id": row.pk, "geometry": point, "properties": properties})
    return {"type": "FeatureCollection", "features": features}


layer(
    Layer(
        key="vehicles",
        title="车辆位置",
        kind="point",
        features=vehicles,
        permission="resources.view",
        icon="vehicle",
        colour="#1c7ed6",
        refresh=("kernel.RegisterRowChanged",),
        group="resources",
        moved_by=("resources.VehicleMoved", "vehicle_id"),
        empty="没有已知位置的车辆；在车辆登记簿填“定位终端号”",
    )
)


def places(model: type[Any], kind: str, actor: Actor, area: BaseGeometry) -> list[Thing]:
    """Hospitals, shelters, stores or key places inside an area, as things that a hazard may reach."""
    west, south, east, north = area.bounds
    rows = model.objects.visible_to(actor, "resources.view").filter(lon__range=(west, east), lat__range=(south, north))
    return [
        Thing(
            kind, row.pk, row.name, row.lon, row.lat,
            getattr(row, "people", None) or getattr(row, "beds", None) or getattr(row, "capacity", None),
            getattr(row, "phone", ""), row.representative, {"kind": getattr(row, "kind", "")},
        )
        for row in rows
        if area.covers(Point(row.lon, row.lat))
    ]  # fmt: skip


def stretches(actor: Actor, area: BaseGeometry) -> list[Thing]:
    """Roads that touch an area, one thing for each name: where it is touched, and whether there is a bridge."""
    del actor  # roads belong to everybody
    found: dict[str, Thing] = {}
    first: dict[str, int] = {}
    for edge in RoadEdge.objects.select_related("start", "end").order_by("pk"):
        first.setdefault(edge.name, edge.pk)  # one number for a road, whichever of its stretches is touched
        straight = LineString([(edge.start.lon, edge.start.lat), (edge.end.lon, edge.end.lat)])
        line = shape(edge.geometry) if edge.geometry else straight
        if edge.name not in found and line.intersects(area):
            at = line.intersection(area).representative_point()
            facts = {"kind": edge.kind, "bridge": "桥" in edge.name or "桥" in edge.kind}
            found[edge.name] = Thing(
                "road",
                first[edge.name],
                edge.name,
                at.x,
                at.y,
                None,
                "",
                edge.representative,
                facts,
                line.intersection(area),
            )
    return list(found.values())


exposes("road", "道路", "resources.view", stretches)
for model, kind, title in (
    (Hospital, "hospital", "医院"), (Shelter, "shelter", "避难场所"), (Store, "store", "物资库"),
    (KeyPlace, "key-place", "重点场所"),
):  # fmt: skip
    exposes(kind, title, "resources.view", partial(places, model, kind))
