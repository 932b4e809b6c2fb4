"""REST of the duty desk."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import AwareDatetime, FiniteFloat

from anlan.command import actions
from anlan.command.actions.instructions import Point
from anlan.command.models import Bulletin, CallRecord, CallRound, Drill, Incident, Instruction, Lesson
from anlan.kernel.accounts.actor import Actor

router = Router(tags=["command 值班席"])


class CallIn(Schema):
    """A call; `outcome`: opened, joined (with `incident_id`) or noted."""

    outcome: str
    caller: str
    text: str
    caller_kind: str = "public"
    event_code: str = ""
    place: str = ""
    lon: FiniteFloat | None = None
    lat: FiniteFloat | None = None
    area_id: int | None = None
    occurred_at: AwareDatetime | None = None
    figures: dict[str, int] = {}
    incident_id: int | None = None


class MergeIncidentIn(Schema):
    into_id: int
    reason: str
    version: int | None = None


class SplitIn(Schema):
    title: str
    event_code: str
    reason: str
    lon: FiniteFloat | None = None
    lat: FiniteFloat | None = None
    place: str = ""
    lines: list[int] = []
    version: int | None = None


class WhyIn(Schema):
    reason: str


class ReceiptIn(Schema):
    """When another party knew and when it reported."""

    party: str
    proof: str
    known_at: AwareDatetime | None = None
    met_at: AwareDatetime | None = None


def who(request: HttpRequest) -> Actor:
    found: Actor = request.actor  # type: ignore[attr-defined]
    return found


def call_out(row: CallRecord) -> dict[str, Any]:
    names = (
        "id", "received_at", "saved_at", "took_s", "officer", "caller_kind", "caller", "event_code", "place", "lon", "lat",
        "occurred_at", "text", "figures", "outcome", "incident_id", "shown",
    )  # fmt: skip
    return {name: getattr(row, name) for name in names}


def short(row: Incident) -> dict[str, Any]:
    names = ("id", "number", "title", "status", "version", "merged_into_id", "split_from_id")
    return {name: getattr(row, name) for name in names}


@router.get("/calls", summary="接报记录")
def list_calls(request: HttpRequest) -> list[dict[str, Any]]:
    return [call_out(row) for row in CallRecord.objects.visible_to(who(request), "command.view")[:200]]


@router.post("/calls", summary="登记来电", response={201: dict[str, Any]})
def take_call(request: HttpRequest, data: CallIn) -> dict[str, Any]:
    return call_out(actions.take_call(who(request), **data.dict()))


@router.post("/incidents/{pk}/merge", summary="并入另一事件")
def merge(request: HttpRequest, pk: int, data: MergeIncidentIn) -> dict[str, Any]:
    return short(actions.merge_incident(who(request), pk, data.into_id, data.reason, version=data.version))


@router.post("/incidents/{pk}/restore", summary="取消合并")
def restore(request: HttpRequest, pk: int, data: WhyIn) -> dict[str, Any]:
    return short(actions.restore_incident(who(request), pk, data.reason))


@router.post("/incidents/{pk}/split", summary="拆分", response={201: dict[str, Any]})
def split(request: HttpRequest, pk: int, data: SplitIn) -> dict[str, Any]:
    return short(actions.split_incident(who(request), pk, **data.dict()))


@router.post("/incidents/{pk}/receipt", summary="登记他方报告")
def receipt(request: HttpRequest, pk: int, data: ReceiptIn) -> dict[str, Any]:
    return short(actions.note_receipt(who(request), pk, **data.dict()))


class CallingIn(Schema):
    title: str
    text: str
    area_ids: list[int]
    level: str = ""
    incident_id: int | None = None
    answer_min: FiniteFloat = 10.0


class AttemptIn(Schema):
    outcome: str
    means: str = "phone"
    note: str = ""


class NoteIn(Schema):
    text: str = ""


class PointIn(Schema):
    what: str
    owner: str
    due_at: AwareDatetime
    phone: str = ""


class InstructionIn(Schema):
    leader: str
    text: str
    points: list[PointIn]
    means: str = "phone"
    given_at: AwareDatetime | None = None
    incident_id: int | None = None
    area_id: int | None = None


class BulletinIn(Schema):
    kind: str
    incident_id: int | None = None
    area_id: int | None = None


class BulletinEditIn(Schema):
    fields: dict[str, str]
    title: str = ""
    version: int | None = None


def round_out(row: CallRound) -> dict[str, Any]:
    names = ("id", "title", "text", "level", "incident_id", "warning_id", "answer_min", "started_at", "closed_at")
    callee = ("id", "name", "title", "phone", "state", "step", "instead_of_id", "asked_at", "answer_by", "answered_at")
    return {
        **{name: getattr(row, name) for name in names},
        "callees": [{name: getattr(one, name) for name in callee} for one in row.callees.all()],
    }


def instruction_out(row: Instruction) -> dict[str, Any]:
    names = ("id", "leader", "means", "text", "given_at", "incident_id")
    item = ("id", "what", "owner", "phone", "due_at", "feedback", "done_at", "result", "chased")
    return {
        **{name: getattr(row, name) for name in names},
        "items": [{name: getattr(one, name) for name in item} for one in row.items.all()],
    }


def bulletin_out(row: Bulletin) -> dict[str, Any]:
    names = ("id", "kind", "number", "title", "incident_id", "as_of", "fields", "state", "steps", "version")
    return {name: getattr(row, name) for name in names}


@router.get("/callings", summary="叫应")
def list_callings(request: HttpRequest) -> list[dict[str, Any]]:
    return [round_out(row) for row in CallRound.objects.visible_to(who(request), "command.view")[:100]]


@router.post("/callings", summary="发起叫应", response={201: dict[str, Any]})
def start_calling(request: HttpRequest, data: CallingIn) -> dict[str, Any]:
    return round_out(actions.start_calling(who(request), **data.dict()))


@router.post("/callees/{pk}/attempt", summary="登记呼叫")
def attempt_call(request: HttpRequest, pk: int, data: AttemptIn) -> dict[str, Any]:
    made = actions.attempt_call(who(request), pk, data.outcome, data.means, data.note)
    return round_out(made.callee.round)


@router.post("/callings/{pk}/close", summary="结束叫应")
def close_calling(request: HttpRequest, pk: int, data: NoteIn) -> dict[str, Any]:
    return round_out(actions.close_calling(who(request), pk, data.text))


@router.get("/instructions", summary="领导批示")
def list_instructions(request: HttpRequest) -> list[dict[str, Any]]:
    return [instruction_out(row) for row in Instruction.objects.visible_to(who(request), "command.view")[:100]]


@router.post("/instructions", summary="登记批示", response={201: dict[str, Any]})
def record_instruction(request: HttpRequest, data: InstructionIn) -> dict[str, Any]:
    given = data.dict()
    points = [Point(**point) for point in given.pop("points")]
    return instruction_out(actions.record_instruction(who(request), points=points, **given))


@router.post("/instruction-items/{pk}/feedback", summary="反馈批示进展")
def feed_back(request: HttpRequest, pk: int, data: NoteIn) -> dict[str, Any]:
    return instruction_out(actions.feed_back(who(request), pk, data.text).instruction)


@router.post("/instruction-items/{pk}/finish", summary="批示办结")
def finish_item(request: HttpRequest, pk: int, data: NoteIn) -> dict[str, Any]:
    return instruction_out(actions.finish_item(who(request), pk, data.text).instruction)


@router.post("/bulletins", summary="值班产品拟稿", response={201: dict[str, Any]})
def draft_bulletin(request: HttpRequest, data: BulletinIn) -> dict[str, Any]:
    return bulletin_out(actions.draft_bulletin(who(request), data.kind, data.incident_id, data.area_id))


@router.post("/bulletins/{pk}/edit", summary="修改值班产品")
def edit_bulletin(request: HttpRequest, pk: int, data: BulletinEditIn) -> dict[str, Any]:
    made = actions.edit_bulletin(who(request), pk, data.fields, title=data.title, version=data.version)
    return bulletin_out(made)


@router.post("/bulletins/{pk}/check", summary="核稿")
def check_bulletin(request: HttpRequest, pk: int) -> dict[str, Any]:
    return bulletin_out(actions.check_bulletin(who(request), pk))


@router.post("/bulletins/{pk}/sign", summary="签发值班产品")
def sign_bulletin(request: HttpRequest, pk: int) -> dict[str, Any]:
    return bulletin_out(actions.sign_bulletin(who(request), pk))


@router.post("/bulletins/{pk}/send", summary="报送值班产品")
def send_bulletin(request: HttpRequest, pk: int) -> dict[str, Any]:
    return bulletin_out(actions.send_bulletin(who(request), pk))


@router.post("/bulletins/{pk}/receive", summary="登记回执")
def receive_bulletin(request: HttpRequest, pk: int, data: NoteIn) -> dict[str, Any]:
    return bulletin_out(actions.receive_bulletin(who(request), pk, data.text))


class InjectIn(Schema):
    kind: str
    text: str
    event_code: str = ""
    place: str = ""
    lon: FiniteFloat | None = None
    lat: FiniteFloat | None = None
    reported_by: str = "导调组"
    figures: dict[str, int] = {}


class DrillIn(Schema):
    title: str
    kind: str
    unit: str
    planned_on: date
    area_id: int
    form: str = "full"
    purpose: str = "test"
    plan_id: int | None = None
    scenario: str = ""
    combined: bool = False
    participants: str = ""


class LessonIn(Schema):
    problem: str
    owner: str
    due_on: date
    incident_id: int | None = None
    drill_id: int | None = None
    plan_step: str = ""


class VerifyIn(Schema):
    passed: bool
    note: str


class ScoresIn(Schema):
    scores: dict[str, dict[str, Any]]
    summary: str = ""


def drill_out(row: Drill) -> dict[str, Any]:
    names = (
        "id", "number", "title", "kind", "unit", "form", "state", "planned_on", "held_at", "scores", "total", "summary",
    )  # fmt: skip
    return {name: getattr(row, name) for name in names}


def lesson_out(row: Lesson) -> dict[str, Any]:
    names = (
        "id", "problem", "owner", "due_on", "state", "plan_id", "plan_version", "plan_step", "measures", "verified_by",
        "returned",
    )  # fmt: skip
    return {name: getattr(row, name) for name in names}


@router.post("/injects", summary="导调（仅演练沙盒）")
def inject(request: HttpRequest, data: InjectIn) -> dict[str, Any]:
    return {"into": actions.inject(who(request), **data.dict())}


@router.get("/drills", summary="演练")
def list_drills(request: HttpRequest) -> list[dict[str, Any]]:
    return [drill_out(row) for row in Drill.objects.visible_to(who(request), "command.view")[:200]]


@router.post("/drills", summary="计划演练", response={201: dict[str, Any]})
def plan_drill(request: HttpRequest, data: DrillIn) -> dict[str, Any]:
    return drill_out(actions.plan_drill(who(request), **data.dict()))


@router.post("/drills/{pk}/evaluate", summary="评估演练")
def evaluate_drill(request: HttpRequest, pk: int, data: ScoresIn) -> dict[str, Any]:
    return drill_out(actions.evaluate_drill(who(request), pk, data.scores, data.summary))


@router.post("/incidents/{pk}/evaluate", summary="评估处置")
def evaluate_incident(request: HttpRequest, pk: int, data: ScoresIn) -> dict[str, Any]:
    return {"incident_id": pk, "scores": actions.evaluate_incident(who(request), pk, data.scores).scores}


@router.get("/lessons", summary="整改项")
def list_lessons(request: HttpRequest) -> list[dict[str, Any]]:
    return [lesson_out(row) for row in Lesson.objects.visible_to(who(request), "command.view")[:500]]


@router.post("/lessons", summary="列入整改", response={201: dict[str, Any]})
def open_lesson(request: HttpRequest, data: LessonIn) -> dict[str, Any]:
    return lesson_out(actions.open_lesson(who(request), **data.dict()))


@router.post("/lessons/{pk}/finish", summary="整改完成")
def finish_lesson(request: HttpRequest, pk: int, data: NoteIn) -> dict[str, Any]:
    return lesson_out(actions.finish_lesson(who(request), pk, data.text))


@router.post("/lessons/{pk}/verify", summary="验证整改")
def verify_lesson(request: HttpRequest, pk: int, data: VerifyIn) -> dict[str, Any]:
    return lesson_out(actions.verify_lesson(who(request), pk, data.passed, data.note))
