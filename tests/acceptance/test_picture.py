"""The picture of the README: what a duty officer's browser shows a few minutes after the call, on the city as it is delivered."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.conftest import own_environment
from tests.acceptance.test_guide import Installation, started
from tests.conftest import free_port
from tests.e2e.conftest import browser, picture, wait_for_map, wait_until  # noqa: F401 - `browser` is a fixture

pytestmark = [pytest.mark.acceptance, pytest.mark.e2e, pytest.mark.timeout(300)]
ROOT = Path(__file__).resolve().parents[2]
NAME = "console"
SIZE = {"width": 1440, "height": 860}
#: The tank of the first story (representative), and a place from which its cloud is seen whole.
PLANT, TANK, SEEN_FROM = "乌达氯碱样例厂", "V-101", (106.735, 39.475, 11.7)


@pytest.fixture
def page(
    browser: Browser,  # noqa: F811 - the fixture of that name
    tmp_path: Path,
    loaded_var: Callable[[Path], Path],
) -> Iterator[Page]:
    """An officer of the city, signed in with a demonstration account as a person does it."""
    running: Installation = started(own_environment(loaded_var(tmp_path / "var")), port := free_port())
    context = browser.new_context(
        viewport=SIZE, base_url=f"http://127.0.0.1:{port}", locale="zh-CN", timezone_id="Asia/Shanghai"
    )
    opened = context.new_page()
    opened.goto("/")
    opened.get_by_label("账号").fill("zhiban")
    opened.get_by_label("口令").fill("Anlan-zhiban-1")
    opened.get_by_role("button", name="登录").click()
    wait_for_map(opened)
    yield opened
    context.close()
    running.stop()


def call_comes_in(page: Page) -> None:
    """Six fields, and the incident is there."""
    page.goto("/command/intake/")
    page.locator("#f-text").fill(f"{PLANT} {TANK} 液氯储罐法兰泄漏，正在堵漏")
    page.locator("#f-place").fill(PLANT)
    page.locator("#f-occurred_at").fill("5分钟前")
    page.locator("#f-casualties").fill("无伤亡")
    page.locator("#f-caller").fill("厂值班室 19900000001")
    page.get_by_text("事故单位", exact=True).click()
    page.get_by_role("button", name="登记为事件").click()
    expect(page).to_have_url(re.compile(r"/command/incidents/\d+/"))


def release_is_computed(page: Page) -> None:
    page.goto("/situation/releases/")
    tank = page.locator("#unit option", has_text=PLANT).filter(has_text=TANK).first
    page.locator("#unit").select_option(tank.get_attribute("value"))
    for field, value in (("hole_mm", "25"), ("wind_m_s", "3"), ("wind_from_deg", "250")):
        page.locator(f"#{field}").fill(value)
    page.get_by_role("button", name="开始研判").click()
    expect(page.get_by_text("掩蔽还是撤离")).to_be_visible()


def test_the_picture_of_the_readme_is_what_a_browser_shows(page: Page) -> None:
    """Incident, its legal clock, the cloud, whom it reaches and the verbs, on one screen; `ANLAN_PICTURES=1` keeps it."""
    call_comes_in(page)
    release_is_computed(page)
    page.goto("/")
    wait_for_map(page)
    page.locator("#worklist .work").first.click()
    expect(page.locator("#panel")).to_contain_text("启动响应")
    wait_until(page, "anlanMap.map.isMoving() === false")
    lon, lat, zoom = SEEN_FROM
    page.evaluate(f"anlanMap.map.jumpTo({{ center: [{lon}, {lat}], zoom: {zoom} }})")
    wait_for_map(page)
    expect(page.locator("#worklist")).to_contain_text("毒性终点浓度")
    zones = page.evaluate("anlanMap.map.queryRenderedFeatures().filter(f => f.source.startsWith('hazard')).length")
    assert zones > 0, page.evaluate("[...new Set(anlanMap.map.queryRenderedFeatures().map(f => f.source))].join(' ')")
    page.wait_for_timeout(500)
    picture(page, NAME)
    with (
        Image.open(ROOT / "docs" / "pictures" / f"{NAME}.png") as kept,
        Image.open(BytesIO(page.screenshot())) as shown,
    ):
        assert kept.size == shown.size, "draw it anew: make pictures ONLY=console"


def test_the_readme_shows_that_picture() -> None:
    assert f"docs/pictures/{NAME}.png" in (ROOT / "README.md").read_text(encoding="utf-8")
