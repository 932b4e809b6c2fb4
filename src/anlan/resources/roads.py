"""The road graph: nearest way, time, and everything reachable, with closures.

Built once per process from the road tables and again when they change. Where there is no road, or none that is open, the
answer is the straight line times a detour factor, and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import cos, inf, radians
from threading import Lock

import numpy as np
import rustworkx as rx
from django.db import connection
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from shapely import STRtree, get_parts, intersects, linestrings, transform
from shapely.geometry import LineString, Point, mapping
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring, unary_union

from anlan.kernel.geo import GeoJson, distance_m
from anlan.resources.models import RoadEdge, RoadNode
from anlan.resources.routing import Floats, Ints, Network

#: Road length over straight line in cities without data (Levinson & El-Geneidy 2009 give 1.2-1.4): 待核对.
DETOUR_FACTOR = 1.35
BY_ROAD, STRAIGHT = "路网", "直线估算"
#: A place farther than this from any road is not reached by it, m.
SNAP_M = 5000.0
#: Off the road one drives no faster than this, km/h.
OFF_ROAD_KM_H = 30.0
#: What lies this far beside a driven road counts as reached, m: parameter, 待核对.
BESIDE_M = 500.0
#: Metres of a degree of latitude.
M_PER_DEGREE = 111_195.0
#: How wide of a closed area an estimated way passes, m; corners it is estimated over at most.
ROUND_M, MOST_CORNERS = 50.0, 120
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
class Limits:
    """What a vehicle needs of a road: its height m, its weight t with load, and whether it carries dangerous goods."""

    height_m: float = 0.0
    weight_t: float = 0.0
    hazmat: bool = False


ANY = Limits()


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
    #: What the road bears: None = no limit known.
    max_height_m: float | None = None
    max_weight_t: float | None = None
    no_hazmat: bool = False

    def bears(self, limits: Limits) -> bool:
        """Whether such a vehicle may drive here."""
        return (
            (self.max_height_m is None or limits.height_m <= self.max_height_m)
            and (self.max_weight_t is None or limits.weight_t <= self.max_weight_t)
            and not (self.no_hazmat and limits.hazmat)
        )

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
            found.append(
                Road(
                    a, b, edge.length_m, edge.speed_km_h, edge.oneway, line, edge.name, edge.representative,
                    edge.max_height_m, edge.max_weight_t, edge.no_hazmat,
                )
            )  # fmt: skip
        return cls(places, found)

    @cached_property
    def network(self) -> Network:
        """The graph as arrays: first every road forwards, then those that are driven both ways backwards."""
        both = self.backwards
        start = np.array([road.start for road in self.roads], np.int64)
        end = np.array([road.end for road in self.roads], np.int64)
        free = self.costs(inf)
        tail, head = np.concatenate((start, end[both])), np.concatenate((end, start[both]))
        return Network(self.graph.num_nodes(), tail, head, free)

    @cached_property
    def backwards(self) -> Ints:
        return np.array([n for n, road in enumerate(self.roads) if not road.oneway], np.int64)

    @cached_property
    def measures(self) -> tuple[Floats, Floats]:
        """Length m and design speed km/h of every road."""
        found = np.array([(road.length_m, road.speed_km_h) for road in self.roads], np.float64).reshape(-1, 2)
        return found[:, 0], found[:, 1]

    def costs(self, top_km_h: float, shut: frozenset[int] = frozenset()) -> Floats:
        """Minutes of every arc of the network for a vehicle of this top speed; infinite where shut."""
        length, speed = self.measures
        each = np.maximum(length / 1000 / np.maximum(np.minimum(speed, top_km_h), 1.0) * 60, 1e-9)
        if shut:
            each[list(shut)] = np.inf
        return np.concatenate((each, each[self.backwards]))

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

    def shut(self, closed: BaseGeometry | None, limits: Limits = ANY) -> frozenset[int]:
        """Roads that touch a closed area, and those that do not bear the vehicle."""
        found: set[int] = set()
        if closed is not None and self.roads:
            found |= {int(i) for i in self.closures.query(closed, predicate="intersects")}
        if limits != ANY:
            found |= {n for n, road in enumerate(self.roads) if not road.bears(limits)}
        return frozenset(found)

    def ways_to(
        self,
        lon: float,
        lat: float,
        starts: Sequence[Place],
        closed: BaseGeometry | None = None,
        speed_km_h: float = 60,
        limits: Limits = ANY,
    ) -> list[Route]:
        """The quickest way from each start to (lon, lat): one search over the reversed graph for all of them."""
        shut = self.shut(closed, limits)
        open_roads = self.opened(shut)
        goal = self.snap((lon, lat), open_roads)
        if goal is None:
            return [straight(start, (lon, lat), speed_km_h, closed) for start in starts]
        search = Search(self, goal, shut, open_roads, speed_km_h, closed)
        return [search.way(start, (lon, lat)) for start in starts]

    def route(
        self, start: Place, end: Place, closed: BaseGeometry | None = None, speed_km_h: float = 60, limits: Limits = ANY
    ) -> Route:
        return self.ways_to(*end, [start], closed, speed_km_h, limits)[0]

    def pair_minutes(
        self, pairs: Sequence[tuple[Place, Place]], closed: BaseGeometry | None = None, speed_km_h: float = 60,
        limits: Limits = ANY,
    ) -> Floats:  # fmt: skip
        """Minutes of many pairs of places by A* with landmarks; infinite where no open road leads."""
        shut = self.shut(closed, limits)
        open_roads = self.opened(shut)
        snapped = [(self.snap(a, open_roads), self.snap(b, open_roads)) for a, b in pairs]
        ends = [self.pair_ends(a, b, speed_km_h) for a, b in snapped]
        if not ends or not self.roads:
            return np.full(len(pairs), np.inf)
        starts, leave, goals, arrive = (np.array(column) for column in zip(*ends, strict=True))
        found = self.network.pairs(
            self.costs(speed_km_h, shut), starts.astype(np.int64), leave.astype(np.float64), goals.astype(np.int64),
            arrive.astype(np.float64),
        )  # fmt: skip
        direct = np.array([self.direct(a, b, speed_km_h) for a, b in snapped])
        off = np.array([(a.away_m if a else 0.0) + (b.away_m if b else 0.0) for a, b in snapped])
        total: Floats = np.minimum(found, direct) + off / 1000 / min(OFF_ROAD_KM_H, speed_km_h) * 60
        return total

    def pair_ends(
        self, a: Snap | None, b: Snap | None, top: float
    ) -> tuple[list[int], list[float], list[int], list[float]]:
        """The junctions by which one leaves a place and reaches another, with the minutes to them; -1 = not that way."""
        if a is None or b is None:
            return [-1, -1], [inf, inf], [-1, -1], [inf, inf]
        left, entered = self.roads[a.road], self.roads[b.road]
        first = minutes(left.length_m, min(left.speed_km_h, top))
        last = minutes(entered.length_m, min(entered.speed_km_h, top))
        leave = [(left.end, (1 - a.along) * first), (left.start if left.drives_back(a.along) else -1, a.along * first)]
        arrive = [
            (entered.start, b.along * last),
            (entered.end if entered.drives_back(1 - b.along) else -1, (1 - b.along) * last),
        ]
        return [n for n, _m in leave], [m for _n, m in leave], [n for n, _m in arrive], [m for _n, m in arrive]

    def direct(self, a: Snap | None, b: Snap | None, top: float) -> float:
        """Minutes along the one road both places are on."""
        if a is None or b is None or a.road != b.road:
            return inf
        road = self.roads[a.road]
        if road.oneway and a.along > b.along:
            return inf
        return minutes(road.length_m * abs(b.along - a.along), min(road.speed_km_h, top))

    def isochrones(
        self, start: Place, bands: Sequence[float], closed: BaseGeometry | None = None, speed_km_h: float = 60,
        limits: Limits = ANY,
    ) -> list[tuple[float, GeoJson]]:  # fmt: skip
        """(minutes, area) reached from a place within each band: the roads driven in that time, and `BESIDE_M` beside them."""
        shut = self.shut(closed, limits)
        here = self.snap(start, self.opened(shut))
        if here is None:
            return []
        road = self.roads[here.road]
        whole = minutes(road.length_m, min(road.speed_km_h, speed_km_h))
        off = minutes(here.away_m, min(OFF_ROAD_KM_H, speed_km_h))
        nodes, offsets = [road.end], [off + (1 - here.along) * whole]
        if road.drives_back(here.along):
            nodes, offsets = [*nodes, road.start], [*offsets, off + here.along * whole]
        reach = self.network.reach(self.costs(speed_km_h, shut), nodes, offsets)
        return [(band, self.area_within(band, reach, here, shut, speed_km_h)) for band in sorted(bands)]

    def area_within(self, band: float, reach: Floats, here: Snap, shut: frozenset[int], top: float) -> GeoJson:
        parts: list[BaseGeometry] = [self.flat[here.road].interpolate(here.along, normalized=True)]
        for n, road in enumerate(self.roads):
            whole = minutes(road.length_m, min(road.speed_km_h, top))
            ahead = min(max((band - float(reach[road.start])) / whole, 0.0), 1.0) if n not in shut else 0.0
            back = 0.0 if road.oneway or n in shut else min(max((band - float(reach[road.end])) / whole, 0.0), 1.0)
            if ahead + back >= 1.0:
                parts.append(self.flat[n])
                continue
            parts += [substring(self.flat[n], 0, ahead, normalized=True)] if ahead > 0 else []
            parts += [substring(self.flat[n], 1 - back, 1, normalized=True)] if back > 0 else []
        area = unary_union([part.buffer(BESIDE_M / M_PER_DEGREE, quad_segs=3) for part in parts])
        plain = area.simplify(50 / M_PER_DEGREE)
        return dict(mapping(transform(plain, lambda xy: np.column_stack((xy[:, 0] / self.squeeze, xy[:, 1])))))


class Search:
    """Minutes from every node to one goal on a road, avoiding shut roads."""

    def __init__(
        self, roads: Roads, goal: Snap, shut: frozenset[int], open_roads: Open | None, top_km_h: float,
        closed: BaseGeometry | None = None,
    ) -> None:  # fmt: skip
        self.roads, self.goal, self.shut, self.top, self.closed = roads, goal, shut, top_km_h, closed
        self.open_roads = open_roads
        self.minutes = self.one_to_all()

    def cost(self, arc: Arc) -> float:
        return inf if arc.road in self.shut else max(arc.minutes(self.top), 1e-9)

    def one_to_all(self) -> Floats:
        """Minutes to the goal by node, infinite where no way leads: searched backwards from the goal's place on its road."""
        road = self.roads.roads[self.goal.road]
        whole = minutes(road.length_m, min(road.speed_km_h, self.top))
        rest = 1 - self.goal.along
        nodes, offsets = [road.start], [self.goal.along * whole]
        if road.drives_back(rest):
            nodes, offsets = [*nodes, road.end], [*offsets, rest * whole]
        return self.roads.network.reach(self.roads.costs(self.top, self.shut), nodes, offsets, backwards=True)

    def way(self, start: Place, end: Place) -> Route:
        """From a place to the goal, or the labelled estimate where no open road leads."""
        snap = self.roads.snap(start, self.open_roads)
        if snap is None:
            return straight(start, end, self.top, self.closed)
        best = min(self.options(snap), key=lambda option: option[0], default=None)
        if best is None or best[0] == inf:
            return straight(start, end, self.top, self.closed)
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
            if self.minutes[node] < inf and (end or road.drives_back(share)):
                line = self.part(snap.road, snap.along, end)
                first = minutes(road.length_m * share, min(road.speed_km_h, self.top))
                length, rest = self.follow(node)
                found.append((first + float(self.minutes[node]), road.length_m * share + length, (*line, *rest)))
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
            arcs = [(self.cost(arc) + float(self.minutes[b]), b, arc) for _, b, arc in self.roads.graph.out_edges(node)]
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


def straight(start: Place, end: Place, speed_km_h: float, closed: BaseGeometry | None = None) -> Route:
    """The labelled estimate where no road leads; it goes round what is closed, except where one end lies in it."""
    line = [start, end] if closed is None else around(start, end, closed)
    length = sum(distance_m(*a, *b) for a, b in pairwise(line)) * DETOUR_FACTOR
    shape: GeoJson = {"type": "LineString", "coordinates": [list(point) for point in line]}
    return Route(length, minutes(length, speed_km_h), shape, STRAIGHT)


def around(start: Place, end: Place, closed: BaseGeometry) -> list[Place]:
    """The shortest line between two places outside a closed area: the visibility graph of its corners (Lozano-Pérez and
    Wesley 1979, doi:10.1145/359156.359164). Parts that hold an end do not count: one must come out of, or into, them.
    Where no way leads out (inside a ring) it is the straight line."""
    squeeze = cos(radians((start[1] + end[1]) / 2))
    flat = transform(closed, lambda xy: np.column_stack((xy[:, 0] * squeeze, xy[:, 1])))
    ends = [Point(start[0] * squeeze, start[1]), Point(end[0] * squeeze, end[1])]
    parts = [part for part in get_parts(flat) if not any(part.covers(one) for one in ends)]
    wall = unary_union(parts)
    if wall.is_empty or not wall.intersects(LineString(ends)):
        return [start, end]
    gap = ROUND_M / M_PER_DEGREE
    rim = wall.buffer(gap, join_style="mitre").simplify(gap / 2)
    corners = [Point(xy) for part in get_parts(rim) for xy in part.exterior.coords[:-1]][:MOST_CORNERS]
    nodes = np.array([[one.x, one.y] for one in (*ends, *corners)])
    first, second = np.triu_indices(len(nodes), 1)
    lines = linestrings(np.stack((nodes[first], nodes[second]), axis=1))
    free = ~intersects(wall, lines)
    length = np.hypot(*(nodes[first] - nodes[second]).T)[free]
    graph = coo_array((length, (first[free], second[free])), shape=(len(nodes), len(nodes)))
    _far, before = dijkstra(graph.tocsr(), directed=False, indices=0, return_predecessors=True)
    path, node = [1], int(before[1])
    while node >= 0:
        path.append(node)
        node = int(before[node])
    return [(float(nodes[n][0] / squeeze), float(nodes[n][1])) for n in path[::-1]] if path[-1] == 0 else [start, end]


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
