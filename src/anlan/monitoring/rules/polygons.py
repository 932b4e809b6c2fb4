"""Polygons that may be published: simple, valid, few corners, inside what the signer answers for. Pure.

A warning's outline goes to systems with limits of their own; people inside it must still be inside after it was made
simpler, so what is published always covers what was drawn. Limits are parameters of this platform.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from shapely import set_precision, transform
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union
from shapely.validation import explain_validity

#: Corners of one ring (100: what cell broadcast systems take, 3GPP TS 23.041 warning area; 待核对 for each operator).
MAX_CORNERS = 100
MAX_PARTS = 20
#: Five decimals are about a metre.
DECIMALS = 5
#: More than this share outside the scope is refused; less is cut off, as the hand that drew it slipped or the wind blows on.
MAX_OUTSIDE = 0.5
#: An outline that covers this share of the scope is about it, however far it goes beyond (an earthquake): cut off, too.
ABOUT_US = 0.2
#: A division is proposed when this share of it lies inside.
SNAP_SHARE = 0.5


class ShapeError(ValueError):
    """The polygon cannot be published; the message says why and where."""


def legal(drawn: BaseGeometry, scope: BaseGeometry | None = None) -> tuple[BaseGeometry, list[str]]:
    """(what may be published, what was done to it). scope: what the signer answers for; None = not known."""
    if drawn.geom_type not in {"Polygon", "MultiPolygon"}:
        raise ShapeError(f"影响范围须为多边形，不能是 {drawn.geom_type}")
    if not drawn.is_valid:
        raise ShapeError(f"多边形不合法（自相交等）：{explain_validity(drawn)}")
    notes: list[str] = []
    shape = inside(drawn, scope, notes) if scope is not None else drawn
    parts = [filled(part, notes) for part in parts_of(shape)]
    if len(parts) > MAX_PARTS:
        raise ShapeError(f"{len(parts)} 块，至多 {MAX_PARTS} 块")
    made = [simpler(part, notes) for part in parts]
    return rounded(made[0] if len(made) == 1 else unary_union(made)), notes


def rounded(shape: BaseGeometry) -> BaseGeometry:
    """To the grid, point by point as drawn; where that would make it cross itself, by the slower way that cannot."""
    near = transform(shape, lambda points: np.round(points, DECIMALS))
    return near if near.is_valid else set_precision(shape, 10.0**-DECIMALS)


def parts_of(shape: BaseGeometry) -> list[Polygon]:
    return [part for part in getattr(shape, "geoms", [shape]) if isinstance(part, Polygon) and part.area > 0]


def inside(drawn: BaseGeometry, scope: BaseGeometry, notes: list[str]) -> BaseGeometry:
    outside = drawn.difference(scope).area / drawn.area
    covered = drawn.intersection(scope).area / scope.area if scope.area else 0.0
    if outside > MAX_OUTSIDE and covered < ABOUT_US:
        raise ShapeError(f"影响范围有 {outside:.0%} 在您负责的区划之外（邻市、水域等），须由当地发布")
    if outside < 1e-6:
        return drawn
    notes.append(f"超出负责区划的 {outside:.1%} 已裁去，请通报相邻地区")
    return drawn.intersection(scope)


def filled(part: Polygon, notes: list[str]) -> Polygon:
    """CAP has no holes: who is in one is warned, too."""
    if part.interiors:
        notes.append(f"{len(part.interiors)} 个空洞已填上（CAP 不能表示空洞）")
    return Polygon(part.exterior)


def simpler(part: Polygon, notes: list[str]) -> BaseGeometry:
    """At most MAX_CORNERS corners, and nothing of the part left outside."""
    if corners(part) <= MAX_CORNERS:
        return part
    tolerance = 1e-5
    while tolerance < 1:
        made = part.buffer(tolerance, join_style="mitre").simplify(tolerance)
        made = Polygon(made.exterior) if isinstance(made, Polygon) else made.convex_hull
        if corners(made) <= MAX_CORNERS and made.covers(part):
            notes.append(f"{corners(part)} 个顶点减为 {corners(made)} 个，范围只大不小")
            return made
        tolerance *= 1.6
    return part.convex_hull


def corners(part: Any) -> int:
    return len(part.exterior.coords) - 1 if isinstance(part, Polygon) else MAX_CORNERS + 1


def snapped(drawn: BaseGeometry, divisions: Iterable[tuple[int, BaseGeometry]]) -> list[int]:
    """Ids of the divisions that lie in the drawing for the greater part: the words a siren can say."""
    return [
        key
        for key, outline in divisions
        if outline.area and drawn.intersection(outline).area / outline.area >= SNAP_SHARE
    ]


def union(outlines: Iterable[BaseGeometry]) -> BaseGeometry | None:
    """What one answers for as a whole; None when nothing is known of it."""
    known = list(outlines)
    return unary_union(known) if known else None
