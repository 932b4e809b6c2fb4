"""Who lives where, read once and kept until an area changes: assessments are asked for while somebody draws."""

from __future__ import annotations

from threading import Lock

from django.db import connection
from shapely import STRtree
from shapely.geometry.base import BaseGeometry

from anlan.simulation.queries import Home, homes

STAMP = "select count(*), coalesce(bit_xor(hashtextextended(a::text, 0)), 0) from kernel_area a"
_lock = Lock()
_held: dict[str, object] = {"stamp": None, "living": None}


class Living:
    """The finest areas with outline and residents, found by place."""

    def __init__(self, found: list[Home]) -> None:
        self.homes = found
        self.tree = STRtree([home.outline for home in found])

    def inside(self, zone: BaseGeometry) -> list[tuple[Home, float]]:
        """(home, people of it inside the zone): share of its surface times its residents 模型推算; not rounded, so that
        parts of a whole add up to it."""
        found = []
        for index in self.tree.query(zone, predicate="intersects"):
            home = self.homes[int(index)]
            if home.outline.area:
                share = home.outline.intersection(zone).area / home.outline.area
                if share > 0:
                    found.append((home, home.people * share))
        return found


def living() -> Living:
    with connection.cursor() as cursor:
        cursor.execute(STAMP)
        stamp = cursor.fetchone()
    with _lock:
        if _held["stamp"] != stamp:
            _held["stamp"], _held["living"] = stamp, Living(homes())
        return _held["living"]  # type: ignore[return-value]
