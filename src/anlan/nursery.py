"""The process our roles are forked from: it has imported everything once, so a role starts (and starts again) at once.

Importing costs each role seconds of a core. Here it is done once, beside the start of the database and the loading of the
city; what is forked shares those pages of memory. Only Linux has what this needs (process file descriptors, the signal at a
parent's death); elsewhere, and in a drill's sandbox, whose guard must be in place before anything is imported, `Process`es
are started the plain way.

Orders and reports are lines of JSON over two pipes: in `{"env"}`, then `{"start", "args", "env", "log"}` any number of times;
out `{"pid"}` for each start and `{"pid", "code"}` for each end.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import io
import json
import os
import runpy
import selectors
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any, Protocol

PR_SET_PDEATHSIG, PR_SET_NAME = 1, 15
#: Imported before the settings are known: what takes longest and reads no environment of ours.
LIBRARIES = (
    "numba", "scipy.special", "scipy.optimize", "matplotlib.figure", "docx", "openpyxl", "django.db.models", "pydantic", "httpx",
    "uvicorn", "nats", "psycopg", "shapely", "rustworkx",
)  # fmt: skip
OWN = ("anlan.cli.work", "anlan.cli.ingest", "anlan.cli.serve", "anlan.gateways.ingest", "anlan.web.asgi")


def usable() -> bool:
    """Whether roles can be forked on this system."""
    return sys.platform == "linux" and hasattr(os, "pidfd_open")


def die_with_parent() -> None:
    """Linux: the process gets SIGTERM when its parent dies, however it dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Process(Protocol):
    """What the supervisor asks of a child, however it was started: a part of `subprocess.Popen`."""

    pid: int
    returncode: int | None

    def poll(self) -> int | None: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...
    def wait(self, timeout: float | None = None) -> int: ...


class Forked:
    """A role that the nursery forked."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self.ended = threading.Event()

    def end(self, code: int) -> None:
        self.returncode = code
        self.ended.set()

    def poll(self) -> int | None:
        return self.returncode

    def send(self, number: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send(signal.SIGTERM)

    def kill(self) -> None:
        self.send(signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        if not self.ended.wait(timeout):
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        assert self.returncode is not None
        return self.returncode


class Nursery:
    """The supervisor's side. `prepare` may run long before the first `start`, and should."""

    def __init__(self, env: dict[str, str], log: Path) -> None:
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "anlan.nursery"], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=out,
                text=True, start_new_session=True, preexec_fn=die_with_parent,  # noqa: PLW1509 - nothing is threaded before exec
            )  # fmt: skip
        self.forked: dict[int, Forked] = {}
        self.born: list[Forked] = []
        self.told = threading.Condition()
        self.listening = threading.Thread(target=self._listen, name="nursery", daemon=True)
        self.listening.start()

    def alive(self) -> bool:
        return self.process.poll() is None

    def prepare(self, env: dict[str, str]) -> None:
        """Tell the settings; it imports our own modules now."""
        self._order({"env": env})

    def start(self, args: list[str], env: dict[str, str], log: Path) -> Forked:
        """Fork a role: `args` as after `anlan`. Raises OSError when the nursery has died."""
        with self.told:
            before = len(self.born)
            self._order({"start": args[0], "args": args, "env": env, "log": str(log)})
            self.told.wait_for(lambda: len(self.born) > before or not self.alive())
            if len(self.born) == before:
                raise OSError("预载进程已退出，见 log/nursery.log")
            return self.born[-1]

    def _order(self, order: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            report = json.loads(line)
            with self.told:
                if "code" in report:
                    self.forked.pop(report["pid"]).end(report["code"])
                else:
                    self.forked[report["pid"]] = Forked(report["pid"])
                    self.born.append(self.forked[report["pid"]])
                self.told.notify_all()
        # The roles get SIGTERM from the kernel when the nursery is gone; who waits for them must not wait for ever.
        self.process.wait()
        with self.told:
            for one in self.forked.values():
                one.end(-signal.SIGTERM)
            self.forked.clear()
            self.told.notify_all()

    def stop(self, seconds: float = 5) -> None:
        """After its roles have ended."""
        if self.process.stdin is not None:
            # what could not be told to a dead nursery is still in the pipe's buffer
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.close()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.listening.join(seconds)
        if self.process.stdout is not None:
            self.process.stdout.close()


class Cot:
    """The nursery's own side: reads orders, forks, reports ends."""

    def __init__(self, orders: io.FileIO, reports: IO[str]) -> None:
        #: Unbuffered: a line that waited in a buffer of ours would not wake `select`.
        self.orders, self.reports = orders, reports
        self.watched = selectors.DefaultSelector()
        self.watched.register(orders, selectors.EVENT_READ)

    def report(self, **values: int) -> None:
        self.reports.write(json.dumps(values) + "\n")
        self.reports.flush()

    def serve(self) -> list[str] | None:
        """None at the end of the orders; in a forked child the arguments of its role."""
        while True:
            for key, _ in self.watched.select():
                if key.fileobj is not self.orders:
                    self._bury(key.fd, key.data)
                    continue
                line = self.orders.readline()
                if not line:
                    return None
                if args := self._obey(json.loads(line)):
                    return args

    def _obey(self, order: dict[str, Any]) -> list[str] | None:
        if "start" not in order:
            os.environ.clear()
            os.environ.update(order["env"])
            load_own()
            return None
        parent = os.getpid()
        pid = os.fork()
        if pid:
            self.report(pid=pid)
            self.watched.register(os.pidfd_open(pid), selectors.EVENT_READ, pid)
            return None
        for key in list(self.watched.get_map().values()):
            if key.fileobj is not self.orders:
                os.close(key.fd)
        self.watched.close()
        become(order, parent)
        return list(order["args"])

    def _bury(self, descriptor: int, pid: int) -> None:
        self.watched.unregister(descriptor)
        os.close(descriptor)
        _, status = os.waitpid(pid, 0)
        self.report(pid=pid, code=os.waitstatus_to_exitcode(status))


def load_own() -> None:
    """Everything our roles import, without a connection to anything."""
    import django  # noqa: PLC0415 - the settings must be known first

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "anlan.settings")
    django.setup()
    from django.urls import get_resolver  # noqa: PLC0415 - as above

    for name in OWN:
        importlib.import_module(name)
    _ = get_resolver().url_patterns
    gc.collect()
    # What is there now is never garbage: leaving it alone keeps its pages shared.
    gc.freeze()


def become(order: dict[str, Any], parent: int) -> None:
    """In the child: its own session, streams, environment and name."""
    os.setsid()
    die_with_parent()
    if os.getppid() != parent:
        os._exit(1)
    out = os.open(order["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    empty = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((empty, 0), (out, 1), (out, 2)):
        os.dup2(source, target)
    os.close(out)
    os.close(empty)
    os.environ.clear()
    os.environ.update(order["env"])
    sys.argv = ["anlan", *order["args"]]
    ctypes.CDLL(None).prctl(PR_SET_NAME, f"anlan {order['start']}"[:15].encode())


def main() -> int:
    # Nothing imported may write among the reports: standard output becomes the log, the pipe gets a number of its own.
    reports = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    orders = io.FileIO(os.dup(0))
    # Who of them asks for the settings now would get those of no installation: better no nursery.
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)
    for name in LIBRARIES:
        importlib.import_module(name)
    if Cot(orders, reports).serve() is None:
        return 0
    reports.close()
    orders.close()
    # the command line, as if the child had been started with it
    runpy.run_module("anlan", run_name="__main__", alter_sys=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
