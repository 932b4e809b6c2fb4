"""From lines to a routable graph: cut where lines meet, length on the ellipsoid, speed by class. Pure."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import rustworkx as rx

from anlan.gateways.importing.items import Item
from anlan.kernel.errors import Invalid
from anlan.kernel.geo import WGS84, parse

Point = tuple[float, float]
#: OSM class -> (our class, km/h where no limit is signed). Speeds are this platform's defaults, 待核对.
CLASSES = {
    "motorway": ("高速公路", 100.0), "trunk": ("快速路", 80.0), "primary": ("主干路", 60.0),
    "secondary": ("次干路", 50.0), "tertiary": ("支路", 40.0), "unclassified": ("支路", 30.0),
    "residential": ("街坊路", 30.0), "living_street": ("街坊路", 20.0), "service": ("内部路", 20.0),
    "track": ("便道", 15.0),
}  # fmt: skip
LINK_KM_H = 40.0
DEFAULT = ("支路", 40.0)
#: Two ends nearer than this are the same junction, degrees (0.1 m).
DIGITS = 6


@dataclass
class Network:
    """Rows for `resources.actions.replace_roads`, and what was not understood."""

    nodes: list[dict[str, str]] = field(default_factory=list)
    edges: list[dict[str, str]] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    #: Share of the junctions that can be reached from each other, 0-1.
    connected: float = 0.0
    length_km: float = 0.0


@dataclass(frozen=True)
class Line:
    """One road as a file gives it."""

    code: str
    name: str
    kind: str
    speed_km_h: float
    oneway: bool
    points: tuple[Point, ...]
    representative: bool


def number(text: str) -> float | None:
    found = re.match(r"\d+(?:\.\d+)?", text.strip())
    return float(found[0]) if found else None


def lines_of(item: Item, order: int) -> list[Line]:
    """The lines of one item; [] for what is not for cars. Raises ValueError with the reason for what is no line."""
    given = item.properties
    highway = given.get("highway", "")
    base = highway.removesuffix("_link")
    if highway and base not in CLASSES:
        return []
    if item.geometry is None or item.geometry["type"] not in {"LineString", "MultiLineString"}:
        if highway:
            return []
        raise ValueError(f"几何类型“{item.geometry['type'] if item.geometry else '无'}”不是线")
    try:
        parse(item.geometry)
    except Invalid as error:
        raise ValueError(error.message) from error
    kind, speed = CLASSES.get(base, (given.get("kind") or DEFAULT[0], DEFAULT[1]))
    if highway.endswith("_link"):
        speed = min(speed, LINK_KM_H)
    speed = number(given.get("maxspeed", "") or given.get("speed_km_h", "")) or speed
    sign = given.get("oneway", "").lower()
    backwards = sign in {"-1", "reverse"}
    oneway = backwards or sign in {"yes", "1", "true", "是"} or (base == "motorway" and sign != "no")
    coordinates = item.geometry["coordinates"]
    parts = [coordinates] if item.geometry["type"] == "LineString" else coordinates
    code = given.get("code") or f"R{order}"
    invented = given.get("representative") == "是"
    return [
        Line(
            code if len(parts) == 1 else f"{code}.{n}", given.get("name", "")[:60] or "无名路", kind, speed, oneway,
            tuple(points_of(part)[::-1] if backwards else points_of(part)), invented,
        )
        for n, part in enumerate(parts)
    ]  # fmt: skip


def points_of(part: list[list[float]]) -> list[Point]:
    """Rounded, without repetitions."""
    points = [(round(p[0], DIGITS), round(p[1], DIGITS)) for p in part]
    return [point for i, point in enumerate(points) if i == 0 or point != points[i - 1]]


def build(items: Iterable[Item]) -> Network:
    """The graph of all lines. Where any item has OSM's `highway`, whatever has none (rivers, houses) is no road."""
    made, lines = Network(), []
    given = list(items)
    tagged = any("highway" in item.properties for item in given)
    for order, item in enumerate(given, 1):
        if tagged and not item.properties.get("highway"):
            continue
        try:
            lines += [line for line in lines_of(item, order) if len(line.points) > 1]
        except ValueError as error:
            made.refused.append((item.where, str(error)))
    uses = Counter(point for line in lines for point in line.points)
    ends = {point for line in lines for point in (line.points[0], line.points[-1])}
    junctions = ends | {point for point, count in uses.items() if count > 1}
    codes = {point: f"N{n}" for n, point in enumerate(sorted(junctions), 1)}
    made.nodes = [{"code": code, "lon": str(p[0]), "lat": str(p[1])} for p, code in codes.items()]
    for line in lines:
        made.edges += edges_of(line, codes)
    made.length_km = sum(float(edge["length_m"]) for edge in made.edges) / 1000
    made.connected = largest(codes.values(), made.edges)
    return made


def edges_of(line: Line, codes: dict[Point, str]) -> list[dict[str, str]]:
    """The line cut at its junctions."""
    found: list[dict[str, str]] = []
    begin = 0
    for i in range(1, len(line.points)):
        if line.points[i] in codes:
            part = line.points[begin : i + 1]
            length = WGS84.line_length([p[0] for p in part], [p[1] for p in part])
            found.append(
                {
                    "code": f"{line.code}-{len(found)}",
                    "start": codes[part[0]],
                    "end": codes[part[-1]],
                    "name": line.name,
                    "kind": line.kind,
                    "length_m": f"{length:.1f}",
                    "speed_km_h": f"{line.speed_km_h:g}",
                    "oneway": "是" if line.oneway else "否",
                    "geometry": json.dumps({"type": "LineString", "coordinates": [list(p) for p in part]}),
                    "representative": "是" if line.representative else "否",
                }
            )
            begin = i
    return found


def largest(codes: Iterable[str], edges: list[dict[str, str]]) -> float:
    graph: rx.PyGraph[str, None] = rx.PyGraph()
    index = {code: graph.add_node(code) for code in codes}
    graph.add_edges_from_no_data([(index[edge["start"]], index[edge["end"]]) for edge in edges])
    parts = rx.connected_components(graph)
    return max((len(part) for part in parts), default=0) / max(1, len(index))
