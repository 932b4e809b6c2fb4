"""What goes wrong around a gateway: a disk that is full, lines that are half open, an external broker shared by two."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import nats
import pytest

from anlan import embedded
from anlan.gateways.devices import discover, listener
from anlan.gateways.devices.hj212.codec import BEIJING
from anlan.gateways.devices.listener import Listener
from anlan.gateways.devices.mqtt.bridge import Broker, MqttBridge
from anlan.gateways.devices.mqtt.client import MqttClient
from anlan.gateways.devices.sl651.encode import report
from anlan.gateways.log import ReadingLog
from anlan.gateways.readings import Reading
from anlan.monitoring import log as layout
from anlan.monitoring.pipeline.trimming import trim
from anlan.monitoring.queries import StreamRef
from conftest import programs
from tests.conftest import free_port, wait_for_port
from tests.gateways.test_crowds import Kept, frame, opened

AT = datetime(2026, 11, 23, 8, tzinfo=BEIJING)
STATION, ANSWER_BYTES = "0012345678", 25


class Disk:
    """A log of its own whose disk is as large as we say."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.ports = folder, embedded.NatsPorts(free_port(), free_port(), free_port())
        self.running: subprocess.Popen[bytes] | None = None

    def start(self, size: str) -> None:
        config = embedded.nats_config(self.folder, self.ports, "t")
        config.write_text(config.read_text(encoding="utf-8").replace("20GB", size), encoding="utf-8")
        self.running = embedded.start_nats(config)
        wait_for_port(self.ports.client)

    def stop(self) -> None:
        if self.running is not None:
            self.running.terminate()
            self.running.wait(10)
            self.running = None


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    made = Disk(tmp_path)
    yield made
    made.stop()


async def open_log(disk: Disk) -> ReadingLog:
    store = ReadingLog(embedded.nats_url(disk.ports, "t"))
    await store.open_only()
    store.known = {"sl651": {(STATION, "39"): StreamRef(16, 1, "m", None, None)}}
    return store


async def report_all(port: int, serials: range) -> list[int]:
    """Each report on a line of its own; which were answered."""
    answered = []
    for serial in serials:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(report(STATION, [("39", float(serial))], AT, serial=serial))
        try:
            answer = await asyncio.wait_for(reader.readexactly(ANSWER_BYTES), 30)
            answered.append(int.from_bytes(answer[14:16], "big"))
        except (asyncio.IncompleteReadError, TimeoutError):
            pass
        writer.close()
    return answered


async def stored(disk: Disk) -> list[float]:
    client = await nats.connect(embedded.nats_url(disk.ports, "t"))
    context = client.jetstream()
    state = (await context.stream_info(layout.STREAM)).state
    found = []
    for seq in range(state.first_seq, state.last_seq + 1):
        found += layout.decode((await context.get_msg(layout.STREAM, seq)).data or b"").value.tolist()
    await client.close()
    return found


def test_with_a_full_disk_nobody_is_answered_and_afterwards_all_are(disk: Disk) -> None:
    async def body() -> None:
        store = await open_log(disk)
        server = Listener(discover()["sl651"], store)
        port = free_port()
        await server.start("127.0.0.1", port)
        ballast = [(16, n, 0.0, 0) for n in range(20_000)]
        while not store.trouble:
            with suppress(nats.js.errors.Error):
                await store.write("sl651", ballast, backfill=True)
        answered = await report_all(port, range(1, 4))
        assert answered == [], "what is not on disk is not acknowledged"
        assert "起：" in store.trouble, "and the operator's console says so"
        client = await nats.connect(embedded.nats_url(disk.ports, "t"))
        await client.jetstream().purge_stream(layout.STREAM)
        await client.close()
        assert await report_all(port, range(1, 4)) == [1, 2, 3], "sent again, as devices do"
        assert store.trouble == ""
        await server.close()
        await store.close()
        assert await stored(disk) == [1.0, 2.0, 3.0]

    disk.start("2MB")
    asyncio.run(body())


def test_what_was_on_its_way_when_the_broker_died_goes_again_with_the_next_one(disk: Disk) -> None:
    async def story() -> int:
        store = await open_log(disk)
        assert disk.running is not None
        disk.running.send_signal(signal.SIGSTOP)
        keeping = asyncio.create_task(store.keep("sl651", [Reading(STATION, "39", 7.25, "m", AT)], b"", ""))
        while not store.on_the_way:
            await asyncio.sleep(0.01)
        disk.running.kill()
        disk.running.wait(10)
        disk.start("1GB")
        await asyncio.wait_for(keeping, 60)
        refused = store.counts["not_kept"]
        await store.close()
        return refused

    disk.start("1GB")
    assert asyncio.run(story()) == 0, "the sender was made to wait for an answer that could not come any more"
    assert 7.25 in asyncio.run(stored(disk))


def test_a_log_that_grows_is_trimmed_of_what_the_tables_have_and_of_nothing_else(disk: Disk) -> None:
    async def body() -> None:
        store = await open_log(disk)
        for n in range(6):
            await store.write("sl651", [(16 + n % 2, n, float(n), 0)] * 1, backfill=False)
        assert not await trim(store.stream, {0: 5, 1: 4}, 2**30), "small enough"
        assert await trim(store.stream, {0: 3, 1: 0}, 1)
        info = await store.stream.stream_info(layout.STREAM)
        assert info.state.messages == 4, "sequences 1 and 3 of partition 0 are gone"
        assert await trim(store.stream, {0: 5, 1: 6}, 1)
        assert (await store.stream.stream_info(layout.STREAM)).state.messages == 0
        await store.close()

    disk.start("20GB")
    asyncio.run(body())


def test_a_device_that_fell_silent_is_hung_up_and_its_place_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "IDLE_S", 0.3)

    async def body() -> None:
        server, _store, port = await opened()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(frame(1, 1)[:-4])  # half a report, and then nothing: no FIN, no RST
        assert await asyncio.wait_for(reader.read(), 30) == b""
        for _ in range(100):
            if not server.conversations:
                break
            await asyncio.sleep(0.02)
        assert server.conversations == set()
        assert server.lines == {}
        writer.close()
        await server.close()

    asyncio.run(body())


class Dealt(Kept):
    """Counts which gateway took which message."""

    async def keep_known(self, protocol: str, readings: Sequence[Reading]) -> list[str]:
        self.rows += readings
        return []


def test_two_gateways_share_an_external_broker_and_each_message_comes_once(tmp_path: Path) -> None:
    programs("mosquitto")
    port = free_port()
    config = tmp_path / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 200\n", encoding="utf-8")
    broker = subprocess.Popen(["mosquitto", "-c", str(config)], stderr=subprocess.DEVNULL)

    async def body() -> list[list[Reading]]:
        stores, tasks = [Dealt(), Dealt()], []
        for n, store in enumerate(stores):
            env = {
                "ANLAN_MQTT_PORT": str(port),
                "ANLAN_MQTT_GROUP": "anlan",
                "ANLAN_MQTT_CLIENT": f"g{n}",
                "ANLAN_MQTT_USER": "",
            }
            bridge = MqttBridge(store, Broker.of_environment(env))
            tasks.append(asyncio.create_task(bridge.run()))
            await asyncio.wait_for(bridge.connected.wait(), 30)
        await asyncio.sleep(0.2)
        device = MqttClient("device", clean=True)
        await device.connect("127.0.0.1", port)
        reading = asyncio.create_task(device.run())
        await asyncio.gather(*(device.publish("v1/S1/telemetry", b'{"values": {"v": %d}}' % n) for n in range(200)))
        for _ in range(100):
            if sum(len(store.rows) for store in stores) >= 200:
                break
            await asyncio.sleep(0.05)
        for task in [*tasks, reading]:
            task.cancel()
        await asyncio.gather(*tasks, reading, return_exceptions=True)
        return [store.rows for store in stores]

    try:
        wait_for_port(port)
        one, two = asyncio.run(body())
    finally:
        broker.terminate()
        broker.wait(10)
    assert sorted(row.value or 0.0 for row in [*one, *two]) == [float(n) for n in range(200)]
    assert len(one) > 20
    assert len(two) > 20


def test_a_group_of_gateways_subscribes_together_and_each_has_a_client_of_its_own() -> None:
    alone = Broker.of_environment({})
    assert (alone.client, alone.filters) == ("anlan-ingest", ["v1/+/telemetry", "spBv1.0/#", "v1.1/+/Observations"])
    shared = Broker.of_environment({"ANLAN_MQTT_GROUP": "g", "ANLAN_MQTT_HOST": "emqx", "ANLAN_MQTT_TLS": "1"})
    assert shared.filters == ["$share/g/v1/+/telemetry", "$share/g/v1.1/+/Observations"]
    assert shared.client == f"anlan-ingest-{os.uname().nodename}"
    assert shared.tls
