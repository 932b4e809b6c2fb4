"""What the fire engines are verified against."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from math import atan2, cos, degrees, radians, sin, sqrt
from pathlib import Path
from typing import Any

import numpy as np

from anlan.hazards.verified import Verified
from anlan.hazards.wildfire.fuels import find
from anlan.hazards.wildfire.grid import Spread, spread
from anlan.hazards.wildfire.rothermel import behaviour
from anlan.hazards.wildfire.tests.test_grid import CELL, DRY, WEST, exact, plain
from anlan.hazards.wildfire.tests.test_rothermel import CHAIN_PER_HOUR, of_peer

POINTS = "pyretechnics, 150 points (fire_rothermel_pyretechnics_150.json)"
BEHAVE = "firelab/behave testBehave.cpp (fire_behave_points.json)"
FLAT = "BehavePlus by pyrothermel 0.1.4 (fire_behave_flat_ros.json)"
ELLIPSE = "closed form of the ellipse lit at its focus (fire_ellipse.json)"
#: The case begins here, cells from the west and south; hours as the file has them.
START = (60, 150)


def rows(shared: Path | None) -> Iterator[Verified]:
    if shared is None:
        return
    folder = shared / "verification/wildfire"
    cases = {name: json.loads((folder / f"{name}.json").read_text())["cases"] for name in (
        "fire_rothermel_pyretechnics_150", "fire_behave_points", "fire_behave_flat_ros", "fire_ellipse")}  # fmt: skip
    yield from grids(cases["fire_ellipse"])
    yield from behave(cases["fire_behave_points"], cases["fire_behave_flat_ros"])
    yield from points(cases["fire_rothermel_pyretechnics_150"])


def grids(cases: list[dict[str, Any]]) -> Iterator[Verified]:
    """Six hours on 300 x 330 cells of 30 m: area within 1 %, arrivals against the ellipse's polar form within a minute."""
    for case in cases:
        formula = "behave" if case["lw"] == "behave" else "anderson"
        land = plain(300, 330, slope_north=case["slope"])
        fire = spread(land, [WEST], case["H"], [(START[0] * CELL, START[1] * CELL)], formula=formula)
        name = f"fire over a grid, {case['H']} h, slope {case['slope']:g}, length to width of {case['lw']}"
        yield Verified(f"{name}: area", ELLIPSE, case["area_ha"], fire.area_ha(case["H"] * 60), "ha", 0.01)
        yield Verified(f"{name}: head", ELLIPSE, case["head"], fire.head.ros_m_min, "m/min", 0.002)
        yield Verified(f"{name}: length to width", ELLIPSE, case["LoW"], fire.head.length_to_width, "", 0.002)
        late_s, reached = late(fire, case)
        axis = late_s[START[1], START[0] :][reached[START[1], START[0] :]]
        if not case["slope"]:
            yield Verified(
                f"{name}: arrival on the head's axis, worst", ELLIPSE, 0.0, float(axis.max()), "s", 60.0, False
            )
        yield Verified(f"{name}: arrival anywhere, worst", ELLIPSE, 0.0, float(late_s[reached].max()), "s", 60.0, False)


def late(fire: Spread, case: dict[str, Any]) -> tuple[Any, Any]:
    """(how many seconds off each cell is, which cells the ellipse reaches); the ellipse lies in the plane that rises to the north."""
    row, column = np.indices(fire.arrival_min.shape)
    steeper = sqrt(1 + case["slope"] ** 2)
    dx, dy = (column - START[0]) * CELL, (row - START[1]) * CELL * steeper
    towards = radians(fire.head.direction_deg)
    in_plane = degrees(atan2(sin(towards), cos(towards) * steeper))
    truth = exact(replace(fire.head, direction_deg=in_plane), dx, dy)
    return np.abs(fire.arrival_min - truth) * 60, truth <= case["H"] * 60


def behave(points: list[dict[str, Any]], flat: list[dict[str, Any]]) -> Iterator[Verified]:
    """Sheltered GS4 in the tool's own units; open grass on level ground."""
    air = ((225.0 - 180.0, 95.0, 0.57735), (180.0, 180.0, 0.3), (90.0, 180.0, 0.3))
    for case, (wind_from, aspect, slope) in zip(points, air, strict=True):
        ours = behaviour(
            find("GS4"), DRY, 5 * 1.609344 * 1.15, wind_from, slope, aspect, 0.5, 30 * 0.3048, 0.5, lifted=False
        )
        yield Verified(f"GS4, {case['name']}", BEHAVE, case["expect"], ours.ros_m_min / CHAIN_PER_HOUR, "ch/h", 0.002)
    for case in flat:
        ours = behaviour(find(case["fuel"]), DRY, case["wind10_kmh"], 270.0, 0.0, 180.0)
        name = f"{case['fuel']} on level ground, {case['wind10_kmh']:g} km/h at 10 m"
        yield Verified(name, FLAT, case["m_min"], ours.ros_m_min, "m/min", 0.002)


def points(cases: list[dict[str, Any]]) -> Iterator[Verified]:
    for number, case in enumerate(cases):
        peer = case["head"]
        if peer["ros_m_min"] > 1e-6:
            ours, name = of_peer(case), f"point {number}, fuel {case['inp']['fuel_model']}"
            yield Verified(f"rate of spread, {name}", POINTS, peer["ros_m_min"], ours.ros_m_min, "m/min", 0.01)
            yield Verified(f"flame length, {name}", POINTS, peer["flame_m"], ours.flame_length_m, "m", 0.01)
