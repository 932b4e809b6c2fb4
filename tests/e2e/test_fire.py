"""The fire on the console: a time slider over its fronts, a line drawn by hand that becomes an input."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from anlan.kernel.events import dispatcher
from anlan.simulation import actions, queries
from tests.conftest import City, actor
from tests.e2e.conftest import wait_for_map, wait_until

pytestmark = pytest.mark.e2e


def test_the_slider_draws_one_front_of_the_fire_at_a_time(page: Page, drawn_city: City) -> None:
    actions.run(actor(drawn_city.city), "wildfire", {"fuel": "GR4", "wind_m_s": 6, "wind_from_deg": 270}, 106.75, 39.6)
    dispatcher.drain()
    page.goto("/")
    wait_for_map(page)
    slider = page.get_by_role("slider", name="起算后时间")
    expect(slider).to_be_visible()
    expect(page.locator(".fronts output")).to_have_text("起算后 6 小时（模型推算）")
    slider.focus()
    page.keyboard.press("Home")
    expect(page.locator(".fronts output")).to_have_text("起算后 15 分钟（模型推算）")
    assert page.evaluate("anlanMap.map.getFilter('fire-fronts')") == [
        "all",
        ["==", ["get", "minute"], 15],
        ["==", ["get", "run"], page.evaluate("Number(document.querySelector('.fronts').dataset.run)")],
    ]
    page.keyboard.press("ArrowRight")
    expect(page.locator(".fronts output")).to_have_text("起算后 30 分钟（模型推算）")
    page.keyboard.press("Space")
    wait_until(page, "Number(document.querySelector('.fronts').dataset.minute) >= 75")
    page.keyboard.press("Space")
    drawn = page.evaluate(
        "[...new Set(anlanMap.map.querySourceFeatures('fire-fronts').map(f => f.properties.minute))].length"
    )
    assert drawn > 1, "all fronts are there; the filter shows one"


def test_a_line_drawn_on_the_map_becomes_the_perimeter_of_a_forecast(page: Page, drawn_city: City) -> None:
    page.goto("/")
    wait_for_map(page)
    page.keyboard.press("m")
    held = page.locator("#map canvas")
    for x, y in ((500, 300), (560, 300), (560, 350), (500, 350)):
        held.click(position={"x": x, "y": y})
    page.get_by_role("link", name="作为已观测火线推演").click()
    expect(page.get_by_role("heading", name="森林草原火蔓延")).to_be_visible()
    assert len(page.locator("#perimeter").input_value().splitlines()) == 4
    page.get_by_role("button", name="运行推演").click()
    expect(page.get_by_text("4 个点")).to_be_visible()


def test_a_line_drawn_on_the_page_of_the_fire_is_simulated_at_once(page: Page, drawn_city: City) -> None:
    by = actor(drawn_city.city)
    run = actions.run(by, "wildfire", {"fuel": "GR4", "wind_m_s": 6, "wind_from_deg": 270}, 106.75, 39.6)
    page.goto(f"/command/fires/{run.correlation_id}/")
    holder = page.locator("[data-fireline]")
    expect(holder).to_have_attribute("data-state", "ready")
    page.get_by_role("button", name="画隔离线").click()
    canvas = holder.locator("canvas")
    canvas.scroll_into_view_if_needed()
    for y in (40, 160):
        canvas.click(position={"x": 420, "y": y})
    expect(page.locator("[data-fireline-said]")).to_contain_text("已点 2 点")
    canvas.dblclick(position={"x": 420, "y": 300})
    expect(page.get_by_role("button", name="未守住，撤销重推")).to_be_visible()
    assert len(page.locator("#points").input_value()) == 0
    line = queries.control_lines(by, run.correlation_id).get()
    assert len(line.points) == 3
    assert queries.runs(by, run.correlation_id).count() == 2
