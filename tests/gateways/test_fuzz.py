"""Every codec against bytes that nobody should send: only FrameError comes out, memory stays bounded, and the next good
frame after garbage is found."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anlan.gateways.devices import discover
from anlan.gateways.devices.coap.simulator import Node
from anlan.gateways.devices.contract import FrameError, Framer
from anlan.gateways.devices.cot.codec import Happening
from anlan.gateways.devices.cot.codec import encode as cot
from anlan.gateways.devices.gb26875.codec import encode as gb26875
from anlan.gateways.devices.gb28181.codec import request as gb28181
from anlan.gateways.devices.hj212.codec import BEIJING
from anlan.gateways.devices.hj212.codec import encode as hj212
from anlan.gateways.devices.jsonmap.codec import encode as json_document
from anlan.gateways.devices.jt808.codec import encode as jt808
from anlan.gateways.devices.modbus.codec import response as modbus
from anlan.gateways.devices.opcua.codec import hello
from anlan.gateways.devices.sl651.encode import report
from anlan.gateways.devices.sparkplug.codec import Payload, metrics
from anlan.gateways.devices.sparkplug.codec import encode as sparkplug

NOW = datetime(2026, 11, 23, 8, tzinfo=BEIJING)
POSITION = b"".join(n.to_bytes(4, "big") for n in (0, 3, 39_500_000, 106_700_000)) + bytes.fromhex(
    "044C0258005A261123080000"
)
FIRE = bytes([1, 1, 1, 2, 2, 0, 0, 0, 8, 23, 11, 26])
XML = "<Notify><CmdType>Alarm</CmdType><DeviceID>1</DeviceID><AlarmMethod>5</AlarmMethod></Notify>"
GOOD = {
    "sl651": report("0012345678", [("39", 1.5)], NOW),
    "hj212": hj212(
        "QN=20261123080000000;ST=32;CN=2011;PW=123456;MN=A;Flag=5;CP=&&DataTime=20261123080000;w01018-Rtd=3&&"
    ),
    "gb26875": gb26875(7, NOW, 11111, 1, 2, FIRE),
    "jt808": jt808(0x0200, "013912345678", 7, POSITION),
    "coap": Node("R1").report({"t": 21.5}, NOW)[0],
    "gb28181": gb28181("MESSAGE", "1", "2", "h", 1, XML),
    "modbus": modbus(1, 1, "holding", bytes(8)),
    "opcua": hello("opc.tcp://plant:4840/"),
    "sparkplug": b"spBv1.0/g/NDATA/e " + sparkplug(Payload(1, 1, metrics([("level", 1.5), ("on", True)]))),
    "mqtt": b'v1/G1/telemetry {"at":"2026-11-23T08:00:00+08:00","values":{"cl2":1}}',
    "cot": cot(Happening("u-1", "a-f-G-U-C", 106.7, 39.5, NOW, NOW + timedelta(minutes=5), "WUDA 1"), NOW),
    "json": json_document([("T", "WD", 1.5, NOW)]),
}
FRAMED = sorted(name for name, protocol in discover().items() if protocol.session)
MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
#: What a framer may hold back, waiting for the rest of a frame.
MAX_HELD = 70_000


def test_every_protocol_has_a_good_frame_to_start_from() -> None:
    assert set(GOOD) == set(discover())
    assert all(protocol.decode(GOOD[name]).valid for name, protocol in discover().items())


def damaged(good: bytes, seed: int) -> bytes:
    """The frame with some bytes changed, lost or doubled."""
    rng, data = random.Random(seed), bytearray(good)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(max(1, len(data)))
        match rng.randrange(4):
            case 0:
                data[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                del data[at : at + 1]
            case 2:
                data[at:at] = data[at : at + rng.randint(1, 9)]
            case _:
                data = data[: at + 1]
    return bytes(data)


@pytest.mark.parametrize("name", sorted(GOOD))
@MANY
@given(data=st.binary(max_size=300))
def test_no_bytes_bring_a_decoder_down(name: str, data: bytes) -> None:
    try:
        discover()[name].decode(data)
    except FrameError:
        return


@pytest.mark.parametrize("name", sorted(GOOD))
def test_no_damaged_frame_brings_a_decoder_down(name: str) -> None:
    refused = 0
    for seed in range(1500):
        try:
            refused += not discover()[name].decode(damaged(GOOD[name], seed)).valid
        except FrameError:
            refused += 1
    assert refused > 0


@pytest.mark.parametrize("name", [name for name in FRAMED if name != "coap"])  # a datagram is one message
@MANY
@given(garbage=st.binary(max_size=200), pieces=st.integers(1, 50))
def test_the_next_good_frame_after_garbage_is_found(name: str, garbage: bytes, pieces: int) -> None:
    session = discover()[name].session
    assert session is not None
    conversation = session()
    # A stray start may swallow what follows as its body; after that length everything is in step again.
    stream = garbage + GOOD[name] * 60
    steps = [
        s for n in range(0, len(stream), 7 * pieces) for s in conversation.receive(stream[n : n + 7 * pieces], NOW)
    ]
    assert any(step.readings or step.places for step in steps)


@pytest.mark.parametrize("name", FRAMED)
def test_a_flood_of_garbage_is_not_kept_in_memory(name: str) -> None:
    rng = random.Random(1)
    session = discover()[name].session
    assert session is not None
    conversation = session()
    framer: Framer = conversation.framer  # type: ignore[attr-defined]
    for _ in range(300):
        conversation.receive(
            rng.randbytes(1500) if rng.random() < 0.7 else damaged(GOOD[name], rng.randrange(10**6)), NOW
        )
        assert len(framer.buffer) < MAX_HELD  # type: ignore[attr-defined]


@pytest.mark.slow
@pytest.mark.parametrize("name", FRAMED)
def test_a_hundred_thousand_damaged_frames_pass_through_a_session(name: str) -> None:
    session = discover()[name].session
    assert session is not None
    conversation = session()
    for seed in range(20_000):
        conversation.receive(damaged(GOOD[name], seed), NOW)
