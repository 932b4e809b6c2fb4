"""The journal from the shell."""

from __future__ import annotations

import argparse
import json

from anlan.cli import _roles

HELP = "审计日志：校验哈希链"
EXAMPLE = "anlan audit verify"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=["verify"], help="verify: 逐条校验哈希链，发现被改动、删除、插入的记录")
    parser.add_argument("--json", action="store_true", help="以 JSON 输出")


def run(args: argparse.Namespace) -> int:
    """0 when the chain is whole; 1 when a row was changed, removed or inserted, each told with its number."""
    _roles.with_database()
    from anlan.kernel.audit import journal  # noqa: PLC0415 - its table needs Django to be set up
    from anlan.kernel.audit.models import JournalEntry  # noqa: PLC0415

    found = [{"seq": flaw.seq, "what": flaw.what} for flaw in journal.flaws()]
    total = JournalEntry.objects.count()
    if args.json:
        print(json.dumps({"entries": total, "whole": not found, "flaws": found}, ensure_ascii=False))
    else:
        for flaw in found:
            print(f"第 {flaw['seq']} 条：{flaw['what']}")
        print(f"共 {total} 条，哈希链{'完整' if not found else f'有 {len(found)} 处问题'}")
    return 1 if found else 0
