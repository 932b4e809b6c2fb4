"""加拿大火险天气指数, 格点 (Canadian FWI over grids): the equations of `fwi`, all codes of a block of cells in one pass of a day.

Exponentials and logarithms are polynomials inside the loop (relative error 3e-6, single precision), so that a block is one vector loop, where
calls to the mathematics library would take it a number at a time. Blocks run on as many threads as there are cores.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

from anlan.hazards.contract import InputError
from anlan.hazards.weather.fwi import CLASSIC, DAY_LENGTH, DC_DAY, START, Codes

Array = NDArray[np.float64]
#: Cells of a block: their state and one day's weather stay in the first-level cache.
BLOCK = 1024
NAMES = ("FFMC", "DMC", "DC", "ISI", "BUI", "FWI")
LIMITS = {"temp_c": (-60.0, 60.0, "℃"), "rh_pct": (0.0, 100.0, "%"), "wind_km_h": (0.0, 300.0, "km/h"),
          "rain_mm": (0.0, 2000.0, "mm")}  # fmt: skip
FAST = {"contract", "arcp", "nsz", "nnan", "ninf"}
#: Single precision throughout: eight numbers a vector, and 2e-3 of a code after a year.
F, U = np.float32, np.uint32
MAGIC, LOG2E, LN2 = F(12582912.0), F(1.4426950408889634), F(0.6931471805599453)


@nb.njit(inline="always", fastmath=FAST, error_model="numpy")
def exponential(x):  # type: ignore[no-untyped-def]
    """e^x for |x| < 80: powers of two from the bits of a rounded number, the rest a minimax polynomial (relative error 3e-6)."""
    t = x * LOG2E + MAGIC
    r = x - (t - MAGIC) * LN2
    p = F(0.04145855)
    p = p * r + F(0.16790907)
    p = p * r + F(0.50004359)
    p = p * r + F(0.99996341)
    p = p * r + F(0.99999926)
    return U(F(p).view(U) + U(F(t).view(U) << U(23))).view(F)


@nb.njit(inline="always", fastmath=FAST, error_model="numpy")
def logarithm(x):  # type: ignore[no-untyped-def]
    """ln x of a normal number above zero: exponent from the bits, the rest 2 artanh((m - 1) / (m + 1))."""
    # counted from the root of a half, so that m needs no halving afterwards
    bits = U(F(x).view(U) + U(0x004AFB0D))
    e = U((bits >> U(23)) | U(0x4B000000)).view(F) - F(8388735.0)
    m = U((bits & U(0x7FFFFF)) + U(0x3F3504F3)).view(F)
    s = (m - F(1.0)) / (m + F(1.0))
    q = s * s
    # minimax of artanh(s) / s
    p = F(0.20650357)
    p = p * q + F(0.33326065)
    p = p * q + F(1.00000012)
    return F(2.0) * s * p + e * LN2


@nb.njit(inline="always", fastmath=FAST, error_model="numpy")
def power(x, y):  # type: ignore[no-untyped-def]
    """x^y; 0 for x of (nearly) zero, as all exponents here are positive."""
    return exponential(y * logarithm(max(x, F(1e-6))))


@nb.njit(inline="always", fastmath=FAST, error_model="numpy")
def fine_wetted(m, rain):  # type: ignore[no-untyped-def]
    """Moisture of fine fuel after rain (mm above 0.5)."""
    net = max(rain - F(0.5), F(1e-9))
    gain = (
        F(42.5)
        * net
        * exponential(max(-F(100.0) / (F(251.0) - m), -F(80.0)))
        * (F(1.0) - exponential(max(-F(6.93) / net, -F(80.0))))
    )
    over = max(m - F(150.0), F(0.0))
    return min(F(250.0), m + gain + F(0.0015) * over * over * np.sqrt(net))


@nb.njit(inline="always", fastmath=FAST, error_model="numpy")
def fine_dried(m, temp, rh, wind):  # type: ignore[no-untyped-def]
    """Moisture of fine fuel at the end of the day, towards one of two equilibria."""
    log_rh = logarithm(max(rh, F(1e-9)))
    damp = exponential(F(0.1) * (rh - F(100.0)))
    warm = F(0.18) * (F(21.1) - temp) * (F(1.0) - exponential(-F(0.115) * rh))
    drying = F(0.942) * exponential(F(0.679) * log_rh) + F(11.0) * damp + warm
    wetting = F(0.618) * exponential(F(0.753) * log_rh) + F(10.0) * damp + warm
    dries = m > drying
    share = rh * F(0.01) if dries else F(1.0) - rh * F(0.01)
    two = share * share
    four = two * two
    speed = F(0.424) * (F(1.0) - power(share, F(1.7))) + F(0.0694) * np.sqrt(wind) * (F(1.0) - four * four)
    left = exponential(-F(2.302585092994046) * speed * F(0.581) * exponential(F(0.0365) * temp))
    goal = drying if dries else wetting
    return goal + (m - goal) * left if dries or m < wetting else m


@nb.njit(inline="always", fastmath=FAST, error_model="numpy")
def duff_wetted(code, rain):  # type: ignore[no-untyped-def]
    """DMC after rain (mm above 1.5)."""
    net = F(0.92) * max(rain, F(1.5)) - F(1.27)
    m = F(20.0) + F(280.0) * exponential(max(-F(0.023) * code, -F(80.0)))
    log_code = logarithm(max(code, F(1.0)))
    b = (
        F(100.0) / (F(0.5) + F(0.3) * code)
        if code <= F(33.0)
        else (F(14.0) - F(1.3) * log_code if code <= F(65.0) else F(6.2) * log_code - F(17.2))
    )
    wet = m + F(1000.0) * net / (F(48.77) + b * net)
    return max(F(0.0), F(43.43) * (F(5.6348) - logarithm(wet - F(20.0))))


@nb.njit(inline="always", fastmath=FAST, error_model="numpy")
def drought_wetted(code, rain):  # type: ignore[no-untyped-def]
    """DC after rain (mm above 2.8)."""
    net = F(0.83) * max(rain, F(2.8)) - F(1.27)
    return max(F(0.0), code - F(400.0) * logarithm(F(1.0) + F(3.937) * net / F(800.0) * exponential(F(0.0025) * code)))


@nb.njit(inline="always", fastmath=FAST, error_model="numpy")
def built_up(duff, drought):  # type: ignore[no-untyped-def]
    """BUI."""
    total = max(duff + F(0.4) * drought, F(1e-12))
    low = F(0.8) * duff * drought / total
    high = duff - (F(1.0) - F(0.8) * drought / total) * (F(0.92) + power(F(0.0114) * duff, F(1.7)))
    return low if duff <= F(0.4) * drought else max(F(0.0), high)


@nb.njit(inline="always", fastmath=FAST, error_model="numpy")
def weathered(spread, build_up):  # type: ignore[no-untyped-def]
    """FWI."""
    light = build_up <= F(80.0)
    # one exponential serves both forms
    grown = F(0.809) * logarithm(max(build_up, F(1e-6)))
    fallen = max(-F(0.023) * build_up, -F(80.0))
    e = exponential(grown if light else fallen)
    duff = F(0.626) * e + F(2.0) if light else F(1000.0) / (F(25.0) + F(108.64) * e)
    b = F(0.1) * spread * duff
    return exponential(F(2.72) * power(F(0.434) * logarithm(max(b, F(1.0))), F(0.647))) if b > F(1.0) else b


@nb.njit(cache=True, nogil=True, error_model="numpy")
def single(values, out, low, high):  # type: ignore[no-untyped-def]
    """Into single precision; whether any number is beyond the limits or none at all.

    Fast mathematics of the caller may take every comparison with NaN for true or false: the exponent's bits cannot be argued with.
    """
    bad = False
    for j in range(out.size):
        out[j] = F(values[j])
        bits = U(F(out[j]).view(U) & U(0x7F800000))
        bad |= values[j] < low or values[j] > high or bits == U(0x7F800000)
    return bad


@nb.njit(inline="always", error_model="numpy")
def picked(rain, limit, size, places):  # type: ignore[no-untyped-def]
    """Numbers of the cells with more rain than this: the wet ones are worked on by themselves."""
    count = 0
    for j in range(size):
        places[count] = j
        count += 1 if rain[j] > limit else 0
    return count


@nb.njit(inline="always", error_model="numpy")
def gather(state, rain, places, count, values, rains):  # type: ignore[no-untyped-def]
    for k in range(count):
        values[k], rains[k] = state[places[k]], rain[places[k]]


@nb.njit(inline="always", error_model="numpy")
def scatter(values, places, count, state):  # type: ignore[no-untyped-def]
    for k in range(count):
        state[places[k]] = values[k]


@nb.njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def block(temp, rh, wind, rain, limits, length, day_dc, state, scale, out, first, last):  # type: ignore[no-untyped-def]
    """All days of the cells first to last; weather and `out` are (.., day, cell), `state` holds FFMC, DMC and DC.

    Returns whether all weather lay within its limits (4, 2): checked here, where it is in the cache, and not in a pass of its own.
    """
    bad = False
    size = last - first
    fine, duff, drought = state[0, first:last], state[1, first:last], state[2, first:last]
    moist, values, rains = np.empty(size, F), np.empty(size, F), np.empty(size, F)
    t, h, w, p = np.empty(size, F), np.empty(size, F), np.empty(size, F), np.empty(size, F)
    places = np.empty(size + 1, np.int64)
    for day in range(temp.shape[0]):
        bad |= single(temp[day, first:last], t, limits[0, 0], limits[0, 1])
        bad |= single(rh[day, first:last], h, limits[1, 0], limits[1, 1])
        bad |= single(wind[day, first:last], w, limits[2, 0], limits[2, 1])
        bad |= single(rain[day, first:last], p, limits[3, 0], limits[3, 1])
        for j in range(size):
            moist[j] = scale * (F(101.0) - fine[j]) / (F(59.5) + fine[j])
        count = picked(p, F(0.5), size, places)
        if count:
            gather(moist, p, places, count, values, rains)
            for k in range(count):
                values[k] = fine_wetted(values[k], rains[k])
            scatter(values, places, count, moist)
            count = picked(p, F(1.5), size, places)
            gather(duff, p, places, count, values, rains)
            for k in range(count):
                values[k] = duff_wetted(values[k], rains[k])
            scatter(values, places, count, duff)
            count = picked(p, F(2.8), size, places)
            gather(drought, p, places, count, values, rains)
            for k in range(count):
                values[k] = drought_wetted(values[k], rains[k])
            scatter(values, places, count, drought)
        for j in range(size):
            m = fine_dried(moist[j], t[j], h[j], w[j])
            fine[j] = min(F(101.0), max(F(0.0), F(59.5) * (F(250.0) - m) / (scale + m)))
        dmc_day, dc_day = F(1.894e-4) * length[day], day_dc[day]
        o_fine, o_duff, o_drought = out[0, day, first:last], out[1, day, first:last], out[2, day, first:last]
        # loops of few arrays: the compiler makes vectors only where it can check that none overlap
        for j in range(size):
            duff[j] += dmc_day * (max(-F(1.1), t[j]) + F(1.1)) * (F(100.0) - h[j])
        for j in range(size):
            drought[j] += F(0.5) * max(F(0.0), F(0.36) * (max(-F(2.8), t[j]) + F(2.8)) + dc_day)
        for j in range(size):
            o_fine[j] = fine[j]
        for j in range(size):
            o_duff[j] = duff[j]
        for j in range(size):
            o_drought[j] = drought[j]
        o_spread, o_built, o_fwi = out[3, day, first:last], out[4, day, first:last], out[5, day, first:last]
        for j in range(size):
            m = scale * (F(101.0) - fine[j]) / (F(59.5) + fine[j])
            much = F(1.0) + power(m, F(5.31)) * (F(1.0) / F(4.93e7))
            o_spread[j] = F(0.208) * F(91.9) * exponential(F(0.05039) * w[j] - F(0.1386) * m) * much
        for j in range(size):
            o_built[j] = built_up(duff[j], drought[j])
        for j in range(size):
            o_fwi[j] = weathered(o_spread[j], o_built[j])
    return not bad


@dataclass(frozen=True)
class Season:
    """The codes of every day and cell, (day, ...); dimensionless, single precision."""

    FFMC: NDArray[np.float32]
    DMC: NDArray[np.float32]
    DC: NDArray[np.float32]
    ISI: NDArray[np.float32]
    BUI: NDArray[np.float32]
    FWI: NDArray[np.float32]


def season(
    temp_c: Any, rh_pct: Any, wind_km_h: Any, rain_mm: Any, months: Any,
    start: Codes = START, scale: float = CLASSIC, workers: int | None = None,
) -> Season:  # fmt: skip
    """Codes of consecutive days over any grid of cells.

    Weather at noon, arrays (day, ...) of one shape: degC, %, km/h, mm of 24 h; `months` 1 to 12, one per day. InputError names what
    has another shape, a hole, or a number beyond its limits; then nothing is returned.
    """
    given = dict(zip(LIMITS, (temp_c, rh_pct, wind_km_h, rain_mm), strict=True))
    arrays = {name: np.ascontiguousarray(value, np.float64) for name, value in given.items()}
    shape = arrays["temp_c"].shape
    if len(shape) < 1 or arrays["temp_c"].size == 0:
        raise InputError("temp_c", list(shape), "（日, 格...），不为空")
    month = np.asarray(months)
    if month.shape != shape[:1] or not np.isin(month, np.arange(1, 13)).all():
        raise InputError("months", list(month.shape), f"{shape[0]} 个月份，1 至 12")
    for name, array in arrays.items():
        if array.shape != shape:
            raise InputError(name, list(array.shape), f"与 temp_c 同形 {list(shape)}")
    temp, rh, wind, rain = (array.reshape(shape[0], -1) for array in arrays.values())
    cells = temp.shape[1]
    state = np.repeat(np.array([[start.FFMC], [start.DMC], [start.DC]], np.float32), cells, axis=1)
    out = np.empty((6, shape[0], cells), np.float32)
    length, day_dc = np.array(DAY_LENGTH, np.float32)[month - 1], np.array(DC_DAY, np.float32)[month - 1]
    limits = np.array([(low, high) for low, high, _unit in LIMITS.values()])

    def work(first: int) -> bool:
        last = min(cells, first + BLOCK)
        done: bool = block(temp, rh, wind, rain, limits, length, day_dc, state, np.float32(scale), out, first, last)
        return done

    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        good = list(pool.map(work, range(0, cells, BLOCK)))
    if not all(good):
        name_wrong(arrays)
    return Season(*(part.reshape(shape) for part in out))


def name_wrong(arrays: dict[str, Array]) -> None:
    """Name the first number that is a hole or beyond its limits."""
    for name, array in arrays.items():
        low, high, unit = LIMITS[name]
        places = np.argwhere(~((array >= low) & (array <= high)))
        if len(places):
            place = tuple(int(k) for k in places[0])
            raise InputError(name + "".join(f"[{k}]" for k in place), str(array[place]), f"{low:g} 至 {high:g} {unit}")
