"""溃坝与堤防决口 (dam and dike breach): the hole that grows, the water that leaves, the pool that falls."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, sqrt

import numpy as np
from numpy.typing import NDArray

from anlan.hazards.contract import InputError
from anlan.hazards.flood.terrain import Series

G = 9.80665
#: Broad-crested weir over a trapezoid (m^0.5/s): Fread 1988 (DAMBRK), 3.1 and 2.45 in feet.
WEIR_FLAT, WEIR_SIDES = 1.71, 1.35
#: Submergence above which tail water holds the flow back (Fread 1988).
SUBMERGED = 0.67
STEPS = 4000


@dataclass(frozen=True)
class Opening:
    """A trapezoid breach when it is fully open: its bottom's width (m) and level (m), side slope z (horizontal to 1), time (s)."""

    width_m: float
    bottom_m: float
    side: float
    formation_s: float
    start_m: float

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("width_m", self.width_m, 0.1, 5000), ("side", self.side, 0, 5), ("formation_s", self.formation_s, 1, 10 * 86400)
        ):  # fmt: skip
            if not isfinite(value) or not low <= value <= high:
                raise InputError(name, value, f"{low:g} 至 {high:g}")
        if not isfinite(self.bottom_m) or not isfinite(self.start_m) or self.start_m <= self.bottom_m:
            raise InputError("bottom_m", self.bottom_m, f"低于溃口起始高程 {self.start_m:g} m")

    def at(self, t_s: float) -> tuple[float, float]:
        """(bottom width, bottom level) t seconds after it began: both grow evenly in time."""
        share = min(1.0, max(0.0, t_s / self.formation_s))
        return self.width_m * share, self.start_m - (self.start_m - self.bottom_m) * share


@dataclass(frozen=True)
class Hydrograph:
    """Outflow (m3/s), pool level (m) at times (s)."""

    times_s: NDArray[np.float64]
    flow_m3_s: NDArray[np.float64]
    level_m: NDArray[np.float64]
    released_m3: float
    #: Water that left less the water that the pool lost and gained, as a share of what left.
    mass_error: float

    @property
    def peak_m3_s(self) -> float:
        return float(self.flow_m3_s.max())

    @property
    def peak_s(self) -> float:
        return float(self.times_s[int(self.flow_m3_s.argmax())])

    def series(self, points: int = 120) -> Series:
        """The hydrograph for an inflow, thinned."""
        pick = np.unique(np.linspace(0, self.times_s.size - 1, points).astype(int))
        return Series(tuple(self.times_s[pick].tolist()), tuple(self.flow_m3_s[pick].tolist()))


def froehlich(volume_m3: float, height_m: float, overtopped: bool = True) -> tuple[float, float]:
    """Mean width (m) and formation time (s) of an earth dam's breach: Froehlich 2008, 74 cases.

    volume above the breach's bottom, height of the breach. B = 0.27 k V^0.32 h^0.04 with k 1.3 overtopped, 1.0 piped;
    t = 63.2 sqrt(V / (g h^2)).
    """
    check_pool(volume_m3, height_m)
    width = 0.27 * (1.3 if overtopped else 1.0) * volume_m3**0.32 * height_m**0.04
    return width, 63.2 * sqrt(volume_m3 / (G * height_m**2))


def froehlich_peak(volume_m3: float, depth_m: float) -> float:
    """Peak outflow (m3/s) of an earth dam: Froehlich 1995, Q = 0.607 V^0.295 h^1.24; a check on the routed one."""
    check_pool(volume_m3, depth_m)
    return float(0.607 * volume_m3**0.295 * depth_m**1.24)


def schoklitsch_peak(width_m: float, breach_m: float, depth_m: float) -> float:
    """Peak of a dam gone at once (m3/s): Q = 8/27 sqrt(g) (B / b)^0.25 b H^1.5 (肖克利奇式)."""
    if not 0 < breach_m <= width_m or not 0 < depth_m <= 500:
        raise InputError("breach_m", breach_m, f"> 0，<= {width_m:g} m；水深 0 至 500 m")
    return 8 / 27 * sqrt(G) * (width_m / breach_m) ** 0.25 * breach_m * depth_m**1.5


def check_pool(volume_m3: float, height_m: float) -> None:
    if not isfinite(volume_m3) or not 0 < volume_m3 <= 1e12:
        raise InputError("volume_m3", volume_m3, "> 0，<= 1e12 m³")
    if not isfinite(height_m) or not 0 < height_m <= 400:
        raise InputError("height_m", height_m, "> 0，<= 400 m")


def weir(level_m: float, width_m: float, bottom_m: float, side: float, tail_m: float = -1e9) -> float:
    """Flow through a trapezoid opening (m3/s), held back where the tail water stands high."""
    head = level_m - bottom_m
    if head <= 0:
        return 0.0
    flow = WEIR_FLAT * width_m * head**1.5 + WEIR_SIDES * side * head**2.5
    drowned = (tail_m - bottom_m) / head
    if drowned > SUBMERGED:
        flow *= max(0.0, 1 - 27.8 * (min(1.0, drowned) - SUBMERGED) ** 3)
    return flow if tail_m < level_m else 0.0


def dam(
    opening: Opening, levels_m: list[float], volumes_m3: list[float], level_m: float, hours: float,
    inflow: Series | None = None, tail: Series | None = None,
) -> Hydrograph:  # fmt: skip
    """A pool with a storage curve empties through a growing breach, from `level_m` on, for `hours`."""
    curve_l, curve_v = np.asarray(levels_m, float), np.asarray(volumes_m3, float)
    if curve_l.size < 2 or curve_l.shape != curve_v.shape or not np.isfinite([curve_l, curve_v]).all():
        raise InputError("volumes_m3", len(volumes_m3), "与 levels_m 同样多，至少 2 个")
    if (np.diff(curve_l) <= 0).any() or (np.diff(curve_v) <= 0).any():
        raise InputError("levels_m", levels_m, "水位与库容均递增")
    if not curve_l[0] <= level_m <= curve_l[-1]:
        raise InputError("level_m", level_m, f"{curve_l[0]:g} 至 {curve_l[-1]:g} m（库容曲线内）")
    dt = step_of(opening, hours)
    times = np.arange(int(hours * 3600 / dt) + 1, dtype=np.float64) * dt
    volume = first = float(np.interp(level_m, curve_l, curve_v))
    flows, stages, came, left = np.zeros(times.size), np.zeros(times.size), 0.0, 0.0
    for i, t in enumerate(times):
        stage = float(np.interp(volume, curve_v, curve_l))
        width, bottom = opening.at(t)
        low = float(np.interp(t, tail.times_s, tail.values)) if tail else -1e9
        flow = weir(stage, width, bottom, opening.side, low)
        # the pool of one step may not fall below the breach's bottom
        flow = min(flow, max(0.0, volume - float(np.interp(bottom, curve_l, curve_v))) / dt)
        fed = float(np.interp(t, inflow.times_s, inflow.values)) if inflow else 0.0
        flows[i], stages[i] = flow, stage
        if i + 1 < times.size:
            volume += (fed - flow) * dt
            came, left = came + fed * dt, left + flow * dt
    lost = abs(first + came - left - volume)
    return Hydrograph(times, flows, stages, left, lost / left if left else 0.0)


def dike(opening: Opening, stage: Series, hours: float, tail: Series | None = None) -> Hydrograph:
    """Outflow through a dike's breach from a river whose stage the breach does not change."""
    dt = step_of(opening, hours)
    times = np.arange(int(hours * 3600 / dt) + 1, dtype=np.float64) * dt
    river = np.interp(times, stage.times_s, stage.values)
    low = np.interp(times, tail.times_s, tail.values) if tail else np.full(times.size, -1e9)
    flows = np.array(
        [weir(h, *opening.at(t), opening.side, b) for t, h, b in zip(times, river, low, strict=True)]
    )  # fmt: skip
    return Hydrograph(times, flows, river, float(flows[:-1].sum() * dt), 0.0)


def step_of(opening: Opening, hours: float) -> float:
    """Seconds of a step: a hundredth of the breach's time, at most 4000 in all."""
    if not isfinite(hours) or not 0 < hours <= 720:
        raise InputError("hours", hours, "> 0，<= 720 h")
    return max(min(opening.formation_s / 100, hours * 36), hours * 3600 / STEPS)
