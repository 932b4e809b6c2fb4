"""The warning desk: an outline drawn by hand on the map, held against the law while it is being drawn."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import City
from tests.e2e.conftest import picture

pytestmark = pytest.mark.e2e


def test_an_outline_is_drawn_moved_checked_and_finds_its_divisions(page: Page, drawn_city: City) -> None:
    page.goto("/monitoring/warnings/draft")
    expect(page.locator("[data-outline][data-state=ready]")).to_be_visible(timeout=20_000)
    held, said, words = (
        page.locator("[data-outline] canvas"),
        page.locator("[data-outline-said]"),
        page.locator("#id_geometry"),
    )
    page.get_by_role("button", name="重新画").click()
    box = held.bounding_box()
    assert box is not None
    x, y = box["width"] / 2, box["height"] / 2
    for dx, dy in ((-60, -40), (60, -40), (60, 40)):
        held.click(position={"x": x + dx, "y": y + dy})
    held.dblclick(position={"x": x - 60, "y": y + 40})
    ring = json.loads(words.input_value())["coordinates"][0]
    assert len(ring) == 5, "four corners, closed"
    expect(said).to_contain_text("涉及")
    page.get_by_role("button", name="采用这些区划").click()
    expect(page.locator("#id_area_ids option:checked")).not_to_have_count(0)
    page.mouse.move(box["x"] + x - 60, box["y"] + y - 40)
    page.mouse.down()
    page.mouse.move(box["x"] + x + 80, box["y"] + y + 80, steps=4)
    page.mouse.up()
    moved = json.loads(words.input_value())["coordinates"][0]
    assert moved[0] != ring[0], "the corner went with the hand"
    page.locator("[data-outline]").scroll_into_view_if_needed()
    picture(page, "warning-outline")
