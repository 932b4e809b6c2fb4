"""A running gateway: real NATS, real PostgreSQL, real sockets."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import nats
import pytest

from anlan.gateways import ingest
from anlan.gateways.devices import discover
from anlan.monitoring import log as layout
from anlan.monitoring.models import Datastream, Station
from tests.conftest import City, Nats, free_port, wait_for_port


@dataclass
class Gateway:
    """Where the running gateway listens."""

    nats: Nats
    sl651: int
    ports: dict[str, int] = field(default_factory=dict)

    def batches(self, stream: str = layout.STREAM) -> list[bytes]:
        """Everything that lies in the log now."""
        return asyncio.run(read_all(self.nats.url, stream))

    def readings(self) -> list[tuple[int, int, float]]:
        found = []
        for data in self.batches():
            batch = layout.decode(data)
            found += list(zip(batch.stream.tolist(), batch.at_ms.tolist(), batch.value.tolist(), strict=True))
        return found


async def read_all(url: str, stream: str) -> list[bytes]:
    connection = await nats.connect(url)
    try:
        context = connection.jetstream()
        info = await context.stream_info(stream)
        found = []
        for seq in range(max(1, info.state.first_seq), info.state.last_seq + 1):
            found.append((await context.get_msg(stream, seq)).data or b"")
        return found
    finally:
        await connection.close()


async def empty_streams(url: str) -> None:
    connection = await nats.connect(url)
    context = connection.jetstream()
    for stream in (layout.STREAM, layout.QUARANTINE_STREAM):
        try:
            await context.purge_stream(stream)
        except nats.js.errors.NotFoundError:
            continue
    await connection.close()


@pytest.fixture
def stations(transactional_db: None, city: City) -> dict[str, Datastream]:
    """A river gauge (SL 651) and a gas detector (MQTT)."""
    gauge = Station.everything.create(
        code="H1",
        name="海勃湾坝上",
        lon=106.77,
        lat=39.85,
        area=city.east,
        kind="水文",
        protocol="sl651",
        address="0012345678",
    )
    gas = Station.everything.create(
        code="G1", name="氯气罐区", lon=106.7, lat=39.5, area=city.west, kind="气体", protocol="mqtt", address="G1"
    )

    def datastream(station: Station, code: str, name: str, unit: str) -> Datastream:
        return Datastream.everything.create(
            code=f"{station.code}-{code}", station=station, source_code=code, name=name, quantity=name, unit=unit,
            valid_min=-10, valid_max=5000,
        )  # fmt: skip

    return {
        "stage": datastream(gauge, "39", "水位", "m"),
        "volt": datastream(gauge, "38", "电压", "V"),
        "cl2": datastream(gas, "cl2", "氯气", "ppm"),
    }


@pytest.fixture
def gateway(
    stations: dict[str, Datastream],
    nats_server: Nats,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Gateway]:
    port = free_port()
    settings.NATS_URL = nats_server.url
    monkeypatch.setenv("ANLAN_SL651_PORT", str(port))
    monkeypatch.setenv("ANLAN_MQTT_PORT", str(nats_server.ports.mqtt))
    monkeypatch.setenv("ANLAN_MQTT_PASSWORD", nats_server.token)
    ports = {
        protocol.name: free_port() for protocol in discover().values() if protocol.name != "sl651" and protocol.session
    }
    for name, number in ports.items():
        monkeypatch.setenv(discover()[name].port_env, str(number))
    ports["mqtt direct"] = free_port()
    monkeypatch.setenv("ANLAN_MQTT_DIRECT_PORT", str(ports["mqtt direct"]))
    asyncio.run(empty_streams(nats_server.url))
    ready, loops = threading.Event(), []

    def serve() -> None:
        async def body() -> None:
            stop = asyncio.Event()
            loops.append((asyncio.get_running_loop(), stop))
            await ingest.main(stop, ready.set, "127.0.0.1")

        asyncio.run(body())

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    assert ready.wait(60)
    wait_for_port(port)
    yield Gateway(nats_server, port, ports)
    loop, stop = loops[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join(60)
    assert not thread.is_alive(), [task.get_stack(limit=3) for task in asyncio.all_tasks(loop)]
