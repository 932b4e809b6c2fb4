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
LONGEST_S = 1200.0
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


def who(n: int) -> Any:
    from anlan.kernel.accounts.actor import Actor, GrantView

    return Actor(f"{n}号", n, (GrantView(("*",), "/", 5),), "127.0.0.1")


def reviewed(headline: str, level: str = "橙") -> Any:
    """Ready to be signed."""
    from anlan.kernel import clock
    from anlan.kernel.models import Area
    from anlan.monitoring import actions

    city = Area.objects.get(level=1)
    warning = actions.draft_warning(
        who(1), event_code="12D02", level=level, headline=headline, description="下风向可能受影响。" * 6,
        instruction="关闭门窗，向上风向撤离。", area_ids=[city.pk], onset=clock.now(), expires=clock.now() + timedelta(hours=6),
    )  # fmt: skip
    actions.review_warning(who(2), warning.pk, True)
    return warning


def issue(headline: str, level: str = "橙") -> Any:
    from anlan.monitoring import actions

    return actions.issue_warning(who(3), reviewed(headline, level).pk)


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
    """A city of ninety communities, each with its outline (a square of 0.02 degrees)."""
    from anlan.kernel.models import Area, Level

    top = Area.objects.create(code_system="mca", code="150300", name="乌海市", level=Level.CITY)
    district = Area.objects.create(code_system="mca", code="150302", name="区", level=Level.DISTRICT, parent=top)
    for n in range(90):
        lon, lat = 106.6 + n % 10 * 0.02, 39.4 + n // 10 * 0.02
        ring = [[lon, lat], [lon + 0.02, lat], [lon + 0.02, lat + 0.02], [lon, lat + 0.02], [lon, lat]]
        Area.objects.create(
            code_system="nbs", code=f"1503020{n:05}", name=f"社区{n}", level=Level.COMMUNITY, parent=district, population=12000,
            seat_lon=lon + 0.01, seat_lat=lat + 0.01, geometry={"type": "Polygon", "coordinates": [ring]},
        )  # fmt: skip


def fill(count: int) -> float:
    """So many subscribers, spread over the communities, enrolled in the roster; seconds that took."""
    from django.db import connection

    from anlan.mobilisation import actions

    with connection.cursor() as cursor:
        cursor.execute(
            "truncate mobilisation_subscriber, mobilisation_pushkey, mobilisation_rosterblock restart identity"
        )
        cursor.execute("select min(id), count(*) from kernel_area where level = 4")
        first, areas = cursor.fetchone()
        cursor.execute(
            f"insert into mobilisation_subscriber "
            f"(area_id, data_class, way, address, hazards, least, state, token, code, tries, asked_at, asked_from) "
            f"select {first} + n % {areas}, 4, 'sms', (13000000000 + n)::text, case when n % 5 = 0 then '[\"12D\"]'::jsonb "
            f"else '[]'::jsonb end, 1 + n % 4, 'active', n::text, '', 0, now(), '' from generate_series(0, {count - 1}) n"
        )
        cursor.execute("analyze mobilisation_subscriber")
    began = time.perf_counter()
    while actions.enrol():
        pass
    took = time.perf_counter() - began
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze mobilisation_subscriber, mobilisation_rosterblock")
    return took


def gateway(faults: tuple[float, float, float], port: int, asked: Any, told: Any) -> None:
    """One CMPP gateway as a process of its own; says at the end how many numbers it took, and how many of them twice."""
    from anlan.gateways.alerts.cmpp.simulator import Simulator

    running = Simulator(port, *faults)
    asked.get()
    numbers = {phone for phone, _ in running.taken}
    told.put((len(numbers), sum(count > 1 for count in running.taken.values())))


def sender(ports: list[int], lease_s: float, up: Any) -> None:
    """One process that sends, with its lanes for every gateway, until it is ended."""
    from anlan.gateways.alerts import lanes, mass
    from anlan.gateways.alerts.cmpp import client

    client.TIMEOUT_S, mass.LEASE_S = 0.5, lease_s
    channels(ports)
    senders = lanes.Senders()
    mass.owed()
    up.put(1)
    while True:
        senders.wake(mass.owed())
        time.sleep(0.1)


def channels(ports: list[int]) -> list[Any]:
    """A channel for every gateway, known to this process."""
    from anlan.gateways.alerts import discover
    from anlan.gateways.alerts.cmpp import CHANNEL, client
    from anlan.gateways.alerts.cmpp.codec import V2

    for n, port in enumerate(ports):
        given = client.Setup("127.0.0.1", port, "901234", "", "10690000", "WX", V2, 64)
        send = partial(client.send_by, given)
        discover()[f"bench{n}"] = replace(CHANNEL, name=f"bench{n}", send_many=send, ready=lambda: True)
    return [discover()[f"bench{n}"] for n in range(len(ports))]


def chosen_slowly(outline: dict[str, Any], paths: list[str], rank: int, code: str) -> int:
    """The same people one by one: whoever lives in a community that the outline touches, or around it."""
    from shapely.geometry import shape

    from anlan.kernel.models import Area
    from anlan.mobilisation.models import Subscriber

    zone, found = shape(outline), set()
    for area in Area.objects.filter(path__startswith=paths[0], level=4):
        if shape(area.geometry).intersection(zone).area > 0:
            found |= {area.path[: n + 1] for n, letter in enumerate(area.path) if letter == "/" and n}
    rows = Subscriber.everything.filter(state="active", way="sms", least__gte=rank, area__path__in=found)
    return sum(not hazards or code[:3] in hazards for hazards in rows.values_list("hazards", flat=True).iterator())


def resolving(drawn: Any, outline: dict[str, Any], enrolled_s: float) -> dict[str, Any]:
    """The outline to chunks ready to be sent, the whole way, and beside it every person looked at."""
    from django.db import transaction

    from anlan.gateways.alerts import mass
    from anlan.gateways.alerts.models import Fanout, FanoutChunk

    took, people, chunks = [], 0, 0
    for n in range(5):
        with transaction.atomic():
            began = time.perf_counter()
            row_ = Fanout(
                event_id=n,
                warning_id=drawn.pk,
                channel="bench",
                rank=1,
                text="",
                created_at=drawn.issued_at,
                area=drawn.areas[0],
            )
            row_.save()
            people = mass.choose(row_, mass.concerned(drawn), drawn.event_code, "sms")
            took.append(time.perf_counter() - began)
            chunks = FanoutChunk.objects.filter(fanout=row_).count()
            transaction.set_rollback(True)
    exact = chosen_slowly(outline, [drawn.areas[0].path], 1, drawn.event_code)
    said = json.dumps({"one by one": exact, "same": exact == people, "enrolling all, s": round(enrolled_s, 1)})
    median = sorted(took)[2]
    return row("outline to subscribers", f"{people:,} of {SUBSCRIBERS:,} into {chunks:,} chunks, median of 5", median, 1.0, "goal",
               "s", median, "< 1 s, exact", median < 1 and exact == people, said)  # fmt: skip


def receivers(url: str) -> list[dict[str, Any]]:
    from anlan.monitoring import published

    town()
    enrolled_s = fill(SUBSCRIBERS)
    found = published.warning(issue("群发", "红").pk)
    assert found is not None
    # The edge runs through communities on two sides.
    west, north = 106.627, 39.533
    outline = {
        "type": "Polygon",
        "coordinates": [[[west, 39.3], [107, 39.3], [107, north], [west, north], [west, 39.3]]],
    }
    drawn = replace(found, geometry=outline)
    from anlan.gateways.alerts.models import FanoutChunk

    rows = [resolving(drawn, outline, enrolled_s), first_delivery(url, SUBSCRIBERS, 5)]
    FanoutChunk.objects.all().delete()
    rows += sending(url, found)
    FanoutChunk.objects.all().delete()
    fill(5000)
    return [*rows, first_delivery(url, 5000, 12)]


def sending(url: str, drawn: Any) -> list[dict[str, Any]]:
    """Five gateways, two sending processes, one of which is killed when two fifths are sent, and another one starts."""
    from django.db.models import Sum

    from anlan.gateways.alerts import mass
    from anlan.gateways.alerts.models import Fanout

    fill(MESSAGES // 5)
    context = multiprocessing.get_context("spawn")
    ports, gateways = [free_port() for _ in range(5)], []
    for port in ports:
        asked, told = context.Queue(), context.Queue()
        context.Process(target=gateway, args=(FAULTS, port, asked, told), daemon=True).start()
        gateways.append((asked, told))
    for port in ports:
        wait_for_port(port)
    known = channels(ports)
    lease = 10.0
    mass.LEASE_S = lease
    os.environ["ANLAN_DATABASE_URL"] = url  # theirs, before they read their settings
    up = context.Queue()
    begin = partial(context.Process, target=sender, args=(ports, lease, up), daemon=True)
    senders = [begin(), begin()]
    for process in senders:
        process.start()
    for _ in senders:
        up.get(timeout=120)
    rows = Fanout.objects.unscoped("bench")
    began = time.perf_counter()
    for n, channel in enumerate(known):
        mass.fan_out(mass.SENDER, 10_000 + n, drawn, "氯气泄漏，请立即向上风向撤离。", channel)
    total, killed, ended, first_s = rows.aggregate(Sum("total"))["total__sum"], 0.0, 0, 0.0
    while rows.filter(done_at=None).exists():
        time.sleep(0.02 if not first_s else 0.25)
        sums = rows.aggregate(Sum("delivered"), Sum("refused"), Sum("unknown"))
        ended = sum(value or 0 for value in sums.values())
        first_s = first_s or (time.perf_counter() - began if ended else 0.0)
        if ended > 0.4 * total and not killed:
            senders[0].kill()
            killed = time.perf_counter() - began
            senders.append(begin())
            senders[-1].start()
        if time.perf_counter() - began > LONGEST_S:
            break
    took_s = time.perf_counter() - began
    for process in senders[1:]:
        process.kill()
    os.environ.pop("ANLAN_DATABASE_URL")
    sums = {name: rows.aggregate(Sum(name))[f"{name}__sum"] for name in ("delivered", "refused", "unknown", "gone")}
    taken = twice = 0
    for asked, told in gateways:
        asked.put(1)
        one, double = told.get(timeout=120)
        taken, twice = taken + one, twice + double
    speed, complete = total / took_s, sum(sums.values()) == total
    met = speed >= 5000 and twice == 0 and complete and taken >= sums["delivered"]
    said = json.dumps(
        {"sent": total, **sums, "taken": taken, "twice": twice, "one sender killed after s": round(killed, 1)}
    )
    work = f"{total:,} messages, 5 faulty gateways, 2 sending processes, one killed (-9) on the way"
    goal = ">= 5000/s, none lost or twice"
    return [
        row("fan-out", work, speed, 5000.0, "goal", "messages/s", speed / 5000, goal, met, said),
        row(
            "first chunk done", "from choosing receivers", first_s, 1.0, "goal", "s", first_s, "< 1 s", 0 < first_s < 1
        ),
    ]


def work(gateway_port: int, up: Any) -> None:
    """What the worker does with events and timers, as a process of its own, with one gateway."""
    os.environ |= {"ANLAN_CMPP_HOST": "127.0.0.1", "ANLAN_CMPP_PORT": str(gateway_port)}
    from anlan.kernel.events import dispatcher

    up.put(1)
    dispatcher.run(threading.Event())


def first_delivery(url: str, subscribers: int, signatures: int) -> dict[str, Any]:
    """From the call that signs until a gateway has the first short message: signature, commit, outbox, the reactions of every
    room, choice of the receivers, the lane, the line. A warning at a time. `subscribers` are enrolled already; of many of
    them the rest is not waited for: what was not sent yet is struck out before the next signature."""
    from anlan.gateways.alerts.cmpp.simulator import Simulator
    from anlan.gateways.alerts.models import Fanout, FanoutChunk
    from anlan.kernel.events.models import Event
    from anlan.monitoring import actions

    running, context = Simulator(), multiprocessing.get_context("spawn")
    os.environ["ANLAN_DATABASE_URL"] = url
    up = context.Queue()
    worker = context.Process(target=work, args=(running.port, up), daemon=True)
    worker.start()
    os.environ.pop("ANLAN_DATABASE_URL")
    up.get(timeout=120)
    rows, waits, sent = Fanout.objects.unscoped("bench"), [], 0
    while Event.objects.filter(published_seq=None).exists():
        time.sleep(0.1)
    time.sleep(2.0)
    for n in range(signatures):
        warning = reviewed(f"第 {n} 次", "红")
        running.taken.clear()
        began = time.perf_counter()
        actions.issue_warning(who(3), warning.pk)
        while not running.taken and time.perf_counter() - began < 20:
            time.sleep(0.001)
        waits.append(time.perf_counter() - began)
        if subscribers > 100_000:
            FanoutChunk.objects.filter(state="queued").delete()
            rows.filter(done_at=None).update(done_at=warning.issued_at or warning.expires)
            time.sleep(5.0)
        while rows.filter(warning_id=warning.pk, done_at=None).exists() and time.perf_counter() - began < 60:
            time.sleep(0.05)
        sent += len(running.taken)
    worker.kill()
    running.close()
    worst, middle = max(waits), sorted(waits)[len(waits) // 2]
    said = json.dumps({"median": round(middle, 3), "each": [round(one, 2) for one in waits], "short messages": sent})
    work_ = f"{len(waits)} signatures, {subscribers:,} subscribers, worst"
    return row(
        "signature to first short message at the gateway",
        work_,
        worst,
        1.0,
        "goal",
        "s",
        worst,
        "< 1 s",
        worst < 1,
        said,
    )


def run() -> list[dict[str, Any]]:
    with fresh_database() as url:
        rows = receivers(url)
        from anlan.gateways.alerts.models import FanoutChunk

        FanoutChunk.objects.all().delete()
        return [*readers(url), *rows]
