"""The 48 days that every implementation of the index is tried on."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from anlan.hazards.weather.fwi import CLASSIC, EXACT, START, Day, after, season

NAMES = ("FFMC", "DMC", "DC", "ISI", "BUI", "FWI")


def days(folder: Path) -> list[Day]:
    with (folder / "fwi_input_48day.csv").open(encoding="utf-8") as file:
        return [
            Day(float(row["temp"]), float(row["rh"]), float(row["ws"]), float(row["prec"]), int(row["mon"]))
            for row in csv.DictReader(file, delimiter=";")
        ]


def test_the_classic_constant_gives_the_classic_first_day_and_the_last_day_of_xclim(shared: Path) -> None:
    folder = shared / "verification/weather"
    known = json.loads((folder / "fwi_classic_values.json").read_text(encoding="utf-8"))
    codes = season(days(folder), scale=CLASSIC)
    for name in NAMES:
        assert getattr(codes[0], name) == pytest.approx(known["classic_day1"][name], abs=1e-3)
        assert getattr(codes[47], name) == pytest.approx(known["xclim_day48"][name], abs=0.01)


def test_the_exact_constant_gives_the_48_days_of_cffdrs(shared: Path) -> None:
    folder = shared / "verification/weather"
    with (folder / "fwi_expected_cffdrsR_48day.csv").open(encoding="utf-8") as file:
        expected = list(csv.DictReader(file))
    codes = season(days(folder), scale=EXACT)
    assert len(codes) == len(expected) == 48
    for ours, row in zip(codes, expected, strict=True):
        for name in NAMES:
            assert getattr(ours, name) == pytest.approx(float(row[name]), abs=0.02, rel=5e-4)


def test_first_day_of_van_wagner_and_pickett() -> None:
    codes = after(Day(17, 42, 25, 0, 4), START)
    assert pytest.approx(87.693, abs=0.001) == codes.FFMC
    assert pytest.approx(10.096, abs=0.001) == codes.FWI


def test_rain_lowers_every_moisture_code_and_wind_raises_the_spread() -> None:
    dry, wet = after(Day(20, 40, 10, 0)), after(Day(20, 40, 10, 25))
    assert wet.FFMC < dry.FFMC
    assert wet.DMC < dry.DMC
    assert wet.DC < dry.DC
    assert after(Day(20, 40, 40, 0)).ISI > 2 * dry.ISI
