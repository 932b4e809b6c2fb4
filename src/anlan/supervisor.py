"""Everything on one machine under one parent: PostgreSQL, NATS, web, ingest, work.

A child that dies is started again (so `kill -9` of any of them is survivable); Ctrl-C or SIGTERM stops all, the
gateway first, so that nothing is accepted that could not be kept.
"""

from __future__ import annotations

import ctypes
import json
import logging
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from anlan import embedded, sandbox

log = logging.getLogger(__name__)
PR_SET_PDEATHSIG = 1
RESTART_WAIT_S = 1.0
STOP_WAIT_S = 10.0


#: Ports this process has claimed, each with the socket that says so.
_claims: dict[int, socket.socket] = {}


def claim(port: int) -> bool:
    """Tell the other installations on this machine that we will listen there, until `release` or the end of the process.

    Between choosing a port and listening on it there are seconds (migrations, loading the city); two installations started
    together would choose the same. The claim is a name in Linux' abstract socket space: the kernel drops it with us.
    """
    if port in _claims or sys.platform != "linux":
        return True
    mark = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        mark.bind(f"\0anlan-port-{port}")
    except OSError:
        mark.close()
        return False
    _claims[port] = mark
    return True


def release(port: int) -> None:
    """Give a claimed port back."""
    if mark := _claims.pop(port, None):
        mark.close()


def free_port(wanted: int, taken: set[int]) -> int:
    """`wanted`, or the next port that nobody listens on and no other installation has chosen; claimed for us."""
    for port in range(wanted, wanted + 200):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in taken and claim(port):
            taken.add(port)
            return port
    raise OSError(f"端口 {wanted} 至 {wanted + 199} 全被占用")


def listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def die_with_parent() -> None:
    """Linux: the child gets SIGTERM when the supervisor dies, however it dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Child:
    """One supervised process."""

    name: str
    command: list[str]
    ready: Callable[[], bool]
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0

    def start(self, env: dict[str, str], logs: Path) -> None:
        with (logs / f"{self.name}.log").open("ab") as out:
            self.process = subprocess.Popen(
                self.command,
                env=env,
                stdout=out,
                stderr=out,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - nothing is threaded before exec
            )
        self.starts += 1

    def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_WAIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@dataclass
class Ports:
    """TCP ports of one installation; taken ones are stepped over."""

    web: int
    nats: int
    mqtt: int
    monitor: int
    sl651: int

    @classmethod
    def choose(cls, web: int) -> Ports:
        taken: set[int] = set()
        return cls(*(free_port(port, taken) for port in (web, 4222, 1883, 8222, 5651)))


@dataclass
class Supervisor:
    """Start with `start()`, wait with `watch()`, end with `stop()`."""

    var: Path
    web_port: int = 8000
    host: str = "127.0.0.1"
    children: list[Child] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=dict)
    stopping: threading.Event = field(default_factory=threading.Event)

    def start(self, prepare: Callable[[], None]) -> None:
        """Bring up the servers, run `prepare` (migrations, city data) against them, then our roles."""
        self.var.mkdir(parents=True, exist_ok=True)
        self.ports = Ports.choose(self.web_port)
        self.env = dict(os.environ, ANLAN_VAR=str(self.var))
        self._tell_sandbox()
        self.own_database = "ANLAN_DATABASE_URL" not in self.env
        if self.own_database:
            self.env["ANLAN_DATABASE_URL"] = embedded.database_url(self.var)
        if "ANLAN_NATS_URL" not in self.env:
            self._start_nats()
        os.environ.update(self.env)
        prepare()
        # Preparing may have taken a while; another program, which knows nothing of claims, may listen there by now.
        self.ports.sl651 = free_port(self.ports.sl651, set())
        self.ports.web = free_port(self.ports.web, set())
        self.env["ANLAN_SL651_PORT"] = os.environ["ANLAN_SL651_PORT"] = str(self.ports.sl651)
        self._tell_sandbox()
        anlan = [sys.executable, "-m", "anlan"]
        self._start("work", [*anlan, "work"], self._ready_file("work"))
        self._start("ingest", [*anlan, "ingest"], self._ready_file("ingest"))
        web = [*anlan, "serve", "--host", self.host, "--port", str(self.ports.web)]
        self._start("web", web, lambda: listening(self.ports.web))
        self.wait_ready()
        self._write_run_file()

    def _tell_sandbox(self) -> None:
        """A drill's sandbox may connect to its own ports and to nothing else."""
        if sandbox.name():
            own = ",".join(str(port) for port in vars(self.ports).values())
            self.env[sandbox.PORTS] = os.environ[sandbox.PORTS] = own

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.ports.web}"

    def _start_nats(self) -> None:
        secret = self.var / "nats_token"
        if not secret.exists():
            secret.write_text(secrets.token_hex(16), encoding="ascii")
            secret.chmod(0o600)
        token = secret.read_text(encoding="ascii").strip()
        ports = embedded.NatsPorts(self.ports.nats, self.ports.mqtt, self.ports.monitor)
        config = embedded.nats_config(self.var, ports, token)
        self.env["ANLAN_NATS_URL"] = embedded.nats_url(ports, token)
        self.env["ANLAN_MQTT_PORT"] = str(ports.mqtt)
        self.env["ANLAN_MQTT_PASSWORD"] = token
        self._start("nats", [embedded.nats_command(), "-c", str(config)], lambda: listening(ports.client))
        self.wait_ready()

    def _ready_file(self, name: str) -> Callable[[], bool]:
        file = self.var / "run" / f"{name}.ready"
        file.parent.mkdir(exist_ok=True)
        file.unlink(missing_ok=True)
        return file.exists

    def _start(self, name: str, command: list[str], ready: Callable[[], bool]) -> None:
        child = Child(name, command, ready)
        logs = self.var / "log"
        logs.mkdir(exist_ok=True)
        child.start(self.env, logs)
        self.children.append(child)

    def wait_ready(self, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        for child in self.children:
            while not child.ready():
                died = child.process is not None and child.process.poll() is not None
                if died or time.monotonic() > deadline:
                    tail = (self.var / "log" / f"{child.name}.log").read_text(errors="replace")[-1500:]
                    raise RuntimeError(f"{child.name} {'启动即退出' if died else '在规定时间内未就绪'}：\n{tail}")
                time.sleep(0.05)

    def watch(self) -> None:
        """Until `stop`: start again whatever died."""
        while not self.stopping.wait(0.25):
            if self.own_database:
                embedded.revive_database(self.var)
            for child in self.children:
                if child.process is not None and child.process.poll() is not None and not self.stopping.is_set():
                    log.warning("%s ended with %s, starting it again", child.name, child.process.returncode)
                    self.stopping.wait(RESTART_WAIT_S)
                    child.start(self.env, self.var / "log")

    def _write_run_file(self) -> None:
        """What runs where, for `anlan doctor` and for tests that kill things."""
        pids = {child.name: child.process.pid for child in self.children if child.process}
        run = {"url": self.url, "ports": vars(self.ports), "pids": pids, "supervisor": os.getpid()}
        (self.var / "run" / "run.json").write_text(json.dumps(run), encoding="utf-8")

    def stop(self) -> None:
        """Gateway, web and worker first, the servers they stand on last."""
        self.stopping.set()
        for name in ("ingest", "web", "work", "nats"):
            for child in self.children:
                if child.name == name:
                    child.stop()
        (self.var / "run" / "run.json").unlink(missing_ok=True)
        for port in vars(self.ports).values() if hasattr(self, "ports") else ():
            release(port)


def handle_signals(stop: threading.Event) -> None:
    """SIGTERM and SIGINT set `stop`; the main thread ends in its own time."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
