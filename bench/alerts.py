# ruff: noqa: PLC0415, S310, S608 - Django is set up first; our own server and our own figures
"""Warnings: the public face under many readers, and a warning to very many receivers.

Readers: requests with a kept connection against the web role as its own process; the limit beside it is the same server
with an application that answers a constant of the same size. Receivers: a million subscribers in the database; choosing
them for an outline and laying them into chunks is timed, then what five CMPP gateways with faults (busy, deaf, cut lines;
each a process) take from two senders, and whether any gateway got a phone number twice. ANLAN_BENCH_MESSAGES = how many
of the million are sent to (60,000).
"""

from __future__ import annotations

import json
import multiprocessing
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from bench._lab import free_port, fresh_database, wait_for_port, web

SUBSCRIBERS, READERS, SECONDS = 1_000_000, 24, 5.0
MESSAGES = int(os.environ.get("ANLAN_BENCH_MESSAGES", "60000"))
FAULTS = (0.01, 0.0005, 0.0005)
LIMIT = """
import os
SIZE = int(os.environ["SIZE"])
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(SIZE).encode())]})
    await send({"type": "http.response.body", "body": b"x" * SIZE})
"""


def read(port: int, path: str, until: float, counts: list[int], sizes: list[int]) -> None:
    """One reader on one connection, as fast as it is answered."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\n\r\n".encode()
    done, size = 0, 0
    with socket.create_connection(("127.0.0.1", port)) as line:
        buffer = b""
        while time.perf_counter() < until:
            line.sendall(request)
            while b"\r\n\r\n" not in buffer:
                buffer += line.recv(1 << 16)
            head, _, rest = buffer.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head[:60]
            size = int(next(x for x in head.lower().split(b"\r\n") if x.startswith(b"content-length")).split(b":")[1])
            while len(rest) < size:
                rest += line.recv(1 << 16)
            buffer = rest[size:]
            done += 1
    counts.append(done)
    sizes.append(size)


def crowd(port: int, path: str, seconds: float, out: Any) -> None:
    """Readers of one process."""
    counts: list[int] = []
    sizes: list[int] = []
    until = time.perf_counter() + seconds
    threads = [threading.Thread(target=read, args=(port, path, until, counts, sizes)) for _ in range(READERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    out.put((sum(counts), max(sizes)))


def rate(port: int, path: str) -> tuple[float, int]:
    """(answers per second, bytes of one)."""
    context = multiprocessing.get_context("spawn")
    out = context.Queue()
    reader = context.Process(target=crowd, args=(port, path, SECONDS, out))
    reader.start()
    count, size = out.get(timeout=120)
    reader.join()
    return count / SECONDS, size


@contextmanager
def limit(size: int) -> Iterator[int]:
    """The same server with nothing to do."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "limit.py").write_text(LIMIT, encoding="utf-8")
        command = [sys.executable, "-m", "uvicorn", "limit:app", "--port", str(port), "--log-level", "error"]
        process = subprocess.Popen([*command, "--no-access-log"], cwd=folder, env={**os.environ, "SIZE": str(size)})
        try:
            wait_for_port(port)
            yield port
        finally:
            process.terminate()
            process.wait(10)


def issue(headline: str, level: str = "橙") -> Any:
    from anlan.kernel import clock
    from anlan.kernel.accounts.actor import Actor, GrantView
    from anlan.kernel.models import Area
    from anlan.monitoring import actions

    def who(n: int) -> Actor:
        return Actor(f"{n}号", n, (GrantView(("*",), "/", 5),), "127.0.0.1")

    city = Area.objects.get(level=1)
    warning = actions.draft_warning(
        who(1), event_code="12D02", level=level, headline=headline, description="下风向可能受影响。" * 6,
        instruction="关闭门窗，向上风向撤离。", area_ids=[city.pk], onset=clock.now(), expires=clock.now() + timedelta(hours=6),
    )  # fmt: skip
    actions.review_warning(who(2), warning.pk, True)
    return actions.issue_warning(who(3), warning.pk)


def readers(url: str) -> list[dict[str, Any]]:
    import urllib.request

    for n in range(20):
        issue(f"第 {n} 条预警")
    rows = []
    with web(url) as address:
        port = int(address.rsplit(":", 1)[1])
        for path in ("/public/", "/feeds/cap"):
            urllib.request.urlopen(f"{address}{path}").read()
            ours, size = rate(port, path)
            with limit(size) as bare:
                peer, _ = rate(bare, "/")
            rows.append(row(f"readers {path}", f"{READERS} readers, 20 warnings, {size} bytes", ours, peer,
                            "same server, constant answer", "requests/s", ours / peer, ">= 5000/s", ours >= 5000))  # fmt: skip
        waits = []
        for n in range(15):
            warning = issue(f"新的 {n}", "红")
            began = time.perf_counter()
            while warning.headline not in urllib.request.urlopen(f"{address}/public/").read().decode():
                time.sleep(0.01)
            waits.append(time.perf_counter() - began)
    worst = max(waits)
    rows.append(
        row("signature to public page", "15 signatures, worst", worst, 1.0, "goal", "s", worst, "< 1 s", worst < 1)
    )
    return rows


def row(name: str, work: str, ours: float, peer: float, peer_name: str, unit: str, ratio: float, goal: str, met: bool,
        agreement: str = "") -> dict[str, Any]:  # fmt: skip
    return {
        "name": f"alerts: {name}", "work": work, "agreement": agreement, "ours": ours, "peer": peer, "peer_name": peer_name,
        "unit": unit, "ratio": ratio, "goal": goal, "met": met,
    }  # fmt: skip


def town() -> None:
    """A city of ninety communities and a million subscribers."""
    from anlan.kernel.models import Area, Level

    top = Area.objects.create(code_system="mca", code="150300", name="乌海市", level=Level.CITY)
    district = Area.objects.create(code_system="mca", code="150302", name="区", level=Level.DISTRICT, parent=top)
    for n in range(90):
        Area.objects.create(
            code_system="nbs", code=f"1503020{n:05}", name=f"社区{n}", level=Level.COMMUNITY, parent=district, population=6000,
            seat_lon=106.6 + n % 10 * 0.02, seat_lat=39.4 + n // 10 * 0.02,
        )  # fmt: skip
    fill(SUBSCRIBERS)


def fill(count: int) -> None:
    """So many subscribers, spread over the communities."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("truncate mobilisation_subscriber restart identity")
        cursor.execute("select min(id), count(*) from kernel_area where level = 4")
        first, areas = cursor.fetchone()
        cursor.execute(
            f"insert into mobilisation_subscriber "
            f"(area_id, data_class, way, address, hazards, least, state, token, code, tries, asked_at) "
            f"select {first} + n % {areas}, 4, 'sms', (13000000000 + n)::text, '[]', 4, 'active', n::text, '', 0, now() "
            f"from generate_series(0, {count - 1}) n"
        )
        cursor.execute("analyze mobilisation_subscriber")


def gateway(faults: tuple[float, float, float], port: int, asked: Any, told: Any) -> None:
    """One CMPP gateway as a process of its own; says at the end how many numbers it took, and how many of them twice."""
    from anlan.gateways.alerts.cmpp.simulator import Simulator

    running = Simulator(port, *faults)
    asked.get()
    numbers = {phone for phone, _ in running.taken}
    told.put((len(numbers), sum(count > 1 for count in running.taken.values())))


def receivers() -> list[dict[str, Any]]:
    from django.db import connection

    from anlan.gateways.alerts import discover, mass
    from anlan.gateways.alerts.cmpp import CHANNEL, client
    from anlan.gateways.alerts.cmpp.codec import V2
    from anlan.gateways.alerts.models import Fanout, FanoutChunk
    from anlan.monitoring import published

    town()
    found = published.warning(issue("群发").pk)
    assert found is not None
    outline = {
        "type": "Polygon",
        "coordinates": [[[106.5, 39.3], [107, 39.3], [107, 39.8], [106.5, 39.8], [106.5, 39.3]]],
    }
    drawn = replace(found, geometry=outline)
    from anlan.mobilisation import queries

    paths = [target.area.path for target in queries.targets([area.path for area in drawn.areas], outline)]
    chosen, values = queries.subscribers(paths, drawn.event_code, 2, "sms")
    took = []
    for _ in range(5):
        began = time.perf_counter()
        paths = [target.area.path for target in queries.targets([area.path for area in drawn.areas], outline)]
        with connection.cursor() as cursor:
            cursor.execute(
                f"select count(*), sum(cardinality(ids)) from ({chosen}) c (n, ids, addresses, areas)", values
            )
            chunks, people = cursor.fetchone()
        took.append(time.perf_counter() - began)
    best = sorted(took)[2]
    rows = [
        row(
            "outline to subscribers",
            f"{people:,} chosen, in {chunks:,} chunks",
            best,
            1.0,
            "goal",
            "s",
            best,
            "< 1 s",
            best < 1,
        )
    ]
    fill(MESSAGES // 5)
    context = multiprocessing.get_context("spawn")
    gateways, known = [], discover()
    for n in range(5):
        port, asked, told = free_port(), context.Queue(), context.Queue()
        process = context.Process(target=gateway, args=(FAULTS, port, asked, told), daemon=True)
        process.start()
        wait_for_port(port)
        given = client.Setup("127.0.0.1", port, "901234", "", "10690000", "WX", V2, 64)
        channel = replace(CHANNEL, name=f"bench{n}", send_many=partial(client.send_by, given), ready=lambda: True)
        known[channel.name] = channel
        gateways.append((asked, told))
    client.TIMEOUT_S = 0.3
    began = time.perf_counter()
    for n in range(5):
        mass.fan_out(mass.SENDER, 10_000 + n, drawn, "氯气泄漏，请立即向上风向撤离。", known[f"bench{n}"])
    total = sum(Fanout.objects.unscoped("bench").values_list("total", flat=True))
    first = threading.Event()

    def watch() -> None:
        while not FanoutChunk.objects.filter(state="done").exists():
            time.sleep(0.005)
        first.set()
        connection.close()

    threading.Thread(target=watch, daemon=True).start()
    threads = [threading.Thread(target=work) for _ in range(mass.SENDERS)]
    for thread in threads:
        thread.start()
    first.wait(60)
    first_s = time.perf_counter() - began
    for thread in threads:
        thread.join()
    took_s = time.perf_counter() - began
    sums = [(f.delivered, f.refused, f.unknown, f.total) for f in Fanout.objects.unscoped("bench")]
    delivered, refused, unknown = (sum(one[n] for one in sums) for n in range(3))
    taken = twice = 0
    for asked, told in gateways:
        asked.put(1)
        one, double = told.get(timeout=120)
        taken, twice = taken + one, twice + double
    speed = total / took_s
    ended = delivered + refused + unknown
    agreement = json.dumps(
        {"sent": total, "ended": ended, "delivered": delivered, "unknown": unknown, "taken": taken, "twice": twice}
    )
    met = speed >= 5000 and twice == 0 and ended == total and taken >= delivered
    said = f"{total:,} messages, 5 faulty gateways, 2 senders"
    goal = ">= 5000/s, none lost or twice"
    rows.append(row("fan-out", said, speed, 5000.0, "goal", "messages/s", speed / 5000, goal, met, agreement))
    rows.append(
        row("first chunk done", "from choosing receivers", first_s, 1.0, "goal", "s", first_s, "< 1 s", first_s < 1)
    )
    return rows


def work() -> None:
    """One sender until nothing is queued any more."""
    from django.db import connection

    from anlan.gateways.alerts import mass
    from anlan.gateways.alerts.models import FanoutChunk

    while FanoutChunk.objects.exclude(state="done").exists():
        if not mass.work_off():
            time.sleep(0.05)
    connection.close()


def run() -> list[dict[str, Any]]:
    with fresh_database() as url:
        rows = receivers()
        from anlan.gateways.alerts.models import FanoutChunk

        FanoutChunk.objects.all().delete()
        return [*readers(url), *rows]
