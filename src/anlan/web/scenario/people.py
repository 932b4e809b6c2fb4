"""The people of a scenario: each signs in with an own account and works through the same API as everybody else."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import httpx

from anlan.kernel import clock
from anlan.kernel.accounts.models import ApiToken, User
from anlan.kernel.errors import NotFound

PURPOSE = "演示剧本"
TIMEOUT_S = 30.0
CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class RefusedByPlatform(Exception):
    """The API said no: who wanted what, and why not."""


class Person:
    """One account at work, signed in as in a browser."""

    def __init__(self, url: str, username: str, password: str, name: str) -> None:
        self.name = name
        self.http = httpx.Client(base_url=url, timeout=TIMEOUT_S)
        found = CSRF.search(self.http.get("/login").text)
        form = {"username": username, "password": password, "csrfmiddlewaretoken": found[1] if found else ""}
        answer = self.http.post("/login", data=form, headers={"Referer": url})
        if answer.status_code != 302:
            raise RefusedByPlatform(f"{name}登录失败：{answer.status_code}")

    def get(self, path: str, **query: Any) -> Any:
        return self.answer(path, self.http.get(path, params=query))

    def post(self, path: str, **data: Any) -> Any:
        headers = {"X-CSRFToken": self.http.cookies.get("csrftoken", ""), "Referer": str(self.http.base_url)}
        return self.answer(path, self.http.post(path, json=data, headers=headers))

    def answer(self, path: str, response: httpx.Response) -> Any:
        if response.is_success:
            return response.json()
        raise RefusedByPlatform(f"{self.name} {path}：{response.status_code} {response.text[:400]}")


class People:
    """Those who play a part, by account name."""

    def __init__(self, url: str, accounts: list[tuple[str, str, str]], cast: tuple[str, ...]) -> None:
        self.known = {
            username: Person(url, username, password, name)
            for username, password, name in accounts
            if username in cast
        }

    def __getitem__(self, username: str) -> Person:
        if username not in self.known:
            raise NotFound(f"没有演示账号“{username}”，请先 anlan city load")
        return self.known[username]


def feed_token(username: str) -> str:
    """A fresh token of the account that stands for data sources; feeds take no session."""
    user = User.objects.filter(username=username).first()
    if user is None:
        raise NotFound(f"没有演示账号“{username}”，请先 anlan city load")
    now = clock.real_now()
    ApiToken.objects.filter(user=user, name=PURPOSE).delete()
    return ApiToken.issue(user, PURPOSE, now, now + timedelta(days=1))
