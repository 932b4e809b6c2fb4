"""JT/T 808 against real frames."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.gateways.devices.contract import FrameError, Step
from anlan.gateways.devices.jt808.codec import (
    BEIJING,
    Jt808Framer,
    decode,
    encode,
    encode_packets,
    escape,
    read,
    unescape,
)
from anlan.gateways.devices.jt808.session import Jt808Session

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=BEIJING)
PHONE = "013912345678"


def body(lat: int = 39_500_000, lon: int = 106_700_000, alarm: int = 0, status: int = 3) -> bytes:
    numbers = b"".join(n.to_bytes(4, "big") for n in (alarm, status, lat, lon))
    return numbers + bytes.fromhex("044C0258005A2611230800000104000003E8")


def test_every_captured_frame_is_read_as_published(shared: Path) -> None:
    every = json.loads((shared / "frames" / "samples_dev.json").read_text(encoding="utf-8"))["samples"]
    for sample in (s for s in every if s["proto"] == "jt808"):
        theirs = sample["decoded"]
        try:
            ours = decode(bytes.fromhex(sample["raw"]))
        except FrameError:
            assert sample["validity"] != "valid", sample["id"]
            continue
        assert ours.valid == (sample["validity"] == "valid"), sample["id"]
        if not ours.valid:
            assert ours.reason
            continue
        assert (ours.frame["message_id"], ours.frame["phone"], ours.frame["serial"]) == (
            theirs["msg_id"], theirs["phone"], theirs["serial"],
        )  # fmt: skip
        assert (ours.frame["version"] == "2019") == theirs["v2019"]
        if place := theirs.get("loc"):
            mine = ours.frame
            assert (mine["lat"], mine["lon"], mine["speed_km_h"], mine["direction_deg"], mine["altitude_m"]) == (
                place["lat"], place["lon"], place["speed_kmh"], place["dir"], place["alt"],
            ), sample["id"]  # fmt: skip
            if mine["at"]:
                assert mine["at"] == place["time"].replace(" ", "T") + "+08:00"


def test_the_worked_example_with_both_escapes() -> None:
    decoded = decode(bytes.fromhex(
        "7E02000026123456789012007D02000000010000000200BA7F0E07E4F11C0028003C00001810151010100104000000640202007D01137E"
    ))  # fmt: skip
    frame = decoded.frame
    assert decoded.valid
    assert (frame["serial"], frame["lat"], frame["lon"], frame["speed_km_h"]) == (126, 12.222222, 132.444444, 6.0)
    assert (frame["alarms"], frame["status"], frame["at"]) == (["紧急报警"], ["定位"], "2018-10-15T10:10:10+08:00")
    assert frame["extra"] == {"01": 10.0, "02": 12.5}


def test_a_position_is_readings_and_is_answered_with_its_serial() -> None:
    (step,) = Jt808Session().receive(encode(0x0200, PHONE, 7, body()), NOW)
    values = {r.code: (r.value, r.flag) for r in step.readings}
    assert (values["lon"], values["lat"], values["speed"]) == ((106.7, "N"), (39.5, "N"), (60.0, "N"))
    answer = read(step.ack)
    assert (answer.message, answer.phone, answer.body) == (0x8001, PHONE, bytes.fromhex("0007020000"))


def test_south_west_and_no_fix() -> None:
    (step,) = Jt808Session().receive(encode(0x0200, PHONE, 7, body(status=0b1100)), NOW)
    values = {r.code: (r.value, r.flag) for r in step.readings}
    assert (values["lon"], values["lat"], values["speed"][1]) == ((-106.7, "D"), (-39.5, "D"), "N")


def test_a_place_that_does_not_exist_is_refused() -> None:
    (step,) = Jt808Session().receive(encode(0x0200, PHONE, 7, body(lat=116_307_629)), NOW)
    assert (step.readings, read(step.nak).body[-1]) == ([], 2)
    assert "纬度" in step.reason


def test_positions_from_a_blind_area_are_history() -> None:
    part = len(body()).to_bytes(2, "big") + body()
    (step,) = Jt808Session().receive(encode(0x0704, PHONE, 1, b"\x00\x02\x01" + part * 2, is_2019=False), NOW)
    assert (len(step.readings), {r.backfill for r in step.readings}) == (12, {True})


def test_a_terminal_registers_and_signs_in_in_its_own_version() -> None:
    phone = "0" * 8 + PHONE
    session = Jt808Session()
    (step,) = session.receive(encode(0x0100, phone, 1, bytes(80), is_2019=True), NOW)
    answer = read(step.ack)
    assert (answer.message, answer.is_2019, answer.body[:3]) == (0x8100, True, b"\x00\x01\x00")
    (step,) = session.receive(encode(0x0102, phone, 2, b"x" * 40, is_2019=True), NOW)
    assert read(step.ack).body[-1] == 0
    (step,) = session.receive(encode(0x0F00, phone, 3, b"", is_2019=True), NOW)
    assert read(step.ack).body[-1] == 3


def test_a_damaged_frame_is_answered_and_kept() -> None:
    frame = bytearray(encode(0x0200, PHONE, 7, body()))
    frame[20] ^= 1
    (step,) = Jt808Session().receive(bytes(frame), NOW)
    assert (read(step.nak).body[-1], step.reason) == (2, "校验码不符")


@given(st.binary(max_size=80))
def test_escaping_is_undone(data: bytes) -> None:
    assert unescape(escape(data)) == data
    assert b"\x7e" not in escape(data)


@given(st.binary(max_size=40), st.lists(st.integers(1, 30), max_size=8))
def test_after_garbage_the_next_frames_are_found(garbage: bytes, cuts: list[int]) -> None:
    good = [encode(0x0200, PHONE, n, body()) for n in (1, 2, 3)]
    framer, found, stream = Jt808Framer(), [], garbage + b"".join(good)
    for cut in cuts:
        found += framer.feed(stream[:cut])
        stream = stream[cut:]
    found += framer.feed(stream)
    whole = [chunk.data for chunk in found if not chunk.reason]
    # A lone flag in the garbage may take the first flag of the first frame for its own end.
    assert good[2] in whole or len(framer.buffer) <= len(good[2]) + 1
    assert len(framer.buffer) < 5000


@given(st.sampled_from([0x0200, 0x0201, 0x0704, 0x0100]), st.binary(max_size=120), st.booleans())
def test_no_body_makes_it_fall_over(message: int, data: bytes, is_2019: bool) -> None:
    decoded = decode(encode(message, "00" * (10 if is_2019 else 6), 1, data, is_2019))
    assert decoded.valid


def test_a_broken_escape_is_named() -> None:
    with pytest.raises(FrameError, match="转义"):
        decode(b"\x7e" + bytes.fromhex("0002000001391234567800017D05") + b"\x7e")


def batch_body(count: int) -> bytes:
    place = b"".join(n.to_bytes(4, "big") for n in (0, 3, 39_500_000, 106_700_000)) + bytes.fromhex(
        "044C0258005A261123080000"
    )
    return count.to_bytes(2, "big") + b"\x01" + count * (len(place).to_bytes(2, "big") + place)


def test_a_batch_in_packets_is_answered_once_and_what_is_missing_is_asked_for() -> None:
    session = Jt808Session()
    frames = encode_packets(0x0704, "013912345678", 100, batch_body(80))
    assert len(frames) == 3
    now = datetime(2026, 11, 23, 8, tzinfo=BEIJING)
    assert session.receive(frames[0], now)[0] == Step(frames[0])
    asked = session.receive(frames[2], now)[0]
    assert (read(asked.ack).message, read(asked.ack).body.hex()) == (0x8003, "0064010002")
    whole = session.receive(frames[1], now)[0]
    assert len(whole.readings) == 80 * 6
    assert all(one.backfill for one in whole.readings)
    assert read(whole.ack).message == 0x8001
