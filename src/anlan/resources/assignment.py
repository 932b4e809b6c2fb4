"""Which unit goes to which task: the least weighted arrival time, with a reserve kept at home and a proven gap.

The assignment problem with side constraints (transportation problem; Dantzig 1963), as a mixed-integer programme for
HiGHS (Huangfu and Hall 2018, doi:10.1007/s12532-017-0130-5). Pure: arrays in, arrays out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from anlan.hazards.contract import InputError

#: What one place left uncovered costs beside minutes of arrival. Larger than any arrival, so coverage comes first.
UNCOVERED_MINUTES = 100_000.0


@dataclass(frozen=True)
class Assigned:
    """`task_of[unit]` is the task of a unit or -1; `short[task]` the units a task still lacks; `gap` is proven (0 = best)."""

    task_of: NDArray[np.int64]
    short: NDArray[np.int64]
    gap: float


def assign(
    minutes: NDArray[np.float64],
    need: NDArray[np.int64],
    weight: NDArray[np.float64],
    home: NDArray[np.int64],
    reserve: NDArray[np.int64],
    limit_s: float = 2.0,
) -> Assigned:
    """Assign units to tasks.

    `minutes` [units, tasks]: arrival in minutes, infinite where the unit is not capable or cannot get there.
    `need` [tasks]: units wanted; `weight` [tasks]: urgency (> 0). `home` [units]: the station of a unit;
    `reserve` [stations]: units that must stay there (as many as it has, if it has fewer). `limit_s`: seconds to search.
    """
    _check(minutes, need, weight, home, reserve, limit_s)
    units, tasks = minutes.shape
    unit, task = np.nonzero(np.isfinite(minutes))
    pairs, columns = unit.size, unit.size + tasks
    cost = np.concatenate((minutes[unit, task] * weight[task], UNCOVERED_MINUTES * weight))
    column = np.arange(pairs)
    leaving = np.maximum(np.bincount(home, minlength=reserve.size) - reserve, 0)
    row = np.concatenate((unit, units + task, units + np.arange(tasks), units + tasks + home[unit]))
    place = np.concatenate((column, column, pairs + np.arange(tasks), column))
    matrix = coo_array((np.ones(row.size), (row, place)), shape=(units + tasks + reserve.size, columns)).tocsr()
    low = np.concatenate((np.zeros(units), need, np.zeros(reserve.size)))
    high = np.concatenate((np.ones(units), need, leaving))
    upper = np.concatenate((np.ones(pairs), need))
    found = milp(
        cost,
        integrality=np.ones(columns),
        bounds=Bounds(0, upper),
        constraints=LinearConstraint(matrix, low, high),
        options={"time_limit": limit_s},
    )
    if found.x is None:  # leaving everybody at home always satisfies the constraints: only the time can be at fault
        return Assigned(np.full(units, -1, np.int64), need.astype(np.int64), 1.0)
    chosen = found.x[:pairs] > 0.5
    task_of = np.full(units, -1, np.int64)
    task_of[unit[chosen]] = task[chosen]
    return Assigned(task_of, np.rint(found.x[pairs:]).astype(np.int64), float(found.mip_gap))


def _check(
    minutes: NDArray[np.float64],
    need: NDArray[np.int64],
    weight: NDArray[np.float64],
    home: NDArray[np.int64],
    reserve: NDArray[np.int64],
    limit_s: float,
) -> None:
    if minutes.ndim != 2 or minutes.size == 0:
        raise InputError("minutes", minutes.shape, "一个非空的“队伍 × 任务”表")
    if np.isnan(minutes).any() or (minutes < 0).any():
        raise InputError("minutes", "NaN 或负数", "不小于 0 的分钟数，到不了的写无穷大")
    if need.shape != (minutes.shape[1],) or (need < 0).any():
        raise InputError("need", need.tolist(), "每项任务一个不小于 0 的整数")
    if weight.shape != need.shape or not np.isfinite(weight).all() or (weight <= 0).any():
        raise InputError("weight", weight.tolist(), "每项任务一个大于 0 的数")
    if reserve.ndim != 1 or (reserve < 0).any():
        raise InputError("reserve", reserve.tolist(), "每个驻地一个不小于 0 的整数")
    if home.shape != (minutes.shape[0],) or (home < 0).any() or (home >= reserve.size).any():
        raise InputError("home", home.tolist(), f"每支队伍一个驻地序号，0 至 {reserve.size - 1}")
    if not (np.isfinite(limit_s) and limit_s > 0):
        raise InputError("limit_s", limit_s, "大于 0 的秒数")
