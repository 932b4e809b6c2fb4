"""The database's disk runs full in the middle of a flush: nothing half done, nothing lost, nothing twice."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from anlan.monitoring.models import Alarm
from anlan.monitoring.pipeline import store
from conftest import Required, missing
from tests.conftest import City
from tests.monitoring.conftest import T0, Feed, batch, make_rule, make_station, make_stream

ROWS = 60_000


def mount(folder: Path, how: str) -> bool:
    return subprocess.run(["mount", *how.split(), str(folder)], capture_output=True, check=False).returncode == 0


def server_owner() -> int:
    """The account the database's files belong to."""
    with connection.cursor() as cursor:
        cursor.execute("show data_directory")
        return Path(cursor.fetchone()[0]).stat().st_uid


@pytest.fixture
def small_disk(transactional_db: None) -> Iterator[Path]:
    """The day's readings lie on a disk of 6 MiB."""
    folder = Path(tempfile.mkdtemp(prefix="anlan-disk-", dir="/tmp"))
    folder.chmod(0o755)
    if not mount(folder, "-t tmpfs -o size=6m tmpfs"):
        folder.rmdir()
        missing("no right to mount a small disk on this machine", Required.TOOLS)
    try:
        space = folder / "space"
        space.mkdir()
        shutil.chown(space, server_owner())
        with connection.cursor() as cursor:
            cursor.execute(f"create tablespace small location '{space}'")
            day = store.partition_name(T0.date())
            cursor.execute("set default_tablespace = small")
            cursor.execute("select anlan_observation_partition(%s)", [T0.date()])
            cursor.execute("set default_tablespace = ''")
        yield folder
        with connection.cursor() as cursor:
            cursor.execute(f"drop table {day}")
            cursor.execute("drop tablespace small")
    finally:
        subprocess.run(["umount", str(folder)], check=True)
        folder.rmdir()


def counted(stream: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from observation where stream = %s", [stream])
        return int(cursor.fetchone()[0])


def test_a_flush_that_finds_the_disk_full_leaves_no_trace_and_succeeds_when_there_is_room(
    small_disk: Path, city: City, feed: Feed
) -> None:
    make_rule(city, hi=100)
    stream = make_stream(make_station(city))
    feed.say(stream, (0, 1.0))
    before = store.read_offsets("test-log", [0])
    many = batch([(stream.pk, (n + 1) / 1000, 200.0 if n == 500 else 1.0) for n in range(ROWS)])
    with pytest.raises(psycopg.errors.DiskFull, match="No space left"):
        feed.put(many)
    assert store.read_offsets("test-log", [0]) == before, "the log is not acknowledged: it will be read again from here"
    assert counted(stream.pk) == 1
    assert not Alarm.objects.unscoped("test").exists()
    assert mount(small_disk, "-o remount,size=64m"), "the operator makes room"
    feed.restart()
    feed.put(many)
    assert counted(stream.pk) == ROWS + 1
    assert Alarm.objects.unscoped("test").get().value == 200.0
