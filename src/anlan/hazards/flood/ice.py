"""黄河凌汛 (Yellow River ice flood): phases from temperature and stage, backwater of an ice cover or jam, alarms by stage.

A jam raises the stage while the flow falls: at 巴彦高勒 every stage above 1052.5 m of 2001-2022 fell in the ice season, at a mean
flow near 500 m3/s, a third of a summer flood's. Flow therefore never decides an alarm here; it only says how high the same flow
would stand in open water. No official thresholds of the colours were found: those here are this platform's own (待核对).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from math import isfinite, sqrt

import numpy as np
from numpy.typing import NDArray

from anlan.hazards.contract import InputError

G = 9.80665
PHASES = ("OPEN", "FRAZIL", "FREEZE_UP", "STABLE", "BREAK_UP")
PHASE_TITLES = {"OPEN": "畅流", "FRAZIL": "流凌", "FREEZE_UP": "封河", "STABLE": "稳封", "BREAK_UP": "开河"}
#: Months in which ice is possible on the reach (RULES 2.4: November to late March).
ICE_MONTHS = (11, 12, 1, 2, 3)
#: Ice that a degree-day of thaw takes (m): 待核对.
THAW_M = 0.005
OWN_RULE = "本平台规则（RULES 2.4，待核对）"


@dataclass(frozen=True)
class Day:
    """One day at a gauge: mean air temperature (degC) and flow (m3/s) may be unknown."""

    on: date
    stage_m: float
    temp_c: float | None = None
    flow_m3_s: float | None = None


@dataclass(frozen=True)
class Limits:
    """What moves the phases (待核对; set per station)."""

    #: Freezing degree-days since the last thaw that bring frazil (degC d).
    frazil_fdd: float = 15.0
    #: Stage above that of open water that shows an ice cover (m).
    cover_rise_m: float = 0.6
    #: Freezing degree-days after which the river is taken as frozen over where no rating is known.
    freeze_fdd: float = 100.0
    #: The cover is stable when the stage has stayed within this (m) for `stable_days`.
    stable_m: float = 0.25
    stable_days: int = 5
    #: Positive degree-days that set break-up going (degC d).
    thaw_pdd: float = 15.0
    #: A fall of stage in a day that shows the cover going, without temperature (m).
    break_fall_m: float = 0.5
    #: Stage above open water at which the river counts as free of ice (m).
    open_rise_m: float = 0.3
    #: Rise of stage in a day during break-up that makes it violent, 武开河 (m).
    violent_m: float = 0.5


@dataclass(frozen=True)
class State:
    """Where a reach stands: phase, since when, and the sums that will move it on."""

    phase: str = "OPEN"
    since: date | None = None
    fdd: float = 0.0
    pdd: float = 0.0
    stages: tuple[float, ...] = ()
    violent: bool = False
    why: str = ""


def whole_level(level_m: float, datum_m: float = 1000.0) -> float:
    """A level whose leading digits a bulletin left out (85.04 for 1085.04); others as they are."""
    return level_m + datum_m if level_m < 200 else level_m


@dataclass(frozen=True)
class Rating:
    """水位流量关系 of open water: stage (m) at flows (m3/s), rising."""

    flows: tuple[float, ...]
    stages: tuple[float, ...]
    spread_m: float

    def stage(self, flow_m3_s: float) -> float:
        return float(np.interp(flow_m3_s, self.flows, self.stages))


def rating(flows: Sequence[float], stages: Sequence[float], classes: int = 12) -> Rating:
    """Open-water rating from days without ice: medians of classes of flow, made to rise (pool adjacent violators)."""
    q, h = np.asarray(flows, float), np.asarray(stages, float)
    good = np.isfinite(q) & np.isfinite(h) & (q > 0)
    if q.shape != h.shape or good.sum() < 5 * classes:
        raise InputError("flows", int(good.sum()), f"与水位成对，至少 {5 * classes} 个有效日")
    q, h = q[good], h[good]
    parts = np.array_split(np.argsort(q, kind="stable"), classes)
    points = [(float(np.median(q[p])), float(np.median(h[p])), p.size) for p in parts]
    pools: list[list[float]] = []
    for flow, stage, weight in points:
        pools.append([flow, stage, weight])
        while len(pools) > 1 and pools[-2][1] >= pools[-1][1]:
            (f0, s0, w0), (f1, s1, w1) = pools[-2], pools[-1]
            pools[-2:] = [[(f0 * w0 + f1 * w1) / (w0 + w1), (s0 * w0 + s1 * w1) / (w0 + w1), w0 + w1]]
    curve = tuple(p[0] for p in pools), tuple(p[1] for p in pools)
    return Rating(*curve, float(np.percentile(np.abs(h - np.interp(q, *curve)), 90)))


def backwater_seen(stage_m: float, flow_m3_s: float, open_water: Rating) -> float:
    """壅高: stage above that of the same flow in open water (m)."""
    return stage_m - open_water.stage(flow_m3_s)


def step(before: State, day: Day, limits: Limits, open_water: Rating | None = None) -> State:
    """The phase after one more day. Temperature or a rating may lack; the stage may not."""
    if not isfinite(day.stage_m):
        raise InputError("stage_m", day.stage_m, "有限数字 m")
    fdd, pdd = before.fdd, before.pdd
    if day.temp_c is not None:
        if not -60 <= day.temp_c <= 60:
            raise InputError("temp_c", day.temp_c, "-60 至 60 ℃")
        # a thaw of a few days does not melt what weeks have frozen: sums shrink, they do not start anew
        fdd = max(0.0, fdd - day.temp_c)
        pdd = max(0.0, pdd + day.temp_c) if before.phase in ("FREEZE_UP", "STABLE", "BREAK_UP") else 0.0
    stages = (*before.stages, day.stage_m)[-(limits.stable_days + 1) :]
    raised = None
    if open_water is not None and day.flow_m3_s is not None:
        raised = backwater_seen(day.stage_m, day.flow_m3_s, open_water)
    phase, why = moved(before, day, limits, stages, fdd, pdd, raised)
    change = stages[-1] - stages[-2] if len(stages) > 1 else 0.0
    violent = phase == "BREAK_UP" and ((before.phase == "BREAK_UP" and before.violent) or change >= limits.violent_m)
    since = before.since if phase == before.phase else day.on
    if phase == "OPEN" and before.phase != "OPEN":
        fdd, pdd = 0.0, 0.0
    return State(phase, since, fdd, pdd, stages, violent, why if phase != before.phase else before.why)


def moved(
    before: State, day: Day, limits: Limits, stages: tuple[float, ...], fdd: float, pdd: float, raised: float | None
) -> tuple[str, str]:
    """(phase, why) after the day."""
    covered = raised is not None and raised >= limits.cover_rise_m
    cleared = raised is not None and raised <= limits.open_rise_m
    season, fall = day.on.month in ICE_MONTHS, stages[-2] - stages[-1] if len(stages) > 1 else 0.0
    steady = len(stages) > limits.stable_days and max(stages) - min(stages) <= limits.stable_m
    if before.phase in ("OPEN", "FRAZIL"):
        if season and (covered or fdd >= limits.freeze_fdd) and (day.temp_c is None or fdd > 0):
            return "FREEZE_UP", f"壅高 {raised:.2f} m" if covered and raised is not None else f"负积温 {fdd:.0f} ℃·d"
        if before.phase == "OPEN" and season and fdd >= limits.frazil_fdd:
            return "FRAZIL", f"负积温 {fdd:.0f} ℃·d"
        if before.phase == "FRAZIL" and (fdd <= 0 or not season):
            return "OPEN", "负积温归零"
        return before.phase, ""
    if not season:
        return "OPEN", "凌汛期结束"
    if before.phase in ("FREEZE_UP", "STABLE"):
        if pdd >= limits.thaw_pdd:
            return "BREAK_UP", f"正积温 {pdd:.0f} ℃·d"
        if day.temp_c is None and day.on.month in (2, 3) and fall >= limits.break_fall_m:
            return "BREAK_UP", f"日落水 {fall:.2f} m"
        if cleared and day.temp_c is None and (before.phase == "FREEZE_UP" or day.on.month in (2, 3)):
            return "OPEN", f"壅高降至 {raised:.2f} m"
        return ("STABLE", f"{limits.stable_days} 日水位变幅 ≤ {limits.stable_m} m") if steady else (before.phase, "")
    if cleared:
        return "OPEN", f"壅高降至 {raised:.2f} m"
    if raised is None and pdd >= 4 * limits.thaw_pdd and steady:
        return "OPEN", "开河后水位平稳"
    return "BREAK_UP", ""


def track(days: Sequence[Day], limits: Limits | None = None, open_water: Rating | None = None) -> list[State]:
    """Phases of consecutive days; a gap of more than ten days starts anew."""
    state, found = State(), []
    for i, day in enumerate(days):
        if i and day.on <= days[i - 1].on:
            raise InputError(f"days[{i}].on", day.on.isoformat(), "逐日递增")
        if i and day.on - days[i - 1].on > timedelta(days=10):
            state = State()
        state = step(state, day, limits or Limits(), open_water)
        found.append(state)
    return found


@dataclass(frozen=True)
class Levels:
    """Characteristic stages of a gauge in the ice season (m): station data, to be entered; None decides nothing."""

    alert_m: float | None = None
    guarantee_m: float | None = None
    record_m: float | None = None
    #: 漫滩 level: water leaves the main channel.
    bank_m: float | None = None


@dataclass(frozen=True)
class Alarm:
    colour: str
    reason: str


#: Rise that turns an ice alarm orange: in 6 h (RULES 2.4), and in a day where only daily stages exist.
RISE_M, RISE_H = 0.5, 6.0


#: Gauges that report less often than this (h) are judged by the rise within a day.
DAILY_GAP_H, DAY_H = 12.0, 25.0


def rise_window(stages: Sequence[tuple[float, float]]) -> float:
    """Hours within which a rise counts: 6, or a day where only daily stages exist."""
    gaps = [b[0] - a[0] for a, b in pairwise(stages)]
    return DAY_H if gaps and min(gaps) > DAILY_GAP_H else RISE_H


def alarm(
    stages: Sequence[tuple[float, float]], levels: Levels, phase: str = "STABLE", jam_reported: bool = False
) -> Alarm:
    """Colour of the ice flood from (hour, stage m) rows in order of time, and what else is seen. Flow is not asked for.

    红 jam with a rise, or guarantee or record stage; 橙 0.5 m in 6 h, or over the bank; 黄 alert stage, or freeze-up or break-up in
    the reach; 蓝 frazil.
    """
    if phase not in PHASES:
        raise InputError("phase", phase, "、".join(PHASES))
    if not stages:
        raise InputError("stages", [], "至少一行 [小时, 水位 m]")
    for i, (hour, stage) in enumerate(stages):
        if not isfinite(hour) or not isfinite(stage) or (i and hour <= stages[i - 1][0]):
            raise InputError(f"stages[{i}]", [hour, stage], "时间递增的有限数字")
    within = rise_window(stages)
    now, climbed = stages[-1][1], latest_rise(stages, within)
    for colour, level, name in (
        ("红", levels.record_m, "历史最高水位"), ("红", levels.guarantee_m, "保证水位"), ("橙", levels.bank_m, "漫滩水位"),
    ):  # fmt: skip
        if level is not None and now >= level:
            return Alarm(colour, f"水位 {now:.2f} m ≥ {name} {level:.2f} m；{OWN_RULE}")
    if climbed >= RISE_M:
        colour = "红" if jam_reported else "橙"
        return Alarm(
            colour, f"{within:g} 小时涨水 {climbed:.2f} m ≥ {RISE_M} m{'，已报冰塞冰坝' * jam_reported}；{OWN_RULE}"
        )
    if levels.alert_m is not None and now >= levels.alert_m:
        return Alarm("黄", f"水位 {now:.2f} m ≥ 警戒水位 {levels.alert_m:.2f} m；{OWN_RULE}")
    if jam_reported or phase in ("FREEZE_UP", "BREAK_UP"):
        return Alarm("黄", f"{'报告冰塞冰坝' if jam_reported else PHASE_TITLES[phase] + '上首位于河段'}；{OWN_RULE}")
    if phase == "FRAZIL":
        return Alarm("蓝", f"本市河段开始流凌；{OWN_RULE}")
    return Alarm("", "未达预警标准")


def latest_rise(stages: Sequence[tuple[float, float]], hours: float) -> float:
    """How far the last stage stands above the lowest of the hours before it (m)."""
    end, now = stages[-1]
    return now - min(stage for hour, stage in stages if end - hour <= hours)


@dataclass(frozen=True)
class Backwater:
    """Depths (m) of a wide rectangular reach and how far upstream the rise reaches (m)."""

    open_depth_m: float
    covered_depth_m: float
    jam_depth_m: float
    cover_rise_m: float
    jam_rise_m: float
    cover_reach_m: float
    jam_reach_m: float


def backwater(
    flow_m3_s: float, width_m: float, slope: float, bed_n: float = 0.025, ice_n: float = 0.03,
    ice_m: float = 0.5, friction: float = 0.4, mu: float = 1.2,
) -> Backwater:  # fmt: skip
    """Uniform depths of open water, under an even ice cover and at an equilibrium jam.

    Cover: Manning with two boundaries, composite n of Sabaneev, and the ice afloat (0.917 of its thickness). Jam: Beltaos 1983,
    H / (W S) = 0.63 f^(1/3) x + 5.75 / mu (1 + sqrt(1 + 0.11 mu f^(1/3) x)), x = (q^2 / (g S))^(1/3) / (W S); the highest stage
    that a jam can keep in a long reach. `friction` f and `mu` are 待核对. Reach: level pool against the slope, an upper estimate.
    """
    for name, value, high in (
        ("flow_m3_s", flow_m3_s, 1e5), ("width_m", width_m, 1e4), ("slope", slope, 0.1), ("bed_n", bed_n, 0.2),
        ("ice_n", ice_n, 0.2), ("friction", friction, 2.0), ("mu", mu, 5.0),
    ):  # fmt: skip
        if not isfinite(value) or not 0 < value <= high:
            raise InputError(name, value, f"> 0，<= {high:g}")
    if not isfinite(ice_m) or not 0 <= ice_m <= 5:
        raise InputError("ice_m", ice_m, "0 至 5 m")
    q = flow_m3_s / width_m
    opened = (q * bed_n / sqrt(slope)) ** 0.6
    both = ((bed_n**1.5 + ice_n**1.5) / 2) ** (2 / 3)
    covered = 2**0.4 * (q * both / sqrt(slope)) ** 0.6 + 0.917 * ice_m
    scale = width_m * slope
    x = (q * q / (G * slope)) ** (1 / 3) / scale
    packed = friction ** (1 / 3) * x
    jam = max(covered, scale * (0.63 * packed + 5.75 / mu * (1 + sqrt(1 + 0.11 * mu * packed))))
    return Backwater(
        opened, covered, jam, covered - opened, jam - opened, (covered - opened) / slope, (jam - opened) / slope
    )


def cover_thickness(temps_c: Sequence[float], alpha: float = 0.022, first_m: float = 0.0) -> NDArray[np.float64]:
    """Ice thickness (m) after each day by Stefan: d(h^2) = alpha^2 x freezing degree-days; thaw takes 5 mm per degC d (待核对)."""
    temps = np.asarray(temps_c, float)
    if not np.isfinite(temps).all() or not 0 < alpha < 0.1:
        raise InputError("temps_c", "非有限数", "有限数字 ℃；alpha 0 至 0.1")
    thickness, found = first_m, np.zeros(temps.size)
    for i, temp in enumerate(temps):
        frozen = sqrt(thickness * thickness + alpha * alpha * max(0.0, -temp))
        thickness = max(0.0, frozen - THAW_M * max(0.0, temp))
        found[i] = thickness
    return found


def front_speed_km_d(front: Mapping[date, float]) -> dict[date, float]:
    """Speed of the freeze-up or break-up front (km/d) from its daily river kilometre. Above 60 in 2025 came the first response."""
    days = sorted(front)
    return {b: abs(front[b] - front[a]) / (b - a).days for a, b in pairwise(days)}
