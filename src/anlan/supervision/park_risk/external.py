"""外部安全防护距离 (GB/T 37243-2019 clause 4): which method a park's units call for, and how far beyond its boundary it reaches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from anlan.hazards.chemical import criteria
from anlan.hazards.chemical.qra import contours, judge
from anlan.hazards.chemical.substances import table
from anlan.supervision.models import HazardUnit
from anlan.supervision.park_risk.crowds import Plane

#: Explosives that registers may name, by the TNT that a kg of them is worth (待核对: usual values, by composition).
EXPLOSIVES = {"tnt": 1.0, "ammonium_nitrate": 0.32}
CLASSES = ("一类", "二类", "三类")
GAS_BOILS_BELOW_C = 20.0


class Choice(NamedTuple):
    """The method, the enterprise that decides it, and its sum of design maximum over threshold (GB 18218)."""

    method: str
    works: str
    ratio: float

    @property
    def words(self) -> str:
        most = f"（{self.works} Σq/Q = {self.ratio:.3g}）" if self.works else ""
        return f"外部安全防护距离采用{self.method}{most}，GB/T 37243-2019 第 4 章"


def choose(units: Sequence[HazardUnit]) -> Choice:
    """By the enterprise with the greatest sum: an installation of any of them decides for the park that is drawn as one."""
    sums: dict[str, float] = defaultdict(float)
    gases = False
    for unit in units:
        of = table().get(unit.substance)
        if of is None or of.boiling_c >= GAS_BOILS_BELOW_C or not (of.probit or of.lfl_pct is not None):
            continue
        gases = True
        if of.threshold_t:
            sums[unit.enterprise.name] += unit.quantity_t / of.threshold_t
    works, ratio = max(sums.items(), key=lambda pair: pair[1], default=("", 0.0))
    return Choice(judge.method(any(unit.substance in EXPLOSIVES for unit in units), gases, ratio), works, ratio)


def distances(
    units: Sequence[HazardUnit], lines: Mapping[float, contours.Contour], outline: BaseGeometry, existing: bool, plane: Plane
) -> dict[str, float]:  # fmt: skip
    """m beyond the boundary by class: where the risk falls to the limit, and with explosives at least as far as their blast."""
    limits = criteria.limits(existing)
    found = judge.external_distance({name: lines[limits[name]] for name in CLASSES}, outline)
    for unit in units:
        worth = EXPLOSIVES.get(unit.substance)
        if worth is None:
            continue
        inward = outline.boundary.distance(Point(plane.xy(unit.lon, unit.lat)))
        for name, reach in judge.consequence_distance(unit.quantity_t * 1000 * worth).items():
            found[name] = max(found[name], reach - inward)
    return found
