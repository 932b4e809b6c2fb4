"""Field trials, and the scores by which dispersion models are judged (Chang & Hanna 2004)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FloatArray = np.ndarray


@dataclass(frozen=True)
class Trial:
    """A release of pressurised ammonia along the wind: kg/s, wind at 2 m, class, K, roughness m, arc (m) -> greatest ppm at 1 m."""

    number: int
    rate: float
    wind_2m: float
    stability: str
    kelvin: float
    ppm: dict[int, float]
    roughness: float = 0.003
    averaging_s: float = 80.0
    source: str = "Hanna, Strimaitis & Chang 1991 (MDA), from recall, not compared with the report: 待核对"


#: Goldwire et al. 1985, Frenchman Flat, Nevada. Rates, weather and arc maxima as in the Modelers Data Archive.
DESERT_TORTOISE = (
    Trial(1, 79.7, 7.42, "D", 302.0, {100: 49_943.0, 800: 8843.0}),
    Trial(2, 111.5, 5.76, "D", 303.8, {100: 83_203.0, 800: 10_804.0}),
    Trial(3, 130.7, 7.38, "D", 307.1, {100: 76_881.0, 800: 7087.0}),
    Trial(4, 96.7, 4.51, "E", 305.6, {100: 57_300.0, 800: 16_678.0}),
)


@dataclass(frozen=True)
class Scores:
    """Share within a factor of two, fractional bias, normalised mean square error."""

    fac2: float
    fb: float
    nmse: float


def scores(observed: FloatArray, predicted: FloatArray) -> Scores:
    ratio = predicted / observed
    mean_o, mean_p = float(observed.mean()), float(predicted.mean())
    return Scores(
        float(((ratio >= 0.5) & (ratio <= 2)).mean()),
        (mean_o - mean_p) / (0.5 * (mean_o + mean_p)),
        float(((observed - predicted) ** 2).mean()) / (mean_o * mean_p),
    )
