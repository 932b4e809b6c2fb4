"""A backup: one file with all that cannot be made again, and the way back from it.

Written while the installation runs: the database as of one moment (`pg_dump`), then the files beside it, among them the keys. It
is as secret as they are.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import psycopg

from anlan import embedded
from anlan.kernel import clock
from anlan.kernel.errors import Conflict, Invalid

FORMAT = 1
MANIFEST, DUMP, FILES = "manifest.json", "database.dump", "files/"
#: Below ANLAN_VAR: the servers' own files, and what is made anew at every start or belongs to nobody.
LEFT_OUT = frozenset({"postgres", "nats", "static", "run", "log", "sandbox", "uploads", "bench", "peers", "test"})
CHUNK = 1 << 20


def kept_files(var: Path) -> Iterator[Path]:
    """What of the folder goes into a backup, relative to it."""
    for path in sorted(var.rglob("*")):
        inside = path.relative_to(var)
        if inside.parts[0] not in LEFT_OUT and path.is_file() and not path.is_symlink():
            yield inside


def copied(var: Path, into: Path) -> dict[str, Path]:
    """The files as they are now, by their name in the backup; one that has gone meanwhile belongs to no backup."""
    found: dict[str, Path] = {}
    for inside in kept_files(var):
        place = into / inside
        place.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            shutil.copy2(var / inside, place)
            found[f"{FILES}{inside.as_posix()}"] = place
    return found


def digest(stream: IO[bytes]) -> tuple[int, str]:
    """Size and SHA-256."""
    found, size = hashlib.sha256(), 0
    while chunk := stream.read(CHUNK):
        found.update(chunk)
        size += len(chunk)
    return size, found.hexdigest()


def call(tool: str, *args: str) -> None:
    """A tool of PostgreSQL; what it complains of is told."""
    done = subprocess.run([embedded.postgres_tool(tool), *args], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Conflict(f"{tool}：{done.stderr.strip()[-400:]}", rule="备份与恢复须由数据库的工具完整做完")


def write(url: str, var: Path, target: Path) -> dict[str, Any]:
    """Write the backup; its manifest. It is under its name only when it is whole. Raises Invalid, Conflict, OSError."""
    if target.exists():
        raise Invalid("file", str(target), "尚不存在的文件", label="备份文件")
    if not target.parent.is_dir():
        raise Invalid("file", str(target), "放在已有的文件夹里", label="备份文件")
    with TemporaryDirectory(dir=target.parent, prefix=".anlan-backup-") as work:
        dump, whole = Path(work) / DUMP, Path(work) / target.name
        call("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={dump}", f"--dbname={url}")
        members = {DUMP: dump, **copied(var, Path(work) / FILES)}
        known: dict[str, Any] = {}
        for name, path in members.items():
            with path.open("rb") as stream:
                size, sha256 = digest(stream)
            known[name] = {"size": size, "sha256": sha256}
        manifest = {
            "format": FORMAT, "anlan": version("anlan"), "at": clock.real_now().isoformat(timespec="seconds"), "members": known,
        }  # fmt: skip
        note = Path(work) / MANIFEST
        note.write_text(json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")
        with (
            os.fdopen(os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out,
            tarfile.open(fileobj=out, mode="w") as tar,
        ):
            for name, path in {MANIFEST: note, **members}.items():
                tar.add(path, name, recursive=False)
        whole.rename(target)
    return manifest


def unpack(source: Path, into: Path) -> dict[str, Any]:
    """Check and lay out a backup; its manifest. Raises Invalid naming what is damaged or does not belong."""
    try:
        with tarfile.open(source, mode="r:") as tar:
            lay_out(tar, into.resolve())
        manifest: dict[str, Any] = json.loads((into / MANIFEST).read_text(encoding="utf-8"))
        members = {str(name): (int(one["size"]), str(one["sha256"])) for name, one in manifest["members"].items()}
    except (tarfile.TarError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Invalid(
            "file", str(source), f"完整的备份文件（{type(error).__name__}：{error}）"[:200], label="备份文件"
        ) from error
    if manifest.get("format") != FORMAT:
        raise Invalid("format", manifest.get("format"), f"{FORMAT}（用写出它的版本恢复）", label="备份格式")
    there = {path.relative_to(into).as_posix() for path in into.rglob("*") if path.is_file()} - {MANIFEST}
    if wrong := sorted(there ^ members.keys()) or sorted(
        name for name in members if not same(into / name, members[name])
    ):
        raise Invalid("file", "、".join(wrong[:5]), "与清单一致的内容", label="备份文件")
    return manifest


def lay_out(tar: tarfile.TarFile, into: Path) -> None:
    """Plain files inside the folder, and nothing else. Raises ValueError."""
    for member in tar:
        place = (into / member.name).resolve()
        stream = tar.extractfile(member) if member.isfile() and place.is_relative_to(into) else None
        if stream is None:
            raise ValueError(f"{member.name} 不是备份中的文件")
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("wb") as out:
            shutil.copyfileobj(stream, out, CHUNK)
        place.chmod(member.mode & 0o755)


def same(path: Path, told: tuple[int, str]) -> bool:
    with path.open("rb") as stream:
        return digest(stream) == told


def read(source: Path, var: Path, url: str = "") -> dict[str, Any]:
    """Bring a backup into an empty folder and an empty database (without url: the embedded one there); its manifest."""
    if var.exists() and any(var.iterdir()):
        raise Invalid("ANLAN_VAR", str(var), "空的或尚不存在的文件夹", label="数据目录")
    var.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=var.parent, prefix=".anlan-restore-") as work:
        manifest = unpack(source, Path(work))
        url = url or embedded.database_url(var)
        if tables(url):
            raise Conflict("数据库不是空的", rule="只向空库恢复，不覆盖已有数据")
        # One transaction: a database that was half restored is an empty one.
        call("pg_restore", "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", f"--dbname={url}",
             str(Path(work) / DUMP))  # fmt: skip
        for path in sorted((Path(work) / FILES).rglob("*")):
            if path.is_file():
                place = var / path.relative_to(Path(work) / FILES)
                place.parent.mkdir(parents=True, exist_ok=True)
                path.rename(place)
    return manifest


def tables(url: str) -> int:
    with psycopg.connect(url) as connection:
        found = connection.execute("select count(*) from pg_tables where schemaname = 'public'").fetchone()
    return int(found[0]) if found else 0
