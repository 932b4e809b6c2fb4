"""What the flood engines are verified against."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from anlan.hazards.flood import analytic
from anlan.hazards.flood.simulate import simulate
from anlan.hazards.flood.tests import cases
from anlan.hazards.verified import Verified

STOKER = "Stoker 1957 / Ritter 1892, closed form"
EA4 = "EA SC120002 test 4 as set up for the peers (hydrograph to be checked against the report)"


def rows(shared: Path | None) -> Iterator[Verified]:
    yield from dam_breaks()
    yield from at_rest()
    yield from plain()
    if shared is not None:
        folder = shared / "verification/flood"
        yield from of_files(
            json.loads((folder / "flood_dambreak_analytic.json").read_text(encoding="utf-8")),
            json.loads((folder / "flood_ea_test4.json").read_text(encoding="utf-8")),
        )


def dam_breaks() -> Iterator[Verified]:
    for name, ahead in (("wet bed, 10 m over 1 m", 1.0), ("dry bed, 10 m", 0.0)):
        error, flood = cases.dam_break_error(ahead), cases.dam_break(ahead)
        yield Verified(f"dam break, {name}: L1 of depth, 2 m cells", STOKER, 0.0, error, "share", 0.002, relative=False)
        yield Verified(
            f"dam break, {name}: balance of water", "definition", 0.0, flood.mass_error, "share", 1e-9, False
        )


def at_rest() -> Iterator[Verified]:
    terrain, forcing = cases.bumpy_lake()
    for solver in ("hllc", "inertial"):
        found = simulate(terrain, forcing, 0.2, solver)
        moved = float(np.abs(found.depth_m - forcing.depth_m).max())
        flow = float(np.hypot(found.qx_m2_s, found.qy_m2_s).max())
        yield Verified(f"lake at rest round islands, {solver}: depth", "definition", 0.0, moved, "m", 1e-12, False)
        yield Verified(f"lake at rest round islands, {solver}: flow", "definition", 0.0, flow, "m2/s", 1e-11, False)


def plain() -> Iterator[Verified]:
    flood = cases.ea4(hours=5.0)
    yield Verified("water spreading on a plain: volume after 5 h", EA4, 288_000.0, flood.volume_m3, "m3", 1e-9)
    yield Verified(
        "water spreading on a plain: balance of water", "definition", 0.0, flood.mass_error, "share", 1e-9, False
    )


def of_files(breaks: Any, ea4: Any) -> Iterator[Verified]:
    for case in breaks["cases"]:
        ours = analytic.depth(np.array(case["x"], float), case["t"], case["h0"], case["h1"], case["g"])
        worst = float(np.abs(ours - np.array(case["h"])).max())
        yield Verified(f"exact {case['kind']} profile", STOKER, 0.0, worst, "m", 1e-6, False)
    flood, x = cases.ea4(), ea4["depth_1h_at_x"]
    for peer in ("itzi", "LISFLOOD_ACC"):
        for place, expected in zip(x, ea4[peer], strict=True):
            ours = cases.ea4_depth(place, flood)
            yield Verified(f"depth at {place:g} m after 1 h", f"{EA4}: {peer}", expected, ours, "m", 0.002, False)
    wet = float(np.count_nonzero(flood.depth_m > 0.01))
    yield Verified("cells deeper than 1 cm after 1 h", EA4, ea4["wet_cells_1h_gt1cm"]["itzi"], wet, "cells", 0.01)
    full = cases.ea4("hllc")
    for place, expected in zip(x, ea4["itzi"], strict=True):
        note = "full equations; LISFLOOD FV1, of first order, lies 3 to 6 mm lower"
        ours = cases.ea4_depth(place, full)
        yield Verified(f"depth at {place:g} m, HLLC", f"{EA4}: itzi", expected, ours, "m", 0.006, False, note)
