"""Plans from the shell: read, look over, try under pressure."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import Any

from anlan.cli import _roles
from anlan.cli._edge import natural

HELP = "预案：体检与压力试验"
EXAMPLE = "anlan plan stress WH-CHEM --incidents 10000"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=["lint", "stress"], help="lint: 体检；stress: 压力试验")
    parser.add_argument("code", help="预案编码")
    parser.add_argument("--incidents", type=int, default=2000, help="模拟事件数")
    parser.add_argument("--seed", type=natural, default=1, help="随机种子：相同则结果相同")


def run(args: argparse.Namespace) -> int:
    """0 done (lint: nothing of grade 错误); 1 errors were found; 2 the order is wrong, told in one JSON line on stderr."""
    _roles.with_database()
    return {"lint": lint, "stress": stress}[args.what](args)


def held(code: str) -> tuple[Any, Any]:
    """The document in force and its means today."""
    from anlan.command import queries  # noqa: PLC0415
    from anlan.command.planning.gather import means_of  # noqa: PLC0415
    from anlan.kernel import clock  # noqa: PLC0415
    from anlan.kernel.accounts.actor import system  # noqa: PLC0415
    from anlan.kernel.errors import NotFound  # noqa: PLC0415

    by = system("命令行")
    plan = next((row for row in queries.plans(by) if row.code == code), None)
    version = plan.current() if plan else None
    if version is None:
        raise NotFound(f"没有编码为 {code} 的已发布预案")
    document = version.document()
    return document, means_of(by, document, clock.now())


def lint(args: argparse.Namespace) -> int:
    from anlan.command.plans import lint as checks  # noqa: PLC0415
    from anlan.kernel import clock  # noqa: PLC0415

    found = checks.lint(*held(args.code), clock.now().date())
    print(json.dumps([asdict(one) for one in found], ensure_ascii=False, indent=1))
    return 1 if any(one.grade == checks.ERROR for one in found) else 0


def stress(args: argparse.Namespace) -> int:
    from anlan.command.plans import stress as pressure  # noqa: PLC0415

    document, means = held(args.code)
    base = pressure.stress(document, means, None, args.incidents, args.seed)
    changes = pressure.helps(document, means, base, None, min(1000, args.incidents), args.seed)
    said = {**asdict(base), "changes": [asdict(one) for one in changes]}
    print(json.dumps(said, ensure_ascii=False, indent=1))
    return 0
