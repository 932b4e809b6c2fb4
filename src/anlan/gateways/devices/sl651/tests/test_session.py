"""The centre's side of a connection."""

from __future__ import annotations

from datetime import datetime

from anlan.gateways.devices.sl651 import encode
from anlan.gateways.devices.sl651.codec import BEIJING, ESC, NAK, decode, take_apart
from anlan.gateways.devices.sl651.session import Sl651Session

AT = datetime(2026, 11, 23, 8, 0, tzinfo=BEIJING)
STATION = "0012345678"


def packets(count: int) -> list[bytes]:
    """One report cut into `count` packets, as a station sends it in M3."""
    whole = take_apart(encode.report(STATION, [("39", 1076.5), ("27", 700.0), ("38", 12.1)], AT, serial=9)).body
    size = -(-len(whole) // count)
    made = []
    for n in range(1, count + 1):
        body = (count << 12 | n).to_bytes(3, "big") + whole[(n - 1) * size : n * size]
        head = b"\x7e\x7e\x01" + bytes.fromhex(STATION + "000032") + len(body).to_bytes(2, "big") + b"\x16"
        made.append(encode.with_crc(head + body + (b"\x03" if n == count else b"\x17")))
    return made


def test_a_report_is_answered_with_its_own_serial() -> None:
    (step,) = Sl651Session().receive(encode.report(STATION, [("39", 1076.5)], AT, serial=77), AT)
    answer = take_apart(step.ack)
    assert (answer.head.up, answer.head.station, answer.end, step.ack[14:16]) == (False, STATION, ESC, b"\x00\x4d")
    assert decode(step.ack).valid


def test_a_keep_alive_is_not_answered() -> None:
    (step,) = Sl651Session().receive(encode.keep_alive(STATION, AT), AT)
    assert (step.ack, step.nak, step.readings, step.reason) == (b"", b"", [], "")


def test_a_damaged_report_is_answered_no_and_kept_with_its_reason() -> None:
    frame = bytearray(encode.report(STATION, [("39", 1076.5)], AT))
    frame[-1] ^= 0xFF
    (step,) = Sl651Session().receive(bytes(frame), AT)
    assert (take_apart(step.nak).end, step.ack, step.reason) == (NAK, b"", "校验不符")


def test_a_report_in_packets_is_answered_once_when_it_is_whole() -> None:
    session = Sl651Session()
    steps = [step for packet in packets(4) for step in session.receive(packet, AT)]
    assert [bool(step.ack) for step in steps] == [False, False, False, True]
    assert [(r.code, r.value) for r in steps[-1].readings] == [("39", 1076.5), ("27", 700.0), ("38", 12.1)]


def test_a_missing_packet_is_asked_for_by_its_number() -> None:
    session, sent = Sl651Session(), packets(4)
    steps = [step for packet in [sent[0], sent[2], sent[3]] for step in session.receive(packet, AT)]
    asked = take_apart(steps[-1].ack)
    assert (asked.end, asked.packets, asked.packet) == (NAK, 4, 2)
    (last,) = session.receive(sent[1], AT)
    assert len(last.readings) == 3
    assert take_apart(last.ack).end == ESC


def test_endless_packets_do_not_fill_the_memory() -> None:
    session = Sl651Session()
    for station in range(1000):
        body = (400 << 12 | 1).to_bytes(3, "big") + b"\x00" * 100
        head = b"\x7e\x7e\x01" + bytes.fromhex(f"{station:010d}000032")
        session.receive(encode.with_crc(head + len(body).to_bytes(2, "big") + b"\x16" + body + b"\x17"), AT)
    assert len(session.reports) <= 4
