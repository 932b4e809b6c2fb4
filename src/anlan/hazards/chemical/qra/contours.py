"""Risk contours: where the individual risk exceeds a level, as polygons with their holes."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from contourpy import FillType, contour_generator

from anlan.hazards.chemical.qra.kernels import NOTHING
from anlan.hazards.chemical.qra.model import Floats, Grid
from anlan.hazards.plane import metres_per_degree

Ring = list[tuple[float, float]]


class Contour(NamedTuple):
    """Polygons (outer ring, then its holes) in metres within which risk is at least `level` 1/y; cut = leaves the grid."""

    level: float
    polygons: list[list[Ring]]
    area_m2: float
    cut: bool


def contour(risk: Floats, grid: Grid, level: float) -> Contour:
    """Drawn through ln risk, which is nearly straight between cells; closed along the border of the grid."""
    x, y = grid.centres
    outside = np.full((grid.ny + 2, grid.nx + 2), np.log(level) - 8.0)
    outside[1:-1, 1:-1] = np.log(np.maximum(risk, NOTHING))
    # far below the level only "outside" counts: a floor keeps the line from being drawn towards a neighbour of no risk
    outside = np.maximum(outside, np.log(level) - 8.0)
    xs = np.concatenate([[x[0] - grid.cell / 2], x, [x[-1] + grid.cell / 2]])
    ys = np.concatenate([[y[0] - grid.cell / 2], y, [y[-1] + grid.cell / 2]])
    made: Any = contour_generator(xs, ys, outside, fill_type=FillType.OuterOffset)
    points, offsets = made.filled(np.log(level), np.inf)
    polygons = [
        [[(float(px), float(py)) for px, py in part[i:j]] for i, j in pairwise(cuts)]
        for part, cuts in zip(points, offsets, strict=True)
    ]
    border = np.concatenate([risk[0], risk[-1], risk[:, 0], risk[:, -1]])
    return Contour(level, polygons, sum(area(rings) for rings in polygons), bool((border >= level).any()))


def area(rings: list[Ring]) -> float:
    """m2 of a polygon with holes."""
    sizes = [abs(shoelace(ring)) for ring in rings]
    return sizes[0] - sum(sizes[1:])


def shoelace(ring: Ring) -> float:
    points = np.array(ring)
    x, y = points[:, 0], points[:, 1]
    return float(0.5 * np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))


def geometry(found: Contour, lon: float, lat: float) -> dict[str, Any] | None:
    """GeoJSON MultiPolygon (WGS84) about the place whose plane (0, 0) is; None when there is nothing."""
    east, north = metres_per_degree(lat)
    shapes = [
        [[[round(lon + x / east, 6), round(lat + y / north, 6)] for x, y in ring] for ring in rings]
        for rings in found.polygons
    ]
    return {"type": "MultiPolygon", "coordinates": shapes} if shapes else None
