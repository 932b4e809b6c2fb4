"""Verbs of those who do: acknowledge, start, arrive, finish, refuse; dispatch by hand; escalate."""

from __future__ import annotations

from datetime import timedelta

from anlan.command import escalation, tasking
from anlan.command.common import Kind, hm, hold_open, required, task_notice, tell
from anlan.command.events import TaskAcknowledged, TaskLate, TaskProgressed
from anlan.command.models import Incident, Response, Task
from anlan.command.states import TASK_LABELS, TASK_OVER, TASK_WAITING
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.actions import action, record
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, Forbidden, NotFound
from anlan.kernel.events.outbox import Fact
from anlan.kernel.models import User
from anlan.resources import queries as resources
from anlan.resources.models import Readiness, Team

DISPATCH_DEADLINE_MIN = 240.0


def hold_task(by: Actor, permission: str, task_id: int, *, frees: bool) -> Task:
    """The task, locked. What sets other tasks free locks their response first, so that no successor is overlooked."""
    rows = Task.objects.visible_to(by, permission)
    if frees:
        Response.objects.unscoped(HELD).select_for_update(no_key=True).filter(tasks=rows.one(task_id)).first()
    return rows.one(task_id, lock=True)


def check_own(by: Actor, task: Task) -> None:
    """A person works on what was given to him, his post, his organisation's team, or passed up to him.

    The desk (`command.incident`) may write down for others what it hears by telephone; an account that stands for no
    person (a shared terminal in the field) is no person's either.
    """
    if by.user_id is None or by.has("command.incident"):
        return
    user = User.objects.select_related("person").filter(pk=by.user_id).first()
    if user is None or user.person is None:
        return
    me = user.person
    mine = task.person_id == me.pk or (task.post_id is not None and task.post_id == me.post_id)
    ours = task.team is not None and task.team.organisation_id == me.organisation_id
    passed = task.escalation > 0 and me.name in task.escalated_to
    if not (mine or ours or passed):
        raise Forbidden(f"任务“{task.title}”由{task.assignee}承办，您不能代办", rule="只办理派给自己的任务")


def progress(by: Actor, task_id: int, state: str, verb: str, note: str = "", result: str = "") -> Task:
    """One step of a task by the one who has it, or by the desk on his behalf."""
    task = hold_task(by, "command.task", task_id, frees=state in TASK_OVER)
    check_own(by, task)
    before = snapshot(task)
    if result:
        task.result = result
    tasking.step(task, state, by.name, note or result)
    text = f"{task.assignee}{verb}“{task.title}”" + (f"：{note or result}" if note or result else "")
    tell(task.incident, Kind.TASK, text, by.name, task_id=task.pk, state=state)
    facts: list[Fact] = [TaskProgressed(task.pk, task.incident_id, state)]
    if state == "acknowledged":
        facts.insert(0, TaskAcknowledged(task.pk, task.incident_id))
    record(by, verb, task, *facts, before=before, reason=note, correlation_id=task.incident.correlation_id)
    return task


@action("command.task")
def acknowledge_task(by: Actor, task_id: int) -> Task:
    """确认任务."""
    return progress(by, task_id, "acknowledged", "确认任务")


@action("command.task")
def start_task(by: Actor, task_id: int) -> Task:
    """出发."""
    return progress(by, task_id, "en_route", "出发执行")


@action("command.task")
def arrive_task(by: Actor, task_id: int) -> Task:
    """到场."""
    return progress(by, task_id, "on_scene", "到场执行")


@action("command.task")
def finish_task(by: Actor, task_id: int, result: str) -> Task:
    """完成, with what came of it."""
    task = progress(by, task_id, "done", "完成任务", result=required("result", result, "完成情况"))
    tasking.after(by, task)
    return task


@action("command.task")
def refuse_task(by: Actor, task_id: int, reason: str) -> Task:
    """拒绝, with the reason; the duty leader is told, tasks that wait for it stay planned."""
    task = progress(by, task_id, "refused", "拒绝任务", note=required("reason", reason, "拒绝理由"))
    leader = escalation.duty_leader(task, clock.now())
    if leader:
        text = f"{task.assignee}拒绝任务“{task.title}”：{reason}"
        notice = task_notice(task, text, "任务拒绝", leader.name, leader.phone, to_person_id=leader.person_id)
        record(by, "告知拒绝", task, notice, correlation_id=task.incident.correlation_id)
    tasking.after(by, task)
    return task


@action("command.dispatch")
def withdraw_task(by: Actor, task_id: int, reason: str) -> Task:
    """撤销任务, by the one who commands."""
    task = hold_task(by, "command.dispatch", task_id, frees=True)
    before, reason = snapshot(task), required("reason", reason, "撤销理由")
    tasking.step(task, "cancelled", by.name, reason)
    tell(task.incident, Kind.TASK, f"撤销任务“{task.title}”（{task.assignee}）：{reason}", by.name, task_id=task.pk)
    fact = TaskProgressed(task.pk, task.incident_id, task.state)
    notice = task_notice(task, f"任务“{task.title}”已撤销：{reason}", "任务撤销")
    record(
        by, "撤销任务", task, fact, notice, before=before, reason=reason, correlation_id=task.incident.correlation_id
    )
    tasking.after(by, task)
    return task


@action("command.dispatch")
def dispatch_team(by: Actor, incident_id: int, team_id: int, what: str, *, version: int | None = None) -> Task:
    """调派队伍: a task outside the plan's cards, for one team, with its way by road."""
    incident = hold_open(by, "command.dispatch", incident_id, version)
    return send_team(by, incident, team_id, required("what", what, "任务内容", 60))


def send_team(by: Actor, incident: Incident, team_id: int, what: str) -> Task:
    """The task of one team, issued; the incident is locked by the caller."""
    team = Team.objects.visible_to(by, "command.dispatch").one(team_id, lock=True)
    if team.readiness != Readiness.READY:
        raise Conflict(f"{team.name}现为“{team.get_readiness_display()}”，不能调派", rule="只调派待命队伍")
    task = Task.objects.create(
        incident=incident,
        response=Response.objects.unscoped(HELD).filter(incident=incident, state=Response.State.ACTIVE).first(),
        title=what,
        text=what,
        phase="救援处置",
        created_at=clock.now(),
        deadline_min=DISPATCH_DEADLINE_MIN,
        message="【调派】{incident}：{task}，地点{place}，请立即确认",
        **way_of(incident, team),
    )
    tasking.issue(by, task)
    return task


def way_of(incident: Incident, team: Team) -> dict[str, object]:
    """How this team gets there, round what is closed."""
    return tasking.way(resources.arrival(team, incident.lon, incident.lat, clock.now()))


@action("command.task")
def escalate_task(by: Actor, task_id: int) -> Task:
    """升级: not acknowledged in time, so the deputy and then the duty leader are told; the clock starts anew."""
    task = Task.objects.visible_to(by, "command.task").one(task_id, lock=True)
    now = clock.now()
    if task.state not in TASK_WAITING or task.acknowledge_by is None or task.acknowledge_by > now:
        raise Conflict(f"任务“{task.title}”{TASK_LABELS[task.state]}，无须升级", rule="只升级逾期未确认的任务")
    before, to = snapshot(task), escalation.next_receiver(task, now)
    if to is None:
        raise NotFound(f"任务“{task.title}”没有可升级的副岗或带班领导")
    late = task.acknowledge_by
    task.escalation += 1
    task.escalated_to = to.name
    task.acknowledge_by = now + timedelta(minutes=task.acknowledge_min)
    if task.state == "issued":
        tasking.step(task, "escalated", by.name, to.name)
    else:
        task.save()
    text = f"任务“{task.title}”逾期未确认（{hm(late)}），升级至{to.name}"
    tell(task.incident, Kind.TASK, text, by.name, task_id=task.pk, state="escalated")
    fact = TaskLate(task.pk, task.incident_id, "acknowledge", task.escalation, to.name)
    message = f"【升级】{task.assignee}未按时确认：{task.message}"
    ids = {"to_person_id": to.person_id, "to_post_id": to.post_id}
    notice = task_notice(task, message, "任务超时", to.name, to.phone, **ids)
    record(by, "升级任务", task, fact, notice, before=before, correlation_id=task.incident.correlation_id)
    return task


@action("command.task")
def report_late_completion(by: Actor, task_id: int) -> Task:
    """超期未完成: told once, to the duty leader."""
    task = Task.objects.visible_to(by, "command.task").one(task_id, lock=True)
    now = clock.now()
    if task.is_over or task.completion_late_at or task.due_at is None or task.due_at > now:
        raise Conflict(f"任务“{task.title}”没有新的超期", rule="超期只告知一次")
    before, to = snapshot(task), escalation.duty_leader(task, now)
    task.completion_late_at = now
    task.save()
    name = to.name if to else "值班室"
    tell(
        task.incident,
        Kind.TASK,
        f"任务“{task.title}”超期未完成（{hm(task.due_at)}），告知{name}",
        by.name,
        task_id=task.pk,
    )
    fact = TaskLate(task.pk, task.incident_id, "complete", task.escalation, name)
    message = f"【超期】{task.assignee}未按时完成“{task.title}”（{task.incident.title}）"
    notice = task_notice(
        task, message, "任务超时", name, to.phone if to else "", to_person_id=to.person_id if to else None
    )
    record(by, "任务超期", task, fact, notice, before=before, correlation_id=task.incident.correlation_id)
    return task
