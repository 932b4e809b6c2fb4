"""The timeline band: published events as short lines, of one correlation id or of the last hours."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.events.models import Event
from anlan.web.live import FIELDS, may_see

MOST = 2000
LEVELS = {"红": 1, "橙": 2, "黄": 3, "蓝": 4, "特别重大": 1, "重大": 2, "较大": 3, "一般": 4}
LEVELS |= {"一级": 1, "二级": 2, "三级": 3, "四级": 4}
#: Event -> lane, and its sentence; {names} are of the payload.
SENTENCES: dict[str, tuple[str, str]] = {
    "monitoring.AlarmRaised": ("alarm", "告警 {title}"),
    "monitoring.AlarmAcknowledged": ("alarm", "确认告警 {by}"),
    "monitoring.AlarmCleared": ("alarm", "告警条件恢复"),
    "monitoring.HazardEventReceived": ("alarm", "{title}"),
    "monitoring.WarningDrafted": ("warning", "起草预警 {headline}"),
    "monitoring.WarningReviewed": ("warning", "审核预警"),
    "monitoring.WarningIssued": ("warning", "发布预警 {headline}"),
    "monitoring.WarningCancelled": ("warning", "解除预警 {headline}"),
    "command.ProposalReceived": ("incident", "线索 {title}"),
    "command.IncidentOpened": ("incident", "立案 {title}"),
    "command.IncidentUpdated": ("incident", "续情"),
    "command.IncidentClosed": ("incident", "结案"),
    "command.IncidentReviewed": ("incident", "复盘完成"),
    "command.ResponseStarted": ("response", "启动{level}响应"),
    "command.ResponseAdjusted": ("response", "调整为{level}响应"),
    "command.ResponseEnded": ("response", "结束响应"),
    "command.TaskIssued": ("task", "下达 {title}"),
    "command.TaskAcknowledged": ("task", "确认任务"),
    "command.TaskProgressed": ("task", "任务进展"),
    "command.TaskLate": ("task", "任务超时 → {to_name}"),
    "command.ReportDue": ("report", "{kind}临期"),
    "command.ReportDrafted": ("report", "拟稿 {kind}"),
    "command.ReportSigned": ("report", "签发报告"),
    "command.ReportSent": ("report", "报送 {kind}"),
    "simulation.SimulationFinished": ("other", "推演完成"),
    "resources.StockIssued": ("other", "物资出库"),
}


@dataclass(frozen=True)
class Entry:
    """One mark of the band."""

    at: datetime
    lane: str
    level: int
    title: str
    by: str


class Blank(dict[str, Any]):
    """A payload that lacks a name leaves it out of the sentence."""

    def __missing__(self, key: str) -> str:
        return ""


def level_of(payload: dict[str, Any]) -> int:
    for name in ("priority", "level", "grade"):
        value = payload.get(name)
        if isinstance(value, int) and 1 <= value <= 4:
            return value
        if isinstance(value, str) and value in LEVELS:
            return LEVELS[value]
    return 0


def as_entry(row: dict[str, Any]) -> Entry:
    lane, sentence = SENTENCES[row["name"]]
    title = sentence.format_map(Blank(row["payload"])).strip()
    return Entry(row["at"], lane, level_of(row["payload"]), title, row["actor"])


def entries(actor: Actor, rows: Iterable[dict[str, Any]]) -> list[Entry]:
    found = [as_entry(row) for row in rows if row["name"] in SENTENCES and may_see(actor, row)]
    return sorted(found, key=lambda entry: entry.at)


def of_story(actor: Actor, correlation_id: UUID) -> list[Entry]:
    """Everything under one correlation id."""
    rows = Event.objects.filter(correlation_id=correlation_id, published_seq__isnull=False)
    return entries(actor, rows.order_by("published_seq").values(*FIELDS)[:MOST])


def of_hours(actor: Actor, now: datetime, hours: float) -> list[Entry]:
    """The newest of what happened in the last `hours` of the platform's time."""
    rows = Event.objects.filter(
        published_seq__isnull=False, at__gte=now - timedelta(hours=hours), name__in=list(SENTENCES)
    )
    return entries(actor, rows.order_by("-published_seq").values(*FIELDS)[:MOST])
