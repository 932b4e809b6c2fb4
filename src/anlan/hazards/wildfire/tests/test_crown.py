"""Crown fire: what lights the crowns, and that the indices are the winds at which the kind changes."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from anlan.hazards.contract import InputError
from anlan.hazards.wildfire import area_ha
from anlan.hazards.wildfire.crown import Canopy, critical_intensity, crown_fire
from anlan.hazards.wildfire.fuels import find
from anlan.hazards.wildfire.grid import Landscape, Weather, fuel_numbers, spread
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


def woods(base_m: float, density: float, rows: int = 120, columns: int = 160) -> Landscape:
    """Timber understorey below trees of 15 m that are alike everywhere."""
    full = [np.full((rows, columns), value) for value in (0.5, 15.0, base_m, density)]
    return Landscape(fuel_numbers("TU5", (rows, columns)), 30.0, None, full[0], full[1], 1.0, full[2], full[3])


@pytest.mark.parametrize(
    ("base", "wind_m_s", "kind"), [(1.5, 8.0, "passive"), (2.0, 12.0, "active"), (3.0, 3.0, "surface")]
)
def test_the_grid_runs_through_the_crowns_as_the_point_model_does(base: float, wind_m_s: float, kind: str) -> None:
    dry = Moisture(0.04, 0.05, 0.06, 0.60, 0.90)
    point = crown_fire(find("TU5"), dry, wind_m_s * 3.6, Canopy(base, 0.12, 1.0, 15.0, 0.5))
    fire = spread(woods(base, 0.12), [Weather(0.0, wind_m_s, 270.0, dry)], 1, [(1200.0, 1800.0)], wind_limit=False)
    assert point.kind == kind
    assert fire.head.ros_m_min == pytest.approx(point.ros_m_min, rel=1e-6)
    assert fire.head.crown_share == pytest.approx(point.fraction_burned, abs=1e-6)
    if kind != "surface":
        assert fire.area_ha(60) == pytest.approx(area_ha(fire.head.ros_m_min, fire.head.length_to_width, 1), rel=0.01)


def test_fire_runs_faster_under_trees_that_burn_and_stands_no_slower_beside_them() -> None:
    """Half the country has crowns that burn: the fire is ahead there."""
    dry = Moisture(0.04, 0.05, 0.06, 0.60, 0.90)
    land = woods(1.0, 0.12)
    density = np.where(np.arange(120)[:, None] >= 60, 0.12, 0.0) * np.ones((120, 160))
    half = Landscape(land.fuel, 30.0, None, land.canopy_cover, land.canopy_height_m, 1.0, land.canopy_base_m, density)
    fire = spread(half, [Weather(0.0, 10.0, 270.0, dry)], 2, [(600.0, 1770.0)])
    assert fire.arrival_min[75, 60] < fire.arrival_min[42, 60]


def test_crowns_without_a_base_or_beyond_nature_are_refused() -> None:
    land = woods(1.0, 0.1)
    with pytest.raises(InputError, match="canopy_base_m"):
        Landscape(land.fuel, 30.0, bulk_density_kg_m3=land.bulk_density_kg_m3)
    with pytest.raises(InputError, match="bulk_density_kg_m3"):
        Landscape(land.fuel, 30.0, canopy_base_m=land.canopy_base_m, bulk_density_kg_m3=land.fuel * 1.0)
