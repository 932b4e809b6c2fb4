"""加拿大火险天气指数 (Canadian FWI): Van Wagner 1987 (FTR 35) and Van Wagner & Pickett 1985 (FTR 33), northern latitudes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import exp, log, sqrt

#: Scale of the FFMC: classic programs round it; cffdrs_r since 1.9 computes 250 x 59.5 / 101.
CLASSIC, EXACT = 147.2, 250 * 59.5 / 101
#: Effective day length for the DMC (h) and day-length adjustment of the DC, January to December, above 30 N / 20 N.
DAY_LENGTH = (6.5, 7.5, 9.0, 12.8, 13.9, 13.9, 12.4, 10.9, 9.4, 8.0, 7.0, 6.0)
DC_DAY = (-1.6, -1.6, -1.6, 0.9, 3.8, 5.8, 6.4, 5.0, 2.4, 0.4, -1.6, -1.6)


@dataclass(frozen=True)
class Day:
    """Noon standard-time weather: degC, %, km/h at 10 m, mm of rain in 24 h; month 1 to 12."""

    temp_c: float
    rh_pct: float
    wind_km_h: float
    rain_mm: float
    month: int = 7


@dataclass(frozen=True)
class Codes:
    """The moisture codes and behaviour indices of one day, dimensionless."""

    FFMC: float
    DMC: float
    DC: float
    ISI: float
    BUI: float
    FWI: float


START = Codes(85.0, 6.0, 15.0, 0.0, 0.0, 0.0)


def ffmc(day: Day, before: float, scale: float = CLASSIC) -> float:
    """Fine fuel moisture code."""
    m = scale * (101 - before) / (59.5 + before)
    if day.rain_mm > 0.5:
        m = wetted(m, day.rain_mm - 0.5)
    rh, temp = day.rh_pct, day.temp_c
    warm = 0.18 * (21.1 - temp) * (1 - exp(-0.115 * rh))
    drying = 0.942 * rh**0.679 + 11 * exp((rh - 100) / 10) + warm
    wetting = 0.618 * rh**0.753 + 10 * exp((rh - 100) / 10) + warm
    if m > drying:
        m = drying + (m - drying) * 10 ** -log_rate(rh / 100, day)
    elif m < wetting:
        m = wetting - (wetting - m) * 10 ** -log_rate(1 - rh / 100, day)
    return min(101.0, max(0.0, 59.5 * (250 - m) / (scale + m)))


def wetted(m: float, rain: float) -> float:
    """Moisture (%) after `rain` mm beyond interception, at most 250."""
    gain = 42.5 * rain * exp(-100 / (251 - m)) * (1 - exp(-6.93 / rain))
    if m > 150:
        gain += 0.0015 * (m - 150) ** 2 * sqrt(rain)
    return min(250.0, m + gain)


def log_rate(dryness: float, day: Day) -> float:
    """log10 of the drying rate per day; `dryness` = RH/100 when drying, 1 - RH/100 when wetting."""
    base = 0.424 * (1 - dryness**1.7) + 0.0694 * sqrt(day.wind_km_h) * (1 - dryness**8)
    return float(base * 0.581 * exp(0.0365 * day.temp_c))


def dmc(day: Day, before: float) -> float:
    """Duff moisture code."""
    if day.rain_mm > 1.5:
        net = 0.92 * day.rain_mm - 1.27
        m = 20 + 280 / exp(0.023 * before)
        if before <= 33:
            b = 100 / (0.5 + 0.3 * before)
        elif before <= 65:
            b = 14 - 1.3 * log(before)
        else:
            b = 6.2 * log(before) - 17.2
        wet = m + 1000 * net / (48.77 + b * net)
        before = max(0.0, 43.43 * (5.6348 - log(wet - 20)))
    temp = max(-1.1, day.temp_c)
    return before + 1.894e-4 * (temp + 1.1) * (100 - day.rh_pct) * DAY_LENGTH[day.month - 1]


def dc(day: Day, before: float) -> float:
    """Drought code."""
    if day.rain_mm > 2.8:
        net = 0.83 * day.rain_mm - 1.27
        stored = 800 * exp(-before / 400)
        before = max(0.0, before - 400 * log(1 + 3.937 * net / stored))
    return before + max(0.0, 0.36 * (max(-2.8, day.temp_c) + 2.8) + DC_DAY[day.month - 1]) / 2


def isi(fine: float, wind_km_h: float, scale: float = CLASSIC) -> float:
    """Initial spread index."""
    m = scale * (101 - fine) / (59.5 + fine)
    return float(0.208 * exp(0.05039 * wind_km_h) * 91.9 * exp(-0.1386 * m) * (1 + m**5.31 / 4.93e7))


def bui(duff: float, drought: float) -> float:
    """Build-up index."""
    if duff == 0 and drought == 0:
        return 0.0
    if duff <= 0.4 * drought:
        return 0.8 * duff * drought / (duff + 0.4 * drought)
    return float(max(0.0, duff - (1 - 0.8 * drought / (duff + 0.4 * drought)) * (0.92 + (0.0114 * duff) ** 1.7)))


def fwi(spread: float, build_up: float) -> float:
    """Fire weather index."""
    duff = 0.626 * build_up**0.809 + 2 if build_up <= 80 else 1000 / (25 + 108.64 * exp(-0.023 * build_up))
    b = 0.1 * spread * duff
    return exp(2.72 * (0.434 * log(b)) ** 0.647) if b > 1 else b


def after(day: Day, before: Codes = START, scale: float = CLASSIC) -> Codes:
    """The codes of `day`, given those of the day before."""
    fine, duff, drought = ffmc(day, before.FFMC, scale), dmc(day, before.DMC), dc(day, before.DC)
    spread, build_up = isi(fine, day.wind_km_h, scale), bui(duff, drought)
    return Codes(fine, duff, drought, spread, build_up, fwi(spread, build_up))


def season(days: Iterable[Day], start: Codes = START, scale: float = CLASSIC) -> list[Codes]:
    """The codes of consecutive days."""
    codes, found = start, []
    for day in days:
        codes = after(day, codes, scale)
        found.append(codes)
    return found
