"""A backup holds all that cannot be made again, and comes back whole or not at all."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection
from psycopg.conninfo import make_conninfo

from anlan.cli import _vault
from anlan.kernel.areas.actions import set_boundary
from anlan.kernel.audit.models import JournalEntry
from anlan.kernel.errors import Conflict, Invalid
from anlan.kernel.models import Area
from tests.conftest import City, actor

OTHER = "anlan_restored"
OUTLINE = {"type": "Polygon", "coordinates": [[[106.6, 39.4], [106.8, 39.4], [106.8, 39.6], [106.6, 39.4]]]}


def conninfo(database: str = "") -> str:
    params: dict[str, Any] = connection.get_connection_params()
    known = {name: params[name] for name in ("host", "port", "user", "password", "dbname") if params.get(name)}
    return make_conninfo(**known | ({"dbname": database} if database else {}))


@pytest.fixture
def empty_database() -> Iterator[str]:
    name = f"{OTHER}_{connection.settings_dict['NAME']}"
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'drop database if exists "{name}" with (force)')
        cursor.execute(f'create database "{name}"')
    yield conninfo(name)
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'drop database if exists "{name}" with (force)')


@pytest.fixture
def var(tmp_path: Path) -> Path:
    """A data folder with keys, a document, and what servers keep for themselves."""
    for name, text in {
        "secret_key": "key", "exchange/own.pem": "pem", "inbox/报文.xml": "<a/>", "postgres/PG_VERSION": "17", "log/web.log": "x",
    }.items():  # fmt: skip
        path = tmp_path / "var" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "var"


def contents(info: str) -> dict[str, int]:
    """Rows by table."""
    with psycopg.connect(info) as own:
        names = own.execute(
            "select relname from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace"
        )
        return {name: own.execute(f'select count(*) from "{name}"').fetchone()[0] for (name,) in names}  # type: ignore[index]


def test_what_was_backed_up_comes_back_and_the_servers_own_files_do_not(
    transactional_db: None, city: City, var: Path, empty_database: str, tmp_path: Path
) -> None:
    set_boundary(actor(city.city), city.west, OUTLINE, sketch=False)
    file = tmp_path / "a.tar"
    manifest = _vault.write(conninfo(), var, file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert set(manifest["members"]) == {
        "database.dump", "files/secret_key", "files/exchange/own.pem", "files/inbox/报文.xml",
    }  # fmt: skip
    _vault.read(file, tmp_path / "new", empty_database)
    assert contents(empty_database) == contents(conninfo())
    assert contents(empty_database)["kernel_area"] == Area.objects.count() > 0
    assert contents(empty_database)["kernel_journalentry"] == JournalEntry.objects.count() > 0
    back = {path.relative_to(tmp_path / "new").as_posix() for path in (tmp_path / "new").rglob("*") if path.is_file()}
    assert back == {"secret_key", "exchange/own.pem", "inbox/报文.xml"}
    assert (tmp_path / "new" / "inbox" / "报文.xml").read_text(encoding="utf-8") == "<a/>"
    with pytest.raises(Conflict, match="不是空的"):
        _vault.read(file, tmp_path / "third", empty_database)
    with pytest.raises(Invalid, match="数据目录"):
        _vault.read(file, var, empty_database)
    with pytest.raises(Invalid, match="尚不存在"):
        _vault.write(conninfo(), var, file)


def test_a_damaged_backup_is_refused_by_the_name_of_what_is_damaged(
    transactional_db: None, city: City, var: Path, empty_database: str, tmp_path: Path
) -> None:
    file = tmp_path / "a.tar"
    _vault.write(conninfo(), var, file)
    with tarfile.open(file) as tar:
        whole = {one.name: tar.extractfile(one).read() for one in tar.getmembers()}  # type: ignore[union-attr]

    def refused(members: dict[str, bytes], match: str) -> None:
        bad = tmp_path / "bad.tar"
        with tarfile.open(bad, "w") as tar:
            for name, data in members.items():
                one = tarfile.TarInfo(name)
                one.size = len(data)
                tar.addfile(one, io.BytesIO(data))
        with pytest.raises(Invalid, match=match):
            _vault.read(bad, tmp_path / "new", empty_database)
        assert not list((tmp_path / "new").iterdir())
        assert contents(empty_database) == {}

    refused({**whole, "files/secret_key": b"other"}, "files/secret_key")
    refused({name: data for name, data in whole.items() if name != "database.dump"}, "database.dump")
    refused({**whole, "files/more": b"x"}, "files/more")
    refused({name: data for name, data in whole.items() if name != "manifest.json"}, "FileNotFoundError")
    refused({**whole, "../outside": b"x"}, "不是备份中的文件")
    refused({**whole, "manifest.json": whole["manifest.json"].replace(b'"format": 1', b'"format": 9')}, "备份格式")
    (tmp_path / "bad.tar").write_bytes(b"no archive at all")
    with pytest.raises(Invalid, match="完整的备份文件"):
        _vault.read(tmp_path / "bad.tar", tmp_path / "new", empty_database)


def test_a_backup_that_cannot_be_finished_leaves_nothing_behind(var: Path, tmp_path: Path) -> None:
    with pytest.raises(Conflict, match="pg_dump"):
        _vault.write("postgresql://127.0.0.1:1/none", var, tmp_path / "a.tar")
    assert [path.name for path in tmp_path.iterdir()] == ["var"]
