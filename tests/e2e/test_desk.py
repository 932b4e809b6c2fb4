"""The duty desk by keyboard alone: a call becomes an incident within a minute."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Page, expect

from anlan.command.models import CallRecord, Incident
from tests.conftest import City
from tests.e2e.conftest import picture

pytestmark = pytest.mark.e2e


def test_a_call_becomes_an_incident_and_the_second_caller_is_recognised_by_keyboard_alone(
    drawn_city: City, page: Page
) -> None:
    page.goto("/command/")
    page.keyboard.press("Alt+n")
    expect(page.locator("#f-text")).to_be_focused()
    began = time.monotonic()
    for typed in ("车间冒白烟，有刺鼻氯气味", "新华街道", "10分钟前", "重2困1", "李四 13900000001", "泄漏"):
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
    expect(page.locator("#understood")).to_contain_text("重伤 2")
    expect(page.locator("#understood")).to_contain_text("新华街道")
    picture(page, "intake")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/command/incidents/*/")
    assert time.monotonic() - began < 60
    first = Incident.everything.get()
    assert (first.area, first.serious, first.trapped, first.deaths) == (drawn_city.town, 2, 1, None)

    page.goto("/command/intake/")
    expect(page.locator("#f-text")).to_be_focused()
    for typed in ("新华街道有刺鼻的氯气味", "新华街道", "5分钟前", "", "匿名", ""):
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
    expect(page.locator(".suspects")).to_contain_text(first.number)
    page.keyboard.press("Alt+1")
    page.wait_for_url(f"**/command/incidents/{first.pk}/")
    assert list(CallRecord.everything.order_by("id").values_list("outcome", flat=True)) == ["opened", "joined"]
    page.goto("/command/")
    expect(page.locator(".due-list")).to_contain_text("首报")
    picture(page, "desk")
