"""值班快报、值班信息、专报 filled out of what is known; every figure of one product from one time of data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from anlan.command import numbering, reporting
from anlan.command.common import exercising, hm
from anlan.command.models import Bulletin, CallRecord, Incident, InstructionItem, Response, Task
from anlan.command.states import INCIDENT_OVER, TASK_OPEN
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.areas.models import Area
from anlan.kernel.clock import BEIJING

Kind = Bulletin.Kind
#: A 值班快报 is the first word: no longer than this.
FLASH_MOST = 200
#: The fields of each product, in printing order: name -> Chinese. A field that is not filled is printed as 无.
LABELS: dict[str, dict[str, str]] = {
    Kind.FLASH: {"event": "事件", "place": "地点", "casualties": "伤亡", "action": "处置", "follow_up": "后续"},
    Kind.INFO: {
        "source": "信息来源", "event": "事件", "place": "地点", "casualties": "伤亡", "background": "背景",
        "action": "处置情况", "next_steps": "下一步工作", "superior": "呈报", "copies": "抄送",
    },
    Kind.SPECIAL: {
        "event": "事件概况", "casualties": "伤亡损失", "action": "处置情况", "analysis": "研判", "impact": "影响",
        "suggestions": "建议", "superior": "呈报", "copies": "抄送",
    },
}  # fmt: skip


def number(kind: str, at: datetime) -> str:
    """The next number of this product in this year, under the lock of numbers."""
    numbering.lock()
    stem = f"{Kind(kind).label}〔{at.astimezone(BEIJING).year}〕"
    known = Bulletin.objects.unscoped(HELD).filter(number__startswith=stem).values_list("number", flat=True)
    last = max((int(n.removeprefix(stem).removesuffix("期")) for n in known), default=0)
    return f"{stem}{last + 1}期"


def title(incident: Incident, at: datetime) -> str:
    """地点+类型+伤亡+进展."""
    progress = {"opened": "正在核实处置", "responding": "应急响应进行中", "ended": "响应已结束"}.get(
        incident.status, incident.get_status_display()
    )
    return f"{incident.where}{incident.event_name}{hurt(incident)}，{progress}"[:160]


def hurt(incident: Incident) -> str:
    words = [("deaths", "死亡"), ("missing", "失踪"), ("serious", "重伤"), ("trapped", "被困")]
    known = [(label, getattr(incident, name)) for name, label in words]
    said = [f"{label}{value}人" for label, value in known if value]
    if said:
        return "致" + "、".join(said)
    return "无人员伤亡" if any(value == 0 for _, value in known) else "伤亡不详"


def of_incident(kind: str, incident: Incident, at: datetime) -> dict[str, str]:
    """What is known now, as far as this product has a field for it; people complete the rest."""
    response = Response.objects.unscoped(HELD).filter(incident=incident).order_by("-started_at").first()
    zone = reporting.impact(incident)
    known = {
        "event": f"{hm(incident.occurred_at)}，{incident.title}。{incident.description}"[:400],
        "place": incident.where,
        "casualties": hurt(incident).removeprefix("致"),
        "action": action(incident, response),
        "follow_up": "后续情况续报。",
        "source": f"{incident.source} {incident.reported_by}".strip(),
        "background": incident.grade_clause and f"初判{incident.working_grade}（{incident.grade_clause}）",
        "next_steps": "\n".join(response.plan_version.document().report.next_steps) if response else "",
        "superior": "市委、市政府",
        "copies": "",
        "analysis": f"初判等级{incident.working_grade or '未定'}。{zone}",
        "impact": zone,
        "suggestions": "",
    }
    return {name: known.get(name, "") for name in LABELS[kind]}


def action(incident: Incident, response: Response | None) -> str:
    tasks = Task.objects.unscoped(HELD).filter(incident=incident)
    there = tasks.filter(state="on_scene").count()
    parts = [incident.measures] if incident.measures else []
    if response:
        parts.append(f"已启动《{response.plan_version.plan.title}》{response.level}响应")
    if tasks:
        parts.append(
            f"下达任务 {tasks.count()} 项，到场 {there} 支，未办结 {tasks.filter(state__in=TASK_OPEN).count()} 项"
        )
    return "；".join(parts) or "正在核实"


def of_day(area: Area, at: datetime) -> dict[str, str]:
    """值班信息 of the day: calls, incidents and open matters of the last 24 hours."""
    since = at - timedelta(hours=24)
    calls = CallRecord.objects.unscoped(HELD).filter(area__path__startswith=area.path, received_at__range=(since, at))
    # Exercises are never counted among what really happened, nor the other way round.
    calls = calls.exclude(incident__exercise=not exercising())
    rows = Incident.objects.unscoped(HELD).filter(area__path__startswith=area.path, exercise=exercising())
    fresh = list(rows.filter(received_at__range=(since, at)).order_by("received_at"))
    running = rows.exclude(status__in=INCIDENT_OVER)
    owed = InstructionItem.objects.unscoped(HELD).filter(instruction__area__path__startswith=area.path, done_at=None)
    listed = "\n".join(f"{hm(row.received_at)} {row.title}（{hurt(row)}，{row.get_status_display()}）" for row in fresh)
    return {
        "source": f"{area.name}应急值班室",
        "event": f"{hm(since)} 至 {hm(at)}，接报 {calls.count()} 起，新增突发事件 {len(fresh)} 起。\n{listed}".strip(),
        "place": area.name,
        "casualties": f"新增事件合计：{sums(fresh)}",
        "background": "",
        "action": f"处置中事件 {running.count()} 起，批示未办结 {owed.count()} 项。",
        "next_steps": "",
        "superior": "市委、市政府",
        "copies": "",
    }


def sums(rows: list[Incident]) -> str:
    """Sums of what is known; how many incidents do not know is said beside it."""
    said = []
    for name, label in (("deaths", "死亡"), ("missing", "失踪"), ("serious", "重伤")):
        known = [getattr(row, name) for row in rows if getattr(row, name) is not None]
        unknown = len(rows) - len(known)
        said.append(f"{label} {sum(known)} 人" + (f"（另 {unknown} 起不详）" if unknown else ""))
    return "，".join(said)


def length(fields: Mapping[str, str]) -> int:
    """Characters of a flash as it is printed."""
    return sum(len("".join(str(value).split())) for value in fields.values())
