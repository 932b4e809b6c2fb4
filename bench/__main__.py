"""`make bench`: every workload beside its peer in the same run, as ratios.

A workload is a module of this folder with `run() -> list[dict]`; the fields of a row are those of docs/benchmarks.md.
Agreement of results is checked inside the workload before anything is timed.
"""

from __future__ import annotations

import argparse
import json
import os
import pkgutil
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

HERE = Path(__file__).resolve().parent
# The peers' environments are made by uv: the machine's, or the project's own.
os.environ["PATH"] = os.pathsep.join([os.environ.get("PATH", ""), str(HERE.parent / ".uv" / "bin")])
CPUINFO = Path("/proc/cpuinfo")
COLUMNS = ["name", "work", "agreement", "ours", "peer", "peer_name", "unit", "ratio", "goal", "met"]


def workloads() -> list[str]:
    return sorted(m.name for m in pkgutil.iter_modules([str(HERE)]) if not m.name.startswith("_"))


def shown(value: Any) -> str:
    return f"{value:,.4g}" if isinstance(value, float) else str(value)


def bounded(row: dict[str, Any], limit: dict[str, Any]) -> str:
    """What no program could beat on this machine, and how much of it was reached."""
    return f"{row['name']}: bound {limit['name']}: {shown(limit['value'])}, of which {limit['fraction']:.0%} reached"


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--only", default="", help="逗号分隔的项目名")
    parser.add_argument("--write", action="store_true", help="把结果表写入 docs/benchmarks.md")
    args = parser.parse_args()
    only = [name for name in args.only.split(",") if name]
    rows: list[dict[str, Any]] = []
    absent: list[str] = []
    for name in only or workloads():
        measured, missing = rows_of(name)
        rows, absent = rows + measured, absent + missing
    (HERE / "results.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
    table = Table(*COLUMNS)
    for row in rows:
        table.add_row(*(shown(row.get(column, "")) for column in COLUMNS))
    Console(width=200).print(table)
    for row in rows:
        if limit := row.get("limit"):
            print(bounded(row, limit))
    if args.write:
        write_page(rows)
    for line in absent:
        print(f"未比较 {line}")
    return 1 if absent else 0


def rows_of(name: str) -> tuple[list[dict[str, Any]], list[str]]:
    """What a workload measured, and what it could not. One that fails does not keep the others from running."""
    with tempfile.NamedTemporaryFile(suffix=".json") as said:
        done = subprocess.run([sys.executable, "-m", "bench._one", name, said.name], cwd=HERE.parent, check=False)
        text = Path(said.name).read_text(encoding="utf-8")
    if not text:
        return [], [f"{name}: ended with {done.returncode}"]
    found = json.loads(text)
    return found["rows"], found["absent"] or ([] if found["rows"] else [f"{name}: no row"])


def write_page(rows: list[dict[str, Any]]) -> None:
    """The last full table, with the machine it ran on."""
    model = next(
        (line.split(":", 1)[1].strip() for line in CPUINFO.open() if line.startswith("model name")), platform.machine()
    )
    lines = [
        "# Benchmarks",
        "",
        "Every workload runs beside its peer in one run; results are compared before anything is timed. Repeat:",
        "`make bench` (or `make bench ONLY=ingest`), and `.venv/bin/python -m bench --write` to rewrite this page.",
        "",
        f"Machine of the last run: {model}, {os.cpu_count()} cores, Python {platform.python_version()}. Browser figures use",
        "software rendering (no GPU).",
        "",
        f"| {' | '.join(COLUMNS)} |",
        f"|{'---|' * len(COLUMNS)}",
        *(f"| {' | '.join(shown(row.get(column, '')) for column in COLUMNS)} |" for row in rows),
        "",
    ]
    (HERE.parent / "docs" / "benchmarks.md").write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
