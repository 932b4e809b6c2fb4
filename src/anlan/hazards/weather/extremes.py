"""高温、寒潮、沙尘、雷电 (heat, cold, dust, lightning): events found in observations, each by a figure with its source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, isfinite, radians

import numpy as np
from numpy.typing import NDArray

from anlan.hazards.contract import InputError

Array = NDArray[np.float64]
#: QX/T 280-2015 and the signal of the 2007 order: a hot day has 35 degC, a heat wave three of them.
HOT_C, WAVE_DAYS = 35.0, 3
#: GB/T 21987-2017: fall of the lowest temperature (degC) in 24, 48, 72 h and lowest temperature of a cold wave, 寒潮.
COLD_WAVE = ((24, 8.0), (48, 10.0), (72, 12.0))
COLD_LOW_C = 4.0
#: Stronger kinds: (name, falls in 24, 48, 72 h, lowest): 强寒潮, 超强寒潮.
COLD_KINDS = (
    ("超强寒潮", (12.0, 14.0, 16.0), 0.0), ("强寒潮", (10.0, 12.0, 14.0), 2.0), ("寒潮", (8.0, 10.0, 12.0), 4.0),
)  # fmt: skip
#: GB/T 20480-2017: visibility (m) below which, dust in the air and wind: 特强沙尘暴, 强沙尘暴, 沙尘暴; 扬沙 to 10 km.
DUST = ((50.0, "特强沙尘暴"), (500.0, "强沙尘暴"), (1000.0, "沙尘暴"), (10_000.0, "扬沙"))
#: 浮尘 is dust in calm air (mean wind at most 3.0 m/s), visibility below 10 km.
CALM_M_S = 3.0
EARTH_KM = 111.195


@dataclass(frozen=True)
class Spell:
    """Days first to last (numbers from 0), the extreme value and the sum of excess over the limit (degC d)."""

    first: int
    last: int
    extreme: float
    excess: float
    name: str

    @property
    def days(self) -> int:
        return self.last - self.first + 1


def observed(name: str, values: Sequence[float | None] | Array, low: float, high: float, unit: str) -> Array:
    """Numbers in range; what is missing is NaN and ends a spell (never taken as zero)."""
    array = np.array([np.nan if v is None else v for v in values], np.float64)
    wrong = np.flatnonzero(np.isfinite(array) & ((array < low) | (array > high)) | np.isinf(array))
    if array.size == 0 or wrong.size:
        at = int(wrong[0]) if wrong.size else 0
        raise InputError(f"{name}[{at}]", None if array.size == 0 else float(array[at]), f"{low:g} 至 {high:g} {unit}")
    return array


def heat_waves(tmax_c: Sequence[float | None], limit_c: float = HOT_C, least_days: int = WAVE_DAYS) -> list[Spell]:
    """热浪: at least `least_days` in a row with a maximum of `limit_c` or more; named by the hottest day (35, 37, 40 degC)."""
    if least_days < 1 or not 20 <= limit_c <= 50:
        raise InputError("limit_c", limit_c, "20 至 50 ℃；least_days >= 1")
    days = observed("tmax_c", tmax_c, -60, 60, "℃")
    found = []
    for first, last in runs(days >= limit_c):
        part = days[first : last + 1]
        if last - first + 1 >= least_days:
            top = float(part.max())
            name = "酷热" if top >= 40 else "炎热" if top >= 37 else "高温"
            found.append(Spell(first, last, top, float((part - limit_c).sum()), name))
    return found


def runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last index of every stretch that is true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def cold_waves(tmin_c: Sequence[float | None]) -> list[Spell]:
    """寒潮 of daily minima: the day on which the falls of GB/T 21987-2017 in 24, 48 or 72 h and the lowest temperature are met."""
    days = observed("tmin_c", tmin_c, -70, 50, "℃")
    found: list[Spell] = []
    kinds: list[tuple[int, str, float]] = []
    for i in range(1, days.size):
        drops = [days[i - back] - days[i] if i >= back else np.nan for back in (1, 2, 3)]
        steady = [
            drops[0],
            *(d if np.isfinite(days[i - k : i + 1]).all() else np.nan for k, d in ((2, drops[1]), (3, drops[2]))),
        ]
        for name, limits, lowest in COLD_KINDS:
            met = [d - need for d, need in zip(steady, limits, strict=True) if np.isfinite(d) and d >= need]
            if days[i] <= lowest and met:
                kinds.append((i, name, float(np.nanmax(drops))))
                break
    order = [kind[0] for kind in COLD_KINDS]
    for i, name, drop in kinds:
        if found and found[-1].last == i - 1:
            before = found[-1]
            worst = min(before.name, name, key=order.index)
            found[-1] = Spell(before.first, i, min(before.extreme, float(days[i])), max(before.excess, drop), worst)
        else:
            found.append(Spell(i, i, float(days[i]), drop, name))
    return found


def wind_chill(temp_c: float, wind_m_s: float) -> float:
    """体感温度 in the cold (degC): Environment Canada 2001, for 10 degC and less and 4.8 km/h and more; else the temperature."""
    if not -70 <= temp_c <= 60 or not 0 <= wind_m_s <= 100:
        raise InputError("temp_c", temp_c, "-70 至 60 ℃；风 0 至 100 m/s")
    v = wind_m_s * 3.6
    if temp_c > 10 or v < 4.8:
        return temp_c
    return float(13.12 + 0.6215 * temp_c - 11.37 * v**0.16 + 0.3965 * temp_c * v**0.16)


def heat_index(temp_c: float, rh_pct: float) -> float:
    """炎热指数 (degC): Rothfusz 1990 (US NWS) with its corrections; below 26.7 degC the mean of Steadman's simple form and the air."""
    if not -70 <= temp_c <= 60 or not 0 <= rh_pct <= 100:
        raise InputError("rh_pct", rh_pct, "0 至 100 %；气温 -70 至 60 ℃")
    t, r = temp_c * 1.8 + 32, rh_pct
    simple = 0.5 * (t + 61 + (t - 68) * 1.2 + r * 0.094)
    if (simple + t) / 2 < 80:
        return ((simple + t) / 2 - 32) / 1.8 if t > 40 else temp_c
    full = (
        -42.379 + 2.04901523 * t + 10.14333127 * r - 0.22475541 * t * r - 6.83783e-3 * t * t - 5.481717e-2 * r * r
        + 1.22874e-3 * t * t * r + 8.5282e-4 * t * r * r - 1.99e-6 * t * t * r * r
    )  # fmt: skip
    if r < 13 and 80 <= t <= 112:
        full -= (13 - r) / 4 * ((17 - abs(t - 95)) / 17) ** 0.5
    elif r > 85 and 80 <= t <= 87:
        full += (r - 85) / 10 * (87 - t) / 5
    return (full - 32) / 1.8


def dust_grade(visibility_m: float, wind_m_s: float | None, dust_seen: bool) -> str:
    """沙尘天气等级 (GB/T 20480-2017) by visibility where dust is what hides the view; 浮尘 in calm air."""
    if not isfinite(visibility_m) or visibility_m < 0:
        raise InputError("visibility_m", visibility_m, ">= 0 m")
    if wind_m_s is not None and (not isfinite(wind_m_s) or wind_m_s < 0):
        raise InputError("wind_m_s", wind_m_s, ">= 0 m/s")
    if not dust_seen:
        return ""
    name = next((word for limit, word in DUST if visibility_m < limit), "")
    calm = wind_m_s is not None and wind_m_s <= CALM_M_S
    return "浮尘" if name and calm and visibility_m >= DUST[2][0] else name


@dataclass(frozen=True)
class Lightning:
    """Strokes counted on a grid [iy][ix] from the south-west: counts, and density in strokes/km2 per hour."""

    counts: NDArray[np.int64]
    per_km2_h: Array
    strongest_ka: float
    positive_share: float


def lightning(
    strokes: Sequence[Sequence[float]],
    west: float,
    south: float,
    east: float,
    north: float,
    cell_km: float,
    hours: float,
) -> Lightning:
    """Density of strokes (lon, lat, peak current kA with its sign) over a box of degrees."""
    if not (-180 <= west < east <= 180 and -85 <= south < north <= 85):
        raise InputError("west", [west, south, east, north], "西 < 东，南 < 北（度）")
    if not 0.1 <= cell_km <= 500 or not 0 < hours <= 8784:
        raise InputError("cell_km", cell_km, "0.1 至 500 km；时长 > 0 h")
    scale = cos(radians((south + north) / 2))
    nx = max(1, round((east - west) * EARTH_KM * scale / cell_km))
    ny = max(1, round((north - south) * EARTH_KM / cell_km))
    if nx * ny > 4_000_000:
        raise InputError("cell_km", cell_km, "更大（至多 4000000 格）")
    rows = np.asarray(strokes, np.float64).reshape(-1, 3) if len(strokes) else np.zeros((0, 3))
    if not np.isfinite(rows).all():
        raise InputError("strokes", "非有限数", "[经度, 纬度, kA]")
    inside = (rows[:, 0] >= west) & (rows[:, 0] < east) & (rows[:, 1] >= south) & (rows[:, 1] < north)
    seen = rows[inside]
    x = ((seen[:, 0] - west) / (east - west) * nx).astype(int)
    y = ((seen[:, 1] - south) / (north - south) * ny).astype(int)
    counts = np.zeros((ny, nx), np.int64)
    np.add.at(counts, (y, x), 1)
    area = (east - west) * EARTH_KM * scale / nx * (north - south) * EARTH_KM / ny
    strongest = float(np.abs(seen[:, 2]).max()) if seen.size else 0.0
    positive = float((seen[:, 2] > 0).mean()) if seen.size else 0.0
    return Lightning(counts, counts / area / hours, strongest, positive)


def lightning_jump(per_minute: Sequence[float], window: int = 10, sigmas: float = 2.0) -> list[int]:
    """雷电跃增: minutes whose rise of the stroke rate exceeds `sigmas` standard deviations of the rises before (Schultz 2009).

    A jump comes before hail and squalls; counted only from 10 strokes a minute on.
    """
    rate = observed("per_minute", per_minute, 0, 1e6, "次/min")
    if window < 3:
        raise InputError("window", window, ">= 3")
    rise = np.diff(rate)
    found = []
    for i in range(window, rise.size):
        past = rise[i - window : i]
        if rate[i + 1] >= 10 and np.isfinite(past).all() and rise[i] > sigmas * max(float(past.std()), 0.5):
            found.append(i + 1)
    return found
