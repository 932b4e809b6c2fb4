"""Crown fire: what lights the crowns, and that the indices are the winds at which the kind changes."""

from __future__ import annotations

import itertools

import pytest

from anlan.hazards.contract import InputError
from anlan.hazards.wildfire.crown import Canopy, critical_intensity, crown_fire
from anlan.hazards.wildfire.fuels import find
from anlan.hazards.wildfire.rothermel import Moisture

DRY = Moisture(0.06, 0.07, 0.08, 0.60, 0.90)
SPRUCE = Canopy(2.0, 0.15, 1.0, 15.0, 0.5)


@pytest.mark.parametrize(("base", "moisture", "kw_m"), [(1.5, 1.0, 309.4), (1.0, 1.0, 168.4), (3.0, 0.9, 766.2)])
def test_crowns_light_at_the_intensity_of_van_wagner(base: float, moisture: float, kw_m: float) -> None:
    """(0.01 CBH (460 + 25.9 FMC))^1.5, worked by hand."""
    assert critical_intensity(base, moisture) == pytest.approx(kw_m, rel=1e-3)


def test_trees_begin_to_torch_at_the_torching_index_and_all_burn_at_the_crowning_index() -> None:
    found = crown_fire(find("TU5"), DRY, 20, SPRUCE)
    assert found.torching_index_m_s is not None
    assert found.crowning_index_m_s is not None
    torching, crowning = found.torching_index_m_s * 3.6, found.crowning_index_m_s * 3.6
    assert torching < crowning
    kinds = [crown_fire(find("TU5"), DRY, wind, SPRUCE) for wind in (torching - 0.1, torching + 0.1, crowning + 0.1)]
    assert [one.kind for one in kinds] == ["surface", "passive", "active"]
    assert kinds[0].fraction_burned == 0
    assert kinds[2].fraction_burned == 1
    assert pytest.approx(crown_fire(find("TU5"), DRY, crowning, SPRUCE).ros_m_min, rel=0.01) == 3.0 / 0.15


def test_a_fire_gains_speed_and_heat_as_it_climbs() -> None:
    fires = [crown_fire(find("TU5"), DRY, wind, SPRUCE) for wind in range(0, 80, 4)]
    assert all(a.ros_m_min < b.ros_m_min for a, b in itertools.pairwise(fires))
    assert all(a.fireline_intensity_kw_m < b.fireline_intensity_kw_m for a, b in itertools.pairwise(fires))


def test_without_crown_fuel_the_fire_stays_on_the_ground() -> None:
    found = crown_fire(find("TU5"), DRY, 80, Canopy(2.0, 0.0))
    assert found.crowning_index_m_s is None
    assert found.kind != "active"


def test_a_canopy_that_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match="bulk_density"):
        Canopy(2.0, -0.1)
