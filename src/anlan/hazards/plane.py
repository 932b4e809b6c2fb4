"""Metres east and north of a point to degrees and back: a local tangent plane, exact enough within 100 km."""

from __future__ import annotations

from collections.abc import Iterable
from math import cos, pi, radians, sin
from typing import Any

#: WGS84: metres per degree from the meridian and parallel radii at latitude 0, corrected by the first cosine term.
M_PER_DEG_LAT = 111_132.95


def metres_per_degree(lat: float) -> tuple[float, float]:
    """(per degree of longitude, per degree of latitude) on WGS84 at `lat` degrees."""
    phi = radians(lat)
    north = M_PER_DEG_LAT - 559.85 * cos(2 * phi) + 1.175 * cos(4 * phi)
    east = 111_412.88 * cos(phi) - 93.50 * cos(3 * phi) + 0.12 * cos(5 * phi)
    return east, north


def polygon(lon: float, lat: float, points_m: Iterable[tuple[float, float]]) -> dict[str, Any]:
    """GeoJSON polygon of (east, north) metres around a place."""
    east, north = metres_per_degree(lat)
    ring = [[round(lon + x / east, 6), round(lat + y / north, 6)] for x, y in points_m]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def ellipse(
    semi_major: float, semi_minor: float, azimuth_deg: float, ahead: float = 0.0, points: int = 72
) -> list[tuple[float, float]]:
    """Ring of an ellipse (metres), long axis towards `azimuth_deg` from north, centre moved `ahead` along it."""
    angle = radians(azimuth_deg)
    ring = []
    for i in range(points):
        t = 2 * pi * i / points
        along, across = ahead + semi_major * cos(t), semi_minor * sin(t)
        ring.append((along * sin(angle) + across * cos(angle), along * cos(angle) - across * sin(angle)))
    return ring


def downwind(azimuth_deg: float, x: float, y: float) -> tuple[float, float]:
    """(east, north) of a point x metres along `azimuth_deg` and y metres to its right."""
    angle = radians(azimuth_deg)
    return x * sin(angle) + y * cos(angle), x * cos(angle) - y * sin(angle)
