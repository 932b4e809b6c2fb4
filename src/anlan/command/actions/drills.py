"""Verbs of drills and lessons: plan, keep what the sandbox gave, evaluate; open, correct, verify."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import uuid4

from anlan import sandbox
from anlan.command import numbering
from anlan.command.actions.incidents import note, update_casualties
from anlan.command.actions.proposals import propose
from anlan.command.common import hm, required
from anlan.command.duty.drills import step_of
from anlan.command.events import DrillEvaluated, DrillHeld, DrillPlanned, LessonOpened, LessonVerified
from anlan.command.models import Drill, Incident, Lesson, Plan, Review
from anlan.command.rules import evaluation
from anlan.command.rules.drills import KINDS
from anlan.command.sources import Source
from anlan.command.states import INCIDENT_OVER
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.actions import action, record
from anlan.kernel.areas.models import Area
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, Forbidden, Invalid
from anlan.kernel.events.facts import NoticeRequested


def number(at: datetime) -> str:
    """The next `YL-2026-001` of the year."""
    numbering.lock()
    stem = f"YL-{at.astimezone(clock.BEIJING).year}-"
    last = Drill.objects.unscoped(HELD).filter(number__startswith=stem).order_by("-number").first()
    return f"{stem}{int(last.number.removeprefix(stem)) + 1 if last else 1:03d}"


@action("command.review")
def plan_drill(
    by: Actor, *, title: str, kind: str, unit: str, planned_on: date, area_id: int, form: str = "full",
    purpose: str = "test", plan_id: int | None = None, scenario: str = "", combined: bool = False, participants: str = "",
) -> Drill:  # fmt: skip
    """计划演练."""
    now = clock.now()
    if kind not in KINDS:
        raise Invalid("kind", kind, " / ".join(KINDS), label="演练对象类别")
    for field, value, allowed in (("form", form, Drill.Form), ("purpose", purpose, Drill.Purpose)):
        if value not in allowed.values:
            raise Invalid(field, value, " / ".join(map(str, allowed.labels)))
    if planned_on < now.astimezone(clock.BEIJING).date():
        raise Invalid("planned_on", planned_on, "今天或以后", label="计划日期")
    area = Area.objects.filter(pk=area_id).first()
    if area is None:
        raise Invalid("area_id", area_id, "已登记的区划", label="所属区划")
    by.require("command.review", area)
    row = Drill.objects.create(
        number=number(now), title=required("title", title, "名称", 120), kind=kind,
        plan=Plan.objects.unscoped("plans of the city are common knowledge").filter(pk=plan_id or 0).first(),
        unit=required("unit", unit, "组织单位", 120), form=form, purpose=purpose, combined=combined, scenario=scenario[:60],
        planned_on=planned_on, participants=participants[:400], area=area,
    )  # fmt: skip
    record(by, "计划演练", row, DrillPlanned(row.pk, row.kind, planned_on.isoformat()))
    return row


def hold(by: Actor, drill_id: int, *states: str) -> Drill:
    row = Drill.objects.visible_to(by, "command.review").one(drill_id, lock=True)
    if row.state not in states:
        allowed = "、".join(Drill.State(state).label for state in states)
        raise Conflict(
            f"{row}{row.get_state_display()}，此操作要求：{allowed}", rule="演练：计划→实施→评估", state=row.state
        )
    return row


@action("command.review")
def cancel_drill(by: Actor, drill_id: int, reason: str) -> Drill:
    """取消演练. The legal cycle goes on: the calendar shows it as still due."""
    row = hold(by, drill_id, "planned")
    before = snapshot(row)
    row.state, row.cancel_reason = Drill.State.CANCELLED, required("reason", reason, "取消理由", 200)
    row.save()
    record(by, "取消演练", row, before=before, reason=reason)
    return row


@action("command.review")
def keep_drill(by: Actor, drill_id: int, held_at: datetime, result: dict[str, Any] | None = None) -> Drill:
    """登记实施: when it was held, and what the sandbox measured. This is all that ever comes back from a sandbox."""
    row = hold(by, drill_id, "planned", "held")
    before = snapshot(row)
    if held_at > clock.real_now():
        raise Invalid("held_at", hm(held_at), "不晚于现在", label="实施时间")
    row.state, row.held_at, row.result = Drill.State.HELD, held_at, checked_result(result or {})
    row.save()
    record(by, "登记演练实施", row, DrillHeld(row.pk, held_at.isoformat()), before=before)
    return row


def checked_result(result: dict[str, Any]) -> dict[str, Any]:
    """Only what the evaluation reads; a file made by hand cannot bring anything else in."""
    measures = result.get("measures", [])
    wanted = {"name", "minutes", "target", "met"}
    if not isinstance(measures, list) or not all(isinstance(row, dict) and wanted <= row.keys() for row in measures):
        raise Invalid("measures", "", "列表，每项有 name、minutes、target、met", label="实施记录")
    timeline = [line for line in result.get("timeline", []) if isinstance(line, dict)]
    return {
        "measures": [{"basis": "", "at": None, **row} for row in measures],
        "timeline": [
            {key: str(line.get(key, ""))[:1000] for key in ("at", "label", "text", "by")} for line in timeline
        ],
        "incident": str(result.get("incident", ""))[:40],
        "replay": checked_replay(result.get("replay")),
        "sandbox": str(result.get("sandbox", ""))[:60],
    }


#: What the page of a replay reads.
REPLAYED = {"incident": dict, "start": str, "end": str, "timeline": list, "tracks": list, "tasks": list, "zones": list}


def checked_replay(given: Any) -> dict[str, Any]:
    """The parts of a replay, each of its kind; anything else makes it none at all."""
    if not isinstance(given, dict) or not all(isinstance(given.get(key), kind) for key, kind in REPLAYED.items()):
        return {}
    return {key: given[key] for key in REPLAYED}


@action("command.review")
def inject(by: Actor, /, kind: str, text: str, **more: Any) -> str:
    """导调: what the directors let happen, in a sandbox and nowhere else."""
    if not sandbox.name():
        raise Conflict("导调只能注入演练沙盒，实况系统不接受", rule="演练与实况隔离")
    text, at = required("text", text, "导调内容", 400), clock.now()
    if kind == "clue":
        area = Area.objects.order_by("level", "path")[0]
        given = [more.get("lon"), more.get("lat")]
        place = given if None not in given else [area.seat_lon or 0.0, area.seat_lat or 0.0]
        found = Source(
            kind="导调", title=text[:120], at=at, lon=float(place[0] or 0), lat=float(place[1] or 0), area=area,
            event_code=more.get("event_code", ""), place=more.get("place", ""),
            reported_by=more.get("reported_by", "导调组"), correlation_id=uuid4(),
        )  # fmt: skip
        return str(propose(by, found, 1))
    incident = Incident.objects.visible_to(by, "command.review").exclude(status__in=INCIDENT_OVER).first()
    if incident is None:
        raise Conflict("还没有可注入的事件", rule="导调注入须有进行中的事件")
    if kind == "casualties":
        update_casualties(by, incident.pk, reason=f"导调：{text}", **more.get("figures", {}))
    elif kind == "note":
        note(by, incident.pk, f"导调：{text}")
    else:
        raise Invalid("kind", kind, "clue / note / casualties", label="导调")
    return incident.number


def checked_scores(scores: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    for key, given in scores.items():
        if key not in evaluation.ITEMS:
            raise Invalid(key, given, " ".join(evaluation.ITEMS), label="评估项")
        score = given.get("score")
        if not isinstance(score, int | float) or isinstance(score, bool) or not 0 <= score <= 100:
            raise Invalid(key, score, "0~100", label=evaluation.ITEMS[key][0], unit="分")
    if not scores:
        raise Invalid("scores", "", "至少评一项", label="评估")
    return scores


@action("command.review")
def evaluate_drill(by: Actor, drill_id: int, scores: dict[str, dict[str, Any]], summary: str) -> Drill:
    """评估总结: scores by item, beside what was measured."""
    row = hold(by, drill_id, "held")
    before = snapshot(row)
    row.scores = checked_scores(scores)
    row.total = evaluation.total(float(one["score"]) for one in scores.values())
    row.summary = required("summary", summary, "总结", 10000)
    row.state, row.evaluated_at, row.evaluated_by = Drill.State.EVALUATED, clock.now(), by.name
    row.save()
    record(by, "评估演练", row, DrillEvaluated(row.pk, row.total or 0.0), before=before)
    return row


@action("command.review")
def evaluate_incident(by: Actor, incident_id: int, scores: dict[str, dict[str, Any]]) -> Review:
    """评估处置: the same items for a real event, once it is reviewed."""
    incident = Incident.objects.visible_to(by, "command.review").one(incident_id)
    row = Review.objects.unscoped(HELD).select_for_update().filter(incident=incident).first()
    if row is None:
        raise Conflict(f"{incident.number}尚未完成复盘", rule="先复盘后评估")
    if row.scores:
        raise Conflict(f"{incident.number}已评估", rule="评估只做一次，须改进的列入整改项")
    before = snapshot(row)
    row.scores = checked_scores(scores)
    row.save()
    record(by, "评估处置", row, before=before, correlation_id=incident.correlation_id)
    return row


@action("command.review")
def open_lesson(
    by: Actor, *, problem: str, owner: str, due_on: date, incident_id: int | None = None, drill_id: int | None = None,
    plan_step: str = "",
) -> Lesson:  # fmt: skip
    """列入整改. With `plan_step` (a task card) it is linked to the version of the plan that was at work."""
    now = clock.now()
    incident = Incident.objects.visible_to(by, "command.review").one(incident_id) if incident_id else None
    drill = Drill.objects.visible_to(by, "command.review").one(drill_id) if drill_id else None
    subject = incident or drill
    if subject is None:
        raise Invalid("incident_id", None, "一起事件或一次演练", label="来源")
    if due_on < now.astimezone(clock.BEIJING).date():
        raise Invalid("due_on", due_on, "今天或以后", label="整改期限")
    step = step_of(incident, drill, plan_step)
    row = Lesson.objects.create(
        incident=incident, drill=drill, problem=required("problem", problem, "问题"),
        owner=required("owner", owner, "责任单位", 120),
        due_on=due_on, opened_at=now, opened_by=by.name, area=subject.area, data_class=subject.data_class,
        plan=step.plan if step else None, plan_step=step.text[:80] if step else "", plan_version=step.version if step else "",
    )  # fmt: skip
    record(by, "列入整改", row, LessonOpened(row.pk, row.owner, due_on.isoformat()))
    return row


def hold_lesson(by: Actor, lesson_id: int, state: str) -> Lesson:
    row = Lesson.objects.visible_to(by, "command.review").one(lesson_id, lock=True)
    if row.state != state:
        raise Conflict(f"“{row}”{row.get_state_display()}", rule="整改→完成→验证销号", state=row.state)
    return row


@action("command.review")
def finish_lesson(by: Actor, lesson_id: int, measures: str) -> Lesson:
    """整改完成, with what was done; it waits for verification."""
    row = hold_lesson(by, lesson_id, "open")
    before = snapshot(row)
    row.measures, row.state = required("measures", measures, "整改措施"), Lesson.State.DONE
    row.done_at, row.done_by = clock.now(), by.name
    row.save()
    record(by, "整改完成", row, before=before, reason=measures[:400])
    return row


@action("command.review")
def verify_lesson(by: Actor, lesson_id: int, passed: bool, note: str) -> Lesson:
    """验证: by another than who corrected; not passed = back to work."""
    row = hold_lesson(by, lesson_id, "done")
    if row.done_by == by.name:
        raise Forbidden("整改人不能自己验证", rule="整改与验证由不同的人")
    before, row.verify_note = snapshot(row), required("note", note, "验证意见")
    if passed:
        row.state, row.verified_at, row.verified_by = Lesson.State.VERIFIED, clock.now(), by.name
    else:
        row.state, row.returned = Lesson.State.OPEN, row.returned + 1
    row.save()
    facts = [LessonVerified(row.pk)] if passed else []
    record(by, "验证整改", row, *facts, before=before, reason=note[:400])
    return row


@action("command.review")
def tell_late_lesson(by: Actor, lesson_id: int) -> Lesson:
    """整改超期: told once."""
    row = Lesson.objects.visible_to(by, "command.review").one(lesson_id, lock=True)
    today = clock.now().astimezone(clock.BEIJING).date()
    if row.state != Lesson.State.OPEN or row.due_on >= today or row.late_told_at:
        raise Conflict(f"“{row}”无须告知", rule="超期只告知一次")
    before = snapshot(row)
    row.late_told_at = clock.now()
    row.save()
    notice = NoticeRequested(
        to_name=row.owner, text=f"【整改】“{row}”已超期（期限 {row.due_on}）", purpose="整改超期",
        subject_type="command.Lesson", subject_id=str(row.pk),
    )  # fmt: skip
    record(by, "整改超期", row, notice, before=before)
    return row
