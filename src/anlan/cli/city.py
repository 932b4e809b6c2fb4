"""City packages."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from anlan import cities
from anlan.cli import _roles
from anlan.hazards.contract import InputError

HELP = "装载城市数据包（可重复执行）"
EXAMPLE = "anlan city load wuhai --dry-run"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "verb",
        choices=["load", "save", "list"],
        help="load 装载，save 把本库今日登记簿写成城市包，list 列出可用的城市包",
    )
    parser.add_argument("name", nargs="?", default="wuhai", help="城市包名，或文件夹路径")
    parser.add_argument("--demo-accounts", action="store_true", help="同时装载演示账号（口令公开，仅供试用）")
    parser.add_argument("--overwrite", action="store_true", help="已有的记录也改回数据包的内容（默认只添没有的）")
    parser.add_argument("--to", type=Path, default=None, help="save：写到哪个文件夹（须尚不存在）")
    parser.add_argument("--dry-run", action="store_true", help="只检查，不写入")


def run(args: argparse.Namespace) -> int:
    if args.verb == "list":
        print("\n".join(cities.names()))
        return 0
    cities.folder(args.name)
    if args.verb == "save":
        return save(args)
    _roles.with_database()
    from anlan.kernel.models import Area  # noqa: PLC0415 - its tables need Django to be set up
    from anlan.web.city import loader  # noqa: PLC0415 - as above

    new_only = Area.objects.exists() and not args.overwrite
    loaded = loader.load(args.name, args.dry_run, new_only=new_only)
    if args.demo_accounts and not args.dry_run:
        loaded.parts["accounts"] = loader.load_demo_accounts(args.name)
    if new_only:
        print("本库已有城市：只添没有的记录，已有的不动（要改回数据包的内容用 --overwrite）")
    for part, count in loaded.parts.items():
        new, changed = loaded.created.get(part, 0), loaded.updated.get(part, 0)
        print(f"  {part:<20}{count:>6}" + (f"  新增 {new}" if new else "") + (f"  修改 {changed}" if changed else ""))
    for note in loaded.notes:
        print(f"  注意：{note}")
    for line in loaded.refused:
        print(f"  拒绝：{line}", file=sys.stderr)
    print("检查完毕，未写入" if args.dry_run else f"已装载，拒绝 {len(loaded.refused)} 行")
    return 1 if loaded.refused else 0


def save(args: argparse.Namespace) -> int:
    """Today's registers as a package: for a drill or a trial elsewhere. No secrets, no personal data, no telephone numbers."""
    if args.to is None or args.to.exists():
        raise InputError("--to", str(args.to or ""), "尚不存在的文件夹")
    _roles.with_database()
    from anlan.command.duty import today  # noqa: PLC0415 - its tables need Django to be set up

    for part, count in today.save(args.name, args.to).items():
        print(f"  {part:<20}{count:>6}")
    print(f"已写成城市包 {args.to}；电话、证件号已替换，敏感个人信息、账号、对外通道未写出")
    return 0
