"""A real browser on a real server over the test database."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from anlan.kernel.models import Area, Level, User
from anlan.monitoring.models import Station
from anlan.nursery import Nursery
from conftest import Required, missing
from tests.conftest import City, free_port, wait_for_port
from tests.web.conftest import account
from tests.web.serving import Web

# Playwright keeps an event loop in this thread; Django would refuse the tests' own queries because of it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
# Whoever waits for something is answered when it comes; how long that may take is the machine's affair.
expect.set_options(timeout=20_000)
ROOT = Path(__file__).resolve().parents[2]
ARGUMENTS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
    "--force-color-profile=srgb",
]
#: Two districts beside a river, roughly where Wuhai's are (representative, for tests only).
WEST, EAST, SOUTH, NORTH, RIVER = 106.66, 107.02, 39.38, 39.80, 106.80


def chromium() -> str | None:
    return os.environ.get("ANLAN_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Ended with its module: Playwright's event loop runs in this thread, and `asyncio.run` elsewhere would refuse."""
    path = chromium()
    if path is None:
        missing(
            "no Chromium on this machine: install the distribution's package `chromium`, or set ANLAN_CHROMIUM",
            Required.BROWSER,
        )
    if not (ROOT / "frontend" / "vendor" / "maplibre-gl").is_dir():
        missing("browser libraries missing: run `anlan frontend install`", Required.BROWSER)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield opened
        opened.close()


def database_url() -> str:
    """The running test database, for another process."""
    known = connection.settings_dict
    return f"postgresql://{known['USER']}@/{known['NAME']}?host={known['HOST']}&port={known['PORT'] or 5432}"


@pytest.fixture(scope="session")
def web_environment(django_db_setup: None) -> dict[str, str]:
    env = dict(os.environ, ANLAN_DATABASE_URL=database_url(), ANLAN_VAR=str(settings.VAR))
    return env | {"DJANGO_SETTINGS_MODULE": "anlan.settings"}


@pytest.fixture(scope="session")
def nursery(web_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    """The web of each test is forked, as the supervisor does it: importing it anew for each would take minutes in all."""
    opened = Nursery(web_environment, tmp_path_factory.mktemp("nursery") / "nursery.log")
    opened.prepare(web_environment)
    yield opened
    opened.stop()


@pytest.fixture
def web(transactional_db: None, nursery: Nursery, web_environment: dict[str, str], tmp_path: Path) -> Iterator[Web]:
    """The web role as its own process, as in production."""
    port = free_port()
    process = nursery.start(["serve", "--port", str(port)], web_environment, tmp_path / "web.log")
    try:
        wait_for_port(port, 30)
        yield Web(f"http://127.0.0.1:{port}", port)
    finally:
        process.terminate()
        process.wait(10)


def box(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


@pytest.fixture
def drawn_city(transactional_db: None, city: City) -> City:
    """The small city with limits and seats, so that the map has something to draw."""
    limits = {
        city.city: box(WEST, SOUTH, EAST, NORTH),
        city.east: box(RIVER, SOUTH, EAST, NORTH),
        city.west: box(WEST, SOUTH, RIVER, NORTH),
        city.town: box(RIVER, 39.6, 106.9, 39.7),
    }
    for area, geometry in limits.items():
        lons, lats = zip(*geometry["coordinates"][0], strict=True)
        area.geometry, area.sketch = geometry, area.level == Level.TOWN
        area.seat_lon, area.seat_lat = sum(lons[:4]) / 4, sum(lats[:4]) / 4
        area.save()
    return city


def station(area: Area, code: str, lon: float, lat: float, **fields: Any) -> Station:
    return Station.everything.create(
        code=code,
        name=f"{code}站",
        lon=lon,
        lat=lat,
        area=area,
        kind="gas",
        protocol="mqtt",
        address=code,
        representative=True,
        **fields,
    )


@pytest.fixture
def officer(drawn_city: City) -> User:
    return account(drawn_city.city, "wang")


def cookie_of(user: User) -> str:
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client.cookies["sessionid"].value


@pytest.fixture
def page(browser: Browser, web: Web, officer: User) -> Iterator[Page]:
    """A signed-in duty officer's browser; a script error anywhere fails the test."""
    context = browser.new_context(
        viewport={"width": 1600, "height": 900}, base_url=web.url, locale="zh-CN", timezone_id="Asia/Shanghai"
    )
    context.add_cookies([{"name": "sessionid", "value": cookie_of(officer), "url": web.url}])
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    context.close()
    assert errors == []


def wait_until(page: Page, expression: str, seconds: float = 20) -> None:
    """Poll an expression in the page (the page's own policy forbids Playwright's way, which needs eval)."""
    deadline = time.monotonic() + seconds
    while not page.evaluate(expression):
        if time.monotonic() > deadline:
            raise AssertionError(f"not true after {seconds} s: {expression}")
        page.wait_for_timeout(20)


def wait_for_map(page: Page) -> None:
    """Until every layer's data has come and the map has drawn it."""
    wait_until(page, "document.querySelector('#map')?.dataset.state === 'ready' && !!window.anlanMap")
    wait_until(page, "[...anlanMap.data.values()].every(kept => kept.state !== 'loading')")
    wait_until(page, "performance.getEntriesByName('anlan-map-drawn').length > 0 && anlanMap.map.loaded()")
    page.wait_for_timeout(150)
    wait_until(page, "anlanMap.map.loaded()")


def picture(page: Page, name: str) -> None:
    """Keep a screenshot for the guides (`ANLAN_PICTURES=1`)."""
    if os.environ.get("ANLAN_PICTURES") == "1":
        folder = ROOT / "docs" / "pictures"
        folder.mkdir(parents=True, exist_ok=True)
        shot = Image.open(BytesIO(page.screenshot()))
        # 192 colours are enough for these pages and keep the pictures small in the repository.
        shot.convert("RGB").quantize(192).save(folder / f"{name}.png", optimize=True)
