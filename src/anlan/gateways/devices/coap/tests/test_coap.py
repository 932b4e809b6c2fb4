"""CoAP: messages as RFC 7252 shows them, requests and their answers, repeats, hostile options."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.gateways.devices.coap import codec
from anlan.gateways.devices.coap.codec import ACK, CON, NON, RST, Message, read
from anlan.gateways.devices.coap.session import LIFETIME, CoapSession
from anlan.gateways.devices.coap.simulator import Node
from anlan.gateways.devices.contract import FrameError

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
PATH = tuple((codec.URI_PATH, part) for part in (b"v1", b"R1", b"telemetry"))


def request(payload: bytes, kind: int = CON, code: int = codec.POST, number: int = 7, *more: codec.Option) -> bytes:
    return Message(kind, code, number, b"\x01\x02", (*PATH, *more), payload).encode()


def test_the_rfcs_own_messages_are_read_and_written() -> None:
    # RFC 7252 appendix A, figure 16: a confirmable GET of /temperature, and its answer.
    asked = bytes.fromhex("40017d34") + b"\xbbtemperature"
    assert read(asked) == Message(CON, 0x01, 0x7D34, b"", ((11, b"temperature"),))
    assert read(asked).encode() == asked
    answered = bytes.fromhex("60457d34") + b"\xff22.3 C"
    assert read(answered) == Message(ACK, 0x45, 0x7D34, payload=b"22.3 C")
    # Figure 17: with a token.
    assert read(bytes.fromhex("41017d3520") + b"\xbbtemperature").token == b"\x20"


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([CON, NON, ACK, RST]), st.integers(1, 255), st.integers(0, 65535), st.binary(max_size=8),
    st.lists(st.tuples(st.integers(0, 3000), st.binary(max_size=300)), max_size=5), st.binary(max_size=40),
)  # fmt: skip
def test_what_is_written_is_read(
    kind: int, code: int, number: int, token: bytes, options: list[codec.Option], payload: bytes
) -> None:
    ordered = tuple(sorted(options, key=lambda option: option[0]))
    message = Message(kind, code, number, token, ordered, payload)
    assert read(message.encode()) == message


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ("4001", "短于"),
        ("80017d34", "版本"),
        ("49017d34", "令牌"),
        ("40007d3400", "空报文"),
        ("40017d34ff", "载荷"),
        ("40017d34f0", "保留"),
        ("40017d34b5aa", "超出"),
    ],
)
def test_a_message_that_breaks_the_rules_is_refused_with_its_reason(data: str, why: str) -> None:
    with pytest.raises(FrameError, match=why):
        read(bytes.fromhex(data))


def test_a_request_is_answered_with_its_number_and_token() -> None:
    (step,) = CoapSession().receive(request(b'{"at": "2026-11-23T08:00:00Z", "values": {"t": 21.5}}'), NOW)
    assert [(r.address, r.code, r.value, r.at) for r in step.readings] == [("R1", "t", 21.5, NOW)]
    assert read(step.ack) == Message(ACK, codec.CHANGED, 7, b"\x01\x02")
    (step,) = CoapSession().receive(request(b'[{"n": "t", "v": 1}]', NON), NOW)
    assert (read(step.ack).kind, read(step.ack).token) == (NON, b"\x01\x02")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (request(b"no json"), codec.BAD_REQUEST),
        (request(b"{}", CON, 0x01), codec.NOT_ALLOWED),
        (request(b"{}", CON, codec.POST, 7, (codec.CONTENT_FORMAT, bytes([112]))), codec.UNSUPPORTED),
        (request(b"{}", CON, codec.POST, 7, (27, b"\x08")), codec.BAD_OPTION),
        (Message(CON, codec.POST, 7, b"", ((11, b"elsewhere"),), b"{}").encode(), codec.NOT_FOUND),
    ],
)
def test_what_is_not_taken_is_answered_why(data: bytes, code: int) -> None:
    (step,) = CoapSession().receive(data, NOW)
    assert step.reason
    assert not step.readings
    assert (read(step.nak).kind, read(step.nak).code) == (ACK, code)


def test_a_ping_and_an_unreadable_message_are_reset_and_another_version_is_passed_over() -> None:
    session = CoapSession()
    assert read(session.receive(bytes.fromhex("40001234"), NOW)[0].ack) == Message(RST, 0, 0x1234)
    assert read(session.receive(bytes.fromhex("40011234ff"), NOW)[0].nak) == Message(RST, 0, 0x1234)
    assert session.receive(bytes.fromhex("80011234"), NOW)[0].nak == b""
    assert session.receive(bytes.fromhex("60451234"), NOW)[0].ack == b""


def test_a_message_sent_again_has_the_time_of_the_first() -> None:
    session, data = CoapSession(), request(b'{"values": {"t": 1}}')
    times = [
        session.receive(data, NOW + wait)[0].readings[0].at for wait in (timedelta(0), timedelta(seconds=6), LIFETIME)
    ]
    assert times == [NOW, NOW, NOW + LIFETIME]


def test_a_device_sends_again_until_it_is_acknowledged_and_gives_up_in_the_end() -> None:
    node, session = Node("R1"), CoapSession()
    (data,) = node.report({"t": 21.5}, NOW)
    assert node.due(NOW + timedelta(seconds=1)) == []
    assert node.due(NOW + timedelta(seconds=2)) == [data]
    (step,) = session.receive(data, NOW)
    assert step.readings[0].value == 21.5
    node.receive(step.ack, NOW)
    assert (node.answered, node.due(NOW + timedelta(hours=1))) == (1, [])
    node.report({"t": 1.0}, NOW)
    sent = [node.due(NOW + timedelta(minutes=minute)) for minute in range(1, 9)]
    assert sum(map(len, sent)) == 4
