"""Which lots of which store go to which place: soonest there, first to expire first, with a proven optimum.

A transportation problem per material (Hitchcock 1941; Dantzig 1963, ch. 14), solved as linear programmes by HiGHS (Huangfu and
Hall 2018, doi:10.1007/s12532-017-0130-5). With whole supplies and needs its vertices are whole. The gap is proven by our own
evaluation of the dual solution (weak duality), not by the solver's word. When every load costs something (a lorry, a driver), it
is the fixed-charge problem (Hirsch and Dantzig 1968), a mixed-integer programme whose gap HiGHS proves. Pure: arrays in and out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import coo_array

from anlan.hazards.contract import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: What a unit not delivered costs beside minutes; more than any way, so that all that can be delivered is.
UNMET_MINUTES = 100_000.0
#: Minutes of driving one accepts to hand out goods that expire a day earlier: parameter, 待核对.
MINUTES_PER_DAY = 0.1
#: Longer lives count alike, d.
LONGEST_LIFE_DAYS = 400.0
#: Urgency of priorities 1, 2, 3: a minute for the first weighs four of the third. Parameter, 待核对.
URGENCY = {1: 4.0, 2: 2.0, 3: 1.0}
#: What one more load costs, in weighted unit minutes: a hundred things half an hour away. Parameter, 待核对.
LOAD_MINUTES = 6_000.0
#: Larger problems are solved without the cost of loads; and how long the search may take, s.
MOST_WITH_LOADS, SEARCH_S = 20_000, 4.0
#: Variables of one programme: materials are solved together up to this many, to spare the solver's start.
TOGETHER = 3_000


@dataclass(frozen=True)
class Lots:
    """What is there. `material` and `store` number the rows of the other tables; `days` until expiry, infinite if none."""

    quantity: Floats
    material: Ints
    store: Ints
    days: Floats


@dataclass(frozen=True)
class Allocated:
    """`lot`, `place`, `quantity` of each flow; `short` [places, materials]; cost in weighted unit minutes and its lower bound."""

    lot: Ints
    place: Ints
    quantity: Floats
    short: Floats
    cost: float
    bound: float
    #: Whether the cost of loads was counted.
    loads_counted: bool = False

    @property
    def gap(self) -> float:
        """Share by which the plan could at most be better; 0 = the best there is."""
        return max(self.cost - self.bound, 0.0) / max(abs(self.cost), 1e-9)


def allocate(lots: Lots, minutes: Floats, need: Floats, priority: Ints, load: float = 0.0) -> Allocated:
    """The cheapest plan. `minutes` [stores, places] (infinite = no way), `need` [places, materials], `priority` [places].

    `load`: what each pair of a store and a place that is used costs beside the minutes of its goods.
    """
    check(lots, minutes, need, priority)
    if load > 0 and 0 < lots.quantity.size * minutes.shape[1] <= MOST_WITH_LOADS:
        return with_loads(lots, minutes, need, priority, load)
    return plain(lots, minutes, need, priority, fair(lots, minutes, need, priority))


def plain(lots: Lots, minutes: Floats, need: Floats, priority: Ints, served: Floats) -> Allocated:
    """Without the cost of loads: one transportation problem per material, exact."""
    urgency = np.array([URGENCY[int(p)] for p in priority])
    life = MINUTES_PER_DAY * np.minimum(lots.days, LONGEST_LIFE_DAYS)
    order = np.argsort(lots.material, kind="stable")
    starts = np.searchsorted(lots.material[order], np.arange(need.shape[1] + 1))
    flows: list[tuple[Ints, Ints, Floats]] = []
    cost = bound = 0.0
    for group in groups(starts, minutes.shape[1]):
        mine = order[starts[group[0]] : starts[group[-1] + 1]]
        found = solve(mine, lots, minutes, served, urgency, life)
        flows.append(found[:3])
        cost, bound = cost + found[3], bound + found[4]
    lot, place, quantity = (np.concatenate(parts) for parts in zip(*flows, strict=True)) if flows else EMPTY
    short = need.copy()
    np.subtract.at(short, (place, lots.material[lot]), quantity)
    return Allocated(lot, place, quantity, np.where(short < 1e-9, 0.0, short), cost, bound)


def with_loads(lots: Lots, minutes: Floats, need: Floats, priority: Ints, load: float) -> Allocated:
    """Choose which ways are driven at all; the goods on them are then placed exactly."""
    served = fair(lots, minutes, need, priority)
    urgency = np.array([URGENCY[int(p)] for p in priority])
    places = minutes.shape[1]
    reachable: NDArray[np.bool_] = np.isfinite(minutes[lots.store]) & (served[:, lots.material].T > 0)
    lot, place = np.nonzero(reachable & (lots.quantity[:, None] > 0))
    wanted, want = np.unique(lots.material[lot] * places + place, return_inverse=True)
    ways, way = np.unique(lots.store[lot] * places + place, return_inverse=True)
    if not lot.size:
        return plain(lots, minutes, need, priority, served)
    goods, slack, trips = lot.size, wanted.size, ways.size
    asked = served[wanted % places, wanted // places]
    life = MINUTES_PER_DAY * np.minimum(lots.days, LONGEST_LIFE_DAYS)
    price = minutes[lots.store[lot], place] * urgency[place] + life[lot]
    cost = np.concatenate((price, UNMET_MINUTES * urgency[wanted % places], np.full(trips, load)))
    column, most = np.arange(goods), np.minimum(lots.quantity[lot], asked[want])
    supplies, needs = lots.quantity.size, lots.quantity.size + slack
    row = np.concatenate((lot, supplies + want, supplies + np.arange(slack), needs + column, needs + column))
    at = np.concatenate((column, column, goods + np.arange(slack), column, goods + slack + way))
    value = np.concatenate((np.ones(2 * goods + slack), np.ones(goods), -most))
    matrix = coo_array((value, (row, at)), shape=(needs + goods, goods + slack + trips)).tocsr()
    low = np.concatenate((np.zeros(supplies), asked, np.full(goods, -np.inf)))
    high = np.concatenate((lots.quantity, asked, np.zeros(goods)))
    upper = np.concatenate((most, asked, np.ones(trips)))
    found = milp(
        cost, integrality=np.concatenate((np.zeros(goods + slack), np.ones(trips))), bounds=Bounds(0, upper),
        constraints=LinearConstraint(matrix, low, high), options={"time_limit": SEARCH_S},
    )  # fmt: skip
    if found.x is None:
        return plain(lots, minutes, need, priority, served)
    driven = ways[found.x[goods + slack :] > 0.5]
    only = np.full(minutes.shape, np.inf)
    only[driven // places, driven % places] = minutes[driven // places, driven % places]
    placed = plain(lots, only, need, priority, served)
    used = np.unique(lots.store[placed.lot] * places + placed.place).size
    given = np.bincount(
        np.searchsorted(wanted, lots.material[placed.lot] * places + placed.place), placed.quantity, slack
    )
    unmet = cost[goods : goods + slack] @ (asked - given)
    each = minutes[lots.store[placed.lot], placed.place] * urgency[placed.place] + life[placed.lot]
    total = float(placed.quantity @ each + unmet) + load * used
    return replace(placed, cost=total, bound=float(found.mip_dual_bound), loads_counted=True)


EMPTY = (np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))


def groups(starts: Ints, places: int) -> list[list[int]]:
    """Neighbouring materials whose programmes are solved as one."""
    found: list[list[int]] = []
    size = 0
    for material in range(starts.size - 1):
        columns = int(starts[material + 1] - starts[material]) * places
        if not columns:
            continue
        if found and size + columns <= TOGETHER and found[-1][-1] == material - 1:
            found[-1].append(material)
        else:
            found.append([material])
            size = 0
        size += columns
    return found


def fair(lots: Lots, minutes: Floats, need: Floats, priority: Ints) -> Floats:
    """What each place can be given when there is too little: the first priority first, within one in proportion to need.

    Whole parts by the largest remainder (Hamilton), so that whole goods stay whole.
    """
    there = np.zeros(need.shape[1])
    reached = np.asarray(np.isfinite(minutes).any(axis=1))
    np.add.at(there, lots.material, np.where(reached[lots.store], lots.quantity, 0.0))
    served = np.zeros_like(need)
    for level in sorted(set(priority.tolist())):
        rows = np.flatnonzero(priority == level)
        asked = need[rows]
        total = asked.sum(axis=0)
        plenty = total <= there
        served[rows] = np.where(plenty, asked, 0.0)
        for material in np.flatnonzero(~plenty):
            served[rows, material] = portions(asked[:, material], there[material])
        there = there - served[rows].sum(axis=0)
    return served


def portions(asked: Floats, there: float) -> Floats:
    exact = asked * (there / asked.sum())
    given = np.floor(exact)
    left = int(np.floor(there) - given.sum() + 0.5)
    if left > 0:
        most = np.argsort(-(exact - given), kind="stable")[:left]
        given[most] += 1
    found: Floats = np.minimum(given, asked)
    return found


def solve(
    mine: Ints, lots: Lots, minutes: Floats, served: Floats, urgency: Floats, life: Floats
) -> tuple[Ints, Ints, Floats, float, float]:
    """One programme over some materials: flows, cost and the bound from the dual."""
    places = minutes.shape[1]
    row, place = np.nonzero(np.isfinite(minutes[lots.store[mine]]) & (served[:, lots.material[mine]].T > 0))
    lot = mine[row]
    if not lot.size:
        return *EMPTY, 0.0, 0.0
    wanted, want_row = np.unique(lots.material[lot] * places + place, return_inverse=True)
    need = served[wanted % places, wanted // places]
    price = minutes[lots.store[lot], place] * urgency[place] + life[lot]
    columns, slack = lot.size, wanted.size
    cost = np.concatenate((price, UNMET_MINUTES * urgency[wanted % places]))
    supply = coo_array((np.ones(columns), (row, np.arange(columns))), shape=(mine.size, columns + slack))
    rows = np.concatenate((want_row, np.arange(slack)))
    demand = coo_array((np.ones(columns + slack), (rows, np.arange(columns + slack))), shape=(slack, columns + slack))
    have = lots.quantity[mine]
    found = linprog(cost, A_ub=supply.tocsr(), b_ub=have, A_eq=demand.tocsr(), b_eq=need, method="highs-ds")
    taken = np.where(found.x[:columns] < 1e-9, 0.0, found.x[:columns])
    used = np.flatnonzero(taken)
    pay = np.minimum(found.ineqlin.marginals, 0.0)
    # Any prices of the needs that no column undercuts are a bound: take the largest the supplies' prices allow.
    reduced = price - pay[row]
    worth = np.minimum(cost[columns:], lowest(reduced, want_row, slack))
    return lot[used], place[used], taken[used], float(cost @ found.x), float(worth @ need + pay @ have)


def lowest(values: Floats, index: Ints, size: int) -> Floats:
    found = np.full(size, np.inf)
    np.minimum.at(found, index, values)
    return found


def check(lots: Lots, minutes: Floats, need: Floats, priority: Ints) -> None:
    """Refuse what is no transportation problem, naming the field."""
    if minutes.ndim != 2 or np.isnan(minutes).any() or (minutes < 0).any():
        raise InputError("minutes", minutes.shape, "“库点 × 需求点”的分钟数，不小于 0，到不了的写无穷大")
    if need.ndim != 2 or need.shape[0] != minutes.shape[1] or not np.isfinite(need).all() or (need < 0).any():
        raise InputError("need", need.shape, "“需求点 × 物资”的数量，不小于 0")
    if priority.shape != (need.shape[0],) or not set(priority.tolist()) <= set(URGENCY):
        raise InputError("priority", priority.tolist(), "每个需求点一个 1、2 或 3")
    sizes = {lots.quantity.shape, lots.material.shape, lots.store.shape, lots.days.shape}
    if len(sizes) != 1 or not np.isfinite(lots.quantity).all() or (lots.quantity < 0).any():
        raise InputError("lots.quantity", sizes, "每个批次一个不小于 0 的数量")
    if np.isnan(lots.days).any() or (lots.days < 0).any():
        raise InputError("lots.days", "NaN 或负数", "不小于 0 的剩余天数（过期的不得调拨），无失效日期写无穷大")
    if lots.quantity.size and (lots.material.max() >= need.shape[1] or lots.store.max() >= minutes.shape[0]):
        raise InputError("lots", int(lots.material.max()), "material、store 为表中已有的序号")
