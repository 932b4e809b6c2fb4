"""飞火另起新火 (spot fires): firebrands of a burning grid that fly over barriers, land and light fires of their own.

A cell throws as many brands as it gives off heat (Poisson); each flies downwind a random share of the greatest distance of
`spotting` (Albini 1983) and lights by Schroeder's 1969 chance of ignition. What it lights burns on as any fire of `front` and
throws in its turn. One draw is one of many futures: an ensemble of them is a chance. Crown fires throw by their surface fuel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from anlan.hazards.contract import InputError
from anlan.hazards.wildfire import front
from anlan.hazards.wildfire.rothermel import KM_H_FT_MIN
from anlan.hazards.wildfire.spotting import greatest_m

Floats = NDArray[np.float64]
Room = tuple[Floats, Floats, NDArray[np.int8], front.Heap]
#: A brand smoulders so long before it is a fire (min): 待核对. Also the step in which sources are taken, so that cause precedes effect.
SMOULDER_MIN = 5.0
#: Mean flight over the greatest distance, and sideways spread (radians): ours, 待核对.
MEAN_SHARE, ASIDE = 1 / 3, 0.1
#: Square metres of a cell times kW/m per m/min, in GJ.
GJ = 60 / 1e6
PER_GJ = 0.02
#: More brands than this of one step are thinned out: the landing cells are long full of them.
MOST_A_STEP = 20_000


@dataclass(frozen=True)
class Spotting:
    """Cover downwind (m), brands that land alight per heat released (1/GJ), temperature of fine fuel (°C).

    Nobody has measured the number: 0.02 is about one a hectare of grass (ours, 待核对); pyretechnics counts 1 thrown, not landed alight.
    """

    cover_m: float
    per_gj: float = PER_GJ
    fuel_c: float = 30.0

    def __post_init__(self) -> None:
        for part, low, high in zip(fields(self), (0.01, 0.0, -40.0), (120.0, 100.0, 80.0), strict=True):
            value = getattr(self, part.name)
            if not (isfinite(value) and low <= value <= high):
                raise InputError(f"spotting.{part.name}", value, f"{low:g} 至 {high:g}")


@dataclass(frozen=True)
class Brand:
    """A brand that lit a fire: where it landed (x, y, metres), the minute it burns, how far it flew."""

    x: float
    y: float
    minute: float
    flown_m: float


def ignition_chance(fuel_c: float, moisture: float) -> float:
    """Chance that a brand lights fine dead fuel (Schroeder 1969): by the heat that brings it to ignition (cal/g)."""
    dry = 144.512 - 0.266 * fuel_c - 0.00058 * fuel_c**2
    wet = -fuel_c * moisture + 18.54 * (1 - float(np.exp(-15.1 * moisture))) + 640 * moisture
    return min(1.0, 0.000048 * (max(0.0, 400 - dry - wet) / 10) ** 4.3 / 50)


def go_on(
    land: front.Country,
    room: Room,
    moistures: Sequence[float],
    begin: float,
    until: float,
    spotting: Spotting,
    random: np.random.Generator,
) -> tuple[list[Brand], int]:
    """Let what `front.march` burnt throw its brands, in order of time, and burn on from each; `moistures`: 1-h dead, by band.

    Returns what was lit, and how many brands landed alight beyond the grid, where nothing can be said of them. The front is corrected in place, as a later source only ever makes arrivals earlier.
    """
    cells, waves, state, heap = room
    lit: list[Brand] = []
    outside = 0
    for start in np.arange(begin, until - SMOULDER_MIN, SMOULDER_MIN):
        burning = front.between(cells, state, start, start + SMOULDER_MIN)
        if not burning.size:
            continue
        band = int(np.searchsorted(land.ends, start, side="right"))
        landed = [brand for brand in flown(land, cells, burning, band, spotting, random) if brand.minute < until]
        outside += sum(cell_of(land, brand) is None for brand in landed)
        new = [brand for brand in landed if takes(land, cells, state, brand)]
        if not new:
            continue
        chance = ignition_chance(spotting.fuel_c, moistures[band])
        for brand, drawn in zip(new, random.random(len(new)), strict=True):
            if drawn < chance:
                front.seed(land, cells, waves, state, heap, brand.x, brand.y, brand.minute)
                lit.append(brand)
        if heap.size[0] and front.march(land, cells, waves, state, heap, until, 60 * land.closed.size) < 0:
            raise ArithmeticError("火线推进未收敛")
    return lit, outside


def flown(
    land: front.Country,
    cells: Floats,
    burning: NDArray[np.int64],
    band: int,
    spotting: Spotting,
    random: np.random.Generator,
) -> list[Brand]:
    """Brands of some cells where they land, beyond the cell they came from, the first to land first."""
    slope = np.hypot(cells[burning, front.GRAD_X], cells[burning, front.GRAD_Y])
    burning, slope = burning[slope > 0], slope[slope > 0]
    bed = land.beds[band, land.fuel[burning]]
    heat = bed[:, front.REACTION] * bed[:, front.RESIDENCE] / 60 * front.KW_M / front.FT
    column = burning if land.wind_x.shape[1] > 1 else np.zeros_like(burning)
    wind_x, wind_y = land.wind_x[band, column], land.wind_y[band, column]
    # 20-ft wind in ft/min back to m/s at 10 m
    speed = np.hypot(wind_x, wind_y) * 1.15 / KM_H_FT_MIN / 3.6
    far = greatest_m(heat / slope, speed, spotting.cover_m)
    number = random.poisson(np.minimum(spotting.per_gj * heat * GJ * land.cell_m**2, 1e6) * (far > land.cell_m))
    if number.sum() > MOST_A_STEP:
        number = random.binomial(number, MOST_A_STEP / number.sum())
    of = np.repeat(np.arange(burning.size), number)
    share = random.exponential(MEAN_SHARE, of.size)
    turn = np.arctan2(wind_y, wind_x)[of] + ASIDE * random.standard_normal(of.size)
    metres = share * far[of]
    kept = (share <= 1) & (metres > land.cell_m)
    of, turn, metres = of[kept], turn[kept], metres[kept]
    rows, columns = np.divmod(burning[of], land.width)
    x = (columns - 1) * land.cell_m + metres * np.cos(turn)
    y = (rows - 1) * land.cell_m + metres * np.sin(turn)
    minute = cells[burning[of], front.TIME] + metres / np.maximum(speed[of], 0.1) / 60 + SMOULDER_MIN
    order = np.argsort(minute, kind="stable")
    return [
        Brand(*row)
        for row in zip(*(part[order].tolist() for part in (x, y, minute, metres)), strict=True)
    ]  # fmt: skip


def cell_of(land: front.Country, brand: Brand) -> int | None:
    """The cell it lands in; None beyond the grid."""
    column, row = (int(np.floor(v / land.cell_m + 0.5)) for v in (brand.x, brand.y))
    inside = 0 <= column < land.width - 2 and 0 <= row < land.closed.size // land.width - 2
    return (row + 1) * land.width + column + 1 if inside else None


def takes(land: front.Country, cells: Floats, state: NDArray[np.int8], brand: Brand) -> bool:
    """Whether the place it lands on is on the grid, burns, has not burnt by then, and is no observed fire's."""
    at = cell_of(land, brand)
    if at is None or land.closed[at] <= brand.minute:
        return False
    if state[at] != front.UNSEEN and cells[at, front.TIME] <= brand.minute:
        return False
    return not (state[[at, *(at + land.ring)]] == front.SOURCE).any()


def told(lit: Sequence[Brand], outside: int) -> dict[str, float]:
    """How many, how far the farthest flew, and how many flew over the edge."""
    return {"lit": len(lit), "farthest_m": max((brand.flown_m for brand in lit), default=0.0), "outside": outside}
