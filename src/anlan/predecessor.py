"""What an installation left behind that ended without stopping (kill -9, power cut), cleared before the next one starts.

Numbers of processes are used again, soonest after a restart of the machine: one that another program has by now must not pass
for our own, nor keep the next start from coming up. And what is still ending must have ended before it is started again: two
brokers on one folder of messages would spoil it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
from pathlib import Path
from typing import IO

import psutil  # comes with the embedded PostgreSQL, which keeps its own marks by it

#: They have had their SIGTERM since the supervisor died; what the log has is safe from the SIGKILL that follows.
END_WAIT_S = 8.0
#: A number no process can have (Linux: at most 2**22), and the lines of a mark that was written to its end.
NOBODY, MARK_LINES = str(2**31 - 1), 8


class CannotRun(RuntimeError):
    """The installation cannot be brought up here; the message says why."""


def run_file(var: Path) -> Path:
    return var / "run" / "run.json"


def hold(var: Path) -> IO[str]:
    """The only right to run on this folder; the kernel takes it back however the process ends. Raises CannotRun."""
    (var / "run").mkdir(parents=True, exist_ok=True)
    mark = (var / "run" / "lock").open("a", encoding="ascii")
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        mark.close()
        with contextlib.suppress(OSError, ValueError):
            url = json.loads(run_file(var).read_text(encoding="utf-8"))["url"]
            raise CannotRun(f"数据目录 {var} 里的安澜已在运行：{url}") from error
        raise CannotRun(f"数据目录 {var} 里的安澜正在启动或停止，请稍后再试") from error
    return mark


def outlive(var: Path, seconds: float = END_WAIT_S) -> list[str]:
    """Wait for the children of a killed supervisor; who does not end in time is killed. Names of those that still ran."""
    file = run_file(var)
    try:
        run, since = json.loads(file.read_text(encoding="utf-8")), file.stat().st_mtime
    except (OSError, ValueError):
        return []
    left = {process.pid: process for pid in run["pids"].values() if (process := living(pid, since))}
    _, stubborn = psutil.wait_procs(list(left.values()), timeout=seconds)
    for process in stubborn:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn, timeout=seconds)
    file.unlink(missing_ok=True)
    return sorted(name for name, pid in run["pids"].items() if pid in left)


def living(pid: int, since: float) -> psutil.Process | None:
    """The process of this number if it is the one that had it when the number was written down (`since`, s)."""
    try:
        process = psutil.Process(pid)
        # The kernel counts in hundredths of a second since its start, which is itself known to about one.
        if process.create_time() <= since + 1 and process.status() != psutil.STATUS_ZOMBIE:
            return process
    except psutil.Error:
        pass
    return None


def clear_database_marks(data: Path) -> None:
    """The number of a server that no longer runs, and those of programs that used it and can no longer let go of it."""
    mark, holders = data / "postmaster.pid", data / ".handle_pids.json"
    with contextlib.suppress(FileNotFoundError):
        lines = mark.read_text(encoding="utf-8", errors="replace").splitlines()
        if not is_server_of(lines[0] if lines else "", data):
            disown(mark, lines)
    with contextlib.suppress(FileNotFoundError):
        since = holders.stat().st_mtime
        try:
            known = [int(pid) for pid in json.loads(holders.read_text(encoding="ascii"))]
        except (ValueError, TypeError):
            known = []
        holders.write_text(json.dumps([pid for pid in known if living(pid, since)]), encoding="ascii")


def disown(mark: Path, lines: list[str]) -> None:
    """The server's other lines stay: by them a new one sees that processes of the old one still have its memory, and waits."""
    if len(lines) != MARK_LINES:
        mark.unlink()
    elif lines[0] != NOBODY:
        mark.write_text("\n".join([NOBODY, *lines[1:]]) + "\n", encoding="utf-8")


def serves(data: Path) -> bool:
    """Whether the server of this folder runs."""
    try:
        return is_server_of(
            (data / "postmaster.pid").read_text(encoding="utf-8", errors="replace").split("\n", 1)[0], data
        )
    except OSError:
        return False


def is_server_of(pid: str, data: Path) -> bool:
    try:
        process = psutil.Process(int(pid))
        return process.name().startswith("postgres") and str(data.resolve()) in " ".join(process.cmdline())
    except (ValueError, psutil.Error):
        return False
