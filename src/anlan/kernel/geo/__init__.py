"""Geometry: Shapely + H3, WGS84/CGCS2000 inside, GCJ-02/BD-09 converted at the edge."""

from anlan.kernel.geo.crs import FROM_WGS84, TO_WGS84, Crs
from anlan.kernel.geo.shapes import (
    WGS84,
    BBox,
    Finder,
    GeoJson,
    area_km2,
    as_geojson,
    as_text,
    azimuth_deg,
    cell,
    circle,
    distance_m,
    parse,
)

__all__ = [
    "FROM_WGS84",
    "TO_WGS84",
    "WGS84",
    "BBox",
    "Crs",
    "Finder",
    "GeoJson",
    "area_km2",
    "as_geojson",
    "as_text",
    "azimuth_deg",
    "cell",
    "circle",
    "distance_m",
    "parse",
]
