"""Runs in the peer's environment: water spreading on a plain, one case a line on stdin; seconds and depths a line on stdout."""

import json
import sys
import time
from datetime import datetime, timedelta

import numpy as np
from itzi_core.const import TemporalType
from itzi_core.data_containers import SimulationConfig, SurfaceFlowParameters
from itzi_core.domain_data import DomainData
from itzi_core.providers.memory_output import MemoryRasterOutputProvider
from itzi_core.simulation_builder import SimulationBuilder

START = datetime(2000, 1, 1)  # noqa: DTZ001 - the peer wants a time without a zone


def spread(case):
    """(seconds of the steps alone, depth): inflow follows its hydrograph by the minute, at its mean."""
    ny, nx, cell = case["ny"], case["nx"], case["cell_m"]
    config = SimulationConfig(
        start_time=START, end_time=START + timedelta(hours=case["hours"]), record_step=timedelta(hours=case["hours"]),
        temporal_type=TemporalType.RELATIVE, input_map_names={}, output_map_names={},
        surface_flow_parameters=SurfaceFlowParameters(
            hmin=1e-5, cfl=case["courant"], theta=case["theta"], dtmax=10.0, g=9.80665
        ),
    )  # fmt: skip
    area = DomainData(north=ny * cell, south=0, east=nx * cell, west=0, rows=ny, cols=nx, crs_wkt="")
    builder = SimulationBuilder(config, np.zeros((ny, nx), bool), dtype=np.float32)
    simulation = builder.with_domain_data(area).with_raster_output_provider(MemoryRasterOutputProvider()).build()
    simulation.set_array("ground_elevation", np.zeros((ny, nx), np.float32))
    simulation.set_array("friction", np.full((ny, nx), case["manning"], np.float32))
    simulation.set_array("water_depth", np.zeros((ny, nx), np.float32))
    simulation.initialize()
    times, rates = np.array(case["hydrograph"]).T
    began = time.perf_counter()
    for minute in range(int(case["hours"] * 60)):
        inflow = np.zeros((ny, nx), np.float32)
        rate = np.interp(minute * 60 + 30, times, rates) / len(case["cells"]) / cell**2
        for x, y in case["cells"]:
            inflow[y, x] = rate
        simulation.set_array("inflow", inflow)
        simulation.update_until(timedelta(minutes=minute + 1))
    return time.perf_counter() - began, np.asarray(simulation.get_array("water_depth"), float)


for line in sys.stdin:
    given = json.loads(line)
    seconds, depth = spread(given)
    if "save" in given:
        np.save(given["save"], depth)
    print(json.dumps({"seconds": seconds, "volume_m3": float(depth.sum() * given["cell_m"] ** 2)}), flush=True)
