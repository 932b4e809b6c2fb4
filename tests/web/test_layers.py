"""Layers of the map: who sees which, how they travel."""

from __future__ import annotations

import gzip
from typing import Any

import orjson
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.geo.layers import LAYERS, Layer
from anlan.kernel.models import Area
from anlan.monitoring.models import Station
from anlan.web.views.layers import visible_layers
from tests.conftest import City, actor
from tests.web.conftest import SignIn


def station(area: Area, code: str, lon: float = 106.8, lat: float = 39.6) -> Station:
    return Station.everything.create(
        code=code, name=f"{code}站", lon=lon, lat=lat, area=area, kind="gas", protocol="mqtt", address=code
    )


def shown(client: Client, path: str) -> dict[str, Any]:
    answer = client.get(path)
    assert answer.status_code == 200, answer.content.decode()
    return dict(orjson.loads(answer.content))


def stations_layer(by: Any, bbox: Any) -> dict[str, Any]:
    rows = Station.objects.visible_to(by)
    if bbox:
        rows = rows.filter(lon__gte=bbox[0], lat__gte=bbox[1], lon__lte=bbox[2], lat__lte=bbox[3])
    features = [
        {
            "type": "Feature",
            "id": row.pk,
            "geometry": {"type": "Point", "coordinates": [row.lon, row.lat]},
            "properties": {"name": row.name},
        }
        for row in rows
    ]
    return {"type": "FeatureCollection", "features": features}


@pytest.fixture(autouse=True)
def layer_of_stations(monkeypatch: pytest.MonkeyPatch) -> None:
    """A layer of these tests, beside the product's own."""
    declared = Layer("test.stations", "试验测站", "point", stations_layer, "monitoring.view", icon="station")
    monkeypatch.setitem(LAYERS, "test.stations", declared)


def test_the_tree_lists_only_layers_the_actor_may_see(city: City) -> None:
    keys = {layer["key"] for layer in visible_layers(actor(city.city, "command.view"))}
    assert "test.stations" not in keys
    assert "area.district" in keys
    assert "test.stations" in {layer["key"] for layer in visible_layers(actor(city.city, "monitoring.view"))}


def test_every_declared_layer_answers_with_features_that_have_ids(city: City) -> None:
    everybody = actor(city.city)
    for key, layer in LAYERS.items():
        found = layer.features(everybody, None)
        assert found["type"] == "FeatureCollection", key
        assert all(feature.get("id") is not None for feature in found["features"]), key


def test_a_district_gets_only_its_own_stations(city: City, signed_in: SignIn) -> None:
    station(city.east, "E1")
    station(city.west, "W1")
    names = [
        feature["properties"]["name"]
        for feature in shown(signed_in(city.east), "/api/map/layers/test.stations")["features"]
    ]
    assert names == ["E1站"]


def test_a_box_limits_what_is_sent_and_a_wrong_box_is_named(city: City, signed_in: SignIn) -> None:
    station(city.east, "E1", 106.8, 39.6)
    station(city.east, "E2", 107.0, 39.8)
    client = signed_in()
    assert len(shown(client, "/api/map/layers/test.stations?bbox=106.7,39.5,106.9,39.7")["features"]) == 1
    wrong = client.get("/api/map/layers/test.stations?bbox=107,39,106,40")
    assert wrong.status_code == 422
    assert orjson.loads(wrong.content)["field"] == "bbox"


def test_unchanged_features_are_not_sent_again(city: City, signed_in: SignIn) -> None:
    for number in range(30):
        station(city.east, f"S{number}")
    client = signed_in()
    first = client.get("/api/map/layers/test.stations", headers={"accept-encoding": "gzip"})
    assert first["Content-Encoding"] == "gzip"
    assert len(orjson.loads(gzip.decompress(first.content))["features"]) == 30
    again = client.get("/api/map/layers/test.stations", headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    station(city.east, "S99")
    assert client.get("/api/map/layers/test.stations", headers={"if-none-match": first["ETag"]}).status_code == 200


def test_an_unknown_or_forbidden_layer_does_not_exist(city: City, signed_in: SignIn) -> None:
    client = signed_in(city.city, "command.view")
    assert client.get("/api/map/layers/test.stations").status_code == 404
    assert client.get("/api/map/layers/no.such").status_code == 404


def test_who_is_not_signed_in_gets_no_map_data(db: None, client: Client) -> None:
    assert client.get("/api/map/layers").status_code == 403
    assert client.get("/api/map/layers/area.city").status_code == 403


@pytest.mark.parametrize("count", [1, 3])
def test_the_worklist_asks_as_many_questions_for_three_alarms_as_for_one(
    count: int, city: City, signed_in: SignIn
) -> None:
    for number in range(count):
        station(city.east, f"S{number}")
    client = signed_in()
    client.get("/map/worklist")
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert client.get("/map/worklist").status_code == 200
    assert len(asked) <= 18


def test_what_is_here_names_the_areas_and_the_nearest_things(city: City, signed_in: SignIn) -> None:
    ring = [[106.7, 39.5], [106.9, 39.5], [106.9, 39.7], [106.7, 39.7], [106.7, 39.5]]
    city.east.geometry = {"type": "Polygon", "coordinates": [ring]}
    city.east.save()
    station(city.east, "NEAR", 106.801, 39.601)
    station(city.east, "FAR", 106.89, 39.69)
    page = signed_in().get("/map/here?lon=106.8&lat=39.6").content.decode()
    assert "海勃湾区" in page
    assert "NEAR站" in page
    assert "FAR站" not in page


def test_what_is_here_refuses_a_place_off_the_earth(city: City, signed_in: SignIn) -> None:
    answer = signed_in().get("/map/here?lon=200&lat=39", headers={"accept": "application/json"})
    assert answer.status_code == 422


def test_the_online_base_map_is_off_without_a_key(city: City, signed_in: SignIn) -> None:
    assert signed_in().get("/tiles/tianditu/vec/10/800/400").status_code == 404


def test_how_many_live_in_an_area_is_shown_to_those_who_answer_for_it(city: City) -> None:
    """Boundaries and names are everybody's, the people in them are not."""
    for area, west in ((city.east, 106.8), (city.west, 106.6)):
        ring = [[west, 39.4], [west + 0.1, 39.4], [west + 0.1, 39.5], [west, 39.5], [west, 39.4]]
        area.geometry, area.population = {"type": "Polygon", "coordinates": [ring]}, 1000
        area.save()

    def people(by: Actor) -> tuple[set[str], dict[str, int | None]]:
        homes = LAYERS["population"].features(by, None)["features"]
        limits = LAYERS["area.district"].features(by, None)["features"]
        named = {one["properties"]["name"]: one["properties"]["population"] for one in limits}
        return {one["properties"]["name"] for one in homes}, named

    east, west = city.east.name, city.west.name
    assert people(actor(city.east)) == ({east}, {east: 1000, west: None})
    assert people(actor(city.city)) == ({east, west}, {east: 1000, west: 1000})
