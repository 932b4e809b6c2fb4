"""Taking in a road graph: nodes and edges by their codes, again and again without doubling any."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db import models

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action
from anlan.resources.models import RoadEdge, RoadNode

YES = "是"


@action("resources.edit")
def import_roads(
    by: Actor, nodes: Iterable[Mapping[str, str]], edges: Iterable[Mapping[str, str]]
) -> tuple[int, list[tuple[int, str]]]:
    """(rows written, refused edges as (row of the file, reason)). Lengths in m, speeds in km/h, places WGS84."""
    del by  # the road graph carries no personal data and is not journalled row by row
    places = [RoadNode(code=n["code"], lon=float(n["lon"]), lat=float(n["lat"]), name=n.get("name", "")) for n in nodes]
    written = upsert(RoadNode, places, ["lon", "lat", "name"])
    ids = dict(RoadNode.objects.values_list("code", "pk"))
    stretches, refused = [], []
    for row_no, e in enumerate(edges, 2):
        missing = [e[end] for end in ("start", "end") if e[end] not in ids]
        if missing:
            refused.append((row_no, f"节点 {'、'.join(missing)} 不存在"))
            continue
        stretches.append(edge(e, ids))
    written += upsert(
        RoadEdge,
        stretches,
        ["start_id", "end_id", "name", "kind", "length_m", "speed_km_h", "oneway", "representative"],
    )
    return written, refused


def edge(row: Mapping[str, str], ids: dict[str, int]) -> RoadEdge:
    return RoadEdge(
        code=row["code"],
        start_id=ids[row["start"]],
        end_id=ids[row["end"]],
        name=row["name"],
        kind=row["kind"],
        length_m=float(row["length_m"]),
        speed_km_h=float(row["speed_km_h"]),
        oneway=row["oneway"] == YES,
        representative=row["representative"] == YES,
    )


def upsert(model: type[models.Model], rows: list[models.Model], columns: list[str]) -> int:
    """Create what is new, update what differs; the number of rows written."""
    known = {row.code: row for row in model._default_manager.all()}  # type: ignore[attr-defined]
    code = lambda row: getattr(row, "code")  # noqa: E731, B009 - the models share the column, not a base class
    new = [row for row in rows if code(row) not in known]
    changed = []
    for row in rows:
        old = known.get(code(row))
        if old is not None and any(getattr(old, name) != getattr(row, name) for name in columns):
            row.pk = old.pk
            changed.append(row)
    model._default_manager.bulk_create(new)
    if changed:
        names = [name.removesuffix("_id") for name in columns]
        model._default_manager.bulk_update(changed, names)
    return len(new) + len(changed)
