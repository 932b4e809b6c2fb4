"""Several installations on one machine."""

from __future__ import annotations

import subprocess
import sys

import pytest

from anlan.supervisor import Ports, free_port, release
from tests.conftest import free_port as any_port

CHOOSE = """
import sys
from anlan.supervisor import Ports
ports = Ports.choose(int(sys.argv[1]))
print(*vars(ports).values(), flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="claims are a name in Linux' abstract socket space")
def test_installations_started_together_never_choose_the_same_port() -> None:
    """None of them listens yet: each has only said where it will."""
    wanted = any_port()
    command = [sys.executable, "-c", CHOOSE, str(wanted)]
    started = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    try:
        chosen = [line.split() for one in started if one.stdout for line in [one.stdout.readline()]]
    finally:
        for one in started:
            one.communicate("", 10)
    ports = [port for line in chosen for port in line]
    assert [len(line) for line in chosen] == [5, 5, 5]
    assert len(set(ports)) == len(ports)


def test_a_port_of_an_installation_that_stopped_is_free_again() -> None:
    wanted = any_port()
    chosen = Ports.choose(wanted)
    for port in vars(chosen).values():
        release(port)
    again = free_port(wanted, set())
    release(again)
    assert (chosen.web, again) == (wanted, wanted)
