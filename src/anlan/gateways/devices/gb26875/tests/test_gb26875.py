"""GB/T 26875.3 against real frames."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from anlan.gateways.devices.contract import FrameError
from anlan.gateways.devices.gb26875.codec import BEIJING, Gb26875Framer, decode, encode, read
from anlan.gateways.devices.gb26875.session import Gb26875Session

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=BEIJING)
#: A smoke detector's fire: system 1 address 2, part type 40, part 17, state bit 1, text, time.
FIRE = (
    bytes([2, 1, 1, 2, 40]) + (17).to_bytes(4, "little") + b"\x02\x00" + "三层东走廊".encode("gb18030").ljust(31, b"\0")
)


def fire(serial: int = 9) -> bytes:
    return encode(serial, NOW, 11111, 1, 2, FIRE + bytes([0, 0, 8, 23, 11, 26]))


def test_every_captured_frame_is_read_as_published(shared: Path) -> None:
    every = json.loads((shared / "frames" / "samples_dev.json").read_text(encoding="utf-8"))["samples"]
    for sample in (s for s in every if s["proto"] == "gb26875"):
        ours, theirs = decode(bytes.fromhex(sample["raw"])), sample["decoded"]
        assert ours.valid == (sample["validity"] == "valid"), sample["id"]
        assert (ours.frame["serial"], ours.frame["source"], ours.frame["destination"], ours.frame["command"]) == (
            theirs["serial"], theirs["src"], theirs["dst"], theirs["cmd"],
        )  # fmt: skip
        assert ours.frame["at"] == theirs["time"].replace(" ", "T") + "+08:00"
        assert ours.frame["type"] == theirs.get("type")
        assert len(ours.frame["objects"]) == len(theirs.get("objects", []))
        for mine, other in zip(ours.frame["objects"], theirs.get("objects", []), strict=True):
            pairs = {"sys": "system", "addr": "address", "part_type": "part", "part_addr": "part_address",
                     "state": "state", "desc": "text", "raw": "raw", "op": "operation", "operator": "operator"}  # fmt: skip
            assert {k: mine[pairs[k]] for k in other if k in pairs} == {k: v for k, v in other.items() if k in pairs}


def test_the_worked_example_of_a_transmitter_operation() -> None:
    decoded = decode(bytes.fromhex(
        "404003000101103b0c1b0c11672b00000000385b010000000a000218010100003b0c1b0c115f2323"
    ))  # fmt: skip
    assert decoded.valid
    assert (decoded.frame["serial"], decoded.frame["source"], decoded.frame["destination"]) == (3, 11111, 88888)
    assert decoded.frame["objects"] == [
        {"operation": 1, "operations": ["复位"], "operator": 0, "at": "2017-12-27T12:59:00+08:00"}
    ]


def test_a_fire_is_a_reading_and_is_confirmed_with_its_serial() -> None:
    (step,) = Gb26875Session().receive(fire(), NOW)
    assert [(r.address, r.code, r.value, r.name) for r in step.readings] == [
        ("11111", "1.2.17.fire", 1.0, "火警"), ("11111", "1.2.17.fault", 0.0, "故障"),
    ]  # fmt: skip
    answer = read(step.ack)
    assert (answer.command, answer.serial, answer.source, answer.destination) == (3, 9, 1, 11111)
    assert decode(fire()).frame["objects"][0]["text"] == "三层东走廊"


def test_an_analog_value_has_its_unit_and_step() -> None:
    data = bytes([3, 1, 1, 2, 30]) + (5).to_bytes(4, "little") + bytes([3]) + (-55).to_bytes(2, "little", signed=True)
    (reading,) = decode(encode(1, NOW, 7, 1, 2, data + bytes([0, 0, 8, 23, 11, 26]))).readings
    assert (reading.code, reading.value, reading.unit, reading.name, reading.at) == ("1.2.5.a3", -5.5, "℃", "温度", NOW)


def test_a_damaged_frame_is_denied_and_kept() -> None:
    frame = bytearray(fire())
    frame[40] ^= 1
    (step,) = Gb26875Session().receive(bytes(frame), NOW)
    assert (read(step.nak).command, step.readings, step.reason) == (6, [], "校验和不符")


def test_an_object_that_is_cut_short_is_named() -> None:
    (step,) = Gb26875Session().receive(encode(1, NOW, 7, 1, 2, FIRE[:20]), NOW)
    assert "被截断" in step.reason


@given(st.binary(max_size=60), st.lists(st.integers(1, 40), max_size=8))
def test_after_garbage_the_next_frames_are_found(garbage: bytes, cuts: list[int]) -> None:
    framer, found, stream = Gb26875Framer(), [], garbage + fire(1) + fire(2) + fire(3)
    for cut in cuts:
        found += framer.feed(stream[:cut])
        stream = stream[cut:]
    found += framer.feed(stream)
    for _ in range(20):  # garbage may look like the head of a long frame
        found += framer.feed(fire(4))
    assert any(chunk.data == fire(3) or chunk.data == fire(4) for chunk in found if not chunk.reason)
    assert len(framer.buffer) < 1100


@given(st.binary(max_size=120))
def test_no_application_data_makes_it_fall_over(data: bytes) -> None:
    decoded = decode(encode(1, NOW, 7, 1, 2, data))
    assert decoded.valid
    try:
        decode(b"@@" + data)
    except FrameError:
        return
