"""What the weather engines are verified against."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from anlan.hazards.verified import Verified
from anlan.hazards.weather import extremes, phenomena
from anlan.hazards.weather.fwi import CLASSIC, EXACT, Codes
from anlan.hazards.weather.fwi_grid import NAMES, Season
from anlan.hazards.weather.fwi_grid import season as on_grid
from anlan.hazards.weather.tests.test_fwi import days

CFFDRS = "cffdrs_r, the 48 days of Van Wagner & Pickett 1985"
CLASSIC_SOURCE = "Van Wagner & Pickett 1985, day 1; xclim 0.62, day 48"
ORDER = "中国气象局令第16号（2007）"


def rows(shared: Path | None) -> Iterator[Verified]:
    yield from comfort()
    yield from signals()
    if shared is not None:
        yield from fire_weather(shared / "verification/weather")


def grid_of(folder: Path, scale: float) -> Season:
    given = days(folder)
    columns = (np.array([getattr(day, name) for day in given]) for name in ("temp_c", "rh_pct", "wind_km_h", "rain_mm"))
    start = Codes(85.0, 6.0, 15.0, 0.0, 0.0, 0.0)
    return on_grid(*columns, months=np.array([day.month for day in given]), start=start, scale=scale)


def fire_weather(folder: Path) -> Iterator[Verified]:
    classic, exact = grid_of(folder, CLASSIC), grid_of(folder, EXACT)
    known = json.loads((folder / "fwi_classic_values.json").read_text(encoding="utf-8"))
    with (folder / "fwi_expected_cffdrsR_48day.csv").open(encoding="utf-8") as file:
        expected = [{key.upper(): value for key, value in row.items() if key} for row in csv.DictReader(file)]
    for name in NAMES:
        first, last = known["classic_day1"][name], known["xclim_day48"][name]
        ours = getattr(classic, name)
        yield Verified(f"{name} day 1, constant 147.2", CLASSIC_SOURCE, first, float(ours[0]), "", 0.01, False)
        yield Verified(f"{name} day 48, constant 147.2", CLASSIC_SOURCE, last, float(ours[47]), "", 0.01, False)
        theirs = np.array([float(row[name]) for row in expected])
        worst = float(np.abs(getattr(exact, name) - theirs).max())
        note = "largest difference of 48 days; the table prints two decimals"
        yield Verified(f"{name}, constant 147.27723", CFFDRS, 0.0, worst, "", 0.0101, False, note)


def comfort() -> Iterator[Verified]:
    yield Verified("wind chill, -20 degC and 30 km/h", "Environment Canada 2001, formula", -32.57,
                   extremes.wind_chill(-20, 30 / 3.6), "degC", 0.01, False)  # fmt: skip
    yield Verified("heat index, 90 degF and 70 %", "US NWS table (105.9 degF)", 41.06,
                   extremes.heat_index((90 - 32) / 1.8, 70), "degC", 0.1, False)  # fmt: skip


def signals() -> Iterator[Verified]:
    """Truth table of the four signals told by words: 1 where the colour is the order's."""
    table = (
        ("台风", {"typhoon": 1, "typhoon_hours": 24, "mean_wind_class": 6}, "蓝"),
        ("台风", {"typhoon": 1, "typhoon_hours": 24, "gust_class": 10}, "黄"),
        ("台风", {"typhoon": 1, "typhoon_hours": 12, "mean_wind_class": 10}, "橙"),
        ("台风", {"typhoon": 1, "typhoon_hours": 6, "gust_class": 14}, "红"),
        ("道路结冰", {"road_temp_c": -1, "precip_mm_12h": 1}, "黄"),
        ("道路结冰", {"road_temp_c": -1, "precip_mm_6h": 1}, "橙"),
        ("道路结冰", {"road_temp_c": -1, "precip_mm_2h": 1}, "红"),
        ("雷电", {"lightning_prob_6h": 0.5}, "黄"),
        ("雷电", {"lightning_prob_2h": 0.7}, "橙"),
        ("雷电", {"lightning_prob_2h": 0.9}, "红"),
        ("冰雹", {"hail_prob_6h": 0.5}, "橙"),
        ("冰雹", {"hail_prob_2h": 0.9, "hail_mm": 30}, "红"),
    )
    for name, seen, colour in table:
        right = float(phenomena.judge(name, seen).colour == colour)
        case = f"{name}{colour}色: {', '.join(f'{k} {v}' for k, v in seen.items())}"
        note = "limits of 可能/很大/极大 待核对" if any("prob" in key for key in seen) else ""
        yield Verified(case, ORDER, 1.0, right, "", 0.0, False, note)
