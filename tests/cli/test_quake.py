"""`anlan calc quake`, `quake-loss`, `aftershocks`: from a shell, against what the field's library says."""

from __future__ import annotations

import json
from math import exp
from pathlib import Path
from typing import Any

import pytest

from anlan.cli import _engines
from anlan.hazards.contract import InputError

ALXA = {"magnitude": 5.8, "lon": 106.3, "lat": 39.8, "depth_km": 10}


def ask(engine: str, given: Any) -> Any:
    return _engines.load(engine).answer(given)


@pytest.mark.parametrize("model", ["BooreEtAl2014", "AbrahamsonEtAl2014", "YuEtAl2013MwTibet"])
def test_motion_at_sites_is_that_of_the_library(shared: Path, model: str) -> None:
    event = json.loads((shared / "verification/seismic/gmpe_openquake_dev.json").read_text())["events"][0]
    lon, lat, depth = event["hypo"]
    sites = [list(row) for row in zip(event["lon"], event["lat"], event["vs30"], strict=True)]
    found = ask("quake", {"magnitude": event["mag"], "lon": lon, "lat": lat, "depth_km": depth, "rake_deg": event["rake"],
                          "corners": event["corners"], "sites": sites, "model": model})  # fmt: skip
    for ours, theirs in zip(found["pga_g"], event["gmm"][model]["PGA"]["ln_mean"], strict=True):
        assert ours == pytest.approx(exp(theirs), rel=5e-3)


def test_stations_and_people_give_isoseismals_that_moved_and_casualties_with_quantiles() -> None:
    people = [{"lon": 106.82, "lat": 39.67, "people": 341_000}]
    plain = ask("quake", {**ALXA, "population": people})
    seen = {
        **ALXA,
        "population": people,
        "stations": [{"lon": 106.81, "lat": 39.66, "pga_m_s2": 2.4, "pgv_m_s": 0.22}],
        "hour": 3,
    }
    moved = ask("quake", seen)
    assert [line["degree"] for line in plain["isoseismals"]] == [7, 6, 5]
    before, after = ({line["degree"]: line["area_km2"] for line in found["isoseismals"]} for found in (plain, moved))
    assert after[8] > 0
    assert after[6] > before[6] * 1.5
    assert plain["population_by_intensity"] == {"5": 341_000}
    dead = moved["casualties"]["deaths"]
    assert 0 < dead["p10"] < dead["p50"] < dead["p90"]
    assert moved["needs"]["tents"]["p50"] > 100
    assert moved["night"]


@pytest.mark.parametrize(
    ("engine", "given", "field"),
    [
        ("quake", {**ALXA, "magnitude": 12}, "magnitude"),
        ("quake", {**ALXA, "sites": [[106.8, 39.6, 20]]}, "sites[0].vs30"),
        ("quake", {"magnitude": 6, "sites": [[106.8, 39.6]]}, "lon"),
        ("quake", {**ALXA, "stations": [{"lon": 106.8, "lat": 39.6}]}, "pga_m_s2"),
        ("quake", {**ALXA, "mix": {"A": 0.7}, "population": [{"lon": 106.8, "lat": 39.6, "people": 1}]}, "mix"),
        ("quake-loss", {"exposure": [[13, 100]]}, "exposure[0]"),
        ("aftershocks", {"magnitude": 6, "times_d": [0.1, 0.2], "magnitudes": [3.0]}, "magnitudes"),
        ("aftershocks", {"magnitude": 6, "days": [-1.0]}, "stop_d"),
    ],
)
def test_what_cannot_be_is_refused_by_name(engine: str, given: Any, field: str) -> None:
    with pytest.raises(InputError) as refused:
        ask(engine, given)
    assert refused.value.field == field


def test_aftershocks_of_the_generic_sequence() -> None:
    found = ask("aftershocks", {"magnitude": 6.2, "least": [5.0], "days": [7.0]})["forecast"][0]
    assert found["expected"] == pytest.approx(1.37228, rel=1e-4)
    assert 0.5 < found["probability"] < 0.75
