"""Verbs of the response: start, adjust, end."""

from __future__ import annotations

from datetime import timedelta

from anlan.command import figures, tasking
from anlan.command.common import Kind, bump, hold_open, required, tell
from anlan.command.events import ResponseAdjusted, ResponseEnded, ResponseStarted
from anlan.command.models import Incident, Plan, PlanVersion, Response
from anlan.command.plans.document import LEVELS, LevelRule, PlanDocument
from anlan.command.plans.expressions import Expression
from anlan.command.states import INCIDENT, INCIDENT_LABELS, move
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.actions import action, record
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, Invalid, NotFound


def plan_in_force(code: str) -> PlanVersion:
    """The latest version. Plans are common knowledge of the city: a district starts the city's plan, too."""
    plan = Plan.objects.unscoped(HELD).filter(code=code, in_force=True).first()
    version = plan.current() if plan else None
    if version is None:
        raise NotFound(f"没有生效的预案 {code}")
    return version


def level_rule(document: PlanDocument, level: str) -> LevelRule:
    rule = document.level(level)
    if rule is None:
        raise Invalid("level", level, " / ".join(r.level for r in document.levels), label="响应级别")
    return rule


def running(incident: Incident) -> Response:
    response = (
        Response.objects.unscoped(HELD)
        .select_for_update(no_key=True)
        .filter(incident=incident, state=Response.State.ACTIVE)
        .first()
    )
    if response is None:
        raise Conflict(f"{incident.number} 没有进行中的应急响应", rule="须有进行中的响应")
    return response


@action("command.respond")
def activate_response(
    by: Actor, incident_id: int, plan_code: str, level: str, reason: str, *, version: int | None = None
) -> Response:
    """启动响应: the level is a person's decision, kept beside what the plan's conditions proposed.

    States what 突发事件应对法 art 72 asks for: matter, level, expected duration, measures.
    """
    incident = hold_open(by, "command.respond", incident_id, version)
    before, now = snapshot(incident), clock.now()
    plan = plan_in_force(plan_code)
    document = plan.document()
    rule = level_rule(document, level)
    if not document.covers(incident.event_code):
        kinds = " ".join(document.event_codes)
        raise Conflict(f"{document.title}不适用于“{incident.event_name}”（适用：{kinds}）", rule="预案适用范围")
    incident.status = move(INCIDENT, INCIDENT_LABELS, incident.number, incident.status, "responding")
    judged = figures.judge_levels(document, figures.of_incident(incident, now))
    proposed = figures.proposed_level(judged)
    if level != proposed:
        reason = required("reason", reason, f"与预案建议（{proposed or '不启动'}）不同时的理由")
    response = Response.objects.create(
        incident=incident,
        plan_version=plan,
        level=level,
        matter=f"{incident.title}（{incident.event_name}）",
        measures=list(rule.measures),
        expected_until=now + timedelta(hours=rule.expected_hours),
        proposal={"level": proposed, "conditions": {name: judgement.as_data() for name, judgement in judged}},
        history=[{"level": level, "at": now.isoformat(), "by": by.name, "reason": reason}],
        reason=reason,
        started_at=now,
        started_by=by.name,
    )
    bump(incident)
    text = f"启动《{document.title}》{level}响应，预计 {rule.expected_hours:g} 小时。{reason}"
    tell(incident, Kind.RESPONSE, text, by.name, response_id=response.pk, proposed=proposed)
    tasking.issue_cards(by, response, document.cards(level), document)
    record(by, "事件转入响应", incident, before=before, reason=reason, correlation_id=incident.correlation_id)
    fact = ResponseStarted(response.pk, incident.pk, plan.plan.code, level)
    record(by, "启动响应", response, fact, reason=reason, correlation_id=incident.correlation_id)
    return response


@action("command.respond")
def adjust_response(by: Actor, incident_id: int, level: str, reason: str, *, version: int | None = None) -> Response:
    """调整响应级别: cards that only the new level has are issued, those already issued go on."""
    incident = hold_open(by, "command.respond", incident_id, version)
    response, now = running(incident), clock.now()
    if level == response.level:
        raise Conflict(f"响应已是{level}", rule="调整须改变级别")
    before, document = snapshot(response), response.plan_version.document()
    rule, reason = level_rule(document, level), required("reason", reason, "调整理由")
    verb = "提升" if LEVELS.index(level) < LEVELS.index(response.level) else "降低"
    tell(incident, Kind.RESPONSE, f"响应级别由{response.level}{verb}为{level}。{reason}", by.name)
    response.history = [*response.history, {"level": level, "at": now.isoformat(), "by": by.name, "reason": reason}]
    response.level, response.measures = level, list(rule.measures)
    response.expected_until = now + timedelta(hours=rule.expected_hours)
    response.save()
    have = set(response.tasks.values_list("card", flat=True))
    tasking.issue_cards(by, response, [c for c in document.cards(level) if c.key not in have], document)
    bump(incident)
    fact = ResponseAdjusted(response.pk, incident.pk, level)
    record(by, "调整响应", response, fact, before=before, reason=reason, correlation_id=incident.correlation_id)
    return response


@action("command.respond")
def end_response(by: Actor, incident_id: int, reason: str, *, version: int | None = None) -> Response:
    """终止响应. Refused while the plan's termination condition does not hold, with the explanation."""
    incident = hold_open(by, "command.respond", incident_id, version)
    response, now = running(incident), clock.now()
    before, document = snapshot(response), response.plan_version.document()
    if document.termination.when:
        judged = Expression(document.termination.when).judge(figures.of_incident(incident, now))
        if judged.result is not True:
            terms = "；".join(f"{term.text}：{term.mark}" for term in judged.terms if term.result is not True)
            raise Conflict(f"终止条件未满足：{terms}", rule="预案终止条件", **judged.as_data())
    response.state, response.ended_at, response.ended_by = Response.State.ENDED, now, by.name
    response.end_reason = required("reason", reason, "终止理由")
    response.save()
    was = snapshot(incident)
    incident.status = move(INCIDENT, INCIDENT_LABELS, incident.number, incident.status, "ended")
    bump(incident)
    tasking.cancel_planned(by, response)
    tell(incident, Kind.RESPONSE, f"终止{response.level}响应：{reason}", by.name)
    record(by, "事件响应结束", incident, before=was, reason=reason, correlation_id=incident.correlation_id)
    fact = ResponseEnded(response.pk, incident.pk)
    record(by, "终止响应", response, fact, before=before, reason=reason, correlation_id=incident.correlation_id)
    return response
