"""CoT: what we write is read back as it was; what is wrong or dangerous is refused; a client on a socket sees and is seen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st

from anlan.gateways.devices.contract import FrameError
from anlan.gateways.devices.cot.codec import MOST_BYTES, CotFramer, Happening, encode, place_of, read
from anlan.gateways.devices.cot.session import CotSession, admits

NOW = datetime(2026, 11, 28, 1, 0, tzinfo=UTC)
#: As ATAK 4 sends its own position (public documentation of CoT; figures changed).
ATAK = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<event version="2.0" uid="ANDROID-35" type="a-f-G-U-C" '
    b'time="2026-11-28T01:00:00.123Z" start="2026-11-28T01:00:00.123Z" stale="2026-11-28T01:06:15.123Z" how="m-g">'
    b'<point lat="39.4636" lon="106.7005" hae="1090.2" ce="9.9" le="9999999.0"/><detail><contact callsign="WUDA 1" '
    b'endpoint="*:-1:stcp"/><__group name="Red" role="Team Member"/><track speed="5.0" course="271.5"/></detail></event>'
)
TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=0xD7FF), max_size=30)


@given(st.floats(-180, 180), st.floats(-90, 90), TEXT, TEXT)
def test_what_is_written_is_read_back(lon: float, lat: float, callsign: str, remarks: str) -> None:
    one = Happening("u-1", "a-f-G-U-C", lon, lat, NOW, NOW + timedelta(minutes=5), callsign, remarks)
    back = read(encode(one, NOW).strip())
    assert (back.uid, back.type, back.at, back.stale) == (one.uid, one.type, one.at, one.stale)
    assert (back.lon, back.lat) == (pytest.approx(lon, abs=1e-6), pytest.approx(lat, abs=1e-6))
    assert back.callsign == callsign


def test_a_position_of_a_client_is_a_place_with_speed_and_course() -> None:
    (step,) = CotSession().receive(ATAK, NOW)
    (place,) = step.places
    assert (place.address, place.lon, place.lat, place.name) == ("ANDROID-35", 106.7005, 39.4636, "WUDA 1")
    assert (place.speed_km_h, place.course_deg) == (pytest.approx(18), pytest.approx(271.5))
    drawn = Happening("d", "u-d-f", 1, 1, NOW, NOW)
    assert place_of(drawn) is None


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (ATAK.replace(b"39.4636", b"139.4636"), "lat"),
        (ATAK.replace(b'lon="106.7005" ', b""), "lon"),
        (ATAK.replace(b'uid="ANDROID-35"', b'uid=""'), "uid"),
        (ATAK.replace(b'start="2026-11-28T01:00:00.123Z"', b'start="now"'), "start"),
        (ATAK.replace(b'stale="2026-11-28T01:06:15.123Z"', b'stale="2026-11-28T01:06:15"'), "时区"),
        (b'<!DOCTYPE event [<!ENTITY a "aaaa">]>' + ATAK[ATAK.index(b"<event") :].replace(b"WUDA", b"&a;"), "实体"),
        (b"<event><point/>", "XML"),
        (b"<event>" + b" " * MOST_BYTES + b"</event>", "超过"),
    ],
)
def test_what_is_wrong_or_dangerous_is_refused_with_the_reason(frame: bytes, words: str) -> None:
    with pytest.raises(FrameError, match=words):
        read(frame)


@given(st.lists(st.integers(1, 200), max_size=30))
def test_events_are_found_however_the_stream_is_cut(cuts: list[int]) -> None:
    stream, framer, found = ATAK * 3 + b"junk" + ATAK, CotFramer(), []
    for size in [*cuts, len(stream)]:
        found += framer.feed(stream[:size])
        stream = stream[size:]
    assert sum(not chunk.reason for chunk in found) == 4
    assert b"".join(chunk.data for chunk in found if chunk.reason) == b"junk"


def test_a_surface_has_its_corners_and_is_closed() -> None:
    corners = ((106.7, 39.4), (106.8, 39.4), (106.8, 39.5))
    event: Element = fromstring(
        encode(Happening("d", "u-d-f", 106.75, 39.45, NOW, NOW, places=corners, closed=True, colour="#e03131"), NOW)
    )
    links = [link.get("point") for link in event.findall("detail/link")]
    assert links[0] == links[-1] == "39.4000000,106.7000000"
    assert len(links) == 4


def test_only_addresses_that_are_named_may_connect(monkeypatch: pytest.MonkeyPatch) -> None:
    assert admits("127.0.0.1:5000")
    assert not admits("10.1.2.3:5000")
    monkeypatch.setenv("ANLAN_COT_ALLOW", "10.1.0.0/16")
    assert (admits("10.1.2.3:5000"), admits("::ffff:10.1.2.3:1"), admits("127.0.0.1:1")) == (True, True, False)
    monkeypatch.setenv("ANLAN_COT_ALLOW", "everybody")
    assert not admits("127.0.0.1:5000")


def test_a_ping_is_answered() -> None:
    (step,) = CotSession().receive(ATAK.replace(b"a-f-G-U-C", b"t-x-c-t"), NOW)
    assert b"t-x-c-t-r" in step.ack
