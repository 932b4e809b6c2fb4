"""CAP Composer on a PostgreSQL with PostGIS of its own, for as long as it is measured."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench._peers import ABSENT, ROOT, installed

PYTHON = ROOT / "var" / "peers" / "cap-composer" / "bin" / "python"
PEERS = ROOT / "bench" / "peers"


def programs() -> Path | None:
    """Where the system's PostgreSQL that has PostGIS keeps its programs."""
    for control in sorted(Path("/usr/share/postgresql").glob("*/extension/postgis.control"), reverse=True):
        found = Path("/usr/lib/postgresql") / control.parts[4] / "bin"
        if (found / "initdb").exists():
            return found
    return None


def as_somebody(command: Sequence[str | Path]) -> None:
    """PostgreSQL refuses to be root."""
    who = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"] if os.geteuid() == 0 else []
    subprocess.run([*who, *command], check=True, stdout=subprocess.DEVNULL)


@contextmanager
def postgis(folder: Path, found: Path) -> Iterator[str]:
    """An empty database `peer`; its URL."""
    data, options = folder / "data", f"-k {folder} -c listen_addresses=''"
    as_somebody([found / "initdb", "-D", data, "-A", "trust", "-U", "peer"])
    as_somebody([found / "pg_ctl", "-D", data, "-o", options, "-w", "-l", folder / "log", "start"])
    try:
        for name, words in (("postgres", "create database peer"), ("peer", "create extension postgis")):
            subprocess.run([found / "psql", "-h", folder, "-U", "peer", "-d", name, "-qc", words], check=True)
        yield f"postgis://peer@/peer?host={folder}"
    finally:
        as_somebody([found / "pg_ctl", "-D", data, "-m", "immediate", "stop"])


def measured(documents: Sequence[bytes]) -> dict[str, Any] | None:
    """What bench/peers/cap_composer_alerts.py says of these documents; None = it is not there."""
    found = programs()
    if not installed("CAP Composer", "cap_composer.sh", PYTHON):
        return None
    if found is None:
        ABSENT.append("CAP Composer: no PostgreSQL of the system with PostGIS")
        return None
    with tempfile.TemporaryDirectory(dir="/tmp") as given:  # its server's socket: a short path that its user may enter
        folder = Path(given)
        folder.chmod(0o755)
        (folder / "caps").mkdir()
        (folder / "pg").mkdir()
        if os.geteuid() == 0:
            shutil.chown(folder / "pg", "postgres")
        for n, document in enumerate(documents):
            (folder / "caps" / f"{n:05}.xml").write_bytes(document)
        with postgis(folder / "pg", found) as url:
            env = {**os.environ, "PEER_DATABASE": url, "PEER_MEDIA": given, "PYTHONPATH": str(PEERS)}
            env["DJANGO_SETTINGS_MODULE"] = "cap_composer_site"
            command = [str(PYTHON), str(PEERS / "cap_composer_alerts.py"), str(folder / "caps")]
            done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        ABSENT.append(f"CAP Composer: {done.stderr[-300:].strip()}")
        return None
    return dict(json.loads(done.stdout.strip().rpartition("\n")[2]))
