"""余震统计: Reasenberg & Jones 1989 (Science 243) with the Californian generic values of their 1994 correction.

Rate of aftershocks of M and above t days after a main shock of Mm: 10^(a + b (Mm - M)) (t + c)^-p per day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, isfinite, log, log10

import numpy as np

from anlan.hazards.contract import InputError
from anlan.hazards.seismic.rupture import checked

#: A sequence is fitted from so many aftershocks above its completeness.
ENOUGH = 15
#: p is sought here.
P_RANGE = (0.6, 1.8)
#: Standard deviation of a among sequences (Reasenberg & Jones 1989 fig. 2, read off: 待核对).
SPREAD_A = 0.5
#: Longest forecast, days.
LONGEST_D = 3650.0


@dataclass(frozen=True)
class Omori:
    """Parameters of a sequence, and whose they are."""

    a: float = -1.67
    b: float = 0.91
    p: float = 1.08
    c: float = 0.05
    source: str = "Reasenberg & Jones 1994 加州通用参数"
    fitted: int = 0
    #: Standard deviation of a that remains.
    sigma_a: float = SPREAD_A


GENERIC = Omori()


def exposure(sequence: Omori, start_d: float, stop_d: float) -> float:
    """Integral of (t + c)^-p over the days."""
    p, c = sequence.p, sequence.c
    if abs(p - 1) < 1e-9:
        return log((stop_d + c) / (start_d + c))
    return float(((stop_d + c) ** (1 - p) - (start_d + c) ** (1 - p)) / (1 - p))


def expected(sequence: Omori, main: float, least: float, start_d: float, stop_d: float) -> float:
    """How many aftershocks of `least` and above between two times (days after the main shock)."""
    return float(10 ** (sequence.a + sequence.b * (main - least))) * exposure(sequence, start_d, stop_d)


def probability(number: float) -> float:
    """Of at least one, when `number` are expected (Poisson)."""
    return 1 - exp(-number)


@dataclass(frozen=True)
class Forecast:
    """Aftershocks of a magnitude and above in a time: expected, chance of one at least, and their 10, 50, 90 % quantiles."""

    least: float
    start_d: float
    stop_d: float
    expected: float
    probability: float
    p10: int
    p50: int
    p90: int


def forecast(main: float, least: float, start_d: float, stop_d: float, sequence: Omori = GENERIC) -> Forecast:
    """What is to be expected; the quantiles count both chance and how unsure `a` is."""
    main, least = checked("magnitude", main, 3, 9.5, "级"), checked("least", least, 1, 9.5, "级")
    start, stop = checked("start_d", start_d, 0, LONGEST_D, "d"), checked("stop_d", stop_d, 0, LONGEST_D, "d")
    if stop <= start:
        raise InputError("stop_d", stop, f"> {start:g} d")
    number = expected(sequence, main, least, start, stop)
    # chance of one at least and quantiles are means over sequences, each a lognormal factor of the expected number
    nodes = np.exp(np.linspace(-2.5, 2.5, 41) * sequence.sigma_a * log(10))
    weights = np.exp(-(np.linspace(-2.5, 2.5, 41) ** 2) / 2)
    weights /= weights.sum()
    chance = float(weights @ (1 - np.exp(-number * nodes)))
    low, middle, high = (quantile(number * nodes, weights, share) for share in (0.1, 0.5, 0.9))
    return Forecast(least, start, stop, number, chance, low, middle, high)


def quantile(means: np.ndarray, weights: np.ndarray, share: float) -> int:
    """Smallest count whose probability, over the mixture of Poisson means, reaches `share`."""
    term = weights * np.exp(-means)
    total, count = float(term.sum()), 0
    if means.max() > 500:  # the Poisson part is then narrow against the mixture
        order = np.argsort(means)
        place = int(np.searchsorted(np.cumsum(weights[order]), share))
        return round(float(means[order][min(place, len(means) - 1)]))
    while total < share and count < 5000:
        count += 1
        term = term * means / count
        total += float(term.sum())
    return count


def fit(
    main: float, complete: float, times_d: Sequence[float], magnitudes: Sequence[float], until_d: float,
    prior: Omori = GENERIC,
) -> Omori:  # fmt: skip
    """The sequence's own a and p (b from Aki 1965), once ENOUGH aftershocks are known; before that a is drawn towards what was seen.

    Likelihood of Ogata 1983 with c held; with few events a's prior (SPREAD_A) counts beside the Poisson count.
    """
    times = np.array(times_d, float)
    sizes = np.array(magnitudes, float)
    if times.shape != sizes.shape:
        raise InputError("magnitudes", len(sizes), f"{len(times)} 个，与时间一一对应")
    if not (np.isfinite(times).all() and np.isfinite(sizes).all() and isfinite(until_d)) or (times < 0).any():
        raise InputError("times_d", times_d, ">= 0 的天数")
    kept = (sizes >= complete - 1e-9) & (times <= until_d)
    number = int(kept.sum())
    if number < ENOUGH:
        return drawn(main, complete, number, until_d, prior)
    b = log10(exp(1)) / max(float(sizes[kept].mean()) - (complete - 0.05), 0.05)
    b = min(max(b, 0.5), 1.5)
    p = best_p(times[kept], until_d, prior.c)
    shape = Omori(0.0, b, p, prior.c)
    a = log10(number / exposure(shape, 0.0, until_d)) - b * (main - complete)
    return Omori(a, b, p, prior.c, f"本序列 {number} 次余震拟合（Ogata 1983, Aki 1965）", number, 0.4343 / number**0.5)


def best_p(times: np.ndarray, until_d: float, c: float) -> float:
    """The p of greatest likelihood, a profiled out."""
    grid = np.linspace(*P_RANGE, 241)
    logs = float(np.log(times + c).sum())
    likelihood = [-p * logs - len(times) * log(exposure(Omori(p=float(p), c=c), 0.0, until_d)) for p in grid]
    return float(grid[int(np.argmax(likelihood))])


def drawn(main: float, complete: float, number: int, until_d: float, prior: Omori) -> Omori:
    """a between the prior and the count: the mode of Poisson count times normal prior of a."""
    if until_d <= 0:
        return prior
    unit = expected(Omori(0.0, prior.b, prior.p, prior.c), main, complete, 0.0, until_d)
    a = prior.a
    for _ in range(50):
        mean = 10**a * unit
        slope = (number - mean) * log(10) - (a - prior.a) / prior.sigma_a**2
        bend = -mean * log(10) ** 2 - 1 / prior.sigma_a**2
        a -= slope / bend
    left = (1 / (10**a * unit * log(10) ** 2 + 1 / prior.sigma_a**2)) ** 0.5
    return Omori(a, prior.b, prior.p, prior.c, f"{prior.source}，按已记录 {number} 次修正", number, left)
