"""An earthquake in time for the map's slider: the S wave as it runs out over the intensities it will leave, then the days after.

The S wave is taken at one speed from the hypocentre in every direction (named parameter; a layered crust would bend its rays by a few
seconds at 300 km). Aftershocks are those of Reasenberg & Jones, in the zone that past sequences filled.
"""

from __future__ import annotations

from math import hypot, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

from anlan.hazards.plane import ellipse, metres_per_degree, polygon
from anlan.hazards.seismic import aftershocks
from anlan.hazards.seismic.rupture import Rupture

Floats = NDArray[np.float64]
#: Speed of S waves in the upper crust (km/s): CRUST1.0 of the region has 3.4 to 3.6; 待核对.
S_KM_S = 3.5
#: Pictures of the wave, and farthest it is followed (km).
STEPS, FARTHEST_KM = 12, 400.0
#: Days after the main shock that are shown, and the least magnitude of what is counted then.
DAYS = (1.0, 3.0, 7.0, 30.0)
COUNTED = 4.0
#: Half length of the zone of aftershocks over the rupture's, and its width over its length (Kagan 2002; 待核对).
ZONE_LONG, ZONE_WIDE = 1.0, 0.6
COLOURS = {
    5: "#ffd43b",
    6: "#f59f00",
    7: "#e8590c",
    8: "#c92a2a",
    9: "#b3001b",
    10: "#80001a",
    11: "#5a0012",
    12: "#3a000c",
}
MINUTES_A_DAY = 1440.0


def arrival_s(rupture: Rupture, lon: Floats, lat: Floats) -> Floats:
    """Seconds from the origin until the S wave comes up at places: hypocentral distance over its speed."""
    east, north = metres_per_degree(rupture.lat)
    x, y = (np.asarray(lon) - rupture.lon) * east / 1000, (np.asarray(lat) - rupture.lat) * north / 1000
    found: Floats = np.sqrt(x * x + y * y + rupture.depth_km**2) / S_KM_S
    return found


def reach_km(rupture: Rupture, drawn: list[tuple[int, list[Any], float]]) -> float:
    """Farthest corner of the faintest isoseismal from the epicentre."""
    east, north = metres_per_degree(rupture.lat)
    corners = [point for _, shapes, _ in drawn for part in shapes for point in part[0]]
    away = [hypot((x - rupture.lon) * east, (y - rupture.lat) * north) / 1000 for x, y in corners]
    return min(max(away, default=20.0), FARTHEST_KM)


def front(rupture: Rupture, seconds: float) -> BaseGeometry | None:
    """Where the S wave is at the surface by now; None while it is still below."""
    along = S_KM_S * seconds
    if along <= rupture.depth_km:
        return None
    radius = sqrt(along**2 - rupture.depth_km**2) * 1000
    return shape(polygon(rupture.lon, rupture.lat, ellipse(radius, radius, 0.0)))


def frames(rupture: Rupture, drawn: list[tuple[int, list[Any], float]]) -> list[dict[str, Any]]:
    """Pictures for the slider: `minute` from the origin, what is seen, its colour and words. Empty where nothing is felt."""
    if not drawn:
        return []
    zones: list[tuple[int, BaseGeometry]] = [
        (degree, shape({"type": "MultiPolygon", "coordinates": shapes}).buffer(0))
        for degree, shapes, _ in reversed(drawn)
    ]
    last = hypot(reach_km(rupture, drawn), rupture.depth_km) / S_KM_S
    first = rupture.depth_km / S_KM_S
    found: list[dict[str, Any]] = []
    for k in range(1, STEPS + 1):
        seconds = first + (last - first) * k / STEPS
        ring = front(rupture, seconds)
        if ring is not None:
            found += wave(seconds, ring, zones)
    return found + [later(rupture, days) for days in DAYS]


def wave(seconds: float, ring: BaseGeometry, zones: list[tuple[int, BaseGeometry]]) -> list[dict[str, Any]]:
    """One picture: the isoseismals as far as the wave has come, and the wave itself."""
    minute = round(seconds / 60, 4)
    seen = [(degree, zone.intersection(ring)) for degree, zone in zones]
    words = f"横波前缘，发震后 {seconds:.0f} s"
    rows: list[dict[str, Any]] = [
        {"minute": minute, "geometry": flat(ring), "name": words, "colour": "#4a90d0", "opacity": 0.06}
    ]
    rows += [
        {
            "minute": minute,
            "geometry": flat(part),
            "name": f"{degree} 度及以上",
            "colour": COLOURS[degree],
            "opacity": 0.3,
        }
        for degree, part in seen
        if not part.is_empty and part.area > 0
    ]
    return rows


def later(rupture: Rupture, days: float) -> dict[str, Any]:
    """The zone of aftershocks with how many are to be expected until then."""
    said = aftershocks.forecast(rupture.magnitude, min(COUNTED, rupture.magnitude - 0.5), 0.0, days)
    half = max(rupture.length_km * ZONE_LONG, 2.0) * 1000
    zone = polygon(rupture.lon, rupture.lat, ellipse(half, half * ZONE_WIDE, rupture.strike_deg))
    words = f"主震后 {days:.0f} 天内 M ≥ {said.least:g} 余震约 {said.p10}–{said.p50}–{said.p90} 次（p10–p50–p90）"
    return {"minute": days * MINUTES_A_DAY, "geometry": zone, "name": words, "colour": "#b060d0", "opacity": 0.3}


def flat(area: BaseGeometry) -> dict[str, Any]:
    """GeoJSON with coordinates as lists, to 1e-5 degrees."""

    def plain(value: Any) -> Any:
        return round(value, 5) if isinstance(value, float) else [plain(part) for part in value]

    parts = [one for one in getattr(area, "geoms", [area]) if one.geom_type in ("Polygon", "MultiPolygon")]
    if len(parts) == 1:
        found = mapping(parts[0])
        return {"type": found["type"], "coordinates": plain(found["coordinates"])}
    polygons = [p for part in parts for p in getattr(part, "geoms", [part])]
    return {"type": "MultiPolygon", "coordinates": [plain(mapping(p)["coordinates"]) for p in polygons]}
