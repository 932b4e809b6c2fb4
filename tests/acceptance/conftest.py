"""Installations to play on. One story starts on nothing (`test_story`); the others begin where its first minute ends."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.acceptance.playing")
#: The supervisor's own first start: servers, tables, the city, the demo accounts; stopped before the roles are started.
PREPARE = """
import sys
from pathlib import Path
from anlan.supervisor import Supervisor
supervisor = Supervisor(Path(sys.argv[1]), int(sys.argv[2]), demo_accounts=True)
def prepare():
    supervisor._prepare()
    supervisor.stopping.set()
try:
    sys.exit(1 if supervisor.start(prepare) else 0)
finally:
    supervisor.stop()
"""


def own_environment(var: Path) -> dict[str, str]:
    """Of an installation with its own database and broker."""
    kept = {name: value for name, value in os.environ.items() if name not in {"ANLAN_DATABASE_URL", "ANLAN_NATS_URL"}}
    return kept | {"ANLAN_VAR": str(var), "DJANGO_SETTINGS_MODULE": "anlan.settings"}


@pytest.fixture(scope="session")
def loaded_var(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """Fills a folder as the first start of an installation leaves it; that start happens once for all test processes."""
    shared = tmp_path_factory.getbasetemp()
    shared = shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared
    made = shared / "loaded" / "var"

    def fill(var: Path) -> Path:
        with (shared / "loaded.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not made.with_suffix(".done").exists():
                shutil.rmtree(made, ignore_errors=True)
                made.parent.mkdir(exist_ok=True)
                subprocess.run(
                    [sys.executable, "-c", PREPARE, str(made), "15900"], env=own_environment(made), check=True
                )
                made.with_suffix(".done").touch()
        # Owners as well: as root the database runs under an account of its own.
        subprocess.run(["cp", "-a", str(made), str(var)], check=True)
        # With a token of its own: a device whose broker died must not be welcome at that of another copy, on the same port by then.
        for left in ("run/*", "nats_token", "postgres/.s.PGSQL*", "postgres/.handle_pids*", "postgres/postmaster.pid"):
            for file in var.glob(left):
                file.unlink()
        return var

    return fill
