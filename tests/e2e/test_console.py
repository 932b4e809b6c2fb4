"""The console in a browser: what a duty officer sees and does."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from playwright.sync_api import Browser, Page, expect

from anlan.kernel import clock
from anlan.kernel.accounts.actor import system
from anlan.kernel.events import dispatcher
from anlan.kernel.models import User
from anlan.monitoring.actions.process import Finding, raise_alarm
from anlan.monitoring.models import Alarm, AlarmRule, Station
from tests.conftest import City
from tests.e2e.conftest import picture, station, wait_for_map, wait_until
from tests.web.conftest import PASSWORD
from tests.web.serving import Web

pytestmark = pytest.mark.e2e


def alarm_at(where: Station, priority: int = 1) -> Alarm:
    """A gas detector's alarm, raised and published as the worker does."""
    rule = AlarmRule.everything.create(
        code=f"R-{where.code}", title="氯气浓度高报", area=where.area, priority=priority, latched=True
    )
    now = clock.now()
    found = Finding(
        rule=rule,
        subject=f"s{where.pk}",
        started_at=now - timedelta(seconds=20),
        at=now,
        title=f"{where.name} {rule.title} 8.4 mg/m³",
        station=where,
        area=where.area,
        data_class=where.data_class,
        lon=where.lon,
        lat=where.lat,
        value=8.4,
        unit="mg/m³",
    )
    alarm = raise_alarm(system("规则引擎"), found)
    assert alarm is not None
    dispatcher.drain()
    return alarm


def open_map(page: Page) -> None:
    page.goto("/")
    wait_for_map(page)


def test_an_officer_signs_in_and_sees_the_map(browser: Browser, web: Web, officer: User) -> None:
    # The server is production's, which does not know the cheap hashing of the tests.
    officer.password = PBKDF2PasswordHasher().encode(PASSWORD, "salt-of-the-test")
    officer.save()
    context = browser.new_context(base_url=web.url)
    page = context.new_page()
    page.goto("/")
    page.get_by_label("账号").fill(officer.username)
    page.get_by_label("口令").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    wait_for_map(page)
    expect(page.locator("#map canvas")).to_be_visible()
    context.close()


def test_the_map_is_drawn_from_our_own_server_alone(page: Page, web: Web, drawn_city: City) -> None:
    station(drawn_city.east, "S1", 106.9, 39.5)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_map(page)
    drawn = set(page.evaluate("anlanMap.map.queryRenderedFeatures().map(f => f.source)"))
    assert {"area.city", "area.district", "area.place"} <= drawn
    assert [url for url in asked if not url.startswith((web.url, "blob:", "data:"))] == []


def test_an_alarm_appears_in_the_list_by_itself(page: Page, drawn_city: City) -> None:
    detector = station(drawn_city.west, "G1", 106.72, 39.5)
    open_map(page)
    wait_until(page, "document.documentElement.dataset.stream === 'open'")
    expect(page.get_by_text("没有未处理的告警")).to_be_visible()
    alarm = alarm_at(detector)
    wait_until(page, f"!!document.querySelector('[data-alarm=\"{alarm.pk}\"]')", 15)  # how soon: bench/latency
    assert "氯气浓度高报" in page.locator("#worklist").inner_text()
    page.wait_for_timeout(700)
    picture(page, "map-alarm")


def test_an_alarm_is_acknowledged_by_keyboard_alone(page: Page, drawn_city: City) -> None:
    alarm = alarm_at(station(drawn_city.west, "G1", 106.72, 39.5))
    open_map(page)
    page.keyboard.press("j")
    while page.evaluate("document.activeElement.dataset.alarm") != str(alarm.pk):
        page.keyboard.press("j")
    page.keyboard.press("a")
    expect(page.locator(f'[data-alarm="{alarm.pk}"]')).to_contain_text("已确认")
    alarm.refresh_from_db()
    assert alarm.acknowledged_by == "王值班"
    assert page.evaluate("document.activeElement.dataset.alarm") == str(alarm.pk)


def test_an_incident_is_opened_from_an_alarm_where_it_is_listed(page: Page, drawn_city: City) -> None:
    alarm_at(station(drawn_city.west, "G1", 106.72, 39.5))
    open_map(page)
    page.locator('#worklist [data-verb="incident"]').first.click()
    expect(page.locator("#panel")).to_be_visible()
    expect(page.locator("#worklist .work").first).not_to_contain_text("没有进行中的事件")
    expect(page.locator("#panel .panel-body")).to_contain_text("氯气")
    # Opened is opened: the list leads to the incident instead of offering it again.
    expect(page.locator('#worklist [data-verb="incident"]')).to_have_count(0)
    expect(page.get_by_role("link", name="已立案")).to_be_visible()
    dispatcher.drain()
    page.wait_for_timeout(1500)
    picture(page, "map-panel")


def test_the_stream_reconnects_after_an_outage_and_shows_what_was_missed(page: Page, drawn_city: City) -> None:
    detector = station(drawn_city.west, "G1", 106.72, 39.5)
    open_map(page)
    wait_until(page, "document.documentElement.dataset.stream === 'open'")
    page.context.set_offline(True)
    page.evaluate("dispatchEvent(new Event('pagehide'))")
    alarm = alarm_at(detector)
    page.context.set_offline(False)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    wait_until(page, f"!!document.querySelector('[data-alarm=\"{alarm.pk}\"]')", 15)


def test_the_clock_of_an_open_page_goes_with_a_scenario_that_begins_and_ends(page: Page, drawn_city: City) -> None:
    open_map(page)
    wait_until(page, "document.documentElement.dataset.stream === 'open'")
    half_a_day_ago = clock.now() - timedelta(hours=12)
    clock.run_scenario("试验", half_a_day_ago, 60)
    try:
        wait_until(page, shows_the_hour(half_a_day_ago), 30)
        expect(page.locator("[data-scenario]")).to_contain_text("演练 ×60")
    finally:
        clock.run_real()
    wait_until(page, shows_the_hour(clock.now()), 30)
    expect(page.locator("[data-scenario]")).to_be_hidden()


def shows_the_hour(moment: datetime) -> str:
    """Of the moment, or the next one."""
    hours = [f"{(moment + timedelta(hours=n)).astimezone(clock.BEIJING):%H}" for n in (0, 1)]
    return f"{hours}.includes(document.querySelector('[data-clock] b').textContent.slice(0, 2))"


def test_a_browser_that_cannot_draw_the_map_says_so_and_keeps_the_lists(page: Page, drawn_city: City) -> None:
    alarm = alarm_at(station(drawn_city.west, "G1", 106.72, 39.5))
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page.goto("/")
    expect(page.get_by_role("alert").filter(has_text="地图不能显示")).to_be_visible()
    expect(page.locator(f'[data-alarm="{alarm.pk}"]')).to_be_visible()


def test_a_click_tells_what_is_here_and_the_help_lists_the_keys(page: Page, drawn_city: City) -> None:
    station(drawn_city.town, "S9", 106.951, 39.851)
    open_map(page)
    at = page.evaluate(
        """(() => {
          const { x, y } = anlanMap.map.project([106.85, 39.64]);
          const box = document.querySelector('#map').getBoundingClientRect();
          return [x + box.x, y + box.y];
        })()"""
    )
    page.mouse.click(*at)
    expect(page.locator("#panel")).to_contain_text("新华街道")
    expect(page.locator("#panel")).to_contain_text("示意")
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()


def test_a_place_is_found_by_a_part_of_its_name(page: Page, drawn_city: City) -> None:
    open_map(page)
    page.keyboard.press("/")
    page.keyboard.type("新华")
    expect(page.locator("#search-results")).to_contain_text("新华街道")
    page.keyboard.press("Enter")
    expect(page.locator("#panel")).to_contain_text("新华街道")


def test_the_wall_shows_figures_lists_and_charts_without_a_mouse(page: Page, drawn_city: City) -> None:
    page.set_viewport_size({"width": 1920, "height": 1080})
    detector = station(drawn_city.west, "G1", 106.72, 39.5)
    page.goto("/wall")
    wait_for_map(page)
    wait_until(page, "document.documentElement.dataset.stream === 'open'")
    alarm_at(detector)
    expect(page.locator(".wall-level-1 b")).to_have_text("1")
    expect(page.locator(".wall-right")).to_contain_text("氯气浓度高报")
    wait_until(page, "!!document.querySelector('#chart-alarms svg path')")
    page.wait_for_timeout(2500)
    picture(page, "wall-first-alarm")
