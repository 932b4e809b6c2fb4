"""Earthquake: motion at 100,000 sites by three models, and a million sites with losses, beside OpenQuake's hazard library.

Its own shape of work: a rupture plane, sites with Vs30, distances and medians with standard deviations of PGA, PGV and SA(1.0).
俞言祥 2013 takes the library half a second for 400 sites, so there it is asked for so many and the time is one per site.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import exp, log
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit

from anlan.hazards.seismic import field, gmpe, loss
from anlan.hazards.seismic.rupture import Rupture, Sites, distances, estimated, of_corners
from anlan.hazards.seismic.shaking import shaking

ROOT = Path(__file__).resolve().parent.parent
SIDE, FEW, MILLION = 316, 400, 1_000_000
MEASURES = ("PGA", "PGV", "SA(1.0)")
EVENT = {
    "mag": 7.0,
    "rake": 90.0,
    "lon": 104.0,
    "lat": 31.0,
    "strike": 225.0,
    "dip": 45.0,
    "length": 40.0,
    "width": 16.0,
    "ztor": 2.0,
}
GOAL_NGA, GOAL_YU, GOAL_MILLION_S, ROUNDS = 5.0, 500.0, 1.0, 7
#: Exponentials, logarithms, square roots, sines and cosines that a site costs, counted in the kernels.
CALLS = {"BSSA14": 4 + 4 + 3 * 2 + 3 * 2, "ASK14": 4 + 2 + 3 * 3 + 3 * 2}


@contextmanager
def peer() -> Iterator[Callable[[dict[str, Any]], dict[str, Any]]]:
    """A process in the peer's environment that runs a case a line."""
    python = ROOT / "var" / "peers" / "openquake" / "bin" / "python"
    if not python.exists():
        subprocess.run([str(ROOT / "bench" / "peers" / "openquake.sh")], check=True)
    command = [str(python), str(ROOT / "bench" / "peers" / "openquake_motion.py")]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(case: dict[str, Any]) -> dict[str, Any]:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(case) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        while not line.startswith("{"):
            if not line:
                raise RuntimeError("the peer ended")
            line = process.stdout.readline()
        found: dict[str, Any] = json.loads(line)
        return found

    try:
        yield ask
    finally:
        process.terminate()
        process.wait()


def sites(side: int) -> Sites:
    lon, lat = np.meshgrid(np.linspace(103, 105, side), np.linspace(30, 32, side))
    return Sites.of(lon.ravel(), lat.ravel(), np.linspace(180, 1200, side * side))


def timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def nga(model: str, ask: Any, folder: Path) -> dict[str, Any]:
    """Distances and motion at a grid of sites."""
    ground = sites(SIDE)
    case = {"event": EVENT, "side": SIDE, "model": model, "measures": MEASURES, "save": str(folder / "theirs.npz")}
    first = ask(case)
    saved = np.load(folder / "theirs.npz")
    rupture = of_corners(EVENT["mag"], saved["hypo"].tolist(), saved["corners"].tolist(), EVENT["rake"])
    own = gmpe.motion(model, rupture, ground, MEASURES)
    apart = {
        name: float(np.abs(np.array([own.ln(m) for m in MEASURES]) - saved["mean"]).max()) if name == "ln"
        else float(np.abs(np.array([own.std(m) for m in MEASURES]) - saved["sigma"]).max())
        for name in ("ln", "sigma")
    }  # fmt: skip
    if apart["ln"] > 5e-3 or apart["sigma"] > 5e-3:
        raise RuntimeError(f"no agreement: {model} {apart}")
    mine, theirs = [], [first["seconds"]]
    for _ in range(ROUNDS):
        mine.append(timed(lambda: gmpe.motion(model, rupture, ground, MEASURES)))
        theirs.append(ask(case)["seconds"])
    spent, best = statistics.median(mine), min(theirs)
    return {
        "name": f"quake-{model.lower()}",
        "work": f"{len(ground):,} sites, M7 on a plane of 40 x 16 km, distances and {', '.join(MEASURES)} with sigma",
        "agreement": f"|d ln| {apart['ln']:.1e}, |d sigma| {apart['sigma']:.1e} at every site",
        "ours": spent,
        "peer": best,
        "peer_name": "OpenQuake hazardlib 3.26.2, its best of 8",
        "unit": "s",
        "ratio": best / spent,
        "goal": GOAL_NGA,
        "met": best / spent >= GOAL_NGA,
        "limit": bound(len(ground), CALLS[model], spent),
        "rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


@njit(nogil=True)
def calls(count: int) -> float:
    total = 0.0
    for i in range(count):
        x = 1.0 + i * 1e-7
        total += exp(-x) + log(x)
    return total


def bound(count: int, each: int, spent: float) -> dict[str, Any]:
    """What the calls of the mathematics library alone would take on both cores: no program that makes them can be faster."""
    calls(10)
    per_call = min(timed(lambda: calls(1_000_000)) for _ in range(5)) / 2e6
    least = count * each * per_call / 2
    return {
        "name": f"{each} transcendental calls a site at {per_call * 1e9:.1f} ns on two cores",
        "value": least,
        "fraction": least / spent,
    }


def yu(ask: Any, folder: Path) -> dict[str, Any]:
    """One site and measure of the Chinese ellipses; the library solves each in Python."""
    few, many = sites(20), sites(SIDE)
    model = "YuEtAl2013MwEastern"
    case = {"event": EVENT, "side": 20, "model": model, "measures": MEASURES[:2], "save": str(folder / "yu.npz")}
    theirs = [ask(case)["seconds"] for _ in range(2)]
    saved = np.load(folder / "yu.npz")
    rupture = of_corners(EVENT["mag"], saved["hypo"].tolist(), saved["corners"].tolist(), EVENT["rake"])
    found = shaking(model, rupture, few)
    off = max(
        float(np.abs(np.log(ours) - row).max())
        for ours, row in ((found.pga_g, saved["mean"][0]), (found.pgv_cm_s, saved["mean"][1]))
    )
    if off > 5e-3:
        raise RuntimeError(f"no agreement: {off}")
    mine = statistics.median(timed(lambda: shaking(model, rupture, many)) for _ in range(ROUNDS)) / (2 * len(many))
    per_site = min(theirs) / (2 * FEW)
    return {
        "name": "quake-yu2013", "work": f"a site and measure of {model}: ours of {len(many):,} sites, theirs of {FEW}",
        "agreement": f"|d ln| {off:.1e} at every site", "ours": mine * 1e6, "peer": per_site * 1e6,
        "peer_name": "OpenQuake hazardlib 3.26.2", "unit": "us", "ratio": per_site / mine, "goal": GOAL_YU,
        "met": per_site / mine >= GOAL_YU,
        # a logarithm on each axis and one exponential are the least of a single step of Newton's; the units are those of the row
        "limit": bound(1_000_000, 3, mine * 1e6), "rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }  # fmt: skip


def everything(rupture: Rupture, ground: Sites, people: Any) -> loss.Losses:
    """Distances, PGA, PGV, intensity, damage, casualties and needs."""
    found = shaking("BSSA14", rupture, ground)
    between = float(field.BETWEEN**0.5 * found.sigma.mean())
    return loss.losses(loss.binned(found.intensity, people), [loss.Town()], between, 0.4)


def million() -> dict[str, Any]:
    """A million sites, end to end: agreement is with the same sum taken in parts."""
    ground, people = sites(1000), np.full(MILLION, 4.0)
    rupture = estimated(7.0, 104.0, 31.0, 10.0, 225.0, 45.0, 90.0)
    whole = everything(rupture, ground, people)
    parts = [slice(k, k + 250_000) for k in range(0, MILLION, 250_000)]
    binned = sum(
        loss.binned(
            shaking("BSSA14", rupture, Sites(ground.lon[p], ground.lat[p], ground.vs30[p])).intensity, people[p]
        )
        for p in parts
    )
    again = loss.losses(
        binned, [loss.Town()], float(field.BETWEEN**0.5 * shaking("BSSA14", rupture, ground).sigma.mean()), 0.4
    )
    if abs(again.of("deaths")["p50"] / whole.of("deaths")["p50"] - 1) > 1e-9:
        raise RuntimeError("no agreement")
    spent = statistics.median(timed(lambda: everything(rupture, ground, people)) for _ in range(5))
    return {
        "name": "quake-million", "work": "1,000,000 sites, 4 people each: distances, BSSA14, intensity, losses with quantiles",
        "agreement": "the same as in four parts, to 1e-9", "ours": spent, "peer": GOAL_MILLION_S, "peer_name": "the goal",
        "unit": "s", "ratio": GOAL_MILLION_S / spent, "goal": 1.0, "met": spent < GOAL_MILLION_S,
        "limit": bound(MILLION, CALLS["BSSA14"] - 4 + 3, spent),
        "rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }  # fmt: skip


def run() -> list[dict[str, Any]]:
    distances(estimated(6, 104, 31), sites(2))
    with tempfile.TemporaryDirectory() as folder, peer() as ask:
        return [nga("BSSA14", ask, Path(folder)), nga("ASK14", ask, Path(folder)), yu(ask, Path(folder)), million()]
