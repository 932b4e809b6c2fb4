"""The point model against the field's own tools."""

from __future__ import annotations

import json
from math import atan2, degrees
from pathlib import Path
from typing import Any

import pytest

from anlan.hazards.contract import InputError
from anlan.hazards.wildfire import area_ha, head
from anlan.hazards.wildfire.fuels import FUELS, find
from anlan.hazards.wildfire.rothermel import Moisture, behaviour, cured, wind_adjustment

CHAIN_PER_HOUR = 20.1168 / 60
DRY = Moisture(0.06, 0.07, 0.08, 0.60, 0.90)


def of_peer(case: dict[str, Any]) -> Any:
    given = case["inp"]
    water = [given[f"fuel_moisture_{name}"] for name in ("dead_1hr", "dead_10hr", "dead_100hr")]
    water += [given["fuel_moisture_live_herbaceous"], given["fuel_moisture_live_woody"]]
    return behaviour(
        find(given["fuel_model"]), Moisture(*water), given["wind_speed_10m"], given["upwind_direction"],
        given["slope"], given["aspect"],
    )  # fmt: skip


def test_150_points_agree_with_pyretechnics_within_one_percent(shared: Path) -> None:
    cases = json.loads((shared / "verification/wildfire/fire_rothermel_pyretechnics_150.json").read_text())["cases"]
    burning = [case for case in cases if case["head"]["ros_m_min"] > 1e-6]
    assert len(burning) > 90
    for case in burning:
        ours, peer = of_peer(case), case["head"]
        assert ours.ros_m_min == pytest.approx(peer["ros_m_min"], rel=0.01)
        assert ours.fireline_intensity_kw_m == pytest.approx(peer["intensity_kW_m"], rel=0.01)
        assert ours.flame_length_m == pytest.approx(peer["flame_m"], rel=0.01)
        turn = (ours.direction_deg - degrees(atan2(peer["dir"][0], peer["dir"][1])) + 180) % 360 - 180
        assert abs(turn) < 0.5


def test_the_fire_that_the_peer_puts_out_is_out_here_too(shared: Path) -> None:
    cases = json.loads((shared / "verification/wildfire/fire_rothermel_pyretechnics_150.json").read_text())["cases"]
    out = [case for case in cases if case["head"]["ros_m_min"] <= 1e-6]
    assert out
    assert all(of_peer(case).ros_m_min < 1e-6 for case in out)


@pytest.mark.parametrize(
    ("wind_from", "aspect", "slope", "chains"),
    [(180, 180, 0.3, 8.876216), (90, 180, 0.3, 7.091665)],
)
def test_sheltered_grass_shrub_agrees_with_behave(wind_from: float, aspect: float, slope: float, chains: float) -> None:
    """firelab/behave testBehave.cpp: GS4, 5 mph at 20 ft, half covered by 30 ft crowns of ratio 0.5."""
    ours = behaviour(
        find("GS4"), DRY, 5 * 1.609344 * 1.15, wind_from, slope, aspect, 0.5, 30 * 0.3048, 0.5, lifted=False
    )
    assert ours.ros_m_min / CHAIN_PER_HOUR == pytest.approx(chains, rel=0.002)


def test_grass_cures_between_120_and_30_percent() -> None:
    assert cured(0.29) == 1.0
    assert cured(0.75) == pytest.approx(0.5, abs=0.01)
    assert cured(1.21) == 0.0


def test_every_standard_fuel_burns_when_dry_and_faster_in_wind() -> None:
    assert len(FUELS) == 53
    for code in FUELS:
        calm, windy = head(code, 0), head(code, 25)
        assert 0 < calm.ros_m_min < windy.ros_m_min
        assert calm.length_to_width == pytest.approx(1.0)


def test_a_canopy_shelters_the_fuel_below_it() -> None:
    assert wind_adjustment(1.0, 0.6, 15.0) < 0.5 * wind_adjustment(1.0)


def test_the_shape_formula_changes_the_area_by_two_thirds() -> None:
    narrow, wide = (head("GR4", 20, 0.19438, formula=f) for f in ("anderson", "behave"))
    ratio = area_ha(wide.ros_m_min, wide.length_to_width, 6) / area_ha(narrow.ros_m_min, narrow.length_to_width, 6)
    assert ratio == pytest.approx(3729.8 / 2287.6, rel=0.01)


def test_an_unknown_fuel_is_refused_with_the_names_of_those_known() -> None:
    with pytest.raises(InputError, match="GR4"):
        find("GR99")
