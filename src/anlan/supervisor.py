"""Everything on one machine under one parent: PostgreSQL, NATS, web, ingest, work.

A child that dies is started again (so `kill -9` of any of them is survivable); Ctrl-C or SIGTERM stops all, the
gateway first, so that nothing is accepted that could not be kept.
"""

from __future__ import annotations

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
from typing import IO

from anlan import embedded, predecessor, sandbox
from anlan.nursery import Nursery, Process, die_with_parent, usable

log = logging.getLogger(__name__)
ANLAN = "anlan"
#: What had run for so long and died is started again at once; what dies sooner, after this pause.
STEADY_S, RESTART_WAIT_S = 10.0, 1.0
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


@dataclass
class Child:
    """One supervised process."""

    name: str
    command: list[str]
    ready: Callable[[], bool]
    process: Process | None = None
    starts: int = 0
    started_at: float = 0.0

    def start(self, env: dict[str, str], logs: Path, nursery: Nursery | None) -> None:
        """A program of its own, or (`command` begins with `anlan`) a role out of the nursery."""
        log = logs / f"{self.name}.log"
        role = self.command[0] == ANLAN
        if role and nursery is not None:
            self.process = nursery.start(self.command[1:], env, log)
        else:
            command = [sys.executable, "-m", *self.command] if role else self.command
            with log.open("ab") as out:
                self.process = subprocess.Popen(
                    command, env=env, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True,
                    preexec_fn=die_with_parent,  # noqa: PLW1509 - nothing is threaded before exec
                )  # fmt: skip
        self.starts += 1
        self.started_at = time.monotonic()

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
    demo_accounts: bool = False
    children: list[Child] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=dict)
    stopping: threading.Event = field(default_factory=threading.Event)
    nursery: Nursery | None = None
    #: The right to run on `var`, while we have it.
    held: IO[str] | None = None

    def start(self, prepare: Callable[[], None] | None = None) -> bool:
        """Bring up the servers, run `anlan prepare` (or another preparation) against them, then our roles.

        False when it was told to stop before the roles were started. CannotRun when another one runs on this folder.
        """
        self.held = predecessor.hold(self.var)
        if left := predecessor.outlive(self.var):
            log.warning("the last supervisor was killed; waited for the end of %s", ", ".join(left))
        self.ports = Ports.choose(self.web_port)
        self.env = dict(os.environ, ANLAN_VAR=str(self.var))
        if self.demo_accounts:
            self.env["ANLAN_DEMO_ACCOUNTS"] = "1"
        self.env.setdefault("ANLAN_SANDBOX_HOST", self.host)
        self._tell_sandbox()
        self._open_nursery()
        self.own_database = "ANLAN_DATABASE_URL" not in self.env
        if self.own_database:
            self.env["ANLAN_DATABASE_URL"] = embedded.database_url(self.var)
        if "ANLAN_NATS_URL" not in self.env:
            self._start_nats()
        os.environ.update(self.env)
        if self.nursery is not None:
            self.nursery.prepare(self.env)
        if prepare is None:
            self._prepare()
        else:
            prepare()
        if self.stopping.is_set():
            return False
        # Preparing may have taken a while; another program, which knows nothing of claims, may listen there by now.
        self.ports.sl651 = free_port(self.ports.sl651, set())
        self.ports.web = free_port(self.ports.web, set())
        self.env["ANLAN_SL651_PORT"] = os.environ["ANLAN_SL651_PORT"] = str(self.ports.sl651)
        self._tell_sandbox()
        self._start("work", [ANLAN, "work"], self._ready_file("work"))
        self._start("ingest", [ANLAN, "ingest"], self._ready_file("ingest"))
        web = [ANLAN, "serve", "--host", self.host, "--port", str(self.ports.web)]
        self._start("web", web, lambda: listening(self.ports.web))
        self.wait_ready()
        return True

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
        child.start(self.env, self._logs(), self.nursery)
        self.children.append(child)
        self._write_run_file()

    def _prepare(self) -> None:
        """Raises CannotRun with the last words of the preparation when it fails."""
        child = Child("prepare", [ANLAN, "prepare"], lambda: True)
        child.start(self.env, self._logs(), self.nursery)
        while child.process is not None and child.process.poll() is None:
            if self.stopping.wait(0.05):
                child.stop()
        if self.stopping.is_set():
            return
        if child.process is None or child.process.returncode != 0:
            raise predecessor.CannotRun(f"建表或装载城市失败：\n{self._tail('prepare')}")

    def _tail(self, name: str) -> str:
        return (self.var / "log" / f"{name}.log").read_text(encoding="utf-8", errors="replace")[-1500:]

    def _logs(self) -> Path:
        logs = self.var / "log"
        logs.mkdir(exist_ok=True)
        return logs

    def _open_nursery(self) -> None:
        """It begins to import at once, beside all that follows. A sandbox guards each of its processes from their first line."""
        if usable() and not sandbox.name():
            self.nursery = Nursery(self.env, self._logs() / "nursery.log")

    def wait_ready(self, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        for child in self.children:
            while not child.ready():
                died = child.process is not None and child.process.poll() is not None
                if died or time.monotonic() > deadline:
                    ended = "启动即退出" if died else "在规定时间内未就绪"
                    raise predecessor.CannotRun(f"{child.name} {ended}：\n{self._tail(child.name)}")
                time.sleep(0.05)

    def watch(self) -> None:
        """Until `stop`: start again whatever died."""
        while not self.stopping.wait(0.25):
            if self.own_database:
                embedded.revive_database(self.var)
            for child in self.children:
                if child.process is not None and child.process.poll() is not None and not self.stopping.is_set():
                    log.warning("%s ended with %s, starting it again", child.name, child.process.returncode)
                    if time.monotonic() - child.started_at < STEADY_S:
                        self.stopping.wait(RESTART_WAIT_S)
                    self._revive_nursery()
                    child.start(self.env, self._logs(), self.nursery)
                    self._write_run_file()

    def _revive_nursery(self) -> None:
        """Roles end with the nursery they came from; they start again out of a new one."""
        if self.nursery is not None and not self.nursery.alive():
            self._open_nursery()
            self.nursery.prepare(self.env)

    def _write_run_file(self) -> None:
        """What runs where: for the next start, should this one be killed, and for tests that kill things."""
        pids = {child.name: child.process.pid for child in self.children if child.process}
        run = {"url": self.url, "ports": vars(self.ports), "pids": pids, "supervisor": os.getpid()}
        beside = self.var / "run" / "run.json.new"
        beside.write_text(json.dumps(run), encoding="utf-8")
        beside.replace(predecessor.run_file(self.var))

    def stop(self) -> None:
        """Gateway, web and worker first, the servers they stand on last."""
        self.stopping.set()
        if self.held is None:
            return
        for name in ("ingest", "web", "work", "nats"):
            for child in self.children:
                if child.name == name:
                    child.stop()
        if self.nursery is not None:
            self.nursery.stop()
        predecessor.run_file(self.var).unlink(missing_ok=True)
        self.held.close()
        self.held = None
        for port in vars(self.ports).values() if hasattr(self, "ports") else ():
            release(port)


def handle_signals(stop: threading.Event) -> None:
    """SIGTERM and SIGINT set `stop`; the main thread ends in its own time."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
