"""溃坝解析解 (exact dam breaks): Ritter 1892 over a dry bed, Stoker 1957 over a wet one; flat, frictionless, instantaneous."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from anlan.hazards.contract import InputError

G = 9.80665


@dataclass(frozen=True)
class DamBreak:
    """The state between the rarefaction and the shock: depth (m), velocity and shock speed (m/s). Dry: all of the front."""

    depth_m: float
    speed_m_s: float
    front_m_s: float


def middle_state(behind_m: float, ahead_m: float, g: float = G) -> DamBreak:
    """Constant state and front of a dam that holds `behind_m` over `ahead_m` (0: dry)."""
    if not 0 < behind_m <= 1000:
        raise InputError("behind_m", behind_m, "> 0，<= 1000 m")
    if not 0 <= ahead_m < behind_m:
        raise InputError("ahead_m", ahead_m, f">= 0，< {behind_m:g} m")
    c0 = sqrt(g * behind_m)
    if ahead_m == 0:
        return DamBreak(0.0, 2 * c0, 2 * c0)
    low, high = ahead_m, behind_m
    for _ in range(200):
        h = 0.5 * (low + high)
        rarefied = 2 * (c0 - sqrt(g * h))
        shocked = (h - ahead_m) * sqrt(g * (h + ahead_m) / (2 * h * ahead_m))
        low, high = (h, high) if rarefied > shocked else (low, h)
    speed = 2 * (c0 - sqrt(g * h))
    return DamBreak(h, speed, h * speed / (h - ahead_m))


def depth(x_m: NDArray[np.float64], t_s: float, behind_m: float, ahead_m: float, g: float = G) -> NDArray[np.float64]:
    """Depth (m) at distances x from the dam (positive downstream) t seconds after it vanished."""
    if not t_s > 0:
        raise InputError("t_s", t_s, "> 0 s")
    middle, c0 = middle_state(behind_m, ahead_m, g), sqrt(g * behind_m)
    ratio = np.asarray(x_m, dtype=np.float64) / t_s
    fan = (2 * c0 - ratio) ** 2 / (9 * g)
    tail = middle.speed_m_s - sqrt(g * middle.depth_m)
    wet = np.where(ratio < tail, fan, np.where(ratio < middle.front_m_s, middle.depth_m, ahead_m))
    return np.where(ratio < -c0, behind_m, wet)
