"""Verbs of the resources room."""

from __future__ import annotations

from uuid import UUID

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict
from anlan.resources.events import TeamReadinessChanged
from anlan.resources.models import Readiness, Team


@action("command.dispatch")
def commit_team(by: Actor, team_id: int, task_ref: str, correlation_id: UUID | None) -> Team:
    """出动: the team has a task and is no longer offered to others."""
    team = Team.objects.visible_to(by, "command.dispatch").one(team_id, lock=True)
    if team.readiness != Readiness.READY:
        raise Conflict(f"{team.name}现为“{team.get_readiness_display()}”，不能出动", rule="只调派待命队伍")
    return change(by, team, Readiness.DISPATCHED, task_ref, correlation_id)


@action("command.task")
def release_team(by: Actor, team_id: int, correlation_id: UUID | None = None) -> Team:
    """归队待命."""
    team = Team.objects.visible_to(by, "command.task").one(team_id, lock=True)
    return change(by, team, Readiness.READY, "", correlation_id)


def change(by: Actor, team: Team, readiness: Readiness, reason: str, correlation_id: UUID | None) -> Team:
    before = snapshot(team)
    team.readiness = readiness
    team.save()
    fact = TeamReadinessChanged(team.pk, readiness)
    record(by, "队伍状态", team, fact, before=before, reason=reason, correlation_id=correlation_id)
    return team
