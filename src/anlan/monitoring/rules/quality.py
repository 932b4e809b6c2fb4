"""Data quality: range, step, persistence, neighbours, units. Pure.

After the tests of QARTOD (IOOS: gross range, rate of change, flat line, neighbour) and WMO-No. 488 part VI; flags are the
log's own (`monitoring.log`). What fails is flagged as suspect, kept and shown, and is no evidence for alarms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

#: A neighbour test needs so many neighbours, and calls suspect what is further from their median than so many times the
#: median absolute deviation (1.4826 makes it a standard deviation).
MIN_NEIGHBOURS, NEIGHBOUR_FACTOR = 3, 4 * 1.4826
EARTH_KM = 6371.0

#: Unit -> (dimension, factor, offset): base = value x factor + offset.
UNITS: Mapping[str, tuple[str, float, float]] = {
    "m": ("length", 1, 0), "cm": ("length", 0.01, 0), "mm": ("length", 0.001, 0), "km": ("length", 1000, 0),
    "Pa": ("pressure", 1, 0), "hPa": ("pressure", 100, 0), "kPa": ("pressure", 1e3, 0), "MPa": ("pressure", 1e6, 0),
    "bar": ("pressure", 1e5, 0), "℃": ("temperature", 1, 273.15), "°C": ("temperature", 1, 273.15),
    "K": ("temperature", 1, 0), "°F": ("temperature", 5 / 9, 273.15 - 32 * 5 / 9), "m3/s": ("flow", 1, 0),
    "m3/h": ("flow", 1 / 3600, 0), "L/s": ("flow", 1e-3, 0), "L/min": ("flow", 1e-3 / 60, 0), "m/s": ("speed", 1, 0),
    "km/h": ("speed", 1 / 3.6, 0), "mg/L": ("content", 1, 0), "g/L": ("content", 1e3, 0), "ug/L": ("content", 1e-3, 0),
    "mg/m3": ("density", 1, 0), "ug/m3": ("density", 1e-3, 0), "g/m3": ("density", 1e3, 0), "ppm": ("fraction", 1e-6, 0),
    "ppb": ("fraction", 1e-9, 0), "%": ("fraction", 1e-2, 0), "V": ("voltage", 1, 0), "mV": ("voltage", 1e-3, 0),
    "mA": ("current", 1e-3, 0), "A": ("current", 1, 0), "s": ("time", 1, 0), "min": ("time", 60, 0), "h": ("time", 3600, 0),
    "d": ("time", 86400, 0), "ft": ("length", 0.3048, 0), "in": ("length", 0.0254, 0), "mbar": ("pressure", 100, 0),
    "mmHg": ("pressure", 133.322387415, 0), "atm": ("pressure", 101325, 0), "psi": ("pressure", 6894.757293168, 0),
    "mH2O": ("pressure", 9806.65, 0), "L/h": ("flow", 1e-3 / 3600, 0), "m3/d": ("flow", 1 / 86400, 0),
    "kn": ("speed", 1852 / 3600, 0), "mph": ("speed", 0.44704, 0), "cm/s": ("speed", 0.01, 0),
    "mm/h": ("rain", 1, 0), "mm/min": ("rain", 60, 0), "m/s2": ("acceleration", 1, 0),
    "cm/s2": ("acceleration", 0.01, 0), "gal": ("acceleration", 0.01, 0), "m3": ("volume", 1, 0), "L": ("volume", 1e-3, 0),
    "kg": ("mass", 1, 0), "t": ("mass", 1000, 0), "g": ("mass", 1e-3, 0), "kg/s": ("mass flow", 1, 0),
    "kg/h": ("mass flow", 1 / 3600, 0), "t/h": ("mass flow", 1000 / 3600, 0), "W": ("power", 1, 0), "kW": ("power", 1e3, 0),
    "MW": ("power", 1e6, 0), "kWh": ("energy", 3.6e6, 0), "MJ": ("energy", 1e6, 0), "N": ("force", 1, 0),
    "kN": ("force", 1e3, 0), "uS/cm": ("conductivity", 1, 0), "mS/cm": ("conductivity", 1e3, 0),
    "%VOL": ("fraction", 1e-2, 0), "‰": ("fraction", 1e-3, 0), "%LEL": ("explosive", 1, 0), "°": ("angle", 1, 0),
    "rad": ("angle", 57.29577951308232, 0), "rpm": ("frequency", 1 / 60, 0), "Hz": ("frequency", 1, 0),
    "km2": ("area", 1e6, 0), "hm2": ("area", 1e4, 0), "m2": ("area", 1, 0),
}  # fmt: skip


#: The same unit as people write it: raised figures, either micro sign, the letter for litre.
SPELLINGS = str.maketrans({"³": "3", "²": "2", "µ": "u", "μ": "u", "ℓ": "L"})


def conversion(source: str, target: str) -> tuple[float, float]:
    """(factor, offset) with target = source x factor + offset. ValueError for units that do not fit together."""
    if source in ("", target):
        return 1.0, 0.0
    known = {name: UNITS.get(name.translate(SPELLINGS)) for name in (source, target)}
    here, there = known[source], known[target]
    if here is None or there is None or here[0] != there[0]:
        raise ValueError(f"单位 {source} 不能换算为 {target}；可换算的单位：{'、'.join(UNITS)}")
    return here[1] / there[1], (here[2] - there[2]) / there[1]


def previous(
    stream: NDArray[np.int32], column: NDArray[np.float64] | NDArray[np.int64], before: NDArray[np.float64]
) -> NDArray[np.float64]:
    """For rows ordered by stream and time: the column's value one row earlier in the same stream, else `before[stream]`."""
    found = np.empty(len(stream), np.float64)
    found[1:] = column[:-1]
    first = np.append(True, stream[1:] != stream[:-1])
    found[first] = before[stream[first]]
    return found


def too_fast(
    at_ms: NDArray[np.int64],
    value: NDArray[np.float64],
    last_at_ms: NDArray[np.float64],
    last_value: NDArray[np.float64],
    per_minute: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Rate of change: beyond `per_minute` (inf = not tested) since the reading before (nan = none). Intervals shorter
    than a minute count as one, so that two readings in a second may differ by what one minute allows."""
    minutes = np.maximum((at_ms - last_at_ms) / 60_000, 1.0)
    with np.errstate(invalid="ignore"):
        result: NDArray[np.bool_] = np.abs(value - last_value) > per_minute * minutes
    return result & np.isfinite(last_value)


def flat_since(
    stream: NDArray[np.int32],
    at_ms: NDArray[np.int64],
    value: NDArray[np.float64],
    last_value: NDArray[np.float64],
    since: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Since when each value has been the same, ms; rows ordered by stream and time. `since` (by stream, 0 = unknown) is
    brought up to date."""
    found = np.empty(len(stream), np.int64)
    for row in range(len(stream)):
        one = int(stream[row])
        if value[row] != last_value[row] or not since[one]:
            since[one] = at_ms[row]
        found[row] = since[one]
    return found


def distance_km(lon: float, lat: float, lons: NDArray[np.float64], lats: NDArray[np.float64]) -> NDArray[np.float64]:
    """Great-circle distances (haversine), degrees in."""
    a, b = np.radians(lat), np.radians(lats)
    part = np.sin((b - a) / 2) ** 2 + np.cos(a) * np.cos(b) * np.sin(np.radians(lons - lon) / 2) ** 2
    result: NDArray[np.float64] = 2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(part, 0, 1)))
    return result


def odd_ones(
    places: Sequence[tuple[float, float]],
    values: Sequence[float],
    radius_km: float | Sequence[float],
    least: float | Sequence[float] = 0.0,
) -> list[int]:
    """Positions of values that do not fit their neighbours of the same quantity within `radius_km`. least: a difference
    smaller than this is never odd (the instrument's accuracy). Both for all, or one for each."""
    lons, lats = (np.array([place[n] for place in places], np.float64) for n in (0, 1))
    given = np.array(values, np.float64)
    radii, limits = (np.broadcast_to(np.array(one, np.float64), given.shape) for one in (radius_km, least))
    found = []
    for index, (lon, lat) in enumerate(places):
        near = distance_km(lon, lat, lons, lats) <= radii[index]
        near[index] = False
        if int(near.sum()) < MIN_NEIGHBOURS:
            continue
        middle = float(np.median(given[near]))
        spread = float(np.median(np.abs(given[near] - middle)))
        if abs(given[index] - middle) > max(NEIGHBOUR_FACTOR * spread, limits[index]):
            found.append(index)
    return found


def lttb(at: NDArray[np.float64], value: NDArray[np.float64], points: int) -> NDArray[np.intp]:
    """Positions of the points that keep the look of a line: largest triangle three buckets (Steinarsson 2013,
    University of Iceland). Input ordered by `at`; fewer than `points` come back as they are."""
    count = len(at)
    if points < 3 or count <= points:
        return np.arange(count)
    edges = np.linspace(1, count - 1, points - 1).astype(np.intp)
    kept = np.zeros(points, np.intp)
    kept[-1] = count - 1
    last = 0
    for n in range(points - 2):
        start, end = edges[n], max(edges[n + 1], edges[n] + 1)
        after_end = edges[n + 2] if n + 2 < len(edges) else count
        next_at = at[end:after_end].mean() if after_end > end else at[-1]
        next_value = value[end:after_end].mean() if after_end > end else value[-1]
        area = np.abs(
            (at[last] - next_at) * (value[start:end] - value[last])
            - (at[last] - at[start:end]) * (next_value - value[last])
        )
        last = int(start + area.argmax())
        kept[n + 1] = last
    return kept
