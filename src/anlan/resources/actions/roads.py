"""The road graph of the city."""

from __future__ import annotations

import json

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.errors import Invalid
from anlan.resources.models import RoadEdge, RoadNode


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
