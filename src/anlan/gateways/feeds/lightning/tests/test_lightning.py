"""Strokes as networks list them."""

from __future__ import annotations

import pytest

from anlan.gateways.feeds.contract import FeedError
from anlan.gateways.feeds.lightning import FEED

TABLE = b"at,lon,lat,current_ka\n2026-07-20T14:03:05+08:00,106.80,39.67,-27.3\n2026-07-20T14:03:06,106.8,39.6,9\n,,,\n"
TEXT = b"0 2026-07-20 14:03:05.1234567 39.67 106.80 -27.3 -5.0 0.0 4\n1 2026-07-20 14:03:06 139.67 106.80 12.0\n"


def test_both_shapes_tell_the_same_stroke_and_name_what_is_wrong() -> None:
    table, text = FEED.parse(TABLE), FEED.parse(TEXT)
    assert [(one.lon, one.lat, one.current_ka) for one in table.strokes] == [(106.8, 39.67, -27.3)]
    assert table.strokes[0].at.timestamp() == pytest.approx(text.strokes[0].at.timestamp(), abs=0.2)
    assert [one.where for one in table.refused] == ["第 3 行", "第 4 行"]
    assert "纬度" in text.refused[0].reason


def test_another_document_is_refused_as_a_whole() -> None:
    with pytest.raises(FeedError, match="ADTD"):
        FEED.parse(b"<html></html>")
