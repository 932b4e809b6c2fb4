"""A real winter of ice, played twice on one database: the second time is later and nothing of it is read twice.

The second time as `make demo` plays it for a person: it goes on until Ctrl-C, and then nothing of it is left.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import pytest

from anlan.supervisor import listening
from tests.acceptance.conftest import own_environment
from tests.acceptance.playing import prove

pytestmark = [pytest.mark.acceptance, pytest.mark.slow, pytest.mark.timeout(600)]
PORT = 15630


class Demo:
    """`anlan demo` in a process group of its own, as a terminal starts it, and what it has said so far."""

    def __init__(self, scenario: str, var: Path, port: int) -> None:
        command = [sys.executable, "-m", "anlan", "demo", "--scenario", scenario, "--port", str(port)]
        self.process = subprocess.Popen(
            command, env=own_environment(var) | {"COLUMNS": "200"}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True,
        )  # fmt: skip
        self.said: list[str] = []
        self.heard = threading.Condition()
        self.reading = threading.Thread(target=self._read, daemon=True)
        self.reading.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self.heard:
                self.said.append(line.rstrip())
                self.heard.notify_all()
        with self.heard:
            self.heard.notify_all()

    def until(self, words: str, seconds: float = 300) -> str:
        """The line that says it."""

        def found() -> str | None:
            return next((line for line in self.said if re.search(words, line)), None)

        with self.heard:
            self.heard.wait_for(lambda: found() or self.process.poll() is not None, seconds)
            line = found()
        assert line, f"{words} was not said: {self.said[-30:]}"
        return line

    def interrupt(self, seconds: float = 60) -> int:
        """Ctrl-C: the terminal tells the whole process group in front."""
        os.killpg(self.process.pid, signal.SIGINT)
        code = self.process.wait(seconds)
        self.reading.join(seconds)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


def processes_of(demo: Demo, var: Path) -> list[psutil.Process]:
    """Its descendants, and whoever names its folder: the database is nobody's child."""
    own = psutil.Process(demo.process.pid)
    named = [p for p in psutil.process_iter(["cmdline"]) if str(var) in " ".join(p.info["cmdline"] or ())]
    return [own, *own.children(recursive=True), *named]


def runs(process: psutil.Process) -> bool:
    """A zombie has ended; in a container nobody may have asked how."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_real_stages_of_a_jam_winter_raise_the_alarm_the_flow_would_not(
    loaded_var: Callable[[Path], Path], tmp_path: Path
) -> None:
    """YRCC 2014-12-17: 1052.95 m at 435 m3/s, against 1050.49 m at 700 m3/s three days before."""
    var = loaded_var(tmp_path / "var")
    assert prove("ice-jam", var, PORT)["links"]["observation"]
    # The same history once more on the same database: an hour of one winter is not read twice, so it is a week later.
    demo = Demo("ice-jam", var, PORT)
    try:
        url = demo.until("安澜已启动").split()[-1]
        assert httpx.get(f"{url}/login", follow_redirects=True, trust_env=False, timeout=60).status_code == 200
        demo.until("本次按原始资料顺延 1 周重演")
        assert "全链路完成" in demo.until("全链路完成|未完成")
        for words in ("演示账号", "zhiban", rf"打开 {url} ", "停止：Ctrl-C", "其他场景"):
            demo.until(words, 60)
        page = httpx.get(f"{url}/login", follow_redirects=True, trust_env=False, timeout=60)
        assert "安澜" in page.text
        assert demo.process.poll() is None, "it goes on until it is told to stop"
        running = processes_of(demo, var)
        names = {process.name() for process in running}
        assert {"postgres", "nats-server"} <= names, names
        ports = {c.laddr.port for p in running for c in p.net_connections("tcp") if c.status == psutil.CONN_LISTEN}
        assert int(url.rsplit(":", 1)[1]) in ports
        assert demo.interrupt() == 0, demo.said[-30:]
    finally:
        if demo.process.poll() is None:
            demo.process.terminate()
            demo.process.wait(60)
    assert "正在停止" in demo.said[-1]
    assert [process for process in running if runs(process)] == []
    assert [port for port in sorted(ports) if listening(port)] == []
    assert not (var / "run" / "run.json").exists()
