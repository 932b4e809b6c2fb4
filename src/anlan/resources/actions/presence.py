"""人员管控: in, answered the roll-call, out."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, Invalid
from anlan.kernel.models import Area
from anlan.resources.actions.stock import needed
from anlan.resources.events import PersonInside
from anlan.resources.models import Presence, Team
from anlan.resources.rules import LONGEST_STAY_MIN


@action("resources.commit")
def enter_zone(
    by: Actor, area_id: int, person: str, zone: str, limit_min: Any, team_id: int | None = None, task: str = "",
    correlation_id: UUID | None = None,
) -> Presence:  # fmt: skip
    """进入: with a limit, by which the person must be out again."""
    area = Area.objects.get(pk=area_id)
    by.require("resources.commit", area)
    name = needed(person, "person", "姓名")[:40]
    if zone not in Presence.Zone.values:
        raise Invalid("zone", zone, "、".join(Presence.Zone.labels), label="区域")
    try:
        limit = int(limit_min)
    except (TypeError, ValueError) as error:
        raise Invalid("limit_min", limit_min, f"1~{LONGEST_STAY_MIN}", label="限时", unit="min") from error
    if not 0 < limit <= LONGEST_STAY_MIN:
        raise Invalid("limit_min", limit_min, f"1~{LONGEST_STAY_MIN}", label="限时", unit="min")
    team = Team.objects.visible_to(by).one(team_id) if team_id else None
    Area.objects.select_for_update(no_key=True).get(pk=area.pk)
    if Presence.objects.unscoped("one person, one stay").filter(area=area, person=name, left_at=None).exists():
        raise Conflict(f"{name}已在区内，须先登记撤出（一人同时只能有一次进入）")
    row = Presence.objects.create(
        area=area, person=name, team=team, task=task[:120], zone=zone, entered_at=clock.now(), limit_min=limit,
        correlation_id=correlation_id,
    )  # fmt: skip
    record(by, "登记进入", row, PersonInside(row.pk, name, "entered"), correlation_id=correlation_id)
    return row


def inside(by: Actor, presence_id: int) -> Presence:
    row = Presence.objects.visible_to(by, "resources.commit").select_related("area").one(presence_id, lock=True)
    if row.left_at is not None:
        raise Conflict(f"{row.person}已于 {row.left_at.astimezone(clock.BEIJING):%H:%M:%S} 撤出")
    return row


@action("resources.commit")
def answer_roll_call(by: Actor, presence_id: int) -> Presence:
    """点名应答: heard from; the limit stays."""
    row = inside(by, presence_id)
    before = snapshot(row)
    row.checked_at = clock.now()
    row.save()
    record(by, "点名应答", row, PersonInside(row.pk, row.person, "answered"), before=before)
    return row


@action("resources.commit")
def leave_zone(by: Actor, presence_id: int) -> Presence:
    """撤出."""
    row = inside(by, presence_id)
    before = snapshot(row)
    row.left_at = clock.now()
    row.save()
    fact = PersonInside(row.pk, row.person, "left")
    record(by, "登记撤出", row, fact, before=before, correlation_id=row.correlation_id)
    return row


@action("resources.commit")
def report_overdue(by: Actor, presence_id: int) -> Presence:
    """超时: said once, by the timer."""
    row = inside(by, presence_id)
    before = snapshot(row)
    row.told = True
    row.save()
    fact = PersonInside(row.pk, row.person, "overdue")
    record(by, "人员超时未撤出", row, fact, before=before, correlation_id=row.correlation_id)
    return row
