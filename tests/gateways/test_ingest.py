"""Field sockets to the durable log."""

from __future__ import annotations

import asyncio
import json
import math
import socket
import time
from datetime import datetime
from pathlib import Path

from anlan.gateways.devices.mqtt.client import MqttClient
from anlan.gateways.devices.sl651 import encode
from anlan.gateways.devices.sl651.codec import BEIJING, ESC, NAK, take_apart
from anlan.gateways.models import Quarantined
from anlan.monitoring.models import Datastream
from tests.gateways.conftest import Gateway

AT = datetime(2026, 11, 23, 8, 0, tzinfo=BEIJING)
AT_MS = round(AT.timestamp() * 1000)


def ask(port: int, data: bytes, answers: int = 1, seconds: float = 5) -> bytes:
    """Send, and read until `answers` frames of 25 bytes came or time is up."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as line:
        line.sendall(data)
        got = b""
        line.settimeout(seconds)
        try:
            while len(got) < 25 * answers and (more := line.recv(4096)):
                got += more
        except TimeoutError:
            pass
        return got


def eventually(count: int) -> list[Quarantined]:
    for _ in range(600):
        if Quarantined.objects.count() >= count:
            break
        time.sleep(0.05)
    return list(Quarantined.objects.order_by("log_seq"))


async def publish(gateway: Gateway, messages: list[tuple[str, bytes]], port: int = 0) -> None:
    """All at once; returns when every one is acknowledged. port: of the gateway itself, else of the broker."""
    client = MqttClient("device-1", "device", f"{gateway.nats.token}-device", clean=True)
    await client.connect("127.0.0.1", port or gateway.nats.ports.mqtt)
    reading = asyncio.create_task(client.run())
    await asyncio.wait_for(asyncio.gather(*(client.publish(topic, payload) for topic, payload in messages)), 60)
    await client.close()
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)


def wait_for_readings(gateway: Gateway, count: int) -> list[tuple[int, int, float]]:
    for _ in range(100):
        found = gateway.readings()
        if len(found) >= count:
            return found
        time.sleep(0.05)
    return gateway.readings()


def test_a_gauge_is_answered_when_its_reading_lies_in_the_log(
    gateway: Gateway, stations: dict[str, Datastream]
) -> None:
    answer = take_apart(ask(gateway.sl651, encode.report("0012345678", [("39", 1076.5), ("38", None)], AT)))
    assert answer.end == ESC
    # which partition the log has first is not promised
    readings = {reading[0]: reading[1:] for reading in gateway.readings()}
    assert readings[stations["stage"].pk] == (AT_MS, 1076.5)
    at, value = readings[stations["volt"].pk]
    assert at == AT_MS
    assert math.isnan(value)
    assert len(readings) == 2


def test_garbage_and_a_damaged_frame_do_not_stop_the_line_and_are_kept(
    gateway: Gateway, stations: dict[str, Datastream]
) -> None:
    damaged = bytearray(encode.report("0012345678", [("39", 1.0)], AT))
    damaged[-1] ^= 0xFF
    good = encode.report("0012345678", [("39", 1076.5)], AT, serial=2)
    answers = ask(gateway.sl651, b"GET / HTTP/1.1\r\n" + bytes(damaged) + good, answers=2)
    assert [take_apart(answers[:25]).end, take_apart(answers[25:]).end] == [NAK, ESC]
    assert len(gateway.readings()) == 1
    kept = eventually(2)
    assert [row.reason for row in kept] == ["不属于任何帧的字节", "校验不符"]
    assert bytes(kept[1].raw) == bytes(damaged)


def test_an_unknown_station_is_kept_with_its_name(gateway: Gateway) -> None:
    ask(gateway.sl651, encode.report("0099999999", [("39", 1.0)], AT))
    (row,) = eventually(1)
    assert "0099999999/39" in row.reason


def test_mqtt_readings_in_both_shapes_reach_the_log(gateway: Gateway, stations: dict[str, Datastream]) -> None:
    own = json.dumps({"at": AT.isoformat(), "values": {"cl2": 2.5}}).encode()
    senml = json.dumps([{"bn": "urn:dev:mac:G1:", "n": "cl2", "t": AT.timestamp() + 60, "v": 3.5}]).encode()
    asyncio.run(publish(gateway, [("v1/G1/telemetry", own), ("v1/G1/telemetry", senml)]))
    found = wait_for_readings(gateway, 2)
    assert found == [(stations["cl2"].pk, AT_MS, 2.5), (stations["cl2"].pk, AT_MS + 60_000, 3.5)]


def test_broken_json_is_kept_and_the_next_message_still_arrives(
    gateway: Gateway, stations: dict[str, Datastream]
) -> None:
    good = json.dumps({"ts": AT_MS, "values": {"cl2": 1}}).encode()
    seconds = json.dumps({"ts": AT_MS // 1000, "values": {"cl2": 1}}).encode()
    misspelt = json.dumps({"timestamp": AT_MS, "values": {"cl2": 1}}).encode()
    bad = [
        b"{",
        b"[]",
        b'{"values":{"cl2":"much"}}',
        b'{"values":{"cl2":1},"at":"yesterday"}',
        b"\xff\xfe",
        seconds,
        misspelt,
    ]
    asyncio.run(publish(gateway, [("v1/G1/telemetry", b) for b in bad] + [("v1/G1/telemetry", good)]))
    assert wait_for_readings(gateway, 1) == [(stations["cl2"].pk, AT_MS, 1.0)]
    reasons = " ".join(row.reason for row in eventually(len(bad)))
    assert f"[0].ts 的值 {AT_MS // 1000} 超出 946684800000–4102444800000" in reasons
    assert "单位：毫秒" in reasons
    assert "[0].timestamp 不认识" in reasons


def test_every_captured_frame_passes_the_running_gateway(gateway: Gateway, shared: Path) -> None:
    """Real frames, valid and damaged, in one stream: all are answered, kept or both; the gateway lives."""
    samples = json.loads((shared / "frames" / "samples_dev.json").read_text(encoding="utf-8"))["samples"]
    frames = [bytes.fromhex(s["raw"]) for s in samples if s["proto"] == "sl651"]
    for frame in frames:
        ask(gateway.sl651, frame, answers=1, seconds=0.05)
    answer = ask(gateway.sl651, encode.report("0012345678", [("39", 1076.5)], AT))
    assert take_apart(answer).end == ESC
    assert len(eventually(10)) >= 10


def test_mqtt_devices_report_without_a_broker_and_are_answered_when_it_is_durable(gateway: Gateway) -> None:
    messages = [
        (
            f"v1/{'G1' if n else 'nobody'}/telemetry",
            b'{"ts": %d, "values": {"cl2": %d}}' % (AT.timestamp() * 1000 + n, n),
        )
        for n in range(200)
    ]
    asyncio.run(publish(gateway, messages, gateway.ports["mqtt direct"]))
    values = sorted(value for _, _, value in gateway.readings())
    assert values == [float(n) for n in range(1, 200)], "each once, and acknowledged only when it lay here"
    (refused,) = eventually(1)
    assert "nobody/cl2" in refused.reason
