"""复盘指标: response times as they were, against the plan's targets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from anlan.command.models import (
    CallRound,
    Incident,
    InstructionItem,
    Report,
    ReportClock,
    Response,
    Task,
    TimelineEntry,
)
from anlan.command.plans.document import Targets
from anlan.kernel.accounts.scope import HELD


@dataclass(frozen=True)
class Measure:
    """One row of the table of times: minutes from 接报, target minutes, and whether it was met."""

    name: str
    at: str | None
    minutes: float | None
    target: float | None
    met: bool | None
    basis: str = ""

    def as_data(self) -> dict[str, Any]:
        return asdict(self)


def measures(incident: Incident) -> list[Measure]:
    """Every time worth comparing. What did not happen is None, which is not 0."""
    tasks = list(Task.objects.unscoped(HELD).filter(incident=incident).prefetch_related("steps"))
    response = Response.objects.unscoped(HELD).filter(incident=incident).order_by("started_at").first()
    targets = response.plan_version.document().targets if response else Targets()
    start = incident.received_at
    firsts = [
        ("启动响应", response.started_at if response else None, None),
        ("首次下达任务", first(task.issued_at for task in tasks), targets.first_dispatch_min),
        ("首个任务确认", first(t.reached("acknowledged") for t in tasks), targets.first_acknowledge_min),
        ("首支力量到场", first(t.reached("on_scene") for t in tasks), targets.first_arrival_min),
        ("首条预警发布", warned(incident), targets.warning_min),
        ("首报报送", reported(incident), targets.first_report_min),
    ]
    rows = [measure(name, start, at, target, "预案目标" if target else "") for name, at, target in firsts]
    rows += [of_calling(row) for row in CallRound.objects.unscoped(HELD).filter(incident=incident)]
    rows += [of_order(item) for item in InstructionItem.objects.unscoped(HELD).filter(instruction__incident=incident)]
    rows += [of_clock(duty) for duty in ReportClock.objects.unscoped(HELD).filter(incident=incident)]
    return rows + [row for task in tasks for row in of_task(task)]


def first(moments: Iterable[datetime | None]) -> datetime | None:
    return min((moment for moment in moments if moment), default=None)


def measure(name: str, start: datetime | None, at: datetime | None, target: float | None, basis: str = "") -> Measure:
    minutes = round((at - start).total_seconds() / 60, 1) if at and start else None
    met = None if target is None else minutes is not None and minutes <= target
    return Measure(name, at.isoformat() if at else None, minutes, target, met, basis)


def warned(incident: Incident) -> datetime | None:
    lines = TimelineEntry.objects.unscoped(HELD).filter(incident=incident, kind="warning", data__state="issued")
    return lines.order_by("at").values_list("at", flat=True).first()


def reported(incident: Incident) -> datetime | None:
    sendings = [
        s for report in Report.objects.unscoped(HELD).filter(incident=incident, kind="首报") for s in report.sendings
    ]
    return first(datetime.fromisoformat(sending["at"]) for sending in sendings)


def of_calling(row: CallRound) -> Measure:
    """叫应: minutes until the last answer, met when everybody called first was answered for in time."""
    rows = list(row.callees.all())
    answered = [one.answered_at for one in rows if one.answered_at]
    last = max(answered) if answered and not row.silent() else None
    return measure(f"叫应应答（{row.title}）", row.started_at, last, row.answer_min, "叫应时限")


def of_order(item: InstructionItem) -> Measure:
    allowed = round((item.due_at - item.instruction.given_at).total_seconds() / 60, 1)
    return measure(f"批示按时办结（{item.what}）", item.instruction.given_at, item.done_at, allowed, "批示时限")


def of_clock(duty: ReportClock) -> Measure:
    allowed = round((duty.due_at - duty.known_at).total_seconds() / 60, 1)
    return measure(f"{duty.party_name}{duty}", duty.known_at, duty.met_at, allowed, duty.basis)


def of_task(task: Task) -> list[Measure]:
    """Acknowledged, on scene (where the card sets a target), done: each from its issue."""
    rows = [measure(f"{task}·确认", task.issued_at, task.reached("acknowledged"), task.acknowledge_min, "任务卡")]
    if task.arrive_min:
        rows.append(measure(f"{task}·到场", task.issued_at, task.reached("on_scene"), task.arrive_min, "任务卡"))
    return [*rows, measure(f"{task}·完成", task.issued_at, task.reached("done"), task.deadline_min, "任务卡")]
