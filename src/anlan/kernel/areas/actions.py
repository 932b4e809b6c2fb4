"""Giving areas their shapes."""

from __future__ import annotations

from shapely import voronoi_polygons
from shapely.geometry import MultiPoint, Point, shape
from shapely.geometry.base import BaseGeometry

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.areas.models import Area
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.geo import GeoJson, as_geojson, parse


@action("kernel.edit")
def set_boundary(by: Actor, area: Area, geometry: GeoJson, sketch: bool) -> Area:
    """边界: a valid polygon in WGS84; `sketch` marks one that only shows roughly where the area is (示意)."""
    by.require("kernel.edit", area)
    before = snapshot(area)
    area.geometry, area.sketch = as_geojson(parse(geometry)), sketch
    area.save()
    record(by, "设定区划边界", area, before=before)
    return area


def cells(parent: BaseGeometry, seats: list[tuple[float, float]]) -> list[BaseGeometry]:
    """One cell of `parent` per seat: what lies nearer to this seat than to the others (Voronoi)."""
    if len(seats) < 2:
        return [parent] * len(seats)
    made = [cell.intersection(parent) for cell in voronoi_polygons(MultiPoint(seats), extend_to=parent).geoms]
    return [next((cell for cell in made if cell.covers(Point(seat))), Point(seat).buffer(0.004)) for seat in seats]


@action("kernel.edit")
def sketch_children(by: Actor, area: Area) -> int:
    """Give the children of an area that have only a seat a sketched cell of its shape; returns how many."""
    children = [c for c in area.children.order_by("pk") if c.seat_lon is not None and (c.geometry is None or c.sketch)]
    if area.geometry is None or not children:
        return 0
    # Two seats on one spot lie side by side, a metre apart.
    seats = [(float(c.seat_lon or 0) + 1e-5 * i, float(c.seat_lat or 0)) for i, c in enumerate(children)]
    for child, cell in zip(children, cells(shape(area.geometry), seats), strict=True):
        set_boundary(by, child, as_geojson(cell), True)
    return len(children)
