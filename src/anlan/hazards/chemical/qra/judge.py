"""What the risk means: GB 36894-2018 at protection targets, GB/T 37243-2019 distances, contributors, grade and room left.

The grade of a region and its remaining capacity have no formula in a national standard that was at hand: they are indices of
this platform (本平台指标), by how near the criteria of GB 36894 are: k = greatest risk over its limit at any target;
d = greatest log10 of F(N) over the upper line of the F-N diagram.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import log10
from typing import Any, NamedTuple

import numpy as np
from shapely.geometry import MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from anlan.hazards.chemical import blast, criteria
from anlan.hazards.chemical.qra.contours import Contour
from anlan.hazards.chemical.qra.equipment import GENERIC, Equipment, Frequencies, scenarios
from anlan.hazards.chemical.qra.individual import at_places
from anlan.hazards.chemical.qra.inputs import Target
from anlan.hazards.chemical.qra.model import Floats, People, Rose, Study
from anlan.hazards.chemical.qra.scenario import study
from anlan.hazards.chemical.qra.societal import Societal, societal
from anlan.hazards.chemical.qra.tree import Ignition

#: Least k, or least d, of each grade, worst first; colours of the four-colour map. 本平台指标.
GRADES = (
    ("重大风险", "红", 1.0, 0.0),
    ("较大风险", "橙", 0.3, -1.0),
    ("一般风险", "黄", 0.03, -2.0),
    ("低风险", "蓝", 0.0, -99.0),
)
#: GB/T 37243: overpressure (kPa) that bounds each class, consequence method (待核对: from recall).
CONSEQUENCE_KPA = {"一类": 2.0, "二类": 5.0, "三类": 9.0}
#: t of a substance that "what can still be added" tries, ascending.
LADDER_T = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
TOP = 5


@dataclass(frozen=True)
class Verdict:
    """A protection target: its risk, its limit, and what brings the risk there: (scenario, outcome, share)."""

    target: Target
    risk: float
    limit: float
    top: tuple[tuple[str, str, float], ...]

    @property
    def passes(self) -> bool:
        return self.risk <= self.limit

    @property
    def ratio(self) -> float:
        return self.risk / self.limit


def verdicts(made: Study, targets: Sequence[Target], existing: bool) -> list[Verdict]:
    """Individual risk at each target against its class, with the greatest contributors."""
    if not targets:
        return []
    risks, parts = at_places(made, np.array([(target.x, target.y) for target in targets]))
    limits = criteria.limits(existing)
    found = []
    for target, risk, shares in zip(targets, risks, parts, strict=True):
        best = sorted(shares.items(), key=lambda item: -item[1])[:TOP]
        top = tuple((made.scenarios[index], outcome, value / risk) for (index, outcome), value in best)
        found.append(Verdict(target, float(risk), limits[target.kind], top))
    return found


class Standing(NamedTuple):
    """Grade of a region: name, colour, k, d, zone of the F-N curve, room left (1 - k, at least 0; 0 where F-N is unacceptable)."""

    grade: str
    colour: str
    k: float
    d: float
    zone: str
    room: float


def standing(found: Sequence[Verdict], curve: Sequence[tuple[float, float]]) -> Standing:
    k = max((verdict.ratio for verdict in found), default=0.0)
    d = max((log10(f / (criteria.UPPER / n)) for n, f in curve if f > 0), default=-99.0)
    zone = criteria.curve_zone(curve)
    if zone == criteria.ZONES[2]:
        d = max(d, 0.0)
    name, colour = next(
        (row[0], row[1])
        for row in GRADES
        if k > row[2] or d > row[3] or (d >= 0 and row[3] == 0.0) or row is GRADES[-1]
    )
    return Standing(name, colour, k, d, zone, 0.0 if zone == criteria.ZONES[2] else max(0.0, 1 - k))


def findings(found: Sequence[Verdict], group: Standing, existing: bool) -> list[str]:
    """Sentences for the report, what fails first."""
    kind = "在役" if existing else "新建、改建、扩建"
    bad = [verdict for verdict in found if not verdict.passes]
    said = [
        f"{verdict.target.name or '防护目标'}（{verdict.target.kind}）个人风险 {verdict.risk:.2g}/年，"
        f"超过{kind}限值 {verdict.limit:.2g}/年"
        for verdict in sorted(bad, key=lambda verdict: -verdict.ratio)
    ]
    if not bad and found:
        said.append(
            f"全部 {len(found)} 个防护目标的个人风险不超过 GB 36894-2018 {kind}限值，最大为限值的 {group.k:.0%}"
        )
    said.append(f"社会风险位于{group.zone}")
    return said


def external_distance(levels: Mapping[str, Contour], boundary: BaseGeometry) -> dict[str, float]:
    """GB/T 37243, risk method: how far (m) beyond the boundary the contour of each class's limit reaches."""
    found = {}
    for name, one in levels.items():
        far = [boundary.distance(Point(point)) for rings in one.polygons for point in rings[0]]
        found[name] = max(far, default=0.0)
    return found


def shape_of(one: Contour) -> BaseGeometry:
    return MultiPolygon([Polygon(rings[0], rings[1:]) for rings in one.polygons])


def method(explosives: bool, gases: bool, ratio: float) -> str:
    """GB/T 37243-2019 clause 4: how the external safety distance is to be found. ratio = sum of design maximum / Q of GB 18218."""
    if explosives and gases and ratio >= 1:
        return "事故后果法与定量风险评价法，取大者"
    if explosives:
        return "事故后果法"
    if gases and ratio >= 1:
        return "定量风险评价法"
    return "执行相关标准规范的距离要求"


def consequence_distance(tnt_kg: float) -> dict[str, float]:
    """m by the consequence method, for each class (GB/T 37243; formula and thresholds 待核对)."""
    return {name: blast.distance(tnt_kg, kpa, "gbt37243") for name, kpa in CONSEQUENCE_KPA.items()}


@dataclass(frozen=True)
class Base:
    """A region as it stands: what "may this be added" is asked of."""

    rose: Rose
    targets: tuple[Target, ...]
    existing: bool
    risks: Floats
    societal: Societal
    people: People | None
    sources: tuple[Ignition, ...] = ()


def may_add(base: Base, item: Equipment, chosen: Frequencies) -> tuple[bool, str]:
    """Would the region still meet GB 36894 with this equipment? (answer, what stands against it)."""
    more = study(scenarios(item, chosen), base.rose, base.people, base.sources)
    limits = criteria.limits(base.existing)
    if base.targets:
        risks = base.risks + at_places(more, np.array([(target.x, target.y) for target in base.targets]), 9)[0]
        ratio = [risk / limits[target.kind] for target, risk in zip(base.targets, risks, strict=True)]
        worst = int(np.argmax(ratio))
        if ratio[worst] > 1:
            return False, f"{base.targets[worst].name or '防护目标'}个人风险达到限值的 {ratio[worst]:.2g} 倍"
    if criteria.curve_zone(base.societal.curve) == criteria.ZONES[2]:
        return False, "社会风险已在不可接受区"
    together = add_curves(base.societal.curve, societal(more, 2).curve)
    if criteria.curve_zone(together) == criteria.ZONES[2]:
        return False, "社会风险进入不可接受区"
    return True, ""


def add_curves(one: Sequence[tuple[float, float]], other: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """F(N) of both together, at the numbers of either."""
    numbers = sorted({n for n, _f in (*one, *other)})
    return [(n, exceed(one, n) + exceed(other, n)) for n in numbers]


def exceed(points: Sequence[tuple[float, float]], number: float) -> float:
    """F at N: that of the next number met at or above it."""
    return next((f for n, f in points if n >= number), 0.0)


def room_for(base: Base, item: Equipment, chosen: Frequencies = GENERIC) -> dict[str, Any]:
    """The greatest stock of the ladder that may be added at a place, and what stands against the next one."""
    most, reason = 0.0, ""
    for tonnes in LADDER_T:
        allowed, reason = may_add(base, replace(item, inventory_kg=tonnes * 1000.0), chosen)
        if not allowed:
            break
        most = float(tonnes)
    return {"most_t": most, "ladder_end": most == LADDER_T[-1], "limited_by": reason}
