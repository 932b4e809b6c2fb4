"""`anlan verify`: run verification cases and show what was expected and what we say."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from math import isclose
from pathlib import Path
from typing import Any

from anlan.cli import _engines
from anlan.cli._cases import ANSWERS, answer
from anlan.hazards import discover

HELP = "验证：逐例比较期望值与本平台的计算值"
EXAMPLE = "anlan verify --json"
SHAPE = "数组，每例有 id、module、input、expected、tolerance"
Row = dict[str, Any]


class WrongFile(ValueError):
    """A file that holds no cases."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(problem)
        self.path = path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="*", help="案例文件；省略则运行自带案例")
    parser.add_argument("--json", action="store_true", help="输出 JSON 数组")


def run(args: argparse.Namespace) -> int:
    """0 every case passes; 1 some do not; 2 a file holds no cases."""
    try:
        rows = [row for path in args.files for row in of_file(path)] if args.files else list(own())
    except WrongFile as error:
        problem = {"error": str(error), "field": "FILE", "value": error.path, "allowed": SHAPE}
        print(json.dumps(problem, ensure_ascii=False), file=sys.stderr)
        return 2
    if args.json:
        print(json.dumps(rows, ensure_ascii=False, default=str))
    else:
        show(rows)
    return 0 if all(row["pass"] for row in rows) else 1


def of_file(path: str) -> list[Row]:
    """The cases of a file, judged."""
    try:
        cases = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError:
        raise WrongFile(path, "不是 UTF-8 编码的 JSON") from None
    if isinstance(cases, dict) and {"id", "module"} <= cases.keys():
        cases = [cases]
    if (
        not isinstance(cases, list)
        or not cases
        or not all(isinstance(c, dict) and {"id", "module", "input"} <= c.keys() for c in cases)
    ):
        raise WrongFile(path, "不是案例文件")
    return [judge(case) for case in cases]


def judge(case: Row) -> Row:
    """One case against our answer. A module nobody answers, or an input it cannot read, fails and says why."""
    row = {"id": case["id"], "module": case["module"], "expected": case.get("expected"), "ours": None, "pass": False}
    if case["module"] not in ANSWERS and case["module"] not in _engines.WHERE:
        return {**row, "error": f"没有模块 {case['module']}"}
    try:
        row["ours"] = answer(case["module"], case["input"])
    except Exception as error:  # a case that breaks us is a failed case, and the others must still run
        return {**row, "error": f"{type(error).__name__}: {error}"}
    row["pass"] = agrees(row["expected"], row["ours"], case.get("tolerance") or {})
    return row


def agrees(expected: Any, ours: Any, tolerance: dict[str, float]) -> bool:
    """What is expected is there, numbers within the tolerance; ours may say more."""
    if isinstance(expected, dict):
        return isinstance(ours, dict) and all(k in ours and agrees(v, ours[k], tolerance) for k, v in expected.items())
    if isinstance(expected, list):
        same = isinstance(ours, list | tuple) and len(ours) == len(expected)
        return same and all(agrees(e, o, tolerance) for e, o in zip(expected, ours, strict=True))
    if isinstance(expected, bool) or not isinstance(expected, int | float):
        return bool(expected == ours)
    if isinstance(ours, bool) or not isinstance(ours, int | float):
        return False
    allowed = abs(expected) * tolerance.get("rel", 0.0) + tolerance.get("abs", 0.0)
    return abs(ours - expected) <= allowed or isclose(ours, expected, rel_tol=1e-9)


def own() -> Iterator[Row]:
    """The published cases that every hazard family declares."""
    for hazard in discover().values():
        for case in hazard.cases:
            ours = case.function(**case.arguments)
            row: Row = {"id": case.title, "module": hazard.kind, "expected": case.expected, "ours": ours}
            row["pass"] = isclose(ours, case.expected, rel_tol=case.tolerance)
            yield {**row, "source": case.source}


def error_of(row: Row) -> str:
    """Relative error where both are numbers, else the reason."""
    expected, ours = row["expected"], row["ours"]
    if isinstance(expected, int | float) and isinstance(ours, int | float) and expected:
        return f"{abs(ours - expected) / abs(expected):.2%}"
    return str(row.get("error", ""))


def show(rows: list[Row]) -> None:
    for row in rows:
        mark = "通过" if row["pass"] else "不符"
        print(
            f"{mark}  {row['module']}  {row['id']}\n      期望 {row['expected']}\n      得到 {row['ours']}  {error_of(row)}"
        )
    passed = sum(row["pass"] for row in rows)
    print(f"{passed}/{len(rows)} 例通过")
