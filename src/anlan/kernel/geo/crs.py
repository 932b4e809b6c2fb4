"""Coordinate systems at the edge: GCJ-02 (国测局) and BD-09 (百度) to WGS84 and back.

Inside, everything is WGS84, taken as equal to CGCS2000 (EPSG:4490): they differ by centimetres. GCJ-02 has no
published text; the closed form used by all map vendors' clients is inverted by fixed-point iteration to < 1e-7 degrees.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from math import atan2, cos, pi, sin, sqrt

AXIS = 6378245.0  # Krasovsky 1940 semi-major axis, m
ECCENTRICITY2 = 0.00669342162296594323
BD_TURN = pi * 3000.0 / 180.0

LonLat = tuple[float, float]


class Crs(StrEnum):
    """What a file's coordinates may be in."""

    WGS84 = "WGS84"
    CGCS2000 = "CGCS2000"
    GCJ02 = "GCJ-02"
    BD09 = "BD-09"


def _in_china(lon: float, lat: float) -> bool:
    return 72.004 <= lon <= 137.8347 and 0.8293 <= lat <= 55.8271


def _wave(x: float, a: float, b: float, c: float, period: float) -> float:
    return (20 * sin(x * pi) + a * sin(x / b * pi) + c * sin(x / period * pi)) * 2 / 3


def _shift(lon: float, lat: float) -> LonLat:
    """Offset of GCJ-02 from WGS84 in degrees."""
    x, y = lon - 105.0, lat - 35.0
    ripple = (20 * sin(6 * x * pi) + 20 * sin(2 * x * pi)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + ripple + _wave(y, 40, 3, 0, 1)
    north += (160 * sin(y / 12 * pi) + 320 * sin(y * pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + ripple + _wave(x, 40, 3, 0, 1)
    east += (150 * sin(x / 12 * pi) + 300 * sin(x / 30 * pi)) * 2 / 3
    phi = lat / 180 * pi
    magic = 1 - ECCENTRICITY2 * sin(phi) ** 2
    d_lat = north * 180 / ((AXIS * (1 - ECCENTRICITY2)) / (magic * sqrt(magic)) * pi)
    d_lon = east * 180 / (AXIS / sqrt(magic) * cos(phi) * pi)
    return d_lon, d_lat


def wgs84_to_gcj02(lon: float, lat: float) -> LonLat:
    if not _in_china(lon, lat):
        return lon, lat
    d_lon, d_lat = _shift(lon, lat)
    return lon + d_lon, lat + d_lat


def gcj02_to_wgs84(lon: float, lat: float) -> LonLat:
    if not _in_china(lon, lat):
        return lon, lat
    guess = (lon, lat)
    for _ in range(8):
        d_lon, d_lat = _shift(*guess)
        guess = (lon - d_lon, lat - d_lat)
    return guess


def gcj02_to_bd09(lon: float, lat: float) -> LonLat:
    radius = sqrt(lon * lon + lat * lat) + 0.00002 * sin(lat * BD_TURN)
    angle = atan2(lat, lon) + 0.000003 * cos(lon * BD_TURN)
    return radius * cos(angle) + 0.0065, radius * sin(angle) + 0.006


def bd09_to_gcj02(lon: float, lat: float) -> LonLat:
    guess = (lon - 0.0065, lat - 0.006)
    for _ in range(8):
        there = gcj02_to_bd09(*guess)
        guess = (guess[0] + lon - there[0], guess[1] + lat - there[1])
    return guess


def _same(lon: float, lat: float) -> LonLat:
    return lon, lat


TO_WGS84: dict[Crs, Callable[[float, float], LonLat]] = {
    Crs.WGS84: _same,
    Crs.CGCS2000: _same,
    Crs.GCJ02: gcj02_to_wgs84,
    Crs.BD09: lambda lon, lat: gcj02_to_wgs84(*bd09_to_gcj02(lon, lat)),
}
FROM_WGS84: dict[Crs, Callable[[float, float], LonLat]] = {
    Crs.WGS84: _same,
    Crs.CGCS2000: _same,
    Crs.GCJ02: wgs84_to_gcj02,
    Crs.BD09: lambda lon, lat: gcj02_to_bd09(*wgs84_to_gcj02(lon, lat)),
}
