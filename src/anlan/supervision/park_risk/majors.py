"""重大危险源: every unit 单元 of the registered works identified and graded by GB 18218-2018.

A unit is what its register says it belongs to (`HazardUnit.section`: one dike of tanks, one store, one plant between its valves);
where that is not filled in, all of a works that stores is one unit and all that produces another, which asks more than the standard
does. People within 500 m: of the hull of the works' units, as boundaries of works are not registered (待核对): residents by area,
protection targets, and the fuller shift of neighbours.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from shapely.geometry import MultiPoint, Point, shape
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from anlan.hazards.chemical import gb18218
from anlan.hazards.chemical.substances import table
from anlan.hazards.contract import InputError
from anlan.simulation.queries import homes
from anlan.supervision.models import Enterprise, HazardUnit, Park, ProtectionTarget
from anlan.supervision.park_risk.crowds import WHY, Plane

#: Kinds of unit that store; all others produce.
STORES = frozenset({"储罐", "球罐", "气柜", "仓库", "槽车"})
AROUND_M = 500.0


@dataclass(frozen=True)
class Part:
    """A substance of a unit: t at most, threshold t, beta."""

    name: str
    tonnes: float
    threshold_t: float
    beta: float


@dataclass(frozen=True)
class Major:
    """One unit as the standard sees it. S < 1: no major hazard, no grade. filed: the grade on file, as registered."""

    enterprise: Enterprise
    name: str
    parts: tuple[Part, ...]
    left_out: tuple[str, ...]
    people: int
    s: float
    alpha: float
    r: float
    grade: str
    filed: str

    @property
    def differs(self) -> bool:
        """Is another grade on file than the one that follows from the register."""
        return self.filed not in ("", self.grade)


def section_of(unit: HazardUnit) -> str:
    return unit.section or ("储存单元" if unit.kind in STORES else "生产单元")


def part_of(unit: HazardUnit, called: str) -> Part | None:
    """None for what GB 18218 does not count."""
    of = table().get(unit.substance)
    if of is not None:
        return Part(of.name, unit.quantity_t, of.threshold_t, of.beta or 1.0) if of.threshold_t else None
    try:
        row = gb18218.identify({"name": called}, "unit")
    except InputError:
        return None
    return Part(called, unit.quantity_t, row.threshold_t, row.beta)


def graded(
    enterprise: Enterprise, name: str, units: Sequence[HazardUnit], people: int, words: dict[str, str]
) -> Major:  # fmt: skip
    called = {unit.pk: words.get(unit.substance, unit.substance) for unit in units}
    parts = {unit.pk: part_of(unit, called[unit.pk]) for unit in units}
    counted = together(part for part in parts.values() if part)
    made = gb18218.grade_unit([(part.tonnes, part.threshold_t, part.beta) for part in counted], people)
    left = tuple(dict.fromkeys(called[pk] for pk, part in parts.items() if part is None))
    filed = "、".join(sorted({unit.major_hazard_grade for unit in units} - {""}))
    return Major(
        enterprise, name, counted, left, people, made["S"], made["alpha"], made["R"], made["grade"] or "", filed
    )  # fmt: skip


def together(parts: Iterable[Part]) -> tuple[Part, ...]:
    """One part for each substance, however many tanks hold it."""
    found: dict[str, Part] = {}
    for part in parts:
        known = found.get(part.name)
        found[part.name] = replace(part, tonnes=part.tonnes + known.tonnes) if known else part
    return tuple(found.values())


class Surroundings:
    """Who lives and works where, read once for all works."""

    def __init__(self, plane: Plane) -> None:
        self.plane = plane
        parks = [plane.flat(shape(row.geometry)) for row in Park.objects.unscoped(WHY) if row.geometry]
        built: BaseGeometry = unary_union(parks)
        self.homes = [
            (lived, home.people) for home in homes() if (lived := plane.flat(home.outline).difference(built)).area > 0
        ]
        self.targets = [(self.at(row), row.people or 0) for row in ProtectionTarget.objects.unscoped(WHY)]
        self.works = [
            (row.pk, self.at(row), max(row.staff_day, row.staff_night)) for row in Enterprise.objects.unscoped(WHY)
        ]

    def at(self, row: Enterprise | HazardUnit | ProtectionTarget) -> Point:
        return Point(self.plane.xy(row.lon, row.lat))

    def people(self, enterprise: Enterprise, units: Iterable[HazardUnit]) -> int:
        """Within AROUND_M of a works."""
        hull = MultiPoint([self.at(enterprise), *(self.at(unit) for unit in units)]).convex_hull.buffer(AROUND_M)
        found = sum(n * lived.intersection(hull).area / lived.area for lived, n in self.homes if lived.intersects(hull))
        found += sum(n for place, n in self.targets if hull.covers(place))
        found += sum(n for pk, place, n in self.works if pk != enterprise.pk and hull.covers(place))
        return round(float(found))


def identified(units: Sequence[HazardUnit], words: dict[str, str]) -> list[Major]:
    """All units 单元 of these tanks, reactors and stores, gravest first; `words` are the names of substances."""
    if not units:
        return []
    around = Surroundings(Plane(units[0].lon, units[0].lat))
    by_works: dict[Enterprise, list[HazardUnit]] = defaultdict(list)
    for unit in units:
        by_works[unit.enterprise].append(unit)
    found = []
    for works, theirs in by_works.items():
        people = around.people(works, theirs)
        sections: dict[str, list[HazardUnit]] = defaultdict(list)
        for unit in theirs:
            sections[section_of(unit)].append(unit)
        found += [graded(works, name, inside, people, words) for name, inside in sections.items()]
    return sorted(found, key=lambda one: (one.grade == "", -one.r, one.enterprise.name, one.name))


def tally(found: Sequence[Major]) -> list[tuple[str, int]]:
    """How many of each grade, gravest first."""
    return [(grade, sum(one.grade == grade for one in found)) for _least, grade in gb18218.GRADES]
