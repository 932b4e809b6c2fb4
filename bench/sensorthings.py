"""SensorThings inserts and queries: ours (durable log, acknowledged when kept, area scope, token) beside
django-ogc-sensorthings with two gunicorn workers, on the same PostgreSQL server, by the same client.

Peer: bench/peers/sensorthings.sh. Single observations by 16 connections, data arrays of 1000, and the newest value.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from anlan import embedded
from bench._lab import connection, free_port, fresh_database, wait_for_port, web
from bench._peers import ROOT, installed
from bench.gateway import TOKEN, broker, count

SINGLES, ARRAYS, ARRAY, QUERIES, CONNECTIONS = 2000, 64, 1000, 300, 16
GOAL = 10.0
START = datetime(2026, 3, 2, tzinfo=UTC)
PEER = ROOT / "var" / "peers" / "sensorthings"


def stamp(n: int) -> str:
    return (START + timedelta(seconds=n)).isoformat().replace("+00:00", "Z")


class Line:
    """One kept-alive connection, with no more work a request than a device would have: the client must not be what is
    measured."""

    def __init__(self, base: str, headers: dict[str, str]) -> None:
        self.address = httpx.URL(base)
        self.head = f"Host: {self.address.netloc.decode()}\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers.items())
        self.reader: asyncio.StreamReader | None = None

    async def ask(self, url: str, body: bytes | None) -> bytes:
        target = httpx.URL(url).raw_path.decode()
        more = "" if body is None else f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        request = f"{'GET' if body is None else 'POST'} {target} HTTP/1.1\r\n{self.head}{more}\r\n".encode() + (
            body or b""
        )
        if self.reader is None:
            self.reader, self.writer = await asyncio.open_connection(self.address.host, self.address.port)
        self.writer.write(request)
        head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        content = await self.content(head)
        if b"connection: close" in head:
            self.writer.close()
            self.reader = None
        if head[9:12] not in (b"200", b"201"):
            raise AssertionError(f"{url}: {head.decode()} {content[:300]!r}")
        return content

    async def content(self, head: bytes) -> bytes:
        assert self.reader is not None
        if b"transfer-encoding: chunked" not in head:
            return await self.reader.readexactly(int(head.partition(b"content-length:")[2].split(b"\r\n")[0]))
        found = b""
        while size := int(await self.reader.readline(), 16):
            found += (await self.reader.readexactly(size + 2))[:-2]
        await self.reader.readline()
        return found


async def many(lines: list[Line], bodies: list[tuple[str, Any]]) -> float:
    """Seconds for all requests, one at a time on each line; every one must be taken."""
    waiting = deque((url, None if body is None else json.dumps(body).encode()) for url, body in bodies)

    async def work(line: Line) -> None:
        while waiting:
            await line.ask(*waiting.popleft())

    began = time.perf_counter()
    await asyncio.gather(*(work(line) for line in lines))
    return time.perf_counter() - began


async def measure(
    base: str, headers: dict[str, str], stream: Any, link: str, feature: str | None = None
) -> dict[str, float]:
    """Rates of singles and array rows, and milliseconds of the newest value."""
    lines = [Line(base, headers) for _ in range(CONNECTIONS)]

    def single(n: int) -> tuple[str, Any]:
        body = {"phenomenonTime": stamp(n), "resultTime": stamp(n), "result": 20.0 + n % 60, "Datastream": stream}
        return f"{base}/Observations", body | ({"FeatureOfInterest": {"@iot.id": feature}} if feature else {})

    def array(n: int) -> tuple[str, Any]:
        first = SINGLES + n * ARRAY
        rows = [[stamp(first + k), stamp(first + k), 20.0 + k % 60] for k in range(ARRAY)]
        told = {"Datastream": stream, "components": ["phenomenonTime", "resultTime", "result"]}
        if feature:  # the peer makes none by itself
            told["components"] += ["FeatureOfInterest/id"]
            rows = [[*row, feature] for row in rows]
        return f"{base}/CreateObservations", [{**told, "dataArray@iot.count": ARRAY, "dataArray": rows}]

    await many(lines, [single(n) for n in range(CONNECTIONS)])  # connections and caches
    singles = SINGLES / await many(lines, [single(n) for n in range(SINGLES)])
    arrays = ARRAYS * ARRAY / await many(lines, [array(n) for n in range(ARRAYS)])
    newest = await many(lines[:1], [(link, None)] * QUERIES) / QUERIES * 1000
    total = json.loads(await lines[0].ask(f"{base}/Observations?$count=true&$top=1", None))
    return {"singles": singles, "arrays": arrays, "newest_ms": newest, "rows": float(total.get("@iot.count", -1))}


def prepare_ours() -> tuple[dict[str, str], int]:
    """A station with a datastream, and a token that may write."""
    from anlan.kernel import clock  # noqa: PLC0415 - Django is set up by now
    from anlan.kernel.models import ApiToken, Area, Grant, Level, Role, User  # noqa: PLC0415
    from anlan.monitoring.models import Datastream, Station  # noqa: PLC0415

    city = Area.objects.create(code_system="mca", code="150300", name="乌海市", level=Level.CITY)
    user = User.objects.create_user(
        "bench", "Correct-Horse-9", display_name="bench", password_changed_at=clock.real_now()
    )
    role = Role.objects.create(code="bench", name="bench", permissions=["monitoring.*"], data_class=4)
    Grant.objects.create(user=user, role=role, area=city)
    station = Station.objects.create(
        code="B1", name="站", lon=106.8, lat=39.6, kind="气体", protocol="sensorthings", address="B1", area=city
    )
    stream = Datastream.objects.create(
        code="B1-x", station=station, source_code="x", name="浓度", quantity="q", unit="ppm"
    )
    return {"Authorization": f"Bearer {ApiToken.issue(user, 'bench', clock.real_now())}"}, int(stream.pk)


def stored_all() -> int:
    """Every observation is in the table, exactly once."""
    wanted, deadline = SINGLES + ARRAYS * ARRAY, time.monotonic() + 60
    while (stored := count("observation")) != wanted:
        if time.monotonic() > deadline:
            raise AssertionError(f"{stored} of {wanted} observations stored")
        time.sleep(0.1)
    return stored


def ours(url: str) -> dict[str, float]:
    headers, stream = prepare_ours()
    with broker(TOKEN) as ports, tempfile.TemporaryDirectory(prefix="anlan-bench-") as var:
        nats = embedded.nats_url(ports, TOKEN)
        env = {**os.environ, "ANLAN_DATABASE_URL": url, "ANLAN_NATS_URL": nats, "ANLAN_VAR": var}
        before = os.environ.get("ANLAN_NATS_URL")
        os.environ["ANLAN_NATS_URL"] = nats
        worker = subprocess.Popen([sys.executable, "-m", "anlan", "work"], env=env)
        try:
            with web(url) as address:
                base = f"{address}/api/sta/v1.1"
                link = f"{base}/Datastreams({stream})/Observations?$top=1&$orderby=phenomenonTime desc"
                found = asyncio.run(measure(base, headers, {"@iot.id": stream}, link))
            return {**found, "stored": float(stored_all())}
        finally:
            worker.terminate()
            worker.wait(20)
            if before is None:
                del os.environ["ANLAN_NATS_URL"]
            else:
                os.environ["ANLAN_NATS_URL"] = before


ENTITIES: dict[str, Any] = {
    "name": "浓度", "description": "bench", "unitOfMeasurement": {"name": "ppm", "symbol": "ppm", "definition": "ppm"},
    "observationType": "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
    "Thing": {"name": "站", "description": "bench"},
    "Sensor": {"name": "s", "description": "bench", "encodingType": "text/html", "metadata": "http://example.org"},
    "ObservedProperty": {"name": "q", "definition": "http://example.org/q", "description": "bench"},
}  # fmt: skip


def peer(url: str) -> dict[str, float] | None:
    python = PEER / "bin" / "python"
    if not installed("django-ogc-sensorthings", "sensorthings.sh", python):
        return None
    known = connection.settings_dict
    port = free_port()
    with connection.cursor() as cursor:
        cursor.execute("create schema peer")
        cursor.execute(f"alter role {known['USER']} set search_path = peer, public")
    env = {
        **os.environ, "PEER_DATABASE": f"{known['HOST']} {known['PORT'] or 5432} {known['USER']} {known['NAME']}",
        "PEER_PORT": str(port), "DJANGO_SETTINGS_MODULE": "sensorthings_site", "PYTHONPATH": str(ROOT / "bench" / "peers"),
    }  # fmt: skip
    try:
        subprocess.run([str(python), "-m", "django", "migrate", "-v0"], env=env, check=True)
        command = [str(PEER / "bin" / "gunicorn"), "-w2", "--threads", "4", "-b", f"127.0.0.1:{port}"]
        command += ["--log-level", "error", "django.core.wsgi:get_wsgi_application()"]
        server = subprocess.Popen(command, env=env)
        try:
            wait_for_port(port)
            return run_peer(f"http://127.0.0.1:{port}/sensorthings/v1.1")
        finally:
            server.terminate()
            server.wait(20)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"alter role {known['USER']} reset search_path")


def run_peer(base: str) -> dict[str, float]:
    made = httpx.post(f"{base}/Datastreams", json=ENTITIES, timeout=60)
    made.raise_for_status()
    link = made.headers.get("location") or made.json()["@iot.selfLink"]
    stream = link.rpartition("(")[2].strip("')")
    # Asking for the newest value (of a datastream, or ordered by time) fails in this version: any observation is asked for.
    newest = f"{base}/Observations?$top=1"
    place = {"type": "Point", "coordinates": [106.8, 39.6]}
    told = {"name": "站", "description": "bench", "encodingType": "application/geo+json", "feature": place}
    made = httpx.post(f"{base}/FeaturesOfInterest", json=told, timeout=60)
    made.raise_for_status()
    feature = (made.headers.get("location") or made.json()["@iot.selfLink"]).rpartition("(")[2].strip("')")
    return asyncio.run(measure(base, {}, {"@iot.id": stream}, newest, feature))


def run() -> list[dict[str, Any]]:
    with fresh_database() as url:
        mine = ours(url)
        stored = int(mine["stored"])
        theirs = peer(url)
    if theirs is None:
        return []
    work = {"singles": "single observations", "arrays": f"observations in arrays of {ARRAY}"}
    rows = [row(name, what, mine[name], theirs[name], "observations/s", stored) for name, what in work.items()]
    newest = row(
        "newest", "newest value of a datastream", 1000 / mine["newest_ms"], 1000 / theirs["newest_ms"], "1/s", stored
    )
    return [*rows, newest]


def row(name: str, what: str, mine: float, theirs: float, unit: str, stored: int) -> dict[str, Any]:
    ratio = mine / theirs
    return {
        "name": f"sensorthings {name}", "work": what, "agreement": f"every request taken; {stored:,} rows here", "ours": mine,
        "peer": theirs, "peer_name": "django-ogc-sensorthings, 2 workers", "unit": unit, "ratio": ratio, "goal": GOAL,
        "met": ratio >= GOAL,
    }  # fmt: skip
