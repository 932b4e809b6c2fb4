"""What workloads share: a database of their own, and the web role on it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench._peers import ROOT

os.environ.setdefault("ANLAN_VAR", str(ROOT / "var" / "bench"))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "anlan.settings")

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402


@contextmanager
def fresh_database() -> Iterator[str]:
    """An empty database with all tables beside the real one, dropped afterwards; its URL."""
    before = str(connection.settings_dict["NAME"])
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    known = connection.settings_dict
    try:
        yield f"postgresql://{known['USER']}@/{name}?host={known['HOST']}&port={known['PORT'] or 5432}"
    finally:
        with connection.cursor() as cursor:
            others = "datname = current_database() and pid <> pg_backend_pid()"
            cursor.execute(f"select pg_terminate_backend(pid) from pg_stat_activity where {others}")  # noqa: S608
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]
        connection.creation.destroy_test_db(before, verbosity=0)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def web(database_url: str) -> Iterator[str]:
    """The web role as its own process; its address."""
    port = free_port()
    env = dict(os.environ, ANLAN_DATABASE_URL=database_url, ANLAN_VAR=str(settings.VAR))
    command = [sys.executable, "-m", "anlan", "serve", "--port", str(port)]
    process = subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL)
    try:
        wait_for_port(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(15)


def wait_for_port(port: int, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on {port}")


def rss_mib(pid: int) -> float:
    """Memory of a process in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
