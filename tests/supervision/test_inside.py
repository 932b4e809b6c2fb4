"""Enterprises and hazard units inside a zone, and what an engine needs to know of a unit."""

from __future__ import annotations

import pytest

from anlan.hazards import discover
from anlan.kernel.errors import NotFound
from anlan.supervision import queries
from anlan.supervision.models import Enterprise, HazardUnit
from tests.conftest import City, actor

pytestmark = pytest.mark.django_db
ZONE = {"type": "Polygon", "coordinates": [[[106.6, 39.4], [106.8, 39.4], [106.7, 39.6], [106.6, 39.4]]]}


@pytest.fixture
def tank(city: City) -> HazardUnit:
    plant = Enterprise.everything.create(
        code="E", name="氯碱厂", lon=106.7, lat=39.5, area=city.west, industry="化工", staff_day=300, staff_night=80
    )
    Enterprise.everything.create(code="F", name="界外厂", lon=106.61, lat=39.59, area=city.west, industry="化工")
    return HazardUnit.everything.create(
        code="V", name="液氯储罐", lon=106.7, lat=39.5, area=city.west, enterprise=plant, kind="储罐",
        substance="chlorine", quantity_t=60, pressure_mpa=0.8, temperature_c=25, height_m=2,
    )  # fmt: skip


def test_a_zone_names_who_works_and_what_is_stored_inside_it(city: City, tank: HazardUnit) -> None:
    found = queries.inside(actor(city.city), ZONE)
    assert [(e["name"], e["staff_night"]) for e in found["enterprises"]] == [("氯碱厂", 80)]
    assert [(u["name"], u["substance"], u["quantity_t"]) for u in found["hazard_units"]] == [
        ("液氯储罐", "chlorine", 60)
    ]


def test_another_district_sees_nothing_of_it(city: City, tank: HazardUnit) -> None:
    assert queries.inside(actor(city.east), ZONE) == {"enterprises": [], "hazard_units": []}
    with pytest.raises(NotFound):
        queries.hazard_unit(actor(city.east), tank.pk)


def test_the_inputs_made_from_a_unit_are_what_the_engine_takes(city: City, tank: HazardUnit) -> None:
    inputs = queries.release_inputs(tank, 25, 2.5, 290, "D")
    assert inputs["phase"] == "liquid"
    footprint = discover()["chemical"].run(tank.lon, tank.lat, inputs)
    assert footprint.zones
