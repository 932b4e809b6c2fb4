"""kill -9 of every role and of the broker, one after the other, while devices and programs go on sending.

Started as a user starts it. Afterwards each reading that was acknowledged is stored once, the alarm that was raised meanwhile has
one clue and no more, and the journal is whole.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from anlan.gateways.devices.mqtt.client import MqttClient
from tests.acceptance.test_guide import TOKEN, Installation, started
from tests.conftest import free_port, wait_for_port

pytestmark = [pytest.mark.acceptance, pytest.mark.slow, pytest.mark.timeout(400)]
RESULT = """
import json, sys, django; django.setup()
from django.db import connection
from anlan.command.models import Proposal
from anlan.kernel.audit import journal
from anlan.monitoring.models import Alarm
with connection.cursor() as cursor:
    cursor.execute("select (extract(epoch from o.at) * 1000)::bigint, count(*) from observation o"
                   " join monitoring_datastream d on d.id = o.stream where d.code = %s group by 1", [sys.argv[1]])
    rows = cursor.fetchall()
alarms = Alarm.objects.unscoped("test").filter(datastream__code=sys.argv[1])
print(json.dumps({
    "stored": [row[0] for row in rows], "most": max((row[1] for row in rows), default=0), "alarms": [a.pk for a in alarms],
    "recurrences": sum(a.recurrences for a in alarms),
    "clues": list(Proposal.objects.unscoped("test").exclude(alarm_id=None).values_list("alarm_id", flat=True)),
    "flaws": [str(flaw) for flaw in journal.flaws()],
}))
"""


def result(installation: Installation, code: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(installation.python(RESULT.replace("sys.argv[1]", repr(code))))
    return found


class Devices:
    """A gas detector over MQTT and a program over SensorThings: each reading again and again until it is acknowledged."""

    def __init__(self, ports: dict[str, int], password: str, token: str, stream: int) -> None:
        self.ports, self.password, self.token, self.stream = ports, password, token, stream
        self.acknowledged: dict[str, list[int]] = {"mqtt": [], "http": []}
        self.stop = threading.Event()
        self.high = threading.Event()

    def run(self) -> None:
        asyncio.run(self.both())

    async def both(self) -> None:
        await asyncio.gather(self.detector(), self.program())

    async def until(self, send: Callable[[int], object], kept: list[int]) -> None:
        while not self.stop.is_set():
            at = round(time.time() * 1000)
            while not self.stop.is_set():
                with suppress(OSError, TimeoutError, httpx.HTTPError, asyncio.IncompleteReadError):
                    await asyncio.wait_for(send(at), 8)  # type: ignore[arg-type]
                    kept.append(at)
                    break
                await asyncio.sleep(0.3)
            await asyncio.sleep(0.15)

    async def detector(self) -> None:
        async def send(at: int) -> None:
            client = MqttClient("G-V-101", "device", self.password)
            await client.connect("127.0.0.1", self.ports["mqtt"])
            reading = asyncio.create_task(client.run())
            try:
                value = 30.0 if self.high.is_set() else 0.3
                await client.publish(
                    "v1/G-V-101/telemetry",
                    json.dumps(
                        {
                            "at": datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds"),
                            "values": {"cl2": value},
                        }
                    ).encode(),
                )
            finally:
                reading.cancel()
                with suppress(asyncio.CancelledError, OSError, asyncio.IncompleteReadError):
                    await reading
                await client.close()

        await self.until(send, self.acknowledged["mqtt"])

    async def program(self) -> None:
        url = f"http://127.0.0.1:{self.ports['web']}/api/sta/v1.1/Datastreams({self.stream})/Observations"

        async def send(at: int) -> None:
            moment = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")
            async with httpx.AsyncClient(trust_env=False, headers={"Authorization": f"Bearer {self.token}"}) as client:
                answer = await client.post(url, json={"result": 1.5, "phenomenonTime": moment})
                if answer.status_code != 201:
                    raise OSError(answer.text)

        await self.until(send, self.acknowledged["http"])


def test_whatever_is_killed_nothing_acknowledged_is_lost_and_nothing_happens_twice(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if name not in {"ANLAN_DATABASE_URL", "ANLAN_NATS_URL"}}
    env = kept | {"ANLAN_VAR": str(tmp_path / "var"), "DJANGO_SETTINGS_MODULE": "anlan.settings"}
    installation = started(env, free_port())
    try:
        run = json.loads((tmp_path / "var" / "run" / "run.json").read_text(encoding="utf-8"))
        code = "from anlan.monitoring.models import Datastream as D; print(D.everything.get(code='T-V-101-p').pk)"
        stream = int(installation.python(f"import django; django.setup(); {code}"))
        password = (tmp_path / "var" / "nats_token").read_text(encoding="ascii").strip() + "-device"
        devices = Devices(run["ports"], password, installation.python(TOKEN), stream)
        sending = threading.Thread(target=devices.run)
        sending.start()
        time.sleep(2)
        devices.high.set()
        killed: dict[str, int] = {}
        for name in ("work", "ingest", "nats", "web"):
            os.kill(run["pids"][name], signal.SIGKILL)
            killed[name] = round(time.time() * 1000)
            time.sleep(4)
            before = {way: len(readings) for way, readings in devices.acknowledged.items()}
            deadline = time.monotonic() + 60
            while any(len(devices.acknowledged[way]) < count + 3 for way, count in before.items()):
                assert time.monotonic() < deadline, f"after {name} was killed: {before}, {devices.acknowledged}"
                time.sleep(0.2)
        devices.stop.set()
        sending.join(20)
        wait_for_port(run["ports"]["web"])
        for code, way in (("G-V-101-cl2", "mqtt"), ("T-V-101-p", "http")):
            found = result(installation, code)
            deadline = time.monotonic() + 40
            while not set(devices.acknowledged[way]) <= set(found["stored"]):  # type: ignore[call-overload]
                lost = sorted(set(devices.acknowledged[way]) - set(found["stored"]))  # type: ignore[call-overload]
                assert time.monotonic() < deadline, f"{way}: acknowledged and not stored: {lost}, killed {killed}"
                time.sleep(1)
                found = result(installation, code)
            assert found["most"] == 1
            assert found["flaws"] == []
        found = result(installation, "G-V-101-cl2")
        assert len(found["alarms"]) == len(set(found["alarms"])) >= 1  # type: ignore[arg-type,call-overload]
        assert found["recurrences"] == 0, "it went over its limit once and stayed there"
        clues = found["clues"]
        assert len(clues) == len(set(clues)) >= 1  # type: ignore[arg-type,call-overload]
    finally:
        installation.stop()
