"""Parcels and their signatures."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.gateways.exchange import sealing
from anlan.gateways.exchange.parcel import Parcel, Refused, canonical, check, common_schema, content, read
from anlan.kernel.errors import Invalid

NOW = datetime(2026, 11, 28, 4, 0, tzinfo=UTC)
GOOD = Parcel(
    sender="wuda", receiver="mca:150300", seq=1, kind="receipt", key="receipt:1", revision=1, area="mca:150304",
    data_class=2, sent_at=NOW.isoformat(), payload={"about": "report:1", "number": "HZ-1", "at": NOW.isoformat()},
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("algorithm", sealing.ALGORITHMS)
def test_what_was_sealed_opens_with_the_same_key_and_no_other(algorithm: str) -> None:
    key, other = sealing.make(algorithm), sealing.make(algorithm)
    sealed = sealing.seal(key, GOOD.as_json())
    assert read(sealing.opened(sealed, [other, key])) == GOOD
    with pytest.raises(Refused, match="未登记"):
        sealing.opened(sealed, [other])


@pytest.mark.parametrize("algorithm", sealing.ALGORITHMS)
def test_a_changed_word_a_changed_digest_and_a_changed_signature_are_noticed(algorithm: str) -> None:
    key = sealing.make(algorithm)
    sealed = sealing.seal(key, GOOD.as_json())
    changed = {**sealed, "said": {**sealed["said"], "revision": 2}}
    resealed = {**changed, "digest": sealing.digest(algorithm, canonical(changed["said"])).hex()}
    unsigned = {**sealed, "signature": sealed["signature"][:-8] + "AAAAAAA="}
    for one in (changed, resealed, unsigned, {**sealed, "signature": "?"}, {**sealed, "algorithm": "none"}, [], None):
        with pytest.raises(Refused) as refusal:
            sealing.opened(one, [key])
        assert not refusal.value.final


def test_sm3_is_that_of_the_standard() -> None:
    """GB/T 32905-2016 annex A.1."""
    expected = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert sealing.digest(sealing.SM2, b"abc").hex() == expected


def test_the_order_of_keys_does_not_change_what_is_signed() -> None:
    assert canonical({"b": 1, "a": {"d": 2, "c": "乌海"}}) == '{"a":{"c":"乌海","d":2},"b":1}'.encode()


@pytest.mark.parametrize(
    ("change", "words", "final"),
    [
        ({"schema": 9}, "版本 9 不支持", False),
        ({"sent_at": (NOW + timedelta(minutes=11)).isoformat()}, "超前 11 分钟", False),
        ({"sent_at": "yesterday"}, "不是 ISO 8601", True),
        ({"sent_at": "2026-11-28T04:00:00"}, "没有时区", True),
        ({"kind": "gossip"}, "不认识", True),
        ({"payload": {"about": "report:1", "number": 7, "at": ""}}, "number", True),
        ({"payload": {**GOOD.payload, "lon": 206.7}}, "位置 206.7", True),
    ],
)
def test_a_parcel_that_breaks_a_rule_is_refused_with_the_reason(
    change: dict[str, object], words: str, final: bool
) -> None:
    with pytest.raises(Refused, match=words) as refusal:
        check(replace(GOOD, **change), NOW)  # type: ignore[arg-type]
    assert refusal.value.final is final


def test_a_parcel_that_waited_for_a_month_is_as_good_as_new() -> None:
    check(GOOD, NOW + timedelta(days=30))


def test_both_sides_agree_on_the_newest_schema_both_speak() -> None:
    assert common_schema([1]) == 1
    assert common_schema([1, 2, 3]) == 2
    with pytest.raises(Refused, match="没有共同"):
        common_schema([7])


def test_an_old_schema_says_the_same_thing_without_the_word_exercise() -> None:
    old = replace(GOOD, schema=1)
    assert "exercise" not in old.as_json()
    assert content(old) == content(GOOD)


@settings(max_examples=60, deadline=None)
@given(JSON)
def test_no_json_whatever_makes_more_than_a_refusal(said: object) -> None:
    key = sealing.make(sealing.ED25519)
    for attempt in (lambda: read(said), lambda: sealing.opened(said, [key])):
        with pytest.raises(Refused):
            attempt()


@pytest.mark.parametrize("line", ["", "ed25519-sha256", "ed25519-sha256 AAAA", "rsa AAAA", "sm2-sm3 ???"])
def test_a_public_key_that_is_none_is_refused(line: str) -> None:
    with pytest.raises(Invalid, match="公钥"):
        sealing.read_line(line)
