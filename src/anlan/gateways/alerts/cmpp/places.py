"""How many lines to a gateway stand at once, over all processes of the installation: operators let an enterprise log in only
so many times, and close what is beyond that.

A place is an advisory lock of the database on a connection of its own: whoever dies lets go of it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from zlib import crc32

import psycopg
from django.db import connection

#: How long is waited for a place, and how often is looked, s. Shorter than the lease of what waits to be sent.
WAIT_S, LOOK_S = 20.0, 0.02


class NoPlace(ConnectionRefusedError):
    """All lines are taken."""


@contextmanager
def place(gateway: str, lines: int, first: int = 0, wait_s: float | None = None) -> Iterator[None]:
    """Hold one of `lines` places (0 = as many as one likes), from number `first` on. Raises NoPlace."""
    if not lines:
        yield
        return
    params = {
        k: v for k, v in connection.get_connection_params().items() if k not in {"pool", "cursor_factory", "context"}
    }
    with psycopg.connect(**params, autocommit=True) as held:
        until = time.monotonic() + (WAIT_S if wait_s is None else wait_s)
        while not any(taken(held, gateway, number) for number in range(first, lines)):
            if time.monotonic() >= until:
                raise NoPlace(f"{lines} 条线路都在使用中")
            time.sleep(LOOK_S)
        yield


def taken(held: psycopg.Connection[tuple[object, ...]], gateway: str, number: int) -> bool:
    row = held.execute("select pg_try_advisory_lock(%s, %s)", [crc32(gateway.encode()) - 2**31, number]).fetchone()
    return bool(row and row[0])
