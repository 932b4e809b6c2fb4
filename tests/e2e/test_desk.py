"""The duty desk by keyboard alone: a call becomes an incident within a minute."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Page, expect

from anlan.command.models import CallRecord, Incident, Instruction
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


def test_a_refusal_is_told_beside_what_was_typed_and_nothing_is_lost(drawn_city: City, page: Page) -> None:
    page.goto("/command/instructions/")
    page.fill("#i-leader", "王市长")
    page.fill("#i-text", "全力搜救")
    for name, text in (("what", "核清人数"), ("owner", "应急局"), ("hours", "-3")):
        page.locator(f"[name={name}]").first.fill(text)
    page.get_by_role("button", name="登记", exact=True).click()
    expect(page.locator("form [data-refusal]")).to_contain_text("0.5~2160")
    expect(page.locator("[name=hours]").first).to_be_focused()
    expect(page.locator("#i-leader")).to_have_value("王市长")
    assert not Instruction.everything.exists()
    page.locator("[name=hours]").first.fill("2")
    page.get_by_role("button", name="登记", exact=True).click()
    expect(page.locator("main")).to_contain_text("核清人数")
    assert Instruction.everything.get().leader == "王市长"
