"""One calculation of a park, from its registers to the columns of a row. Reads only; the verb that keeps it is in `actions`."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from anlan.hazards.chemical import criteria
from anlan.hazards.chemical.qra import answer, contours, judge
from anlan.hazards.chemical.qra.equipment import Equipment
from anlan.hazards.chemical.substances import table
from anlan.supervision.models import Basis
from anlan.supervision.park_risk import external
from anlan.supervision.park_risk.assemble import Assembled

#: Targets, contributors and points of the curve that a row keeps.
MOST_TARGETS, MOST_CONTRIBUTORS = 200, 10
Candidate = tuple[str, str, float, float, str]
#: What may still be added: (substance, type, MPa absolute, degC, phase): usual ways to store it (representative).
CANDIDATES: tuple[Candidate, ...] = (
    ("chlorine", "vessel", 0.75, 20.0, "liquid"),
    ("ammonia", "vessel", 0.9, 20.0, "liquid"),
    ("vinyl_chloride", "vessel", 0.5, 20.0, "liquid"),
    ("hydrogen", "vessel", 20.0, 25.0, "gas"),
    ("methanol", "atmospheric", 0.1013, 20.0, "liquid"),
    ("benzene", "atmospheric", 0.1013, 20.0, "liquid"),
)
#: Least risk of the outermost line on the map, 1/y.
OUTERMOST = 3e-7


def columns(made: Assembled, basis: str, names: dict[str, str]) -> dict[str, Any]:
    """The columns of `ParkRisk`; annual ones also say what may still be added."""
    began = time.perf_counter()
    result = answer.assess(made.request)
    group = result.standing
    lines = {level: contours.contour(result.risk, made.request.grid, level) for level in levels()}
    reaches = external.distances(made.units, lines, made.outline, made.request.existing, made.plane)
    found: dict[str, Any] = {
        "grade": group.grade, "colour": group.colour, "k": group.k, "zone": group.zone, "pll": result.societal.pll,
        "d": group.d if result.societal.curve else None, "max_risk": float(result.risk.max()),
        "fn": [[round(n, 2), f] for n, f in result.societal.curve],
        "contours": [
            {"risk": level, "geometry": contours.geometry(one, made.plane.lon, made.plane.lat), "area_m2": round(one.area_m2),
             "leaves_grid": one.cut}
            for level, one in lines.items()
        ],
        "targets": [target_row(verdict, made, names) for verdict in sorted(result.verdicts, key=lambda v: -v.ratio)[:MOST_TARGETS]],
        "distances": {name: round(far) for name, far in reaches.items()},
        "contributors": contributors(result, names),
        "capacity": capacity(result, made) if basis == Basis.ANNUAL else [],
        "assumptions": [*made.notes, *answer.ASSUMPTIONS], "inputs": made.inputs, "fingerprint": made.fingerprint,
    }  # fmt: skip
    return {**found, "took_ms": (time.perf_counter() - began) * 1000}


def levels() -> list[float]:
    """Lines to draw: the limits of both tables of GB 36894."""
    return sorted({*criteria.limits(False).values(), *criteria.limits(True).values()})


def target_row(verdict: judge.Verdict, made: Assembled, names: dict[str, str]) -> dict[str, Any]:
    lon, lat = made.plane.lonlat(verdict.target.x, verdict.target.y)
    return {
        "name": verdict.target.name, "class": verdict.target.kind, "risk": verdict.risk, "limit": verdict.limit,
        "passes": verdict.passes, "lon": round(lon, 6), "lat": round(lat, 6),
        "top": [
            {"name": names.get(who, who), "outcome": what, "share": round(float(share), 4)}
            for who, what, share in verdict.top
            if share >= 0.001
        ],
    }  # fmt: skip


def contributors(result: answer.Result, names: dict[str, str]) -> list[dict[str, Any]]:
    """Scenarios that bring the most deaths a year."""
    total = result.societal.pll
    best = sorted(result.societal.by_scenario.items(), key=lambda item: -item[1])[:MOST_CONTRIBUTORS]
    return [
        {"name": names.get(result.study.scenarios[i], result.study.scenarios[i]), "pll": value, "share": value / total}
        for i, value in best
        if value > 0
    ]


def base_of(result: answer.Result) -> judge.Base:
    """The region as it stands, to add to."""
    request = result.request
    risks = np.array([verdict.risk for verdict in result.verdicts])
    return judge.Base(
        request.rose, request.targets, request.existing, risks, result.societal, request.people, request.sources
    )


def added(chosen: Candidate, x: float, y: float) -> Equipment:
    """A usual way to store a substance, at a place."""
    key, kind, pressure, temperature, phase = chosen
    return Equipment("新增", kind, key, x, y, 1.0, pressure, temperature, phase)


def capacity(result: answer.Result, made: Assembled) -> list[dict[str, Any]]:
    """For usual substances: how much more could stand in the middle of the park."""
    base, middle = base_of(result), made.outline.centroid
    place = float(middle.x), float(middle.y)
    return [
        {"substance": table()[row[0]].name, **judge.room_for(base, added(row, *place), made.frequencies)}
        for row in CANDIDATES
    ]
