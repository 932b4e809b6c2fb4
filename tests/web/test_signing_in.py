"""Signing in, being locked out, being kept out."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from anlan.kernel.audit import journal
from anlan.kernel.audit.models import JournalEntry
from tests.conftest import City
from tests.web.conftest import PASSWORD, SignIn, account


def test_a_duty_officer_signs_in_and_out(city: City, client: Client) -> None:
    account(city.city)
    answer = client.post("/login", {"username": "wang", "password": PASSWORD, "next": "/registers/areas/"})
    assert (answer.status_code, answer["Location"]) == (302, "/registers/areas/")
    assert "王值班" in client.get("/registers/areas/").content.decode()
    client.post("/logout")
    assert client.get("/registers/areas/")["Location"] == "/login?next=/registers/areas/"


def test_after_signing_in_nobody_is_sent_to_another_site(city: City, client: Client) -> None:
    account(city.city)
    answer = client.post("/login", {"username": "wang", "password": PASSWORD, "next": "https://evil.example/"})
    assert answer["Location"] == "/"


def test_five_wrong_passwords_lock_the_account_and_say_for_how_long(city: City, client: Client) -> None:
    account(city.city)
    for _ in range(4):
        assert client.post("/login", {"username": "wang", "password": "wrong"}).status_code == 401
    locked = client.post("/login", {"username": "wang", "password": "wrong"})
    assert locked.status_code == 429
    assert "账号锁定 30 分钟" in locked.content.decode()
    assert client.post("/login", {"username": "wang", "password": PASSWORD}).status_code == 429


def wrong(name: str, times: int, address: str = "10.0.0.1") -> int:
    """The last answer after so many wrong passwords."""
    client, given = Client(REMOTE_ADDR=address), {"username": name, "password": "wrong"}
    return [client.post("/login", given).status_code for _ in range(times)][-1]


def test_colleagues_behind_the_same_address_still_sign_in(city: City) -> None:
    account(city.city)
    account(city.city, "li")
    assert wrong("wang", 5) == 429
    behind = Client(REMOTE_ADDR="10.0.0.1")
    assert behind.post("/login", {"username": "li", "password": PASSWORD}).status_code == 302
    assert Client(REMOTE_ADDR="10.9.9.9").post("/login", {"username": "wang", "password": PASSWORD}).status_code == 429


def test_who_tries_one_password_on_every_account_is_stopped_by_the_address(city: City, settings: Any) -> None:
    settings.ADDRESS_FAILURE_LIMIT = 10
    account(city.city)
    assert [wrong(f"name{i}", 1) for i in range(10)] == [401] * 9 + [429]
    assert Client(REMOTE_ADDR="10.0.0.1").post("/login", {"username": "wang", "password": PASSWORD}).status_code == 429
    assert Client(REMOTE_ADDR="10.0.0.2").post("/login", {"username": "wang", "password": PASSWORD}).status_code == 302


def test_the_journal_says_who_came_and_went_and_who_was_kept_out(city: City) -> None:
    """GB/T 22239-2019 8.1.4.3; what was typed for an unknown account may be a password and is not kept."""
    user = account(city.city)
    client = Client(REMOTE_ADDR="10.0.0.1")
    client.post("/login", {"username": "wang", "password": PASSWORD})
    client.post("/logout")
    assert wrong("My-Secret-9", 1) == 401
    assert wrong("wang", 8) == 429
    entries = list(JournalEntry.objects.order_by("seq").values_list("verb", "subject_id", "origin"))
    mine, here = str(user.pk), "10.0.0.1"
    assert entries == [
        ("登录", mine, here),
        ("退出登录", mine, here),
        ("登录失败", "None", here),
        *[("登录失败", mine, here)] * 5,
        ("锁定登录", mine, here),
    ]
    assert not JournalEntry.objects.filter(subject__contains="Secret").exists()
    assert list(journal.flaws()) == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"accept": "text/html"}, 302), ({"accept": "application/json"}, 401), ({"hx-request": "true"}, 401)],
)
def test_who_has_not_signed_in_sees_no_page(db: None, client: Client, headers: dict[str, str], status: int) -> None:
    assert client.get("/registers/areas/", headers=headers).status_code == status


def test_a_page_is_chinese_until_english_is_chosen(signed_in: SignIn) -> None:
    client = signed_in()
    page = client.get("/styleguide", headers={"accept-language": "en-US"})
    assert '<html lang="zh-hans"' in page.content.decode()
    client.post("/settings/look", {"language": "en", "theme": "light"})
    page = client.get("/styleguide").content.decode()
    assert '<html lang="en" data-theme="light"' in page
