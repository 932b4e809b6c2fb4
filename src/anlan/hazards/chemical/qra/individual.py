"""Individual risk on a grid and at places: the sum over scenarios, outcomes, weather and wind (AQ/T 3046-2013).

The sum is taken site by site in a fixed order, in portions that depend on the number of sites alone, whatever the number of
threads or machines: the same study gives the same numbers to the last bit on one thread, on many, and through Dask.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, gcd, log, log2, pi
from os import cpu_count
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from anlan.hazards.chemical.qra import kernels
from anlan.hazards.chemical.qra.model import Disc, Floats, Footprint, Grid, Outline, Plume, Rose, Study
from anlan.hazards.cluster import connected

#: Sites whose risk is summed before it is added to the rest: at least so many, in at most so many portions. Each is a map that
#: a worker of a cluster sends home, so few; a power of two, so that they come out even.
LEAST_PORTION, MOST_PORTIONS = 48, 32
#: Sites whose tables are kept at once: a table takes some MB.
TABLES = 16
#: Nearest distance of a table, m.
NEAREST = 5.0
#: Rays by which a filled sector is read at single places.
RAYS_AT_PLACES = 45


@dataclass(frozen=True)
class Steps:
    """Resolution of the polar tables: bearings round, ln r from node to node. The error falls with the square of both.

    As they are, a narrow plume (class F) close to its source is within 1 %; 3072 bearings and 1/32 left 1.8 % there.
    """

    bearings: int = 4608
    ln_r: float = 1 / 40


class Site(NamedTuple):
    """Everything that happens at one place."""

    x: float
    y: float
    plumes: list[Plume]
    outlines: list[Outline]
    discs: list[Disc]


#: ln of risk by distance and bearing, and how far it reaches, m.
Table = tuple[NDArray[np.float32], float]


def sites(footprints: Iterable[Footprint]) -> list[Site]:
    """Footprints by place, in the order in which the places first occur."""
    found: dict[tuple[float, float], Site] = {}
    for item in footprints:
        site = found.setdefault((item.x, item.y), Site(item.x, item.y, [], [], []))
        if isinstance(item, Plume):
            site.plumes.append(item)
        elif isinstance(item, Outline):
            site.outlines.append(item)
        elif isinstance(item, Disc):
            site.discs.append(item)
    return list(found.values())


def nodes_round(rose: Rose, wanted: int) -> int:
    """Bearings of a table: at least `wanted`, and such that regular winds (and the edges of their sectors) fall on nodes."""
    step = 360.0
    degrees = np.round(np.degrees(rose.towards) * 1e6).astype(np.int64)
    common = int(np.gcd.reduce(np.append(degrees - degrees[0], 360_000_000)))
    step = common / 1e6 if common > 400_000 else 360 / wanted
    regular = round(360 / step)
    regular = regular * 8 // gcd(regular, 8)
    return regular * ceil(wanted / regular)


def table_of(site: Site, rose: Rose, steps: Steps) -> Table | None:
    """(ln of risk over [ln r, bearing], reach m) of the poisons of a site."""
    far = max((float(plume.reach.max()) for plume in site.plumes), default=0.0)
    if far <= NEAREST:
        return None
    bearings = nodes_round(rose, steps.bearings)
    distances = ceil(log(far / NEAREST) / steps.ln_r) + 2
    table = np.zeros((distances, bearings))
    position = rose.towards * bearings / (2 * pi)
    node = np.floor(position + 1e-6).astype(np.int64)
    shift = np.where(np.abs(position - node) < 1e-6, 0.0, (position - node) * 2 * pi / bearings)
    half = round(bearings / len(rose.towards) / 2) if rose.filled else 0
    for plume in site.plumes:
        kernels.turn(
            table, log(NEAREST), steps.ln_r, plume.weight, node % bearings, shift, half, plume.level, plume.core,
            plume.width, plume.reach,
        )  # fmt: skip
    logs = np.empty((distances, bearings + 1), np.float32)
    kernels.logarithms(table, logs)
    return logs, far


def lay_site(out: Floats, row: int, grid: Grid, rose: Rose, site: Site) -> None:
    """What has an edge or is round, on the rows of a band."""
    place = (out, row, *grid.first, grid.cell, site.x, site.y)
    edges, filled = rose.spread()
    for item in site.outlines:
        if item.individual > 0:
            weight = item.weight * item.individual
            kernels.edge(
                *place, item.half, item.per_metre, item.reach, edges, rose.cumulative(weight), weight.sum(axis=1), filled
            )  # fmt: skip
    for round_one in site.discs:
        kernels.disc(
            *place, round_one.shares[0], round_one.per_metre, round_one.reach, float(round_one.weight.sum())
        )  # fmt: skip


def portion(rose: Rose, grid: Grid, steps: Steps, group: Sequence[Site], threads: int) -> Floats:
    """Risk of some sites, 1/y [ny, nx]. Threads share sites for the tables, and rows for the map."""
    out = np.zeros((grid.ny, grid.nx))
    bands = [
        (row, out[row : row + ceil(grid.ny / (4 * threads))])
        for row in range(0, grid.ny, ceil(grid.ny / (4 * threads)))
    ]

    def fill(band: tuple[int, Floats], some: Sequence[Site], tables: Sequence[Table | None]) -> None:
        row, part = band
        for site, made in zip(some, tables, strict=True):
            if made is not None:
                logs, far = made
                place = (part, row, *grid.first, grid.cell, site.x, site.y)
                kernels.lay(*place, logs, log(NEAREST), steps.ln_r, far)
            lay_site(part, row, grid, rose, site)

    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(group), TABLES):
            some = group[start : start + TABLES]
            tables = list(pool.map(lambda site: table_of(site, rose, steps), some))
            list(pool.map(lambda band: fill(band, some, tables), bands))  # noqa: B023 - done before the next turn
    return out


#: Runs a function over argument tuples and gives the results in order: threads at home, or a cluster.
Runner = Callable[[Callable[..., Floats], list[tuple[Any, ...]]], Iterable[Floats]]


def at_home(function: Callable[..., Floats], calls: list[tuple[Any, ...]]) -> Iterable[Floats]:
    return (function(*call) for call in calls)


def alone(function: Callable[..., Floats], call: tuple[Any, ...]) -> Floats:
    return function(*call, 1)


def through_dask(client: Any) -> Runner:
    """Portions as tasks of a `distributed.Client`, one thread each. Their arrays travel once, as bytes, with their task."""

    def run(function: Callable[..., Floats], calls: list[tuple[Any, ...]]) -> Iterable[Floats]:
        tasks = []
        for call in calls:  # the first works while the next one travels
            (shared,) = client.scatter([call[:-1]], hash=False)
            tasks.append(client.submit(alone, function, shared, pure=False))
        return (task.result() for task in tasks)

    return run


def usual(calls: int) -> Runner:
    client = connected() if calls > 1 else None
    return at_home if client is None else through_dask(client)


def portions(places: list[Site]) -> list[list[Site]]:
    """Sites in runs of nearly equal length, in their order."""
    count = min(MOST_PORTIONS, 2 ** max(0, int(log2(max(1, len(places)) / LEAST_PORTION))))
    edges = [round(len(places) * i / count) for i in range(count + 1)]
    return [places[i:j] for i, j in pairwise(edges) if j > i]


def on_grid(
    study: Study, grid: Grid, steps: Steps | None = None, threads: int | None = None, runner: Runner | None = None
) -> Floats:
    """Individual risk, 1/y [ny, nx], row 0 in the south; over the configured cluster (`ANLAN_DASK`) when there is much to do."""
    steps, threads = steps or Steps(), threads or min(8, cpu_count() or 1)
    calls = [(study.rose, grid, steps, part, threads) for part in portions(sites(study.footprints))]
    total = np.zeros((grid.ny, grid.nx))
    for part in (runner or usual(len(calls)))(portion, calls):
        total += part
    return total


def shares_at(item: Footprint, points: Floats, rose: Rose, each: int) -> Floats:
    """Who dies at places, as the mean over a wind's rays: [weather or 1, wind or 1, point], before the factors of people."""
    if isinstance(item, Disc):
        r = np.hypot(points[:, 0] - item.x, points[:, 1] - item.y)
        shares = np.interp(r, np.linspace(0, item.reach, item.shares.shape[1]), item.shares[0], right=0.0)
        return shares[None, None, :]
    rays, count = rose.rays(each)
    found = by_ray(item, points, rays)
    return found.reshape(found.shape[0], -1, count, found.shape[2]).mean(axis=2)


def by_ray(item: Footprint, points: Floats, rays: Floats) -> Floats:
    """[weather, ray, point]."""
    if isinstance(item, Plume):
        found: Floats = kernels.plume_at(points, item.x, item.y, rays, item.level, item.core, item.width, item.reach)
        return found
    assert isinstance(item, Outline)
    inside: Floats = kernels.outline_at(points, item.x, item.y, rays, item.half, item.per_metre, item.reach)
    return inside


def at_places(
    study: Study, points: Floats, each: int = RAYS_AT_PLACES
) -> tuple[Floats, list[dict[tuple[int, str], float]]]:
    """(risk 1/y at each place, what every scenario and outcome adds there), straight from the footprints."""
    total = np.zeros(len(points))
    shares: list[dict[tuple[int, str], float]] = [defaultdict(float) for _ in points]
    for item in study.footprints:
        factor = item.individual if isinstance(item, Outline) else 1.0
        if factor <= 0:
            continue
        died = shares_at(item, points, study.rose, each)
        added = (
            died[0, 0] * item.weight.sum()
            if isinstance(item, Disc)
            else np.einsum("mdp,md->p", died, item.weight) * factor
        )
        total += added
        for i in np.flatnonzero(added > 0):
            shares[i][item.scenario, item.outcome] += float(added[i])
    return total, shares
