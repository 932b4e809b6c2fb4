"""Runs in the peer's environment: one case a line on stdin, seconds and arrival file a line on stdout."""

import json
import sys
import time

import numpy as np
import pyretechnics.eulerian_level_set as els
from pyretechnics.space_time_cube import SpaceTimeCube


def burn(case):
    """(seconds of the spread alone, arrival in minutes) of a point ignition in uniform country."""
    n, cell = case["n"], case["cell_m"]
    shape = (int(case["hours"]), n, n)
    values = {
        "slope": case["slope"], "aspect": case["aspect_deg"], "fuel_model": case["fuel"], "canopy_cover": 0,
        "canopy_height": 0, "canopy_base_height": 0, "canopy_bulk_density": 0, "wind_speed_10m": case["wind_km_h"],
        "upwind_direction": case["from_deg"], "foliar_moisture": 0.9,
        **dict(zip(
            ("fuel_moisture_dead_1hr", "fuel_moisture_dead_10hr", "fuel_moisture_dead_100hr",
             "fuel_moisture_live_herbaceous", "fuel_moisture_live_woody"), case["moisture"], strict=True)),
    }  # fmt: skip
    cubes = {name: SpaceTimeCube(shape, value) for name, value in values.items()}
    state = els.SpreadState(shape).ignite_cell((case["iy"], case["ix"]))
    began = time.perf_counter()
    done = els.spread_fire_with_phi_field(
        cubes, state, (60, cell, cell), start_time=0, max_duration=case["hours"] * 60,
        surface_lw_ratio_model=case["formula"],
    )  # fmt: skip
    spent = time.perf_counter() - began
    return spent, done["spread_state"].get_full_matrices()["time_of_arrival"]


for line in sys.stdin:
    given = json.loads(line)
    cases = given if isinstance(given, list) else [given]
    seconds, arrival = 0.0, None
    for one in cases:
        spent, arrival = burn(one)
        seconds += spent
    if len(cases) == 1 and "save" in given:
        np.save(given["save"], arrival)
    print(json.dumps({"seconds": seconds}), flush=True)
