"""REST of the resources room."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.resources import actions, queries
from anlan.resources.models import Team

router = Router(tags=["resources 应急保障"])


class PositionIn(Schema):
    """WGS84 degrees; `at` left out = now."""

    lon: float
    lat: float
    at: datetime | None = None


class IssueIn(Schema):
    quantity: float
    purpose: str


class ReadinessIn(Schema):
    """ready, resting or off."""

    readiness: str
    reason: str = ""


def who(request: HttpRequest) -> Actor:
    found: Actor = request.actor  # type: ignore[attr-defined]
    return found


def team_out(team: Team) -> dict[str, Any]:
    names = "id code name kind capabilities lon lat position_lon position_lat position_at readiness representative"
    return {name: getattr(team, name) for name in names.split()}


@router.get("/teams", summary="救援队伍")
def teams(request: HttpRequest) -> list[dict[str, Any]]:
    return [team_out(team) for team in Team.objects.visible_to(who(request))]


@router.get("/nearest", summary="最近的可用队伍（路网）")
def nearest(request: HttpRequest, lon: float, lat: float, capability: str = "", count: int = 5) -> list[dict[str, Any]]:
    found = queries.nearest_teams(who(request), capability, lon, lat, count, clock.now())
    return [
        {"team": team_out(a.team), "road_m": a.road_m, "minutes": a.minutes, "route": a.route, "how": a.how}
        for a in found
    ]


@router.post("/teams/{pk}/position", summary="上报队伍位置")
def position(request: HttpRequest, pk: int, data: PositionIn) -> dict[str, Any]:
    return team_out(actions.report_position(who(request), pk, data.lon, data.lat, data.at or clock.now()))


@router.post("/teams/{pk}/readiness", summary="队伍待命、休整、停用")
def readiness(request: HttpRequest, pk: int, data: ReadinessIn) -> dict[str, Any]:
    return team_out(actions.set_readiness(who(request), pk, data.readiness, data.reason))


@router.post("/stock/{pk}/receive", summary="物资入库")
def receive(request: HttpRequest, pk: int, data: IssueIn) -> dict[str, Any]:
    lot = actions.receive_stock(who(request), pk, data.quantity, data.purpose)
    return {"id": lot.pk, "item": lot.item, "quantity": float(lot.quantity), "unit": lot.unit}


@router.post("/stock/{pk}/issue", summary="物资出库")
def issue(request: HttpRequest, pk: int, data: IssueIn) -> dict[str, Any]:
    lot = actions.issue_stock(who(request), pk, data.quantity, data.purpose)
    return {"id": lot.pk, "item": lot.item, "quantity": float(lot.quantity), "unit": lot.unit}
