"""Geometry in and out of GeoJSON, and measures on the ellipsoid."""

from __future__ import annotations

from typing import Any

import h3
import numpy as np
from pyproj import Geod
from shapely import STRtree, from_geojson, get_coordinates, set_coordinates, to_geojson
from shapely.geometry import Point, mapping, shape
from shapely.geometry.base import BaseGeometry
from shapely.validation import explain_validity

from anlan.kernel.errors import Invalid
from anlan.kernel.geo.crs import TO_WGS84, Crs

WGS84 = Geod(ellps="WGS84")
GeoJson = dict[str, Any]
BBox = tuple[float, float, float, float]


def parse(geojson: GeoJson | str, field: str = "geometry", crs: Crs = Crs.WGS84) -> BaseGeometry:
    """A valid geometry in WGS84 out of GeoJSON in `crs`; refuses empty, self-crossing or out-of-world ones."""
    try:
        geometry = from_geojson(geojson) if isinstance(geojson, str) else shape(geojson)
    except Exception as error:  # shapely raises half a dozen unrelated types here
        raise Invalid(field, str(geojson)[:80], "GeoJSON 几何对象") from error
    if geometry.is_empty:
        raise Invalid(field, "", "非空几何对象")
    if crs not in {Crs.WGS84, Crs.CGCS2000}:
        geometry = set_coordinates(geometry, np.array([TO_WGS84[crs](x, y) for x, y in get_coordinates(geometry)]))
    west, south, east, north = geometry.bounds
    if west < -180 or east > 180 or south < -90 or north > 90:
        raise Invalid(field, f"{west:.3f},{south:.3f},{east:.3f},{north:.3f}", "经度 -180~180，纬度 -90~90", unit="度")
    if not geometry.is_valid:
        raise Invalid(field, explain_validity(geometry), "不自相交的几何对象")
    return geometry


def as_geojson(geometry: BaseGeometry) -> GeoJson:
    return dict(mapping(geometry))


def as_text(geometry: BaseGeometry) -> str:
    return str(to_geojson(geometry))


def distance_m(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Length of the geodesic between two points, metres."""
    return float(WGS84.inv(lon1, lat1, lon2, lat2)[2])


def azimuth_deg(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Direction from the first point to the second, degrees clockwise from north, 0-360."""
    return float(WGS84.inv(lon1, lat1, lon2, lat2)[0]) % 360


def area_km2(geometry: BaseGeometry) -> float:
    return abs(float(WGS84.geometry_area_perimeter(geometry)[0])) / 1e6


def circle(lon: float, lat: float, radius_m: float, points: int = 64) -> BaseGeometry:
    """Polygon of a circle of `radius_m` metres on the ellipsoid."""
    angles = np.linspace(0, 360, points, endpoint=False)
    ones = np.ones(points)
    lons, lats, _ = WGS84.fwd(ones * lon, ones * lat, angles, ones * radius_m)
    return shape({"type": "Polygon", "coordinates": [[*zip(lons, lats, strict=True), (lons[0], lats[0])]]})


def cell(lon: float, lat: float, resolution: int = 9) -> str:
    """H3 cell of a point (resolution 9 is about 350 m across)."""
    return str(h3.latlng_to_cell(lat, lon, resolution))


class Finder:
    """Which of many polygons a point lies in; built once, asked often."""

    def __init__(self, items: list[tuple[Any, BaseGeometry]]) -> None:
        self.keys = [key for key, _ in items]
        self.shapes = [geometry for _, geometry in items]
        self.tree = STRtree(self.shapes)

    def containing(self, lon: float, lat: float) -> list[Any]:
        point = Point(lon, lat)
        return [self.keys[i] for i in self.tree.query(point) if self.shapes[i].covers(point)]

    def touching(self, geometry: BaseGeometry) -> list[Any]:
        return [self.keys[i] for i in self.tree.query(geometry, predicate="intersects")]
