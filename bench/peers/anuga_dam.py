"""Runs in the peer's environment: a dam break in a channel, one case a line on stdin; seconds and error a line on stdout."""

import contextlib
import json
import os
import sys
import time

import anuga
import numpy as np


def dam_break(case):
    """(seconds of the steps alone, x of the centroids, depth of the centroids)."""
    nx, ny = int(case["length_m"] / case["cell_m"]), int(case["width_m"] / case["cell_m"])
    domain = anuga.rectangular_cross_domain(nx, ny, len1=case["length_m"], len2=case["width_m"])
    gate = case["length_m"] / 2
    domain.set_flow_algorithm("DE1")
    domain.set_multiprocessor_mode(case["mode"])
    domain.set_quantity("elevation", 0.0)
    domain.set_quantity("friction", 0.0)
    domain.set_quantity("stage", lambda x, y: np.where(x < gate, case["behind_m"], case["ahead_m"]))
    wall = anuga.Reflective_boundary(domain)
    domain.set_boundary({"left": wall, "right": wall, "top": wall, "bottom": wall})
    domain.store = False
    began = time.perf_counter()
    for _ in domain.evolve(yieldstep=case["t_s"], finaltime=case["t_s"]):
        pass
    spent = time.perf_counter() - began
    x = domain.centroid_coordinates[:, 0] - gate
    height = domain.quantities["stage"].centroid_values - domain.quantities["elevation"].centroid_values
    return spent, x, height


for line in sys.stdin:
    given = json.loads(line)
    # the peer writes to stdout as it goes
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        seconds, place, depth = dam_break(given)
    if "save" in given:
        np.savez(given["save"], x=place, depth=depth)
    print(json.dumps({"seconds": seconds}), flush=True)
