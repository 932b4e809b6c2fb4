"""REST of the command room: every verb a page has, for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from anlan.command import actions, event_codes, queries, review
from anlan.command.api.desk import router as desk_router
from anlan.command.api.losses import router as losses_router
from anlan.command.api.quakes import router as quakes_router
from anlan.command.api.sandboxes import router as sandbox_router
from anlan.command.api.structure import router as structure_router
from anlan.command.models import Incident, Proposal, Report, Response, Task
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor

router = Router(tags=["command 指挥救援"])
router.add_router("", desk_router)
router.add_router("", losses_router)
router.add_router("", quakes_router)
router.add_router("", sandbox_router)
router.add_router("", structure_router)


class IncidentIn(Schema):
    """登记; counts left out or null are unknown."""

    event_code: str
    title: str
    lon: float
    lat: float
    area_id: int
    occurred_at: datetime | None = None
    reported_by: str = ""
    source: str = "接口"
    place: str = ""
    description: str = ""
    deaths: int | None = None
    missing: int | None = None
    serious: int | None = None
    minor: int | None = None
    trapped: int | None = None
    evacuated: int | None = None
    loss_cny: int | None = None


class CasualtiesIn(Schema):
    """Only the fields that are sent are changed."""

    deaths: int | None = None
    missing: int | None = None
    serious: int | None = None
    minor: int | None = None
    trapped: int | None = None
    evacuated: int | None = None
    resettled: int | None = None
    loss_cny: int | None = None
    as_of: datetime | None = None
    reason: str = ""
    version: int | None = None


class FactorIn(Schema):
    name: str
    value: float | bool | str | None
    source: str
    version: int | None = None


class GradeIn(Schema):
    grade: str
    reason: str = ""
    version: int | None = None


class RespondIn(Schema):
    plan_code: str
    level: str
    reason: str = ""
    version: int | None = None


class LevelIn(Schema):
    level: str
    reason: str
    version: int | None = None


class ReasonIn(Schema):
    reason: str
    version: int | None = None


class TextIn(Schema):
    text: str


class DispatchIn(Schema):
    team_id: int
    what: str


class SourceIn(Schema):
    event_code: str = ""


class MergeIn(Schema):
    incident_id: int


class ReportKindIn(Schema):
    kind: str


class ReportEditIn(Schema):
    fields: dict[str, Any]
    reason: str = ""
    version: int | None = None


class SendIn(Schema):
    channel: str


def who(request: HttpRequest) -> Actor:
    found: Actor = request.actor  # type: ignore[attr-defined]
    return found


def incident_out(row: Incident) -> dict[str, Any]:
    names = ("deaths", "missing", "serious", "minor", "trapped", "evacuated", "resettled", "loss_cny")
    return {
        "id": row.pk,
        "number": row.number,
        "title": row.title,
        "event_code": row.event_code,
        "event": row.event_name,
        "status": row.status,
        "exercise": row.exercise,
        "grade": row.grade,
        "suggested_grade": row.suggested_grade,
        "grade_clause": row.grade_clause,
        "lon": row.lon,
        "lat": row.lat,
        "area_id": row.area_id,
        "place": row.place,
        "occurred_at": row.occurred_at,
        "received_at": row.received_at,
        "figures_at": row.figures_at,
        **{name: getattr(row, name) for name in names},
        "factors": row.factors,
        "correlation_id": row.correlation_id,
        "alarm_id": row.alarm_id,
        "hazard_event_id": row.hazard_event_id,
        "version": row.version,
    }


def response_out(row: Response) -> dict[str, Any]:
    return {
        "id": row.pk,
        "incident_id": row.incident_id,
        "plan": row.plan_version.plan.code,
        "plan_version": row.plan_version.version,
        "level": row.level,
        "state": row.state,
        "matter": row.matter,
        "measures": row.measures,
        "expected_until": row.expected_until,
        "proposal": row.proposal,
        "history": row.history,
        "started_at": row.started_at,
        "ended_at": row.ended_at,
    }


def task_out(row: Task) -> dict[str, Any]:
    return {
        "id": row.pk,
        "incident_id": row.incident_id,
        "title": row.title,
        "text": row.text,
        "assignee": row.assignee,
        "post_id": row.post_id,
        "team_id": row.team_id,
        "state": row.state,
        "issued_at": row.issued_at,
        "acknowledge_by": row.acknowledge_by,
        "due_at": row.due_at,
        "escalation": row.escalation,
        "escalated_to": row.escalated_to,
        "eta_min": row.eta_min,
        "road_m": row.road_m,
        "route_how": row.route_how,
        "result": row.result,
        "steps": [{"state": s.state, "at": s.at, "by": s.by, "note": s.note} for s in row.steps.all()],
    }


def report_out(row: Report) -> dict[str, Any]:
    return {
        "id": row.pk,
        "incident_id": row.incident_id,
        "kind": row.kind,
        "name": row.name,
        "number": row.number,
        "state": row.state,
        "superior": row.superior,
        "due_at": row.due_at,
        "due_basis": row.due_basis,
        "sent_at": row.sent_at,
        "lateness_min": row.lateness_min,
        "receipt_number": row.receipt_number,
        "receipt_note": row.receipt_note,
        "fields": row.fields,
        "version": row.version,
    }


def proposal_out(row: Proposal) -> dict[str, Any]:
    return {
        "id": row.pk,
        "source": row.source,
        "title": row.title,
        "event_code": row.event_code,
        "lon": row.lon,
        "lat": row.lat,
        "at": row.at,
        "priority": row.priority,
        "state": row.state,
        "incident_id": row.incident_id,
        "alarm_id": row.alarm_id,
        "hazard_event_id": row.hazard_event_id,
        "also": row.also,
    }


@router.get("/event-codes", summary="事件类型码")
def list_event_codes(request: HttpRequest) -> dict[str, str]:
    return event_codes.names()


@router.get("/incidents", summary="突发事件")
def list_incidents(request: HttpRequest, open_only: bool = False) -> list[dict[str, Any]]:
    return [incident_out(row) for row in queries.incidents(who(request), open_only=open_only)]


@router.post("/incidents", summary="登记突发事件", response={201: dict[str, Any]})
def open_incident(request: HttpRequest, data: IncidentIn) -> dict[str, Any]:
    return incident_out(actions.open_incident(who(request), **data.dict()))


@router.get("/incidents/{pk}", summary="一起突发事件")
def get_incident(request: HttpRequest, pk: int) -> dict[str, Any]:
    return incident_out(queries.incident(who(request), pk))


@router.get("/incidents/{pk}/timeline", summary="时间线")
def get_timeline(request: HttpRequest, pk: int) -> list[dict[str, Any]]:
    queries.incident(who(request), pk)
    return [queries.as_line(line) for line in queries.timeline(who(request), pk)]


@router.get("/incidents/{pk}/tasks", summary="任务")
def get_tasks(request: HttpRequest, pk: int) -> list[dict[str, Any]]:
    queries.incident(who(request), pk)
    return [task_out(row) for row in queries.tasks(who(request), pk)]


@router.get("/incidents/{pk}/reports", summary="信息报告")
def get_reports(request: HttpRequest, pk: int) -> list[dict[str, Any]]:
    queries.incident(who(request), pk)
    return [report_out(row) for row in queries.reports(who(request), pk)]


@router.get("/incidents/{pk}/clocks", summary="报告时限")
def get_clocks(request: HttpRequest, pk: int) -> list[dict[str, Any]]:
    queries.incident(who(request), pk)
    names = (
        "id", "party", "party_name", "kind", "channel", "receiver", "known_at", "due_at", "rule_id", "rule_version", "basis",
        "to_check", "met_at", "late_min", "proof", "escalation",
    )  # fmt: skip
    return [{name: getattr(row, name) for name in names} for row in queries.clocks(who(request), pk)]


@router.get("/incidents/{pk}/plans", summary="适用预案及启动条件研判")
def get_plans(request: HttpRequest, pk: int) -> list[dict[str, Any]]:
    options = queries.plan_options(who(request), queries.incident(who(request), pk))
    return [
        {
            "plan": option.document.code,
            "title": option.document.title,
            "version": option.version.version,
            "proposed": option.proposed,
            "levels": {name: judged.as_data() for name, judged in option.levels},
        }
        for option in options
    ]


@router.get("/incidents/{pk}/review", summary="响应时间与目标")
def get_review(request: HttpRequest, pk: int) -> list[dict[str, Any]]:
    return [row.as_data() for row in review.measures(queries.incident(who(request), pk))]


@router.post("/alarms/{pk}/open", summary="由告警立案", response={201: dict[str, Any]})
def open_from_alarm(request: HttpRequest, pk: int, data: SourceIn) -> dict[str, Any]:
    return incident_out(actions.open_from_alarm(who(request), pk, data.event_code))


@router.post("/hazard-events/{pk}/open", summary="由灾害事件立案", response={201: dict[str, Any]})
def open_from_event(request: HttpRequest, pk: int, data: SourceIn) -> dict[str, Any]:
    return incident_out(actions.open_from_event(who(request), pk, data.event_code))


@router.get("/proposals", summary="待处理线索")
def list_proposals(request: HttpRequest) -> list[dict[str, Any]]:
    return [proposal_out(row) for row in queries.desk(who(request)).proposals]


@router.post("/proposals/{pk}/accept", summary="线索立案", response={201: dict[str, Any]})
def accept(request: HttpRequest, pk: int, data: SourceIn) -> dict[str, Any]:
    return incident_out(actions.accept_proposal(who(request), pk, data.event_code))


@router.post("/proposals/{pk}/merge", summary="线索并入事件")
def merge(request: HttpRequest, pk: int, data: MergeIn) -> dict[str, Any]:
    return proposal_out(actions.merge_proposal(who(request), pk, data.incident_id))


@router.post("/proposals/{pk}/dismiss", summary="线索不予立案")
def dismiss(request: HttpRequest, pk: int, data: ReasonIn) -> dict[str, Any]:
    return proposal_out(actions.dismiss_proposal(who(request), pk, data.reason))


@router.post("/incidents/{pk}/casualties", summary="更新伤亡损失")
def casualties(request: HttpRequest, pk: int, data: CasualtiesIn) -> dict[str, Any]:
    return incident_out(actions.update_casualties(who(request), pk, **data.dict(exclude_unset=True)))


@router.post("/incidents/{pk}/factor", summary="录入研判要素")
def factor(request: HttpRequest, pk: int, data: FactorIn) -> dict[str, Any]:
    made = actions.set_factor(who(request), pk, data.name, data.value, data.source, version=data.version)
    return incident_out(made)


@router.post("/incidents/{pk}/grade", summary="确认等级")
def grade(request: HttpRequest, pk: int, data: GradeIn) -> dict[str, Any]:
    return incident_out(actions.confirm_grade(who(request), pk, data.grade, data.reason, version=data.version))


@router.post("/incidents/{pk}/note", summary="记录")
def note(request: HttpRequest, pk: int, data: TextIn) -> dict[str, Any]:
    return incident_out(actions.note(who(request), pk, data.text))


@router.post("/incidents/{pk}/respond", summary="启动响应", response={201: dict[str, Any]})
def respond(request: HttpRequest, pk: int, data: RespondIn) -> dict[str, Any]:
    made = actions.activate_response(who(request), pk, data.plan_code, data.level, data.reason, version=data.version)
    return response_out(made)


@router.post("/incidents/{pk}/adjust", summary="调整响应级别")
def adjust(request: HttpRequest, pk: int, data: LevelIn) -> dict[str, Any]:
    return response_out(actions.adjust_response(who(request), pk, data.level, data.reason, version=data.version))


@router.post("/incidents/{pk}/end", summary="终止响应")
def end(request: HttpRequest, pk: int, data: ReasonIn) -> dict[str, Any]:
    return response_out(actions.end_response(who(request), pk, data.reason, version=data.version))


@router.post("/incidents/{pk}/dispatch", summary="调派队伍", response={201: dict[str, Any]})
def dispatch(request: HttpRequest, pk: int, data: DispatchIn) -> dict[str, Any]:
    return task_out(actions.dispatch_team(who(request), pk, data.team_id, data.what))


@router.post("/incidents/{pk}/report", summary="拟报告", response={201: dict[str, Any]})
def draft(request: HttpRequest, pk: int, data: ReportKindIn) -> dict[str, Any]:
    return report_out(actions.draft_report(who(request), pk, data.kind))


@router.post("/incidents/{pk}/close", summary="结案")
def close(request: HttpRequest, pk: int, data: ReasonIn) -> dict[str, Any]:
    return incident_out(actions.close_incident(who(request), pk, data.reason, version=data.version))


@router.post("/incidents/{pk}/review", summary="完成复盘")
def complete_review(request: HttpRequest, pk: int, data: TextIn) -> dict[str, Any]:
    done = actions.complete_review(who(request), pk, data.text)
    return {"incident_id": pk, "measured": done.measured, "lessons": done.lessons, "at": clock.now()}


@router.get("/tasks/{pk}", summary="一项任务")
def get_task(request: HttpRequest, pk: int) -> dict[str, Any]:
    return task_out(queries.task(who(request), pk))


@router.post("/tasks/{pk}/acknowledge", summary="确认任务")
def acknowledge(request: HttpRequest, pk: int) -> dict[str, Any]:
    return task_out(actions.acknowledge_task(who(request), pk))


@router.post("/tasks/{pk}/start", summary="出发")
def start(request: HttpRequest, pk: int) -> dict[str, Any]:
    return task_out(actions.start_task(who(request), pk))


@router.post("/tasks/{pk}/arrive", summary="到场")
def arrive(request: HttpRequest, pk: int) -> dict[str, Any]:
    return task_out(actions.arrive_task(who(request), pk))


@router.post("/tasks/{pk}/finish", summary="完成任务")
def finish(request: HttpRequest, pk: int, data: TextIn) -> dict[str, Any]:
    return task_out(actions.finish_task(who(request), pk, data.text))


@router.post("/tasks/{pk}/refuse", summary="拒绝任务")
def refuse(request: HttpRequest, pk: int, data: ReasonIn) -> dict[str, Any]:
    return task_out(actions.refuse_task(who(request), pk, data.reason))


@router.post("/tasks/{pk}/withdraw", summary="撤销任务")
def withdraw(request: HttpRequest, pk: int, data: ReasonIn) -> dict[str, Any]:
    return task_out(actions.withdraw_task(who(request), pk, data.reason))


@router.get("/reports/{pk}", summary="一份报告")
def get_report(request: HttpRequest, pk: int) -> dict[str, Any]:
    return report_out(queries.report(who(request), pk))


@router.post("/reports/{pk}/edit", summary="修改报告")
def edit(request: HttpRequest, pk: int, data: ReportEditIn) -> dict[str, Any]:
    made = actions.edit_report(who(request), pk, data.fields, version=data.version, reason=data.reason)
    return report_out(made)


@router.post("/reports/{pk}/sign", summary="签发报告")
def sign(request: HttpRequest, pk: int) -> dict[str, Any]:
    return report_out(actions.sign_report(who(request), pk))


@router.post("/reports/{pk}/send", summary="报送报告")
def send(request: HttpRequest, pk: int, data: SendIn) -> dict[str, Any]:
    return report_out(actions.send_report(who(request), pk, data.channel))
