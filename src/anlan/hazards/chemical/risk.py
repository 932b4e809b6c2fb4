"""易损性: probits, by poison, heat and blast."""

from __future__ import annotations

from math import erf, log, sqrt

#: AQ/T 3046: exposures longer than these do not count.
TOXIC_CAP_MIN, HEAT_CAP_S = 30.0, 20.0
#: Share of those outdoors whom clothes do not protect (AQ/T 3046 table 10).
SOCIETAL_OUTDOOR_HEAT = 0.14
#: a, b of Pr = a + b ln(p), p in Pa (CCPS).
BLAST = {
    "肺出血死亡": (-77.1, 6.91), "耳膜破裂": (-15.6, 1.93), "建筑结构破坏": (-23.8, 2.92), "玻璃破碎": (-18.1, 2.79),
}  # fmt: skip


def share(probit: float) -> float:
    """Share of people for a probit."""
    return 0.5 * (1 + erf((probit - 5) / sqrt(2)))


def toxic(
    a: float, b: float, n: float, mg_m3: float, minutes: float, cap: float = TOXIC_CAP_MIN
) -> tuple[float, float]:
    """(probit, share dying) for `minutes` (at most `cap`) in `mg_m3`: Pr = a + b ln(C^n t). Clean air kills nobody."""
    if mg_m3 <= 0 or minutes <= 0:
        return 0.0, 0.0
    value = a + b * (n * log(mg_m3) + log(min(minutes, cap)))
    return value, share(value)


def heat(flux_kw_m2: float, seconds: float, cap: float = HEAT_CAP_S) -> tuple[float, float]:
    """(probit, share dying) of bare skin: Pr = -36.38 + 2.56 ln(q^(4/3) t), q W/m2 (TNO Green Book; AQ/T 3046 eq. 6)."""
    if flux_kw_m2 <= 0 or seconds <= 0:
        return 0.0, 0.0
    value = -36.38 + 2.56 * log((flux_kw_m2 * 1000) ** (4 / 3) * min(seconds, cap))
    return value, share(value)


def blast(what: str, pressure_kpa: float) -> tuple[float, float]:
    """(probit, share) of one of the effects of BLAST at a side-on overpressure."""
    if pressure_kpa <= 0:
        return 0.0, 0.0
    a, b = BLAST[what]
    value = a + b * log(pressure_kpa * 1000)
    return value, share(value)
