"""Every protocol and feed folder: README with clauses, a grade, cases, and that no bytes make it fall over."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.gateways import devices, feeds
from anlan.gateways.devices.contract import DeviceProtocol, FrameError
from anlan.gateways.feeds.contract import Feed, FeedError
from anlan.kernel import clock

PROTOCOLS, FEEDS = devices.discover(), feeds.discover()
GRADES = {"bronze", "silver", "gold"}
#: A codec that takes longer than this for one frame can be made to stand still, seconds.
SLOW_S = 1.0


def folders() -> Iterator[Path]:
    for package in (devices, feeds):
        for path in sorted(Path(package.__path__[0]).iterdir()):
            if path.is_dir() and not path.name.startswith(("_", ".")):
                yield path


@pytest.mark.parametrize("folder", list(folders()), ids=lambda path: path.name)
def test_a_folder_tells_its_standard_its_clauses_and_its_grade_and_brings_tests(folder: Path) -> None:
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert re.search(r"\d", readme), "clause numbers"
    assert any(re.search(rf"grade \| {grade}", readme) for grade in GRADES)
    assert "```sh" in readme, "a line that works when pasted"
    cases = list((folder / "tests").glob("test_*.py"))
    assert cases
    assert any("def test_" in case.read_text(encoding="utf-8") for case in cases)


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=lambda p: p.name)
def test_a_protocol_declares_itself(protocol: DeviceProtocol) -> None:
    assert protocol.grade in GRADES
    assert protocol.standard
    assert protocol.transport in {"tcp", "udp", "mqtt", "http", "poll"}
    assert protocol.transport not in {"tcp", "udp"} or (protocol.session is not None and protocol.default_port)
    assert (protocol.transport == "poll") == (protocol.poller is not None)
    assert any((protocol.session, protocol.readings, protocol.poller))


@pytest.mark.parametrize("feed", FEEDS.values(), ids=lambda f: f.name)
def test_a_feed_declares_itself(feed: Feed) -> None:
    assert feed.grade in GRADES
    assert feed.standard
    assert feed.kind in {"earthquake", "hotspot", "cap", "bulletin", "readings", "strokes"}


def survives(protocol: DeviceProtocol, data: bytes) -> None:
    began = time.process_time()
    try:
        protocol.decode(data)
    except FrameError as error:
        assert str(error)  # noqa: PT017 - the point is that a reason is given
    if protocol.session is not None:
        session = protocol.session()
        for start in range(0, len(data), 7):
            for step in session.receive(data[start : start + 7], clock.now()):
                assert step.raw or not step.reason
    assert time.process_time() - began < SLOW_S


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=lambda p: p.name)
def test_no_bytes_make_a_protocol_fall_over(protocol: DeviceProtocol) -> None:
    @settings(max_examples=200, deadline=None)
    @given(st.binary(max_size=400))
    def fuzz(data: bytes) -> None:
        survives(protocol, data)

    fuzz()


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=lambda p: p.name)
def test_no_damage_to_a_real_frame_makes_a_protocol_fall_over(protocol: DeviceProtocol, shared: Path) -> None:
    samples = json.loads((shared / "frames" / "samples_dev.json").read_text(encoding="utf-8"))["samples"]
    frames = [protocol.from_text(s["raw"]) for s in samples if s["proto"] == protocol.name]
    if not frames:
        pytest.skip(f"no captured frames of {protocol.name}")

    @settings(max_examples=300, deadline=None)
    @given(
        st.sampled_from(frames),
        st.lists(st.tuples(st.integers(0, 4095), st.integers(0, 255)), max_size=4),
        st.integers(0, 9),
    )
    def fuzz(frame: bytes, changes: list[tuple[int, int]], cut: int) -> None:
        data = bytearray(frame)
        for position, byte in changes:
            data[position % len(data)] = byte
        survives(protocol, bytes(data[: len(data) - cut]))

    fuzz()


@pytest.mark.parametrize("protocol", [p for p in PROTOCOLS.values() if p.session], ids=lambda p: p.name)
def test_a_connection_that_sends_garbage_for_ever_uses_no_memory(protocol: DeviceProtocol) -> None:
    assert protocol.session is not None
    for piece in (b"\x7e", b"##9999", b"@@", b"\x01\x02" * 50, bytes(range(256))):
        session = protocol.session()
        for _ in range(50):
            session.receive(piece * 64, clock.now())
        framer = session.framer  # type: ignore[attr-defined]
        assert len(framer.buffer) <= 70_000, piece


@pytest.mark.parametrize("feed", FEEDS.values(), ids=lambda f: f.name)
def test_no_bytes_make_a_feed_fall_over(feed: Feed) -> None:
    @settings(max_examples=150, deadline=None)
    @given(st.binary(max_size=300))
    def fuzz(data: bytes) -> None:
        try:
            feed.parse(data)
        except FeedError as error:
            assert str(error)  # noqa: PT017 - the point is that a reason is given

    fuzz()
