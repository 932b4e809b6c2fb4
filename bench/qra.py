"""Individual risk of a park beside brute force: the same sum over scenarios, weather and winds, agreement first.

500 places x 12 weather classes x 16 winds on 1,000 x 1,000 cells of 10 m. Peers, both written here from the formulas (Briggs,
AQ/T 3046 E.33, probit) and independent of the engine's tables: (1) NumPy, whole arrays, cropped to what lies downwind;
(2) numba over cells on all cores, skipping what is upwind or far aside. Both are timed on a declared part and scaled up, as the
whole would take them minutes to hours; each part of the work costs them the same.

Also: how the cost grows with the scenarios, how the map converges as the polar step shrinks, one footprint by itself, what bounds
the whole (loops of ln, bearing and exp, and the memory bus, both measured in this run), and two workers of a cluster of one
thread each beside one thread.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import time
from collections.abc import Callable
from math import erfc, pi
from typing import Any, NamedTuple

import numba as nb
import numpy as np
from scipy.special import ndtr

from anlan.hazards.chemical import HAZARD, plume
from anlan.hazards.chemical.qra import kernels
from anlan.hazards.chemical.qra.individual import Steps, at_places, on_grid, sites, through_dask
from anlan.hazards.chemical.qra.model import Grid, Rose, Study
from anlan.hazards.chemical.qra.scenario import Scenario, study
from anlan.hazards.chemical.substances import find

PLACES, CELLS, CELL = 500, 1000, 10.0
WEATHER = (("B", 2.0), ("B", 4.0), ("C", 3.0), ("C", 5.0), ("D", 2.0), ("D", 4.0), ("D", 6.0), ("D", 9.0), ("E", 2.0), ("E", 4.0),
           ("F", 1.5), ("F", 2.5))  # fmt: skip
POISONS = ("chlorine", "ammonia", "hydrogen_sulphide", "sulphur_dioxide", "hydrogen_chloride", "phosgene")
GOAL_S, GOAL_NUMPY, GOAL_NUMBA, GOAL_DASK, GOAL_LINEAR, GOAL_ORDER, GOAL_FOOTPRINT_S = (
    10.0,
    30.0,
    5.0,
    1.6,
    1.1,
    1.7,
    0.1,
)
#: High enough that the engine takes the plume of the peers (the heavy gas workbook is for releases near the ground).
HEIGHT_M, SECONDS = 12.0, 1800.0
NUMPY_WINDS, NUMBA_PLACES, CHECKED = 48, 4, 20_000
LEAST = 1e-9
GRID = Grid(0.0, 0.0, CELL, CELLS, CELLS)


def rose() -> Rose:
    p = np.random.default_rng(36894).dirichlet(np.full(len(WEATHER) * 16, 3.0)).reshape(len(WEATHER), 16)
    return Rose.of([(s, u, 22.5 * d, p[m, d]) for m, (s, u) in enumerate(WEATHER) for d in range(16)])


def park(places: int = PLACES) -> tuple[Scenario, ...]:
    """Leaks of 0.2 to 5 kg/s at places in the middle 3 km x 3 km, of gases and frequencies in turn."""
    draw = np.random.default_rng(3046)
    return tuple(
        Scenario(
            f"S{i}", float(draw.uniform(3500, 6500)), float(draw.uniform(3500, 6500)), 10 ** float(draw.uniform(-6, -4)), "toxic",
            POISONS[i % len(POISONS)], rate_kg_s=10 ** float(draw.uniform(-0.7, 0.7)), duration_s=SECONDS, height_m=HEIGHT_M,
            phase="gas",
        )
        for i in range(places)
    )  # fmt: skip


def tables(scenarios: tuple[Scenario, ...]) -> Any:
    """For the peers: places; per scenario frequency, rate, a, b, n; coefficients of Briggs and wind by weather."""
    rows = [(s.x, s.y, s.frequency, s.rate_kg_s, *find(s.substance).probit) for s in scenarios]
    air = [
        (*plume.RURAL[stability][0], *plume.RURAL[stability][1], plume.carrying(HEIGHT_M, wind, stability))
        for stability, wind in WEATHER
    ]
    return np.array(rows), np.array(air)


@nb.njit(parallel=True, fastmath={"contract", "arcp", "nsz", "reassoc"}, error_model="numpy")
def brute(cells: Any, rows: Any, air: Any, towards: Any, probability: Any, height: float, minutes: float) -> Any:
    """Risk at cells [n, 2]: every scenario, weather and wind."""
    out = np.zeros(cells.shape[0])
    along, across = np.cos(towards), np.sin(towards)
    for k in nb.prange(cells.shape[0]):
        total = 0.0
        for s in range(rows.shape[0]):
            dx, dy = cells[k, 0] - rows[s, 0], cells[k, 1] - rows[s, 1]
            a, b, n = rows[s, 4], rows[s, 5], rows[s, 6]
            for d in range(towards.size):
                x = dx * along[d] + dy * across[d]
                y = -dx * across[d] + dy * along[d]
                if x <= 1.0 or y * y > x * x * 1.2:
                    continue
                for m in range(air.shape[0]):
                    sy = air[m, 0] * x / np.sqrt(1 + air[m, 1] * x)
                    aside = y * y / (2 * sy * sy)
                    if aside > 25.0:
                        continue
                    sz = air[m, 2] * x * (1 + air[m, 3] * x) ** air[m, 4]
                    level = (
                        np.log(rows[s, 3] / (pi * air[m, 5] * sy * sz) * 1e6) - aside - height * height / (2 * sz * sz)
                    )
                    probit = a + b * (n * level + np.log(minutes)) - 5
                    if probit > -6.0:
                        total += rows[s, 2] * probability[m, d] * 0.5 * erfc(-probit * 0.7071067811865476)
        out[k] = total
    return out


def numpy_one(row: Any, air: Any, wind: float, x: Any, y: Any) -> Any:
    """Death [cells] of one scenario in one weather and wind, plainly."""
    dx, dy = x[None, :] - row[0], y[:, None] - row[1]
    down, side = dx * np.cos(wind) + dy * np.sin(wind), -dx * np.sin(wind) + dy * np.cos(wind)
    out = np.zeros(down.shape)
    ahead = down > 1.0
    down, side = down[ahead], side[ahead]
    sy = air[0] * down / np.sqrt(1 + air[1] * down)
    sz = air[2] * down * (1 + air[3] * down) ** air[4]
    kg_m3 = row[3] / (pi * air[5] * sy * sz) * np.exp(-(side**2) / (2 * sy**2)) * np.exp(-(HEIGHT_M**2) / (2 * sz**2))
    out[ahead] = ndtr(row[4] + row[5] * np.log(np.maximum(kg_m3 * 1e6, 1e-30) ** row[6] * SECONDS / 60) - 5)
    return out


def timed(work: Any) -> tuple[float, Any]:
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found


def agreement(risk: Any, rows: Any, air: Any, wind: Rose) -> str:
    """Our map against the brute force at cells drawn at random, where it exceeds 1e-9 a year; raises beyond 1 %."""
    draw = np.random.default_rng(8)
    ix, iy = draw.integers(0, CELLS, CHECKED), draw.integers(0, CELLS, CHECKED)
    cells = np.stack([GRID.centres[0][ix], GRID.centres[1][iy]], axis=1)
    exact = brute(cells, rows, air, wind.towards, wind.probability, HEIGHT_M, SECONDS / 60)
    seen = exact > LEAST
    apart = np.abs(risk[iy, ix][seen] / exact[seen] - 1)
    if not np.isfinite(risk).all() or apart.max() > 0.01:
        raise RuntimeError(f"no agreement: {apart.max():.3%} apart")
    return f"{int(seen.sum())} cells above 1e-9 within {apart.max():.2%}, median {np.median(apart):.3%}"


class Bound(NamedTuple):
    """The least that the look-ups of a map must cost, s: of their arithmetic, and of the bytes they move."""

    lookups: float
    ns_each: float
    arithmetic_s: float
    gb_moved: float
    gb_per_s: float

    def row(self, spent: float, cores: int) -> dict[str, Any]:
        memory = self.gb_moved / self.gb_per_s
        return {
            "name": f"ln, bearing and exp of {self.lookups / 1e6:.0f} M look-ups, {self.ns_each:.2f} ns each on {cores} cores "
                    f"(the memory bus: {memory:.2f} s, {self.gb_moved:.1f} GB at {self.gb_per_s:.1f} GB/s, {memory / spent:.0%})",
            "value": self.arithmetic_s, "fraction": self.arithmetic_s / spent,
        }  # fmt: skip


def bound(made: Study, cores: int) -> Bound:
    """One look-up a cell and site: ln r, bearing and exp at the speed of their vector loops alone, on all cores; bytes: the map
    read and written once a site, and four numbers of the table."""
    u, v, found, row = (np.zeros(CELLS) for _ in range(4))
    top = (-3000.0, CELL, 37.0, np.log(5.0), 32.0, 200.0, 4608 / (2 * pi), 4607.0)
    each = []
    for work in (lambda: kernels.locate(*top, u, v), lambda: kernels.add_powers(row, found)):
        work()
        each.append(min(timed(lambda work=work: [work() for _ in range(2000)])[0] for _ in range(3)) / 2000 / CELLS)
    visited = 0.0
    x, y = GRID.centres
    for site in sites(made.footprints):
        far = max(float(item.reach.max()) for item in site.plumes)
        visited += float(np.count_nonzero(np.hypot(x[None, ::10] - site.x, y[::10, None] - site.y) <= far)) * 100
    big = np.zeros(50_000_000)
    bus = 2 * big.nbytes / 1e9 / min(timed(lambda: np.add(big, 1.0, out=big))[0] for _ in range(3))
    return Bound(visited, sum(each) * 1e9, visited * sum(each) / cores, visited * (16 + 16) / 1e9, bus)


def ours_for(scenarios: tuple[Scenario, ...], wind: Rose) -> tuple[float, Any]:
    """Footprints and map, s."""
    return timed(lambda: (lambda made: (made, on_grid(made, GRID)))(study(scenarios, wind)))


def memory() -> int:
    """Most that this process ever held, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def individual() -> list[dict[str, Any]]:
    cores, wind = os.cpu_count() or 1, rose()
    scenarios = park()
    rows, air = tables(scenarios)
    on_grid(study(scenarios[:2], wind), Grid(0, 0, CELL, 20, 20))  # compiles
    worked: dict[int, float] = {}
    for count in (PLACES // 4, PLACES // 2, PLACES):
        began = time.process_time()
        ours, (made, risk) = ours_for(scenarios[:count], wind)
        worked[count] = time.process_time() - began
    rss = memory()
    agreed = agreement(risk, rows, air, wind)
    x, y = GRID.centres
    pairs = [(m, d) for m in range(len(WEATHER)) for d in range(16)][:: len(WEATHER) * 16 // NUMPY_WINDS][:NUMPY_WINDS]
    took = timed(lambda: [numpy_one(rows[7], air[m], wind.towards[d], x, y) for m, d in pairs])[0]
    numpy_s = took * PLACES * len(WEATHER) * 16 / len(pairs)
    cells = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    part = rows[:: PLACES // NUMBA_PLACES][:NUMBA_PLACES]
    took = timed(lambda: brute(cells, part, air, wind.towards, wind.probability, HEIGHT_M, SECONDS / 60))[0]
    numba_s = took * PLACES / len(part)
    work = f"{PLACES} scenarios x 16 winds x {len(WEATHER)} weather classes, {CELLS} x {CELLS} cells of {CELL:g} m"
    limit = bound(made, cores).row(ours, cores)
    common = {"work": work, "agreement": agreed, "ours": ours, "unit": "s", "rss_mib": rss, "limit": limit}
    return [
        {**common, "name": "qra", "peer": GOAL_S, "peer_name": "the goal", "ratio": GOAL_S / ours, "goal": 1.0,
         "met": ours < GOAL_S and rss < 1024},
        {**common, "name": "qra-numpy", "peer": numpy_s, "ratio": numpy_s / ours, "goal": GOAL_NUMPY,
         "peer_name": f"NumPy, whole arrays; scaled up from {len(pairs)} of {PLACES * 192} footprints",
         "met": numpy_s / ours >= GOAL_NUMPY},
        {**common, "name": "qra-numba", "peer": numba_s, "ratio": numba_s / ours, "goal": GOAL_NUMBA,
         "peer_name": f"numba over all winds, {nb.get_num_threads()} threads; scaled up from {len(part)} of {PLACES} scenarios",
         "met": numba_s / ours >= GOAL_NUMBA},
        linear(worked),
    ]  # fmt: skip


def linear(spent: dict[int, float]) -> dict[str, Any]:
    """The power of the number of scenarios that the CPU time of all threads grows with (so that a busy machine does not show), by
    least squares of the logarithms; a line has 1."""
    counts, seconds = np.array(list(spent)), np.array(list(spent.values()))
    power = float(np.polyfit(np.log(counts), np.log(seconds), 1)[0])
    said = ", ".join(f"{count}: {took:.2f} s ({took / count * 1e3:.1f} ms each)" for count, took in spent.items())
    return {
        "name": "qra-linear", "work": "CPU time by number of scenarios", "agreement": said, "ours": power, "peer": 1.0,
        "peer_name": "a line", "unit": "power", "ratio": 1.0 / power, "goal": 1 / GOAL_LINEAR, "met": power <= GOAL_LINEAR,
        "rss_mib": memory(),
    }  # fmt: skip


def convergence() -> dict[str, Any]:
    """The map against its footprints taken straight, where the risk exceeds 1e-9 a year, as both polar steps are halved; beside
    it the same against the brute force, which shares no table with the engine."""
    scenarios, wind = park(8), rose()
    made, grid = study(scenarios, wind), Grid(3000.0, 3000.0, 40.0, 100, 100)
    x, y = grid.centres
    places = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    near = np.min([np.hypot(places[:, 0] - s.x, places[:, 1] - s.y) for s in scenarios], axis=0) > 10.0
    rows, air = tables(scenarios)
    straight = at_places(made, places)[0]
    exact = brute(places, rows, air, wind.towards, wind.probability, HEIGHT_M, SECONDS / 60)
    seen = (straight > LEAST) & near
    said, errors = [], []
    for k in (1, 2, 4, 8):
        found = on_grid(made, grid, Steps(768 * k, 1 / (8 * k))).ravel()[seen]
        errors.append(float(np.abs(found / straight[seen] - 1).max()))
        apart = float(np.abs(found / exact[seen] - 1).max())
        said.append(f"{768 * k} bearings, ln r 1/{8 * k}: {errors[-1]:.3%} ({apart:.3%} from brute force)")
    order = float(np.log2(errors[-2] / errors[-1]))
    return {
        "name": "qra-converges", "work": f"greatest error at {int(seen.sum())} cells above 1e-9 by polar step",
        "agreement": "; ".join(said), "ours": order, "peer": 2.0, "peer_name": "bilinear interpolation", "unit": "order",
        "ratio": order / 2, "goal": GOAL_ORDER / 2,
        "met": order >= GOAL_ORDER and errors == sorted(errors, reverse=True), "rss_mib": memory(),
    }  # fmt: skip


def footprint() -> dict[str, Any]:
    """One footprint of the kind that a live incident asks for, elapsed."""
    given = {"substance": "chlorine", "phase": "liquid", "hole_mm": 50, "pressure_mpa": 0.75, "inventory_t": 50,
             "wind_m_s": 2.5, "wind_from_deg": 250}  # fmt: skip
    zones = HAZARD.run(106.7, 39.46, given).zones
    spent = sorted(timed(lambda: HAZARD.run(106.7, 39.46, given))[0] for _ in range(11))[5]
    return {
        "name": "qra-footprint", "work": "one footprint, chlorine 50 mm, nine members by 21 directions (median of 11, elapsed)",
        "agreement": f"{len(zones)} zones", "ours": spent, "peer": GOAL_FOOTPRINT_S, "peer_name": "the limit", "unit": "s",
        "ratio": GOAL_FOOTPRINT_S / spent, "goal": 1.0, "met": spent <= GOAL_FOOTPRINT_S, "rss_mib": memory(),
    }  # fmt: skip


#: One thread a worker, whatever a library would like to take.
PINNED = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")


def beside_itself(work: Callable[[], object]) -> float:
    """Seconds of two processes that do the same work at once and share nothing but the machine."""
    context = multiprocessing.get_context("fork")
    pair = [context.Process(target=work) for _ in range(2)]
    began = time.perf_counter()
    for process in pair:
        process.start()
    for process in pair:
        process.join()
    return time.perf_counter() - began


def spread_out() -> dict[str, Any]:
    """Two workers of a local cluster, one thread each, against one thread without a cluster; the same map to the last bit.

    Both are warm, and the fastest of three counts, so that only the work and what the cluster adds to it are compared.
    """
    from distributed import Client, LocalCluster  # noqa: PLC0415 - only this row needs the cluster

    os.environ |= PINNED  # the workers are told before they start
    made = study(park(), rose())
    small = study(park(200), rose())
    with (
        LocalCluster(2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster, direct_to_workers=True) as client,
    ):
        runner = through_dask(client)
        on_grid(small, Grid(0, 0, CELL, 20, 20), runner=runner)  # both workers compile
        on_grid(small, GRID, threads=1)
        alone, spent = [], []

        def worked() -> tuple[float, float]:
            """CPU seconds so far: of this process, and of both workers."""
            return time.process_time(), sum(client.run(time.process_time).values())

        for _ in range(3):
            began = worked()
            took, first = timed(lambda: on_grid(made, GRID, threads=1))
            alone.append(took)
            between = worked()
            took, second = timed(lambda: on_grid(made, GRID, runner=runner))
            spent.append(took)
            ended = worked()
            if not np.array_equal(first, second):
                raise RuntimeError("the cluster gives another map")
    one, two = min(alone), min(spent)
    least = min(beside_itself(lambda: on_grid(made, GRID, threads=1)) for _ in range(3)) / 2
    cpu_one, cpu_here, cpu_there = between[0] - began[0], ended[0] - between[0], ended[1] - between[1]
    said = f"equal to the last bit; CPU: alone {cpu_one:.2f} s, the workers {cpu_there:.2f} s and their client {cpu_here:.2f} s"
    return {
        "name": "qra-dask", "work": f"the map of {PLACES} scenarios, two workers of one thread",
        "agreement": said, "ours": two, "peer": one, "peer_name": "one thread, no cluster", "unit": "s",
        "ratio": one / two, "goal": GOAL_DASK, "met": one / two >= GOAL_DASK, "rss_mib": memory(),
        "limit": {"name": "two processes that share nothing, each with half the work", "value": least, "fraction": least / two},
    }  # fmt: skip


def run() -> list[dict[str, Any]]:
    return [*individual(), convergence(), footprint(), spread_out()]
