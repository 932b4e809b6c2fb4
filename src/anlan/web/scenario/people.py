"""The people of a scenario: each acts through the API with a token of their own demonstration account."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx

from anlan.kernel import clock
from anlan.kernel.accounts.models import ApiToken, User
from anlan.kernel.errors import NotFound

PURPOSE = "演示剧本"
TIMEOUT_S = 30.0


class RefusedByPlatform(Exception):
    """The API said no: who wanted what, and why not."""


class Person:
    """One account at work."""

    def __init__(self, url: str, username: str) -> None:
        user = User.objects.filter(username=username).first()
        if user is None:
            raise NotFound(f"没有演示账号“{username}”，请先 anlan city load")
        now = clock.real_now()
        ApiToken.objects.filter(user=user, name=PURPOSE).delete()
        self.token = ApiToken.issue(user, PURPOSE, now, now + timedelta(days=1))
        self.name = user.display_name
        self.http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {self.token}"}, timeout=TIMEOUT_S)

    def get(self, path: str, **query: Any) -> Any:
        return self.answer(path, self.http.get(path, params=query))

    def post(self, path: str, **data: Any) -> Any:
        return self.answer(path, self.http.post(path, json=data))

    def answer(self, path: str, response: httpx.Response) -> Any:
        if response.is_success:
            return response.json()
        raise RefusedByPlatform(f"{self.name} {path}：{response.status_code} {response.text[:400]}")


class People:
    """Accounts by name, signed in when first needed."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.known: dict[str, Person] = {}

    def __getitem__(self, username: str) -> Person:
        if username not in self.known:
            self.known[username] = Person(self.url, username)
        return self.known[username]
