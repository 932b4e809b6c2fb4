"""The road graph: nearest way, time, and everything reachable, with closures.

Built once per process from the road tables and again when they change. Where there is no road, or none that is open, the
answer is the straight line times a detour factor, and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, inf, radians
from threading import Lock

import rustworkx as rx
from django.db import connection
from shapely import STRtree
from shapely.geometry import LineString, Point
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from anlan.kernel.geo import GeoJson, distance_m
from anlan.resources.models import RoadEdge, RoadNode

#: Road length over straight line in cities without data (Levinson & El-Geneidy 2009 give 1.2-1.4): 待核对.
DETOUR_FACTOR = 1.35
BY_ROAD, STRAIGHT = "路网", "直线估算"
#: A place farther than this from any road is not reached by it, m.
SNAP_M = 5000.0
#: Off the road one drives no faster than this, km/h.
OFF_ROAD_KM_H = 30.0
#: Nearer than this to a junction is at the junction, m.
HERE_M = 1.0
Place = tuple[float, float]
Line = tuple[Place, ...]
#: The open roads for the search of the nearest, and their positions in `Roads.roads`.
Open = tuple[STRtree, list[int]]


@dataclass(frozen=True)
class Route:
    """length m, driving minutes, GeoJSON LineString, and how it was found ("路网" or "直线估算")."""

    length_m: float
    minutes: float
    geometry: GeoJson
    how: str


@dataclass(frozen=True)
class Arc:
    """One drivable direction of a road; `road` is its position in `Roads.roads`."""

    road: int
    length_m: float
    speed_km_h: float
    line: Line

    def minutes(self, top_km_h: float) -> float:
        return minutes(self.length_m, min(self.speed_km_h, top_km_h))


@dataclass(frozen=True)
class Road:
    """A stretch between two nodes as the graph holds it."""

    start: int
    end: int
    length_m: float
    speed_km_h: float
    oneway: bool
    line: Line
    name: str = ""
    representative: bool = False

    def drives_back(self, share: float) -> bool:
        """Whether this share of the road may be driven against its direction: on a one-way only where one stands already."""
        return not self.oneway or share * self.length_m < HERE_M


@dataclass(frozen=True)
class Snap:
    """A place on a road: which, how far along (0-1), and metres from the place to it."""

    road: int
    along: float
    away_m: float


def minutes(length_m: float, km_h: float) -> float:
    return length_m / 1000 / max(km_h, 1.0) * 60


class Roads:
    """The graph in memory."""

    def __init__(self, places: Sequence[Place], roads: Sequence[Road]) -> None:
        self.roads = roads
        self.graph: rx.PyDiGraph[Place, Arc] = rx.PyDiGraph()
        self.graph.add_nodes_from(list(places))
        for index, road in enumerate(roads):
            self.graph.add_edge(road.start, road.end, Arc(index, road.length_m, road.speed_km_h, road.line))
            if not road.oneway:
                back = Arc(index, road.length_m, road.speed_km_h, road.line[::-1])
                self.graph.add_edge(road.end, road.start, back)
        # Degrees of longitude are shorter: nearest is sought in a plane where both count alike.
        self.squeeze = cos(radians(sum(place[1] for place in places) / len(places))) if places else 1.0
        self.lines = [LineString(road.line) for road in roads]
        self.flat = [LineString([(x * self.squeeze, y) for x, y in road.line]) for road in roads]
        self.tree, self.closures = STRtree(self.flat), STRtree(self.lines)

    @classmethod
    def load(cls) -> Roads:
        index: dict[int, int] = {}
        places: list[Place] = []
        for pk, lon, lat in RoadNode.objects.order_by("pk").values_list("pk", "lon", "lat"):
            index[pk] = len(places)
            places.append((lon, lat))
        found = []
        for edge in RoadEdge.objects.order_by("pk"):
            a, b = index[edge.start_id], index[edge.end_id]
            points = edge.geometry["coordinates"] if edge.geometry else [places[a], places[b]]
            line = tuple((float(x), float(y)) for x, y, *_ in points)
            found.append(Road(a, b, edge.length_m, edge.speed_km_h, edge.oneway, line, edge.name, edge.representative))
        return cls(places, found)

    def snap(self, place: Place, open_roads: Open | None = None) -> Snap | None:
        """The nearest point on an open road (by default on any), None when none is near."""
        tree, numbers = open_roads or (self.tree, None)
        if not len(tree.geometries):
            return None
        point = Point(place[0] * self.squeeze, place[1])
        found = int(tree.nearest(point))
        index = found if numbers is None else numbers[found]
        along = self.flat[index].project(point, normalized=True)
        on_road = self.flat[index].interpolate(along, normalized=True)
        away = distance_m(*place, on_road.x / self.squeeze, on_road.y)
        return Snap(index, along, away) if away <= SNAP_M else None

    def opened(self, shut: frozenset[int]) -> Open | None:
        """Where to look for the nearest open road; None = everywhere."""
        if not shut:
            return None
        numbers = [i for i in range(len(self.roads)) if i not in shut]
        return STRtree([self.flat[i] for i in numbers]), numbers

    def shut(self, closed: BaseGeometry | None) -> frozenset[int]:
        """Roads that touch a closed area."""
        if closed is None or not self.roads:
            return frozenset()
        return frozenset(int(i) for i in self.closures.query(closed, predicate="intersects"))

    def ways_to(
        self,
        lon: float,
        lat: float,
        starts: Sequence[Place],
        closed: BaseGeometry | None = None,
        speed_km_h: float = 60,
    ) -> list[Route]:
        """The quickest way from each start to (lon, lat): one search over the reversed graph for all of them."""
        shut = self.shut(closed)
        open_roads = self.opened(shut)
        goal = self.snap((lon, lat), open_roads)
        if goal is None:
            return [straight(start, (lon, lat), speed_km_h) for start in starts]
        search = Search(self, goal, shut, open_roads, speed_km_h)
        return [search.way(start, (lon, lat)) for start in starts]

    def route(self, start: Place, end: Place, closed: BaseGeometry | None = None, speed_km_h: float = 60) -> Route:
        return self.ways_to(*end, [start], closed, speed_km_h)[0]


class Search:
    """Minutes from every node to one goal on a road, avoiding shut roads."""

    def __init__(
        self, roads: Roads, goal: Snap, shut: frozenset[int], open_roads: Open | None, top_km_h: float
    ) -> None:
        self.roads, self.goal, self.shut, self.top = roads, goal, shut, top_km_h
        self.open_roads = open_roads
        self.minutes = self.one_to_all()

    def cost(self, arc: Arc) -> float:
        return inf if arc.road in self.shut else max(arc.minutes(self.top), 1e-9)

    def one_to_all(self) -> dict[int, float]:
        """Minutes to the goal by node: searched backwards from a node that stands for the goal."""
        back = self.roads.graph.copy()
        back.reverse()
        road = self.roads.roads[self.goal.road]
        here = back.add_node(road.line[0])
        rest = 1 - self.goal.along
        back.add_edge(here, road.start, Arc(self.goal.road, road.length_m * self.goal.along, road.speed_km_h, ()))
        if road.drives_back(rest):
            back.add_edge(here, road.end, Arc(self.goal.road, road.length_m * rest, road.speed_km_h, ()))
        found = rx.dijkstra_shortest_path_lengths(back, here, self.cost)
        return {int(node): float(cost) for node, cost in found.items() if cost < inf}

    def way(self, start: Place, end: Place) -> Route:
        """From a place to the goal, or the labelled estimate where no open road leads."""
        snap = self.roads.snap(start, self.open_roads)
        if snap is None:
            return straight(start, end, self.top)
        best = min(self.options(snap), key=lambda option: option[0], default=None)
        if best is None or best[0] == inf:
            return straight(start, end, self.top)
        off_road = snap.away_m + self.goal.away_m
        on_road, length, line = best
        total = on_road + minutes(off_road, min(OFF_ROAD_KM_H, self.top))
        points = [start, *line, end]
        shape: GeoJson = {"type": "LineString", "coordinates": [list(point) for point in points]}
        return Route(length + off_road, total, shape, BY_ROAD)

    def options(self, snap: Snap) -> list[tuple[float, float, Line]]:
        """(minutes, metres, line) of leaving the start's road by its end, by its beginning, or not at all."""
        road = self.roads.roads[snap.road]
        found = []
        for node, share, end in ((road.end, 1 - snap.along, 1.0), (road.start, snap.along, 0.0)):
            if node in self.minutes and (end or road.drives_back(share)):
                line = self.part(snap.road, snap.along, end)
                first = minutes(road.length_m * share, min(road.speed_km_h, self.top))
                length, rest = self.follow(node)
                found.append((first + self.minutes[node], road.length_m * share + length, (*line, *rest)))
        if snap.road == self.goal.road and (not road.oneway or snap.along <= self.goal.along):
            share = abs(self.goal.along - snap.along)
            line = self.part(snap.road, snap.along, self.goal.along)
            direct = minutes(road.length_m * share, min(road.speed_km_h, self.top))
            found.append((direct, road.length_m * share, line))
        return found

    def follow(self, node: int) -> tuple[float, Line]:
        """(metres, line) down the times to the goal."""
        line: list[Place] = []
        length, last = 0.0, self.roads.roads[self.goal.road]
        while True:
            arcs = [
                (self.cost(arc) + self.minutes.get(b, inf), b, arc) for _, b, arc in self.roads.graph.out_edges(node)
            ]
            step = min(arcs, key=lambda option: option[0], default=(inf, node, None))
            finish = self.last_stretch(node, last)
            if finish is not None and finish[0] <= step[0]:
                return length + finish[1], (*line, *finish[2])
            assert step[2] is not None, "a node with a time has a way"
            length, node = length + step[2].length_m, step[1]
            line += step[2].line

    def last_stretch(self, node: int, road: Road) -> tuple[float, float, Line] | None:
        """(minutes, metres, line) from a node of the goal's road to the goal; the shorter where it is both ends."""
        found = []
        if node == road.start:
            found.append((self.goal.along, 0.0))
        if node == road.end and road.drives_back(1 - self.goal.along):
            found.append((1 - self.goal.along, 1.0))
        if not found:
            return None
        share, begin = min(found)
        length = road.length_m * share
        line = self.part(self.goal.road, begin, self.goal.along)
        return minutes(length, min(road.speed_km_h, self.top)), length, line

    def part(self, road: int, begin: float, end: float) -> Line:
        """The line of a road between two positions, in the direction driven."""
        cut = substring(self.roads.lines[road], begin, end, normalized=True)
        return tuple((float(x), float(y)) for x, y in cut.coords)


def straight(start: Place, end: Place, speed_km_h: float) -> Route:
    """The labelled estimate where no road leads."""
    length = distance_m(*start, *end) * DETOUR_FACTOR
    line: GeoJson = {"type": "LineString", "coordinates": [list(start), list(end)]}
    return Route(length, minutes(length, speed_km_h), line, STRAIGHT)


STAMP = """select (select coalesce(bit_xor(hashtextextended(e::text, 0)), 0) from resources_roadedge e),
                  (select coalesce(bit_xor(hashtextextended(n::text, 0)), 0) from resources_roadnode n)"""
_lock = Lock()
_held: dict[str, object] = {"stamp": None, "roads": None}


def roads() -> Roads:
    """The graph of this process, rebuilt when the tables changed."""
    with connection.cursor() as cursor:
        cursor.execute(STAMP)
        stamp = cursor.fetchone()
    with _lock:
        if _held["stamp"] != stamp:
            _held["stamp"], _held["roads"] = stamp, Roads.load()
        return _held["roads"]  # type: ignore[return-value]
