"""What shaking does to houses and people: damage states by type of building, deaths, injured, homeless, needs, with p10, p50, p90.

Mean damage index of a type at a degree: table 1 of GB/T 17742-2008 (middle of its ranges; the edition of 2020 divides the types
further and was not at hand: 待核对). States of damage (GB/T 24335-2009) about that mean: binomial, as EMS-98 and Lagomarsino & Giovinazzi
2006 have it. Deaths: 马玉宏、谢礼立 2000, from the share of destroyed houses. Injured: shares by state of Hazus (masonry). Homeless:
GB/T 18208.4 (destroyed + severe + half of moderate - deaths). Every constant is a parameter and 待核对 against local surveys.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import ceil, comb, log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anlan.hazards.contract import InputError

Floats = NDArray[np.float64]
STATES = ("基本完好", "轻微破坏", "中等破坏", "严重破坏", "毁坏")
TYPES = {"A": "未设防土、石、旧式砖木", "B": "未设防砖混", "C": "按Ⅶ度设防砖混", "D": "设防框架、剪力墙"}
#: Degree -> mean damage index of types A, B, C; D is C seven tenths of a degree later (示意).
INDEX = {5: (0, 0, 0), 6: (0.055, 0.055, 0.04), 7: (0.20, 0.18, 0.145), 8: (0.40, 0.36, 0.30), 9: (0.60, 0.56, 0.49),
         10: (0.80, 0.76, 0.69), 11: (0.945, 0.925, 0.89), 12: (1, 1, 1)}  # fmt: skip
D_LATER = 0.7
#: Share of the people in a house of each state who are injured, and of these how many seriously (Hazus, unreinforced masonry).
INJURED = (0.0, 0.0005, 0.0035, 0.022, 0.12)
SERIOUS = (0.0, 0.0, 0.0004, 0.002, 0.02)
#: Share of people in destroyed houses who are buried (示意).
BURIED = 0.10
#: 马玉宏、谢礼立 2000: lg share of deaths = 9.0 share destroyed ^ 0.1 - 10.07, times density and, at night, times the degree's factor.
LETHAL = (9.0, 0.1, 10.07)
NIGHT = {6: 17.0, 7: 8.0, 8: 4.0, 9: 2.0, 10: 1.5}
DENSITY = ((500.0, 1.2), (200.0, 1.1), (50.0, 1.0), (0.0, 0.8))
#: Loss of a building's worth by state (GB/T 18208.4, middle of ranges).
WORTH = (0.025, 0.10, 0.30, 0.70, 0.95)
#: ln of the factor by which a model of deaths is off, one standard deviation (示意).
SPREAD_LETHAL = log(2.0)
#: Bins of intensity.
STEP = 0.05
BINS = round(11 / STEP) + 1
DEGREES: Floats = 1.0 + STEP * np.arange(BINS, dtype=np.float64)
#: Draws of the uncertain terms; a fixed sequence, so that the same input gives the same answer.
DRAWS = 4000


@dataclass(frozen=True)
class Town:
    """What people live in: shares by type, floor area and worth. Invented where nobody surveyed (演示)."""

    mix: Mapping[str, float] = field(default_factory=lambda: {"A": 0.08, "B": 0.27, "C": 0.40, "D": 0.25})
    per_km2: float = 300.0
    floor_m2: float = 35.0
    yuan_m2: float = 2500.0

    def __post_init__(self) -> None:
        for name, share in self.mix.items():
            if name not in TYPES or not 0 <= share <= 1:
                raise InputError(f"mix.{name}", share, f"{'、'.join(TYPES)}，0 至 1")
        if abs(sum(self.mix.values()) - 1) > 1e-6:
            raise InputError("mix", sum(self.mix.values()), "各类比例之和为 1")

    @cached_property
    def kind(self) -> tuple[object, ...]:
        """What tells one town's curves from another's: of its density only the factor counts."""
        return tuple(sorted(self.mix.items())), self.dense, self.floor_m2, self.yuan_m2

    @cached_property
    def dense(self) -> float:
        return next(factor for least, factor in DENSITY if self.per_km2 >= least)


def index_of(kind: str, degree: Floats) -> Floats:
    """Mean damage index of a type of building."""
    later = D_LATER if kind == "D" else 0.0
    column = "ABC".index("C" if kind == "D" else kind)
    found: Floats = np.interp(np.asarray(degree) - later, list(INDEX), [row[column] for row in INDEX.values()])
    return found


def states(kind: str, degree: Floats) -> Floats:
    """(5, degrees) share of the houses of a type in each state."""
    mean = index_of(kind, degree)
    return np.array([comb(4, k) * mean**k * (1 - mean) ** (4 - k) for k in range(5)])


def lethality(destroyed: Floats, degree: Floats, night: bool, dense: float) -> Floats:
    """Share of people who die where this share of houses is destroyed."""
    slope, power, less = LETHAL
    share = 10 ** (slope * np.maximum(destroyed, 0) ** power - less)
    factor = np.interp(degree, list(NIGHT), list(NIGHT.values())) if night else 1.0
    found: Floats = np.minimum(share * dense * factor, 0.5) * (destroyed > 1e-4)
    return found


#: Outcomes of a run, in order of the rows of `curves`.
OUTCOMES = ("deaths", "serious", "injured", "buried", "homeless", "loss_yuan", *(f"floor_{k}" for k in range(5)))


def curves(town: Town, night: bool, within: float) -> Floats:
    """(outcomes, BINS): of one resident, by the intensity expected where they live, places scattered `within` about it."""
    total = np.zeros((len(OUTCOMES), BINS))
    for kind, share in town.mix.items():
        by_state = states(kind, DEGREES)
        deaths = lethality(by_state[4], DEGREES, night, town.dense)
        homeless = np.maximum(by_state[4] + by_state[3] + by_state[2] / 2 - deaths, 0)
        worth = np.array(WORTH) @ by_state * town.floor_m2 * town.yuan_m2
        # at degrees below any damage the table's lowest share of loss would be charged to all houses
        worth = worth * (DEGREES >= 5.5)
        rows = [
            deaths,
            np.array(SERIOUS) @ by_state,
            np.array(INJURED) @ by_state,
            BURIED * by_state[4],
            homeless,
            worth,
        ]
        total += share * np.vstack([*rows, by_state * town.floor_m2])
    return blurred(total, within)


def blurred(rows: Floats, sigma: float) -> Floats:
    """Means over a normal scatter of the degree; ends are held."""
    if sigma <= 0:
        return rows
    reach = ceil(4 * sigma / STEP)
    weights = np.exp(-0.5 * (STEP * np.arange(-reach, reach + 1) / sigma) ** 2)
    weights /= weights.sum()
    padded = np.pad(rows, ((0, 0), (reach, reach)), mode="edge")
    return np.array([np.convolve(row, weights, "valid") for row in padded])


def binned(intensity: Any, people: Any, group: Any = None, groups: int = 1) -> Floats:
    """(groups, BINS) residents by the intensity expected where they live."""
    degree, count = np.asarray(intensity, float).ravel(), np.asarray(people, float).ravel()
    if degree.shape != count.shape:
        raise InputError("people", len(count), f"{len(degree)} 个，与场点一一对应")
    if not (np.isfinite(degree).all() and np.isfinite(count).all()) or (count < 0).any():
        raise InputError("people", "nan", ">= 0 的人数")
    place = np.clip(np.rint((degree - 1) / STEP), 0, BINS - 1).astype(np.int64)
    if group is not None:
        place += np.asarray(group, np.int64) * BINS
    found: Floats = np.bincount(place, weights=count, minlength=groups * BINS).astype(np.float64).reshape(groups, BINS)
    return found


@dataclass(frozen=True)
class Losses:
    """p10, p50, p90 and mean of every outcome; houses by state are mean floor areas (m2)."""

    figures: Mapping[str, Mapping[str, float]]
    floor_m2: Mapping[str, float]

    def of(self, name: str) -> Mapping[str, float]:
        return self.figures[name]


def losses(
    residents: Floats, towns: Sequence[Town], between: float, within: float, night: bool = False, draws: int = DRAWS
) -> Losses:
    """Outcomes over all residents (groups, BINS), the whole field shifted by its common error `between` (degrees)."""
    if len(residents) != len(towns):
        raise InputError("towns", len(towns), f"{len(residents)} 组")
    shifts = np.linspace(-4, 4, 81) * between
    totals = np.zeros((len(OUTCOMES), len(shifts)))
    for rows, town in alike(residents, towns):
        table = curves(town, night, within)
        for k, shift in enumerate(shifts):
            moved = np.clip(np.arange(BINS) + shift / STEP, 0, BINS - 1)
            low = np.minimum(moved.astype(int), BINS - 2)
            part = moved - low
            totals[:, k] += (table[:, low] * (1 - part) + table[:, low + 1] * part) @ rows
    rng = np.random.default_rng(20150415)
    common, lethal = rng.standard_normal(draws) * between, np.exp(rng.standard_normal(draws) * SPREAD_LETHAL)
    drawn = {
        name: np.interp(common, shifts, row) if between > 0 else np.full(draws, row[40])
        for name, row in zip(OUTCOMES, totals, strict=True)
    }
    for name in ("deaths", "buried"):
        drawn[name] = drawn[name] * lethal
    figures = {name: quantiles(drawn[name]) for name in OUTCOMES[:6]}
    return Losses(figures, {state: float(drawn[f"floor_{k}"].mean()) for k, state in enumerate(STATES)})


def alike(residents: Floats, towns: Sequence[Town]) -> list[tuple[Floats, Town]]:
    """Residents of towns of one kind taken together."""
    found: dict[object, tuple[Floats, Town]] = {}
    for rows, town in zip(residents, towns, strict=True):
        known = found.get(town.kind)
        found[town.kind] = (rows if known is None else known[0] + rows, town)
    return list(found.values())


def quantiles(values: Floats) -> dict[str, float]:
    low, middle, high = np.quantile(values, [0.1, 0.5, 0.9])
    return {"p10": float(low), "p50": float(middle), "p90": float(high), "mean": float(values.mean())}


@dataclass(frozen=True)
class Norms:
    """What one needs, each a parameter (示意，待核对): the city sets its own."""

    people_per_tent: float = 4.0
    buried_per_team: float = 20.0
    beds_per_serious: float = 1.0
    water_l_day: float = 15.0
    meals_day: float = 3.0
    source: str = "本平台缺省（待核对）：12 m² 帐篷 4 人、每支救援队 72 小时搜救 20 名压埋人员、重伤 1 床、Sphere 手册每人每日用水 15 L"


def needs(found: Losses, norms: Norms | None = None) -> dict[str, dict[str, float]]:
    """Tents, rescue teams, beds, water and meals for p10, p50, p90."""
    n = norms or Norms()
    per = {
        "tents": ("homeless", 1 / n.people_per_tent), "teams": ("buried", 1 / n.buried_per_team),
        "beds": ("serious", n.beds_per_serious), "water_l_day": ("homeless", n.water_l_day), "meals_day": ("homeless", n.meals_day),
    }  # fmt: skip
    return {
        name: {q: float(ceil(found.of(what)[q] * factor - 1e-9)) for q in ("p10", "p50", "p90")}
        for name, (what, factor) in per.items()
    }


def night_at(hour: float) -> bool:
    """People sleep between 22 and 6 o'clock."""
    return hour >= 22 or hour < 6
