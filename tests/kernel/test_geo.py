"""Coordinates at the edge, geometry inside."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.kernel.errors import Invalid
from anlan.kernel.geo import FROM_WGS84, TO_WGS84, Crs, area_km2, circle, distance_m, parse

lons, lats = st.floats(74, 134), st.floats(4, 53)
SQUARE = {
    "type": "Polygon",
    "coordinates": [[[106.7, 39.5], [106.8, 39.5], [106.8, 39.6], [106.7, 39.6], [106.7, 39.5]]],
}
BOW = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}


@given(lons, lats, st.sampled_from(list(Crs)))
def test_every_system_comes_back_to_where_it_was(lon: float, lat: float, crs: Crs) -> None:
    there = FROM_WGS84[crs](lon, lat)
    back = TO_WGS84[crs](*there)
    assert distance_m(lon, lat, *back) < (0.5 if crs is Crs.BD09 else 0.05)


def test_gcj02_lies_418_m_and_bd09_1237_m_off_at_haibowan() -> None:
    """Measured with two independent packages: NOTES.md of the reference data, section 4."""
    lon, lat = 106.82, 39.66
    assert distance_m(lon, lat, *FROM_WGS84[Crs.GCJ02](lon, lat)) == pytest.approx(418, abs=15)
    assert distance_m(lon, lat, *FROM_WGS84[Crs.BD09](lon, lat)) == pytest.approx(1237, abs=40)


def test_published_pairs_of_wuhai_hubs_agree(shared: object) -> None:
    import json  # noqa: PLC0415 - only where the reference data is
    from pathlib import Path  # noqa: PLC0415

    hubs = json.loads((Path(str(shared)) / "wuhai" / "transport_hubs_facts.json").read_text(encoding="utf-8"))
    for hub in hubs:
        assert distance_m(*TO_WGS84[Crs.GCJ02](*hub["gcj02"]), *hub["wgs84"]) < 0.5


def test_a_circle_has_the_area_of_a_circle() -> None:
    assert area_km2(circle(106.8, 39.6, 1000)) == pytest.approx(3.14159, rel=0.005)


def test_a_self_crossing_polygon_is_refused_with_the_place() -> None:
    with pytest.raises(Invalid, match="不自相交"):
        parse(BOW)


@pytest.mark.parametrize("bad", [{"type": "Point", "coordinates": [200, 95]}, {"type": "Banana"}, "not json"])
def test_what_is_no_geometry_on_earth_is_refused(bad: object) -> None:
    with pytest.raises(Invalid):
        parse(bad)  # type: ignore[arg-type]


def test_a_polygon_in_gcj02_is_moved_once() -> None:
    moved = parse(SQUARE, crs=Crs.GCJ02)
    assert 300 < distance_m(106.7, 39.5, *moved.exterior.coords[0]) < 700
