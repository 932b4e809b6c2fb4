"""SL 651 against real frames."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.gateways.devices.contract import FrameError
from anlan.gateways.devices.sl651 import encode
from anlan.gateways.devices.sl651.codec import BEIJING, MAX_FRAME, Sl651Framer, decode
from anlan.gateways.devices.sl651.session import Sl651Session

AT = datetime(2026, 11, 23, 8, 0, tzinfo=BEIJING)
#: PROTOCOLS.md 1.5: a river hour report whose groups change the observation time three times.
HOUR_REPORT = (
    "7E7E05001122334403E8340068020033170718110014F1F1001122334448F0F01707181005F4600500000014FFFFFFFFFF0000"
    "F0F017071811002619000040F0F01707181005F5C0000C000C001C00310031FFFFFFFFFFFFFFFFFFFF00310031"
    "F0F0170718110039230001049020190000403812109903F502"
)


def samples(shared: Path) -> list[dict[str, Any]]:
    every = json.loads((shared / "frames" / "samples_dev.json").read_text(encoding="utf-8"))["samples"]
    return [sample for sample in every if sample["proto"] == "sl651"]


def test_every_valid_captured_frame_gives_the_published_values(shared: Path) -> None:
    wrong = []
    for sample in samples(shared):
        if sample["validity"] != "valid":
            continue
        ours, theirs = decode(bytes.fromhex(sample["raw"])), sample["decoded"]
        frame = ours.frame
        assert ours.valid, sample["id"]
        assert (frame["station"], frame["function"], frame["serial"]) == (
            theirs["station"], theirs["func"], theirs["serial"],
        )  # fmt: skip
        values = [pair for pair in frame["elements"] if pair[0] not in {"ST", "CLASS", "TT"}]
        wanted = [[e[0], e[1]] for e in theirs.get("elements", []) if e[0] not in {"ST", "CLASS", "TT"}]
        flat = [
            pair
            for code, value in wanted
            for pair in ([[code, v] for v in value] if isinstance(value, list) else [[code, value]])
        ]
        if theirs["func"] not in {"36", "41", "43", "45", "47", "49", "50"} and values != flat:
            wrong.append((sample["id"], values, flat))
    assert wrong == []


def test_every_damaged_captured_frame_is_refused_with_a_reason(shared: Path) -> None:
    for sample in samples(shared):
        if sample["validity"] == "valid":
            continue
        ours = decode(bytes.fromhex(sample["raw"]))
        assert (ours.valid, bool(ours.reason)) == (False, True), sample["id"]
        steps = Sl651Session().receive(bytes.fromhex(sample["raw"]), AT)
        assert [reading for step in steps for reading in step.readings] == [], sample["id"]
        assert ours.frame["station"] == sample["decoded"]["station"]


def test_an_hour_report_gives_each_value_its_own_time() -> None:
    decoded = decode(bytes.fromhex(HOUR_REPORT))
    stage = [(r.at.strftime("%H:%M"), r.value) for r in decoded.readings if r.code == "F5"]
    assert stage[0] == ("10:05", 0.12)
    assert stage[5] == ("10:30", None)
    assert [(r.at.strftime("%H:%M"), r.value) for r in decoded.readings if r.code == "39"] == [("11:00", 10.49)]


def test_a_negative_value_and_a_filler_that_is_no_number() -> None:
    negative = decode(bytes.fromhex(
        "7E7E0040590235C2123432002B020002241111102942F1F140590235C25AF0F02411111029762AFF00000172772AFF0000002178220000015203BB93"
    ))  # fmt: skip
    assert [r.value for r in negative.readings] == [-1.72, -0.21, 1.52]
    filler = decode(bytes.fromhex(
        "7E7E011122334455AAAA33002B02000E240203143526F1F1112233445548F0F02402031435201900017022190001603923AAAAAAAA38121154036295"
    ))  # fmt: skip
    assert [(r.code, r.value, r.flag) for r in filler.readings] == [
        ("20", 17.0, "N"), ("22", 16.0, "N"), ("39", None, "F"), ("38", 11.54, "N"),
    ]  # fmt: skip


def test_the_acknowledgement_is_the_published_one() -> None:
    at = datetime(2014, 12, 5, 11, 0, 2, tzinfo=BEIJING)
    ours = encode.Reply("0012345678", 2, "04D2", "32").report(0x12, at)
    assert ours.hex().upper() == "7E7E00123456780204D2328008020012141205110002" + "1B" + "BD6C"


@given(st.floats(-999, 9999), st.integers(1, 65535))
def test_what_is_encoded_is_decoded(value: float, serial: int) -> None:
    decoded = decode(encode.report("0012345678", [("39", round(value, 3)), ("27", None)], AT, serial=serial))
    assert decoded.valid
    assert decoded.frame["serial"] == serial
    assert [(r.code, r.value, r.at) for r in decoded.readings] == [("39", round(value, 3), AT), ("27", None, AT)]


@given(st.binary(max_size=300))
def test_garbage_raises_nothing_but_frame_errors(data: bytes) -> None:
    for start in (b"", b"\x7e\x7e", b"\x01"):
        try:
            decode(start + data)
        except FrameError:
            continue


@given(st.binary(max_size=40), st.lists(st.integers(0, 60), max_size=8))
def test_after_garbage_the_framer_finds_the_next_frame(garbage: bytes, cuts: list[int]) -> None:
    good = encode.report("0012345678", [("39", 1076.0)], AT)
    framer, chunks, stream = Sl651Framer(), [], garbage + good * 2 + good
    for cut in cuts:
        chunks += framer.feed(stream[:cut])
        stream = stream[cut:]
    chunks += framer.feed(stream)
    for _ in range(MAX_FRAME // len(good) + 2):  # garbage may look like the head of a long frame: it ends at last
        chunks += framer.feed(good)
    assert any(chunk.data == good and not chunk.reason for chunk in chunks)
    assert len(framer.buffer) <= MAX_FRAME


@given(st.integers(0, 60), st.integers(0, 255))
def test_a_flipped_byte_never_gives_a_wrong_reading(position: int, byte: int) -> None:
    frame = bytearray(encode.report("0012345678", [("39", 1076.123), ("38", 12.5)], AT))
    if position >= len(frame) or frame[position] == byte:
        return
    frame[position] = byte
    try:
        decoded = decode(bytes(frame))
    except FrameError:
        return
    assert not decoded.valid
    steps = Sl651Session().receive(bytes(frame), AT)
    assert [reading for step in steps for reading in step.readings] == []


def test_a_value_too_long_for_its_element_is_refused() -> None:
    with pytest.raises(FrameError, match="超出"):
        encode.report("0012345678", [("39", 123456.0)], AT)


def test_a_frame_after_one_that_was_cut_off_is_not_held_back() -> None:
    good = encode.report("0012345678", [("39", 1076.0)], AT)
    half = encode.report("0012345678", [("39", 1076.0)] * 20, AT)[:30]
    chunks = Sl651Framer().feed(half + good)
    assert [(chunk.data, chunk.reason) for chunk in chunks] == [(half, "被后一帧打断的半帧"), (good, "")]


def test_a_long_run_of_garbage_is_one_record() -> None:
    good = encode.report("0012345678", [("39", 1076.0)], AT)
    chunks = Sl651Framer().feed(b"\x01\x02\x7e" * 5000 + good)
    assert [len(chunk.data) for chunk in chunks] == [15000, len(good)]
    assert chunks[0].reason
