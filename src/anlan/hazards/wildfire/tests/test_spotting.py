"""Firebrands: how far they are thrown, and where that is drawn."""

from __future__ import annotations

from dataclasses import replace
from math import log, sqrt

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shapely.geometry import shape

from anlan.hazards.contract import InputError
from anlan.hazards.wildfire import HAZARD
from anlan.hazards.wildfire.brands import SMOULDER_MIN, Spotting, ignition_chance
from anlan.hazards.wildfire.ensemble import ensemble
from anlan.hazards.wildfire.grid import Landscape, Line, Weather, spread
from anlan.hazards.wildfire.rothermel import Moisture
from anlan.hazards.wildfire.spotting import KW_M, distance_m, firebrand_height_ft


def test_a_worked_case_in_the_units_of_the_papers() -> None:
    mph, btu, cover = 20.0, 500.0, 30.0
    height = firebrand_height_ft(btu, mph)
    assert height == pytest.approx(1.055 * sqrt(322 / 9.48**1.01 * 500), rel=1e-9)
    miles = 0.000718 * mph * sqrt(cover) * (0.362 + sqrt(height / cover) / 2 * log(height / cover))
    miles += 0.000278 * mph * height**0.643
    found = distance_m(btu * KW_M, mph * 1.15 / 2.236936, cover * 0.3048)
    assert found == pytest.approx(miles * 1609.344, rel=1e-6)
    assert 300 < found < 600


@settings(max_examples=50, deadline=None)
@example(10.0, 1.0, 18.0, 0.0)
@given(st.floats(10, 50_000), st.floats(1, 20_000), st.floats(0.5, 30), st.floats(0, 30))
def test_a_stronger_fire_never_throws_less_far(intensity: float, more: float, wind: float, cover: float) -> None:
    assert distance_m(intensity + more, wind, cover) >= distance_m(intensity, wind, cover) >= 0


def test_without_wind_nothing_is_thrown_and_nonsense_is_named() -> None:
    assert distance_m(5000, 0, 1) == 0
    with pytest.raises(InputError, match="cover_height_m"):
        distance_m(5000, 5, -1)


@pytest.mark.parametrize("members", [1, 3])
def test_the_zone_of_firebrands_lies_downwind_and_is_marked_uncertain(members: int) -> None:
    inputs = {"fuel": "GR4", "wind_m_s": 8, "wind_from_deg": 270, "cover_m": 1.0, "members": members}
    found = HAZARD.run(106.7, 39.5, inputs)
    brands, burnt = found.zones[-1], HAZARD.run(106.7, 39.5, {**inputs, "members": 1, "cover_m": 0}).zones[-1]
    assert (brands.name, brands.uncertain) == ("飞火可能落点", True)
    thrown, fire = shape(brands.geometry).bounds, shape(burnt.geometry).bounds
    # the grid ends within a cell or two of the ellipse
    near = 0.05 if members == 1 else 0.3
    assert (thrown[2] - fire[2]) * 85_900 == pytest.approx(found.summary["spotting_m"], rel=near)
    assert "未计飞火" not in "".join(found.limits)


DRY = Moisture(0.05, 0.06, 0.07, 0.3, 0.6)
WEST = Weather(0.0, 9.0, 270.0, DRY)
CELL, START = 20.0, (400.0, 1200.0)


def country(river: bool = True) -> Landscape:
    """Grass, and a river 200 m wide from south to north 800 m ahead of the fire."""
    fuel = np.full((120, 160), 104, np.int64)
    if river:
        fuel[:, 60:70] = 98
    return Landscape(fuel, CELL)


@pytest.mark.parametrize(
    ("celsius", "moisture", "chance"),
    # pyretechnics 2026.10.20, schroeder_ignition_probability
    [(30.0, 0.05, 0.610287), (20.0, 0.10, 0.267315), (30.0, 0.40, 0.0)],
)
def test_brands_light_dry_fuel_more_often_than_wet(celsius: float, moisture: float, chance: float) -> None:
    assert ignition_chance(celsius, moisture) == pytest.approx(chance, abs=5e-4)


def test_brands_light_fires_beyond_a_river_and_a_line_that_the_front_itself_does_not_cross() -> None:
    line = Line([(2400.0, -100.0), (2400.0, 3000.0)])
    held = spread(country(), [WEST], 3, [START])
    assert np.isinf(held.arrival_min[:, 70:]).all()
    assert held.lit == ()
    fire = spread(country(), [WEST], 3, [START], [line], spotting=Spotting(1.0))
    assert np.isfinite(fire.arrival_min[:, 70:120]).any()
    assert np.isfinite(fire.arrival_min[:, 121:]).any()
    assert (fire.arrival_min <= held.arrival_min).all(), "brands only ever bring the fire sooner"
    assert np.isinf(fire.arrival_min[:, 60:70]).all(), "water does not burn"
    for brand in fire.lit:
        assert fire.land.fuel[int(brand.y / CELL + 0.5), int(brand.x / CELL + 0.5)] == 104
        assert CELL < brand.flown_m <= distance_m(2e5, 9.0, 1.0)
        assert brand.minute >= SMOULDER_MIN
    again = spread(country(), [WEST], 3, [START], [line], spotting=Spotting(1.0))
    assert again.lit == fire.lit


def test_brands_that_fly_over_the_edge_are_counted_and_said() -> None:
    near = spread(country(), [WEST], 3, [(140 * CELL, 60 * CELL)], spotting=Spotting(1.0, per_gj=0.2))
    far = spread(country(), [WEST], 1, [(30.0, START[1])], spotting=Spotting(1.0))
    assert near.outside > 0 == far.outside
    many = ensemble(country(), [WEST], 3, [(140 * CELL, 60 * CELL)], 4, spotting=Spotting(1.0, per_gj=0.2))
    assert many.brands.shape == (4, 3)
    assert (many.brands[:, 2] > 0).all()


def test_wet_fuel_or_still_air_lights_nothing() -> None:
    wet = replace(WEST, moisture=replace(DRY, dead_1h=0.12))
    often = Spotting(1.0, per_gj=0.2)
    many, fewer = (len(spread(country(False), [band], 1, [START], spotting=often).lit) for band in (WEST, wet))
    assert many > 2 * fewer
    assert spread(country(), [replace(WEST, wind_m_s=0.0)], 3, [START], spotting=often).lit == ()
    with pytest.raises(InputError, match="cover_m"):
        Spotting(0.0)


def test_an_ensemble_goes_on_from_a_perimeter_and_gives_the_far_bank_a_chance() -> None:
    ring = [(300.0, 1100.0), (500.0, 1100.0), (500.0, 1300.0), (300.0, 1300.0)]
    one, two = (
        ensemble(country(), [WEST], 3, [], 12, perimeter=ring, spotting=Spotting(1.0), workers=workers)
        for workers in (1, 2)
    )
    assert (one.reached == two.reached).all()
    inside = one.probability[57:64, 17:24]
    assert (inside == 1).all()
    assert (one.reached[57:64, 17:24, 0] == 12).all(), "it burnt before the first interval ended"
    far = one.probability[:, 70:].max()
    assert 0 < far < 1
    without = ensemble(country(), [WEST], 3, [], 12, perimeter=ring)
    assert without.probability[:, 70:].max() == 0
    with pytest.raises(InputError, match="ignitions"):
        ensemble(country(), [WEST], 3, [START], 2, perimeter=ring)


def test_a_run_of_the_product_counts_its_spot_fires_and_asks_for_the_cover() -> None:
    ring = [[106.7, 39.5], [106.705, 39.5], [106.705, 39.504], [106.7, 39.504]]
    inputs = {
        "fuel": "GR4",
        "wind_m_s": 9,
        "wind_from_deg": 270,
        "spot_fires": "yes",
        "cover_m": 1.0,
        "perimeter": ring,
    }
    found = HAZARD.run(106.7, 39.5, {**inputs, "members": 4})
    assert found.summary["members"] == 4
    low, middle, high = found.summary["spot_fires"]["lit_p10_p50_p90"]
    assert 0 < low <= middle == found.summary["spot_fires"]["lit"] <= high, (
        "of the members, not of the one draw beside them"
    )
    assert any("Schroeder" in text for text in found.assumptions)
    with pytest.raises(InputError, match="cover_m"):
        HAZARD.run(106.7, 39.5, {**inputs, "cover_m": 0})
