"""Registries as layers of the one map."""

from __future__ import annotations

import time

import orjson
import pytest

from anlan.kernel.accounts.actor import system
from anlan.kernel.models import Organisation
from anlan.kernel.register.declare import MapSymbol
from anlan.kernel.register.mapping import features
from anlan.kernel.register.query import find
from tests.conftest import City, actor

SYMBOL = MapSymbol(
    layer="organisations", title="机构", icon="organisation", colour="#888", properties=("kind", "data_class")
)
WHOLE = system("地图")


@pytest.fixture
def ten_thousand(city: City) -> None:
    Organisation.everything.bulk_create(
        Organisation(
            code=f"E{i}",
            name=f"机构{i}",
            kind="应急",
            area=city.east if i % 2 else city.west,
            lon=106.6 + (i % 100) / 200,
            lat=39.2 + (i // 100) / 200,
        )
        for i in range(10_000)
    )


def test_ten_thousand_features_are_built_within_half_a_second(ten_thousand: None) -> None:
    start = time.process_time()
    text = orjson.dumps(features(find("organisations"), SYMBOL, WHOLE, None))
    assert time.process_time() - start < 0.5
    assert text.count(b'"Feature"') == 10_000


def test_a_map_shows_what_lies_inside_its_frame_and_in_the_actors_district(ten_thousand: None, city: City) -> None:
    register = find("organisations")
    frame = (106.599, 39.199, 106.7001, 39.3001)
    assert len(features(register, SYMBOL, WHOLE, frame)["features"]) == 21 * 21
    assert len(features(register, SYMBOL, actor(city.east), None)["features"]) == 5_000


def test_a_feature_carries_words_and_not_codes(ten_thousand: None) -> None:
    first = features(find("organisations"), SYMBOL, WHOLE, None)["features"][0]
    assert first["properties"]["data_class"] == "一般2·内部"
    assert first["properties"]["representative"] is False
    assert first["properties"]["url"] == f"/registers/organisations/{first['id']}/"
