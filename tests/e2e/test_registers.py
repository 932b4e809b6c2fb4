"""Signing in and filling a registry, in a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from playwright.sync_api import Browser, Page, expect

from anlan.kernel.models import Organisation, User
from tests.conftest import City
from tests.web.conftest import PASSWORD
from tests.web.serving import Web

pytestmark = pytest.mark.e2e
CSV = "编码,名称,类别,所属区划,经度\nA,乌达应急局,应急,乌达区,106.7\nB,写错的局,应急,乌达区,999\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = tmp_path / "机构.csv"
    found.write_text(CSV, encoding="utf-8")
    return found


@pytest.fixture
def wang(officer: User) -> User:
    """The officer with a password the server of production can check."""
    officer.password = PBKDF2PasswordHasher().encode(PASSWORD, "salt-of-the-test")
    officer.save()
    return officer


def test_an_officer_signs_in_imports_a_file_and_finds_the_row_again(
    browser: Browser, web: Web, wang: User, file: Path
) -> None:
    context = browser.new_context(base_url=web.url, locale="en-US")
    page = context.new_page()
    page.goto("/registers/organisations/")
    page.get_by_label("账号").fill("wang")
    page.get_by_label("口令").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", name="机构")).to_be_visible()
    bring_in(page, file)
    find_again(page)
    context.close()


def bring_in(page: Page, file: Path) -> None:
    page.get_by_role("link", name="导入").click()
    page.locator("#file").set_input_files(file)
    page.get_by_role("button", name="预览").click()
    expect(page.get_by_text("经度的值“999”不正确，允许：-180~180")).to_be_visible()
    assert not Organisation.everything.exists()
    page.get_by_role("button", name="确认导入").click()
    expect(page.get_by_text("已导入：新增 1 行")).to_be_visible()


def find_again(page: Page) -> None:
    page.goto("/registers/organisations/")
    page.get_by_label("查找").fill("达应")
    expect(page.get_by_role("link", name="乌达应急局", exact=True)).to_be_visible()
    page.get_by_label("查找").fill("没有的")
    expect(page.get_by_text("没有符合条件的记录")).to_be_visible()
    assert "q=" in page.url


def test_a_row_is_deleted_only_after_the_question_with_a_reason(page: Page, drawn_city: City) -> None:
    row = Organisation.everything.create(code="A", name="要撤销的机构", kind="应急", area=drawn_city.west)
    page.goto(f"/registers/organisations/{row.pk}/")
    page.get_by_role("button", name="删除").first.click()
    question = page.get_by_role("dialog", name="删除")
    question.get_by_label("理由").fill("机构改革")
    question.get_by_role("button", name="删除").click()
    expect(page.get_by_text("已删除")).to_be_visible()
    assert not Organisation.everything.exists()


def test_everything_works_without_script(browser: Browser, web: Web, wang: User, file: Path) -> None:
    context = browser.new_context(base_url=web.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/login?next=/registers/organisations/")
    page.get_by_label("账号").fill("wang")
    page.get_by_label("口令").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    bring_in(page, file)
    page.goto("/registers/organisations/")
    page.get_by_label("查找").fill("达应")
    page.get_by_role("button", name="筛选").click()
    expect(page.get_by_role("link", name="乌达应急局", exact=True)).to_be_visible()
    context.close()


def test_the_components_have_no_script_error_in_either_theme(page: Page) -> None:
    for theme in ("light", "dark"):
        page.goto("/styleguide")
        page.locator("#me button[name=theme]").evaluate("button => button.click()")
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
