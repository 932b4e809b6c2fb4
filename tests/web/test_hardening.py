"""What 等保三级 asks of pages and requests: headers, no residue, no request without end."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from anlan.web.limits import limited
from tests.conftest import City
from tests.web.conftest import SignIn

Message = MutableMapping[str, Any]


def test_every_page_tells_the_browser_what_it_may_do(db: None, client: Client) -> None:
    answer = client.get("/login")
    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "object-src 'none'" in policy
    assert "'unsafe-eval'" not in policy
    script = next(part for part in policy.split(";") if "script-src" in part)
    assert "'unsafe-inline'" not in script
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"


def test_a_nonce_is_never_used_twice(db: None, client: Client) -> None:
    assert client.get("/login")["Content-Security-Policy"] != client.get("/login")["Content-Security-Policy"]


def test_the_session_is_out_of_reach_of_scripts_and_other_sites(city: City, signed_in: SignIn) -> None:
    client = signed_in()
    client.get("/registers/")
    cookie = client.cookies["sessionid"]
    assert settings.SESSION_COOKIE_HTTPONLY
    assert settings.SESSION_COOKIE_SAMESITE == "Lax"
    assert cookie.value


def test_what_an_officer_saw_is_not_left_in_the_browsers_cache(city: City, signed_in: SignIn) -> None:
    assert signed_in().get("/registers/organisations/")["Cache-Control"] == "private, no-store"


def sent(headers: list[tuple[bytes, bytes]], pieces: list[bytes]) -> tuple[list[Message], int]:
    """Answers of a limited application to these pieces, and how many bytes of them it was given."""
    waiting, answers, taken = list(pieces), [], 0

    async def receive() -> Message:
        return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

    async def send(message: Message) -> None:
        answers.append(message)

    async def reads_everything(scope: Message, receive: Any, send: Any) -> None:
        nonlocal taken
        more = True
        while more:
            message = await receive()
            taken += len(message["body"])
            more = message["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})

    asyncio.run(limited(reads_everything)({"type": "http", "headers": headers}, receive, send))
    return answers, taken


@pytest.fixture
def small(settings: Any) -> int:
    settings.MAX_BODY_BYTES = 1000
    return 1000


def test_a_request_that_announces_too_much_is_refused_unread(small: int) -> None:
    answers, taken = sent([(b"content-length", b"1001")], [b"x" * 1001])
    assert (answers[0]["status"], taken) == (413, 0)
    assert "请求过大" in answers[1]["body"].decode()


def test_a_request_without_end_is_cut_off_at_the_limit(small: int) -> None:
    answers, taken = sent([], [b"x" * 400] * 5)
    assert (answers[0]["status"], taken) == (413, 800)


def test_a_request_within_the_limit_passes_whole(small: int) -> None:
    answers, taken = sent([], [b"x" * 400, b"x" * 600])
    assert (answers[0]["status"], taken) == (200, 1000)
