"""气象干旱综合指数 MCI (GB/T 20481-2017 clause 8) out of days of rain and mean temperature.

Each part of a day is held against the same day of the calendar in all years of the record, so that no season is dry by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from anlan.hazards.contract import InputError
from anlan.hazards.weather.drought import LEAST_YEARS, MOST_INDEX, gamma_share

Array = NDArray[np.float64]
#: Season's coefficient Ka of January to December (appendix H, north with one harvest a year; 待核对 for the city).
SEASON = (0.0, 0.0, 0.0, 0.6, 1.0, 1.2, 1.2, 1.0, 0.9, 0.4, 0.0, 0.0)
#: Weights a, b, c, d of SPIW60, MI30, SPI90, SPI150: north (and north west), south (待核对).
WEIGHTS = {"north": (0.3, 0.5, 0.3, 0.2), "south": (0.5, 0.6, 0.2, 0.1)}
#: A day's rain counts so much less for the weighted sum with each day it lies back.
FADES = 0.85
#: Moisture index where nothing evaporates (winter; Ka is 0 then) and its greatest value.
LEAST_PET_MM, MOST_MI = 1.0, 10.0


def mci(spiw60: Any, mi30: Any, spi90: Any, spi150: Any, season: Any = 1.0, where: str = "north") -> Any:
    """Ka (a SPIW60 + b MI30 + c SPI90 + d SPI150): numbers or arrays."""
    for name, value in (("spiw60", spiw60), ("mi30", mi30), ("spi90", spi90), ("spi150", spi150)):
        if not np.all(np.isfinite(value)) or np.any(np.abs(value) > MOST_MI):
            raise InputError(name, value, "-10 至 10")
    if np.any((np.asarray(season) < 0) | (np.asarray(season) > 1.2)):
        raise InputError("season", season, "0 至 1.2")
    if where not in WEIGHTS:
        raise InputError("where", where, "、".join(WEIGHTS))
    a, b, c, d = WEIGHTS[where]
    return season * (a * spiw60 + b * mi30 + c * spi90 + d * spi150)


@dataclass(frozen=True)
class Composite:
    """The index of days and its parts."""

    days: list[date]
    mci: Array
    spiw60: Array
    mi30: Array
    spi90: Array
    spi150: Array


def composite(
    first: date, rain_mm: Sequence[float], temp_c: Sequence[float], ends: Sequence[int] = (-1,), where: str = "north",
    season: Sequence[float] = SEASON,
) -> Composite:  # fmt: skip
    """MCI of the days `ends` (places in the record, negative from its end) of an unbroken record that begins on `first`."""
    rain, temp = checked("rain_mm", rain_mm, 0.0, 1000.0, "mm"), checked("temp_c", temp_c, -60.0, 50.0, "℃")
    if rain.size != temp.size:
        raise InputError("temp_c", temp.size, f"与 rain_mm 同长 {rain.size}")
    if len(season) != 12:
        raise InputError("season", len(season), "12 个月各一个")
    months = np.array([(first + timedelta(days=i)).month for i in range(rain.size)])
    at = [end % rain.size for end in ends]
    weighted = np.convolve(rain, FADES ** np.arange(60))[: rain.size]
    parts = [deviate(values, first, at) for values in (weighted, last_days(rain, 90), last_days(rain, 150))]
    moist = moisture(last_days(rain, 30)[at], last_days(temp, 30)[at] / 30, heat(temp, months))
    days = [first + timedelta(days=i) for i in at]
    ka = np.array([season[day.month - 1] for day in days])
    return Composite(days, mci(parts[0], moist, parts[1], parts[2], ka, where), parts[0], moist, parts[1], parts[2])


def checked(name: str, values: Sequence[float], low: float, high: float, unit: str) -> Array:
    array = np.asarray(values, np.float64)
    least = int(LEAST_YEARS * 365.25) + 150
    if array.ndim != 1 or array.size < least:
        raise InputError(name, list(array.shape), f"逐日，至少 {least} 天（{LEAST_YEARS} 年零 150 天）")
    wrong = ~((array >= low) & (array <= high))
    if wrong.any():
        place = int(np.argmax(wrong))
        raise InputError(f"{name}[{place}]", str(array[place]), f"{low:g} 至 {high:g} {unit}（缺测不能当 0）")
    return array


def last_days(values: Array, days: int) -> Array:
    """Sum of each day and the days before it."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    return total[1:] - total[np.maximum(np.arange(values.size) + 1 - days, 0)]


def deviate(values: Array, first: date, at: Sequence[int]) -> Array:
    """Standard deviate of days among the same days of all years: gamma distribution with dry years apart."""
    found = np.empty(len(at))
    for k, place in enumerate(at):
        years = same_day(first, place)
        # differences of sums leave rounding where there was no rain
        among = np.where(values[years] < 1e-9, 0.0, values[years])
        found[k] = special.ndtri(gamma_share(among[:, None])[-1, 0])
    return np.clip(found, -MOST_INDEX, MOST_INDEX)


def same_day(first: date, place: int) -> list[int]:
    """Places of the same day of the calendar in this year and those before it, where 150 days lie behind; 29 February as the 28th."""
    day = first + timedelta(days=place)
    month, number = (2, 28) if (day.month, day.day) == (2, 29) else (day.month, day.day)
    before = [(date(year, month, number) - first).days for year in range(first.year, day.year)]
    return [*(i for i in before if i >= 149), place]


def heat(temp: Array, months: NDArray[np.int64]) -> float:
    """Thornthwaite's heat index of a year, by the mean of each month of the calendar."""
    normal = np.array([temp[months == month].mean() for month in range(1, 13)])
    return float(((np.maximum(normal, 0.0) / 5) ** 1.514).sum())


def moisture(rain_30: Array, temp: Array, index: float) -> Array:
    """相对湿润度指数 (P - PE) / PE of 30 days, PE by Thornthwaite (16 (10 T / H)^A mm)."""
    power = 6.75e-7 * index**3 - 7.71e-5 * index**2 + 1.792e-2 * index + 0.49
    pet = 16 * (10 * np.maximum(temp, 0.0) / max(index, 1e-9)) ** power
    found = np.where(pet < LEAST_PET_MM, 0.0, (rain_30 - pet) / np.maximum(pet, LEAST_PET_MM))
    return np.minimum(found, MOST_MI)
