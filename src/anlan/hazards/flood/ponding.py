"""城市内涝 (urban ponding): design storm, water on streets beyond what the drains take, and the places where it stands."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, log10

import numpy as np
from numpy.typing import NDArray

from anlan.hazards.contract import InputError
from anlan.hazards.flood.simulate import Flood, simulate
from anlan.hazards.flood.terrain import Forcing, Grid, Series, Terrain

#: Depths (m) of the classes of ponding: named figures of use in traffic control, 待核对 against the city's own plan.
DEPTHS_M = (
    (0.60, "红", "车辆熄火，人员危险"),
    (0.40, "橙", "封闭道路"),
    (0.27, "黄", "禁止小型车通行"),
    (0.15, "蓝", "积水，注意绕行"),
)


@dataclass(frozen=True)
class Formula:
    """暴雨强度公式 q = 167 A (1 + C lg P) / (t + b)^n, L/(s hm2), t in min: the figures are each city's own."""

    a: float
    c: float
    b: float
    n: float

    def __post_init__(self) -> None:
        for name, value, high in (("a", self.a, 500), ("c", self.c, 10), ("b", self.b, 200), ("n", self.n, 2)):
            if not isfinite(value) or not 0 <= value <= high or (name in "an" and value == 0):
                raise InputError(name, value, f"0 至 {high:g}")

    def depth_mm(self, minutes: float, years: float) -> float:
        """Rain (mm) of the heaviest `minutes` once in `years`."""
        if not 0 < minutes <= 1440 or not 0.25 <= years <= 1000:
            raise InputError("years", years, "0.25 至 1000 年；历时 0 至 1440 min")
        # 167 L/(s hm2) is 1 mm/min
        return self.a * (1 + self.c * log10(years)) / (minutes + self.b) ** self.n * minutes


def design_storm(formula: Formula, minutes: int, years: float, peak_share: float = 0.4, step_min: int = 5) -> Series:
    """Chicago storm (Keifer & Chu 1957): every duration round the peak is the heaviest of that duration; mm/h at times (s)."""
    if not 0 < peak_share < 1 or step_min < 1 or not step_min * 3 <= minutes <= 1440:
        raise InputError("minutes", minutes, f"{3 * step_min} 至 1440 min；雨峰系数 0 至 1")
    count = minutes // step_min
    peak = min(count - 1, int(count * peak_share))
    totals = [0.0, *(formula.depth_mm(k * step_min, years) for k in range(1, count + 1))]
    # steps in the order in which they join the peak: each time on the side that has had less than its share
    left, right, rain = peak, peak, np.zeros(count)
    rain[peak] = totals[1]
    for k in range(2, count + 1):
        before = right == count - 1 or (left > 0 and (peak - left) * (1 - peak_share) <= (right - peak) * peak_share)
        left, right = (left - 1, right) if before else (left, right + 1)
        rain[left if before else right] = totals[k] - totals[k - 1]
    rates = rain * 60 / step_min
    times = [float(t) for k in range(count) for t in (k * step_min * 60, (k + 1) * step_min * 60 - 1)]
    values = [float(rates[k]) for k in range(count) for _ in range(2)]
    return Series((*times, float(count * step_min * 60)), (*values, 0.0))


@dataclass(frozen=True)
class Pond:
    """One place where water stands: cells [iy, ix], greatest depth (m) and volume (m3) at the end, first time over the depth (min)."""

    cells: NDArray[np.int64]
    depth_m: float
    volume_m3: float
    arrival_min: float
    colour: str
    meaning: str


def classed(depth_m: float) -> tuple[str, str]:
    """Colour and words of a depth; empty below the least."""
    return next(((colour, words) for limit, colour, words in DEPTHS_M if depth_m >= limit), ("", ""))


def ponds(flood: Flood, cell_m: float, least_m: float = DEPTHS_M[-1][0]) -> list[Pond]:
    """Connected places (by sides) whose greatest depth passed `least_m`, deepest first."""
    deep = flood.max_depth_m >= least_m
    seen, found = np.zeros_like(deep), []
    for start in zip(*np.nonzero(deep), strict=True):
        if not seen[start]:
            cells = np.array(connected(deep, seen, (int(start[0]), int(start[1]))))
            i, j = cells[:, 0], cells[:, 1]
            most = float(flood.max_depth_m[i, j].max())
            volume = float(flood.depth_m[i, j].sum()) * cell_m**2
            found.append(Pond(cells, most, volume, float(flood.arrival_min[i, j].min()), *classed(most)))
    return sorted(found, key=lambda pond: -pond.depth_m)


def connected(deep: NDArray[np.bool_], seen: NDArray[np.bool_], start: tuple[int, int]) -> list[tuple[int, int]]:
    ny, nx = deep.shape
    queue, cells = deque([start]), []
    seen[start] = True
    while queue:
        i, j = queue.popleft()
        cells.append((i, j))
        for m, n in ((i - 1, j), (i + 1, j), (i, j - 1), (i, j + 1)):
            if 0 <= m < ny and 0 <= n < nx and deep[m, n] and not seen[m, n]:
                seen[m, n] = True
                queue.append((m, n))
    return cells


def hollow_depth(rain_mm: Sequence[float], basin_hm2: float, runoff: float, drain_mm_h: float, pond_m2: float) -> float:
    """Depth (m) of water in a bowl-shaped hollow after hours of rain (mm each): what runs to it less what the drains take.

    The surface grows with depth, `pond_m2` at 1 m, so that the volume is pond_m2 d^2 / 2. 1 mm on 1 hm2 is 10 m3.
    """
    for name, value, low, high in (
        ("basin_hm2", basin_hm2, 0.01, 10_000), ("runoff", runoff, 0, 1), ("drain_mm_h", drain_mm_h, 0, 500), ("pond_m2", pond_m2, 1, 1e7)
    ):  # fmt: skip
        if not isfinite(value) or not low <= value <= high:
            raise InputError(name, value, f"{low:g} 至 {high:g}")
    held = 0.0
    for i, fallen in enumerate(rain_mm):
        if not isfinite(fallen) or fallen < 0:
            raise InputError(f"rain_mm[{i}]", fallen, ">= 0 mm")
        held = max(0.0, held + (runoff * fallen - drain_mm_h) * basin_hm2 * 10)
    return float((2 * held / pond_m2) ** 0.5)


def storm(
    terrain: Terrain, rain_mm_h: Series, hours: float, share: Grid | None = None, frames_min: Sequence[float] = ()
) -> Flood:
    """Rain on streets with drains (`terrain.drain_mm_h`): arrival counts from the least depth of the classes."""
    forcing = Forcing(rain_mm_h=rain_mm_h, rain_share=share)
    return simulate(terrain, forcing, hours, frames_min=frames_min, arrived_m=DEPTHS_M[-1][0])
