"""Earthquake lists as they are published."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.gateways.feeds.contract import FeedError
from anlan.gateways.feeds.earthquakes import FEED

#: The CENC shape; the event is the published 2015-04-15 阿拉善左旗 earthquake (M5.8, 39.8 N 106.3 E, 10 km).
ALXA = (
    '({"shuju":[{"M":"5.8","O_TIME":"2015-04-15 15:39:28","EPI_LAT":"39.8","EPI_LON":"106.3","EPI_DEPTH":"10",'
    '"LOCATION_C":"内蒙古阿拉善盟阿拉善左旗","NEW_DID":"CD20150415153928"}],"jieguo":"x","num":1})'
)


def test_a_day_of_the_world_is_read_whole(shared: Path) -> None:
    parsed = FEED.parse((shared / "feeds/earthquake/usgs_all_day_rodu.geojson").read_bytes())
    assert (len(parsed.events), parsed.refused) == (151, [])
    first = parsed.events[0]
    assert (first.key, first.magnitude, first.lon, first.lat) == ("usgs:ci37517303", 1.09, -118.2046667, 35.6175)
    assert first.at == datetime(2016, 11, 3, 18, 38, 16, 90000, UTC)
    assert sum(not event.properties["natural"] for event in parsed.events) == 8
    assert len({event.key for event in parsed.events}) == 151


def test_the_published_cenc_files_are_read(shared: Path) -> None:
    (event,) = FEED.parse((shared / "feeds/earthquake/cenc_ceic_ajax.txt").read_bytes()).events
    assert (event.magnitude, event.lon, event.key) == (4.8, 103.2, "cenc:CD202606070001")
    notes = json.loads((shared / "feeds/earthquake/cenc_notes.json").read_text(encoding="utf-8"))
    (event,) = FEED.parse(json.dumps([notes["lower_case_variant"]]).encode()).events
    assert (event.magnitude, event.properties["depth_km"], event.properties["status"]) == (7.5, 30.0, "reviewed")


def test_beijing_time_is_not_taken_for_utc() -> None:
    (event,) = FEED.parse(ALXA.encode()).events
    assert event.at.astimezone(UTC) == datetime(2015, 4, 15, 7, 39, 28, tzinfo=UTC)
    assert (event.magnitude, event.lon, event.lat) == (5.8, 106.3, 39.8)


def test_an_event_without_magnitude_is_kept_and_a_bad_row_is_named() -> None:
    def feature(**changes: object) -> dict[str, object]:
        properties = {"mag": None, "time": 1, "place": "x", "type": "earthquake", **changes}
        return {"id": "a", "properties": properties, "geometry": {"coordinates": [106.0, 39.0, 5]}}

    far = {**feature(), "geometry": {"coordinates": [106.0, 139.0, 5]}}
    parsed = FEED.parse(json.dumps({"features": [feature(), far, feature(time=None), 7]}).encode())
    assert [event.magnitude for event in parsed.events] == [None]
    assert (parsed.refused[0].where, parsed.refused[0].reason) == ("features[1]", "纬度的值“139.0”不在 -90～90° 内")
    assert len(parsed.refused) == 3


def test_something_else_is_refused_whole() -> None:
    for data in (b"<html>", b"{}", b'{"features": 3}', b"[" * 100_000):
        with pytest.raises(FeedError):
            FEED.parse(data)


@given(st.recursive(st.none() | st.integers() | st.floats() | st.text(), lambda x: st.lists(x) | st.dictionaries(
    st.sampled_from(["features", "properties", "geometry", "coordinates", "mag", "time", "id", "shuju", "M", "O_TIME"]),
    x), max_leaves=20))  # fmt: skip
def test_no_json_makes_it_fall_over(content: object) -> None:
    try:
        FEED.parse(json.dumps(content).encode())
    except FeedError:
        return
