"""What the weather engines are verified against."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from scipy import stats

from anlan.hazards.verified import Verified
from anlan.hazards.weather import extremes, mci, phenomena
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
    yield from composite_drought()
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


GB20481 = "GB/T 20481-2017 as public programmes of Chinese weather services have it"
NOT_READ = "text of the standard not read here, no worked case found: 待核对"
NOTES = """
The composite drought index MCI has no published worked case that we found. Its weights, its factors of season and the fading of rain
are those of four public programmes by different hands, which agree; its parts are worked out anew below by another way (maximum
likelihood of scipy, sums day by day) from a made-up record of 30 years. The standard's own text is still to be read: 待核对.
"""


def composite_drought() -> Iterator[Verified]:
    """MCI of a July day: constants, each part by another way, and their sum."""
    for where, weights in (("north", (0.3, 0.5, 0.3, 0.2)), ("south", (0.5, 0.6, 0.2, 0.1))):
        for name, expected, ours in zip("abcd", weights, mci.WEIGHTS[where], strict=True):
            yield Verified(f"MCI, weight {name} of the {where}", GB20481, expected, ours, "", 0.0, False, NOT_READ)
    factors = (0, 0, 0, 0.6, 1.0, 1.2, 1.2, 1.0, 0.9, 0.4, 0, 0)
    for month, (expected, ours) in enumerate(zip(factors, mci.SEASON, strict=True), 1):
        yield Verified(f"MCI, factor of season of month {month}", GB20481, expected, ours, "", 0.0, False, NOT_READ)
    yield Verified("MCI, what is left of a day's rain a day later", GB20481, 0.85, mci.FADES, "", 0.0, False, NOT_READ)
    first, last = date(1991, 1, 1), date(2020, 7, 15)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    draw = np.random.default_rng(20481)
    season = np.array([1 - np.cos(2 * np.pi * (day.timetuple().tm_yday - 15) / 365) for day in days])
    rain = np.where(draw.random(len(days)) < 0.1 + 0.1 * season, draw.gamma(0.7, 6.0, len(days)), 0.0)
    temp = -9.0 + 17.0 * season + draw.normal(0, 3, len(days))
    found = mci.composite(first, rain.tolist(), temp.tolist())
    same = [(date(year, 7, 15) - first).days for year in range(1991, 2021)]
    faded = [sum(0.85**back * rain[at - back] for back in range(60)) for at in same]
    parts = (
        ("SPIW60", deviate(faded), found.spiw60),
        ("MI30", moistness(days, rain, temp), found.mi30),
        ("SPI90", deviate([rain[at - 89 : at + 1].sum() for at in same]), found.spi90),
        ("SPI150", deviate([rain[at - 149 : at + 1].sum() for at in same]), found.spi150),
    )
    for name, expected, ours in parts:
        yield Verified(
            f"MCI of 15 July 2020, {name}", "scipy and sums by the day", expected, float(ours[0]), "", 1e-4, False
        )
    total = 1.2 * sum(weight * part for weight, (_, part, _) in zip((0.3, 0.5, 0.3, 0.2), parts, strict=True))
    yield Verified("MCI of 15 July 2020", "scipy and sums by the day", total, float(found.mci[0]), "", 2e-4, False)


def deviate(sums: list[float]) -> float:
    """Standard deviate of the last of the sums: gamma distribution by maximum likelihood."""
    shape, _, scale = stats.gamma.fit(sums, floc=0)
    return float(stats.norm.ppf(stats.gamma.cdf(sums[-1], shape, scale=scale)))


def moistness(days: list[date], rain: np.ndarray, temp: np.ndarray) -> float:
    """(P - PE) / PE of the last 30 days, PE by Thornthwaite with the heat index of the record's mean months."""
    means = [np.mean([t for day, t in zip(days, temp, strict=True) if day.month == month]) for month in range(1, 13)]
    index = sum((max(0.0, mean) / 5) ** 1.514 for mean in means)
    power = 6.75e-7 * index**3 - 7.71e-5 * index**2 + 1.792e-2 * index + 0.49
    evaporates = 16 * (10 * temp[-30:].mean() / index) ** power
    return float((rain[-30:].sum() - evaporates) / evaporates)
