"""MQTT without a broker in between: the conversation of one connection (OASIS MQTT 3.1.1)."""

from __future__ import annotations

import struct
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.gateways.devices.contract import Step
from anlan.gateways.devices.mqtt.client import CONNECT, DISCONNECT, PINGREQ, PUBACK, PUBLISH, SUBSCRIBE, field, packet
from anlan.gateways.devices.mqtt.direct import MOST, DirectSession, Ended, protocol

NOW = datetime(2026, 11, 28, 8, 0, tzinfo=UTC)
TOPIC = field("v1/G1/telemetry")


def hello(user: str = "device", word: str = "right", level: int = 4, will: bool = False) -> bytes:
    flags = 0xC2 | (0x04 if will else 0)
    body = field("MQTT") + bytes([level, flags]) + struct.pack("!H", 60) + field("G1")
    return packet(CONNECT, 0, body + (field("gone") + field("bye") if will else b"") + field(user) + field(word))


def report(number: int, value: float, quality: int = 1) -> bytes:
    payload = b'{"at": "2026-11-28T08:00:00Z", "values": {"cl2": %g}}' % value
    return packet(PUBLISH, quality << 1, TOPIC + (struct.pack("!H", number) if quality else b"") + payload)


def said(*packets: bytes) -> list[Step]:
    return DirectSession("right").receive(b"".join(packets), NOW)


def test_readings_are_acknowledged_by_their_number_and_a_ping_is_answered() -> None:
    steps = said(hello(will=True), report(7, 0.3), packet(PINGREQ, 0, b""), report(0, 0.4, quality=0))
    assert [step.ack.hex() for step in steps] == ["20020000", "40020007", "d000", ""]
    assert [[(r.address, r.code, r.value) for r in step.readings] for step in steps] == [
        [], [("G1", "cl2", 0.3)], [], [("G1", "cl2", 0.4)],
    ]  # fmt: skip
    assert b"right" not in b"".join(step.raw for step in steps), "nobody who looks on sees the password"


@given(st.lists(st.integers(1, 40), max_size=12))
@settings(max_examples=25, deadline=None)
def test_however_the_bytes_are_cut_the_same_is_understood(sizes: list[int]) -> None:
    data = hello() + report(1, 1.5) + report(2, 2.5) + packet(PINGREQ, 0, b"")
    session, found, at = DirectSession("right"), [], 0
    for size in [*sizes, len(data)]:
        found += session.receive(data[at : at + size], NOW)
        at += size
    assert found == said(data)


def test_what_cannot_be_read_is_acknowledged_and_kept_with_its_reason() -> None:
    """Else it would come again for ever."""
    for body in (TOPIC + b"\x00\x09not json", field("v2/G1/x") + b"\x00\x09{}", TOPIC + b'\x00\x09{"values": {}}'):
        step = said(hello(), packet(PUBLISH, 2, body))[1]
        assert (step.nak.hex(), step.readings) == ("40020009", [])
        assert step.reason


@pytest.mark.parametrize(
    ("opening", "answer"),
    [
        (hello(word="wrong"), "20020005"),
        (hello(user="anlan"), "20020005"),
        (hello(level=5), "20020001"),
        (report(1, 1), ""),
    ],
)
def test_who_may_not_come_in_is_told_why_and_hung_up_on(opening: bytes, answer: str) -> None:
    session = DirectSession("right")
    (step,) = session.receive(opening + report(2, 9.0), NOW)
    assert (step.nak.hex(), step.readings) == (answer, [])
    assert step.reason
    assert b"wrong" not in step.raw
    with pytest.raises(Ended):
        session.receive(report(3, 9.0), NOW)


def test_nothing_is_handed_out_and_the_protocol_is_kept() -> None:
    assert (
        said(hello(), packet(SUBSCRIBE, 2, b"\x00\x05" + field("#") + b"\x01" + field("x") + b"\x00"))[1].ack.hex()
        == "900400058080"
    )
    for wrong in (
        report(1, 1, quality=2),
        packet(PUBACK, 0, b"\x00\x01"),
        b"\x32\xff\xff\xff\xff\x01",
        packet(PUBLISH, 2, b"\x00\xff"),
    ):
        steps = said(hello(), wrong, report(2, 2))
        assert len(steps) == 2
        assert steps[1].reason
    assert "超过" in said(hello(), bytes([0x32]) + b"\xff\xff\x7f")[1].reason, (
        f"more than {MOST} bytes are not waited for"
    )
    assert len(said(hello(), packet(DISCONNECT, 0, b""), report(1, 1))) == 2


@given(st.lists(st.binary(max_size=60), max_size=6), st.booleans())
@settings(max_examples=60, deadline=None)
def test_no_bytes_whatever_make_it_fail(pieces: list[bytes], known: bool) -> None:
    session = DirectSession("right")
    try:
        for piece in [hello()] * known + pieces:
            for step in session.receive(piece, NOW):
                assert isinstance(step, Step)
            assert len(session.buffer) <= MOST + 5
    except Ended:
        pass


def test_without_a_password_there_is_no_such_door() -> None:
    assert protocol({}) is None
    found = protocol({"ANLAN_MQTT_PASSWORD": "t"})
    assert found is not None
    assert (found.name, found.transport, found.port_env) == ("mqtt", "tcp", "ANLAN_MQTT_DIRECT_PORT")
