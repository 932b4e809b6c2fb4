"""水位预报: the coming stages of a gauge from its own readings and those of the gauge above, and how good such forecasts have been.

Pure. Series are evenly spaced, oldest first, NaN = not heard. Flow is routed down the reach (Muskingum) and corrected by the errors
seen so far (AR 1), then read as a stage by the gauge's own recent rating, moved to the stage that stands now. Without flows the stage
goes on as it has been changing, the change dying away. Each method forecasts the past too: that is its skill (GB/T 22482-2008).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

import numpy as np
from numpy.typing import NDArray

from anlan.hazards.contract import InputError
from anlan.hazards.flood import ice, routing

Array = NDArray[np.float64]
#: Steps that a forecast looks back on, steps of the past that are forecast for the skill, fewest pairs of a rating.
WINDOW, SCORED, RATED = 30, 120, 48
#: Longest hole that is bridged, steps.
BRIDGED = 3
#: Least allowed error of a stage (m): GB/T 22482-2008 6.2 (待核对 against the print).
STAGE_M = 0.10
#: Quantile of the normal distribution for the 80 % band.
Z80 = 1.2816
#: How much of the last change of stage is left a step later, where no flow is known: 待核对.
DAMPED = 0.8


@dataclass(frozen=True)
class Said:
    """Hours after now, stages (m), flows (m3/s; empty without), half-widths of the 80 % band (m), method, skill by lead, parameters."""

    hours: list[float]
    stages: list[float]
    flows: list[float]
    bands: list[float]
    method: str
    skill: dict[str, dict[str, float | str]]
    parameters: dict[str, float | str]


Method = Callable[[int, int], tuple[Array, Array]]


def bridged(values: Array) -> Array:
    """Holes of a few steps filled in a straight line; longer ones stay."""
    found = values.copy()
    known = np.flatnonzero(np.isfinite(values))
    for a, b in pairwise(known):
        if 1 < b - a <= BRIDGED + 1:
            found[a : b + 1] = np.interp(np.arange(a, b + 1), [a, b], [values[a], values[b]])
    return found


def since_hole(*series: Array) -> int:
    """First step after which all of them are whole until the end."""
    holes = np.flatnonzero(~np.isfinite(np.array(series)).all(axis=0))
    return int(holes[-1]) + 1 if holes.size else 0


def forecast(
    stage: Array, step_h: float, lead_h: float, flow: Array | None = None, upstream: Array | None = None,
    travel_h: float | None = None, weight: float = 0.2,
) -> Said | None:  # fmt: skip
    """What the last readings let expect; None with too few of them."""
    stage = bridged(stage)
    steps = max(1, ceil(lead_h / step_h))
    routed = None
    if flow is not None and upstream is not None:
        routed = by_flow(stage, bridged(flow), bridged(upstream), step_h, travel_h, weight)
    if routed is not None:
        start, method, name, parameters = routed
        stage = stage[start:]
    else:
        stage = stage[since_hole(stage) :]
        method, name, parameters = by_trend(stage), "本站水位趋势外推（无上下游流量）", {"damped": DAMPED}
    if stage.size < WINDOW + 3:
        return None
    said, flows = method(stage.size - 1, steps)
    skill, errors = scored(method, stage, steps, step_h)
    bands = (
        np.interp(np.arange(1, steps + 1), list(errors), [Z80 * v for v in errors.values()])
        if errors
        else np.zeros(steps)
    )
    return Said(
        [round(step_h * (k + 1), 2) for k in range(steps)], np.round(said, 3).tolist(), np.round(flows, 1).tolist(),
        np.round(bands, 3).tolist(), name, skill, parameters,
    )  # fmt: skip


def by_flow(
    stage: Array, flow: Array, upstream: Array, step_h: float, travel_h: float | None, weight: float
) -> tuple[int, Method, str, dict[str, float | str]] | None:
    """Muskingum with updating, on the part of the past that is whole; None where there is too little of it."""
    start = since_hole(stage, flow, upstream)
    h, q, u = stage[start:], flow[start:], upstream[start:]
    if h.size < RATED or (q <= 0).any() or (u < 0).any():
        return None
    try:
        model, gain = fitted(u, q, step_h, travel_h, weight)
        curve = ice.rating(q.tolist(), h.tolist(), classes=max(3, min(12, h.size // 16)))
    except InputError:
        return None
    memory = routing.memory_of(h - np.interp(q, curve.flows, curve.stages))

    def method(now: int, steps: int) -> tuple[Array, Array]:
        first = max(0, now - WINDOW)
        said = routing.forecast(model, u[first : now + 1], q[first : now + 1], steps, step_h, gain).corrected
        off = h[now] - np.interp(q[now], curve.flows, curve.stages)
        return np.interp(said, curve.flows, curve.stages) + off * memory ** np.arange(1, steps + 1), said

    parameters: dict[str, float | str] = {
        "k_h": round(model.k_h, 2), "x": round(model.x, 2), "reaches": model.reaches, "gain_m3_s": round(gain, 1),
        "memory": round(memory, 3), "rating_spread_m": round(curve.spread_m, 3),
    }  # fmt: skip
    return start, method, "马斯京根演算＋实时误差校正（AR1），本站近期水位流量关系", parameters


def fitted(
    upstream: Array, flow: Array, step_h: float, travel_h: float | None, weight: float
) -> tuple[routing.Muskingum, float]:
    """The register's K and x cut into reaches that the step allows, or the ones that fit the past best."""
    if travel_h is None:
        return routing.calibrate(upstream[-240:].tolist(), flow[-240:].tolist(), step_h)
    reaches = max(1, min(100, round(travel_h / step_h)))
    model = routing.Muskingum(travel_h / reaches, weight, reaches)
    gain = float(np.mean(flow - model.route(upstream, step_h)))
    return model, gain


def by_trend(stage: Array) -> Method:
    """The last change goes on and dies away."""

    def method(now: int, steps: int) -> tuple[Array, Array]:
        change = (stage[now] - stage[max(0, now - 3)]) / 3
        return stage[now] + change * np.cumsum(DAMPED ** np.arange(1, steps + 1)), np.zeros(0)

    return method


def scored(
    method: Method, stage: Array, steps: int, step_h: float
) -> tuple[dict[str, dict[str, float | str]], dict[int, float]]:
    """(skill by lead in hours, root mean square error by lead in steps) of the forecasts of the last steps."""
    leads = sorted({1, max(1, steps // 2), steps})
    first = max(WINDOW, stage.size - SCORED - steps)
    made = {lead: np.full(stage.size, np.nan) for lead in leads}
    for now in range(first, stage.size - 1):
        said, _ = method(now, steps)
        for lead in leads:
            if now + lead < stage.size:
                made[lead][now + lead] = said[lead - 1]
    skills: dict[str, dict[str, float | str]] = {}
    errors: dict[int, float] = {}
    for lead in leads:
        try:
            found = routing.skill(stage.tolist(), made[lead].tolist(), lead, STAGE_M)
        except InputError:
            continue
        errors[lead] = found.rmse
        skills[f"{lead * step_h:g}"] = {
            "nse": round(found.nse, 3), "persistence": round(found.persistence, 3), "rmse_m": round(found.rmse, 3),
            "passed": round(found.passed, 3), "grade": found.grade, "count": found.count,
        }  # fmt: skip
    return skills, errors


def crossing(said: Said, levels: Mapping[str, float | None]) -> tuple[str, float, float] | None:
    """(name of the highest level that is reached, its height, hours until then); None where none is."""
    for name, level in sorted(levels.items(), key=lambda row: -(row[1] or 0.0)):
        if level is not None:
            for hour, stage in zip(said.hours, said.stages, strict=True):
                if stage >= level:
                    return name, level, hour
    return None
