"""HyRAM+ on a line of JSON: {"species", "pressure_pa", "kelvin", "hole_m"} -> rate kg/s, flame m, and seconds for each."""

from __future__ import annotations

import json
import logging
import sys
import time
import warnings
from typing import Any

from hyram.phys import api

logging.disable(logging.CRITICAL)
warnings.filterwarnings("ignore")


def answer(case: dict[str, Any]) -> dict[str, float]:
    gas = api.create_fluid(case["species"], temp=case["kelvin"], pres=case["pressure_pa"])
    air = api.create_fluid("air", temp=288.0, pres=101_325.0)
    began = time.perf_counter()
    flow = api.compute_mass_flow(gas, case["hole_m"], create_plot=False)
    flow_s = time.perf_counter() - began
    began = time.perf_counter()
    flame = api.jet_flame_analysis(
        air, gas, case["hole_m"], create_temp_plot=False, create_flux_plot=False, analyze_flux=False
    )
    return {
        "rate": float(flow["rates"][0]) if flow["rates"] else float("nan"), "flow_s": flow_s,
        "flame_m": float(flame[5]), "flame_s": time.perf_counter() - began,
    }  # fmt: skip


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
