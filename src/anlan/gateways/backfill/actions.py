"""Verbs of 补录: order, call off, finish."""

from __future__ import annotations

import shutil
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings

from anlan.gateways.actions import require_city
from anlan.gateways.backfill.files import TABLES
from anlan.gateways.devices import discover
from anlan.gateways.events import BackfillChanged
from anlan.gateways.models import Backfill
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor, system
from anlan.kernel.actions import action, record
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, Invalid, NotFound

State = Backfill.State
OPEN = (State.WAITING, State.RUNNING)


def folder() -> Path:
    """Where sent files wait; `ANLAN_VAR` is shared by the web and the gateway of one installation."""
    found: Path = settings.VAR / "backfill"
    found.mkdir(parents=True, exist_ok=True)
    return found


def fact(job: Backfill) -> BackfillChanged:
    return BackfillChanged(job.pk, job.name, job.state, job.kept, job.refused)


def check(file: Path, protocol: str, zone: str) -> None:
    """Refuse what cannot be read before anybody waits for it."""
    if not file.is_file():
        raise Invalid("file", str(file), "一个存在的文件", label="文件")
    if not file.stat().st_size:
        raise Invalid("file", f"{file.name}（0 字节）", "有内容的文件", label="文件")
    spoken = sorted(name for name, one in discover().items() if one.session is not None)
    if file.suffix not in TABLES and protocol not in spoken:
        raise Invalid("protocol", protocol, "、".join(spoken), label="报文文件的协议")
    if protocol and protocol not in discover():
        raise Invalid("protocol", protocol, "、".join(sorted(discover())), label="协议")
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise Invalid("zone", zone, "时区名，如 Asia/Shanghai、UTC", label="时区") from error


@action("gateways.edit")
def order(
    by: Actor, file: Path, name: str, *, protocol: str = "", zone: str = "Asia/Shanghai", encoding: str = ""
) -> Backfill:  # fmt: skip
    """提交补录: the gateway begins within a second."""
    require_city(by, "gateways.edit")
    check(file, protocol, zone)
    job = Backfill.objects.create(
        name=name[:200], path=str(file), protocol=protocol, zone=zone, encoding=encoding[:20], ordered_by=by.name,
        ordered_at=clock.real_now(),
    )  # fmt: skip
    record(by, "提交补录", job, fact(job))
    return job


def keep_upload(name: str, chunks: object) -> Path:
    """A sent file, under a name of ours."""
    stem = "".join(letter for letter in Path(name).name if letter.isalnum() or letter in "-_.")[-80:] or "file"
    goal = folder() / f"{clock.real_now():%Y%m%d%H%M%S%f}-{stem}"
    with goal.open("wb") as out:
        for part in chunks:  # type: ignore[attr-defined]
            out.write(part)
    return goal


@action("gateways.edit")
def cancel(by: Actor, pk: int) -> Backfill:
    """取消补录: what lies in the log stays, the rest is not read."""
    require_city(by, "gateways.edit")
    job = Backfill.objects.select_for_update().filter(pk=pk).first()
    if job is None:
        raise NotFound(f"补录 {pk} 不存在")
    if job.state not in OPEN:
        raise Conflict(f"补录 {pk} 处于“{job.get_state_display()}”，只有待处理或进行中的才能取消", state=job.state)
    before = snapshot(job)
    job.state = State.CANCELLED
    job.save(update_fields=["state"])
    record(by, "取消补录", job, fact(job), before=before)
    return job


@action("gateways.edit")
def end(by: Actor, pk: int, state: str, note: str) -> None:
    job = Backfill.objects.select_for_update().get(pk=pk)
    if job.state != State.RUNNING:
        return
    before = snapshot(job)
    job.state, job.note, job.touched_at = state, note[:400], clock.real_now()
    job.part = 1.0 if state == State.DONE else job.part
    job.save(update_fields=["state", "note", "touched_at", "part"])
    record(by, "补录完成" if state == State.DONE else "补录失败", job, fact(job), before=before, reason=note[:400])


def finish(pk: int, state: str, note: str = "") -> None:
    """The gateway's word that it is over."""
    end(system("补录"), pk, state, note)


def room_for(size: int) -> None:
    """Refuse a file that would fill the disk."""
    free = shutil.disk_usage(folder()).free
    if size * 2 > free:
        raise Invalid(
            "file",
            f"{size / 2**20:.0f}",
            f"不超过可用磁盘的一半（余 {free / 2**20:.0f}）",
            label="文件大小",
            unit="MiB",
        )
