"""Shallow water beside itzi-core (water spreading on a plain) and ANUGA (dam break): same work in one run, agreement first.

Plain: EA SC120002 test 4 as set up here, 400 x 200 cells of 5 m, five hours; depth within 2 mm and wet area within 1 % of the
peer's. Dam break: 10 m over 1 m and over a dry bed, 1000 m x 40 m, 20 s; our error must not exceed the peer's at the same spacing
(its triangles are four to a cell of ours). Ours runs on one core; the peers on as many as suit them best.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from anlan.hazards.flood.analytic import depth
from anlan.hazards.flood.simulate import Flood, simulate
from anlan.hazards.flood.terrain import Forcing, Inflow, Series, Terrain

ROOT = Path(__file__).resolve().parent.parent
NX, NY, CELL, HOURS = 400, 200, 5.0, 5.0
CELLS = [(0, NY // 2 + k) for k in range(-2, 2)]
HYDROGRAPH = [(0.0, 0.0), (3600.0, 20.0), (14400.0, 20.0), (18000.0, 0.0)]
PLACES = (52.5, 102.5, 202.5, 302.5)
#: Rounds of the plain are long: two; of the dam break five of ours to one of the peer's.
ROUNDS, GOAL_PLAIN, GOAL_DAM = 2, 6.0, 20.0
LENGTH, WIDTH, SPACING, SECONDS, BEHIND = 1000.0, 40.0, 2.0, 20.0, 10.0
G = 9.80665


@contextmanager
def peer(name: str, script: str, threads: int = 1) -> Iterator[Any]:
    """A process in the peer's environment that runs a case a line."""
    python = ROOT / "var" / "peers" / name / "bin" / "python"
    if not python.exists():
        subprocess.run([str(ROOT / "bench" / "peers" / f"{name}.sh")], check=True)
    env = dict(os.environ, OMP_NUM_THREADS=str(threads))
    command = [str(python), str(ROOT / "bench" / "peers" / script)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)

    def ask(case: dict[str, Any]) -> float:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(case) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        while not line.startswith("{"):
            if not line:
                raise RuntimeError(f"{name} ended")
            line = process.stdout.readline()
        return float(json.loads(line)["seconds"])

    try:
        yield ask
    finally:
        process.terminate()
        process.wait()


def plain(hours: float) -> Flood:
    terrain = Terrain(np.zeros((NY, NX)), CELL, 0.05)
    return simulate(terrain, Forcing((Inflow(tuple(CELLS), Series.of(HYDROGRAPH)),)), hours)


def plain_case(hours: float) -> dict[str, Any]:
    return {"ny": NY, "nx": NX, "cell_m": CELL, "hours": hours, "courant": 0.7, "theta": 0.9, "manning": 0.05,
            "hydrograph": HYDROGRAPH, "cells": CELLS}  # fmt: skip


def agreement(ours: Flood, theirs: Any) -> str:
    """Depths on the axis and wet area after an hour; raises beyond 2 mm and 1 %."""
    rows = slice(NY // 2 - 1, NY // 2 + 1)
    apart = max(abs(ours.depth_m[rows, int(x / CELL)].mean() - theirs[rows, int(x / CELL)].mean()) for x in PLACES)
    wet = np.count_nonzero(ours.depth_m > 0.01) / np.count_nonzero(theirs > 0.01) - 1
    if apart > 0.002 or abs(wet) > 0.01 or ours.mass_error > 1e-9:
        raise RuntimeError(f"no agreement: {apart * 1000:.2f} mm, wet area {wet:+.2%}, mass {ours.mass_error:.1e}")
    lost = abs(float(theirs.sum()) * CELL**2 / ours.volume_m3 - 1)
    return (
        f"depth within {apart * 1000:.2f} mm, wet area {wet:+.2%}; water lost {ours.mass_error:.0e} (peer {lost:.0e})"
    )


def spreading(folder: Path) -> dict[str, Any]:
    mine: list[float] = []
    theirs: dict[int, list[float]] = {1: [], 2: []}
    agreed = ""
    for threads in (1, 2):
        with peer("itzi", "itzi_flood.py", threads) as ask:
            ask({**plain_case(1.0), "save": str(folder / "itzi.npy")})
            agreed = agreement(plain(1.0), np.load(folder / "itzi.npy"))
            for _ in range(ROUNDS):
                began = time.perf_counter()
                found = plain(HOURS)
                mine.append(time.perf_counter() - began)
                theirs[threads].append(ask(plain_case(HOURS)))
    spent = statistics.median(mine)
    one, two = statistics.median(theirs[1]), statistics.median(theirs[2])
    best = min(one, two)
    return {
        "name": "flood-plain",
        "work": f"{NX}x{NY} cells of {CELL:g} m, {HOURS:g} h, {found.steps} steps, local inertial",
        "agreement": agreed + f"; peer on 1 / 2 threads {one:.1f} / {two:.1f} s",
        "ours": spent,
        "peer": best,
        "peer_name": "itzi-core 0.8.0, its better of 1 and 2 threads",
        "unit": "s",
        "ratio": best / spent,
        "goal": GOAL_PLAIN,
        "met": best / spent >= GOAL_PLAIN,
        "limit": bound_of_plain(found, spent),
        "rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def cached_bandwidth(held: int) -> float:
    """B/s of a copy between arrays of `held` bytes together, the best of many."""
    source = np.ones(held // 16)
    target, spans = np.empty_like(source), []
    for _ in range(60):
        began = time.perf_counter()
        np.copyto(target, source)
        spans.append(time.perf_counter() - began)
    return 2 * source.nbytes / min(spans)


def bound(cells: float, size: int, held: int, spent: float) -> dict[str, Any]:
    """Wet cells moved once a step, `size` bytes each: what no program of the scheme can be faster than.

    The grid (`held` cells) lies in the processor's cache, so the bandwidth is measured on as much: against main memory we would
    seem faster than possible.
    """
    bandwidth = cached_bandwidth(held * size)
    least = cells * size / bandwidth
    rate = cells / spent / 1e6
    return {
        "name": f"cached memory, {size} B a cell and step at {bandwidth / 1e9:.1f} GB/s; {rate:.0f} M wet cell steps/s",
        "value": least,
        "fraction": least / spent,
    }


def bound_of_plain(found: Flood, spent: float) -> dict[str, Any]:
    """A cell's step reads h, level, two discharges, bed, two crests, two roughnesses and greatest depth, and writes h, level, the
    new discharges and greatest depth: 15 x 8 B (arrivals are read only until they have come). The wet part grows evenly: half of
    it on average."""
    cells = 0.5 * float(np.count_nonzero(found.max_depth_m > 0)) * found.steps
    return bound(cells, 15 * 8, NX * NY, spent)


def bound_of_dam(found: Flood, ahead: float, spent: float) -> dict[str, Any]:
    """Each of Heun's two stages reads h, two discharges and bed, writes level and two velocities, reads them and h again beside two
    crests, and reads the old and writes the new state: 19 x 8 B. Beyond it lie some 270 operations a cell and stage, with six
    square roots and three divisions: the fraction says that they, not the bytes, are what the time goes to."""
    held = found.depth_m.size
    wet = 0.5 * (held * (1.0 if ahead else 0.5) + float(np.count_nonzero(found.max_depth_m > 0)))
    return bound(wet * found.steps, 2 * 19 * 8, held, spent)


def dam(ahead: float) -> Flood:
    nx, ny = int(LENGTH / SPACING), int(WIDTH / SPACING)
    first = np.tile(np.where(np.arange(nx) < nx // 2, BEHIND, ahead), (ny, 1))
    return simulate(Terrain(np.zeros((ny, nx)), SPACING, 0.0), Forcing(depth_m=first), SECONDS / 3600, "hllc")


def error_of(x: Any, found: Any, ahead: float) -> float:
    """L1 of depth against the exact solution at the points, as a share."""
    exact = depth(np.asarray(x), SECONDS, BEHIND, ahead, G)
    return float(np.abs(found - exact).sum() / exact.sum())


def breaking(ahead: float, folder: Path) -> dict[str, Any]:
    case = {
        "length_m": LENGTH,
        "width_m": WIDTH,
        "cell_m": SPACING,
        "behind_m": BEHIND,
        "ahead_m": ahead,
        "t_s": SECONDS,
    }
    flood = dam(ahead)
    centres = (np.arange(flood.depth_m.shape[1]) + 0.5) * SPACING - LENGTH / 2
    ours = error_of(np.tile(centres, flood.depth_m.shape[0]), flood.depth_m.ravel(), ahead)
    mine, theirs = [], []
    for mode in (1, 2):
        with peer("anuga", "anuga_dam.py", 2) as ask:
            began = time.perf_counter()
            theirs.append(ask({**case, "mode": mode, "save": str(folder / "dam.npz")}))
            saved = np.load(folder / "dam.npz")
        for _ in range(5):
            began = time.perf_counter()
            dam(ahead)
            mine.append(time.perf_counter() - began)
    peers = error_of(saved["x"], saved["depth"], ahead)
    if ours > 0.002 or ours > peers * 1.02:
        raise RuntimeError(f"no agreement: L1 {ours:.3%}, peer {peers:.3%}")
    spent, best = statistics.median(mine), min(theirs)
    bed = f"{ahead:g} m" if ahead else "a dry bed"
    return {
        "name": "flood-dam-wet" if ahead else "flood-dam-dry",
        "work": f"{LENGTH:g} m x {WIDTH:g} m, {SPACING:g} m, {SECONDS:g} s, {BEHIND:g} m over {bed}, {flood.steps} steps, HLLC",
        "agreement": f"L1 of depth {ours:.3%} (peer {peers:.3%}); water lost {flood.mass_error:.0e}",
        "ours": spent,
        "peer": best,
        "peer_name": "ANUGA 4.1.0 DE1, its better mode",
        "unit": "s",
        "ratio": best / spent,
        "goal": GOAL_DAM,
        "met": best / spent >= GOAL_DAM,
        "limit": bound_of_dam(flood, ahead, spent),
        "rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def run() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        return [spreading(Path(folder)), *(breaking(ahead, Path(folder)) for ahead in (1.0, 0.0))]
