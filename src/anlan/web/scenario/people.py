"""The people: each signs in with an own account and works through the same API as everybody else."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import httpx
from django.conf import settings

TIMEOUT_S = 30.0


class Refused(RuntimeError):
    """The platform said no; the story cannot go on."""


@dataclass
class Person:
    """One signed-in account."""

    username: str
    password: str
    name: str
    client: httpx.AsyncClient

    async def sign_in(self) -> None:
        page = await self.client.get("/login")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        form = {"username": self.username, "password": self.password, "csrfmiddlewaretoken": token[1] if token else ""}
        answer = await self.client.post("/login", data=form, headers={"Referer": str(self.client.base_url)})
        if answer.status_code != 302:
            raise Refused(f"{self.name}登录失败：{answer.status_code}")

    async def get(self, path: str, **params: Any) -> Any:
        answer = await self.client.get(f"/api/{path}", params=params)
        return self._content("GET", path, answer)

    async def post(self, path: str, **data: Any) -> Any:
        headers = {
            "X-CSRFToken": self.client.cookies.get(settings.CSRF_COOKIE_NAME) or "",
            "Referer": str(self.client.base_url),
        }
        answer = await self.client.post(f"/api/{path}", json=data, headers=headers)
        return self._content("POST", path, answer)

    def _content(self, verb: str, path: str, answer: httpx.Response) -> Any:
        if answer.status_code >= 400:
            raise Refused(f"{self.name} {verb} /api/{path}：{answer.status_code} {answer.text[:300]}")
        return answer.json()


@dataclass
class People:
    """Everybody who plays a part, by account name."""

    base_url: str
    accounts: list[tuple[str, str, str]]
    present: dict[str, Person] = field(default_factory=dict)

    async def arrive(self, *usernames: str) -> None:
        for username, password, name in self.accounts:
            if username in usernames:
                client = httpx.AsyncClient(base_url=self.base_url, timeout=TIMEOUT_S)
                person = Person(username, password, name, client)
                await person.sign_in()
                self.present[username] = person

    def __getitem__(self, username: str) -> Person:
        return self.present[username]

    async def leave(self) -> None:
        for person in self.present.values():
            await person.client.aclose()
