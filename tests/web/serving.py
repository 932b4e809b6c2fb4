"""A real web server on the test database."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import uvicorn
from django.contrib.sessions.backends.db import SessionStore
from django.db import connections

from anlan.kernel import clock
from anlan.kernel.models import ApiToken, Area, Grant, Role, User
from anlan.web.asgi import application
from tests.conftest import free_port, wait_for_port


@dataclass(frozen=True)
class Web:
    """A running web server of this test."""

    url: str
    port: int


@pytest.fixture
def web(transactional_db: None) -> Iterator[Web]:
    port = free_port()
    config = uvicorn.Config(application, port=port, log_level="error", access_log=False, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_for_port(port)
    yield Web(f"http://127.0.0.1:{port}", port)
    server.should_exit = True
    thread.join(10)
    assert not thread.is_alive(), "the web server did not stop"
    connections.close_all()


def user_over(area: Area, *permissions: str, username: str = "officer", data_class: int = 4) -> User:
    role = Role.objects.create(
        code=f"r-{username}", name="测试", permissions=permissions or ["*"], data_class=data_class
    )
    user = User.objects.create_user(
        username, "Anlan-2026!", display_name=username, password_changed_at=clock.real_now()
    )
    Grant.objects.create(user=user, role=role, area=area)
    return user


def token_of(user: User) -> str:
    return ApiToken.issue(user, "test", clock.real_now())


def session_of(user: User, seen_ago_s: float = 0) -> str:
    """A signed-in session's cookie value."""
    session = SessionStore()
    session["_auth_user_id"] = str(user.pk)
    session["_auth_user_backend"] = "django.contrib.auth.backends.ModelBackend"
    session["_auth_user_hash"] = user.get_session_auth_hash()
    session["anlan_seen_at"] = time.time() - seen_ago_s
    session.create()
    return str(session.session_key)
