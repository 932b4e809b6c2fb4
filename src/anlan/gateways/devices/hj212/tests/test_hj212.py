"""HJ 212 against real frames."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from anlan.gateways.devices.hj212 import PROTOCOL
from anlan.gateways.devices.hj212.codec import BEIJING, Hj212Framer, crc, decode, encode
from anlan.gateways.devices.hj212.session import Hj212Session

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=BEIJING)
HEAD = "QN=20261123080000000;ST=32;CN={cn};PW=123456;MN=WH0001;Flag={flag}"


def segment(cp: str, cn: str = "2011", flag: int = 5, more: str = "") -> str:
    return f"{HEAD.format(cn=cn, flag=flag)}{more};CP=&&{cp}&&"


def samples(shared: Path) -> list[dict[str, Any]]:
    every = json.loads((shared / "frames" / "samples_dev.json").read_text(encoding="utf-8"))["samples"]
    return [sample for sample in every if sample["proto"] == "hj212"]


def test_every_captured_frame_is_read_as_published(shared: Path) -> None:
    for sample in samples(shared):
        ours, theirs = decode(PROTOCOL.from_text(sample["raw"])), sample["decoded"]
        assert ours.valid == (sample["validity"] == "valid"), sample["id"]
        assert (ours.reason is None) == ours.valid
        for name in ("QN", "ST", "CN", "PW", "MN", "Flag"):
            assert ours.frame[name.lower()] == theirs.get(name), (sample["id"], name)
        wanted = {
            (code, sub): float(text)
            for code, values in theirs["CP"].items()
            if isinstance(values, dict)
            for sub, text in values.items()
            if sub not in {"Flag", "SampleTime"}
        }
        assert {(r.code, r.field): r.value for r in ours.readings} == wanted, sample["id"]


def test_the_example_of_annex_a_has_the_crc_that_the_frame_carries() -> None:
    text = "QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&"
    assert f"{crc(text.encode()):04X}" == "1C80"
    assert encode(text) == b"##0101" + text.encode() + b"1C80\r\n"


def test_a_report_is_answered_with_its_own_qn_only_when_it_asks() -> None:
    (step,) = Hj212Session().receive(encode(segment("DataTime=20261123080000;w01018-Rtd=35.2,w01018-Flag=N")), NOW)
    assert [(r.address, r.code, r.value, r.unit, r.name) for r in step.readings] == [
        ("WH0001", "w01018-Rtd", 35.2, "毫克/升", "化学需氧量")
    ]
    answer = decode(step.ack)
    assert (answer.valid, answer.frame["cn"], answer.frame["qn"], answer.frame["flag"]) == (
        True, "9014", "20261123080000000", "4",
    )  # fmt: skip
    (step,) = Hj212Session().receive(encode(segment("DataTime=20261123080000;w01018-Rtd=1", flag=4)), NOW)
    assert (len(step.readings), step.ack) == (1, b"")


def test_an_hour_value_stands_at_the_end_of_its_hour() -> None:
    (step,) = Hj212Session().receive(
        encode(segment("DataTime=20261123070000;w01018-Avg=35,w01018-Flag=T", "2061")), NOW
    )
    assert (step.readings[0].at, step.readings[0].flag) == (NOW, "T")


def test_a_flag_without_its_quantity_and_a_code_of_2005_are_understood() -> None:
    decoded = decode(encode(segment("DataTime=20261123080000123;011-Rtd=2.5,Flag=D")))
    (reading,) = decoded.readings
    assert (reading.code, reading.name, reading.flag, reading.at) == ("011", "化学需氧量", "D", NOW)


def test_packets_share_the_time_of_the_first_and_are_answered_once() -> None:
    session = Hj212Session()
    first = encode(segment("DataTime=20261123080000;w01018-Rtd=1", flag=7, more=";PNUM=2;PNO=1"))
    second = encode(segment("w01001-Rtd=7.2", flag=7, more=";PNUM=2;PNO=2"))
    steps = session.receive(first + second, NOW)
    assert [bool(step.ack) for step in steps] == [False, True]
    assert [r.at for step in steps for r in step.readings] == [NOW, NOW]


def test_a_damaged_report_is_kept_and_not_answered() -> None:
    frame = encode(segment("DataTime=20261123080000;w01018-Rtd=1")).replace(b"Rtd=1", b"Rtd=2")
    (step,) = Hj212Session().receive(frame, NOW)
    assert (step.readings, step.ack, step.reason) == ([], b"", "CRC 校验不符")


def test_a_frame_behind_one_that_was_cut_off_is_found() -> None:
    good = encode(segment("DataTime=20261123080000;w01018-Rtd=1"))
    long = encode(segment("DataTime=20261123080000;" + ";".join(f"w0{n}-Rtd=1" for n in range(1000, 1090))))
    chunks = Hj212Framer().feed(long[:100] + good)
    assert [(c.data, bool(c.reason)) for c in chunks] == [(long[:100], True), (good.rstrip(), False)]


@given(st.binary(max_size=60), st.lists(st.integers(1, 40), max_size=8))
def test_after_garbage_the_next_frames_are_found(garbage: bytes, cuts: list[int]) -> None:
    good = encode(segment("DataTime=20261123080000;w01018-Rtd=1"))
    framer, found, stream = Hj212Framer(), [], garbage + good * 3
    for cut in cuts:
        found += framer.feed(stream[:cut])
        stream = stream[cut:]
    found += framer.feed(stream)
    assert sum(chunk.data == good.rstrip() and not chunk.reason for chunk in found) >= 2


@given(st.text(alphabet="QNSTCPMFlag=;,&-#0123456789.wRtd", max_size=120))
def test_no_segment_makes_it_fall_over(text: str) -> None:
    decoded = decode(encode(text))
    assert decoded.length_ok
    assert decoded.checksum_ok
