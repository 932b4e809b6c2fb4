"""Flood cases that tests and the verification page share."""

from __future__ import annotations

from functools import cache

import numpy as np

from anlan.hazards.flood.analytic import G, depth
from anlan.hazards.flood.simulate import Flood, simulate
from anlan.hazards.flood.terrain import Forcing, Inflow, Series, Terrain

#: EA SC120002 test 4 as set up for the peers: 1000 m x 2000 m flat, 5 m cells, n 0.05, 20 m3/s from the middle of the west edge.
EA4_FLOW = Series((0.0, 3600.0, 14400.0, 18000.0), (0.0, 20.0, 20.0, 0.0))


@cache
def dam_break(ahead_m: float, cell_m: float = 2.0, solver: str = "hllc") -> Flood:
    """10 m of water over `ahead_m`, 1000 m long, 40 m wide, no friction, 20 s."""
    nx, ny = int(1000 / cell_m), int(40 / cell_m)
    first = np.tile(np.where(np.arange(nx) < nx // 2, 10.0, ahead_m), (ny, 1))
    return simulate(Terrain(np.zeros((ny, nx)), cell_m, manning=0.0), Forcing(depth_m=first), 20 / 3600, solver)


def dam_break_error(ahead_m: float, cell_m: float = 2.0, solver: str = "hllc") -> float:
    """L1 error of depth against the exact solution's cell means, as a share of the water."""
    found = dam_break(ahead_m, cell_m, solver).depth_m
    row, nx = found[found.shape[0] // 2], found.shape[1]
    parts = (np.arange(20) + 0.5) / 20
    x = (np.arange(nx)[:, None] + parts) * cell_m - 500.0
    exact = depth(x, 20.0, 10.0, ahead_m, G).mean(axis=1)
    return float(np.abs(row - exact).sum() / exact.sum())


@cache
def ea4(solver: str = "inertial", hours: float = 1.0, cell_m: float = 5.0) -> Flood:
    nx, ny = int(2000 / cell_m), int(1000 / cell_m)
    half = max(1, round(10 / cell_m))
    cells = tuple((0, ny // 2 + k) for k in range(-half, half))
    terrain = Terrain(np.zeros((ny, nx)), cell_m, manning=0.05)
    return simulate(terrain, Forcing((Inflow(cells, EA4_FLOW),)), hours, solver)


def ea4_depth(x_m: float, flood: Flood, cell_m: float = 5.0) -> float:
    """Mean depth of the two middle rows at x."""
    middle, column = flood.depth_m.shape[0] // 2, int(x_m / cell_m)
    return float(flood.depth_m[middle - 1 : middle + 1, column].mean())


def bumpy_lake() -> tuple[Terrain, Forcing]:
    """Water at level 1 m around islands of rough ground."""
    y, x = np.mgrid[0:40, 0:60]
    ground = np.sin(x / 5) * 1.5 + np.cos(y / 4) + np.random.default_rng(1).random((40, 60)) * 0.5
    return Terrain(ground, 10.0, manning=0.03), Forcing(depth_m=np.maximum(0.0, 1.0 - ground))
