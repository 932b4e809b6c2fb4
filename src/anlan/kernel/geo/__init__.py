"""Geometry: Shapely + H3, WGS84/CGCS2000 inside, GCJ-02/BD-09 converted at the edge."""
