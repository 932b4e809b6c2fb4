"""Puffs one after another: a release that changes with time, in a wind that turns.

Every puff keeps the mass let go during its step and grows with the way it has come (Briggs, GB/T 3840 or Slade). What a receptor
sees is the sum (Crowl & Louvar, ch. 5; CALPUFF's integrated puffs in the plainest form). Still air: growth with time (calm.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import pi, radians

import numpy as np

from anlan.hazards.chemical import calm, plume, puff

FloatArray = np.ndarray


@dataclass(frozen=True)
class Wind:
    """The wind from `seconds` on: m/s at 10 m and the direction it comes from, degrees."""

    seconds: float
    speed: float
    from_deg: float


@dataclass(frozen=True)
class Release:
    """Puffs: when let go (s), how much (kg), at what height (m)."""

    seconds: FloatArray
    mass: FloatArray
    height: float = 0.0


def steady(rate: float, duration_s: float, puffs: int = 60, height: float = 0.0) -> Release:
    """A constant release cut into puffs, each let go in the middle of its step."""
    step = duration_s / puffs
    return Release((np.arange(puffs) + 0.5) * step, np.full(puffs, rate * step), height)


def changing(seconds: FloatArray, rate: FloatArray, puffs: int = 60, height: float = 0.0) -> Release:
    """A history of rates (kg/s at instants) cut into puffs of equal time; its mass is kept."""
    gone = np.concatenate([[0.0], np.cumsum((rate[1:] + rate[:-1]) / 2 * np.diff(seconds))])
    edges = np.linspace(seconds[0], seconds[-1], puffs + 1)
    return Release((edges[1:] + edges[:-1]) / 2, np.diff(np.interp(edges, seconds, gone)), height)


def travelled(
    winds: Sequence[Wind], start: FloatArray, until: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """(east m, north m, way m, seconds in calm) of puffs let go at `start` at the instant `until`."""
    east, north, way, still = (np.zeros_like(start) for _ in range(4))
    for i, wind in enumerate(winds):
        ends = winds[i + 1].seconds if i + 1 < len(winds) else np.inf
        begins = wind.seconds if i else -np.inf
        lasts = np.clip(np.minimum(until, ends) - np.maximum(start, begins), 0.0, None)
        towards = radians(wind.from_deg + 180)
        east += wind.speed * lasts * np.sin(towards)
        north += wind.speed * lasts * np.cos(towards)
        way += wind.speed * lasts
        still += lasts if wind.speed < calm.CALM else 0.0
    return east, north, way, still


def widths(way: FloatArray, still: FloatArray, stability: str, sigma: str) -> tuple[FloatArray, FloatArray]:
    """(sigma y, sigma z) m by the way come and the time stood still."""
    sideways, vertical = calm.growth(0.0, stability)
    pairs = [
        puff.sigmas(x, stability) if sigma == "slade" else plume.sigmas(x, stability, sigma)
        for x in np.maximum(way, 1.0)
    ]
    sy, sz = np.array(pairs).T
    return np.hypot(sy, sideways * still), np.hypot(sz, vertical * still)


def concentration(
    release: Release, winds: Sequence[Wind], receptors: FloatArray, at: FloatArray, stability: str, sigma: str = "rural"
) -> FloatArray:
    """kg/m3 [receptor, instant]; receptors [n, 3] = m east, north, up of the source; `at` in s; sigma rural, urban, gb3840, slade."""
    found = np.zeros((len(receptors), len(at)))
    for j, now in enumerate(at):
        out = release.seconds < now
        if not out.any():
            continue
        east, north, way, still = travelled(winds, release.seconds[out], now)
        sy, sz = widths(way, still, stability, sigma)
        found[:, j] = summed(release.mass[out], release.height, east, north, sy, sz, receptors)
    return found


def summed(
    mass: FloatArray,
    height: float,
    east: FloatArray,
    north: FloatArray,
    sy: FloatArray,
    sz: FloatArray,
    receptors: FloatArray,
) -> FloatArray:
    """Sum over puffs at every receptor, the ground reflecting."""
    x, y, z = (receptors[:, i, None] for i in range(3))
    flat = ((x - east) ** 2 + (y - north) ** 2) / (2 * sy**2)
    upright = np.exp(-((z - height) ** 2) / (2 * sz**2)) + np.exp(-((z + height) ** 2) / (2 * sz**2))
    result: FloatArray = np.sum(mass / ((2 * pi) ** 1.5 * sy**2 * sz) * np.exp(-flat) * upright, axis=1)
    return result
