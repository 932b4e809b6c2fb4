"""City packages."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from anlan.cli import _roles

HELP = "城市数据包：载入、试载、报告被拒的行"
EXAMPLE = "anlan city load wuhai --dry-run"
SHOWN = 40


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("verb", choices=["load"], help="load 载入")
    parser.add_argument("name", nargs="?", default="", help="数据包名，或文件夹路径（默认 ANLAN_CITY）")
    parser.add_argument("--dry-run", action="store_true", help="只报告，不写入")
    parser.add_argument("--boundaries", type=Path, help="区划范围 GeoJSON（WGS84/CGCS2000，属性 code）")


def run(args: argparse.Namespace) -> int:
    _roles.setup()
    from anlan.kernel.errors import AnlanError  # noqa: PLC0415 - tables need Django to be set up
    from anlan.web.city import loader  # noqa: PLC0415 - as above

    try:
        done = loader.load(args.name, dry_run=args.dry_run, polygons=args.boundaries)
    except AnlanError as error:
        print(error.message, file=sys.stderr)
        return 1
    print(f"{'表':<16}{'新增':>6}{'修改':>6}{'未变':>6}{'拒绝':>6}")
    for slug, report in done.tables.items():
        figures = (report.created, report.updated, report.unchanged, len(report.refused))
        print(f"{slug:<16}" + "".join(f"{figure:>8}" for figure in figures))
    for sentence in done.said:
        print(sentence)
    for reason in done.refused[:SHOWN]:
        print(f"拒绝 {reason}", file=sys.stderr)
    if len(done.refused) > SHOWN:
        print(f"……另有 {len(done.refused) - SHOWN} 行被拒", file=sys.stderr)
    print(f"{'试载完成，未写入' if args.dry_run else '载入完成'}，用时 {done.seconds:.1f} s")
    return 1 if done.refused else 0
