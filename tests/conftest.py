"""Fixtures shared by all tests: a small city, people who act, a real NATS."""

from __future__ import annotations

import itertools
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from anlan import embedded
from anlan.kernel.accounts.actor import Actor, GrantView
from anlan.kernel.models import Area, Level
from tests import database, journalled

journalled.watch()


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_modify_db_settings: None, django_db_blocker: Any
) -> Iterator[None]:
    """A migrated database of this process, copied where one is at hand."""
    given = connection.settings_dict["NAME"]
    with django_db_blocker.unblock():
        database.create()
    yield
    with django_db_blocker.unblock():
        connection.creation.destroy_test_db(given, verbosity=0)


#: Every test process hands out its own ports one after the other, below those that the kernel gives to outgoing connections:
#: a port that is free now is still free when a server of ours comes to bind it.
PORTS_EACH = 1000
FIRST_PORT = 20_000 + PORTS_EACH * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw") or 0) % 12_000
PORTS = itertools.cycle(range(FIRST_PORT, FIRST_PORT + PORTS_EACH))


def free_port() -> int:
    for port in itertools.islice(PORTS, PORTS_EACH):
        with socket.socket() as probe, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
            try:
                probe.bind(("127.0.0.1", port))
                datagrams.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"ports {FIRST_PORT} to {FIRST_PORT + PORTS_EACH - 1} are all taken")


def wait_for_port(port: int, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise TimeoutError(f"nothing listens on {port}")


@dataclass(frozen=True)
class Nats:
    """A running embedded NATS of this test session."""

    url: str
    ports: embedded.NatsPorts
    token: str


@pytest.fixture(scope="session")
def nats_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nats]:
    folder: Path = tmp_path_factory.mktemp("nats")
    ports = embedded.NatsPorts(free_port(), free_port(), free_port())
    process = embedded.start_nats(embedded.nats_config(folder, ports, "test-token"))
    try:
        wait_for_port(ports.client)
        yield Nats(embedded.nats_url(ports, "test-token"), ports, "test-token")
    finally:
        process.terminate()
        process.wait(10)


@dataclass(frozen=True)
class City:
    """A city with two districts, a town and a community in the first."""

    city: Area
    east: Area
    west: Area
    town: Area
    community: Area


@pytest.fixture
def city(db: None) -> City:
    def area(code: str, name: str, level: Level, parent: Area | None) -> Area:
        return Area.objects.create(code_system="mca", code=code, name=name, level=level, parent=parent)

    top = area("150300", "乌海市", Level.CITY, None)
    east = area("150302", "海勃湾区", Level.DISTRICT, top)
    west = area("150304", "乌达区", Level.DISTRICT, top)
    town = area("150302001", "新华街道", Level.TOWN, east)
    return City(top, east, west, town, area("150302003012", "清泉社区", Level.COMMUNITY, town))


def actor(area: Area, *permissions: str, name: str = "王值班", data_class: int = 4, user_id: int = 1) -> Actor:
    """Somebody who holds these permissions over this area."""
    return Actor(name, user_id, (GrantView(permissions or ("*",), area.path, data_class),), "127.0.0.1")
