"""A gas lighter than air that burns leaves the ground; a poison is kept on it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.hazards.chemical import lift
from anlan.hazards.chemical.cloud import Air
from anlan.hazards.chemical.momentum import Momentum, by_buoyancy
from anlan.hazards.chemical.qra import effects
from anlan.hazards.chemical.qra.effects import Release
from anlan.hazards.chemical.qra.model import AXIS_X, Rose
from anlan.hazards.chemical.substances import find

STILL = Rose.of([("F", 1.5, 270.0, 1.0)])


def burst(name: str, kg: float) -> Release:
    return Release(find(name), None, kg, 0.0, 25.0, 1.0)


def flame_m(release: Release) -> float:
    """m to the lower limit at the ground."""
    return float(effects.flammable(effects.cloud_of(release, STILL), release.substance)[1][0])


def test_two_tonnes_of_hydrogen_burn_where_they_burst_and_not_kilometres_down_the_wind() -> None:
    """As a passive puff of class F they stayed above 4 % for more than 3 km; the half ball of pure gas is 22 m."""
    ours = burst("氢", 2000.0)
    assert lift.first_radius(2000.0, effects.density_of(ours)) == pytest.approx(22.6, abs=0.5)
    assert 15 < flame_m(ours) < 100
    passive = effects.spread_of("F", True)
    level = 2000.0 / ((2 * np.pi) ** 1.5 * passive[0] ** 2 * passive[1] / 2)
    assert AXIS_X[level > effects.lower_limit(ours.substance)].max() > 3000


def test_a_poison_lighter_than_air_is_kept_on_the_ground() -> None:
    assert not effects.rises(burst("氨", 1000.0))
    assert not effects.rises(burst("一氧化碳", 1000.0))
    assert not effects.rises(burst("氯乙烯", 1000.0)), "heavier than air"
    assert effects.rises(burst("甲烷", 1000.0))


@pytest.mark.parametrize("stability", ["D", "F"])
@pytest.mark.parametrize("rate", [0.05, 20.0])
def test_far_down_the_wind_a_plume_has_the_final_rise_of_briggs(stability: str, rate: float) -> None:
    density = find("氢").vapour_density(25.0)
    rise, _ = lift.plume(rate, density, 4.0, stability, np.array([5000.0]))
    jet = Momentum(rate, 1.0, density)
    assert rise[0] == pytest.approx(by_buoyancy(jet, Air(4.0, stability, kelvin=lift.AIR_K)), rel=1e-6)


@settings(max_examples=30)
@given(
    st.floats(1e-3, 1e6),
    st.floats(0.5, 20.0),
    st.sampled_from("ABCDEF"),
    st.sampled_from(["氢", "甲烷", "乙炔", "乙烯"]),
)
def test_a_rising_cloud_is_finite_never_richer_than_the_gas_and_never_reaches_farther_than_on_the_ground(
    kg: float, wind: float, stability: str, name: str
) -> None:
    release = burst(name, kg)
    level, _core, sigma, _s = effects.one_puff(release, stability, wind)
    assert np.isfinite(level).all()
    assert (level >= 0).all()
    assert (level <= effects.pure(release.substance) * (1 + 1e-12)).all()
    assert (sigma > 0).all()
    rise, _ = (
        lift.thermal(kg, effects.density_of(release), wind, stability, AXIS_X)
        if effects.rises(release)
        else (0 * AXIS_X, 0)
    )
    assert (np.diff(rise) >= 0).all()
