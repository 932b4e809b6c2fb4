"""REST of the supervision room: the risk of parks, and what it is worked out from."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import AwareDatetime, FiniteFloat

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.supervision import actions, queries
from anlan.supervision.models import ParkRisk

router = Router(tags=["supervision 监督管理"])
NAMES = (
    "id park_id basis at reason by grade colour k d zone pll max_risk fn contours targets distances capacity contributors "
    "assumptions took_ms"
).split()


class StockIn(Schema):
    """t at most the design maximum; `at` left out = now."""

    quantity_t: FiniteFloat
    at: AwareDatetime | None = None
    source: str = "接口填报"


class PeopleIn(Schema):
    """Who is there now; `outdoors` of them outside the buildings (left out = the usual share); `at` left out = now."""

    people: int
    outdoors: int | None = None
    at: AwareDatetime | None = None
    source: str = "接口填报"


class AssessIn(Schema):
    """annual or current."""

    basis: str = "annual"


def who(request: HttpRequest) -> Actor:
    found: Actor = request.actor  # type: ignore[attr-defined]
    return found


def risk_out(row: ParkRisk) -> dict[str, Any]:
    return {name: getattr(row, name) for name in NAMES}


@router.get("/parks", summary="化工园区及其风险等级")
def parks(request: HttpRequest) -> list[dict[str, Any]]:
    actor = who(request)
    found = []
    for park in queries.parks(actor):
        row = queries.park_risk(actor, park.pk, "annual")
        risk = {name: getattr(row, name) for name in ("grade", "colour", "k", "zone", "at")} if row else None
        found.append(
            {"id": park.pk, "code": park.code, "name": park.name, "lon": park.lon, "lat": park.lat, "risk": risk}
        )
    return found


@router.get("/major-hazards", summary="重大危险源：各单元按 GB 18218-2018 的辨识与分级")
def majors(request: HttpRequest, park_id: int | None = None) -> list[dict[str, Any]]:
    return [
        {
            "enterprise_id": one.enterprise.pk, "enterprise": one.enterprise.name, "unit": one.name, "S": one.s, "R": one.r,
            "alpha": one.alpha, "people_500m": one.people, "grade": one.grade or None, "filed": one.filed or None,
            "items": [vars(part) for part in one.parts], "left_out": list(one.left_out),
        }
        for one in queries.majors(who(request), park_id)
    ]  # fmt: skip


@router.get("/parks/{park_id}/risk", summary="园区最近一次风险评估")
def risk(request: HttpRequest, park_id: int, basis: str = "annual") -> dict[str, Any] | None:
    queries.park(who(request), park_id)
    row = queries.park_risk(who(request), park_id, basis)
    return risk_out(row) if row else None


@router.get("/parks/{park_id}/risk/series", summary="园区风险的时间序列")
def series(request: HttpRequest, park_id: int, basis: str = "annual") -> list[dict[str, Any]]:
    queries.park(who(request), park_id)
    return queries.park_risk_series(who(request), park_id, basis)


@router.get("/parks/{park_id}/plan", summary="此处还能加什么：假设新增一个单元后的风险，以及该处至多可新增多少吨")
def plan(request: HttpRequest, park_id: int, substance: str, tonnes: str, lon: str, lat: str) -> dict[str, Any]:
    return queries.supposed(who(request), park_id, substance, tonnes, lon, lat)


@router.get("/parks/{park_id}/point", summary="某处的个人风险及主要贡献场景")
def point(request: HttpRequest, park_id: int, lon: str, lat: str, basis: str = "annual") -> dict[str, Any]:
    return queries.point_risk(who(request), park_id, basis, lon, lat)


@router.post("/parks/{park_id}/assess", summary="重新评估园区风险", response={201: dict[str, Any]})
def assess(request: HttpRequest, park_id: int, data: AssessIn) -> Status[dict[str, Any]]:
    return Status(
        201, risk_out(actions.assess_park(who(request), park_id, data.basis, f"{who(request).name}经接口重算"))
    )


@router.post("/hazard-units/{unit_id}/stock", summary="报告危险单元现存量", response={201: dict[str, Any]})
def stock(request: HttpRequest, unit_id: int, data: StockIn) -> Status[dict[str, Any]]:
    row = actions.report_stock(who(request), unit_id, data.quantity_t, data.at or clock.now(), data.source)
    return Status(201, {"unit_id": row.unit_id, "quantity_t": row.quantity_t, "at": row.at, "source": row.source})


def counted(request: HttpRequest, kind: str, pk: int, data: PeopleIn) -> Status[dict[str, Any]]:
    row = actions.report_people(
        who(request), kind, pk, data.people, data.at or clock.now(), data.source, data.outdoors
    )  # fmt: skip
    return Status(201, {"people": row.people, "outdoors": row.outdoors, "at": row.at, "source": row.source})


@router.post("/enterprises/{enterprise_id}/people", summary="报告企业在场人数", response={201: dict[str, Any]})
def people_at_works(request: HttpRequest, enterprise_id: int, data: PeopleIn) -> Status[dict[str, Any]]:
    return counted(request, "enterprise", enterprise_id, data)


@router.post("/protection-targets/{target_id}/people", summary="报告防护目标在场人数", response={201: dict[str, Any]})
def people_at_target(request: HttpRequest, target_id: int, data: PeopleIn) -> Status[dict[str, Any]]:
    return counted(request, "target", target_id, data)
