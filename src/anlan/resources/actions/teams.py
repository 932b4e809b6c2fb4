"""Committing and releasing teams, moving them on the map."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, Invalid
from anlan.kernel.events.outbox import emit
from anlan.resources.events import TeamMoved, TeamReadinessChanged, VehicleMoved
from anlan.resources.models import Readiness, Team, Vehicle

AT_HOME = (Readiness.READY, Readiness.RESTING, Readiness.OFF)


@action("resources.commit")
def commit_team(by: Actor, team_id: int, task_ref: str, correlation_id: UUID | None = None) -> Team:
    """出动. The row is locked, so two commanders cannot send one team twice."""
    team = Team.objects.visible_to(by, "resources.commit").one(team_id, lock=True)
    if team.readiness != Readiness.READY:
        raise Conflict(
            f"{team.name}处于“{team.get_readiness_display()}”，不能再次派出",
            rule="只派出待命队伍",
            readiness=team.readiness,
        )
    return change(by, team, Readiness.DISPATCHED, "派出队伍", task_ref, correlation_id)


@action("resources.commit")
def release_team(by: Actor, team_id: int, task_ref: str = "", correlation_id: UUID | None = None) -> Team:
    """归建: the team may be sent again."""
    team = Team.objects.visible_to(by, "resources.commit").one(team_id, lock=True)
    if team.readiness != Readiness.DISPATCHED:
        raise Conflict(f"{team.name}未在出动中，不能归建", rule="只有出动的队伍归建", readiness=team.readiness)
    return change(by, team, Readiness.READY, "队伍归建", task_ref, correlation_id)


@action("resources.edit")
def set_readiness(by: Actor, team_id: int, readiness: str, reason: str) -> Team:
    """待命、休整、停用. A team that is out comes back by `release_team` alone, and goes out by `commit_team` alone."""
    if readiness not in AT_HOME:
        allowed = "、".join(state.label for state in AT_HOME)
        raise Invalid("readiness", readiness, f"{allowed}（{'、'.join(AT_HOME)}）", label="状态")
    team = Team.objects.visible_to(by, "resources.edit").one(team_id, lock=True)
    if team.readiness not in AT_HOME:
        raise Conflict(f"{team.name}正在出动，须先归建", rule="出动中的队伍只由归建改变状态", readiness=team.readiness)
    if team.readiness == readiness:
        return team
    return change(by, team, readiness, f"队伍转{Readiness(readiness).label}", "", None, reason)


def change(
    by: Actor, team: Team, readiness: str, verb: str, task_ref: str, correlation_id: UUID | None, reason: str = ""
) -> Team:
    before = snapshot(team)
    team.readiness = readiness
    team.save()
    fact = TeamReadinessChanged(team.pk, team.name, readiness, task_ref)
    record(by, verb, team, fact, before=before, reason=reason, correlation_id=correlation_id)
    return team


@action("resources.position")
def report_position(by: Actor, team_id: int, lon: float, lat: float, at: datetime) -> Team:
    """The team is at (lon, lat). An older position than the known one changes nothing."""
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise Invalid("lon,lat", f"{lon},{lat}", "经度 -180~180，纬度 -90~90", label="位置", unit="度")
    team = Team.objects.visible_to(by, "resources.position").one(team_id, lock=True)
    if team.position_at is not None and team.position_at >= at:
        return team
    before = snapshot(team)
    team.position_lon, team.position_lat, team.position_at = lon, lat, at
    team.save()
    record(by, "更新队伍位置", team, TeamMoved(team.pk, team.name, lon, lat, at.isoformat()), before=before)
    return team


@dataclass(frozen=True)
class Fix:
    """What a terminal says of its place."""

    terminal: str
    lon: float
    lat: float
    at: datetime
    speed_km_h: float | None = None
    heading_deg: float | None = None


#: A terminal's clock may be this far ahead; more, and its time is wrong.
MOST_AHEAD = timedelta(minutes=5)


@action("resources.position")
def report_fixes(by: Actor, fixes: list[Fix]) -> int:
    """Vehicles and teams are where their terminals say, in one transaction; older than known, and impossible, changes nothing.

    Readings, not decisions: facts for the map, no line in the journal for each second of each vehicle.
    """
    latest = clock.now() + MOST_AHEAD
    good = {one.terminal: one for one in fixes if abs(one.lon) <= 180 and abs(one.lat) <= 90 and one.at <= latest}
    moved = 0
    for model in (Vehicle, Team):
        rows = model.objects.visible_to(by, "resources.position").filter(terminal__in=good).exclude(terminal="")
        for row in rows.select_for_update(of=("self",), no_key=True).select_related("area").order_by("pk"):
            fix = good[row.terminal]
            if row.position_at is not None and row.position_at >= fix.at:
                continue
            row.position_lon, row.position_lat, row.position_at = fix.lon, fix.lat, fix.at
            changed = ["position_lon", "position_lat", "position_at"]
            if isinstance(row, Vehicle):
                row.speed_km_h, row.heading_deg = fix.speed_km_h, fix.heading_deg
                changed += ["speed_km_h", "heading_deg"]
            row.save(update_fields=changed)
            fact = (VehicleMoved if model is Vehicle else TeamMoved)(
                row.pk, str(row), fix.lon, fix.lat, fix.at.isoformat()
            )
            emit(by, fact, area_path=row.area.path, data_class=row.data_class)
            moved += 1
    return moved
