"""链条图: where the nodes of a graph stand and how its edges run, for a drawing. Pure; lengths in the drawing's own units.

Layers after Sugiyama et al. 1981: a node stands right of everything that leads to it (edges that close a circle are left out of
that), and each column is ordered by the middle of its neighbours, a few sweeps to and fro.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

#: Box of a node, room between columns and rows.
WIDE, HIGH, ACROSS, DOWN = 116.0, 30.0, 92.0, 18.0
MARGIN = 10.0
SWEEPS = 12


@dataclass(frozen=True)
class Placed:
    """A node's box, from its upper left corner."""

    id: str
    x: float
    y: float


@dataclass(frozen=True)
class Drawn:
    """The whole: its size, boxes, and a path for each edge (in the order given)."""

    width: float
    height: float
    nodes: tuple[Placed, ...]
    paths: tuple[str, ...]


def ranks(nodes: Sequence[str], edges: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Column of each node: the longest way to it, edges that close a circle left out."""
    after: dict[str, list[str]] = {node: [] for node in nodes}
    for source, target in edges:
        after[source].append(target)
    found: dict[str, int] = dict.fromkeys(nodes, 0)
    order: list[str] = []
    state: dict[str, int] = {}
    back: set[tuple[str, str]] = set()
    for node in nodes:
        if node not in state:
            walk(node, after, state, order, back)
    for node in reversed(order):
        for target in after[node]:
            if (node, target) not in back:
                found[target] = max(found[target], found[node] + 1)
    return found


def walk(
    node: str, after: Mapping[str, list[str]], state: dict[str, int], order: list[str], back: set[tuple[str, str]]
) -> None:
    """Depth first: `order` gets every node after all that follow it, `back` the edges that close a circle."""
    state[node] = 1
    for target in after[node]:
        if state.get(target) == 1:
            back.add((node, target))
        elif target not in state:
            walk(target, after, state, order, back)
    state[node] = 2
    order.append(node)


def draw(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> Drawn:
    """Boxes and paths of a graph; empty where it has no node."""
    column = ranks(nodes, edges)
    columns: list[list[str]] = [[] for _ in range(max(column.values(), default=-1) + 1)]
    for node in nodes:
        columns[column[node]].append(node)
    ordered(columns, edges)
    tallest = max((len(one) for one in columns), default=0)
    height = 2 * MARGIN + tallest * (HIGH + DOWN) - (DOWN if tallest else 0)
    places = {
        node: Placed(
            node, MARGIN + k * (WIDE + ACROSS), MARGIN + (row + (tallest - len(one)) / 2) * (HIGH + DOWN)
        )
        for k, one in enumerate(columns)
        for row, node in enumerate(one)
    }  # fmt: skip
    width = 2 * MARGIN + len(columns) * (WIDE + ACROSS) - (ACROSS if columns else 0)
    paths = tuple(path(places[a], places[b], height) for a, b in edges)
    return Drawn(width, height, tuple(places.values()), paths)


def ordered(columns: list[list[str]], edges: Sequence[tuple[str, str]]) -> None:
    """Sort each column by the middle of its neighbours in the column beside it."""
    near: dict[str, list[str]] = {node: [] for one in columns for node in one}
    for source, target in edges:
        near[source].append(target)
        near[target].append(source)
    for sweep in range(SWEEPS):
        rows = {node: row / max(len(one) - 1, 1) for one in columns for row, node in enumerate(one)}
        turn = columns if sweep % 2 == 0 else columns[::-1]
        for one in turn:
            middle = {
                node: sum(rows[n] for n in near[node]) / len(near[node]) if near[node] else rows[node] for node in one
            }
            one.sort(key=lambda node: middle[node])
            rows |= {node: row / max(len(one) - 1, 1) for row, node in enumerate(one)}


def path(a: Placed, b: Placed, height: float) -> str:
    """A curve from the right side of a box to the left of another; one that runs back goes round below."""
    x0, y0, x1, y1 = a.x + WIDE, a.y + HIGH / 2, b.x, b.y + HIGH / 2
    if a.id == b.id:
        return f"M{x0 - 18:.0f},{a.y + HIGH:.0f} c4,22 -40,22 -36,0"
    if x1 > x0:
        half = (x1 - x0) / 2
        return f"M{x0:.0f},{y0:.0f} C{x0 + half:.0f},{y0:.0f} {x1 - half:.0f},{y1:.0f} {x1:.0f},{y1:.0f}"
    low = min(height, max(a.y, b.y) + HIGH + DOWN)
    return f"M{x0:.0f},{y0:.0f} C{x0 + 50:.0f},{low:.0f} {x1 - 50:.0f},{low:.0f} {x1:.0f},{y1:.0f}"
