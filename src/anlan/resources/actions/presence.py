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
from anlan.resources.rules import AIR_CYLINDERS_L, LONGEST_STAY_MIN, MOST_AIR_MPA, WHISTLE_MPA, air_minutes


@action("resources.commit")
def enter_zone(
    by: Actor, area_id: int, person: str, zone: str, limit_min: Any, team_id: int | None = None, task: str = "",
    correlation_id: UUID | None = None, air_mpa: Any = None, air_l: Any = None,
) -> Presence:  # fmt: skip
    """进入: with a limit, by which the person must be out again; with air on the back, not after its whistle."""
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
    pressure, cylinder = air_of(air_mpa, air_l)
    if pressure is not None and cylinder is not None:
        limit = min(limit, enough_air(name, air_minutes(pressure, cylinder)))
    team = Team.objects.visible_to(by).one(team_id) if team_id else None
    Area.objects.select_for_update(no_key=True).get(pk=area.pk)
    if Presence.objects.unscoped("one person, one stay").filter(area=area, person=name, left_at=None).exists():
        raise Conflict(f"{name}已在区内，须先登记撤出（一人同时只能有一次进入）", rule="一人同时只有一次进入")
    row = Presence.objects.create(
        area=area, person=name, team=team, task=task[:120], zone=zone, entered_at=clock.now(), limit_min=limit,
        correlation_id=correlation_id, air_mpa=pressure, air_l=cylinder,
    )  # fmt: skip
    record(by, "登记进入", row, PersonInside(row.pk, name, "entered"), correlation_id=correlation_id)
    return row


def air_of(air_mpa: Any, air_l: Any) -> tuple[float | None, float | None]:
    """Pressure and cylinder, both or none."""
    if air_mpa in (None, "") and air_l in (None, ""):
        return None, None
    return in_range("air_mpa", air_mpa, 0, MOST_AIR_MPA, "气压", "MPa"), in_range(
        "air_l", air_l, *AIR_CYLINDERS_L, "气瓶", "L"
    )


def in_range(field: str, value: Any, low: float, high: float, label: str, unit: str) -> float:
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = float("nan")
    if not low <= found <= high:
        raise Invalid(field, value, f"{low:g}~{high:g}", label=label, unit=unit)
    return found


def enough_air(name: str, minutes: float) -> int:
    if minutes < 1:
        raise Conflict(
            f"{name}的气压只够 {minutes:.1f} 分钟", rule=f"气压低于报警压力 {WHISTLE_MPA} MPa 不得进入（待核对）"
        )
    return int(minutes)


def inside(by: Actor, presence_id: int) -> Presence:
    row = Presence.objects.visible_to(by, "resources.commit").select_related("area").one(presence_id, lock=True)
    if row.left_at is not None:
        raise Conflict(f"{row.person}已于 {row.left_at.astimezone(clock.BEIJING):%H:%M:%S} 撤出", rule="撤出只登记一次")
    return row


@action("resources.commit")
def answer_roll_call(by: Actor, presence_id: int, air_mpa: Any = None) -> Presence:
    """点名应答: heard from; the limit stays, unless the air that is left makes it shorter."""
    row = inside(by, presence_id)
    before = snapshot(row)
    row.checked_at = clock.now()
    if air_mpa not in (None, "") and row.air_l is not None:
        row.air_mpa = in_range("air_mpa", air_mpa, 0, row.air_mpa or MOST_AIR_MPA, "气压（不高于上次）", "MPa")
        been = (row.checked_at - row.entered_at).total_seconds() / 60
        row.limit_min = max(1, min(row.limit_min, int(been + air_minutes(row.air_mpa, row.air_l))))
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
