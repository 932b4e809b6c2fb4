"""What an installation that was killed leaves behind, and what the next start makes of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from anlan import predecessor

MARK = "{pid}\n/data\n1700000000\n5432\n/tmp\n\n  123 0\nready\n"


def test_two_installations_never_run_on_one_folder(tmp_path: Path) -> None:
    held = predecessor.hold(tmp_path)
    with pytest.raises(RuntimeError, match="正在启动或停止"):
        predecessor.hold(tmp_path)
    predecessor.run_file(tmp_path).write_text(json.dumps({"url": "http://127.0.0.1:8000"}), encoding="utf-8")
    with pytest.raises(RuntimeError, match=r"已在运行：http://127\.0\.0\.1:8000"):
        predecessor.hold(tmp_path)
    held.close()
    predecessor.hold(tmp_path).close()


def test_the_next_start_waits_for_the_last_children_and_ends_who_does_not_end(tmp_path: Path) -> None:
    deaf = (
        "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(600)"
    )
    child = subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    file = predecessor.run_file(tmp_path)
    file.parent.mkdir()
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    file.write_text(json.dumps({"pids": {"nats": child.pid, "web": gone.pid}}), encoding="utf-8")
    assert predecessor.outlive(tmp_path, 0.2) == ["nats"]
    child.stdout.close()
    child.wait(10)
    assert not file.exists()
    assert predecessor.outlive(tmp_path) == []


def test_a_number_that_another_program_has_by_now_is_left_alone(tmp_path: Path) -> None:
    file = predecessor.run_file(tmp_path)
    file.parent.mkdir()
    file.write_text(json.dumps({"pids": {"nats": os.getpid()}}), encoding="utf-8")
    before = time.time() - 10 * 365 * 86400
    os.utime(file, (before, before))
    assert predecessor.outlive(tmp_path, 0.1) == []


def test_marks_of_a_database_that_no_longer_runs_keep_nobody_out(tmp_path: Path) -> None:
    mark, holders = tmp_path / "postmaster.pid", tmp_path / ".handle_pids.json"
    predecessor.clear_database_marks(tmp_path)
    mark.write_text(MARK.format(pid=os.getpid()), encoding="utf-8")
    holders.write_text(json.dumps([os.getpid(), int(predecessor.NOBODY)]), encoding="ascii")
    assert not predecessor.serves(tmp_path)
    predecessor.clear_database_marks(tmp_path)
    assert mark.read_text(encoding="utf-8") == MARK.format(pid=predecessor.NOBODY)
    assert json.loads(holders.read_text(encoding="ascii")) == [os.getpid()]
    for torn in ("", "12\n/data\n", "x"):
        mark.write_text(torn, encoding="utf-8")
        holders.write_text("[1", encoding="ascii")
        predecessor.clear_database_marks(tmp_path)
        assert not mark.exists()
        assert json.loads(holders.read_text(encoding="ascii")) == []
