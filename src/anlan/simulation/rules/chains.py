"""The declared graph of `chains.toml`: nodes (hazards), what tells that one has fired, and edges with reason and source."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from anlan.simulation.rules.criteria import CRITERIA

#: How an edge finds what it looks at: things in the hazard's zones, the thing that failed itself, or the district as a whole.
WHERE = ("zone", "self", "area")


@dataclass(frozen=True)
class Node:
    """One hazard. `runs` engine kinds, `words` of warning headlines and judgements that mean it."""

    id: str
    title: str
    runs: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Edge:
    """If `source` has fired, `target` may follow at a thing that meets the criterion; then people check what `check` says.

    `engine`: the family that computes how far the next hazard would reach if it came. `also`: a node that, fired in the same
    district within a day, makes a 须核实 a 较可能.
    """

    id: str
    source: str
    target: str
    title: str
    where: str
    criterion: str
    check: str
    reason: str
    cites: str
    targets: tuple[str, ...] = ()
    engine: str = ""
    also: str = ""
    to_check: bool = True


@dataclass(frozen=True)
class Combination:
    """Hazards that are rare together and of which the plans of each say nothing: why it matters."""

    nodes: frozenset[str]
    why: str
    cites: str


@dataclass(frozen=True)
class Graph:
    nodes: dict[str, Node]
    edges: tuple[Edge, ...]
    combinations: tuple[Combination, ...] = ()
    after: dict[str, tuple[Edge, ...]] = field(default_factory=dict)

    def node_of_run(self, kind: str) -> Node | None:
        return next((node for node in self.nodes.values() if kind in node.runs), None)

    def node_of_words(self, text: str) -> Node | None:
        """The node whose longest word stands in the text: 山洪 goes before 洪."""
        found = [(len(word), node) for node in self.nodes.values() for word in node.words if word in text]
        return max(found, key=lambda pair: pair[0])[1] if found else None


class GraphError(ValueError):
    """The declared graph contradicts itself: which entry and why."""


def read(data: dict[str, Any]) -> Graph:
    """The graph out of a parsed file; GraphError names the first entry that cannot be."""
    nodes = {}
    for row in data.get("node", []):
        if row["id"] in nodes:
            raise GraphError(f"节点 {row['id']} 重复")
        nodes[row["id"]] = Node(row["id"], row["title"], tuple(row.get("runs", ())), tuple(row.get("words", ())))
    edges = tuple(edge_of(row, nodes) for row in data.get("edge", []))
    ids = [edge.id for edge in edges]
    if len(set(ids)) < len(ids):
        raise GraphError(f"边 {next(one for one in ids if ids.count(one) > 1)} 重复")
    combinations = tuple(
        Combination(frozenset(row["nodes"]), row["why"], row["cites"]) for row in data.get("combination", [])
    )
    for one in combinations:
        if one.nodes - nodes.keys() or len(one.nodes) < 2:
            raise GraphError(f"组合 {'+'.join(sorted(one.nodes))} 须为两个以上已声明的节点")
    after = {key: tuple(edge for edge in edges if edge.source == key) for key in nodes}
    return Graph(nodes, edges, combinations, after)


def edge_of(row: dict[str, Any], nodes: dict[str, Node]) -> Edge:
    names = "id title where criterion check reason cites".split()
    for name in [*names, "from", "to"]:
        if not row.get(name):
            raise GraphError(f"边 {row.get('id', '?')} 缺 {name}")
    for end in (row["from"], row["to"], row.get("also") or row["from"]):
        if end not in nodes:
            raise GraphError(f"边 {row['id']} 的节点 {end} 未声明")
    if row["where"] not in WHERE or row["criterion"] not in CRITERIA:
        raise GraphError(f"边 {row['id']} 的 where 或 criterion 未知：{row['where']}、{row['criterion']}")
    if row["where"] == "zone" and not row.get("targets"):
        raise GraphError(f"边 {row['id']} 须写 targets")
    return Edge(
        source=row["from"], target=row["to"], targets=tuple(row.get("targets", ())), engine=row.get("engine", ""),
        also=row.get("also", ""), to_check=row.get("to_check", True), **{name: row[name] for name in names},
    )  # fmt: skip


@cache
def graph() -> Graph:
    """The graph of this platform."""
    return read(tomllib.loads((Path(__file__).parent / "chains.toml").read_text(encoding="utf-8")))
