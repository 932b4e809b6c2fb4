"""`anlan restore`: a backup into an empty folder and an empty database."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from anlan.cli import _roles, _vault

HELP = "恢复：把备份装入空的数据目录和空库，并校验审计日志"
EXAMPLE = "anlan restore /backup/anlan-20261128.tar"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="anlan backup 写出的文件")


def run(args: argparse.Namespace) -> int:
    """Prints a line of JSON; 1 when the journal that came back is not whole."""
    manifest = _vault.read(args.file, _roles.var(), os.environ.get("ANLAN_DATABASE_URL", ""))
    _roles.setup()
    from anlan.kernel.audit import journal  # noqa: PLC0415 - its table needs Django to be set up
    from anlan.kernel.audit.models import JournalEntry  # noqa: PLC0415 - as above

    flaws = [flaw.what for flaw in journal.flaws()]
    said = {"at": manifest["at"], "anlan": manifest["anlan"], "files": len(manifest["members"]) - 1}
    print(json.dumps({**said, "journal": JournalEntry.objects.count(), "flaws": flaws}, ensure_ascii=False))
    return 1 if flaws else 0
