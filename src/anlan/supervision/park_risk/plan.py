"""此处还能加什么: a unit that does not exist yet, placed on the map, and what it would change; what brings the risk to a point.

Everything is asked of the registers as they are now. The region as it stands costs a second or two and is kept by the fingerprint
of its input, so that a planner who moves a unit about waits for the unit only.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import Any

import numpy as np

from anlan.hazards.chemical import criteria
from anlan.hazards.chemical.qra import answer, contours, judge
from anlan.hazards.chemical.qra.effects import vapour_pressure
from anlan.hazards.chemical.qra.equipment import Equipment, scenarios
from anlan.hazards.chemical.qra.individual import at_places, on_grid
from anlan.hazards.chemical.qra.scenario import study
from anlan.hazards.chemical.qra.societal import societal
from anlan.hazards.chemical.substances import Substance, table
from anlan.supervision.park_risk.assemble import Assembled
from anlan.supervision.park_risk.work import CANDIDATES, Candidate, added, base_of, levels

#: Regions kept, newest last: a park and its two ways of looking at it, of a few people at a time.
KEPT = 6
REGIONS: OrderedDict[str, answer.Result] = OrderedDict()
#: Targets shown, most changed first; contributors shown at a point.
SHOWN = 10
#: How a substance is usually kept (representative): liquids that boil above this (°C) in atmospheric tanks, gases that cannot be
#: kept liquid at 20 °C in cylinders of so many MPa, those between under their vapour pressure and a tenth.
WARM_C, COLD_C, CYLINDER_MPA, STORED_C = 35.0, -90.0, 15.0, 20.0
COLD_STORED: dict[str, Candidate] = {"lng": ("lng", "vessel", 0.6, -145.0, "liquid")}


def region(made: Assembled) -> answer.Result:
    """The region as it stands, worked out once for an input."""
    key = made.fingerprint
    found = REGIONS.pop(key, None) or answer.assess(made.request)
    REGIONS[key] = found
    while len(REGIONS) > KEPT:
        REGIONS.popitem(last=False)
    return found


def usual(substance: Substance) -> Candidate:
    """(substance, type, MPa absolute, °C, phase): how a unit of it usually is."""
    known = {row[0]: row for row in CANDIDATES} | COLD_STORED
    if substance.key in known:
        return known[substance.key]
    if substance.boiling_c > WARM_C:
        return substance.key, "atmospheric", 0.1013, STORED_C, "liquid"
    if substance.boiling_c < COLD_C:
        return substance.key, "vessel", CYLINDER_MPA, STORED_C, "gas"
    return substance.key, "vessel", round(1.1 * vapour_pressure(substance, STORED_C) / 1e6, 2), STORED_C, "liquid"


def substances() -> list[tuple[str, str]]:
    """(key, name) of all that the engine knows the harm of; the usual candidates first."""
    first = [row[0] for row in CANDIDATES]
    able = [
        one for one in table().values() if one.probit or (one.lfl_pct is not None and one.combustion_mj_kg is not None)
    ]
    rest = sorted((one for one in able if one.key not in first), key=lambda one: one.key)
    return [(key, table()[key].name) for key in first] + [(one.key, one.name) for one in rest]


def point(made: Assembled, lon: float, lat: float) -> dict[str, Any]:
    """Individual risk at one place, the classes of target that might stand there, and what brings the risk."""
    result = region(made)
    place = np.array([made.plane.xy(lon, lat)])
    risks, parts = at_places(result.study, place)
    risk = float(risks[0])
    names = {one.id: one.name for one in made.request.scenarios}
    best = sorted(parts[0].items(), key=lambda item: -item[1])[:SHOWN]
    ids = result.study.scenarios
    limits = criteria.limits(made.request.existing)
    return {
        "lon": lon, "lat": lat, "risk": risk,
        "classes": [{"class": name, "limit": limit, "passes": risk <= limit} for name, limit in limits.items()],
        "top": [
            {"name": names.get(ids[i], ids[i]), "outcome": outcome, "risk": value, "share": value / risk}
            for (i, outcome), value in best
        ],
    }  # fmt: skip


def effect(made: Assembled, substance: str, tonnes: float, lon: float, lat: float) -> dict[str, Any]:
    """The region with one more unit: grade, targets, contours, curve before and after, and how much could stand there at most."""
    before, unit = region(made), unit_at(made, substance, tonnes, lon, lat)
    request = made.request
    more = study(scenarios(unit, made.frequencies), request.rose, request.people, request.sources, request.day)
    raised = judge.verdicts(more, request.targets, request.existing)
    after = [replace(was, risk=was.risk + new.risk) for was, new in zip(before.verdicts, raised, strict=True)]
    curve = judge.add_curves(before.societal.curve, (group := societal(more)).curve)
    standing = judge.standing(after, curve)
    allowed = not any(one.risk > one.limit for one in after) and standing.zone != criteria.ZONES[2]
    risk = before.risk + on_grid(more, request.grid)
    return {
        "substance": table()[substance].name, "tonnes": tonnes, "lon": lon, "lat": lat, "how": how(unit), "allowed": allowed,
        "before": figures(before.standing, before.societal.pll), "after": figures(standing, before.societal.pll + group.pll),
        "targets": changed(before.verdicts, after), "fn": [[round(n, 2), f] for n, f in curve],
        "contours": lines(made, risk),
        "releases": [{"name": one.name, "frequency": one.frequency} for one in scenarios(unit, made.frequencies)],
        **judge.room_for(base_of(before), replace(unit, inventory_kg=1.0), made.frequencies),
    }  # fmt: skip


def unit_at(made: Assembled, substance: str, tonnes: float, lon: float, lat: float) -> Equipment:
    return replace(added(usual(table()[substance]), *made.plane.xy(lon, lat)), inventory_kg=tonnes * 1000)


def how(unit: Equipment) -> str:
    kind = {"atmospheric": "常压储罐", "vessel": "压力储罐"}.get(unit.type, unit.type)
    phase = "气" if unit.phase == "gas" else "液"
    return f"{kind}，{unit.pressure_mpa:g} MPa（绝对），{unit.temperature_c:g} ℃，{phase}相"


def figures(standing: judge.Standing, pll: float) -> dict[str, Any]:
    d = None if standing.d <= -99 else standing.d
    return {
        "grade": standing.grade,
        "colour": standing.colour,
        "k": standing.k,
        "d": d,
        "zone": standing.zone,
        "pll": pll,
    }


def changed(before: list[judge.Verdict], after: list[judge.Verdict]) -> list[dict[str, Any]]:
    """The targets that come nearest to their limit, or beyond it."""
    rows = sorted(zip(before, after, strict=True), key=lambda pair: -pair[1].ratio)[:SHOWN]
    return [
        {"name": now.target.name, "class": now.target.kind, "before": was.risk, "after": now.risk, "limit": now.limit,
         "passes": now.passes, "passed": was.passes}
        for was, now in rows
    ]  # fmt: skip


def lines(made: Assembled, risk: Any) -> list[dict[str, Any]]:
    found = [contours.contour(risk, made.request.grid, level) for level in levels()]
    return [
        {"risk": one.level, "geometry": contours.geometry(one, made.plane.lon, made.plane.lat)} for one in found if one.polygons
    ]  # fmt: skip
