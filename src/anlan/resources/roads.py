"""The road graph: nearest way, time, and everything reachable, with closures.

Built once per process from the road tables and again when they change. Where there is no road, or none that is open, the
answer is the straight line times a detour factor, and says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from threading import Lock

import numpy as np
import rustworkx as rx
from shapely import STRtree
from shapely.geometry import LineString, Point
from shapely.geometry.base import BaseGeometry

from anlan.kernel.geo import GeoJson, distance_m
from anlan.resources.models import RoadEdge, RoadNode

#: Road length over straight line in cities without data (Levinson & El-Geneidy 2009 give 1.2-1.4): 待核对.
DETOUR_FACTOR = 1.35
BY_ROAD, STRAIGHT = "路网", "直线估算"
#: A place farther than this from any road is not reached by it, m.
SNAP_M = 5000.0


@dataclass(frozen=True)
class Route:
    """length m, driving minutes, GeoJSON LineString, and how it was found ("路网" or "直线估算")."""

    length_m: float
    minutes: float
    geometry: GeoJson
    how: str


@dataclass(frozen=True)
class Arc:
    """One drivable direction of a road."""

    name: str
    length_m: float
    speed_km_h: float
    line: tuple[tuple[float, float], ...]

    def minutes(self, top_km_h: float) -> float:
        return self.length_m / 1000 / min(self.speed_km_h, top_km_h) * 60


class Roads:
    """The graph in memory."""

    def __init__(self) -> None:
        self.graph: rx.PyDiGraph[int, Arc] = rx.PyDiGraph()
        self.places: list[tuple[float, float]] = []
        self.tree = STRtree([])

    @classmethod
    def load(cls) -> Roads:
        roads = cls()
        index: dict[int, int] = {}
        for pk, lon, lat in RoadNode.objects.order_by("pk").values_list("pk", "lon", "lat"):
            index[pk] = roads.graph.add_node(pk)
            roads.places.append((lon, lat))
        for edge in RoadEdge.objects.order_by("pk"):
            a, b = index[edge.start_id], index[edge.end_id]
            points = edge.geometry["coordinates"] if edge.geometry else [roads.places[a], roads.places[b]]
            line = tuple((float(x), float(y)) for x, y, *_ in points)
            roads.graph.add_edge(a, b, Arc(edge.name, edge.length_m, edge.speed_km_h, line))
            if not edge.oneway:
                roads.graph.add_edge(b, a, Arc(edge.name, edge.length_m, edge.speed_km_h, line[::-1]))
        roads.tree = STRtree([Point(place) for place in roads.places])
        return roads

    def nearest(self, lon: float, lat: float) -> tuple[int, float] | None:
        """(node, metres to it), None when no road is near."""
        if not self.places:
            return None
        node = int(self.tree.nearest(Point(lon, lat)))
        away = distance_m(lon, lat, *self.places[node])
        return (node, away) if away <= SNAP_M else None

    def without(self, closed: BaseGeometry | None) -> rx.PyDiGraph[int, Arc]:
        """The graph without the arcs that touch a closed area."""
        if closed is None:
            return self.graph
        open_graph = self.graph.copy()
        for index in list(open_graph.edge_indices()):
            arc = open_graph.get_edge_data_by_index(index)
            if LineString(arc.line).intersects(closed):
                open_graph.remove_edge_from_index(index)
        return open_graph

    def ways_to(
        self,
        lon: float,
        lat: float,
        starts: list[tuple[float, float]],
        closed: BaseGeometry | None = None,
        speed_km_h: float = 60,
    ) -> list[Route]:
        """The quickest way from each start to (lon, lat): one search over the reversed graph for all of them."""
        goal = self.nearest(lon, lat)
        if goal is None:
            return [straight(start, (lon, lat), speed_km_h) for start in starts]
        graph = self.without(closed)
        back = graph.copy()
        back.reverse()
        found = rx.dijkstra_shortest_paths(back, goal[0], weight_fn=lambda arc: arc.minutes(speed_km_h))
        return [self._way(graph, start, (lon, lat), goal, found, speed_km_h) for start in starts]

    def route(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        closed: BaseGeometry | None = None,
        speed_km_h: float = 60,
    ) -> Route:
        return self.ways_to(*end, [start], closed, speed_km_h)[0]

    def _way(
        self,
        graph: rx.PyDiGraph[int, Arc],
        start: tuple[float, float],
        end: tuple[float, float],
        goal: tuple[int, float],
        found: object,
        speed_km_h: float,
    ) -> Route:
        here = self.nearest(*start)
        if here is None or (here[0] != goal[0] and here[0] not in found):  # type: ignore[operator]
            return straight(start, end, speed_km_h)
        nodes = [] if here[0] == goal[0] else [int(n) for n in found[here[0]]][::-1]  # type: ignore[index]
        best = [min(graph.get_all_edge_data(a, b), key=lambda arc: arc.minutes(speed_km_h)) for a, b in pairwise(nodes)]
        off_road = here[1] + goal[1]
        length = sum(arc.length_m for arc in best) + off_road
        minutes = sum(arc.minutes(speed_km_h) for arc in best) + off_road / 1000 / min(30.0, speed_km_h) * 60
        line = [start, *(point for arc in best for point in arc.line), end]
        return Route(length, minutes, {"type": "LineString", "coordinates": [list(p) for p in line]}, BY_ROAD)


def straight(start: tuple[float, float], end: tuple[float, float], speed_km_h: float) -> Route:
    """The labelled estimate where no road leads."""
    length = distance_m(*start, *end) * DETOUR_FACTOR
    line: GeoJson = {"type": "LineString", "coordinates": [list(start), list(end)]}
    return Route(length, length / 1000 / speed_km_h * 60, line, STRAIGHT)


_lock = Lock()
_held: dict[str, object] = {"stamp": None, "roads": None}


def roads() -> Roads:
    """The graph of this process, rebuilt when the tables changed."""
    edges = RoadEdge.objects.values_list("pk", "length_m", "speed_km_h")
    stamp = hash(np.array(list(edges), dtype=float).tobytes())
    with _lock:
        if _held["stamp"] != stamp:
            _held["stamp"], _held["roads"] = stamp, Roads.load()
        return _held["roads"]  # type: ignore[return-value]
