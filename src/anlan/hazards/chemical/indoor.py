"""室内浓度: air of a house that exchanges with outside; dose of those who stay inside and of those who go.

dCi/dt = n (Co - Ci), n air changes per second (Yellow Book 4.B; AQ/T 3046 counts 0.1 of the outdoor death share instead).
"""

from __future__ import annotations

from math import exp

import numpy as np

FloatArray = np.ndarray
#: Air changes per hour with windows shut and with windows open: 待核对, own choice after CCPS 1999 (0.5 to 2 shut).
SHUT_PER_H, OPEN_PER_H = 1.0, 6.0


def inside(seconds: FloatArray, outside: FloatArray, changes_per_h: float = SHUT_PER_H) -> FloatArray:
    """Concentration indoors at the instants of `seconds` for outdoor values held until the next instant; clean at first."""
    rate, found, now = changes_per_h / 3600, np.zeros(len(seconds)), 0.0
    for i in range(1, len(seconds)):
        keep = exp(-rate * (seconds[i] - seconds[i - 1]))
        now = outside[i - 1] + (now - outside[i - 1]) * keep
        found[i] = now
    return found


def after(outside: float, seconds: float, changes_per_h: float = SHUT_PER_H) -> float:
    """Indoors after `seconds` of steady `outside`."""
    return outside * (1 - exp(-changes_per_h / 3600 * seconds))


def load(seconds: FloatArray, concentration: FloatArray, n: float) -> float:
    """Toxic load, integral of C^n dt in (unit of C)^n min, by trapezia."""
    power = np.power(np.maximum(concentration, 0.0), n)
    return float(np.sum((power[1:] + power[:-1]) / 2 * np.diff(seconds)) / 60)
