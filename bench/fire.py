"""Wildfire on a grid beside pyretechnics: the same fuel, wind, slope and hours in one run, on one core each.

Case: 500 x 500 cells of 30 m, GR4, 20 km/h from the west, 6 h from one point. Both are compared with the exact ellipse first;
then rounds alternate and medians count. The peer lives in its own environment: bench/peers/pyretechnics.sh.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from math import sqrt
from pathlib import Path
from typing import IO, Any

import numpy as np

from anlan.hazards.wildfire import area_ha, front
from anlan.hazards.wildfire.ensemble import Perturbation, draw, ensemble
from anlan.hazards.wildfire.grid import Landscape, Weather, spread
from anlan.hazards.wildfire.rothermel import Moisture

ROOT = Path(__file__).resolve().parent.parent
PEER = ROOT / "var" / "peers" / "pyretechnics" / "bin" / "python"
N, CELL, HOURS, IX, IY = 500, 30.0, 6, 60, 250
WET = Moisture(0.06, 0.07, 0.08, 0.60, 0.90)
WEST = Weather(0.0, 20 / 3.6, 270.0, WET)
#: The peer's names of the length-over-width formulas.
FORMULA = {"anderson": "rothermel", "behave": "behave"}
ROUNDS, GOAL = 5, 20.0
MEMBERS, SAMPLED, ENSEMBLE_GOAL = 200, 10, 30.0
HERE = (IX * CELL, IY * CELL)


@contextmanager
def peer() -> Iterator[Any]:
    """A process in the peer's environment that burns a case a line."""
    if not PEER.exists():
        subprocess.run([str(ROOT / "bench" / "peers" / "pyretechnics.sh")], check=True)
    command = [str(PEER), str(ROOT / "bench" / "peers" / "pyretechnics_fire.py")]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield lambda case: ask(process.stdin, process.stdout, case)
    finally:
        process.terminate()
        process.wait()


def ask(to: IO[str] | None, answers: IO[str] | None, case: Any) -> float:
    assert to is not None
    assert answers is not None
    to.write(json.dumps(case) + "\n")
    to.flush()
    return float(json.loads(answers.readline())["seconds"])


def case(formula: str, slope: float, weather: Weather = WEST) -> dict[str, Any]:
    return {
        "n": N, "cell_m": CELL, "hours": HOURS, "ix": IX, "iy": IY, "slope": slope, "aspect_deg": 180, "fuel": 104,
        "wind_km_h": float(weather.wind_m_s) * 3.6, "from_deg": float(weather.from_deg),
        "moisture": list(vars(weather.moisture).values()), "formula": FORMULA[formula],
    }  # fmt: skip


def land(slope: float) -> Landscape:
    rise = np.repeat(np.arange(N)[:, None] * CELL * slope, N, axis=1)
    return Landscape(np.full((N, N), 104, np.int64), CELL, rise if slope else None)


def agreement(fire: Any, theirs: Any, slope: float) -> str:
    """Area of both against the exact ellipse, and how far the arrivals differ; raises beyond the tolerances."""
    exact = area_ha(fire.head.ros_m_min, fire.head.length_to_width, HOURS)
    ours = fire.area_ha(HOURS * 60) / exact - 1
    on_ground = CELL**2 / 1e4 * sqrt(1 + slope**2)
    peers = float(np.count_nonzero(theirs >= 0)) * on_ground / exact - 1
    axis_ours = fire.arrival_min[IY, IX + 20 : IX + 200]
    axis_theirs = theirs[IY, IX + 20 : IX + 200]
    straight = np.arange(20, 200) * CELL / fire.head.ros_m_min
    late_s = float(np.abs(axis_ours - straight).max() * 60) if not slope else float("nan")
    apart = float(np.median(np.abs(axis_ours - axis_theirs) / axis_theirs))
    if abs(ours) > 0.01 or abs(peers) > 0.05 or apart > 0.03 or late_s > 60:
        raise RuntimeError(f"no agreement: {ours:+.2%} {peers:+.2%} axis {apart:.2%} {late_s:.1f} s")
    return f"area to ellipse {ours:+.2%} (peer {peers:+.2%}); axis arrival apart {apart:.2%}"


def single(ask_peer: Any, formula: str, slope: float, folder: Path) -> dict[str, Any]:
    ground = land(slope)
    fire = spread(ground, [WEST], HOURS, [HERE], formula=formula)
    ask_peer({**case(formula, slope), "save": str(folder / "arrival.npy")})
    agreed = agreement(fire, np.load(folder / "arrival.npy"), slope)
    ours, theirs = [], []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        spread(ground, [WEST], HOURS, [HERE], formula=formula)
        ours.append(time.perf_counter() - began)
        theirs.append(ask_peer(case(formula, slope)))
    spent, peers = statistics.median(ours), statistics.median(theirs)
    return {
        "name": f"fire-{formula}" + ("-slope" if slope else ""),
        "work": f"{N}x{N} cells of {CELL:g} m, GR4, {HOURS} h, {int((fire.arrival_min <= HOURS * 60).sum())} cells burn",
        "agreement": agreed,
        "ours": spent,
        "peer": peers,
        "peer_name": "pyretechnics 2026.10.20",
        "unit": "s",
        "ratio": peers / spent,
        "goal": GOAL,
        "met": peers / spent >= GOAL,
        "limit": bound(fire.taken, spent),
        "rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def bound(taken: int, spent: float) -> dict[str, Any]:
    """Memory traffic of a cell taken once (its own row, eight neighbours' from cache, two heap moves) at measured bandwidth.

    The front is not bound by memory but by the chain of square roots and divisions of the updates: the fraction says so.
    """
    bytes_per_cell = front.CELL * 8 * 2 + 8 + 1 + 4 * 16
    source, target = np.ones(20_000_000), np.ones(20_000_000)
    began = time.perf_counter()
    np.copyto(target, source)
    bandwidth = 2 * source.nbytes / (time.perf_counter() - began)
    least = taken * bytes_per_cell / bandwidth
    return {
        "name": f"memory, {bytes_per_cell} B a cell at {bandwidth / 1e9:.1f} GB/s",
        "value": least,
        "fraction": least / spent,
    }


def many(ask_peer: Any) -> dict[str, Any]:
    """200 members on two threads against the peer's members one after another, and on two processes (half of that)."""
    ground, perturb = land(0.0), Perturbation()
    ensemble(ground, [WEST], 1, [HERE], 2, perturb)
    began = time.perf_counter()
    found = ensemble(ground, [WEST], HOURS, [HERE], MEMBERS, perturb, workers=2)
    spent = time.perf_counter() - began
    drawn = [draw(ground, [WEST], [HERE], perturb, np.random.default_rng([0, i]))[0][0] for i in range(SAMPLED)]
    peers = ask_peer([case("anderson", 0.0, weather) for weather in drawn]) * MEMBERS / SAMPLED
    again = ensemble(ground, [WEST], HOURS, [HERE], SAMPLED, perturb).area_ha
    if not np.array_equal(again, found.area_ha[:SAMPLED]):
        raise RuntimeError("the members depend on the number of members")
    ratio = peers / spent
    return {
        "name": "fire-ensemble",
        "work": f"{MEMBERS} members of fire-anderson (wind, direction, moisture drawn), two workers",
        "agreement": f"members repeat exactly; peer timed on the first {SAMPLED}; two peer processes: {ratio / 2:.3g} x",
        "ours": spent,
        "peer": peers,
        "peer_name": "pyretechnics, one process",
        "unit": "s",
        "ratio": ratio,
        "goal": ENSEMBLE_GOAL,
        "met": ratio >= ENSEMBLE_GOAL,
        "limit": bound(int(found.area_ha.sum() * 1e4 / CELL**2), spent),
        "rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def run() -> list[dict[str, Any]]:
    with peer() as ask_peer, tempfile.TemporaryDirectory() as folder:
        rows = [
            single(ask_peer, formula, slope, Path(folder))
            for formula, slope in (("anderson", 0.0), ("behave", 0.0), ("anderson", 0.19438))
        ]
        return [*rows, many(ask_peer)]
