"""From task cards to tasks: who gets them, when they are issued, what is said."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from anlan.administration import queries as administration
from anlan.command.common import Kind, hm, task_notice, tell
from anlan.command.events import TaskIssued, TaskProgressed
from anlan.command.models import Incident, Response, Task, TaskStep
from anlan.command.plans.document import NOTIFY, Card, PlanDocument
from anlan.command.states import TASK, TASK_LABELS, TASK_OPEN, move
from anlan.kernel import clock
from anlan.kernel.accounts.actor import SECRET, Actor, GrantView
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.actions import record
from anlan.kernel.models import Person, Post
from anlan.resources import actions as resources_verbs
from anlan.resources import queries as resources
from anlan.resources.models import Readiness


def step(task: Task, state: str, by: str, note: str = "") -> None:
    """Bring the task to `state` by the table of states and keep who and when."""
    task.state = move(TASK, TASK_LABELS, f"任务“{task.title}”", task.state, state)
    task.save()
    TaskStep.objects.create(task=task, state=state, at=clock.now(), by=by, note=note[:400])


def issue_cards(by: Actor, response: Response, cards: list[Card], document: PlanDocument) -> list[Task]:
    """Create the tasks of these cards, and issue those that wait for nothing."""
    tasks = [task for card in cards for task in tasks_of(by, response, card, document)]
    release(by, response)
    return tasks


def tasks_of(by: Actor, response: Response, card: Card, document: PlanDocument) -> list[Task]:
    """One task for a role's post; one each for the nearest teams with the capability."""
    owners = for_teams(by, response, card) if card.capability else [for_post(document, card.role, clock.now())]
    if not owners:
        owners = [for_post(document, document.level(response.level).lead, clock.now())]  # type: ignore[union-attr]
        missing = f"附近没有可用的“{card.capability}”队伍"
        owners[0]["text"] = f"{missing}，请协调外部力量。{card.text}"
        tell(response.incident, Kind.RESOURCE, f"任务“{card.title}”：{missing}，交{owners[0]['assignee']}协调", by.name)
    base: dict[str, Any] = {
        "incident": response.incident,
        "response": response,
        "card": card.key,
        "title": card.title,
        "text": card.text,
        "phase": card.phase,
        "needs": document_needs(card),
        "depends_on": list(card.depends_on),
        "message": card.notify,
        "created_at": clock.now(),
        "acknowledge_min": card.acknowledge_min,
        "arrive_min": card.arrive_min,
        "deadline_min": card.deadline_min,
    }
    return [Task.objects.create(**{**base, **owner}) for owner in owners]


def document_needs(card: Card) -> list[dict[str, Any]]:
    return [{"item": n.item, "quantity": n.quantity, "unit": n.unit, "code": n.code} for n in card.needs]


def for_post(document: PlanDocument, role_key: str, at: datetime) -> dict[str, Any]:
    """The first post of the role with somebody on it, the person on duty before others; else the first known post."""
    role = document.role(role_key)
    known = {post.code: post for post in Post.objects.unscoped("the plan names posts").filter(code__in=role.posts)}
    posts = [known[code] for code in role.posts if code in known]
    for post in posts:
        holders: list[Person] = administration.holders(post.pk, at)
        if holders:
            return {"post": post, "person": holders[0], "assignee": f"{role.title}·{holders[0].name}"}
    if posts:
        return {"post": posts[0], "assignee": f"{role.title}·{posts[0].title}（无在岗人员）"}
    return {"assignee": f"{role.title}·{role.organisation}（岗位未登记）"}


def for_teams(by: Actor, response: Response, card: Card) -> list[dict[str, Any]]:
    """The nearest suitable ready teams by road time."""
    incident = response.incident
    taken = set(
        Task.objects.unscoped(HELD).filter(incident=incident, team__isnull=False).values_list("team_id", flat=True)
    )
    arrivals = resources.nearest_teams(
        by, card.capability, incident.lon, incident.lat, card.count + len(taken), clock.now(), None
    )
    return [way(arrival) for arrival in arrivals if arrival.team.pk not in taken][: card.count]


def way(arrival: Any) -> dict[str, Any]:
    """The columns of a task that say which team comes and how."""
    return {
        "team": arrival.team,
        "assignee": arrival.team.name,
        "eta_min": arrival.minutes,
        "road_m": arrival.road_m,
        "route": arrival.route,
        "route_how": arrival.how,
    }


def release(by: Actor, response: Response) -> None:
    """Issue every planned task of the response whose predecessors are done."""
    tasks = list(Task.objects.unscoped(HELD).filter(response=response).select_related("incident").order_by("id"))
    settled = {task.card for task in tasks if task.state in {"done", "cancelled"}}
    pending = {task.card for task in tasks if not task.is_over} | ({task.card for task in tasks} - settled)
    for task in tasks:
        if task.state == "planned" and not pending & set(task.depends_on):
            issue(by, task)


def issue(by: Actor, task: Task) -> None:
    """下达: the clocks of the task start, the team is committed, the message goes out."""
    now = clock.now()
    task.issued_at = now
    task.acknowledge_by = now + timedelta(minutes=task.acknowledge_min)
    task.due_at = now + timedelta(minutes=task.deadline_min)
    task.message = message_of(task)
    step(task, "issued", by.name)
    commit(by, task)
    text = f"下达任务“{task.title}”→{task.assignee}，{hm(task.due_at)}前完成"
    if task.eta_min is not None:
        text += f"；预计 {task.eta_min:.0f} 分钟到达（{task.route_how}）"
    tell(task.incident, Kind.TASK, text, by.name, task_id=task.pk)
    fact = TaskIssued(task.pk, task.incident_id, task.title, task.due_at.isoformat(), task.post_id, task.team_id)
    notice = task_notice(task, task.message, "任务下达")
    record(by, "下达任务", task, fact, notice, correlation_id=task.incident.correlation_id)


def on_behalf(by: Actor) -> Actor:
    """Whoever may command may also commit the teams he commands; the journal keeps his name."""
    return Actor(by.name, by.user_id, (*by.grants, GrantView(("resources.commit",), "/", SECRET)), by.origin)


def commit(by: Actor, task: Task) -> None:
    """The team is no longer offered to others; one that is busy already is told all the same, and it is noted."""
    if task.team is None:
        return
    task.team.refresh_from_db()
    if task.team.readiness == Readiness.READY:
        correlation_id = task.incident.correlation_id
        resources_verbs.commit_team(on_behalf(by), task.team.pk, f"command.Task:{task.pk}", correlation_id)
    else:
        text = f"{task.team}现为“{task.team.get_readiness_display()}”，任务“{task.title}”仍已通知"
        tell(task.incident, Kind.RESOURCE, text, by.name)


def stand_down(by: Actor, task: Task) -> None:
    """The team may be sent again once none of its tasks is open."""
    if task.team is None or Task.objects.unscoped(HELD).filter(team=task.team, state__in=TASK_OPEN).exists():
        return
    task.team.refresh_from_db()
    if task.team.readiness == Readiness.DISPATCHED:
        correlation_id = task.incident.correlation_id
        resources_verbs.release_team(on_behalf(by), task.team.pk, f"command.Task:{task.pk}", correlation_id)


def message_of(task: Task) -> str:
    """The text message of the card with its words filled in."""
    incident: Incident = task.incident
    return (task.message or NOTIFY).format(
        incident=incident.title,
        place=incident.place or incident.area.name,
        grade=incident.working_grade or "未定级",
        level=task.response.level if task.response else "",
        task=task.title,
        due=hm(task.due_at)[-5:],
    )[:400]


def cancel_planned(by: Actor, response: Response) -> None:
    """At the end of the response, what was never issued is withdrawn."""
    cancel(
        by,
        Task.objects.unscoped(HELD)
        .select_for_update(of=("self",), no_key=True)
        .filter(response=response, state="planned"),
    )


def cancel(by: Actor, tasks: Iterable[Task]) -> None:
    for task in tasks:
        step(task, "cancelled", by.name, "响应结束")
        fact = TaskProgressed(task.pk, task.incident_id, task.state)
        record(by, "撤销任务", task, fact, correlation_id=task.incident.correlation_id)


def after(by: Actor, task: Task) -> None:
    """What a finished, refused or withdrawn task sets free: its team, and the tasks that waited for it."""
    stand_down(by, task)
    if task.response and task.response.state == Response.State.ACTIVE:
        release(by, task.response)
