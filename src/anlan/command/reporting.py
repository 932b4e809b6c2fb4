"""信息报告的内容: the fields of a report out of the incident as it stands, and what changed between two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from anlan.command.common import hm
from anlan.command.models import Incident, Report, Response, Task
from anlan.command.plans.document import PlanDocument
from anlan.command.plans.variables import VARIABLES
from anlan.command.weather import clock_text, forecast, weather, weather_words
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import HELD

#: 首报 required contents (493 art 12) and practice fields, RULES.md 1.4; in the order they are printed.
LABELS: dict[str, str] = {
    "title": "标题",
    "as_of": "数据截至",
    "source": "信息来源",
    "reporter": "报告单位及报告人",
    "received_at": "接报时间",
    "occurred_at": "发生时间",
    "place": "地点",
    "coordinates": "经纬度",
    "event_type": "事件类型",
    "grade": "初判等级",
    "deaths": "死亡",
    "missing": "失踪",
    "serious": "重伤",
    "minor": "轻伤",
    "trapped": "被困",
    "evacuated": "疏散",
    "resettled": "安置",
    "loss": "直接经济损失",
    "course": "简要经过",
    "measures": "已采取措施",
    "forces": "到场领导与队伍",
    "impact": "影响范围",
    "weather": "天气",
    "secondary": "可能的次生衍生",
    "opinion": "舆情",
    "support": "请求支援",
    "next_steps": "下一步工作",
}
COUNTS = ("deaths", "missing", "serious", "minor", "trapped", "evacuated", "resettled")
TEXTS = (
    "title",
    "course",
    "measures",
    "forces",
    "impact",
    "weather",
    "secondary",
    "opinion",
    "support",
    "next_steps",
    "reporter",
)


def draft(incident: Incident, kind: str, by: Actor, at: Any) -> dict[str, Any]:
    """Everything the platform knows, as fields. Unknown figures stay null; people complete the texts."""
    response = Response.objects.unscoped(HELD).filter(incident=incident).order_by("-started_at").first()
    plan = response.plan_version.document() if response else None
    as_of = incident.figures_at or incident.received_at
    return {
        "title": title(incident, plan, kind),
        "as_of": hm(max(as_of, at) if kind != "首报" else as_of),
        "source": incident.source,
        "reporter": incident.reported_by or by.name,
        "received_at": hm(incident.received_at),
        "occurred_at": hm(incident.occurred_at),
        "place": incident.where,
        "coordinates": f"东经 {incident.lon:.5f}°，北纬 {incident.lat:.5f}°（CGCS2000/WGS84）",
        "event_type": f"{incident.event_code} {incident.event_name}",
        "grade": grade(incident),
        **{name: getattr(incident, name) for name in COUNTS},
        "loss": incident.loss_cny,
        "course": incident.description or f"{hm(incident.occurred_at)}，{incident.title}。",
        "measures": measures(incident, response),
        "forces": forces(incident),
        "impact": impact(incident),
        "weather": weather_now(by, incident, at),
        "secondary": "",
        "opinion": "",
        "support": "",
        "next_steps": "\n".join(plan.report.next_steps) if plan else "",
    }


def title(incident: Incident, plan: PlanDocument | None, kind: str) -> str:
    pattern = plan.report.title if plan else "关于{place}{event}的报告"
    text = pattern.format(
        place=incident.area.name,
        event=incident.event_name,
        title=incident.title,
        grade=incident.working_grade,
    )
    return text if kind == "首报" else f"{text}（{kind}）"


def grade(incident: Incident) -> str:
    if incident.grade:
        return f"{incident.grade}（{incident.grade_by}确认）"
    if incident.suggested_grade:
        return f"{incident.suggested_grade}（初判，{incident.grade_clause}）"
    return ""


def measures(incident: Incident, response: Response | None) -> str:
    lines = [incident.measures] if incident.measures else []
    if response:
        lines.append(f"{hm(response.started_at)}启动《{response.plan_version.plan.title}》{response.level}响应。")
        lines += response.measures
    return "\n".join(lines)


def forces(incident: Incident) -> str:
    """Teams under way and on scene, by the state of their tasks."""
    tasks = Task.objects.unscoped(HELD).filter(incident=incident, team__isnull=False).select_related("team")
    named = [f"{task.team.name}（{task.team.members}人，{task.get_state_display()}）" for task in tasks if task.team]
    return "、".join(named)


def impact(incident: Incident) -> str:
    entry = incident.factors.get("people_in_zone")
    if not entry or entry.get("value") is None:
        return ""
    return f"危险区内约 {entry['value']} 人（{VARIABLES['people_in_zone'].label.split('（')[1].rstrip('）')}）"


def weather_now(by: Actor, incident: Incident, at: Any) -> str:
    """天气: what the nearest station says, and the forecast of the next hours; empty where nothing is known."""
    now = weather(by, incident.lon, incident.lat, at)
    ahead = forecast(by, incident.lon, incident.lat, at)
    parts = [f"{now[0].station}{clock_text(now[0].rows[0][2])}：{weather_words(now[0])}"] if now else []
    parts += (
        [f"未来 6 小时预报（{ahead.source}）：{'，'.join(f'{n} {text}' for n, text in ahead.rows)}"] if ahead else []
    )
    return "；".join(parts)


def shown(name: str, value: Any) -> str:
    """A field as it is printed: null is 未知, which is not 0."""
    if name in COUNTS:
        return "不详" if value is None else f"{value} 人"
    if name == "loss":
        return "不详" if value is None else f"{value / 10000:,.2f} 万元"
    return "—" if value in (None, "") else str(value)


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, str]]:
    """The fields that differ, with both texts, in printing order: what a 续报 lists."""
    return [
        {"field": name, "label": label, "before": shown(name, before.get(name)), "after": shown(name, after.get(name))}
        for name, label in LABELS.items()
        if before.get(name) != after.get(name)
    ]


def previous(report: Report) -> Report | None:
    """The report sent before this one."""
    return Report.objects.unscoped(HELD).filter(incident=report.incident, id__lt=report.pk).order_by("-id").first()
