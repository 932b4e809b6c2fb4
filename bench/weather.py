"""Fire weather index over a grid and SPI beside xclim: same days and cells in one run, agreement first.

Weather is drawn (seed fixed): 100 x 100 cells, 365 days, rain on a fifth of all cell-days without any pattern, which is the worst
for code that can skip dry blocks. Ours checks its input within the time; the peer's FFMC constant 147.2 is used.
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
from pathlib import Path
from typing import Any

import numpy as np

from anlan.hazards.weather.drought import spi
from anlan.hazards.weather.fwi import CLASSIC, Codes
from anlan.hazards.weather.fwi_grid import NAMES, season

ROOT = Path(__file__).resolve().parent.parent
PEER = ROOT / "var" / "peers" / "xclim" / "bin" / "python"
DAYS, N, START = 365, 100, "2021-01-01"
ROUNDS, GOAL = 5, 8.0
YEARS, SIDE, WINDOW, SPI_GOAL = 40, 12, 3, 8.0
#: Wall clock and processor time, s.
Spent = tuple[float, float]
#: The peer's own names of what it reads.
PEER_NAMES = {"temp_c": "temp", "rh_pct": "rh", "wind_km_h": "wind", "rain_mm": "rain"}


@contextmanager
def peer() -> Iterator[Any]:
    """A process in the peer's environment that answers a case a line."""
    if not PEER.exists():
        subprocess.run([str(ROOT / "bench" / "peers" / "xclim.sh")], check=True)
    command = [str(PEER), str(ROOT / "bench" / "peers" / "xclim_weather.py")]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(case: dict[str, Any]) -> Spent:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(case) + "\n")
        process.stdin.flush()
        told = json.loads(process.stdout.readline())
        return float(told["seconds"]), float(told["cpu_s"])

    try:
        yield ask
    finally:
        process.terminate()
        process.wait()


def drawn() -> dict[str, Any]:
    random = np.random.default_rng(2)
    shape = (DAYS, N, N)
    rain = np.where(random.random(shape) < 0.2, random.gamma(0.7, 8.0, shape), 0.0)
    return {"temp_c": random.uniform(-10, 35, shape), "rh_pct": random.uniform(5, 100, shape),
            "wind_km_h": random.uniform(0, 60, shape), "rain_mm": rain}  # fmt: skip


def timed(ours: Any, theirs: Any) -> tuple[Spent, Spent]:
    """Medians of alternating rounds: wall clock and processor time (s). The latter stands still while others hold the machine."""
    mine, peers = [], []
    for _ in range(ROUNDS):
        began, worked = time.perf_counter(), time.process_time()
        ours()
        mine.append((time.perf_counter() - began, time.process_time() - worked))
        peers.append(theirs())
    return middle(mine), middle(peers)


def middle(rounds: list[Spent]) -> Spent:
    wall, cpu = zip(*rounds, strict=True)
    return statistics.median(wall), statistics.median(cpu)


def fire(ask: Any, folder: Path) -> dict[str, Any]:
    given = drawn()
    months = (np.datetime64(START) + np.arange(DAYS)).astype("datetime64[M]").astype(int) % 12 + 1
    np.savez(folder / "fire.npz", **{PEER_NAMES[name]: values for name, values in given.items()})
    case = {"what": "fire", "data": str(folder / "fire.npz"), "start": START}
    start = Codes(85.0, 6.0, 15.0, 0, 0, 0)
    found = season(**given, months=months, start=start, scale=CLASSIC)
    ask({**case, "save": str(folder / "found.npz")})
    saved = np.load(folder / "found.npz")
    worst = {}
    for name in NAMES:
        theirs = saved[name] if saved[name].shape[0] == DAYS else np.moveaxis(saved[name], -1, 0)
        worst[name] = float(np.nanmax(np.abs(getattr(found, name) - theirs) / np.maximum(1.0, np.abs(theirs) / 100)))
    if max(worst.values()) > 0.01:
        raise RuntimeError(f"no agreement: {worst}")
    (spent, cpu), (peers, peer_cpu) = timed(
        lambda: season(**given, months=months, start=start, scale=CLASSIC), lambda: ask(case)
    )
    cells = DAYS * N * N
    return {
        "name": "fire-weather",
        "work": f"{N}x{N} cells, {DAYS} days, six codes; {cells / spent / 1e6:.1f} M cell days/s; "
        f"processor time {peer_cpu / cpu:.1f} x less",
        "agreement": f"largest difference {max(worst.values()):.1g} (all codes, every day and cell)",
        "ours": spent,
        "peer": peers,
        "peer_name": "xclim 0.62 cffwis_indices",
        "unit": "s",
        "ratio": peers / spent,
        "goal": GOAL,
        "met": peers / spent >= GOAL,
        "limit": bound(cells, 2 * 4 * 8 + 6 * 4, "a cell day", spent),
        "rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def bound(cells: int, size: int, of: str, spent: float) -> dict[str, Any]:
    """`size` bytes of each cell through memory. Fire weather: the weather in twice (the check, then the codes), codes out; drought:
    rain in, index out. The loops are bound by their polynomials and the gamma function: the fraction says so."""
    source, target = np.ones(20_000_000), np.ones(20_000_000)
    began = time.perf_counter()
    np.copyto(target, source)
    bandwidth = 2 * source.nbytes / (time.perf_counter() - began)
    least = cells * size / bandwidth
    return {
        "name": f"memory, {size} B {of} at {bandwidth / 1e9:.1f} GB/s",
        "value": least,
        "fraction": least / spent,
    }


def drought(ask: Any, folder: Path) -> dict[str, Any]:
    """SPI of monthly sums. The peer reads days: the first of each month carries the month's rain."""
    random = np.random.default_rng(3)
    months = YEARS * 12
    rain = random.gamma(2.0, 15.0, (months, SIDE, SIDE))
    firsts = (np.datetime64("1981-01", "M") + np.arange(months)).astype("datetime64[D]")
    days = int((firsts[-1] - firsts[0]).astype(int)) + 31
    daily = np.zeros((days, SIDE, SIDE))
    daily[(firsts - firsts[0]).astype(int)] = rain
    np.savez(folder / "spi.npz", rain=daily)
    case = {"what": "spi", "data": str(folder / "spi.npz"), "start": "1981-01-01", "window": WINDOW}
    ask({**case, "save": str(folder / "found.npz")})
    # the peer fits the means of months, not their sums: days of the month weigh in its windows
    lengths = np.diff(np.append(firsts, firsts[-1] + 31)).astype(int).astype(float)
    means = rain / lengths[:, None, None]
    found, theirs = spi(means, WINDOW), np.load(folder / "found.npz")["SPI"]
    apart = np.abs(found[WINDOW:] - theirs[WINDOW:months])
    if np.nanmedian(apart) > 0.02 or np.nanpercentile(apart, 99) > 0.1:
        raise RuntimeError(f"no agreement: median {np.nanmedian(apart):.3f}, 99 % {np.nanpercentile(apart, 99):.3f}")
    (spent, _), (peers, _) = timed(lambda: spi(means, WINDOW), lambda: ask(case))
    return {
        "name": "drought-spi",
        "work": f"SPI-{WINDOW} of {YEARS} years, {SIDE}x{SIDE} cells",
        "agreement": f"median difference {np.nanmedian(apart):.1g}, 99 % within {np.nanpercentile(apart, 99):.2g}",
        "ours": spent,
        "peer": peers,
        "peer_name": "xclim 0.62 (its time includes the monthly means)",
        "unit": "s",
        "ratio": peers / spent,
        "goal": SPI_GOAL,
        "met": peers / spent >= SPI_GOAL,
        "limit": bound(months * SIDE * SIDE, 2 * 8, "a cell and month", spent),
        "rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def run() -> list[dict[str, Any]]:
    with peer() as ask, tempfile.TemporaryDirectory() as folder:
        return [fire(ask, Path(folder)), drought(ask, Path(folder))]
