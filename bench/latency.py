# ruff: noqa: PLC0415 - Django is set up first, with a folder of its own
"""From a device's frame to the alarm on the officer's screen, under load, with everything on this machine.

The whole installation runs as its own processes (database, log, gateway, worker, web) beside a real browser on the one
map. Devices publish over MQTT, QoS 1, five readings a message; now and then one that was quiet goes over its limit.
Measured from just before its frame is written to the socket until its alarm is a row of the list, painted.
Peer: the same installation with no load but those frames.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvloop

DEVICES, CHANNELS, QUIET = 1000, 5, 50
SECONDS, EVERY_S, CONNECTIONS = 25, 0.5, 8
LOADS = (1_000, 5_000)
GOAL_S = 1.0
WATCH = """() => {
  window.seen = {}; window.told = {};
  document.addEventListener('anlan:monitoring.AlarmRaised', (event) => { window.told[event.detail.alarm_id] = Date.now() });
  const look = () => requestAnimationFrame(() => {
    for (const row of document.querySelectorAll('#worklist [data-alarm] .place'))
      window.seen[row.textContent] ??= Date.now();
  });
  new MutationObserver(look).observe(document.getElementById('worklist'), {childList: true, subtree: true});
}"""


def install(round_number: int) -> Callable[[], None]:
    """What the supervisor runs before the roles start: tables, devices, a rule, an officer."""

    def prepare() -> None:
        from anlan.cli import _roles

        _roles.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        from anlan.monitoring.models import AlarmRule, Datastream, Station
        from bench import console

        city, session = console.people()
        names = [(f"D{n}", f"设备 {n}") for n in range(DEVICES)]
        names += [(f"Q{load}-{n}", f"静默 {load}-{n}") for load in (0, *LOADS) for n in range(QUIET)]
        stations = Station.objects.bulk_create(
            Station(code=code, name=name, lon=106.8, lat=39.6, kind="气体", protocol="mqtt", address=code, area=city)
            for code, name in names
        )
        Datastream.objects.bulk_create(
            Datastream(
                code=f"{station.code}/c{n}", station=station, source_code=f"c{n}", name="浓度", quantity="q", unit="ppm"
            )
            for station in stations
            for n in range(CHANNELS)
        )
        AlarmRule.objects.create(
            code="hi", title="超限", area=city, station_kind="气体", quantity="q", hi=100, deadband=5
        )
        os.environ["ANLAN_BENCH_SESSION"] = session

    return prepare


def message(code: str, values: list[float]) -> tuple[str, bytes]:
    reading = {"ts": round(time.time() * 1000), "values": {f"c{n}": value for n, value in enumerate(values)}}
    return f"v1/{code}/telemetry", json.dumps(reading).encode()


async def load(port: int, password: str, rate: int, sent: dict[str, float], counts: dict[str, int]) -> None:
    """The devices: `rate` readings a second for SECONDS, and every EVERY_S one quiet device over its limit."""
    from anlan.gateways.devices.mqtt.client import MqttClient

    clients = [MqttClient(f"bench-{rate}-{n}", "device", password, clean=True) for n in range(CONNECTIONS)]
    for client in clients:
        await client.connect("127.0.0.1", port)
    running = [asyncio.create_task(client.run()) for client in clients]
    waiting: set[asyncio.Task[None]] = set()

    def publish(number: int, topic: str, payload: bytes) -> None:
        task = asyncio.create_task(clients[number % CONNECTIONS].publish(topic, payload))
        waiting.add(task)
        task.add_done_callback(waiting.discard)

    began = time.perf_counter()
    number = quiet = 0
    while (passed := time.perf_counter() - began) < SECONDS:
        while number < passed * rate / CHANNELS:
            publish(number, *message(f"D{number % DEVICES}", [20.0 + number % 7 + n for n in range(CHANNELS)]))
            number += 1
        if quiet < QUIET and passed > quiet * EVERY_S:
            sent[f"静默 {rate}-{quiet}"] = time.time()
            publish(quiet, *message(f"Q{rate}-{quiet}", [150.0, *[20.0] * (CHANNELS - 1)]))
            quiet += 1
        await asyncio.sleep(0.005)
    if waiting:
        await asyncio.wait(set(waiting), timeout=30)
    counts["acknowledged"] = number * CHANNELS - len(waiting) * CHANNELS
    counts["behind"] = len(waiting)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


def waits_under(page: Any, port: int, password: str, rate: int) -> tuple[list[float], dict[str, int]]:
    """Seconds from frame to row for every alarm of one load."""
    from bench import console

    page.goto("/")
    console.poll(
        page, "!!window.anlanMap && document.documentElement.dataset.stream === 'open' && anlanMap.map.loaded()"
    )
    page.evaluate(WATCH)
    sent: dict[str, float] = {}
    counts: dict[str, int] = {}
    devices = threading.Thread(target=lambda: uvloop.run(load(port, password, rate, sent, counts)))
    devices.start()
    while devices.is_alive():
        page.wait_for_timeout(200)
    console.poll(page, f"Object.keys(seen).filter((name) => name.startsWith('静默 {rate}-')).length >= {len(sent)}", 30)
    seen = page.evaluate("seen")
    told = page.evaluate("told")
    show_stages(rate, sent, {int(key): at / 1000 for key, at in told.items()}, {n: at / 1000 for n, at in seen.items()})
    return sorted(seen[name] / 1000 - at for name, at in sent.items()), counts


def show_stages(rate: int, sent: dict[str, float], told: dict[int, float], seen: dict[str, float]) -> None:
    """Where the time goes: device to log, log to alarm, alarm to browser, browser to list."""
    from anlan.kernel.events.models import Event
    from anlan.monitoring.models import Alarm

    events = {e.payload["alarm_id"]: e.at.timestamp() for e in Event.objects.filter(name="monitoring.AlarmRaised")}
    received = received_at()
    stages: dict[str, list[float]] = {
        "frame to log": [],
        "log to event": [],
        "event to browser": [],
        "browser to row": [],
    }
    for alarm in Alarm.objects.unscoped("benchmark").select_related("station"):
        name = alarm.station.name
        if name in sent:
            stages["frame to log"].append(received[alarm.station_id] - sent[name])
            stages["log to event"].append(events[alarm.pk] - received[alarm.station_id])
            stages["event to browser"].append(told[alarm.pk] - events[alarm.pk])
            stages["browser to row"].append(seen[name] - told[alarm.pk])
    for stage, waits in stages.items():
        p50, p99 = quantiles(sorted(waits))
        print(f"{rate:>6} readings/s  {stage:<18} p50 {p50:.3f} s  p99 {p99:.3f} s  max at {waits.index(max(waits))}")


def received_at() -> dict[int, float]:
    """When the gateway wrote each quiet station's reading over the limit."""
    from django.db import connection

    query = """select d.station_id, extract(epoch from o.received)::float8 from observation o
      join monitoring_datastream d on d.id = o.stream where o.value = 150"""
    with connection.cursor() as cursor:
        cursor.execute(query)
        return dict(cursor.fetchall())


def stored(rate: int) -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("select count(*) from observation")
        return int(cursor.fetchone()[0])


def acknowledge_all() -> None:
    """The next load starts with an empty list."""
    from anlan.monitoring.models import Alarm

    Alarm.objects.unscoped("benchmark").delete()


def quantiles(waits: list[float]) -> tuple[float, float]:
    return waits[len(waits) // 2], waits[min(len(waits) - 1, int(len(waits) * 0.99))]


def measure(system: Any) -> list[dict[str, Any]]:
    from bench import console

    rows: list[dict[str, Any]] = []
    port, password = system.ports.mqtt, f"{system.env['ANLAN_MQTT_PASSWORD']}-device"
    with console.browser(system.url, os.environ["ANLAN_BENCH_SESSION"]) as page:
        idle50, idle99 = quantiles(waits_under(page, port, password, 0)[0])
        for rate in LOADS:
            acknowledge_all()
            before = stored(rate)
            waits, counts = waits_under(page, port, password, rate)
            p50, p99 = quantiles(waits)
            kept = stored(rate) - before
            agreement = f"{len(waits)} of {QUIET} alarms seen; {kept:,} readings stored, {counts['behind']} unanswered"
            work = f"{rate:,} readings/s, {SECONDS} s, p50 {p50:.3f} s (idle p50 {idle50:.3f} s)"
            rows.append(
                console.row(
                    "frame -> alarm in browser", work, agreement, p99, (idle99, "same, no load"), "s p99", "< 1 s",
                    p99 < GOAL_S,
                )
            )  # fmt: skip
    return rows


def run() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="anlan-bench-") as name:
        os.environ.update(ANLAN_VAR=name, DJANGO_SETTINGS_MODULE="anlan.settings", DJANGO_ALLOW_ASYNC_UNSAFE="true")
        os.environ.pop("ANLAN_DATABASE_URL", None)
        from anlan.supervisor import Supervisor

        system = Supervisor(Path(name), 18_000)
        try:
            system.start(install(0))
            return measure(system)
        finally:
            from django.db import connection

            connection.close()
            system.stop()
