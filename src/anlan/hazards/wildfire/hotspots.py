"""Satellite hotspots to fires: pixels gathered into fires, industrial heat kept out, ignition place and time with their error.

Pure: detections in, fires out. Times are minutes from any common start. A pixel is taken as its footprint (scan east-west, track
north-south: the true axes lean by some degrees, less than the footprint's own width), inside which the fire may lie anywhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import atan2, degrees, hypot, isfinite, sqrt

from anlan.hazards.contract import InputError
from anlan.hazards.plane import metres_per_degree

#: Two pixels belong to one fire if their footprints come this near (km) and this close in time (h): a pass and the next.
NEAR_KM, NEAR_H = 0.5, 14.0
#: A place that is hot on so many days of so many is a works, a flare or a coal fire, not a wildfire (待核对 by local register).
STATIC_DAYS, STATIC_WINDOW_DAYS, STATIC_KM, STATIC_LEAST_SPAN = 4, 30, 1.0, 7
#: Standard error (m) of where the satellite believes to look: VIIRS and MODIS geolocation.
GEOLOCATION_M = 50.0
#: Chi-square with 2 degrees of freedom, 95 %.
CHI2_95 = 5.991
#: Detections within so many minutes of the first belong to the same pass.
PASS_MIN = 15.0
DAY_MIN = 1440.0


@dataclass(frozen=True)
class Detection:
    """One pixel: WGS84, minutes, footprint km, confidence 0-100, fire radiative power MW (None if not given)."""

    lon: float
    lat: float
    minute: float
    scan_km: float = 1.0
    track_km: float = 1.0
    confidence_pct: float = 60.0
    frp_mw: float | None = None
    satellite: str = ""

    def __post_init__(self) -> None:
        for name, low, high in (
            ("lon", -180.0, 180.0), ("lat", -89.0, 89.0), ("scan_km", 0.05, 20.0), ("track_km", 0.05, 20.0),
            ("confidence_pct", 0.0, 100.0), ("minute", -1e12, 1e12),
        ):  # fmt: skip
            value = getattr(self, name)
            if not (isfinite(value) and low <= value <= high):
                raise InputError(name, value, f"{low:g} 至 {high:g}")


@dataclass(frozen=True)
class Source:
    """A place that is always hot: where, on how many days, minutes of the first and last."""

    lon: float
    lat: float
    days: int
    first_min: float
    last_min: float


@dataclass(frozen=True)
class Fire:
    """One fire as satellites saw it.

    lon, lat: most likely ignition place, from the first pass; semi axes (m) and azimuth (degrees from north of the long one) of
    the ellipse that holds it with 95 %; seen_min: first seen; not_before_min: last pass that saw nothing there, if one is known;
    confidence: that it is a fire at all, from all pixels as if independent; frp_mw: of the strongest pass.
    """

    lon: float
    lat: float
    semi_major_m: float
    semi_minor_m: float
    azimuth_deg: float
    seen_min: float
    not_before_min: float | None
    last_min: float
    pixels: int
    confidence: float
    frp_mw: float | None


def distance_km(a: Detection | Source, b: Detection | Source) -> float:
    """On the local plane between them."""
    east, north = metres_per_degree((a.lat + b.lat) / 2)
    turn = (a.lon - b.lon + 180) % 360 - 180
    return hypot(turn * east, (a.lat - b.lat) * north) / 1000


def around(detections: Sequence[Detection], reach_km: float) -> list[list[int]]:
    """For each detection those before it that may lie within reach, by bands of latitude: a few more than do."""
    step = reach_km / 110.0
    bands: dict[int, list[int]] = defaultdict(list)
    found = []
    for i, one in enumerate(detections):
        row = int((one.lat + 90) // step)
        found.append([j for near in (row - 1, row, row + 1) for j in bands.get(near, ())])
        bands[row].append(i)
    return found


def touching(a: Detection, b: Detection, near_km: float, near_h: float) -> bool:
    """Whether two pixels belong to one fire."""
    if abs(a.minute - b.minute) > near_h * 60:
        return False
    east, north = metres_per_degree((a.lat + b.lat) / 2)
    turn = (a.lon - b.lon + 180) % 360 - 180
    apart_x = abs(turn) * east / 1000 - (a.scan_km + b.scan_km) / 2
    apart_y = abs(a.lat - b.lat) * north / 1000 - (a.track_km + b.track_km) / 2
    return hypot(max(0.0, apart_x), max(0.0, apart_y)) <= near_km


def cluster(detections: Sequence[Detection], near_km: float = NEAR_KM, near_h: float = NEAR_H) -> list[list[Detection]]:
    """Fires as groups of pixels that touch in space and time, through each other; each sorted by time, oldest fire first."""
    if not 0 <= near_km <= 50:
        raise InputError("near_km", near_km, "0 至 50 km")
    if not 0 < near_h <= 240:
        raise InputError("near_h", near_h, "> 0，<= 240 h")
    widest = max((max(d.scan_km, d.track_km) for d in detections), default=1.0)
    owner = list(range(len(detections)))

    def root(i: int) -> int:
        while owner[i] != i:
            owner[i] = owner[owner[i]]
            i = owner[i]
        return i

    for i, before in enumerate(around(detections, near_km + widest)):
        for j in before:
            if root(i) != root(j) and touching(detections[i], detections[j], near_km, near_h):
                owner[root(i)] = root(j)
    groups: dict[int, list[Detection]] = defaultdict(list)
    for i, one in enumerate(detections):
        groups[root(i)].append(one)
    found = [sorted(group, key=lambda d: (d.minute, d.lon, d.lat)) for group in groups.values()]
    return sorted(found, key=lambda group: (group[0].minute, group[0].lon, group[0].lat))


def static_sources(
    history: Sequence[Detection],
    days: int = STATIC_DAYS,
    window_days: float = STATIC_WINDOW_DAYS,
    near_km: float = STATIC_KM,
) -> list[Source]:
    """Places hot on `days` different days or more, a week or more apart, within some `window_days`; the hottest first.

    A place is what lies within `near_km` and half a pixel of one detection: a fire that walks on is hot in one place for days
    only, a works stays.
    """
    if days < 2 or not window_days >= days:
        raise InputError("days", days, f">= 2，<= window_days（{window_days:g}）")
    near: list[set[int]] = [{i} for i in range(len(history))]
    widest = max((max(d.scan_km, d.track_km) for d in history), default=1.0)
    for i, before in enumerate(around(history, near_km + widest / 2)):
        for j in before:
            wide = max(history[i].scan_km, history[i].track_km, history[j].scan_km, history[j].track_km) / 2
            if distance_km(history[i], history[j]) <= near_km + wide:
                near[i].add(j)
                near[j].add(i)
    hot = [(most_days([history[j].minute for j in group], window_days), i) for i, group in enumerate(near)]
    found: list[Source] = []
    taken: set[int] = set()
    for count, i in sorted(hot, key=lambda pair: (-pair[0], pair[1])):
        group = near[i] - taken
        if count < days or i in taken:
            continue
        taken |= group
        pixels = [history[j] for j in group]
        times = [d.minute for d in pixels]
        lon, lat = (sum(v) / len(pixels) for v in ([d.lon for d in pixels], [d.lat for d in pixels]))
        found.append(Source(lon, lat, len({t // DAY_MIN for t in times}), min(times), max(times)))
    return found


def most_days(minutes: Sequence[float], window_days: float) -> int:
    """Most different days that fall into one window, of windows whose first and last are a week apart or more."""
    days = sorted({minute // DAY_MIN for minute in minutes})
    best = 0
    for first in days:
        inside = [day for day in days if first <= day < first + window_days]
        if inside[-1] - first >= STATIC_LEAST_SPAN:
            best = max(best, len(inside))
    return best


def without_static(
    detections: Sequence[Detection], sources: Sequence[Source], near_km: float = STATIC_KM
) -> tuple[list[Detection], list[Detection]]:
    """(those that may be wildfires, those at a place that is always hot)."""
    hot = [
        any(distance_km(d, source) <= near_km + max(d.scan_km, d.track_km) / 2 for source in sources)
        for d in detections
    ]
    return [d for d, at in zip(detections, hot, strict=True) if not at], [
        d for d, at in zip(detections, hot, strict=True) if at
    ]


def fire(group: Sequence[Detection], passes_min: Sequence[float] = ()) -> Fire:
    """Ignition place, time and error of a group of pixels. `passes_min`: when satellites looked, whether they saw or not."""
    if not group:
        raise InputError("group", [], "至少一个热点")
    ordered = sorted(group, key=lambda d: d.minute)
    first = [d for d in ordered if d.minute <= ordered[0].minute + PASS_MIN]
    weights = [max(1.0, d.confidence_pct) * (1 + (d.frp_mw or 0.0)) for d in first]
    total = sum(weights)
    lon = sum(w * d.lon for w, d in zip(weights, first, strict=True)) / total
    lat = sum(w * d.lat for w, d in zip(weights, first, strict=True)) / total
    major, minor, azimuth = ellipse_of(first, weights, lon, lat)
    doubt = 1.0
    for d in ordered:
        doubt *= 1 - min(d.confidence_pct, 99.0) / 100
    before = [minute for minute in passes_min if minute < ordered[0].minute - PASS_MIN]
    return Fire(
        lon=lon,
        lat=lat,
        semi_major_m=major,
        semi_minor_m=minor,
        azimuth_deg=azimuth,
        seen_min=ordered[0].minute,
        not_before_min=max(before) if before else None,
        last_min=ordered[-1].minute,
        pixels=len(ordered),
        confidence=1 - doubt,
        frp_mw=strongest(ordered),
    )


def ellipse_of(
    pixels: Sequence[Detection], weights: Sequence[float], lon: float, lat: float
) -> tuple[float, float, float]:
    """(semi-major, semi-minor in m, azimuth) at 95 %: the mixture of footprints, each evenly likely, and geolocation."""
    east, north = metres_per_degree(lat)
    total = sum(weights)
    xx = yy = GEOLOCATION_M**2
    xy = 0.0
    for w, d in zip(weights, pixels, strict=True):
        x, y = (d.lon - lon) * east, (d.lat - lat) * north
        xx += w / total * (x * x + (d.scan_km * 1000) ** 2 / 12)
        yy += w / total * (y * y + (d.track_km * 1000) ** 2 / 12)
        xy += w / total * x * y
    middle, half = (xx + yy) / 2, hypot((xx - yy) / 2, xy)
    azimuth = degrees(atan2(2 * xy, yy - xx) / 2) % 180
    return sqrt(CHI2_95 * (middle + half)), sqrt(CHI2_95 * (middle - half)), azimuth


def strongest(pixels: Sequence[Detection]) -> float | None:
    """Power of the strongest pass; None if no pixel tells."""
    passes: dict[tuple[str, float], float] = defaultdict(float)
    for d in pixels:
        if d.frp_mw is not None:
            passes[(d.satellite, d.minute // PASS_MIN)] += d.frp_mw
    return max(passes.values(), default=None)
