"""One backfill, from file to log: in pieces, with progress, refused rows beside the file, able to go on after a crash."""

from __future__ import annotations

import asyncio
import csv
import logging
import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

import numpy as np
from asgiref.sync import sync_to_async
from django.db import close_old_connections
from django.db.models import F, Q

from anlan.gateways.backfill import actions
from anlan.gateways.backfill.files import items_of, refused_file
from anlan.gateways.backfill.tables import Bad, FileError, Item, Value
from anlan.gateways.log import AHEAD, ReadingLog, quality
from anlan.gateways.models import Backfill
from anlan.gateways.readings import Reading
from anlan.kernel import clock
from anlan.monitoring import log as layout
from anlan.monitoring import queries

log = logging.getLogger(__name__)
#: Items read, and put into the log, at a time.
PIECE = 5000
LOOK_S = 1.0
#: A running one that has not moved for so long belongs to a process that died.
ABANDONED = timedelta(seconds=30)
State = Backfill.State


class CalledOff(Exception):
    """An operator cancelled it, or another process has it now."""


@dataclass
class Run:
    """What one backfill knows while it runs."""

    job: Backfill
    part: float = 0.0
    known: dict[tuple[str, str], queries.StreamRef | None] = field(default_factory=dict)

    def told(self, part: float) -> None:
        self.part = min(1.0, part)

    @property
    def refused_file(self) -> Path:
        return refused_file(self.job)


def look_up(run: Run, values: list[Value]) -> None:
    """Find the datastreams of these values that are not known yet."""
    close_old_connections()
    missing = {value.key for value in values} - set(run.known)
    if not missing:
        return
    by_code = queries.streams_of({code for address, code in missing if not address})
    by_address = queries.resolve(run.job.protocol) if any(address for address, _ in missing) else {}
    for address, code in missing:
        run.known[address, code] = by_address.get((address, code)) if address else by_code.get(code)


def batch_of(run: Run, items: list[Item]) -> tuple[layout.Batch | None, list[Bad]]:
    """The readings of a piece as history for the log, and what is refused."""
    values = [item for item in items if isinstance(item, Value)]
    bad = [item for item in items if isinstance(item, Bad)]
    look_up(run, values)
    latest, rows = clock.now() + AHEAD, []
    for value in values:
        ref = run.known[value.key]
        if ref is None or value.at > latest:
            why = "未登记的数据流" if ref is None else f"观测时间 {value.at.isoformat()} 超前"
            bad.append(Bad(value.where, f"{'/'.join(filter(None, value.key))} = {value.value}", why))
            continue
        reading = Reading(*value.key, value.value, ref.unit, value.at, flag=value.flag or "N")
        stored = math.nan if value.value is None else value.value * ref.scale + ref.offset
        rows.append((ref.id, round(value.at.timestamp() * 1000), stored, quality(reading, stored, ref)))
    if not rows:
        return None, bad
    stream, at_ms, number, flags = zip(*rows, strict=True)
    return layout.Batch(
        np.array(stream, "<i4"), np.array(at_ms, "<i8"), np.array(number, "<f8"), np.array(flags, "<i2"),
        received_ms=queries.milliseconds(clock.now()), backfill=True,
    ), bad  # fmt: skip


def write_refused(run: Run, bad: list[Bad], fresh: bool) -> None:
    with run.refused_file.open("w" if fresh else "a", encoding="utf-8-sig" if fresh else "utf-8", newline="") as out:
        writer = csv.writer(out)
        if fresh:
            writer.writerow(["位置", "内容", "原因"])
        writer.writerows((one.where, one.text, one.reason) for one in bad)


def note_piece(run: Run, batch: layout.Batch | None, bad: list[Bad]) -> None:
    """Progress after a piece lies in the log. CalledOff when it is not ours any more."""
    close_old_connections()
    job = run.job
    rows = Backfill.objects.filter(pk=job.pk, state=State.RUNNING, pieces=job.pieces)
    moved = rows.update(
        pieces=F("pieces") + 1, kept=F("kept") + (len(batch) if batch else 0), refused=F("refused") + len(bad),
        part=run.part, touched_at=clock.real_now(),
    )  # fmt: skip
    if not moved:
        raise CalledOff
    job.pieces += 1
    if batch is not None:
        note_span(job, queries.moment(int(batch.at_ms.min())), queries.moment(int(batch.at_ms.max())))


def note_span(job: Backfill, first: datetime, last: datetime) -> None:
    job.first_at = min(job.first_at or first, first)
    job.last_at = max(job.last_at or last, last)
    Backfill.objects.filter(pk=job.pk).update(first_at=job.first_at, last_at=job.last_at)


async def run_one(store: ReadingLog, job: Backfill) -> None:
    """Everything of one file. Pieces that lie in the log already are read again and left out."""
    run = Run(job)
    items = items_of(job, run.told)
    number = 0
    while piece := await asyncio.to_thread(lambda: list(islice(items, PIECE))):
        number += 1
        if number <= job.pieces:
            continue
        batch, bad = await sync_to_async(batch_of)(run, piece)
        if bad:
            await asyncio.to_thread(write_refused, run, bad, not run.refused_file.exists())
        if batch is not None:
            await store.publish(batch, job.protocol or "file")
        await sync_to_async(note_piece)(run, batch, bad)
    if not number:
        raise FileError("文件中没有一条读数：只有表头、空行或注释")


async def take_one(store: ReadingLog) -> bool:
    """Work off one that waits, or that a dead process left; False when there is none."""
    job = await sync_to_async(claim)()
    if job is None:
        return False
    try:
        await run_one(store, job)
    except CalledOff:
        log.info("backfill %s called off", job.pk)
        return True
    except (FileError, OSError) as error:
        await sync_to_async(actions.finish)(job.pk, State.FAILED, str(error))
        return True
    await sync_to_async(actions.finish)(job.pk, State.DONE)
    return True


def claim() -> Backfill | None:
    """The oldest that nobody works on, made ours by one update."""
    close_old_connections()
    now = clock.real_now()
    free = Q(state=State.WAITING) | Q(state=State.RUNNING, touched_at__lt=now - ABANDONED)
    for job in Backfill.objects.filter(free).order_by("pk")[:5]:
        mine = Backfill.objects.filter(pk=job.pk, state=job.state, touched_at=job.touched_at)
        if mine.update(state=State.RUNNING, touched_at=now):
            job.refresh_from_db()
            return job
    return None


async def run_for_ever(store: ReadingLog) -> None:
    while True:
        try:
            while await take_one(store):
                pass
        except Exception as error:  # database or log are restarting: it goes on where it stands
            log.warning("backfill stopped: %s", error)
        await asyncio.sleep(LOOK_S)
