"""What the role commands share."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import django
import psycopg

from anlan import sandbox
from anlan.kernel.errors import AnlanError


class Misconfigured(AnlanError):
    """A value of the environment is wrong."""

    status = 400


def setup() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "anlan.settings")
    try:
        django.setup()
    except ValueError as error:
        # Of the settings, which name the variable, its value and what it may be.
        raise Misconfigured(str(error), field=str(error).partition("=")[0]) from error


def with_database() -> None:
    """Set up, and know at once whether the given database answers: the pool would wait for it."""
    setup()
    if url := os.environ.get("ANLAN_DATABASE_URL"):
        psycopg.connect(url, connect_timeout=5).close()


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The quicker event loop where there is one; None means Python's own. A sandbox watches its connects: not there."""
    if sandbox.name():
        return None
    try:
        import uvloop  # noqa: PLC0415 - not on every system
    except ImportError:
        return None
    return uvloop.new_event_loop


def var() -> Path:
    return Path(os.environ.get("ANLAN_VAR", "var")).resolve()


def say_ready(role: str) -> None:
    """The supervisor waits for this file."""
    file = var() / "run" / f"{role}.ready"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(str(os.getpid()), encoding="ascii")
