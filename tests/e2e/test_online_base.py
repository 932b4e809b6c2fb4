"""The optional online base map: tiles of a server like 天地图's are asked for over HTTP, and the map goes on without it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from anlan.kernel.models import User
from anlan.nursery import Nursery
from tests.conftest import free_port, wait_for_port
from tests.e2e.conftest import cookie_of, wait_for_map, wait_until

pytestmark = pytest.mark.e2e
Online = tuple[Nursery, dict[str, str]]
KEY = "key-of-the-test"
#: What https://lbs.tianditu.gov.cn/server/MapService.html asks of a request for a tile in Web Mercator.
ASKED = {
    "SERVICE": "WMTS", "REQUEST": "GetTile", "VERSION": "1.0.0", "STYLE": "default",
    "TILEMATRIXSET": "w", "FORMAT": "tiles", "tk": KEY,
}  # fmt: skip
LAND = "anlanMap.map.getPaintProperty('area.city', 'fill-opacity')"


def red_tile() -> bytes:
    kept = BytesIO()
    Image.new("RGB", (256, 256), (200, 30, 30)).save(kept, "PNG")
    return kept.getvalue()


class TileServer:
    """A WMTS server that keeps what it was asked; `words` instead of a tile is how the real one tells of a wrong key."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.words: bytes | None = None
        server, tile = self, red_tile()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append(self.path)
                body = server.words or tile
                self.send_response(200)
                self.send_header("Content-Type", "text/xml" if server.words else "image/png")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        self.thread = threading.Thread(target=self.http.serve_forever, daemon=True)
        self.thread.start()

    def close(self) -> None:
        if self.thread.is_alive():
            self.http.shutdown()
        self.http.server_close()
        self.thread.join(10)


@pytest.fixture(scope="module")
def server() -> Iterator[TileServer]:
    opened = TileServer()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def online(
    server: TileServer, web_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Online]:
    """Roles whose online base map is our tile server; settings are read once, when their nursery prepares."""
    env = web_environment | {"ANLAN_TIANDITU_KEY": KEY, "ANLAN_TIANDITU_URL": server.url + "/t{n}"}
    opened = Nursery(env, tmp_path_factory.mktemp("online") / "nursery.log")
    opened.prepare(env)
    yield opened, env
    opened.stop()


@pytest.fixture
def tiles(server: TileServer) -> TileServer:
    server.asked, server.words = [], None
    return server


@pytest.fixture
def page(tiles: TileServer, browser: Browser, officer: User, online: Online, tmp_path: Path) -> Iterator[Page]:
    port = free_port()
    nursery, env = online
    process = nursery.start(["serve", "--port", str(port)], env, tmp_path / "web.log")
    try:
        wait_for_port(port, 60)
        url = f"http://127.0.0.1:{port}"
        context = browser.new_context(viewport={"width": 1200, "height": 800}, base_url=url, locale="zh-CN")
        context.add_cookies([{"name": "sessionid", "value": cookie_of(officer), "url": url}])
        yield context.new_page()
        context.close()
    finally:
        process.terminate()
        process.wait(10)


def colour_of(page: Page) -> tuple[int, int, int]:
    """Of the land beside the middle of the map, as it is on the screen."""
    box = page.locator("#map").bounding_box()
    assert box
    shot = Image.open(BytesIO(page.screenshot())).convert("RGB")
    red, green, blue = shot.getpixel((int(box["x"] + box["width"] * 0.55), int(box["y"] + box["height"] * 0.4)))  # type: ignore[misc]
    return red, green, blue


def test_tiles_are_asked_for_with_key_and_matrix_set_and_the_map_goes_on_without_them(
    page: Page, tiles: TileServer
) -> None:
    page.goto("/")
    wait_for_map(page)
    wait_until(page, "document.querySelector('#map').dataset.online === 'shown'")
    wait_until(page, "anlanMap.map.areTilesLoaded()")
    assert {urlsplit(path).path.split("/", 2)[2] for path in tiles.asked} == {"vec_w/wmts", "cva_w/wmts"}
    for path in tiles.asked:
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        z, x, y = (int(query.pop(name)) for name in ("TILEMATRIX", "TILECOL", "TILEROW"))
        assert parts.path == f"/t{(x + y) % 8}/{query['LAYER']}_w/wmts"
        assert query == ASKED | {"LAYER": query["LAYER"]}
        # 106.8 E, 39.6 N in Web Mercator: where the city is, and not the mirror image of another scheme.
        assert abs(x / 2**z - (106.8 + 180) / 360) < 3 / 2**z + 0.01
        assert abs(y / 2**z - 0.379) < 3 / 2**z + 0.01
    red, green, _ = colour_of(page)
    assert red > green + 40, "the tiles are seen through the land"
    assert KEY not in page.content()


@pytest.mark.parametrize("how", ["refuses in words", "is gone"])
def test_the_offline_base_map_is_drawn_when_the_server_(how: str, page: Page, tiles: TileServer) -> None:
    if how == "is gone":
        tiles.close()
    else:
        tiles.words = b"<Exception>key</Exception>"
    page.goto("/")
    wait_for_map(page)
    expect(page.get_by_text("在线底图（天地图）无应答，已改用离线底图")).to_be_visible(timeout=20_000)
    assert page.evaluate("document.querySelector('#map').dataset.online") == "off"
    assert page.evaluate(f"{LAND} ?? 1") == 1
    assert page.evaluate("anlanMap.map.getLayoutProperty('tdt-vec', 'visibility')") == "none"
    red, green, _ = colour_of(page)
    assert red <= green + 40, "our own land again"
