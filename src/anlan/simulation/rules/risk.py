"""区域风险排序: areas over all hazards, by what is there (people, dangerous goods) and by what is happening (fired, reached, open).

An index, no probability: each part is shown beside the sum, and the weights are this platform's own (待核对). Parts saturate, so
that one enormous figure does not hide the others: x / (x + half), half being the amount that counts half.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: Points of each part at most; together 100. Own weights, 待核对.
WEIGHTS = {"fired": 30.0, "reached": 30.0, "open": 20.0, "goods": 12.0, "people": 8.0}
TITLES = {
    "fired": "正在发生",
    "reached": "影响人口",
    "open": "待核查次生灾害",
    "goods": "危险物质",
    "people": "常住人口",
}
#: Amount of each part that counts half of its points: one orange hazard, 1000 people, five likely leads, sum q/Q of 50, 100,000.
HALF = {"fired": 2.0, "reached": 1000.0, "open": 5.0, "goods": 50.0, "people": 100_000.0}
#: What a hazard or zone of level 1 (red) to 4 (blue) counts.
OF_LEVEL = {1: 4.0, 2: 2.0, 3: 1.0, 4: 0.5}
#: Share of people in a zone of level 1 to 4 that counts.
SHARE = {1: 1.0, 2: 0.5, 3: 0.2, 4: 0.05}
LIKELY_COUNTS, POSSIBLE_COUNTS = 1.0, 0.3
#: Points from which an area is drawn in a colour, worst first.
BANDS = ((60.0, "#d6342c", "很高"), (40.0, "#e8833a", "高"), (20.0, "#e8c53a", "较高"), (0.0, "#4a90d0", "一般"))


@dataclass(frozen=True)
class Facts:
    """What is known of an area: residents, (q, Q) of its units, (node, level) that fired, (level, people) reached, leads likely or not."""

    id: int
    name: str
    people: float
    units: tuple[tuple[float, float], ...] = ()
    fired: tuple[tuple[str, int], ...] = ()
    reached: tuple[tuple[int, float], ...] = ()
    leads: tuple[bool, ...] = ()


@dataclass(frozen=True)
class Ranked:
    """An area's points 0 to 100, by part, and the amounts they come from."""

    id: int
    name: str
    points: float
    parts: dict[str, float]
    amounts: dict[str, float]
    nodes: tuple[str, ...]

    @property
    def band(self) -> tuple[str, str]:
        """(colour, word)."""
        return next((colour, word) for least, colour, word in BANDS if self.points >= least)


def amounts(of: Facts) -> dict[str, float]:
    """The parts before they saturate. Of one hazard only its worst level counts: ten warnings of one storm are one storm."""
    worst: dict[str, int] = {}
    for node, level in of.fired:
        worst[node] = min(level, worst.get(node, 4))
    return {
        "fired": sum(OF_LEVEL.get(level, 0.5) for level in worst.values()),
        "reached": max((SHARE.get(level, 0.05) * people for level, people in of.reached), default=0.0),
        "open": sum(LIKELY_COUNTS if likely else POSSIBLE_COUNTS for likely in of.leads),
        "goods": sum(quantity / critical for quantity, critical in of.units if critical > 0),
        "people": of.people,
    }


def rank(areas: Sequence[Facts]) -> list[Ranked]:
    """The most threatened first."""
    found = []
    for of in areas:
        raw = amounts(of)
        parts = {name: WEIGHTS[name] * value / (value + HALF[name]) for name, value in raw.items()}
        nodes = tuple(dict.fromkeys(node for node, _ in of.fired))
        found.append(Ranked(of.id, of.name, sum(parts.values()), parts, raw, nodes))
    return sorted(found, key=lambda one: (-one.points, one.name))
