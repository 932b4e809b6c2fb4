"""The console under load: first useful paint with 10,000 things, the layer's data, positions by the thousand, alarms.

Peers: the same page with an empty map; PostgreSQL making the same GeoJSON by itself; the raw stream without a browser.
"""

from __future__ import annotations

from bench import _lab

# isort: split
# The lab has set Django up: tables may be imported from here on.

import json
import os
import resource
import shutil
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from django.db import connection
from django.test import Client
from playwright.sync_api import Page, sync_playwright

from anlan.kernel import clock
from anlan.kernel.accounts.actor import system
from anlan.kernel.events.dispatcher import publish
from anlan.kernel.events.models import Event
from anlan.kernel.events.outbox import PUBLISHED, emit
from anlan.kernel.models import Area, Grant, Level, Role, User
from anlan.monitoring.events import AlarmRaised
from anlan.monitoring.models import Station
from anlan.resources.models import Team

THINGS, TEAMS, MOVES_PER_S, SECONDS, ALARMS = 10_000, 500, 1000, 8, 60
LAYER = "monitoring.stations"
ARGUMENTS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    # A browser without a graphics card composes pages in software; only the map is drawn by its GL emulation.
    "--disable-gpu-compositing",
]
BACKEND = "django.contrib.auth.backends.ModelBackend"
#: The city's extent, degrees.
WEST, SOUTH, WIDTH, HEIGHT = 106.40, 39.20, 0.65, 0.65


def people() -> tuple[Area, str]:
    """A city, an officer over it, and the officer's session."""
    ring = [[WEST, SOUTH], [WEST + WIDTH, SOUTH], [WEST + WIDTH, SOUTH + HEIGHT], [WEST, SOUTH + HEIGHT], [WEST, SOUTH]]
    shape = {"type": "Polygon", "coordinates": [ring]}
    city = Area.objects.create(code_system="mca", code="150300", name="乌海市", level=Level.CITY, geometry=shape)
    user = User.objects.create_user("bench", "Bench-2026-x", display_name="压测", password_changed_at=clock.real_now())
    role = Role.objects.create(code="bench", name="压测", permissions=["*"], data_class=4)
    Grant.objects.create(user=user, role=role, area=city)
    client = Client()
    client.force_login(user, BACKEND)
    return city, client.cookies["sessionid"].value


def place(number: int, of: int) -> tuple[float, float]:
    """An even spread over the city (golden-ratio sequence)."""
    return WEST + WIDTH * (number + 0.5) / of, SOUTH + HEIGHT * (number * 0.6180339887 % 1)


def stations(city: Area) -> None:
    rows = []
    for number in range(THINGS):
        lon, lat = place(number, THINGS)
        code = f"B{number:05d}"
        rows.append(
            Station(
                code=code, name=f"测站 {number}", lon=lon, lat=lat, area=city, kind="gas", protocol="mqtt", address=code
            )
        )
    Station.everything.bulk_create(rows, 2000)


def teams(city: Area) -> list[int]:
    rows = []
    for number in range(TEAMS):
        lon, lat = place(number, TEAMS)
        rows.append(Team(code=f"T{number:04d}", name=f"队伍 {number}", lon=lon, lat=lat, area=city, kind="消防"))
    return [row.pk for row in Team.everything.bulk_create(rows)]


def poll(page: Page, expression: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not page.evaluate(expression):
        if time.monotonic() > deadline:
            raise TimeoutError(expression)
        page.wait_for_timeout(20)


@contextmanager
def browser(url: str, session: str) -> Iterator[Page]:
    path = os.environ.get("ANLAN_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        raise FileNotFoundError("本项需要 Chromium：安装发行版的 chromium 软件包，或设置 ANLAN_CHROMIUM")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        context = opened.new_context(viewport={"width": 1600, "height": 900}, base_url=url)
        context.add_cookies([{"name": "sessionid", "value": session, "url": url}])
        yield context.new_page()
        opened.close()


def row(
    name: str, work: str, agreement: str, ours: float, peer: tuple[float, str], unit: str, goal: str, met: bool | None
) -> dict[str, Any]:
    """A line of the table of `make bench`."""
    return {
        "name": name,
        "work": work,
        "agreement": agreement,
        "ours": ours,
        "peer": peer[0],
        "peer_name": peer[1],
        "unit": unit,
        "ratio": ours / peer[0],
        "goal": goal,
        "met": met,
        "rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def paint(page: Page) -> tuple[float, float]:
    """Seconds from navigation to the lists on the screen, and to a map on which every thing is drawn."""
    page.goto("/")
    poll(page, "!!window.anlanMap && [...anlanMap.data.values()].every(kept => kept.state !== 'loading')")
    poll(page, "performance.getEntriesByName('anlan-map-drawn').length > 0")
    first = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    drawn = page.evaluate("performance.getEntriesByName('anlan-map-drawn')[0].startTime")
    return first / 1000, drawn / 1000


def first_paint(page: Page, fill: Callable[[], None]) -> list[dict[str, Any]]:
    """The same page before and after 10,000 stations came; the middle of three loads each."""
    paint(page)
    empty = statistics.median(paint(page)[1] for _ in range(3))
    fill()
    loads = [paint(page) for _ in range(3)]
    shown = page.evaluate(f"anlanMap.data.get('{LAYER}').features.size")
    assert shown == THINGS, shown
    lists, drawn = (statistics.median(values) for values in zip(*loads, strict=True))
    agreement = f"{shown} features in the page"
    work = f"{THINGS} stations"
    return [
        row("map first paint", work, agreement, lists, (2.0, "aim"), "s", "< 2 s", lists < 2),
        row("map drawn", work, agreement, drawn, (empty, "same page, empty map"), "s", "< 2 s", drawn < 2),
    ]


def layer_data(url: str, session: str) -> dict[str, Any]:
    """One layer of 10,000 over HTTP, packed, against PostgreSQL making the same GeoJSON by itself."""
    query = """select json_build_object('type', 'FeatureCollection', 'features', json_agg(json_build_object(
      'type', 'Feature', 'id', id, 'geometry', json_build_object('type', 'Point', 'coordinates', json_build_array(lon, lat)),
      'properties', json_build_object('code', code, 'name', name, 'kind', kind))))::text from monitoring_station"""

    def peer() -> int:
        with connection.cursor() as cursor:
            cursor.execute(query)
            return len(json.loads(cursor.fetchone()[0])["features"])

    with httpx.Client(base_url=url, cookies={"sessionid": session}, timeout=60) as http:

        def ours() -> int:
            return len(http.get(f"/api/map/layers/{LAYER}").json()["features"])

        counts = (ours(), peer())
        assert counts == (THINGS, THINGS), counts
        mine, other = (min(timed(work) for _ in range(5)) for work in (ours, peer))
    agreement = f"{counts[0]} = {counts[1]} features"
    return row(
        "map API", f"{THINGS} features, parsed", agreement, mine, (other, "json_agg in PostgreSQL"), "s", "", None
    )


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def move_teams(city: Area, ids: list[int], stop: threading.Event) -> None:
    """Published positions, a thousand a second in steps of 50 ms, as the dispatcher stamps them."""
    step = MOVES_PER_S // 20
    last = int(Event.objects.order_by("-published_seq").values_list("published_seq", flat=True).first() or 0)
    due = time.perf_counter()
    for turn in range(SECONDS * 20):
        now = clock.now()
        events = []
        for number in range(step):
            team = ids[(turn * step + number) % len(ids)]
            lon, lat = place((turn * 7 + number * 13) % TEAMS, TEAMS)
            payload = {"team_id": team, "lon": lon, "lat": lat, "at": now.isoformat()}
            last += 1
            events.append(
                Event(
                    name="resources.TeamMoved",
                    payload=payload,
                    at=now,
                    actor="压测",
                    area_path=city.path,
                    published_seq=last,
                )
            )
        Event.objects.bulk_create(events)
        with connection.cursor() as cursor:
            cursor.execute("select pg_notify(%s, %s)", [PUBLISHED, str(last)])
        due += 0.05
        if stop.wait(max(0.0, due - time.perf_counter())):
            break
    connection.close()


def moves(page: Page, city: Area, ids: list[int]) -> dict[str, Any]:
    """All positions reach the page while it still draws; the newest is on the map at the end."""
    page.goto("/")
    poll(page, "!!window.anlanMap && document.documentElement.dataset.stream === 'open' && anlanMap.map.loaded()")
    before = page.evaluate("({...anlanMap.counters})")
    stop = threading.Event()
    writer = threading.Thread(target=move_teams, args=(city, ids, stop))
    start = time.perf_counter()
    writer.start()
    while writer.is_alive():
        page.wait_for_timeout(100)
    sent = MOVES_PER_S * SECONDS
    try:
        poll(page, f"anlanMap.counters.moves - {before['moves']} >= {sent}", 30)
    finally:
        stop.set()
    seconds = time.perf_counter() - start
    after = page.evaluate("({...anlanMap.counters})")
    got, frames = after["moves"] - before["moves"], after["frames"] - before["frames"]
    assert got == sent, (got, sent)
    work, rate = f"{sent} moves of {TEAMS} teams, {frames} map writes", got / seconds
    agreement = f"{got} of {sent} in the page"
    return row(
        "map positions", work, agreement, rate, (MOVES_PER_S, "sent"), "1/s", ">= 0.9", rate >= 0.9 * MOVES_PER_S
    )


def alarm_seen(page: Page, city: Area) -> dict[str, Any]:
    """From the commit of an alarm's event to its ring on the map: dispatcher, stream, browser."""
    page.goto("/")
    poll(page, "!!window.anlanMap && document.documentElement.dataset.stream === 'open' && anlanMap.map.loaded()")
    page.evaluate(
        """() => { window.seen = {}; document.addEventListener('anlan:monitoring.AlarmRaised',
        (event) => requestAnimationFrame(() => { window.seen[event.detail.alarm_id] = Date.now() })) }"""
    )
    sent: dict[int, float] = {}
    for number in range(ALARMS):
        lon, lat = place(number, ALARMS)
        fact = AlarmRaised(
            number, 1, "压测", 1, None, None, 3, f"压测 {number}", 1.0, "m", clock.now().isoformat(), lon, lat
        )
        sent[number] = time.time() * 1000
        emit(system("压测"), fact, area_path=city.path)
        publish()
        page.wait_for_timeout(60)
    poll(page, f"Object.keys(seen).length >= {ALARMS}", 20)
    seen = page.evaluate("seen")
    waits = sorted((seen[str(number)] - at) / 1000 for number, at in sent.items())
    p50, p99 = waits[len(waits) // 2], waits[min(len(waits) - 1, int(len(waits) * 0.99))]
    work, agreement = f"{ALARMS} alarms, p50 {p50:.3f} s", f"{len(seen)} of {ALARMS} seen"
    return row("alarm event -> browser", work, agreement, p99, (1.0, "aim"), "s p99", "< 1 s", p99 < 1)


def run() -> list[dict[str, Any]]:
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with _lab.fresh_database() as database_url:
        city, session = people()
        with _lab.web(database_url) as url, browser(url, session) as page:
            rows = first_paint(page, lambda: stations(city))
            rows.append(layer_data(url, session))
            rows.append(alarm_seen(page, city))
            rows.append(moves(page, city, teams(city)))
            return rows
