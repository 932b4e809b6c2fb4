"""Signing in, being locked out, being kept out."""

from __future__ import annotations

import pytest
from django.test import Client

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
