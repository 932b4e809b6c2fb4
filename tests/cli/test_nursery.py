"""The process our roles are forked from."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from anlan.nursery import Nursery
from tests.conftest import free_port, wait_for_port

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks roles")


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """No database runs there: a nursery must not ask for one."""
    own = {
        "ANLAN_VAR": str(tmp_path_factory.mktemp("var")),
        "ANLAN_DATABASE_URL": "postgresql://nobody@/none?host=/none",
    }
    return dict(os.environ) | own | {"DJANGO_SETTINGS_MODULE": "anlan.settings"}


@pytest.fixture(scope="module")
def nursery(env: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    opened = Nursery(env, tmp_path_factory.mktemp("log") / "nursery.log")
    opened.prepare(env)
    yield opened
    opened.stop()


def test_a_role_that_ends_by_itself_tells_its_exit_code_and_writes_its_own_log(
    nursery: Nursery, env: dict[str, str], tmp_path: Path
) -> None:
    role = nursery.start(["no-such-role"], env, tmp_path / "role.log")
    assert role.wait(30) == 2
    assert "no-such-role" in (tmp_path / "role.log").read_text(encoding="utf-8")


def test_a_killed_role_is_seen_to_end_and_starts_again_at_once(
    nursery: Nursery, env: dict[str, str], tmp_path: Path
) -> None:
    port = free_port()
    command = ["serve", "--port", str(port)]
    first = nursery.start(command, env, tmp_path / "web.log")
    wait_for_port(port, 30)
    os.kill(first.pid, signal.SIGKILL)
    assert first.wait(10) == -signal.SIGKILL
    second = nursery.start(command, env, tmp_path / "web.log")
    wait_for_port(port, 30)
    assert second.pid != first.pid
    second.terminate()
    # uvicorn hands the signal it was ended with on to its process
    assert second.wait(20) in {0, -signal.SIGTERM}


def test_roles_end_with_their_nursery_and_nobody_waits_for_ever(env: dict[str, str], tmp_path: Path) -> None:
    nursery = Nursery(env, tmp_path / "nursery.log")
    nursery.prepare(env)
    port = free_port()
    role = nursery.start(["serve", "--port", str(port)], env, tmp_path / "web.log")
    wait_for_port(port, 30)
    nursery.process.kill()
    role.wait(20)
    deadline = time.monotonic() + 20
    while Path(f"/proc/{role.pid}").exists() and "Z" not in Path(f"/proc/{role.pid}/stat").read_text(encoding="utf-8"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    with pytest.raises(OSError, match=r"预载|Broken|管道"):
        nursery.start(["no-such-role"], env, tmp_path / "role.log")
    nursery.stop()
