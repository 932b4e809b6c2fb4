"""Sparkplug B: the wire format against hand-made bytes, births, aliases, lost messages."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.gateways.devices.contract import FrameError
from anlan.gateways.devices.sparkplug import codec
from anlan.gateways.devices.sparkplug.codec import Metric, Payload
from anlan.gateways.devices.sparkplug.host import Host

NOW = datetime(2026, 11, 23, tzinfo=UTC)
AT_MS = 1_479_123_452_194


def test_bytes_written_out_by_hand_are_read() -> None:
    # timestamp (1) = 1, metric (2) {name (1) "t", datatype (4) 10, double_value (13) 2.5}, seq (3) = 7
    raw = bytes.fromhex("0801 120e 0a0174 200a 690000000000000440 1807".replace(" ", ""))
    assert codec.read(raw) == Payload(1, 7, [Metric("t", datatype=10, value=2.5)])


def test_a_negative_whole_number_keeps_its_sign() -> None:
    raw = codec.encode(Payload(AT_MS, 1, [Metric("n", datatype=3, value=-5), Metric("m", datatype=4, value=-(2**40))]))
    assert [one.value for one in codec.read(raw).metrics] == [-5, -(2**40)]


def test_an_alias_means_what_the_birth_said() -> None:
    host = Host()
    birth = codec.encode(Payload(AT_MS, 0, [Metric("level", alias=3, value=1.5), Metric("bdSeq", value=1.0)]))
    found, sent = host.take("spBv1.0/park/NBIRTH/e1", birth, NOW)
    assert [(one.address, one.code, one.value) for one in found] == [
        ("park/e1", "level", 1.5),
        ("park/e1", "online", 1.0),
    ]
    data = codec.encode(Payload(AT_MS, 1, [Metric(alias=3, value=2.5)]))
    found, sent = host.take("spBv1.0/park/NDATA/e1", data, NOW)
    assert [(one.code, one.value, one.at.timestamp()) for one in found] == [("level", 2.5, AT_MS / 1000)]
    assert sent == []


def test_a_lost_message_or_a_missing_birth_is_asked_for_once() -> None:
    host = Host()
    data = codec.encode(Payload(AT_MS, 9, [Metric(alias=3, value=2.5)]))
    found, sent = host.take("spBv1.0/park/NDATA/e1", data, NOW)
    assert found == []
    assert sent[0][0] == "spBv1.0/park/NCMD/e1"
    assert codec.read(sent[0][1]).metrics[0].name == "Node Control/Rebirth"
    assert host.take("spBv1.0/park/NDATA/e1", data, NOW)[1] == [], "not again at once"
    host.take("spBv1.0/park/NBIRTH/e1", codec.encode(Payload(AT_MS, 0, [Metric("a", value=1.0)])), NOW)
    assert host.take("spBv1.0/park/NDATA/e1", codec.encode(Payload(AT_MS, 2, [])), NOW)[1], "1 is missing"


def test_a_death_says_offline() -> None:
    found, _ = Host().take("spBv1.0/park/NDEATH/e1", codec.encode(Payload(0, 0, [Metric("bdSeq", value=1.0)])), NOW)
    assert [(one.code, one.value, one.at) for one in found] == [("online", 0.0, NOW)]


@given(st.binary(max_size=200))
def test_no_bytes_bring_the_reader_down(data: bytes) -> None:
    try:
        Host().take("spBv1.0/g/NDATA/e", data, NOW)
    except FrameError:
        return


@given(st.lists(st.tuples(st.text(min_size=1, max_size=8), st.floats(allow_nan=False) | st.booleans()), max_size=5))
def test_what_is_written_is_read(values: list[tuple[str, float | bool]]) -> None:
    written = codec.metrics(values, AT_MS)
    found = codec.read(codec.encode(Payload(AT_MS, 3, written)))
    assert [(one.name, one.value) for one in found.metrics] == values


@pytest.mark.parametrize("topic", ["v1/a/telemetry", "spBv1.0/g/XDATA/e", "spBv1.0//NDATA/e"])
def test_other_topics_are_refused(topic: str) -> None:
    with pytest.raises(FrameError):
        codec.topic_of(topic)
