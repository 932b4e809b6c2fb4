"""RSS, Atom, GeoRSS and GeoJSON: places, times, identity; hostile documents."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.gateways.feeds.bulletins.parse import parse
from anlan.gateways.feeds.contract import FeedError

RSS = """<?xml version="1.0"?><rss version="2.0" xmlns:georss="http://www.georss.org/georss"
 xmlns:geo="http://www.w3.org/2003/01/geo/wgs84_pos#"><channel><title>水利部</title>
<item><title>黄河凌汛 &amp; 开河</title><guid>a1</guid><pubDate>Mon, 02 Mar 2026 08:00:00 +0800</pubDate>
<description>&lt;p&gt;流凌密度&lt;b&gt;六成&lt;/b&gt;&lt;/p&gt;</description><georss:point>39.7 106.8</georss:point></item>
<item><title>交通</title><link>http://e/2</link><pubDate>Mon, 02 Mar 2026 00:30:00 GMT</pubDate>
<geo:lat>39.5</geo:lat><geo:long>106.7</geo:long></item>
<item><title>没有时间</title><guid>a3</guid></item>
<item><title>错的地方</title><guid>a4</guid><pubDate>Mon, 02 Mar 2026 00:30:00 GMT</pubDate>
<georss:point>139.7 106.8</georss:point></item>
</channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:georss="http://www.georss.org/georss"><title>t</title>
<entry><title>山火</title><id>urn:1</id><updated>2026-03-02T00:00:00Z</updated><link href="http://e/1"/><summary>x</summary>
<georss:polygon>39 106 39 108 41 108 41 106 39 106</georss:polygon></entry></feed>"""


def test_items_of_rss_have_their_place_time_and_identity_and_bad_ones_are_named() -> None:
    found = parse(RSS.encode())
    one, two = found.events
    assert (one.key, one.title, one.lon, one.lat) == ("a1", "黄河凌汛 & 开河", 106.8, 39.7)
    assert one.at == datetime(2026, 3, 2, tzinfo=UTC)
    assert one.properties == {"source": "水利部", "link": "", "text": "流凌密度六成"}
    assert (two.key, two.lon, two.lat) == ("http://e/2", 106.7, 39.5)
    assert [refused.where for refused in found.refused] == ["item[2]", "item[3]"]
    assert "纬度的值" in found.refused[1].reason


def test_entries_of_atom_lie_in_the_middle_of_their_outline() -> None:
    (one,) = parse(ATOM.encode()).events
    assert (one.key, one.properties["link"]) == ("urn:1", "http://e/1")
    assert (one.lon, one.lat) == pytest.approx((106.8, 39.8))


def test_features_keep_their_properties_and_times_may_be_milliseconds() -> None:
    feature = {
        "type": "Feature", "id": 7, "geometry": {"type": "LineString", "coordinates": [[106, 39], [107, 40]]},
        "properties": {"title": "封路", "time": 1772409600000, "road": "G18"},
    }  # fmt: skip
    bad = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [500, 1]},
        "properties": {"title": "x", "at": 0},
    }
    found = parse(json.dumps({"type": "FeatureCollection", "features": [feature, bad, 3]}).encode())
    assert [(one.key, one.at, one.properties["road"]) for one in found.events] == [
        ("7", datetime(2026, 3, 2, tzinfo=UTC), "G18")
    ]
    assert [one.where for one in found.refused] == ["features[1]", "features[2]"]


@pytest.mark.parametrize(
    "document", [b"", b"hello", b"<html/>", b"[1]", b'{"type": "Topology"}', b"<!DOCTYPE x [<!ENTITY a 'b'>]><rss/>"]
)
def test_something_else_is_refused_whole(document: bytes) -> None:
    with pytest.raises(FeedError):
        parse(document)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([RSS, ATOM]), st.integers(0, 1200), st.text(max_size=6))
def test_no_damage_makes_it_fall_over(document: str, at: int, put: str) -> None:
    try:
        parse((document[:at] + put + document[at + len(put) :]).encode())
    except FeedError as error:
        assert str(error)  # noqa: PT017 - the point is that a reason is given
