"""People who sign in."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from anlan.kernel import clock
from anlan.kernel.models import Area, Grant, Role, User
from tests.conftest import City
from tests.web.serving import web

__all__ = ["web"]

PASSWORD = "Correct-Horse-9"
SignIn = Callable[..., Client]


def account(area: Area, username: str = "wang", permissions: tuple[str, ...] = ("*",), **role: object) -> User:
    """An account with one role over one area."""
    user = User.objects.create_user(username, PASSWORD, display_name="王值班", password_changed_at=clock.real_now())
    held = Role.objects.create(
        code=f"role-{username}", name="值班员", permissions=list(permissions), data_class=4, **role
    )
    Grant.objects.create(user=user, role=held, area=area)
    return user


@pytest.fixture
def signed_in(city: City) -> SignIn:
    """A browser in which somebody with these permissions over this area (by default all, over the city) signed in."""

    def enter(area: Area | None = None, *permissions: str, username: str = "wang") -> Client:
        client = Client()
        client.force_login(
            account(area or city.city, username, permissions or ("*",)), "django.contrib.auth.backends.ModelBackend"
        )
        return client

    return enter
