"""反演: how strong the source is, from what a few gas detectors read (Bayes on a grid of rates and wind directions).

ln(reading) is normal around ln(model) with `spread` (a factor of two, Chang & Hanna 2004); a reading below the detection limit
counts by the chance to be below it. Prior: ln(rate) flat over the grid, direction normal around the wind measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from anlan.hazards.chemical import plume
from anlan.hazards.chemical.cloud import DENSE, Air, Batch, Source

FloatArray = np.ndarray
#: Rates kg/s and directions (degrees off the measured one, one standard deviation 15) that are weighed.
RATES = np.geomspace(0.01, 300.0, 46)
TURNS = np.linspace(-40.0, 40.0, 33)
SPREAD, TURN_SD, LIMIT_MG_M3 = log(2.0) * 1.2, 15.0, 0.3
#: Clean air stands for this, mg/m3: a logarithm needs something.
LEAST = 1e-6


@dataclass(frozen=True)
class Detector:
    """m downwind and m to the left of the wind's axis from the source, mg/m3 read."""

    x: float
    y: float
    mg_m3: float


@dataclass(frozen=True)
class Estimate:
    """kg/s: median and the range that holds 90 %; most likely turn of the wind, degrees; how many detectors say something."""

    median: float
    low: float
    high: float
    turn_deg: float
    used: int


def predicted(source: Source, air: Air, model: str, detectors: Sequence[Detector]) -> FloatArray:
    """mg/m3 [rate, turn, detector]."""
    turn = np.radians(TURNS)[:, None]
    x, y = (np.array([getattr(one, name) for one in detectors]) for name in "xy")
    along, across = x * np.cos(turn) + y * np.sin(turn), np.abs(y * np.cos(turn) - x * np.sin(turn))
    if model == DENSE:
        sources = tuple(
            Source(source.substance, float(q), source.kelvin, source.droplets, source.height) for q in RATES
        )
        layer = Batch(DENSE, sources, (air,) * len(RATES)).solved
        found = [[[layer.at(float(a), float(b), 1.5, i) for a, b in zip(*row, strict=True)] for row in zip(along, across, strict=True)]
                 for i in range(len(RATES))]  # fmt: skip
        return np.array(found) * 1e6
    wind = plume.carrying(source.height, air.wind, air.stability, air.terrain)
    unit = [[plume.concentration(float(a), float(b), 1.5, 1.0, source.height, wind, air.stability, air.terrain)
             for a, b in zip(*row, strict=True)] for row in zip(along, across, strict=True)]  # fmt: skip
    return RATES[:, None, None] * np.array(unit)[None] * 1e6


def below(value: FloatArray) -> FloatArray:
    """Normal distribution function (Abramowitz & Stegun 26.2.17, 7.5e-8)."""
    t = 1 / (1 + 0.2316419 * np.abs(value))
    poly = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    tail = np.exp(-(value**2) / 2) / np.sqrt(2 * np.pi) * poly
    return np.where(value >= 0, 1 - tail, tail)


def estimate(source: Source, air: Air, model: str, detectors: Sequence[Detector]) -> Estimate | None:
    """The posterior of the rate, or None when no detector reads anything."""
    seen = sum(one.mg_m3 > LIMIT_MG_M3 for one in detectors)
    if not seen:
        return None
    levels = np.log(np.maximum(predicted(source, air, model, detectors), LEAST))
    score = np.broadcast_to(-((TURNS / TURN_SD) ** 2) / 2, (len(RATES), len(TURNS))).copy()
    for i, one in enumerate(detectors):
        if one.mg_m3 > LIMIT_MG_M3:
            score -= ((log(one.mg_m3) - levels[:, :, i]) / SPREAD) ** 2 / 2
        else:
            score += np.log(np.maximum(below((log(LIMIT_MG_M3) - levels[:, :, i]) / SPREAD), 1e-12))
    weight = np.exp(score - score.max())
    rates = weight.sum(axis=1)
    share = np.cumsum(rates) / rates.sum()
    low, median, high = (float(np.exp(np.interp(p, share, np.log(RATES)))) for p in (0.05, 0.5, 0.95))
    return Estimate(median, low, high, float(TURNS[int(weight.sum(axis=0).argmax())]), seen)
