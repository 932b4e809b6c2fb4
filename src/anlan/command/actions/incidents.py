"""Verbs of the duty desk: open, correct, grade, note, close."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID, uuid4

from django.db.models import Q

from anlan.command import event_codes, grading, numbering, sources
from anlan.command.actions.instructions import open_items
from anlan.command.actions.proposals import waiting_of
from anlan.command.common import Kind, bump, exercising, hm, hold, hold_open, required, tell
from anlan.command.duty import clocks
from anlan.command.events import IncidentClosed, IncidentOpened, IncidentUpdated, ProposalDecided
from anlan.command.models import (
    CASUALTIES,
    Headquarters,
    Incident,
    Proposal,
    Report,
    ReportClock,
    ReportKind,
    Response,
    Task,
)
from anlan.command.models.incident import GRADE_CHOICES
from anlan.command.plans.variables import VARIABLES
from anlan.command.rules.cumulative import falls
from anlan.command.states import INCIDENT, INCIDENT_LABELS, TASK_OVER, move
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.actions import action, record
from anlan.kernel.areas.models import Area
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, Invalid
from anlan.resources import queries as resources

FIGURES = (*CASUALTIES, "loss_cny")
DETAILS = ("title", "place", "description", "measures", "reported_by", "lon", "lat", "occurred_at", "event_code")
GRADES = [grade for grade, _ in GRADE_CHOICES]
#: A reporter's clock may be a little ahead of ours.
CLOCK_SLACK = timedelta(minutes=2)


def label(name: str) -> str:
    """The Chinese name of a column."""
    return str(Incident._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


def checked_figures(figures: dict[str, Any]) -> dict[str, Any]:
    """Counts as non-negative whole numbers, or null = unknown."""
    for name, value in figures.items():
        if name not in FIGURES:
            raise Invalid(name, value, " ".join(FIGURES))
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
            raise Invalid(name, value, "不小于 0 的整数，未知则留空", label=label(name))
    return figures


def checked_times(occurred_at: datetime | None, received_at: datetime, now: datetime) -> None:
    if received_at > now + CLOCK_SLACK:
        raise Invalid("received_at", hm(received_at), f"不晚于现在（{hm(now)}）", label="接报时间")
    if occurred_at is not None and occurred_at > received_at:
        raise Invalid("occurred_at", hm(occurred_at), f"不晚于接报时间（{hm(received_at)}）", label="发生时间")


def checked_place(lon: float, lat: float) -> None:
    for name, value, most, label in (("lon", lon, 180, "经度"), ("lat", lat, 90, "纬度")):
        if not -most <= value <= most:
            raise Invalid(name, value, f"-{most}~{most}（WGS84）", label=label, unit="度")


def refuse_second(alarm_id: int | None, hazard_event_id: int | None) -> None:
    """One alarm or hazard event opens one incident."""
    for key, value, name in (("alarm_id", alarm_id, "告警"), ("hazard_event_id", hazard_event_id, "灾害事件")):
        before = Incident.objects.unscoped(HELD).filter(**{key: value}).first() if value else None
        if before:
            raise Conflict(f"该{name}已立案为 {before.number}", rule="同一来源只立案一次", incident_id=before.pk)


@action("command.incident")
def open_incident(
    by: Actor,
    /,
    *,
    event_code: str,
    title: str,
    lon: float,
    lat: float,
    area_id: int,
    occurred_at: datetime | None,
    reported_by: str,
    source: str,
    place: str = "",
    description: str = "",
    received_at: datetime | None = None,
    alarm_id: int | None = None,
    hazard_event_id: int | None = None,
    correlation_id: UUID | None = None,
    factors: dict[str, Any] | None = None,
    from_party: str = "",
    told_at: datetime | None = None,
    exercise: bool | None = None,
    **figures: Any,
) -> Incident:
    """登记突发事件. `figures`: the counts of `FIGURES`; null = unknown.

    `from_party`: the party that reported (enterprise, district), whose own clock is met by it; `told_at`: when the head of
    the responsible unit was told, from which the unit's hour runs (国务院令第493号 art 9).
    """
    numbering.lock()
    now = clock.now()
    received_at = received_at or max(now, occurred_at or now)
    area = Area.objects.filter(pk=area_id).first()
    if area is None:
        raise Invalid("area_id", area_id, "已登记的区划", label="所属区划")
    by.require("command.incident", area)
    checked_place(lon, lat)
    checked_times(occurred_at, received_at, now)
    refuse_second(alarm_id, hazard_event_id)
    incident = Incident(
        number=numbering.incident_number(received_at),
        event_code=event_codes.checked(event_code),
        title=required("title", title, "标题", 120),
        lon=lon,
        lat=lat,
        area=area,
        place=place,
        occurred_at=occurred_at,
        received_at=received_at,
        opened_at=now,
        source=source,
        reported_by=reported_by,
        description=description,
        alarm_id=alarm_id,
        hazard_event_id=hazard_event_id,
        correlation_id=correlation_id or uuid4(),
        factors=factors or {},
        desk=clocks.desk_of(by, area),
        exercise=exercising() if exercise is None else exercise,
        figures_at=received_at if any(value is not None for value in figures.values()) else None,
        **checked_figures(figures),
    )
    grading.suggest(incident)
    incident.save()
    clocks.at_opening(incident, from_party, told_at)
    tell_opening(by, incident)
    settle_proposals(by, incident)
    record(by, "登记突发事件", incident, opened(incident), correlation_id=incident.correlation_id)
    return incident


def tell_opening(by: Actor, incident: Incident) -> None:
    text = f"接报登记 {incident.number}：{incident.title}（{incident.event_name}，来源：{incident.source}）"
    tell(incident, Kind.INCIDENT, text, by.name, lon=incident.lon, lat=incident.lat)
    if incident.suggested_grade:
        tell(incident, Kind.INCIDENT, f"建议等级：{incident.suggested_grade}（{incident.grade_clause}）", by.name)


def opened(incident: Incident) -> IncidentOpened:
    return IncidentOpened(
        incident_id=incident.pk,
        event_code=incident.event_code,
        grade=incident.working_grade,
        title=incident.title,
        lon=incident.lon,
        lat=incident.lat,
        at=incident.received_at.isoformat(),
    )


def settle_proposals(by: Actor, incident: Incident) -> None:
    """The clue this incident was opened from waits no more, nor do those of the same thing."""
    names = ("alarm_id", "hazard_event_id", "correlation_id")
    same = [Q(**{name: value}) for name in names if (value := getattr(incident, name))]
    rows = Proposal.objects.unscoped(HELD).filter(reduce(or_, same), state=Proposal.State.WAITING)
    for row in rows.select_for_update():
        decide(by, row, Proposal.State.ACCEPTED, f"立案 {incident.number}", incident)
    for row in waiting_of(incident):
        tell_merged(by, incident, row, "同地同时段线索")


def tell_merged(by: Actor, incident: Incident, row: Proposal, why: str) -> Proposal:
    tell(incident, Kind.ALARM, f"{why}：{row.title}", by.name, at=row.at, lon=row.lon, lat=row.lat)
    return decide(by, row, Proposal.State.MERGED, f"并入 {incident.number}", incident)


def open_from_source(by: Actor, found: sources.Source, event_code: str) -> Incident:
    return open_incident(
        by,
        event_code=event_code or found.event_code,
        title=found.title,
        lon=found.lon,
        lat=found.lat,
        area_id=found.area.pk,
        place=found.place,
        occurred_at=found.at,
        reported_by=found.reported_by,
        source=found.kind,
        alarm_id=found.alarm_id,
        hazard_event_id=found.hazard_event_id,
        correlation_id=found.correlation_id,
        factors=found.factors,
    )


@action("command.incident")
def open_from_alarm(by: Actor, alarm_id: int, event_code: str = "") -> Incident:
    """由告警立案: place, time and correlation id are the alarm's."""
    return open_from_source(by, sources.of_alarm(by, alarm_id), event_code)


@action("command.incident")
def open_from_event(by: Actor, hazard_event_id: int, event_code: str = "") -> Incident:
    """由灾害事件（地震、热点、上级预警）立案."""
    return open_from_source(by, sources.of_hazard_event(by, hazard_event_id), event_code)


@action("command.incident")
def accept_proposal(by: Actor, proposal_id: int, event_code: str = "") -> Incident:
    """线索立案."""
    numbering.lock()  # before the row, as everybody who opens an incident does
    return open_from_source(by, sources.of_proposal(waiting(by, proposal_id)), event_code)


@action("command.incident")
def merge_proposal(by: Actor, proposal_id: int, incident_id: int) -> Proposal:
    """线索并入已有事件: it is the same thing, seen by another."""
    proposal, incident = waiting(by, proposal_id), hold_open(by, "command.incident", incident_id)
    return tell_merged(by, incident, proposal, "并入线索")


@action("command.incident")
def dismiss_proposal(by: Actor, proposal_id: int, reason: str) -> Proposal:
    """不予立案, with the reason."""
    return decide(by, waiting(by, proposal_id), Proposal.State.DISMISSED, required("reason", reason, "理由"))


def waiting(by: Actor, proposal_id: int) -> Proposal:
    proposal = Proposal.objects.visible_to(by, "command.incident").one(proposal_id, lock=True)
    if proposal.state != Proposal.State.WAITING:
        raise Conflict(f"线索“{proposal}”{proposal.get_state_display()}", rule="线索只处理一次")
    return proposal


def decide(by: Actor, proposal: Proposal, state: str, reason: str, incident: Incident | None = None) -> Proposal:
    before = snapshot(proposal)
    proposal.state, proposal.reason, proposal.incident = state, reason, incident
    proposal.decided_by, proposal.decided_at = by.name, clock.now()
    proposal.save()
    fact = ProposalDecided(proposal.pk, state, incident.pk if incident else None)
    record(by, "处理接报线索", proposal, fact, before=before, reason=reason, correlation_id=proposal.correlation_id)
    return proposal


@action("command.incident")
def update_casualties(
    by: Actor,
    /,
    incident_id: int,
    *,
    version: int | None = None,
    as_of: datetime | None = None,
    reason: str = "",
    **figures: Any,
) -> Incident:
    """更新伤亡与损失. Deaths only fall as a stated correction (核减): a reason is demanded."""
    incident = hold(by, "command.incident", incident_id, version)
    before, now = snapshot(incident), clock.now()
    checked_open_or_in_window(incident, now)
    checked_figures(figures)
    checked_falls(incident, figures, reason)
    if as_of and as_of > now + CLOCK_SLACK:
        raise Invalid("as_of", hm(as_of), f"不晚于现在（{hm(now)}）", label="数据截至")
    changes = [change(incident, name, value) for name, value in figures.items() if getattr(incident, name) != value]
    for name, value in figures.items():
        setattr(incident, name, value)
    incident.figures_at = as_of or now
    text = f"伤亡损失更新（截至 {hm(incident.figures_at)}）：{'，'.join(changes) or '无变化'}"
    tell(incident, Kind.INCIDENT, text + (f"；{reason}" if reason else ""), by.name)
    regrade(incident, by)
    if changes and clocks.supplement(incident, now):
        tell(incident, Kind.REPORT, "伤亡有变化，须当日补报（国务院令第493号第十三条）", by.name)
    bump(incident)
    fact = IncidentUpdated(incident.pk, "casualties")
    record(by, "更新伤亡", incident, fact, before=before, reason=reason, correlation_id=incident.correlation_id)
    return incident


def checked_open_or_in_window(incident: Incident, now: datetime) -> None:
    """Figures of a closed accident may still change while late deaths count (493 art 13); otherwise closed is closed."""
    ends = clocks.window(incident)
    if not incident.is_open and (incident.status == "merged" or ends is None or now > ends):
        raise Conflict(
            f"{incident.number}{incident.get_status_display()}，不能再改",
            rule="结案后不得更改（补报期内的伤亡变化除外）",
        )


def checked_falls(incident: Incident, figures: dict[str, Any], reason: str) -> None:
    """Cumulative figures do not fall without a reason."""
    was = {name: getattr(incident, name) for name in FIGURES}
    fell = falls({**was, "loss": was["loss_cny"]}, {**was, **figures, "loss": figures.get("loss_cny", was["loss_cny"])})
    if fell and not reason.strip():
        raise Conflict(
            f"{'、'.join(one.text for one in fell)}，须填写核减理由", rule="累计死亡人数等累计数不得无故减少"
        )


def change(incident: Incident, name: str, value: Any) -> str:
    old = getattr(incident, name)
    return f"{label(name)} {'未知' if old is None else old}→{'未知' if value is None else value}"


def regrade(incident: Incident, by: Actor) -> None:
    """A new suggestion after the figures changed; a higher grade starts the clocks that come with it."""
    before = incident.suggested_grade
    grading.suggest(incident)
    if incident.suggested_grade != before:
        text = f"建议等级由“{before or '未定'}”变为“{incident.suggested_grade}”（{incident.grade_clause}）"
        tell(incident, Kind.INCIDENT, text, by.name)
    clocks.start(incident, known_at=clock.now())


@action("command.incident")
def update_incident(by: Actor, /, incident_id: int, *, version: int | None = None, **details: Any) -> Incident:
    """更正事件信息: title, place, description, measures, coordinates, type."""
    incident = hold_open(by, "command.incident", incident_id, version)
    before = snapshot(incident)
    for name, value in details.items():
        if name not in DETAILS:
            raise Invalid(name, value, " ".join(DETAILS))
        setattr(incident, name, value)
    checked_place(incident.lon, incident.lat)
    checked_times(incident.occurred_at, incident.received_at, clock.now())
    event_codes.checked(incident.event_code)
    required("title", incident.title, "标题", 120)
    regrade(incident, by)
    bump(incident)
    changed = [label(name) for name in details]
    tell(incident, Kind.INCIDENT, f"更正：{'、'.join(changed)}", by.name)
    fact = IncidentUpdated(incident.pk, "details")
    record(by, "更正事件信息", incident, fact, before=before, correlation_id=incident.correlation_id)
    return incident


@action("command.incident")
def set_factor(
    by: Actor, incident_id: int, name: str, value: Any, source: str, *, version: int | None = None
) -> Incident:
    """录入研判要素 (震级, 过火面积, 泄漏量 …) with its source; conditions of plans are judged on it."""
    variable = VARIABLES.get(name)
    if variable is None or not variable.entered:
        raise Invalid("name", name, " ".join(key for key, v in VARIABLES.items() if v.entered), label="研判要素")
    kinds = {"number": int | float, "flag": bool, "text": str}[variable.kind]
    if value is not None and (not isinstance(value, kinds) or (isinstance(value, bool) and variable.kind == "number")):
        allowed = {"number": "数值", "flag": "是/否", "text": "文字"}[variable.kind]
        raise Invalid("value", value, allowed, label=variable.label, unit=variable.unit)
    incident = hold_open(by, "command.incident", incident_id, version)
    before = snapshot(incident)
    source = required("source", source, "来源", 80)
    incident.factors = {**incident.factors, name: {"value": value, "source": source, "at": clock.now().isoformat()}}
    tell(
        incident, Kind.INCIDENT, f"研判要素：{variable.label} {shown(value)}{variable.unit}（来源：{source}）", by.name
    )
    regrade(incident, by)
    bump(incident)
    fact = IncidentUpdated(incident.pk, "factors")
    record(by, "录入研判要素", incident, fact, before=before, correlation_id=incident.correlation_id)
    return incident


def shown(value: Any) -> str:
    return "未知" if value is None else {True: "是", False: "否"}[value] if isinstance(value, bool) else f"{value}"


@action("command.incident")
def confirm_grade(by: Actor, incident_id: int, grade: str, reason: str = "", *, version: int | None = None) -> Incident:
    """确认等级. Differing from the suggestion demands a reason."""
    if grade not in GRADES:
        raise Invalid("grade", grade, " / ".join(GRADES), label="事件等级")
    incident = hold_open(by, "command.incident", incident_id, version)
    before = snapshot(incident)
    if grade != incident.suggested_grade:
        reason = required("reason", reason, "与建议等级不同时的理由")
    incident.grade, incident.grade_by, incident.grade_at = grade, by.name, clock.now()
    tell(incident, Kind.INCIDENT, f"确认等级：{grade}" + (f"（{reason}）" if reason else ""), by.name)
    clocks.start(incident, known_at=clock.now())
    bump(incident)
    fact = IncidentUpdated(incident.pk, "grade")
    record(by, "确认等级", incident, fact, before=before, reason=reason, correlation_id=incident.correlation_id)
    return incident


@action("command.incident")
def note(by: Actor, incident_id: int, text: str, lon: float | None = None, lat: float | None = None) -> Incident:
    """记录: a line in the timeline."""
    incident = hold_open(by, "command.incident", incident_id)
    tell(incident, Kind.NOTE, required("text", text, "记录", 1000), by.name, lon=lon, lat=lat)
    fact = IncidentUpdated(incident.pk, "note")
    record(by, "记录", incident, fact, reason=text[:400], correlation_id=incident.correlation_id)
    return incident


def final_report_owed(incident: Incident) -> bool:
    """Whoever had to report first has to report last: was there a duty to report, or a response?"""
    owed = ReportClock.objects.unscoped(HELD).filter(incident=incident, kind=ReportKind.INITIAL).exists()
    if not (owed or Response.objects.unscoped(HELD).filter(incident=incident).exists()):
        return False
    return (
        not Report.objects.unscoped(HELD)
        .filter(incident=incident, kind=ReportKind.FINAL, sent_at__isnull=False)
        .exists()
    )


def check_nobody_left(incident: Incident) -> None:
    """Nobody inside a danger zone, no command post standing."""
    inside = resources.people_inside(incident.correlation_id)
    if inside:
        names = "、".join(inside[:5])
        raise Conflict(f"危险区内还有 {len(inside)} 人：{names}", rule="区内人员全部撤出后方可结案")
    post = Headquarters.objects.unscoped(HELD).filter(incident=incident, dissolved_at=None).first()
    if post is not None:
        raise Conflict(f"{post}尚未撤销", rule="现场指挥部撤销后方可结案")


@action("command.incident")
def close_incident(by: Actor, incident_id: int, conclusion: str, *, version: int | None = None) -> Incident:
    """结案. Refused with open tasks, a running response, or without the final report where one is owed."""
    incident = hold_open(by, "command.incident", incident_id, version)
    before = snapshot(incident)
    if Response.objects.unscoped(HELD).filter(incident=incident, state=Response.State.ACTIVE).exists():
        raise Conflict("应急响应尚未结束，请先结束响应", rule="响应结束后方可结案")
    left = list(Task.objects.unscoped(HELD).filter(incident=incident).exclude(state__in=TASK_OVER))
    if left:
        names = "；".join(str(task) for task in left[:5])
        raise Conflict(f"还有 {len(left)} 项任务未完成：{names}", rule="任务全部办结后方可结案", open_tasks=len(left))
    orders = open_items(incident)
    if orders:
        names = "；".join(str(item) for item in orders[:5])
        raise Conflict(f"还有 {len(orders)} 项领导批示未办结：{names}", rule="批示件件有落实，办结后方可结案")
    check_nobody_left(incident)
    if final_report_owed(incident):
        raise Conflict("终报尚未报送，不能结案", rule="须报告的事件以终报结束（终报/核报）")
    incident.status = move(INCIDENT, INCIDENT_LABELS, incident.number, incident.status, "closed")
    incident.conclusion, incident.closed_at = required("conclusion", conclusion, "处置结论", 4000), clock.now()
    bump(incident)
    tell(incident, Kind.INCIDENT, f"结案：{incident.conclusion}", by.name)
    fact = IncidentClosed(incident.pk)
    record(by, "结案", incident, fact, before=before, reason=conclusion[:400], correlation_id=incident.correlation_id)
    return incident


def incident_of(correlation_id: UUID | str | None) -> Incident | None:
    """The incident a fact belongs to, for reactions."""
    return Incident.objects.unscoped(HELD).filter(correlation_id=correlation_id).first() if correlation_id else None
