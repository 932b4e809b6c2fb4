"""Hotspots to fires, on rows that FIRMS published for the region of Wuhai."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from anlan.hazards.contract import InputError
from anlan.hazards.plane import metres_per_degree
from anlan.hazards.wildfire.hotspots import Detection, cluster, fire, static_sources, without_static


def rows(file: Path) -> list[Detection]:
    """Rows of an export; its dates are written in two ways."""
    found = []
    with file.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            form = "%m/%d/%y" if "/" in row["acq_date"] else "%Y-%m-%d"
            day = datetime.strptime(row["acq_date"] + row["acq_time"].zfill(4), form + "%H%M").replace(tzinfo=UTC)
            found.append(
                Detection(
                    float(row.get("longitude") or row["lng"]), float(row.get("latitude") or row["lat"]),
                    day.timestamp() / 60, float(row["scan"]), float(row["track"]), float(row["confidence"]),
                    float(row["frp"]), row["satellite"],
                )
            )  # fmt: skip
    return found


@pytest.fixture
def region(shared: Path) -> list[Detection]:
    return rows(shared / "wuhai/firms_hotspots_wuhai_region.csv") + rows(
        shared / "wuhai/firms_hotspots_messy_headers_2017.csv"
    )


def test_neighbouring_pixels_of_a_pass_are_one_fire_and_distant_ones_are_not(region: list[Detection]) -> None:
    groups = cluster(region)
    assert sum(len(group) for group in groups) == len(region) == 32
    (big,) = [group for group in groups if len(group) == 4 and group[0].frp_mw and group[0].frp_mw > 30]
    assert {round(d.lat, 2) for d in big} == {40.58, 40.59}
    assert any(sorted(round(d.lat, 4) for d in group) == [40.4608, 40.4713, 40.4746] for group in groups)


def test_the_works_south_of_the_city_is_a_static_source_and_the_fire_in_the_north_is_not(
    region: list[Detection],
) -> None:
    """Detections at 38.93 N, 106.44 E on 28 April, 11, 12 and 25 May 2017."""
    (works,) = static_sources(region)
    assert (works.lon, works.lat) == (pytest.approx(106.44, abs=0.01), pytest.approx(38.93, abs=0.01))
    assert works.days >= 4
    left, static = without_static(region, [works])
    assert len(static) >= 6
    assert all(d.lat > 38.95 or d.lon > 106.8 for d in left)
    assert len(cluster(left)) < len(cluster(region))


def test_the_ignition_lies_at_the_strongest_pixel_within_an_ellipse_as_wide_as_the_pixels(
    region: list[Detection],
) -> None:
    (group,) = [group for group in cluster(region) if max(d.frp_mw or 0 for d in group) > 400]
    found = fire(group, passes_min=[group[0].minute - 500, group[0].minute + 30])
    assert (found.lon, found.lat) == (pytest.approx(106.797, abs=0.003), pytest.approx(40.592, abs=0.003))
    assert 600 < found.semi_minor_m <= found.semi_major_m < 2500
    assert found.not_before_min == group[0].minute - 500
    assert found.confidence > 0.99
    assert found.frp_mw == pytest.approx(598.7)


def test_one_pixel_gives_its_own_footprint_as_the_error() -> None:
    """Half axes at 95 % of a pixel of 1.2 x 1.0 km, evenly likely inside: sqrt(5.991) times side over sqrt(12)."""
    found = fire([Detection(106.8, 39.6, 0.0, 1.2, 1.0, 60)])
    assert found.semi_major_m == pytest.approx(2.4477 * (1200**2 / 12 + 50**2) ** 0.5, rel=1e-3)
    assert found.semi_minor_m == pytest.approx(2.4477 * (1000**2 / 12 + 50**2) ** 0.5, rel=1e-3)
    assert found.azimuth_deg == pytest.approx(90)
    assert found.confidence == pytest.approx(0.6)
    assert found.not_before_min is None


def test_the_error_ellipse_points_along_a_row_of_pixels() -> None:
    east, north = metres_per_degree(39.6)
    row = [Detection(106.8 + i * 700 / east, 39.6 + i * 700 / north, 0.0, 0.4, 0.4, 60, 5.0) for i in range(6)]
    found = fire(row)
    assert found.azimuth_deg == pytest.approx(45, abs=0.5)
    assert found.semi_major_m > 3 * found.semi_minor_m


def test_a_fire_that_walks_on_for_days_is_not_taken_for_a_works() -> None:
    walking = [Detection(106.8 + day * 0.03, 39.6, day * 1440.0 + 300) for day in range(12)]
    staying = [Detection(106.8, 39.9, day * 1440.0 + 300) for day in (0, 2, 5, 9)]
    assert len(static_sources(walking)) == 0
    assert [source.days for source in static_sources(walking + staying)] == [4]


def test_the_same_place_a_day_later_is_another_fire() -> None:
    assert len(cluster([Detection(106.8, 39.6, 0.0), Detection(106.8, 39.6, 1500.0)])) == 2


@pytest.mark.parametrize(("change", "field"), [({"lat": float("nan")}, "lat"), ({"scan_km": 0.0}, "scan_km")])
def test_a_detection_that_cannot_be_is_refused(change: dict[str, float], field: str) -> None:
    with pytest.raises(InputError) as refused:
        Detection(**{"lon": 106.8, "lat": 39.6, "minute": 0.0, **change})
    assert refused.value.field == field
