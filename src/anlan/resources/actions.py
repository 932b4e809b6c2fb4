"""Committing and releasing teams, moving them on the map, issuing stock."""

from __future__ import annotations

import json
from datetime import datetime
from uuid import UUID

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, Invalid
from anlan.resources.events import StockIssued, StockReceived, TeamMoved, TeamReadinessChanged
from anlan.resources.models import Readiness, RoadEdge, RoadNode, Stock, Team

#: No lot is larger; a typing slip is.
MOST = 1e9
AT_HOME = (Readiness.READY, Readiness.RESTING, Readiness.OFF)


@action("resources.commit")
def commit_team(by: Actor, team_id: int, task_ref: str, correlation_id: UUID | None = None) -> Team:
    """出动. The row is locked, so two commanders cannot send one team twice."""
    team = Team.objects.visible_to(by, "resources.commit").one(team_id, lock=True)
    if team.readiness != Readiness.READY:
        raise Conflict(f"{team.name}处于“{team.get_readiness_display()}”，不能再次派出", readiness=team.readiness)
    return change(by, team, Readiness.DISPATCHED, "派出队伍", task_ref, correlation_id)


@action("resources.commit")
def release_team(by: Actor, team_id: int, task_ref: str = "", correlation_id: UUID | None = None) -> Team:
    """归建: the team may be sent again."""
    team = Team.objects.visible_to(by, "resources.commit").one(team_id, lock=True)
    if team.readiness != Readiness.DISPATCHED:
        raise Conflict(f"{team.name}未在出动中，不能归建", readiness=team.readiness)
    return change(by, team, Readiness.READY, "队伍归建", task_ref, correlation_id)


@action("resources.edit")
def set_readiness(by: Actor, team_id: int, readiness: str, reason: str) -> Team:
    """待命、休整、停用. A team that is out comes back by `release_team` alone, and goes out by `commit_team` alone."""
    if readiness not in AT_HOME:
        allowed = "、".join(state.label for state in AT_HOME)
        raise Invalid("readiness", readiness, f"{allowed}（{'、'.join(AT_HOME)}）", label="状态")
    team = Team.objects.visible_to(by, "resources.edit").one(team_id, lock=True)
    if team.readiness not in AT_HOME:
        raise Conflict(f"{team.name}正在出动，须先归建", readiness=team.readiness)
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


@action("resources.edit")
def replace_roads(by: Actor, nodes: list[dict[str, str]], edges: list[dict[str, str]]) -> int:
    """换路网: the whole graph at once. Refused, and nothing changed, when an edge names a node that is not there."""
    known = {row["code"] for row in nodes}
    for number, row in enumerate(edges, 2):
        for end in ("start", "end"):
            if row[end] not in known:
                raise Invalid(f"edges[{number}].{end}", row[end], "nodes 中已有的编码", label=f"第 {number} 行路段")
    RoadEdge.objects.all().delete()
    RoadNode.objects.all().delete()
    made = {
        row["code"]: RoadNode(code=row["code"], lon=float(row["lon"]), lat=float(row["lat"]), name=row.get("name", ""))
        for row in nodes
    }
    RoadNode.objects.bulk_create(made.values())
    RoadEdge.objects.bulk_create([road_edge(row, made) for row in edges])
    first = next(iter(made.values()), None)
    if first is not None:
        record(by, f"更换路网（{len(edges)} 段）", first)
    return len(edges)


def road_edge(row: dict[str, str], nodes: dict[str, RoadNode]) -> RoadEdge:
    return RoadEdge(
        code=row["code"], start=nodes[row["start"]], end=nodes[row["end"]], name=row["name"], kind=row["kind"],
        length_m=float(row["length_m"]), speed_km_h=float(row["speed_km_h"]), oneway=row.get("oneway") == "是",
        geometry=json.loads(row["geometry"]) if row.get("geometry") else None,
        representative=row.get("representative") == "是",
    )  # fmt: skip


@action("resources.issue")
def issue_stock(by: Actor, stock_id: int, quantity: float, purpose: str, correlation_id: UUID | None = None) -> Stock:
    """出库. Never more than is there; the database says so too."""
    lot = Stock.objects.visible_to(by, "resources.issue").select_related("store__area").one(stock_id, lock=True)
    if not 0 < quantity <= lot.quantity:
        raise Invalid("quantity", quantity, f"大于 0 且不超过现存 {lot.quantity:g}", label="出库数量", unit=lot.unit)
    before = snapshot(lot)
    lot.quantity -= quantity
    lot.save()
    fact = StockIssued(lot.pk, lot.item, quantity, lot.quantity, purpose)
    record(by, "物资出库", lot, fact, before=before, reason=purpose, correlation_id=correlation_id)
    return lot


@action("resources.issue")
def receive_stock(by: Actor, stock_id: int, quantity: float, reason: str, correlation_id: UUID | None = None) -> Stock:
    """入库: bought, given or brought back."""
    lot = Stock.objects.visible_to(by, "resources.issue").select_related("store__area").one(stock_id, lock=True)
    if not 0 < quantity < MOST:
        raise Invalid("quantity", quantity, f"大于 0 且小于 {MOST:g}", label="入库数量", unit=lot.unit)
    before = snapshot(lot)
    lot.quantity += quantity
    lot.save()
    fact = StockReceived(lot.pk, lot.item, quantity, lot.quantity, reason)
    record(by, "物资入库", lot, fact, before=before, reason=reason, correlation_id=correlation_id)
    return lot
