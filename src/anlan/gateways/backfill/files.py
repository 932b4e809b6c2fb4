"""Which reader a file wants, and where its refused rows go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from anlan.gateways.backfill.frames import read_frames
from anlan.gateways.backfill.tables import FileError, Item, read_csv, read_parquet
from anlan.gateways.devices import discover
from anlan.gateways.models import Backfill
from anlan.kernel import clock

TABLES = (".csv", ".gz", ".parquet")


def refused_file(job: Backfill) -> Path:
    """Where the rows that were not taken are, with their reasons."""
    file = Path(job.path)
    return file.with_name(f"{file.name}.{job.pk}.refused.csv")


def items_of(job: Backfill, told: Callable[[float], None]) -> Iterator[Item]:
    """What the file holds, by its name: a table, else frames of the protocol."""
    file = Path(job.path)
    if file.suffix == ".parquet":
        return read_parquet(file, ZoneInfo(job.zone), told)
    if file.suffix in TABLES:
        return read_csv(file, ZoneInfo(job.zone), job.encoding, told)
    protocol = discover().get(job.protocol)
    if protocol is None:
        raise FileError(f"报文文件须指明协议：{'、'.join(sorted(discover()))}")
    return read_frames(file, protocol, clock.now(), told)
