"""An event message comes out as it went in, and what is none says why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.gateways.exchange.adapters.gbt35965 import codec

WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp", "Cn"]), min_size=1, max_size=40
)
COUNT = st.none() | st.integers(0, 999_999)
AT = datetime(2026, 11, 28, 9, 30, tzinfo=timezone(timedelta(hours=8)))
PLAIN = codec.EventInfo("m1", "wuda", AT, "W-1", "液氯泄漏", "12D02", 106.7, 39.5, AT)


@settings(max_examples=40, deadline=None)
@given(
    events=st.builds(
        codec.EventInfo, identifier=WORDS, sender=WORDS, sent=st.just(AT), number=WORDS, title=WORDS, event_code=st.just("12D02"),
        lon=st.floats(-180, 180), lat=st.floats(-90, 90), at=st.just(AT.astimezone(UTC)), status=st.sampled_from(codec.STATUSES),
        description=WORDS, closed=st.booleans(), deaths=COUNT, missing=COUNT, trapped=COUNT,
    )
)  # fmt: skip
def test_an_event_comes_out_as_it_went_in(events: codec.EventInfo) -> None:
    assert codec.read(codec.root_of(codec.write(events))) == events


@pytest.mark.parametrize(
    ("was", "becomes", "words"),
    [
        ("<eventId>W-1</eventId>", "", "缺少 eventId"),
        ("106.7", "1067", "longitude 的值 1067 超出"),
        ("106.7", "nan", "longitude 的值 nan 超出"),
        ("2026-11-28T09:30:00+08:00", "2026-11-28T09:30:00", "没有时区"),
        ("<status>Actual</status>", "<status>Maybe</status>", "不在 Actual"),
        ("<eventInfo>", '<!DOCTYPE a [<!ENTITY x "y">]><eventInfo>', "文档类型声明"),
        ("eventInfo>", "alarm>", "根元素是 alarm"),
        ("</eventInfo>", "<deaths>-1</deaths></eventInfo>", "不是人数"),
    ],
)
def test_what_is_no_event_is_refused_by_name(was: str, becomes: str, words: str) -> None:
    text = codec.write(PLAIN).decode().split("?>")[1].strip()
    assert was in text
    with pytest.raises(codec.EventError, match=words):
        codec.read(codec.root_of(text.replace(was, becomes).encode()))


def test_an_installation_with_the_text_gives_its_own_names() -> None:
    names = {**codec.NAMES, "number": "SJBH", "root": "SJXX"}
    assert b"<SJBH>W-1</SJBH>" in codec.write(PLAIN, names)
    assert codec.read(codec.root_of(codec.write(PLAIN, names)), names) == PLAIN
