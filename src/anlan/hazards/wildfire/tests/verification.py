"""What the fire engines are verified against."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from anlan.hazards.verified import Verified
from anlan.hazards.wildfire.tests.test_rothermel import of_peer


def rows(shared: Path | None) -> Iterator[Verified]:
    if shared is None:
        return
    source = "pyretechnics, 150 points (fire_rothermel_pyretechnics_150.json)"
    cases = json.loads((shared / "verification/wildfire/fire_rothermel_pyretechnics_150.json").read_text())["cases"]
    for number, case in enumerate(cases):
        peer = case["head"]
        if peer["ros_m_min"] > 1e-6:
            ours = of_peer(case)
            name = f"point {number}, fuel {case['inp']['fuel_model']}"
            yield Verified(f"rate of spread, {name}", source, peer["ros_m_min"], ours.ros_m_min, "m/min", 0.01)
            yield Verified(f"flame length, {name}", source, peer["flame_m"], ours.flame_length_m, "m", 0.01)
