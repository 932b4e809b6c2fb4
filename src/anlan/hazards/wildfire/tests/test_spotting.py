"""Firebrands: how far they are thrown, and where that is drawn."""

from __future__ import annotations

from math import log, sqrt

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shapely.geometry import shape

from anlan.hazards.contract import InputError
from anlan.hazards.wildfire import HAZARD
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
    assert "飞火" not in "".join(found.limits)
