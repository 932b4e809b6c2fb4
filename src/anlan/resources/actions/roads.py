"""The road graph of the city."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import UUID

from shapely.errors import ShapelyError
from shapely.geometry import Polygon, mapping, shape
from shapely.geometry.base import BaseGeometry

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, Invalid, NotFound
from anlan.kernel.geo import GeoJson
from anlan.kernel.models import Area
from anlan.resources.events import RoadsClosed
from anlan.resources.models import Closure, RoadEdge, RoadNode


@action("resources.edit")
def replace_roads(by: Actor, nodes: list[dict[str, str]], edges: list[dict[str, str]]) -> int:
    """换路网: the whole graph at once. Refused, and nothing changed, when an edge names a node that is not there."""
    known = {row["code"] for row in nodes}
    for number, row in enumerate(edges, 2):
        for end in ("start", "end"):
            if row[end] not in known:
                raise Invalid(f"edges[{number}].{end}", row[end], "nodes 中已有的编码", label=f"第 {number} 行路段")
    RoadEdge.objects.all().delete()
    RoadNode.objects.all().delete()
    made = {
        row["code"]: RoadNode(code=row["code"], lon=float(row["lon"]), lat=float(row["lat"]), name=row.get("name", ""))
        for row in nodes
    }
    RoadNode.objects.bulk_create(made.values())
    RoadEdge.objects.bulk_create([road_edge(row, made) for row in edges])
    first = next(iter(made.values()), None)
    if first is not None:
        record(by, f"更换路网（{len(edges)} 段）", first)
    return len(edges)


def road_edge(row: dict[str, str], nodes: dict[str, RoadNode]) -> RoadEdge:
    return RoadEdge(
        code=row["code"], start=nodes[row["start"]], end=nodes[row["end"]], name=row["name"], kind=row["kind"],
        length_m=float(row["length_m"]), speed_km_h=float(row["speed_km_h"]), oneway=row.get("oneway") == "是",
        max_height_m=float(row["max_height_m"]) if row.get("max_height_m") else None,
        max_weight_t=float(row["max_weight_t"]) if row.get("max_weight_t") else None,
        no_hazmat=row.get("no_hazmat") == "是",
        geometry=json.loads(row["geometry"]) if row.get("geometry") else None,
        representative=row.get("representative") == "是",
    )  # fmt: skip


@action("resources.commit")
def close_area(
    by: Actor, code: str, name: str, geometry: GeoJson, area_id: int, reason: str = "",
    correlation_id: UUID | None = None, kind: str = Closure.Kind.CORDON,
) -> Closure:  # fmt: skip
    """断路管控 from now on, or a new outline of one in force: ways, arrival times and allocations go round it."""
    area = Area.objects.get(pk=area_id)
    by.require("resources.commit", area)
    outline = checked_outline(geometry)
    row = Closure.objects.visible_to(by, "resources.commit").filter(code=code).select_for_update(of=("self",)).first()
    before = snapshot(row) if row else None
    row = row or Closure(code=code, area=area, begins_at=clock.now())
    if row.ends_at is not None:
        raise Conflict(f"{row}已解除", rule="解除的管控不再变更，另行设置")
    row.name, row.kind, row.geometry, row.reason = name[:80], kind, mapping(outline), reason[:200]
    row.save()
    at = outline.representative_point()
    fact = RoadsClosed(row.code, row.name, "changed" if before else "closed", at.x, at.y)
    record(by, "设置断路管控", row, fact, before=before, reason=reason, correlation_id=correlation_id)
    return row


def checked_outline(geometry: GeoJson) -> BaseGeometry:
    """A surface on the earth that a person may have drawn; what crosses itself is refused."""
    try:
        outline = shape(geometry)
    except (ValueError, TypeError, KeyError, AttributeError, ShapelyError):
        outline = Polygon()
    west, south, east, north = outline.bounds or (999.0,) * 4
    good = outline.geom_type in {"Polygon", "MultiPolygon"} and not outline.is_empty and outline.is_valid
    if not good or not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise Invalid("geometry", str(geometry)[:60], "不自交的多边形，经度 ±180、纬度 ±90", label="范围", unit="度")
    return outline


@action("resources.commit")
def reopen_area(by: Actor, code: str, reason: str, correlation_id: UUID | None = None) -> Closure:
    """解除断路管控."""
    row = Closure.objects.visible_to(by, "resources.commit").filter(code=code).select_for_update(of=("self",)).first()
    if row is None:
        raise NotFound(f"没有编码为 {code} 的断路管控")
    if row.ends_at is not None:
        raise Conflict(f"{row}已解除", rule="管控只解除一次")
    before = snapshot(row)
    row.ends_at = max(clock.now(), row.begins_at + timedelta(seconds=1))
    row.save()
    at = shape(row.geometry).representative_point()
    fact = RoadsClosed(row.code, row.name, "reopened", at.x, at.y)
    record(by, "解除断路管控", row, fact, before=before, reason=reason, correlation_id=correlation_id)
    return row
