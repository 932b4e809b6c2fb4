"""City packages."""

from __future__ import annotations

import argparse
import sys

from anlan import cities
from anlan.cli import _roles

HELP = "装载城市数据包（可重复执行）"
EXAMPLE = "anlan city load wuhai --dry-run"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("verb", choices=["load", "list"], help="load 装载，list 列出可用的城市包")
    parser.add_argument("name", nargs="?", default="wuhai", help="城市包名，或文件夹路径")
    parser.add_argument("--demo-accounts", action="store_true", help="同时装载演示账号（口令公开，仅供试用）")
    parser.add_argument("--dry-run", action="store_true", help="只检查，不写入")


def run(args: argparse.Namespace) -> int:
    if args.verb == "list":
        print("\n".join(cities.names()))
        return 0
    cities.folder(args.name)
    _roles.with_database()
    from anlan.web.city import loader  # noqa: PLC0415 - its tables need Django to be set up

    loaded = loader.load(args.name, args.dry_run)
    if args.demo_accounts and not args.dry_run:
        loaded.parts["accounts"] = loader.load_demo_accounts(args.name)
    for part, count in loaded.parts.items():
        print(f"  {part:<16}{count}")
    for note in loaded.notes:
        print(f"  注意：{note}")
    for line in loaded.refused:
        print(f"  拒绝：{line}", file=sys.stderr)
    print("检查完毕，未写入" if args.dry_run else f"已装载，拒绝 {len(loaded.refused)} 行")
    return 1 if loaded.refused else 0
