"""山洪预警 (flash flood): critical rain per small catchment, and what the rain seen says of it.

Flash flood guidance (Carpenter et al. 1999): the flow at which a place is flooded, divided by the peak of a unit hydrograph, is
a threshold runoff; the rain that gives it follows from the curve number of the ground, dry, middling or wet (SCS, NEH 4).
A surveyed table (山洪灾害调查评价) always goes before what is computed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite, sqrt

from anlan.hazards.contract import InputError

#: Windows of RULES 2.3 (h) and soil states.
WINDOWS_H = (0.5, 1.0, 3.0, 6.0, 12.0, 24.0)
SOILS = ("干", "中", "湿")
#: 准备转移 at this share of 立即转移 where no surveyed pair is known: 待核对.
READY_SHARE = 0.8


@dataclass(frozen=True)
class Catchment:
    """A small catchment above a place: area km2, longest flow path km, its slope (rise/run), curve number, flooding flow m3/s."""

    area_km2: float
    length_km: float
    slope: float
    curve_number: float
    flood_flow_m3_s: float

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("area_km2", self.area_km2, 0.01, 5000), ("length_km", self.length_km, 0.05, 300),
            ("slope", self.slope, 1e-4, 2), ("curve_number", self.curve_number, 30, 99),
            ("flood_flow_m3_s", self.flood_flow_m3_s, 0.01, 1e5),
        ):  # fmt: skip
            if not isfinite(value) or not low <= value <= high:
                raise InputError(name, value, f"{low:g} 至 {high:g}")

    @property
    def concentration_h(self) -> float:
        """Time of concentration (h): Kirpich 1940, 0.01947 L^0.77 S^-0.385 minutes, L in m."""
        return float(0.01947 * (self.length_km * 1000) ** 0.77 * self.slope**-0.385 / 60)

    def peak_per_mm(self, window_h: float) -> float:
        """Peak (m3/s) of 1 mm of runoff from rain of this length: SCS triangular unit hydrograph, 0.208 A / Tp."""
        return 0.208 * self.area_km2 / (window_h / 2 + 0.6 * self.concentration_h)

    def threshold_runoff_mm(self, window_h: float) -> float:
        return self.flood_flow_m3_s / self.peak_per_mm(window_h)


def wetted(curve_number: float, soil: str) -> float:
    """Curve number of dry, middling or wet ground (Chow 1964, AMC I, II, III)."""
    if soil not in SOILS:
        raise InputError("soil", soil, "、".join(SOILS))
    if soil == "干":
        return 4.2 * curve_number / (10 - 0.058 * curve_number)
    return 23 * curve_number / (10 + 0.13 * curve_number) if soil == "湿" else curve_number


def runoff_mm(rain_mm: float, curve_number: float) -> float:
    """SCS: (P - 0.2 S)^2 / (P + 0.8 S), S = 25400 / CN - 254 mm."""
    store = 25400 / curve_number - 254
    return (rain_mm - 0.2 * store) ** 2 / (rain_mm + 0.8 * store) if rain_mm > 0.2 * store else 0.0


def rain_for(runoff: float, curve_number: float) -> float:
    """Rain (mm) that gives this runoff: the inverse of `runoff_mm`."""
    store = 25400 / curve_number - 254
    return 0.2 * store + 0.5 * (runoff + sqrt(runoff * runoff + 4 * runoff * store))


def guidance(catchment: Catchment, soil: str = "中") -> dict[float, float]:
    """Critical rain (mm) of each window: 立即转移."""
    number = wetted(catchment.curve_number, soil)
    return {hours: rain_for(catchment.threshold_runoff_mm(hours), number) for hours in WINDOWS_H}


@dataclass(frozen=True)
class Verdict:
    """立即转移, 准备转移 or none; which window decides and by how much of its critical rain."""

    action: str
    window_h: float
    ratio: float
    reason: str


def judge(
    rain_mm: Mapping[float, float | None],
    critical_mm: Mapping[float, float],
    ready_mm: Mapping[float, float] | None = None,
) -> Verdict:
    """Rain of each window (mm) against the critical rain: the window that is furthest decides. Unknown windows decide nothing."""
    best = Verdict("", 0.0, 0.0, "雨量不足或缺测")
    for hours, limit in critical_mm.items():
        if not isfinite(limit) or limit <= 0:
            raise InputError(f"critical_mm[{hours:g}]", limit, "> 0 mm")
        fallen = rain_mm.get(hours)
        if fallen is None:
            continue
        if not isfinite(fallen) or fallen < 0:
            raise InputError(f"rain_mm[{hours:g}]", fallen, ">= 0 mm")
        ready = ready_mm.get(hours, READY_SHARE * limit) if ready_mm else READY_SHARE * limit
        action = "立即转移" if fallen >= limit else "准备转移" if fallen >= ready else ""
        if fallen / limit > best.ratio:
            best = Verdict(action, hours, fallen / limit, f"{hours:g} 小时雨量 {fallen:.1f} mm，临界 {limit:.1f} mm")
    return best
