"""Verbs of 批示: write down, report back, chase, finish."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from anlan.command.actions.clocks import receivers
from anlan.command.common import Kind, hm, required, tell
from anlan.command.events import InstructionGiven, InstructionItemDone, InstructionItemLate
from anlan.command.models import Incident, Instruction, InstructionItem
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.areas.models import Area
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, Invalid
from anlan.kernel.events.facts import NoticeRequested

#: An overdue point is chased again after each of these; from the second time on the duty leader is told, too.
CHASE = timedelta(minutes=30)
MOST_CHASES = 20


@dataclass(frozen=True)
class Point:
    """One thing that has to be done because of an instruction."""

    what: str
    owner: str
    due_at: datetime
    phone: str = ""


def line(row: Instruction, text: str) -> None:
    if row.incident is not None:
        tell(row.incident, Kind.NOTE, text, "批示", instruction=row.pk)


def correlation(row: Instruction) -> dict[str, object]:
    return {"correlation_id": row.incident.correlation_id} if row.incident else {}


@action("command.incident")
def record_instruction(
    by: Actor, *, leader: str, text: str, points: Sequence[Point], means: str = "phone",
    given_at: datetime | None = None, incident_id: int | None = None, area_id: int | None = None,
) -> Instruction:  # fmt: skip
    """登记批示. An instruction without a point to carry out is a note; every point has an owner and a deadline."""
    now = clock.now()
    given_at = given_at or now
    if means not in Instruction.Means.values:
        raise Invalid("means", means, " / ".join(Instruction.Means.labels), label="方式")
    if given_at > now:
        raise Invalid("given_at", hm(given_at), f"不晚于现在（{hm(now)}）", label="批示时间")
    if not points:
        raise Invalid("points", "", "至少一项，每项有事项、承办、时限", label="落实事项")
    incident = Incident.objects.visible_to(by, "command.incident").one(incident_id) if incident_id else None
    area = incident.area if incident else Area.objects.filter(pk=area_id or 0).first()
    if area is None:
        raise Invalid("area_id", area_id, "已登记的区划", label="所属区划")
    by.require("command.incident", area)
    row = Instruction.objects.create(
        leader=required("leader", leader, "批示领导", 80), means=means, given_at=given_at, incident=incident, area=area,
        text=required("text", text, "批示内容", 1000), recorded_at=now, recorded_by=by.name,
    )  # fmt: skip
    items = [add(row, point, given_at) for point in points]
    line(row, f"{row.leader}批示：{row.text}（{len(items)} 项待落实）")
    told = [notice(item, f"{row.leader}批示：{item.what}，请于 {hm(item.due_at)} 前办结", "批示交办") for item in items]
    record(by, "登记批示", row, InstructionGiven(row.pk, len(items)), *told, **correlation(row))  # type: ignore[arg-type]
    return row


def add(row: Instruction, point: Point, given_at: datetime) -> InstructionItem:
    if point.due_at <= given_at:
        raise Invalid("due_at", hm(point.due_at), f"晚于批示时间（{hm(given_at)}）", label="办结时限")
    return InstructionItem.objects.create(
        instruction=row, what=required("what", point.what, "落实事项", 200),
        owner=required("owner", point.owner, "承办", 80), phone=point.phone[:40], due_at=point.due_at,
    )  # fmt: skip


def notice(
    item: InstructionItem, text: str, purpose: str, name: str = "", phone: str = "", person_id: int | None = None
) -> NoticeRequested:
    incident = item.instruction.incident
    return NoticeRequested(
        to_name=name or item.owner, phone=phone or item.phone, to_person_id=person_id, text=f"【批示】{text}",
        purpose=purpose, subject_type="command.InstructionItem", subject_id=str(item.pk), urgency="high",
        correlation_id=str(incident.correlation_id) if incident else "",
    )  # fmt: skip


def hold_item(by: Actor, item_id: int) -> InstructionItem:
    item = InstructionItem.objects.visible_to(by, "command.incident").one(item_id, lock=True)
    if item.done_at:
        raise Conflict(f"“{item}”已于 {hm(item.done_at)} 办结", rule="办结后不得更改")
    return item


@action("command.incident")
def feed_back(by: Actor, item_id: int, text: str) -> InstructionItem:
    """反馈进展."""
    item = hold_item(by, item_id)
    before, text = snapshot(item), required("text", text, "反馈", 400)
    item.feedback = [*item.feedback, {"at": clock.now().isoformat(), "by": by.name, "text": text}]
    item.save()
    line(item.instruction, f"批示落实进展·{item.what}：{text}")
    record(by, "反馈批示进展", item, before=before, reason=text, **correlation(item.instruction))  # type: ignore[arg-type]
    return item


@action("command.incident")
def finish_item(by: Actor, item_id: int, result: str) -> InstructionItem:
    """办结, with what came of it."""
    item = hold_item(by, item_id)
    before, now = snapshot(item), clock.now()
    item.result, item.done_at, item.done_by = required("result", result, "落实结果"), now, by.name
    item.save()
    late = "" if now <= item.due_at else f"（超期 {(now - item.due_at).total_seconds() / 60:.0f} 分钟）"
    line(item.instruction, f"批示办结·{item.what}：{item.result}{late}")
    fact = InstructionItemDone(item.pk, item.instruction_id, now <= item.due_at)
    record(by, "批示办结", item, fact, before=before, reason=result, **correlation(item.instruction))  # type: ignore[arg-type]
    return item


@action("command.incident")
def chase_item(by: Actor, item_id: int) -> InstructionItem:
    """催办: overdue; the owner is told, and from the second time on the duty leader, too."""
    item = hold_item(by, item_id)
    before, now = snapshot(item), clock.now()
    last = item.chased_at + CHASE if item.chased_at else item.due_at
    if last > now or item.chased >= MOST_CHASES:
        raise Conflict(f"“{item}”无须催办", rule="超期后定时催办")
    item.chased, item.chased_at = item.chased + 1, now
    item.save()
    minutes = (now - item.due_at).total_seconds() / 60
    text = f"{item.instruction.leader}批示“{item.what}”超期 {minutes:.0f} 分钟未办结（第 {item.chased} 次催办）"
    line(item.instruction, text)
    told = [notice(item, text, "批示超期")]
    incident = item.instruction.incident
    if item.chased > 1 and incident is not None:
        title, people = receivers(incident, 1, now)
        told += [notice(item, text, "批示超期", f"{title} {one.name}", one.phone, one.pk) for one in people[:1]]
    fact = InstructionItemLate(item.pk, item.instruction_id, round(minutes, 1))
    record(by, "批示催办", item, fact, *told, before=before, **correlation(item.instruction))  # type: ignore[arg-type]
    return item


def open_items(incident: Incident) -> list[InstructionItem]:
    rows = InstructionItem.objects.unscoped("the incident is held").filter(
        instruction__incident=incident, done_at__isnull=True
    )
    return list(rows)
