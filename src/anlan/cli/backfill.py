"""`anlan backfill`: history out of a file into the log. The running gateway reads it; this command shows how far it is."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anlan.cli import _roles
from anlan.cli._edge import encoding

if TYPE_CHECKING:
    from anlan.gateways.models import Backfill

HELP = "历史补录：CSV、Parquet 或报文文件中的读数入库（须有网关在运行）"
EXAMPLE = "anlan backfill 2025水位.csv --zone Asia/Shanghai"
#: So long an order may lie before we say that no gateway runs.
PATIENCE_S, LOOK_S = 20.0, 0.5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="表格 .csv .csv.gz .parquet，其他为报文文件（每行一帧，或原始字节）")
    parser.add_argument("--protocol", default="", help="报文的协议，或表格中“地址、要素码”所属的协议")
    parser.add_argument("--zone", default="Asia/Shanghai", help="没有时区的时间属于哪个时区")
    parser.add_argument("--encoding", type=encoding, default="", help="CSV 的文字编码，如 GBK")
    parser.add_argument("--no-wait", action="store_true", help="提交后不等待")


def run(args: argparse.Namespace) -> int:
    """0: all rows taken (or ordered, with --no-wait); 1: some refused, or it failed; 2: it cannot be read at all."""
    _roles.with_database()
    from anlan.gateways.backfill import actions  # noqa: PLC0415 - its tables need Django to be set up
    from anlan.kernel.accounts.actor import system  # noqa: PLC0415 - likewise

    job = actions.order(
        system("补录"),
        args.file.resolve(),
        args.file.name,
        protocol=args.protocol,
        zone=args.zone,
        encoding=args.encoding,
    )
    if not args.no_wait:
        follow(job)
    print(json.dumps(report(job), ensure_ascii=False))
    return 0 if args.no_wait or (job.state == actions.State.DONE and not job.refused) else 1


def report(job: Backfill) -> dict[str, Any]:
    from anlan.gateways.backfill.files import refused_file  # noqa: PLC0415 - as above

    return {
        "id": job.pk, "file": job.name, "state": job.state, "kept": job.kept, "refused": job.refused, "note": job.note,
        "first_at": job.first_at and job.first_at.isoformat(), "last_at": job.last_at and job.last_at.isoformat(),
        "refused_file": str(refused_file(job)) if job.refused else None,
    }  # fmt: skip


def follow(job: Backfill) -> None:
    """A bar on the terminal until it is over; leaving it does not stop the gateway."""
    from rich.console import Console  # noqa: PLC0415 - slow to import
    from rich.progress import Progress  # noqa: PLC0415 - likewise

    from anlan.gateways.backfill.actions import OPEN, State  # noqa: PLC0415 - as above

    ordered = time.monotonic()
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task(job.name, total=1.0)
        while job.state in OPEN:
            if job.state == State.WAITING and time.monotonic() - ordered > PATIENCE_S:
                job.note = "网关没有运行；它启动后会接着做"
                return
            time.sleep(LOOK_S)
            job.refresh_from_db()
            bar.update(task, completed=job.part)
