"""`anlan backup`: everything that cannot be made again, in one file, while the installation runs."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from anlan import embedded
from anlan.cli import _roles, _vault

HELP = "备份：数据库、密钥、文件写成一个文件（运行中即可；文件与密钥同等保密）"
EXAMPLE = "anlan backup /backup/anlan-20261128.tar"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="写到哪里（须尚不存在）")


def run(args: argparse.Namespace) -> int:
    """Prints a line of JSON: file, bytes, when, how many files beside the database."""
    var = _roles.var()
    url = os.environ.get("ANLAN_DATABASE_URL") or embedded.database_url(var)
    manifest = _vault.write(url, var, args.file)
    said = {"file": str(args.file), "bytes": args.file.stat().st_size, "at": manifest["at"], "anlan": manifest["anlan"]}
    print(json.dumps({**said, "files": len(manifest["members"]) - 1}, ensure_ascii=False))
    return 0
