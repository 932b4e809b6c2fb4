"""The console in a browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.conftest import City
from tests.e2e.conftest import station, wait_for_map

pytestmark = pytest.mark.e2e


def test_the_map_is_drawn_without_any_other_server(page: Page, drawn_city: City) -> None:
    station(drawn_city.east, "S1", 106.9, 39.5)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda m: print("CONSOLE", m.text))
    page.goto("/")
    try:
        wait_for_map(page)
    finally:
        page.screenshot(path="/tmp/map.png")
    names = page.evaluate("anlanMap.map.queryRenderedFeatures().map(f => f.source)")
    assert {"area.city", "area.district"} <= set(names)
    assert [url for url in asked if not url.startswith(page.url) and not url.startswith(("blob:", "data:"))] == []
