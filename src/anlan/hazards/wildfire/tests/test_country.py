"""Fires over an imported country: fuel, heights and water from rasters, hourly forecasts, lines of the commander."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from shapely.geometry import Point, shape

from anlan.hazards.contract import Footprint, InputError
from anlan.hazards.raster import Raster
from anlan.hazards.wildfire import HAZARD, NO_GROUND

LON, LAT = 106.80, 39.60
STEP = 0.001


def raster(values: Any, source: str = "测试栅格") -> Raster:
    """A grid around the place."""
    rows, columns = values.shape
    return Raster(LON - columns / 2 * STEP, LAT - rows / 2 * STEP, STEP, STEP, np.asarray(values, float), source)


def burnt(result: Footprint, hours: int) -> Any:
    return shape(next(zone for zone in result.zones if zone.value == hours).geometry)


def run(**given: Any) -> Footprint:
    return HAZARD.run(LON, LAT, {"wind_m_s": 5, "wind_from_deg": 270, **given})


def test_water_on_the_fuel_map_stops_the_fire_and_the_result_says_whose_map_it_was() -> None:
    fuel = np.full((200, 200), 102.0)
    fuel[:, 105:110] = 98
    result = run(ground={"fuel": raster(fuel, "林草局燃料图")})
    east = burnt(result, 6).bounds[2]
    assert LON + 3 * STEP < east < LON + 5.5 * STEP
    assert any("林草局燃料图" in text for text in result.assumptions)
    assert NO_GROUND not in result.assumptions


def test_without_any_map_the_result_says_so() -> None:
    assert NO_GROUND in run().assumptions
    assert NO_GROUND in run(change_after_h=1, change_from_deg=180).assumptions


def test_a_fire_goes_up_the_mountain_of_the_imported_heights() -> None:
    heights = np.linspace(0, 3000, 200)[:, None] * np.ones((200, 200))
    result = run(wind_m_s=0, ground={"elevation_m": raster(heights)})
    zone = burnt(result, 6).bounds
    assert zone[3] - LAT > 2 * (LAT - zone[1])


def test_a_hotspot_on_water_starts_in_the_nearest_fuel_or_is_refused() -> None:
    fuel = np.full((200, 200), 98.0)
    fuel[:, 112:] = 102
    moved = run(ground={"fuel": raster(fuel)})
    assert any("最近的可燃处" in text for text in moved.assumptions)
    with pytest.raises(InputError, match="2000 m"):
        run(ground={"fuel": raster(np.full((200, 200), 98.0))})


def test_trees_of_the_map_burn_in_their_crowns_where_they_stand() -> None:
    names = ("fuel", "canopy_cover", "canopy_height_m", "canopy_base_m", "bulk_density_kg_m3")
    woods = {
        name: raster(np.full((200, 200), value)) for name, value in zip(names, (165, 0.5, 15, 1, 0.15), strict=True)
    }
    quiet = {name: one for name, one in woods.items() if name != "bulk_density_kg_m3" and name != "canopy_base_m"}
    dry = {"wind_m_s": 8, "moisture_pct": 4}
    crowns, ground = run(ground=woods, **dry), run(ground=quiet, **dry)
    assert crowns.summary["crown_fraction_burned"] > 0.5
    assert crowns.summary["area_ha"]["6"] > 3 * ground.summary["area_ha"]["6"]
    assert any("树冠火" in text for text in ground.limits)
    assert not any("树冠火" in text for text in crowns.limits)


def test_the_hourly_forecast_turns_the_fire_as_a_change_typed_in_by_hand_does() -> None:
    by_hand = run(change_after_h=2, change_wind_m_s=9, change_from_deg=180)
    rows = [[0, 5, 270, 6], [2, 9, 180, 6]]
    forecast = run(forecast=rows)
    assert forecast.summary["area_ha"] == by_hand.summary["area_ha"]
    with pytest.raises(InputError, match="forecast"):
        run(forecast=[[2, 5, 270, 6], [1, 5, 270, 6]])
    with pytest.raises(InputError, match=r"forecast\[0\].wind_m_s"):
        run(forecast=[[2, -5, 270, 6]])


def test_a_line_holds_from_the_minute_it_stands() -> None:
    wall = [[LON + 4 * STEP, LAT - 0.2], [LON + 4 * STEP, LAT + 0.2]]
    behind = Point(LON + 6 * STEP, LAT)
    early, late = (run(lines=[[minute, wall]]) for minute in (0, 600))
    assert not burnt(early, 6).contains(behind)
    assert burnt(late, 6).contains(behind)
    with pytest.raises(InputError, match=r"lines\[0\]"):
        run(lines=[[0, [[LON, LAT]]]])


def test_a_fire_that_outruns_the_first_square_is_followed() -> None:
    """A rare fast fuel downwind: the square is laid wider until the fire stays inside."""
    fuel = np.full((1200, 1200), 101.0)
    fuel[595:605, 600:625] = 109
    dry = {"fuel": "GR1", "ground": {"fuel": raster(fuel)}}
    result = run(wind_m_s=2, **dry)
    assert burnt(result, 6).bounds[2] > LON + 20 * STEP
    assert not any("边外未算" in text for text in result.assumptions)
    fuel[595:605, 600:] = 109
    storm = run(wind_m_s=15, moisture_pct=3, **dry)
    assert any("边外未算" in text for text in storm.assumptions)
