"""REST of the resources room."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import AwareDatetime, FiniteFloat

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.resources import actions, queries
from anlan.resources.ledger import Paper
from anlan.resources.models import Stock, Team
from anlan.resources.queries.reach import bands_of
from anlan.resources.roads import Limits

router = Router(tags=["resources 应急保障"])


class PositionIn(Schema):
    """WGS84 degrees; `at` left out = now."""

    lon: FiniteFloat
    lat: FiniteFloat
    at: AwareDatetime | None = None


class IssueIn(Schema):
    quantity: FiniteFloat
    purpose: str


class BackIn(IssueIn):
    document: str = ""


class ShelfIn(Schema):
    quantity: FiniteFloat
    shelf: str


class CountIn(Schema):
    """`book`: the balance that was seen when counting; a count of something else is refused."""

    counted: FiniteFloat
    reason: str = ""
    book: FiniteFloat | None = None


class LossIn(Schema):
    quantity: FiniteFloat
    reason: str


class FreshIn(Schema):
    """The lot that comes in; dates as 2027-06-30."""

    shelf: str
    lot_no: str = ""
    produced_on: date | None = None
    expires_on: date | None = None
    supplier: str = ""


class RotateIn(FreshIn):
    quantity: FiniteFloat
    reason: str = ""


class LotIn(FreshIn):
    material: str
    quantity: FiniteFloat
    document: str = ""


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


def lot_out(lot: Stock) -> dict[str, Any]:
    return {"id": lot.pk, "item": lot.item, "shelf": lot.shelf, "quantity": float(lot.quantity), "unit": lot.unit}


def fresh_lot(material: str, data: FreshIn) -> actions.NewLot:
    return actions.NewLot(
        material, data.shelf, data.lot_no.strip()[:40], data.produced_on, data.expires_on, supplier=data.supplier[:80]
    )


@router.get("/teams", summary="救援队伍")
def teams(request: HttpRequest) -> list[dict[str, Any]]:
    return [team_out(team) for team in Team.objects.visible_to(who(request))]


@router.get("/nearest", summary="最近的可用队伍（路网）")
def nearest(
    request: HttpRequest, lon: FiniteFloat, lat: FiniteFloat, capability: str = "", count: int = 5
) -> list[dict[str, Any]]:
    found = queries.nearest_teams(who(request), capability, lon, lat, count, clock.now())
    return [
        {"team": team_out(a.team), "road_m": a.road_m, "minutes": a.minutes, "route": a.route, "how": a.how}
        for a in found
    ]


@router.get("/isochrones", summary="到达范围（路网，绕开管控）")
def isochrones(
    request: HttpRequest, lon: FiniteFloat, lat: FiniteFloat, minutes: str = "10,20,30", speed_km_h: FiniteFloat = 60,
    height_m: FiniteFloat = 0, weight_t: FiniteFloat = 0, hazmat: bool = False,
) -> dict[str, Any]:  # fmt: skip
    limits = Limits(height_m, weight_t, hazmat)
    found = queries.reached(who(request), lon, lat, bands_of(minutes), clock.now(), speed_km_h, limits)
    features = [
        {"type": "Feature", "geometry": one.area, "properties": {"minutes": one.minutes, **one.inside}} for one in found
    ]
    return {"type": "FeatureCollection", "features": features}


@router.post("/teams/{pk}/position", summary="上报队伍位置")
def position(request: HttpRequest, pk: int, data: PositionIn) -> dict[str, Any]:
    return team_out(actions.report_position(who(request), pk, data.lon, data.lat, data.at or clock.now()))


@router.post("/teams/{pk}/readiness", summary="队伍待命、休整、停用")
def readiness(request: HttpRequest, pk: int, data: ReadinessIn) -> dict[str, Any]:
    return team_out(actions.set_readiness(who(request), pk, data.readiness, data.reason))


@router.post("/stock/{pk}/receive", summary="物资入库")
def receive(request: HttpRequest, pk: int, data: IssueIn) -> dict[str, Any]:
    lot = actions.receive_stock(who(request), pk, data.quantity, data.purpose)
    return lot_out(lot)


@router.post("/stock/{pk}/issue", summary="物资出库")
def issue(request: HttpRequest, pk: int, data: IssueIn) -> dict[str, Any]:
    lot = actions.issue_stock(who(request), pk, data.quantity, data.purpose)
    return lot_out(lot)


@router.post("/stock/{pk}/return", summary="物资退库")
def take_back(request: HttpRequest, pk: int, data: BackIn) -> dict[str, Any]:
    lot = actions.receive_stock(who(request), pk, data.quantity, data.purpose, document=data.document, returned=True)
    return lot_out(lot)


@router.post("/stock/{pk}/move", summary="移库")
def move(request: HttpRequest, pk: int, data: ShelfIn) -> dict[str, Any]:
    return lot_out(actions.move_stock(who(request), pk, data.quantity, data.shelf))


@router.post("/stock/{pk}/count", summary="盘点")
def count(request: HttpRequest, pk: int, data: CountIn) -> dict[str, Any]:
    return lot_out(actions.count_stock(who(request), pk, data.counted, data.reason, data.book))


@router.post("/stock/{pk}/write-off", summary="损耗")
def write_off(request: HttpRequest, pk: int, data: LossIn) -> dict[str, Any]:
    return lot_out(actions.write_off(who(request), pk, data.quantity, data.reason))


@router.post("/stock/{pk}/rotate", summary="轮换")
def rotate(request: HttpRequest, pk: int, data: RotateIn) -> dict[str, Any]:
    by = who(request)
    old = Stock.objects.visible_to(by, "resources.issue").select_related("material").one(pk)
    fresh = fresh_lot(old.material.code if old.material else "", data)
    return lot_out(actions.rotate_stock(by, pk, data.quantity, fresh, Paper(data.reason or "到期轮换")))


@router.post("/stores/{pk}/lots", summary="新批次入库", response={201: dict[str, Any]})
def receive_lot(request: HttpRequest, pk: int, data: LotIn) -> dict[str, Any]:
    paper = Paper("入库", document=data.document)
    return lot_out(actions.receive_lot(who(request), pk, fresh_lot(data.material, data), data.quantity, paper))


@router.get("/movements", summary="物资账（最近的单据）")
def list_movements(request: HttpRequest, store: int | None = None, limit: int = 100) -> list[dict[str, Any]]:
    rows = queries.movements(who(request), store)[: max(1, min(limit, 1000))]
    names = ("id", "number", "at", "kind", "store_id", "reason", "document", "counterparty", "by")
    return [{name: getattr(row, name) for name in names} for row in rows]


class ItemIn(Schema):
    material: str
    quantity: str


class DemandIn(Schema):
    """One place; priority 1 is served first."""

    name: str
    lon: FiniteFloat
    lat: FiniteFloat
    priority: int = 2
    items: list[ItemIn]


class AllocationIn(Schema):
    area_id: int
    title: str
    demands: list[DemandIn]
    correlation_id: UUID | None = None


class HandOverIn(Schema):
    """`signature`: PNG as a data address; `received`: stock id on the road -> what arrived."""

    receiver: str
    signature: str
    received: dict[int, str] = {}
    phone: str = ""
    note: str = ""


@router.get("/stores/{pk}/stock", summary="库点存量（批次、货位、效期）")
def store_stock(request: HttpRequest, pk: int) -> list[dict[str, Any]]:
    queries.stores(who(request)).one(pk)
    return [
        {
            "id": lot.pk, "code": lot.code, "shelf": lot.shelf, "material": lot.item_code, "item": lot.item,
            "unit": lot.unit, "quantity": float(lot.quantity), "lot_no": lot.lot_no, "expires_on": lot.expires_on,
            "holding": lot.holding,
        }
        for lot in queries.lots(who(request), store_id=pk)
    ]  # fmt: skip


@router.post("/allocations", summary="拟定多库调拨方案")
def draft_allocation(request: HttpRequest, data: AllocationIn) -> dict[str, Any]:
    demands = [demand.dict() for demand in data.demands]
    made = actions.draft_allocation(who(request), data.area_id, data.title, demands, data.correlation_id)
    return {"id": made.pk, "number": made.number, **made.plan}


@router.post("/allocations/{pk}/approve", summary="批准调拨方案")
def approve_allocation(request: HttpRequest, pk: int) -> dict[str, Any]:
    made = actions.approve_allocation(who(request), pk)
    return {"id": made.pk, "consignments": list(made.consignments.values_list("pk", flat=True))}


@router.post("/consignments/{pk}/hand-over", summary="调拨签收")
def hand_over(request: HttpRequest, pk: int, data: HandOverIn) -> dict[str, Any]:
    row = actions.hand_over(who(request), pk, data.receiver, data.signature, data.received, data.phone, data.note)
    return {"id": row.pk, "number": row.number, "state": row.state, "delivered_at": row.delivered_at}
