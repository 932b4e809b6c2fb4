"""Hours at a steady rate, shortened: readings over MQTT through gateway, log and worker; memory flat, nothing lost.

`ANLAN_SOAK_S` (600) seconds at `ANLAN_SOAK_RATE` (500) messages of 4 values a second. The memory of each role is taken
every 5 s; its growth is the slope of a line through the second half, per hour. Peer: the bound 64 MiB an hour.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from anlan import embedded
from anlan.gateways.devices.mqtt.client import MqttClient
from bench._lab import fresh_database, rss_mib
from bench.gateway import STATIONS, TOKEN, broker, count, messages, prepare_city

SECONDS = float(os.environ.get("ANLAN_SOAK_S", "600"))
RATE = float(os.environ.get("ANLAN_SOAK_RATE", "500"))
LOOK_S, MOST_MIB_H = 5.0, 64.0
Samples = dict[str, list[tuple[float, float]]]


async def publish(port: int, watch: Any) -> int:
    """RATE messages a second for SECONDS; how many the broker acknowledged."""
    client = MqttClient("soak", "device", f"{TOKEN}-device", clean=True)
    await client.connect("127.0.0.1", port)
    reading = asyncio.create_task(client.run())
    made, sent, began = messages(int(SECONDS * RATE)), 0, time.monotonic()
    looked = began
    while sent < len(made):
        due = min(len(made), int((time.monotonic() - began) * RATE) + 1)
        await asyncio.gather(*(client.publish(topic, payload) for topic, payload in made[sent:due]))
        sent = due
        if time.monotonic() - looked > LOOK_S:
            looked = time.monotonic()
            await asyncio.to_thread(watch)
        await asyncio.sleep(0.05)
    await client.close()
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    return sent


def slope(samples: list[tuple[float, float]]) -> float:
    """MiB an hour in the second half."""
    half = samples[len(samples) // 2 :]
    if len(half) < 3:
        return float("nan")
    at, value = np.array(half).T
    return float(np.polyfit(at / 3600, value, 1)[0])


def run() -> list[dict[str, Any]]:
    samples: Samples = {"ingest": [], "work": []}
    with fresh_database() as url, broker(TOKEN) as ports, tempfile.TemporaryDirectory(prefix="anlan-bench-") as var:
        prepare_city()
        env = {
            **os.environ, "ANLAN_VAR": var, "ANLAN_DATABASE_URL": url, "ANLAN_NATS_URL": embedded.nats_url(ports, TOKEN),
            "ANLAN_MQTT_PORT": str(ports.mqtt), "ANLAN_MQTT_PASSWORD": TOKEN, "ANLAN_SECRET_KEY": "x" * 50,
            "ANLAN_LOG_BYTES": str(64 * 2**20),
        }  # fmt: skip
        roles = {
            role: subprocess.Popen([sys.executable, "-m", "anlan", role], env=env, stderr=subprocess.DEVNULL)
            for role in samples
        }
        try:
            flag = Path(var) / "run" / "ingest.ready"
            while not flag.exists():
                time.sleep(0.2)

            def watch() -> None:
                for role, process in roles.items():
                    samples[role].append((time.monotonic(), rss_mib(process.pid)))

            sent = asyncio.run(publish(ports.mqtt, watch))
            stored = wait_for(4 * sent)
        finally:
            for process in roles.values():
                process.terminate()
            for process in roles.values():
                process.wait(20)
    return [row(role, taken, sent, stored) for role, taken in samples.items()]


def wait_for(rows: int) -> int:
    deadline = time.monotonic() + 120
    while (stored := count("observation")) < rows and time.monotonic() < deadline:
        time.sleep(0.2)
    if stored != rows:
        raise AssertionError(f"{stored} of {rows} acknowledged readings are stored")
    return stored


def row(role: str, taken: list[tuple[float, float]], sent: int, stored: int) -> dict[str, Any]:
    growth, last = slope(taken), taken[-1][1]
    return {
        "name": f"soak {role}", "work": f"{SECONDS:g} s at {4 * RATE:g} values/s, {STATIONS} stations, rules on",
        "agreement": f"{sent:,} messages acknowledged, {stored:,} readings stored, each once; {last:.0f} MiB at the end",
        "ours": growth, "peer": MOST_MIB_H, "peer_name": "allowed growth", "unit": "MiB/h", "ratio": growth / MOST_MIB_H,
        "goal": 1.0, "met": growth < MOST_MIB_H, "rss_mib": last,
    }  # fmt: skip
