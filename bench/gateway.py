"""MQTT to PostgreSQL with a threshold on every value: ours (log in between, durable before it is acknowledged, duplicates
removed, latest values, alarm rules) beside the consumer most people write (aiomqtt + asyncpg) and Node-RED.

Everybody takes the same messages (4 values each, QoS 1) over as many connections on the same machine and writes into the
same PostgreSQL; time runs from the first message published until the last row is there. Ours twice: over the broker inside
NATS, which has every message on disk before it answers, and straight to the gateway. Peers behind mosquitto, which answers
from memory, where it is installed, else behind our broker. Peers are installed by bench/peers/*.sh, which runs where one is
missing; what cannot be installed is told.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from anlan import embedded
from anlan.gateways.devices.mqtt.client import PUBLISH, Message, MqttClient, field, packet
from bench._lab import connection, free_port, fresh_database, wait_for_port
from bench._peers import ROOT, installed

STATIONS, MESSAGES, WINDOW = 500, 20_000, 2000
#: Lines of the devices: everybody is sent to over as many.
LINES = 50
GOALS = {"aiomqtt + asyncpg": 1.0, "Node-RED": 5.0}
PEERS = ROOT / "var" / "peers"
TOKEN = "bench"  # noqa: S105 - a broker of its own, for minutes
START = datetime(2026, 3, 2, tzinfo=UTC)


def prepare_city() -> int:
    """500 stations with 4 datastreams each and a rule; the id of the first datastream."""
    from anlan.kernel.models import Area, Level  # noqa: PLC0415 - Django is set up by now
    from anlan.monitoring.models import AlarmRule, Datastream, Station  # noqa: PLC0415

    city = Area.objects.create(code_system="mca", code="150300", name="乌海市", level=Level.CITY)
    stations = Station.objects.bulk_create(
        Station(
            code=f"B{n}", name=f"站{n}", lon=106.8, lat=39.6, kind="气体", protocol="mqtt", address=f"B{n}", area=city
        )
        for n in range(STATIONS)
    )
    streams = Datastream.objects.bulk_create(
        Datastream(code=f"B{n}-{k}", station=station, source_code=f"c{k}", name="浓度", quantity="q", unit="ppm")
        for n, station in enumerate(stations)
        for k in range(4)
    )
    AlarmRule.objects.create(code="high", title="高", area=city, station_kind="气体", quantity="q", hi=100, deadband=5)
    return int(streams[0].pk)


def messages(count: int) -> list[tuple[str, bytes]]:
    made = []
    for n in range(count):
        at = (START + timedelta(seconds=n // STATIONS)).isoformat()
        values = {f"c{k}": 150.0 if n % 5000 == 0 and k == 0 else 20.0 + (n * 7 + k) % 60 for k in range(4)}
        made.append((f"v1/B{n % STATIONS}/telemetry", json.dumps({"at": at, "values": values}).encode()))
    return made


async def publish(port: int, token: str, made: list[tuple[str, bytes]]) -> None:
    """QoS 1 over LINES connections, up to WINDOW without an answer among all."""
    await asyncio.gather(*(publish_one(port, token, n, made[n::LINES]) for n in range(LINES)))


async def publish_one(port: int, token: str, line: int, made: list[tuple[str, bytes]]) -> None:
    client = MqttClient(f"bench-devices-{line}", "device", f"{token}-device", clean=True)
    await client.connect("127.0.0.1", port)
    reading = asyncio.create_task(client.run())
    waiting: list[asyncio.Future[None]] = []
    for topic, payload in made:
        number = client._packet_id()
        done = client.acknowledged[number] = asyncio.get_running_loop().create_future()
        client.writer.write(packet(PUBLISH, 2, field(topic) + number.to_bytes(2, "big") + payload))
        waiting.append(done)
        if len(waiting) >= WINDOW // LINES:
            await client.writer.drain()
            await asyncio.gather(*waiting)
            waiting.clear()
    await asyncio.gather(*waiting)
    await client.close()
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)


def count(table: str) -> int:
    with suppress(Exception), connection.cursor() as cursor:
        cursor.execute(f"select count(*) from {table}")  # noqa: S608
        return int(cursor.fetchone()[0])
    return 0


@contextmanager
def broker(token: str) -> Iterator[embedded.NatsPorts]:
    with tempfile.TemporaryDirectory(prefix="anlan-bench-") as name:
        ports = embedded.NatsPorts(free_port(), free_port(), free_port())
        server = embedded.start_nats(embedded.nats_config(Path(name), ports, token))
        try:
            wait_for_port(ports.mqtt)
            yield ports
        finally:
            server.terminate()
            server.wait(10)


@contextmanager
def their_broker(token: str) -> Iterator[embedded.NatsPorts]:
    """The fastest broker here for the peers: mosquitto, as a distribution has it."""
    program = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if program is None:
        with broker(token) as ports:
            yield ports
        return
    with tempfile.TemporaryDirectory(prefix="anlan-bench-") as name:
        port, config = free_port(), Path(name) / "mosquitto.conf"
        config.write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nmax_inflight_messages 0\n",
            encoding="ascii",
        )
        server = subprocess.Popen([program, "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for_port(port)
            yield embedded.NatsPorts(0, port, 0)
        finally:
            server.terminate()
            server.wait(10)


def timed(ports: embedded.NatsPorts, token: str, number: int, table: str) -> float:
    """Values a second from the first message to the last row."""
    made = messages(number)
    began = time.perf_counter()
    asyncio.run(publish(ports.mqtt, token, made))
    while count(table) < 4 * number:
        time.sleep(0.02)
        if time.perf_counter() - began > 180:
            raise TimeoutError(f"{table}: {count(table)} of {4 * number}")
    return 4 * number / (time.perf_counter() - began)


@contextmanager
def processes(
    *commands: tuple[list[str], dict[str, str]], ready: Callable[[], bool], cwd: Path = ROOT
) -> Iterator[None]:
    running = [
        subprocess.Popen(
            command, env={**os.environ, **env}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=cwd
        )
        for command, env in commands
    ]
    try:
        deadline = time.monotonic() + 60
        while not ready():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{commands[0][0]} did not begin")
            time.sleep(0.1)
        yield
    finally:
        for one in running:
            one.terminate()
        for one in running:
            one.wait(20)


def ours(url: str, straight: bool = False) -> float:
    """straight: the devices speak with the gateway itself."""
    with broker(TOKEN) as ports, tempfile.TemporaryDirectory(prefix="anlan-bench-") as var:
        env = {
            "ANLAN_VAR": var, "ANLAN_DATABASE_URL": url, "ANLAN_NATS_URL": embedded.nats_url(ports, TOKEN),
            "ANLAN_MQTT_PORT": str(ports.mqtt), "ANLAN_MQTT_PASSWORD": TOKEN, "ANLAN_SECRET_KEY": "x" * 50,
        }  # fmt: skip
        direct = free_port()
        env["ANLAN_MQTT_DIRECT_PORT"] = str(direct)
        roles = [([sys.executable, "-m", "anlan", role], env) for role in ("ingest", "work")]
        flag = Path(var) / "run" / "ingest.ready"
        with processes(*roles, ready=flag.exists):
            time.sleep(3)  # the worker finds the log
            goal = embedded.NatsPorts(0, direct, 0) if straight else ports
            return timed(goal, TOKEN, MESSAGES, "observation")


def dsn(url: str) -> str:
    return url.split("&port=")[0]


def aiomqtt_asyncpg(url: str, first: int) -> float | None:
    python = PEERS / "mqtt" / "bin" / "python"
    if not installed("aiomqtt + asyncpg", "mqtt.sh", python):
        return None
    with their_broker(TOKEN) as ports:
        arguments = ["127.0.0.1", str(ports.mqtt), "anlan", TOKEN, dsn(url), str(first)]
        command = [str(python), str(ROOT / "bench" / "peers" / "mqtt_consumer.py"), *arguments]
        with processes((command, {}), ready=lambda: table_exists("peer_observation")):
            time.sleep(1)
            return timed(ports, TOKEN, MESSAGES, "peer_observation")


def table_exists(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("select to_regclass(%s) is not null", [name])
        return bool(cursor.fetchone()[0])


BEGIN = """
context.set("pool", new pg.Pool({ host: HOST, user: USER, database: NAME, max: 10 }));
"""
FUNCTION = """
const n = Number(msg.topic.split("/")[1].slice(1)), body = msg.payload;
const streams = [], values = [];
for (const value of Object.values(body.values)) {
  const stream = FIRST + 4 * n + streams.length;
  if (value >= 100) node.send({ payload: { stream, value } });
  streams.push(stream);
  values.push(value);
}
context.get("pool").query(
  "insert into nodered_observation select s, $2::timestamptz, v from unnest($1::int[], $3::float8[]) as t (s, v)" +
  " on conflict do nothing", [streams, body.at, values]).catch((error) => node.error(error));
"""


def flows(ports: embedded.NatsPorts, token: str, url: str, first: int) -> list[dict[str, Any]]:
    """mqtt in -> function: threshold, one insert a message; alarms go to a debug node that is off."""
    socket_dir = dsn(url).split("host=")[1]
    user, name = url.split("//")[1].split("@")[0].split(":")[0], url.split("/")[3].split("?")[0]
    begin = (
        BEGIN.replace("HOST", json.dumps(socket_dir))
        .replace("USER", json.dumps(user))
        .replace("NAME", json.dumps(name))
    )
    return [
        {"id": "t", "type": "tab", "label": "bench"},
        {"id": "b", "type": "mqtt-broker", "broker": "127.0.0.1", "port": str(ports.mqtt), "clientid": "node-red",
         "protocolVersion": "4", "keepalive": "60", "cleansession": True, "autoConnect": True,
         "credentials": {"user": "anlan", "password": token}},
        {"id": "i", "z": "t", "type": "mqtt in", "topic": "v1/+/telemetry", "qos": "1", "datatype": "json", "broker": "b",
         "inputs": 0, "wires": [["f"]]},
        {"id": "f", "z": "t", "type": "function", "func": FUNCTION.replace("FIRST", str(first)), "outputs": 1,
         "initialize": begin, "libs": [{"var": "pg", "module": "pg"}], "wires": [["d"]]},
        {"id": "d", "z": "t", "type": "debug", "active": False, "wires": []},
    ]  # fmt: skip


def node_red(url: str, first: int) -> float | None:
    folder = PEERS / "node-red"
    red = folder / "node_modules" / "node-red" / "red.js"
    if not installed("Node-RED", "node_red.sh", red):
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "create table nodered_observation (stream integer, at timestamptz, value double precision,"
            " primary key (stream, at))"
        )
    port = free_port()
    with their_broker(TOKEN) as ports, tempfile.TemporaryDirectory(prefix="anlan-node-red-") as name:
        user = Path(name)
        made = flows(ports, TOKEN, url, first)
        secrets = {one["id"]: one.pop("credentials") for one in made if "credentials" in one}
        (user / "flows.json").write_text(json.dumps(made), encoding="utf-8")
        (user / "flows_cred.json").write_text(json.dumps(secrets), encoding="utf-8")
        (user / "node_modules").symlink_to(folder / "node_modules")
        (user / "package.json").write_text('{"name": "bench", "dependencies": {"pg": "*"}}', encoding="utf-8")
        settings = f"module.exports = {{ flowFile: 'flows.json', credentialSecret: false, uiPort: {port},"
        settings += " functionExternalModules: true, functionTimeout: 0 };"
        (user / "settings.js").write_text(settings, encoding="utf-8")
        command = ["node", str(red), "--userDir", name, "--settings", str(user / "settings.js")]

        def listens() -> bool:
            with suppress(TimeoutError):
                wait_for_port(port, 0.2)
                return True
            return False

        with processes((command, {}), ready=listens):
            time.sleep(4)  # its flows start after its page
            return timed(ports, TOKEN, MESSAGES, "nodered_observation")


async def relay(ports: embedded.NatsPorts, token: str, number: int) -> float:
    """Messages a second through the broker alone, to one subscriber that does nothing but acknowledge."""
    client = MqttClient("bench-limit", "anlan", token, clean=True)
    await client.connect("127.0.0.1", ports.mqtt)
    await client.subscribe("v1/+/telemetry")
    seen, enough = [0], asyncio.Event()

    async def take(message: Message) -> None:
        client.acknowledge(message)
        seen[0] += 1
        if seen[0] >= number:
            enough.set()

    reading = asyncio.create_task(client.run(take))
    began = time.perf_counter()
    await publish(ports.mqtt, token, messages(number))
    await asyncio.wait_for(enough.wait(), 120)
    spent = time.perf_counter() - began
    await client.close()
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    return number / spent


def broker_alone() -> float:
    """Values a second that the broker lets through, every message synced to disk: the limit of everybody here."""
    with broker(TOKEN) as ports:
        return 4 * asyncio.run(relay(ports, TOKEN, MESSAGES // 2))


def run() -> list[dict[str, Any]]:
    with fresh_database() as url:
        first = prepare_city()
        limit = broker_alone()
        measured = {"straight to the gateway": ours(url, straight=True)}
        alarms = count("monitoring_alarm")
        with connection.cursor() as cursor:
            cursor.execute("select count(*), sum(value) from observation")
            first_time = cursor.fetchone()
            cursor.execute("truncate observation, monitoring_latest, monitoring_offset, monitoring_behind")
        measured["over the broker"] = ours(url)
        with connection.cursor() as cursor:
            cursor.execute("select count(*), sum(value) from observation")
            if cursor.fetchone() != first_time:
                raise AssertionError("the two ways in stored different values")
        peers = {"aiomqtt + asyncpg": aiomqtt_asyncpg(url, first), "Node-RED": node_red(url, first)}
        with connection.cursor() as cursor:
            if table_exists("peer_observation"):
                cursor.execute(
                    "select (select sum(value) from observation) = (select sum(value) from peer_observation)"
                )
                if not cursor.fetchone()[0]:
                    raise AssertionError("ours and the peer stored different values")
    return [
        row(way, rate, name, peer, alarms, limit)
        for way, rate in measured.items()
        for name, peer in peers.items()
        if peer is not None
    ]


def row(way: str, rate: float, name: str, peer: float, alarms: int, limit: float) -> dict[str, Any]:
    ratio = rate / peer
    return {
        "name": "gateway", "work": f"MQTT QoS 1 {way} to PostgreSQL, {STATIONS} stations, 4 values a message, threshold",
        "agreement": f"{4 * MESSAGES:,} rows and their sum; {alarms} alarms", "ours": rate, "peer": peer,
        "peer_name": name, "unit": "values/s", "ratio": ratio, "goal": GOALS[name], "met": ratio >= GOALS[name],
        "limit": {"name": "our broker alone, synced", "value": limit, "fraction": rate / limit},
    }  # fmt: skip
