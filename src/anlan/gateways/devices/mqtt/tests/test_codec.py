"""JSON and SenML as devices publish them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.gateways.devices.contract import FrameError
from anlan.gateways.devices.mqtt import PROTOCOL
from anlan.gateways.devices.mqtt.codec import address_of, decode

NOW = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)


def read(content: object) -> list[tuple[str, float | None, datetime]]:
    return [(r.code, r.value, r.at) for r in decode(json.dumps(content).encode(), "G1", NOW)]


def test_our_own_shape_one_or_many() -> None:
    one = {"at": "2026-11-23T08:00:00+08:00", "values": {"cl2": 0.3, "p": None}}
    assert read(one) == [("cl2", 0.3, NOW), ("p", None, NOW)]
    assert read([one, {"values": {"cl2": 1}}])[2] == ("cl2", 1.0, NOW)
    assert read({"at": 1763856000000, "values": {"x": 2}})[0][2] == datetime(2025, 11, 23, 0, 0, tzinfo=UTC)


MS = round(NOW.timestamp() * 1000)
ISO = "2026-11-23T08:00:00+08:00"


@pytest.mark.parametrize(
    "times",
    [{"at": ISO}, {"at": MS}, {"ts": MS}, {"ts": ISO}, {"ts": float(MS)}, {"ts": MS, "at": ISO}, {"ts": ISO, "at": ISO},
     {"at": MS, "seq": 7, "model": "X", "unit": "ppm", "rssi": -70}],
)  # fmt: skip
def test_the_time_is_at_or_ts_in_milliseconds_or_text(times: dict[str, object]) -> None:
    later = NOW + timedelta(days=1)
    assert [r.at for r in decode(json.dumps(times | {"values": {"x": 1}}).encode(), "G1", later)] == [NOW]


@pytest.mark.parametrize(
    ("times", "told"),
    [
        ({"at": ISO, "ts": MS + 1}, ["at", ISO, "ts", str(MS + 1)]),
        ({"ts": MS // 1000}, ["ts", str(MS // 1000), "946684800000–4102444800000", "毫秒"]),
        ({"ts": MS * 1000}, ["ts", str(MS * 1000), "毫秒"]),
        ({"at": -1}, ["at", "-1", "毫秒"]),
        ({"ts": float("nan")}, ["ts", "nan", "毫秒"]),
        ({"ts": True}, ["ts", "True", "ISO 8601"]),
        ({"ts": None}, ["ts", "None", "ISO 8601"]),
        ({"ts": str(MS)}, ["ts", str(MS), "毫秒"]),
        ({"ts": "2026-11-23T08:00:00"}, ["ts", "没有时区"]),
        ({"at": [MS]}, ["at", "ISO 8601"]),
        *(({word: MS}, [word, "at 或 ts"]) for word in
          ("time", "timestamp", "Ts", "TS", "At", "t", "datetime", "measured_at", "observedAt", "eventTime", "dateTime", "ts_ms")),
        *(({word: True}, [word, "backfill"]) for word in ("Backfill", "back_fill", "backfil", "flags", "value")),
    ],
)  # fmt: skip
def test_a_time_that_cannot_be_meant_is_refused_by_field_value_range_and_unit(
    times: dict[str, object], told: list[str]
) -> None:
    with pytest.raises(FrameError) as refusal:
        decode(json.dumps(times | {"values": {"x": 1}}).encode(), "G1", NOW)
    assert [word for word in ("[0].", *told) if word not in str(refusal.value)] == []


def test_senml_names_times_and_values_are_resolved() -> None:
    """RFC 8428 section 5.1.3: base name, base time, relative times."""
    records = [
        {"bn": "urn:dev:ow:10e2073a01080063:", "bt": 1.276020076e09, "bu": "A", "bver": 5, "n": "voltage", "u": "V", "v": 120.1},
        {"n": "current", "t": -5, "v": 1.2},
        {"n": "current", "t": -4, "v": 1.3},
        {"n": "current", "v": 1.7},
    ]  # fmt: skip
    base = datetime.fromtimestamp(1276020076, UTC)
    assert read(records) == [
        ("voltage", 120.1, base),
        ("current", 1.2, base - timedelta(seconds=5)),
        ("current", 1.3, base - timedelta(seconds=4)),
        ("current", 1.7, base),
    ]
    units = [r.unit for r in decode(json.dumps(records).encode(), "G1", NOW)]
    assert units == ["V", "A", "A", "A"]


def test_senml_labels_that_need_not_be_understood_are_passed_over() -> None:
    """RFC 8428 section 4.4: only a label that ends in "_" must be."""
    assert read([{"bver": 10, "n": "t", "v": 20, "t": 0, "hint": "x", "_hint": 1}]) == [("t", 20.0, NOW)]


def test_a_senml_time_below_two_to_the_28th_is_relative_to_now() -> None:
    assert read([{"n": "t", "v": 20, "t": -60}]) == [("t", 20.0, NOW - timedelta(seconds=60))]
    assert read([{"bn": "x/", "n": "door", "vb": True, "bv": 3}])[0][1] == 1.0
    assert read([{"bv": 20, "n": "t", "v": 1.5}])[0][1] == 21.5


@pytest.mark.parametrize(
    "content",
    ["text", 3, [], {}, {"values": {}}, {"values": {"x": "high"}}, {"values": {"x": 1}, "at": "2026-11-23T08:00:00"},
     [{"n": "x", "v": 1, "sum_": 2}], [{"bn": "x/"}, {"n": "y", "v": 1, "must_": True}], [{"bver": 11, "n": "x", "v": 1}],
     [{"bn": 3, "n": "x", "v": 1}],
     [{"n": "x", "vs": "open"}], [{"n": "x", "v": 1, "t": 1e300}], {"station": "other", "values": {"x": 1}}],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_a_reason(content: object) -> None:
    with pytest.raises(FrameError, match=r"."):
        read(content)


def test_the_address_is_in_the_topic() -> None:
    assert address_of("v1/G1/telemetry") == "G1"
    for topic in ("v1//telemetry", "v1/G1", "v2/G1/telemetry", "v1/a/b/telemetry"):
        with pytest.raises(FrameError):
            address_of(topic)


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda x: st.lists(x, max_size=4)
    | st.dictionaries(st.sampled_from(["n", "v", "bn", "bt", "bv", "t", "u", "at", "ts", "values", "vb", "flag", "station"]), x),
    max_leaves=12,
))  # fmt: skip
def test_no_json_raises_anything_else(content: object) -> None:
    try:
        decode(json.dumps(content).encode(), "G1", NOW)
    except FrameError:
        return


@given(st.binary(max_size=80))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    for raw in (data, b"v1/G1/telemetry " + data, b"v1/G1/telemetry [" + data):
        assert PROTOCOL.decode(raw).frame is not None
