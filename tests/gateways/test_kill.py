"""kill -9 of the gateway in the middle of its work: what was acknowledged is in the log, once and for ever."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection

from anlan.gateways.devices.mqtt.client import MqttClient
from anlan.gateways.devices.sl651 import encode
from anlan.gateways.devices.sl651.codec import BEIJING, ESC, take_apart
from anlan.monitoring.models import Datastream
from anlan.nursery import Forked, Nursery
from tests.conftest import Nats, free_port, wait_for_port
from tests.gateways.conftest import Gateway, empty_streams

AT = datetime(2026, 11, 23, 8, 0, tzinfo=BEIJING)
ANSWER_BYTES = 25


def database_url() -> str:
    given = connection.settings_dict
    host, port = str(given["HOST"]), str(given["PORT"] or "")
    where = f"{host}:{port}" if port and not host.startswith("/") else ""
    return (
        f"postgresql://{given['USER']}:{quote(str(given['PASSWORD'] or ''))}@{where}/{given['NAME']}?host={quote(host)}"
    )


@dataclass
class Process:
    """`anlan ingest` as a process of its own, forked as the supervisor does it."""

    nats: Nats
    var: Path
    port: int
    running: Forked | None = None
    logs: list[Path] = field(default_factory=list)
    nursery: Nursery = field(init=False)
    env: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.env = {
            **os.environ, "ANLAN_VAR": str(self.var), "ANLAN_DATABASE_URL": database_url(), "ANLAN_NATS_URL": self.nats.url,
            "ANLAN_SL651_PORT": str(self.port), "ANLAN_MQTT_PORT": str(self.nats.ports.mqtt),
            "ANLAN_MQTT_PASSWORD": self.nats.token, "DJANGO_SETTINGS_MODULE": "anlan.settings", "ANLAN_SECRET_KEY": "x" * 50,
        }  # fmt: skip
        self.nursery = Nursery(self.env, self.var / "nursery.log")
        self.nursery.prepare(self.env)

    def start(self) -> None:
        ready = self.var / "run" / "ingest.ready"
        ready.unlink(missing_ok=True)
        log = self.var / f"ingest-{len(self.logs)}.log"
        self.logs.append(log)
        self.running = self.nursery.start(["ingest"], self.env, log)
        for _ in range(1200):
            if ready.exists():
                break
            assert self.running.poll() is None, log.read_text(encoding="utf-8")
            time.sleep(0.05)
        assert ready.exists(), log.read_text(encoding="utf-8")
        wait_for_port(self.port)

    def kill(self) -> None:
        assert self.running is not None
        self.running.kill()
        self.running.wait(10)


@pytest.fixture
def process(stations: dict[str, Datastream], nats_server: Nats, tmp_path: Path) -> Iterator[Process]:
    gateway = Process(nats_server, tmp_path, free_port())
    asyncio.run(empty_streams(nats_server.url))
    gateway.start()
    yield gateway
    if gateway.running is not None and gateway.running.poll() is None:
        gateway.running.terminate()
        gateway.running.wait(20)
    gateway.nursery.stop()


def send_until_it_breaks(port: int, first: int, killer: Callable[[], None], after: int) -> list[int]:
    """Reports with growing serial, several on the way at once; the serials that were answered. An answer may take long on
    a busy machine: only the broken line, not a slow one, ends the round."""
    answered: list[int] = []
    buffer = b""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
            for serial in range(first, first + 2000):
                at = AT - timedelta(minutes=serial)
                line.sendall(encode.report("0012345678", [("39", float(serial))], at, serial=serial))
                if serial == first + after:
                    killer()
                if serial - first >= 20:
                    while len(buffer) < ANSWER_BYTES:
                        more = line.recv(4096)
                        if not more:
                            raise ConnectionError
                        buffer += more
                while len(buffer) >= ANSWER_BYTES:
                    answer = take_apart(buffer[:ANSWER_BYTES])
                    assert answer.end == ESC
                    answered.append(int.from_bytes(buffer[14:16], "big"))
                    buffer = buffer[ANSWER_BYTES:]
    except OSError:
        return answered
    return answered


@pytest.mark.slow
def test_every_answered_report_is_in_the_log_after_the_gateway_is_killed(
    process: Process, stations: dict[str, Datastream]
) -> None:
    answered: list[int] = []
    for round_ in range(3):
        answered += send_until_it_breaks(process.port, 1 + 2000 * round_, process.kill, after=60 + 40 * round_)
        process.start()
    assert len(answered) > 60
    kept = {value for _, _, value in Gateway(process.nats, process.port).readings()}
    assert set(map(float, answered)) <= kept


def test_what_the_broker_acknowledged_while_the_gateway_was_dead_arrives_when_it_lives(
    process: Process, stations: dict[str, Datastream]
) -> None:
    async def publish(values: range) -> None:
        client = MqttClient("device-9", "device", f"{process.nats.token}-device", clean=True)
        await client.connect("127.0.0.1", process.nats.ports.mqtt)
        reading = asyncio.create_task(client.run())
        for value in values:
            at = AT + timedelta(seconds=value)
            body = json.dumps({"at": at.isoformat(), "values": {"cl2": value}}).encode()
            await asyncio.wait_for(client.publish("v1/G1/telemetry", body), 30)
        await client.close()
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)

    asyncio.run(publish(range(50)))
    process.kill()
    asyncio.run(publish(range(50, 100)))
    process.start()
    gateway = Gateway(process.nats, process.port)
    # What was under way when it died is sent again by the broker after its ack_wait.
    for _ in range(60):
        if len({value for _, _, value in gateway.readings()}) == 100:
            break
        time.sleep(1)
    assert {value for _, _, value in gateway.readings()} == set(map(float, range(100)))
