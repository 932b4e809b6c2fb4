"""`make bench`: every workload beside its peer in the same run, as ratios.

A workload is a module of this folder with `run() -> list[dict]`; the fields of a row are those of docs/benchmarks.md.
Agreement of results is checked inside the workload before anything is timed.
"""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

HERE = Path(__file__).resolve().parent
COLUMNS = ["name", "work", "agreement", "ours", "peer", "peer_name", "unit", "ratio", "goal", "met"]


def workloads() -> list[str]:
    return sorted(m.name for m in pkgutil.iter_modules([str(HERE)]) if not m.name.startswith("_"))


def shown(value: Any) -> str:
    return f"{value:,.4g}" if isinstance(value, float) else str(value)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--only", default="", help="逗号分隔的项目名")
    only = [name for name in parser.parse_args().only.split(",") if name]
    rows: list[dict[str, Any]] = []
    for name in only or workloads():
        rows += importlib.import_module(f"bench.{name}").run()
    (HERE / "results.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
    table = Table(*COLUMNS)
    for row in rows:
        table.add_row(*(shown(row.get(column, "")) for column in COLUMNS))
    Console(width=200).print(table)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
