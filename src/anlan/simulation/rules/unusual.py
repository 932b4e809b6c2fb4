"""少见组合: hazards together that hardly ever come together, by declaration and by how often each comes.

Independence: if a hazard has come n times in T days, the chance that it comes within a given day is 1 - exp(-(n + 0.5) / T)
(Poisson, Jeffreys' half event, so that what was never seen is rare and not impossible). Two of them in one day by mere chance have
the product. Hazards that the graph joins are no surprise together: their combination is the chain itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import exp, isfinite

from anlan.simulation.rules.chains import Combination, graph

#: Chance of coming together in a day below which a combination is told: once in about three years. 待核对.
RARE = 1e-3
#: Days of records below which frequency says nothing.
LEAST_DAYS = 30


@dataclass(frozen=True)
class Unusual:
    nodes: frozenset[str]
    why: str


def chance(count: int, days: float) -> float:
    """Chance that a hazard that came `count` times in `days` comes within a given day."""
    if count < 0 or not isfinite(days) or days <= 0:
        raise ValueError(f"count {count} 须 >= 0，days {days} 须 > 0")
    return 1 - exp(-(count + 0.5) / days)


def joined(a: str, b: str) -> bool:
    """Whether the declared graph has one follow the other."""
    return any({edge.source, edge.target} == {a, b} for edge in graph().edges)


def beside(
    node: str, around: Iterable[str], counts: Mapping[str, int], days: float, declared: Iterable[Combination]
) -> list[Unusual]:
    """What is unusual about `node` beside those around it, those with a declared reason first."""
    others = set(around) - {node}
    told = [Unusual(one.nodes, one.why) for one in declared if node in one.nodes and one.nodes - {node} <= others]
    known = {frozenset({node, other}) for one in told for other in one.nodes - {node}}
    if sum(counts.values()) == 0 or days < LEAST_DAYS:
        return told
    for other in sorted(others):
        pair = frozenset({node, other})
        both = chance(counts.get(node, 0), days) * chance(counts.get(other, 0), days)
        if pair not in known and not joined(node, other) and both < RARE:
            told.append(Unusual(pair, f"近 {days:.0f} 天记录下，两者同日偶然相遇的概率约 {both:.1e}，须查是否同源"))
    return told
