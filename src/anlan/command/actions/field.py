"""现场上报: what a telephone noted while it had no line is taken in the order it happened, each thing once.

Nothing is in conflict: a step that the task has passed already, or that somebody else withdrew meanwhile, is kept with the
reason instead of being refused; the timeline says when it happened and when it was heard.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from anlan.command.actions.tasks import acknowledge_task, arrive_task, finish_task, start_task
from anlan.command.common import Kind, hm, tell
from anlan.command.models import FieldEntry, Task
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.actions import action, record
from anlan.kernel.errors import Conflict, Invalid
from anlan.resources import actions as resources

Sort = FieldEntry.Kind
#: A telephone's clock may be this far ahead; more, and the time it was received counts.
MOST_AHEAD = timedelta(minutes=2)
#: Later than this it is told that it was heard late.
LATE = timedelta(minutes=1)
MOST_MEDIA = 6 * 1024 * 1024
MEDIA = {"image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG", "audio/webm": b"\x1a\x45\xdf\xa3", "audio/ogg": b"OggS",
         "audio/mp4": b""}  # fmt: skip
STEPS: dict[str, Callable[[Actor, int, str], Task]] = {
    Sort.ACKNOWLEDGE: lambda by, pk, _text: acknowledge_task(by, pk),
    Sort.START: lambda by, pk, _text: start_task(by, pk),
    Sort.ARRIVE: lambda by, pk, _text: arrive_task(by, pk),
    Sort.FINISH: lambda by, pk, text: finish_task(by, pk, text or "已完成"),
}


@dataclass(frozen=True)
class Noted:
    """One thing as the telephone sends it."""

    key: UUID
    task_id: int
    kind: str
    at: datetime
    text: str = ""
    lon: float | None = None
    lat: float | None = None
    media: bytes = b""
    media_type: str = ""


def check(noted: Noted) -> None:
    if noted.kind not in Sort.values:
        raise Invalid("kind", noted.kind, "、".join(Sort.values), label="类别")
    if (noted.lon is None) != (noted.lat is None) or (
        noted.lon is not None and noted.lat is not None and not (-180 <= noted.lon <= 180 and -90 <= noted.lat <= 90)
    ):
        raise Invalid("lon,lat", f"{noted.lon},{noted.lat}", "经度 -180~180，纬度 -90~90", label="位置", unit="度")
    if noted.kind == Sort.POSITION and noted.lon is None:
        raise Invalid("lon,lat", None, "经度、纬度", label="位置", unit="度")
    if len(noted.media) > MOST_MEDIA:
        size = f"{len(noted.media) / 1048576:.1f}"
        raise Invalid("media", size, f"不超过 {MOST_MEDIA // 1048576}", label="附件", unit="MB")
    if noted.media and (noted.media_type not in MEDIA or not noted.media.startswith(MEDIA[noted.media_type])):
        raise Invalid("media_type", noted.media_type, "、".join(MEDIA), label="附件类型")
    if noted.kind in {Sort.PHOTO, Sort.VOICE} and not noted.media:
        raise Invalid("media", None, "照片或语音", label="附件")


@action("command.task")
def take_noted(by: Actor, noted: Noted) -> FieldEntry:
    """Take one thing. The same key again is answered with what became of it the first time."""
    check(noted)
    task = Task.objects.visible_to(by, "command.task").select_related("incident__area").one(noted.task_id)
    known = FieldEntry.objects.unscoped(HELD).filter(key=noted.key).first()
    if known is not None:
        return known
    now = clock.now()
    at = noted.at if noted.at <= now + MOST_AHEAD else now
    outcome, reason = apply(by, task, noted, at)
    entry = FieldEntry.objects.create(
        key=noted.key, task=task, kind=noted.kind, text=noted.text[:400], lon=noted.lon, lat=noted.lat,
        media=noted.media or None, media_type=noted.media_type if noted.media else "", device_at=at, received_at=now,
        by=by.name, outcome=outcome, reason=reason[:300],
    )  # fmt: skip
    say(by, entry, task)
    record(by, f"现场上报{entry.get_kind_display()}", entry, correlation_id=task.incident.correlation_id)
    return entry


def apply(by: Actor, task: Task, noted: Noted, at: datetime) -> tuple[str, str]:
    """(outcome, why it was only kept). A refused step is undone and kept."""
    try:
        with transaction.atomic():
            if noted.kind in STEPS:
                STEPS[noted.kind](by, task.pk, noted.text)
            if noted.lon is not None and noted.lat is not None and task.team_id and by.has("resources.position"):
                resources.report_position(by, task.team_id, noted.lon, noted.lat, at)
    except Conflict as error:
        return FieldEntry.Outcome.KEPT, error.message
    return FieldEntry.Outcome.APPLIED, ""


def say(by: Actor, entry: FieldEntry, task: Task) -> None:
    """What people should read of it; positions are seen on the map."""
    late = entry.received_at - entry.device_at > LATE
    when = f"（现场 {hm(entry.device_at)[-5:]}，补报）" if late else ""
    if entry.kind in STEPS:
        if late or entry.outcome == FieldEntry.Outcome.KEPT:
            kept = f"，已留存：{entry.reason}" if entry.outcome == FieldEntry.Outcome.KEPT else ""
            text = f"{task.assignee}现场{entry.get_kind_display()}“{task.title}”{when}{kept}"
            tell(
                task.incident,
                Kind.TASK,
                text,
                by.name,
                at=entry.device_at,
                lon=entry.lon,
                lat=entry.lat,
                task_id=task.pk,
            )
    elif entry.kind != Sort.POSITION:
        text = f"{task.assignee}现场{entry.get_kind_display()}{when}：{entry.text or '见附件'}"
        tell(
            task.incident, Kind.NOTE, text, by.name, at=entry.device_at, lon=entry.lon, lat=entry.lat, task_id=task.pk,
            field_entry=entry.pk,
        )  # fmt: skip
