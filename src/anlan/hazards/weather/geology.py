"""地质灾害气象风险 (RULES 2.5): how ready a slope is, how much rain it has had, what colour that makes.

The product itself is issued by 自然资源 with 气象; this is an estimate between its daily issues. Method: susceptibility class times an
effective antecedent rain against the class's own limits. The limits are this platform's (待核对) and belong in a surveyed table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anlan.hazards.contract import InputError

Array = NDArray[np.float64]
#: Share of a day's rain that still counts a day later (Crozier & Eyles 1980: 0.84; drier ground here drains faster).
DECAY = 0.80
DAYS = 10
SUSCEPTIBILITY = ("不易发", "低易发", "中易发", "高易发")
COLOURS = ("", "蓝", "黄", "橙", "红")
WORDS = {"": "风险低", "蓝": "有一定风险", "黄": "风险较高", "橙": "风险高", "红": "风险很高"}
#: Effective rain (mm) from which each colour counts, by susceptibility: 蓝, 黄, 橙, 红. Own figures for dry mountains, 待核对.
LIMITS_MM: Mapping[str, tuple[float, float, float, float]] = {
    "不易发": (80.0, 120.0, 180.0, 260.0), "低易发": (50.0, 80.0, 120.0, 180.0),
    "中易发": (30.0, 50.0, 80.0, 120.0), "高易发": (20.0, 35.0, 55.0, 85.0),
}  # fmt: skip
#: Rain of one hour (mm) that sets debris flows going whatever came before: 黄, 橙, 红 in 中 and 高易发 only (待核对).
HOURLY_MM = (20.0, 35.0, 50.0)


@dataclass(frozen=True)
class Risk:
    colour: str
    words: str
    effective_mm: float
    reason: str


def effective_rain(daily_mm: Any, decay: float = DECAY) -> Array:
    """有效雨量: today's rain and what is left of the days before, latest last along the first axis (mm)."""
    rain = np.asarray(daily_mm, np.float64)
    if rain.ndim < 1 or rain.shape[0] < 1:
        raise InputError("daily_mm", list(rain.shape), "至少 1 天")
    if not 0 <= decay < 1:
        raise InputError("decay", decay, "0 至 1")
    wrong = ~(np.isfinite(rain) & (rain >= 0) & (rain <= 2000))
    if wrong.any():
        place = tuple(int(k) for k in np.argwhere(wrong)[0])
        raise InputError("daily_mm" + "".join(f"[{k}]" for k in place), str(rain[place]), "0 至 2000 mm")
    recent = rain[-DAYS:]
    weights = decay ** np.arange(recent.shape[0] - 1, -1, -1, dtype=np.float64)
    return np.asarray(np.tensordot(weights, recent, axes=1))


def risk(
    daily_mm: Sequence[float], susceptibility: str, hourly_mm: float | None = None, forecast_mm: float = 0.0
) -> Risk:
    """Colour of one place: rain of the days up to now, the hour's heaviest, and what is forecast for the next 24 h."""
    if susceptibility not in LIMITS_MM:
        raise InputError("susceptibility", susceptibility, "、".join(SUSCEPTIBILITY))
    for name, value in (("hourly_mm", hourly_mm), ("forecast_mm", forecast_mm)):
        if value is not None and not (np.isfinite(value) and 0 <= value <= 2000):
            raise InputError(name, value, "0 至 2000 mm")
    effective = float(effective_rain([*daily_mm, forecast_mm]))
    limits = LIMITS_MM[susceptibility]
    level = int(np.searchsorted(limits, effective, side="right"))
    reason = f"有效雨量 {effective:.1f} mm，{susceptibility}区"
    if hourly_mm is not None and susceptibility in ("中易发", "高易发"):
        hour = int(np.searchsorted(HOURLY_MM, hourly_mm, side="right"))
        if hour and hour + 1 > level:
            level, reason = hour + 1, f"1 小时雨量 {hourly_mm:.1f} mm ≥ {HOURLY_MM[hour - 1]:g} mm，{susceptibility}区"
    colour = COLOURS[level]
    return Risk(colour, WORDS[colour], effective, f"{reason}（本平台阈值，待核对）")


def risk_map(daily_mm: Any, susceptibility: Any) -> NDArray[np.int64]:
    """Levels 0 to 4 (none to red) of a grid: rain (day, ...), susceptibility 0 to 3 (...)."""
    effective, classes = effective_rain(daily_mm), np.asarray(susceptibility)
    if classes.shape != effective.shape:
        raise InputError("susceptibility", list(classes.shape), f"与雨量网格同形 {list(effective.shape)}")
    if not np.isin(classes, (0, 1, 2, 3)).all():
        raise InputError("susceptibility", "其他值", "0 至 3")
    limits = np.array([LIMITS_MM[name] for name in SUSCEPTIBILITY])[classes.astype(int)]
    return np.asarray((effective[..., None] >= limits).sum(axis=-1), np.int64)
