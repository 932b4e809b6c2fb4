"""Site values against a public implementation, instrumental intensity against its table."""

from __future__ import annotations

import json
from math import cos, radians, sin
from pathlib import Path

import pytest

from anlan.hazards.seismic import instrumental_intensity, intensities, isoseismal, isoseismal_area_km2
from anlan.hazards.seismic.attenuation import site_values


def test_every_site_value_of_gb18306(shared: Path) -> None:
    cases = json.loads((shared / "verification/seismic/quake_gb18306_ellipse.json").read_text())["cases"]
    assert len(cases) > 3
    for case in cases:
        angle = radians(case["strike_deg"])
        for i, (east, north) in enumerate(zip(case["x_east_km"], case["y_north_km"], strict=True)):
            along, across = east * sin(angle) + north * cos(angle), east * cos(angle) - north * sin(angle)
            value, pga, pgv = site_values(case["region"], case["Ms"], along, across)
            assert value == pytest.approx(case["I"][i], abs=1e-3)
            assert pga == pytest.approx(case["PGA_gal"][i], rel=1e-4)
            assert pgv == pytest.approx(case["PGV_cm_s"][i], rel=1e-4)


def test_instrumental_intensity_of_the_standard(shared: Path) -> None:
    cases = json.loads((shared / "verification/seismic/quake_gbt17742_intensity.json").read_text())["cases"]
    for case in cases:
        by_a, by_v, value = intensities(case["PGA_m_s2"], case["PGV_m_s"])
        assert (by_a, by_v, value) == pytest.approx((case["I_A"], case["I_V"], case["I"]), abs=1e-6)
        assert instrumental_intensity(case["PGA_m_s2"], case["PGV_m_s"]) == case["I_1dp"]


def test_degree_six_of_the_2015_alxa_earthquake_covers_what_was_mapped_within_a_tenth() -> None:
    """Observed 5030 km2 (China Earthquake Administration); the relation gives 4727."""
    assert isoseismal_area_km2(5.8, 6) == pytest.approx(5030, rel=0.1)


def test_a_greater_magnitude_reaches_farther_and_the_axes_keep_their_order() -> None:
    for degree in (5, 6, 7):
        small, great = isoseismal(6.0, degree), isoseismal(7.0, degree)
        assert great[0] > small[0]
        assert great[0] >= great[1]
