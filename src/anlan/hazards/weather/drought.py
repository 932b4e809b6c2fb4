"""干旱 (drought): SPI, SPEI, a Palmer index without back-tracking, and the classes of GB/T 20481-2017.

Arrays are (month, ...) from a given calendar month on, or a multiple of years; every calendar month is fitted by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from anlan.hazards.contract import InputError

Array = NDArray[np.float64]
#: Fewest years for a fit: below that the tails are invented (WMO-No. 1090 asks for 30; 20 is the least that is used).
LEAST_YEARS = 20
#: Index beyond which a value is cut: no record is long enough to tell 1 in 10,000.
MOST_INDEX = 3.719
#: GB/T 20481-2017: upper limits of SPI/SPEI/MCI classes and their names.
SPI_CLASSES = ((-2.0, "特旱"), (-1.5, "重旱"), (-1.0, "中旱"), (-0.5, "轻旱"))
#: Palmer's own classes.
PDSI_CLASSES = ((-4.0, "特旱"), (-3.0, "重旱"), (-2.0, "中旱"), (-1.0, "轻旱"))


def drought_class(value: float, classes: tuple[tuple[float, str], ...] = SPI_CLASSES) -> str:
    """Name of an index value (GB/T 20481-2017): 特旱 at or below -2.0 ... 无旱."""
    return next((name for limit, name in classes if value <= limit), "无旱")


def checked(name: str, values: Any, low: float, high: float, unit: str) -> Array:
    """Months along the first axis, finite and in range, whole record long enough."""
    array = np.asarray(values, np.float64)
    if array.ndim < 1 or array.shape[0] < 12 * LEAST_YEARS:
        raise InputError(name, list(array.shape), f"至少 {12 * LEAST_YEARS} 个月（{LEAST_YEARS} 年）")
    wrong = ~((array >= low) & (array <= high))
    if wrong.any():
        place = tuple(int(k) for k in np.argwhere(wrong)[0])
        raise InputError(name + "".join(f"[{k}]" for k in place), str(array[place]), f"{low:g} 至 {high:g} {unit}")
    return array


def window_sum(values: Array, months: int) -> Array:
    """Sum of each month and the months before it; NaN where the record is too short."""
    if not 1 <= months <= 48:
        raise InputError("months", months, "1 至 48")
    total = np.cumsum(values, axis=0)
    out = np.full_like(values, np.nan)
    out[months - 1 :] = total[months - 1 :]
    out[months:] -= total[:-months]
    return out


def spi(rain_mm: Any, months: int = 3) -> Array:
    """标准化降水指数 (McKee 1993): gamma distribution by maximum likelihood (Thom 1958), zeros apart, to the normal deviate.

    NaN for the first months - 1 months only.
    """
    total = window_sum(checked("rain_mm", rain_mm, 0.0, 5000.0, "mm"), months)
    # sums of differences leave rounding where there was no rain
    total = np.where(total < 1e-9, 0.0, total)
    return by_calendar_month(total, months, gamma_share)


def spei(rain_mm: Any, pet_mm: Any, months: int = 3) -> Array:
    """标准化降水蒸散指数 (Vicente-Serrano 2010): rain less potential evapotranspiration, log-logistic by unbiased moments."""
    rain, pet = checked("rain_mm", rain_mm, 0.0, 5000.0, "mm"), checked("pet_mm", pet_mm, 0.0, 1000.0, "mm")
    if rain.shape != pet.shape:
        raise InputError("pet_mm", list(pet.shape), f"与 rain_mm 同形 {list(rain.shape)}")
    return by_calendar_month(window_sum(rain - pet, months), months, logistic_share)


def by_calendar_month(total: Array, months: int, share: Any) -> Array:
    """Fit every calendar month by itself and turn shares into normal deviates."""
    out = np.full_like(total, np.nan)
    for month in range(12):
        rows = np.arange(month, total.shape[0], 12)
        rows = rows[rows >= months - 1]
        out[rows] = np.clip(special.ndtri(share(total[rows])), -MOST_INDEX, MOST_INDEX)
    return out


def gamma_share(values: Array) -> Array:
    """Probability of at most each value among its column."""
    wet = values > 0
    count = wet.sum(axis=0)
    dry = 1 - count / values.shape[0]
    mean = np.where(wet, values, 0.0).sum(axis=0) / np.maximum(count, 1)
    mean_log = np.where(wet, np.log(np.where(wet, values, 1.0)), 0.0).sum(axis=0) / np.maximum(count, 1)
    gap = np.maximum(np.log(np.maximum(mean, 1e-12)) - mean_log, 1e-9)
    shape = (1 + np.sqrt(1 + 4 * gap / 3)) / (4 * gap)
    for _ in range(6):
        # Newton for ln a - digamma(a) = gap: Thom's start is good to a percent
        wrong = np.log(shape) - special.digamma(shape) - gap
        shape = np.maximum(shape - wrong / (1 / shape - special.polygamma(1, shape)), 1e-6)
    found = special.gammainc(shape, np.where(wet, values, 0.0) * shape / np.maximum(mean, 1e-12))
    # a month that has hardly ever rain has no fit: rain stands in the middle of its share, as zeros do in theirs
    wet_share = np.where(count >= 3, dry + (1 - dry) * found, (1 + dry) / 2)
    return np.where(wet, wet_share, np.maximum(dry, 1e-6) / 2)


def logistic_share(values: Array) -> Array:
    """Probability by the three-parameter log-logistic distribution (probability-weighted moments)."""
    count = values.shape[0]
    ordered = np.sort(values, axis=0)
    rank = np.arange(count, dtype=np.float64).reshape(-1, *([1] * (values.ndim - 1)))
    w0 = ordered.mean(axis=0)
    w1 = (ordered * (count - 1 - rank) / (count - 1)).mean(axis=0)
    w2 = (ordered * (count - 1 - rank) * (count - 2 - rank) / ((count - 1) * (count - 2))).mean(axis=0)
    beta = (2 * w1 - w0) / np.where(np.abs(6 * w1 - w0 - 6 * w2) < 1e-12, 1e-12, 6 * w1 - w0 - 6 * w2)
    beta = np.where(np.abs(beta) < 1.02, np.copysign(1.02, beta), np.clip(beta, -200.0, 200.0))
    scale = (w0 - 2 * w1) * beta / (special.gamma(1 + 1 / beta) * special.gamma(1 - 1 / beta))
    scale = np.where(np.abs(scale) < 1e-9, 1e-9, scale)
    origin = w0 - scale * special.gamma(1 + 1 / beta) * special.gamma(1 - 1 / beta)
    ratio = np.maximum((values - origin) / scale, 1e-9)
    return 1 / (1 + ratio**-beta)


def thornthwaite(temp_c: Any, latitude: float, first_month: int = 1) -> Array:
    """可能蒸散 (mm/month) from monthly mean temperature (degC): Thornthwaite 1948."""
    temp = checked("temp_c", temp_c, -60.0, 50.0, "℃")
    if not -66 <= latitude <= 66:
        raise InputError("latitude", latitude, "-66 至 66°")
    if not 1 <= first_month <= 12:
        raise InputError("first_month", first_month, "1 至 12")
    warm = np.maximum(temp, 0.0)
    years = warm.shape[0] // 12
    normal = warm[: years * 12].reshape(years, 12, *warm.shape[1:]).mean(axis=0)
    heat = ((normal / 5) ** 1.514).sum(axis=0)
    power = 6.75e-7 * heat**3 - 7.71e-5 * heat**2 + 1.792e-2 * heat + 0.49239
    month = (np.arange(temp.shape[0]) + first_month - 1) % 12
    middle = 30.4 * month + 15.2
    tilt = 0.409 * np.sin(2 * np.pi * middle / 365 - 1.39)
    hours = 24 / np.pi * np.arccos(np.clip(-np.tan(np.radians(latitude)) * np.tan(tilt), -1, 1))
    days = np.array((31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31))[month]
    share = (hours / 12 * days / 30).reshape(-1, *([1] * (temp.ndim - 1)))
    return np.asarray(share * 16 * (10 * warm / np.maximum(heat, 1e-9)) ** power)


@dataclass(frozen=True)
class Palmer:
    """Moisture anomaly Z and the index X of each month."""

    z: Array
    x: Array


#: Persistence and weight of a month's anomaly (Palmer 1965).
KEEPS, WEIGHS = 0.897, 1 / 3


def palmer(rain_mm: Any, pet_mm: Any, capacity_mm: float = 150.0) -> Palmer:
    """Palmer's water balance, climate coefficients and anomaly; the index carries on X = 0.897 X + Z / 3.

    Palmer-like: without the choice between three running indices, so that a spell ends gradually (stated with the result).
    `capacity_mm` is the soil's, 25.4 mm of it in the upper layer.
    """
    rain, pet = checked("rain_mm", rain_mm, 0.0, 5000.0, "mm"), checked("pet_mm", pet_mm, 0.0, 1000.0, "mm")
    if rain.shape != pet.shape:
        raise InputError("pet_mm", list(pet.shape), f"与 rain_mm 同形 {list(rain.shape)}")
    if not 30 <= capacity_mm <= 500:
        raise InputError("capacity_mm", capacity_mm, "30 至 500 mm")
    flows = balance(rain, pet, capacity_mm)
    month = np.arange(rain.shape[0]) % 12
    mean = {name: np.stack([values[month == m].mean(axis=0) for m in range(12)]) for name, values in flows.items()}

    def ratio(part: str, whole: str) -> Array:
        return np.where(mean[whole] > 1e-9, mean[part] / np.maximum(mean[whole], 1e-9), 0.0)

    alpha, beta = ratio("et", "pe"), ratio("recharge", "may_recharge")
    gamma, delta = ratio("runoff", "may_run"), ratio("loss", "may_lose")
    expected = (
        alpha[month] * flows["pe"] + beta[month] * flows["may_recharge"] + gamma[month] * flows["may_run"]
        - delta[month] * flows["may_lose"]
    )  # fmt: skip
    apart = rain - expected
    spread = np.stack([np.abs(apart[month == m]).mean(axis=0) for m in range(12)])
    supply = np.maximum(mean["rain"] + mean["loss"], 1e-6)
    demand = (mean["pe"] + mean["recharge"] + mean["runoff"]) / supply
    # Palmer's K in millimetres: inches turned by 25.4
    k = 1.5 * np.log10(np.maximum((demand + 2.8) * 25.4 / np.maximum(spread, 1e-3), 1e-6)) + 0.5
    k = np.maximum(k, 0.0)
    k = 17.67 * 25.4 * k / np.maximum((spread * k).sum(axis=0), 1e-6)
    z = k[month] * apart / 25.4
    x = np.zeros_like(z)
    for i in range(z.shape[0]):
        x[i] = (KEEPS * x[i - 1] if i else 0.0) + WEIGHS * z[i]
    return Palmer(z, x)


def balance(rain: Array, pet: Array, capacity: float) -> dict[str, Array]:
    """Two-layer soil, full at first: actual and possible evapotranspiration, recharge, runoff and loss of each month."""
    upper_most, lower_most = 25.4, capacity - 25.4
    upper, lower = np.full(rain.shape[1:], upper_most), np.full(rain.shape[1:], lower_most)
    names = ("et", "recharge", "runoff", "loss", "may_recharge", "may_run", "may_lose")
    out: dict[str, Array] = {name: np.zeros_like(rain) for name in names}
    for i in range(rain.shape[0]):
        p, pe = rain[i], pet[i]
        out["may_recharge"][i] = capacity - upper - lower
        out["may_run"][i] = upper + lower
        from_upper = np.minimum(pe, upper)
        out["may_lose"][i] = from_upper + np.minimum((pe - from_upper) * lower / capacity, lower)
        short = np.maximum(pe - p, 0.0)
        upper_loss = np.minimum(short, upper)
        lower_loss = np.minimum((short - upper_loss) * lower / capacity, lower)
        spare = np.maximum(p - pe, 0.0)
        upper_gain = np.minimum(spare, upper_most - upper + upper_loss)
        lower_gain = np.minimum(spare - upper_gain, lower_most - lower + lower_loss)
        out["et"][i] = np.minimum(pe, p + upper_loss + lower_loss)
        out["recharge"][i], out["loss"][i] = upper_gain + lower_gain, upper_loss + lower_loss
        out["runoff"][i] = spare - upper_gain - lower_gain
        upper, lower = upper - upper_loss + upper_gain, lower - lower_loss + lower_gain
    return {**out, "pe": pet, "rain": rain}
