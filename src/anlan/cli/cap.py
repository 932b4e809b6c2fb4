"""`anlan cap check`: is this a good CAP message, and if not, why not."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from anlan.gateways.feeds.cap.events import check

HELP = "检查 CAP 1.2/1.1 与 12379 预警文件"
EXAMPLE = "anlan cap check alert.xml"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("verb", choices=["check"], help="check: 逐项检查")
    parser.add_argument("file", help="文件，或 - 从标准输入读")


def run(args: argparse.Namespace) -> int:
    """0: keeps to the standard; 2: does not (the report is on stdout all the same)."""
    data = sys.stdin.buffer.read() if args.file == "-" else Path(args.file).read_bytes()
    report = check(data)
    print(json.dumps(report, ensure_ascii=False, default=str))
    if report["valid"]:
        return 0
    first = report["findings"][0] if report["findings"] else {"field": "FILE"}
    return refuse(report["reason"], args.file, "CAP 1.2、CAP 1.1 或 12379", first["field"])


def refuse(message: str, value: str, allowed: str, field: str = "FILE") -> int:
    print(
        json.dumps({"error": message, "field": field, "value": value, "allowed": allowed}, ensure_ascii=False),
        file=sys.stderr,
    )
    return 2
