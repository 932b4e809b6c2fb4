"""河道演算与水位预报 (Muskingum): route a flow down a reach, correct by what was observed, say how good it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, sqrt

import numpy as np
from numpy.typing import NDArray

from anlan.hazards.contract import InputError

Array = NDArray[np.float64]
#: GB/T 22482-2008: a flood forecast passes when its error is within 20 % of the observed change over the lead time.
PASS_SHARE = 0.2
#: Classes of the passing share (合格率): 甲 >= 85 %, 乙 70 %, 丙 60 %.
CLASSES = ((0.85, "甲"), (0.70, "乙"), (0.60, "丙"))


@dataclass(frozen=True)
class Muskingum:
    """Storage S = K (x I + (1 - x) O) of each of `reaches` equal parts; K in hours is that of one part."""

    k_h: float
    x: float
    reaches: int = 1

    def coefficients(self, dt_h: float) -> tuple[float, float, float]:
        """c0, c1, c2 of O' = c0 I' + c1 I + c2 O; refused where the step would make one negative."""
        if not isfinite(self.k_h) or not 0 < self.k_h <= 1000:
            raise InputError("k_h", self.k_h, "> 0，<= 1000 h")
        if not 0 <= self.x <= 0.5:
            raise InputError("x", self.x, "0 至 0.5")
        if not 1 <= self.reaches <= 100:
            raise InputError("reaches", self.reaches, "1 至 100")
        low, high = 2 * self.k_h * self.x, 2 * self.k_h * (1 - self.x)
        if not isfinite(dt_h) or not max(low, 1e-6) - 1e-9 <= dt_h <= high + 1e-9:
            raise InputError("dt_h", dt_h, f"{low:.3g} 至 {high:.3g} h（2Kx 至 2K(1-x)）")
        scale = 2 * self.k_h * (1 - self.x) + dt_h
        return (dt_h - low) / scale, (dt_h + low) / scale, (high - dt_h) / scale

    def route(self, inflow: Sequence[float] | Array, dt_h: float, first: float | None = None) -> Array:
        """Outflow (m3/s) of each step, steady before the first."""
        c0, c1, c2 = self.coefficients(dt_h)
        flow = checked("inflow", inflow)
        for _ in range(self.reaches):
            out = np.empty_like(flow)
            out[0] = flow[0] if first is None else first
            for i in range(1, flow.size):
                out[i] = c0 * flow[i] + c1 * flow[i - 1] + c2 * out[i - 1]
            flow = out
        return flow


def checked(name: str, values: Sequence[float] | Array) -> Array:
    """Finite, not negative, at least two."""
    flow = np.asarray(values, float)
    if flow.ndim != 1 or flow.size < 2:
        raise InputError(name, list(flow.shape), "至少 2 个时刻的流量 m³/s")
    wrong = np.flatnonzero(~(np.isfinite(flow) & (flow >= 0)))
    if wrong.size:
        raise InputError(f"{name}[{wrong[0]}]", str(flow[wrong[0]]), ">= 0 m³/s")
    return flow


def calibrate(inflow: Sequence[float], outflow: Sequence[float], dt_h: float) -> tuple[Muskingum, float]:
    """The reach whose routed flow comes nearest (least squares), and the flow that joins on the way (m3/s, constant)."""
    known, seen = checked("inflow", inflow), checked("outflow", outflow)
    if known.shape != seen.shape or known.size < 10:
        raise InputError("outflow", int(seen.size), f"与 inflow 同样多（{known.size} 个），至少 10 个")
    best: tuple[float, Muskingum, float] | None = None
    for reaches in (1, 2, 3):
        for x in np.linspace(0, 0.5, 11):
            for k in dt_h * np.geomspace(0.5, 8, 33):
                model = Muskingum(float(k), float(x), reaches)
                if not 2 * k * x <= dt_h <= 2 * k * (1 - x):
                    continue
                routed = model.route(known, dt_h)
                gain = float(np.mean(seen - routed))
                error = float(np.mean((seen - routed - gain) ** 2))
                if best is None or error < best[0]:
                    best = error, model, gain
    if best is None:
        raise InputError("dt_h", dt_h, "> 0 h")
    return best[1], best[2]


@dataclass(frozen=True)
class Skill:
    """How good forecasts were: 确定性系数 (Nash-Sutcliffe), against no change (persistence), error, share within the allowance."""

    nse: float
    persistence: float
    rmse: float
    bias: float
    passed: float
    grade: str
    count: int


def skill(observed: Sequence[float], forecast: Sequence[float], lead: int = 1, least: float | None = None) -> Skill:
    """Score forecasts made `lead` steps ahead; pairs with a gap are left out.

    Allowed is a fifth of the observed change, but never less than `least`: 5 % of the flow where none is given, 0.10 m for stages.
    """
    seen, said = np.asarray(observed, float), np.asarray(forecast, float)
    if seen.shape != said.shape or seen.size <= lead + 2 or lead < 1:
        raise InputError("forecast", int(said.size), f"与 observed 同样多，多于 {lead + 2} 个")
    before = np.concatenate([np.full(lead, np.nan), seen[:-lead]])
    good = np.isfinite(seen) & np.isfinite(said) & np.isfinite(before)
    if good.sum() < 3:
        raise InputError("observed", int(good.sum()), "至少 3 个有效时刻")
    seen, said, before = seen[good], said[good], before[good]
    error = float(np.sum((seen - said) ** 2))
    spread, change = float(np.sum((seen - seen.mean()) ** 2)), float(np.sum((seen - before) ** 2))
    allowed = np.maximum(PASS_SHARE * np.abs(seen - before), 0.05 * np.abs(seen) if least is None else least)
    passed = float(np.mean(np.abs(seen - said) <= allowed))
    grade = next((name for share, name in CLASSES if passed >= share), "不合格")
    return Skill(
        1 - error / spread if spread else float("nan"), 1 - error / change if change else float("nan"),
        sqrt(error / seen.size), float(np.mean(said - seen)), passed, grade, int(seen.size),
    )  # fmt: skip


@dataclass(frozen=True)
class Forecast:
    """Flows of the coming steps (m3/s): routed alone, and corrected by the errors seen so far."""

    routed: Array
    corrected: Array
    memory: float


def memory_of(errors: Array) -> float:
    """Lag-one autocorrelation of past errors, 0 to 0.98: how much of today's error stands tomorrow."""
    if errors.size < 3 or not np.any(errors[:-1]):
        return 0.0
    return float(np.clip(np.sum(errors[1:] * errors[:-1]) / np.sum(errors[:-1] ** 2), 0.0, 0.98))


def forecast(
    model: Muskingum, inflow: Sequence[float] | Array, outflow: Sequence[float] | Array, steps: int, dt_h: float,
    gain: float = 0.0, coming: Sequence[float] | None = None,
) -> Forecast:  # fmt: skip
    """Outflow of the next `steps` from what was seen; upstream stays as it is where `coming` is not given.

    Corrected by an autoregressive error of order one (real-time updating).
    """
    known, seen = checked("inflow", inflow), checked("outflow", outflow)
    if known.shape != seen.shape:
        raise InputError("outflow", int(seen.size), f"与 inflow 同样多（{known.size} 个）")
    if not 1 <= steps <= 500:
        raise InputError("steps", steps, "1 至 500")
    ahead = np.full(steps, known[-1]) if coming is None else checked("coming", coming)[:steps]
    if ahead.size < steps:
        raise InputError("coming", int(ahead.size), f"至少 {steps} 个")
    routed = np.maximum(0.0, model.route(np.concatenate([known, ahead]), dt_h) + gain)
    errors = seen - routed[: known.size]
    phi = memory_of(errors[model.reaches :])
    later = routed[known.size :]
    corrected = np.maximum(0.0, later + errors[-1] * phi ** np.arange(1, steps + 1))
    return Forecast(later, corrected, phi)


def hindcast(
    model: Muskingum, inflow: Array, outflow: Array, lead: int, dt_h: float, gain: float = 0.0
) -> tuple[Array, Array]:
    """Forecasts that would have been made `lead` steps before each time: routed alone and corrected; NaN in the first 30."""
    alone, corrected = np.full(inflow.size, np.nan), np.full(inflow.size, np.nan)
    for now in range(30, inflow.size - lead):
        said = forecast(model, inflow[now - 30 : now + 1], outflow[now - 30 : now + 1], lead, dt_h, gain)
        alone[now + lead], corrected[now + lead] = said.routed[-1], said.corrected[-1]
    return alone, corrected
