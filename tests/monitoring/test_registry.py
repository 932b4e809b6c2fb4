"""How a gateway finds the datastream of a reading."""

from __future__ import annotations

import pytest

from anlan.monitoring import queries
from anlan.monitoring.models import Datastream, Station
from tests.conftest import City

pytestmark = pytest.mark.django_db


def station(city: City, code: str = "S1", **fields: object) -> Station:
    defaults = {"name": "乌达滨河站", "lon": 106.7, "lat": 39.5, "kind": "水位", "protocol": "sl651", "address": code}
    return Station.objects.create(code=code, area=city.east, **{**defaults, **fields})


def test_a_reading_is_found_by_protocol_address_and_element(city: City) -> None:
    row = Datastream.objects.create(
        code="S1-39", station=station(city), source_code="39", name="水位", quantity="stage", unit="m", valid_max=1100
    )
    found = queries.resolve("sl651")
    assert found == {("S1", "39"): queries.StreamRef(row.pk, row.station_id, "m", None, 1100)}
    assert queries.resolve("mqtt") == {}


def test_a_station_out_of_service_is_not_resolved(city: City) -> None:
    Datastream.objects.create(
        code="S1-39", station=station(city, in_service=False), source_code="39", name="水位", quantity="stage", unit="m"
    )
    assert queries.resolve("sl651") == {}


def test_any_change_of_stations_or_datastreams_moves_the_registry_version(city: City) -> None:
    seen = [queries.registry_version()]
    row = station(city)
    seen.append(queries.registry_version())
    Datastream.objects.create(code="d", station=row, source_code="39", name="水位", quantity="stage", unit="m")
    seen.append(queries.registry_version())
    Station.objects.unscoped("test").update(interval_s=60)
    seen.append(queries.registry_version())
    assert seen == sorted(set(seen)), "each change moves it on"
    assert len(seen) == 4
