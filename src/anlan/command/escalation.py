"""升级: who is told when somebody does not answer. First the deputy post, then the duty leader."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from anlan.administration import queries as administration
from anlan.administration.models import DutyRole
from anlan.command.models import Task
from anlan.kernel.models import Organisation, Post


@dataclass(frozen=True)
class Receiver:
    """Somebody to tell."""

    name: str
    phone: str
    person_id: int | None = None
    post_id: int | None = None


def next_receiver(task: Task, at: datetime) -> Receiver | None:
    """The deputy at the first escalation, the duty leader from the second on, each standing in for the other."""
    if task.escalation == 0:
        return deputy(task, at) or duty_leader(task, at)
    return duty_leader(task, at) or deputy(task, at)


def deputy(task: Task, at: datetime) -> Receiver | None:
    post = task.post.deputy if task.post else None
    holders = administration.holders(post.pk, at) if post else []
    if not post or not holders:
        return None
    return Receiver(f"{post.title} {holders[0].name}", holders[0].phone, holders[0].pk, post.pk)


def duty_leader(task: Task, at: datetime) -> Receiver | None:
    """The duty leader of the task's organisation, else of one above it, else its duty telephone."""
    seen: list[Organisation] = []
    organisation = organisation_of(task)
    while organisation and organisation not in seen:
        for shift in administration.on_duty(organisation.pk, at):
            if shift.role == DutyRole.LEADER:
                return Receiver(f"{organisation.name}带班领导 {shift.person.name}", shift.person.phone, shift.person_id)
        seen.append(organisation)
        organisation = organisation.parent
    named = next((one for one in seen if one.phone), None)
    return Receiver(f"{named.name}值班室", named.phone) if named else None


def organisation_of(task: Task) -> Organisation | None:
    """Of the post, of the team, or of the post that leads the response."""
    if task.post:
        return task.post.organisation
    if task.team and task.team.organisation:
        return task.team.organisation
    if task.response is None:
        return None
    document = task.response.plan_version.document()
    rule = document.level(task.response.level)
    posts = document.role(rule.lead).posts if rule else ()
    lead = Post.objects.unscoped("who leads the response").filter(code__in=posts).first()
    return lead.organisation if lead else None
