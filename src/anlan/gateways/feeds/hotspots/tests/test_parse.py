"""FIRMS files as they are published."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.gateways.feeds.contract import FeedError
from anlan.gateways.feeds.hotspots import FEED

HEADER = (
    "latitude,longitude,bright_ti4,scan,track,acq_date,acq_time,satellite,instrument,confidence,version,bright_ti5,frp,"
    "daynight"
)
ROW = "39.6,106.8,336.63,0.52,0.5,2025-03-19,41,N,VIIRS,n,2.0NRT,278.92,4.4,N"


def read(*rows: str) -> bytes:
    return "\n".join([HEADER, *rows]).encode()


@pytest.mark.parametrize(
    ("name", "count", "first"),
    [
        ("viirs_area_api.csv", 5, (datetime(2025, 3, 19, 0, 41, tzinfo=UTC), 0.95, "Suomi NPP", "nominal")),
        ("viirs_7day_feed.csv", 1, (datetime(2022, 7, 6, 0, 48, tzinfo=UTC), 1.03, "Suomi NPP", "nominal")),
        ("modis_24h_feed.csv", None, (datetime(2018, 5, 23, 5, 0, tzinfo=UTC), 17.1, "Aqua", "nominal")),
        ("modis_c6_shp_upper.geojson", None, (datetime(2018, 5, 23, 0, 25, tzinfo=UTC), 7.6, "Terra", "nominal")),
    ],
)
def test_published_files_are_read(shared: Path, name: str, count: int | None, first: tuple[object, ...]) -> None:
    parsed = FEED.parse((shared / "feeds/firms" / name).read_bytes())
    assert parsed.refused == []
    assert count is None or len(parsed.events) == count
    event = parsed.events[0]
    assert (event.at, event.magnitude, event.properties["satellite"], event.properties["confidence"]) == first
    assert len({e.key for e in parsed.events}) == len(parsed.events)


def test_the_time_41_is_forty_one_minutes_past_midnight() -> None:
    (event,) = FEED.parse(read(ROW)).events
    assert event.at == datetime(2025, 3, 19, 0, 41, tzinfo=UTC)


def test_a_bad_row_is_refused_alone_with_its_line() -> None:
    bad = ROW.replace("39.6,", "99.6,", 1)
    parsed = FEED.parse(read(ROW, bad, ROW.replace(",41,", ",2461,"), "1,2,3", ROW.replace(",n,", ",certain,")))
    assert len(parsed.events) == 1
    assert [r.where for r in parsed.refused] == ["第 3 行", "第 4 行", "第 5 行", "第 6 行"]
    assert parsed.refused[0].reason == "纬度的值“99.6”不在 -90～90° 内"


def test_a_file_with_an_unknown_header_is_refused_whole() -> None:
    with pytest.raises(FeedError, match="acq_time"):
        FEED.parse(b"latitude,longitude,acq_date,confidence\n1,2,2025-01-01,n\n")
    with pytest.raises(FeedError):
        FEED.parse(b"")


@given(st.text(max_size=200))
def test_no_row_makes_it_fall_over(row: str) -> None:
    parsed = FEED.parse(read(row, ROW.replace("39.6", row[:5])))
    assert len(parsed.events) + len(parsed.refused) <= 2 + 2 * (row.count("\n") + row.count("\r"))


@given(st.binary(max_size=200))
def test_no_file_makes_it_fall_over(data: bytes) -> None:
    for start in (b"", b"{", HEADER.encode() + b"\n"):
        try:
            FEED.parse(start + data)
        except FeedError:
            continue
