"""REST of the command post: who commands, periods, needs and what came of them, what is drawn on the map."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import AwareDatetime, FiniteFloat

from anlan.command import queries
from anlan.command.actions import drawings, headquarters, needs
from anlan.command.models import AidRequest, CommandGroup, Drawing, Headquarters, Need, NeedSupply, Period
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import HELD

router = Router(tags=["command 指挥部、需求、标绘"])
VIEW = "command.view"


class Versioned(Schema):
    """`version`: the one the decision was made on; a change on an older picture is refused (409)."""

    version: int | None = None


class PostIn(Schema):
    """`place` in words; without `lon`, `lat` it is where the incident is."""

    place: str
    commander: str
    title: str
    name: str = ""
    lon: FiniteFloat | None = None
    lat: FiniteFloat | None = None


class TransferIn(Versioned):
    to_name: str
    to_title: str
    reason: str
    briefing: str


class GroupIn(Versioned):
    """`key` of a group that is there, or of a new one, which needs a `title`."""

    key: str
    leader: str
    phone: str = ""
    channel: str = ""
    title: str = ""
    organisation: str = ""
    duty: str = ""


class PeriodIn(Versioned):
    """`objectives`: one a line, `组别：目标` or just the objective."""

    hours: FiniteFloat
    situation: str
    objectives: str


class ReachIn(Versioned):
    index: int


class WhyIn(Versioned):
    reason: str = ""


class NeedIn(Schema):
    """`place` in words; where that is follows from them, unless `lon`, `lat` say it."""

    kind: str
    item: str
    quantity: Decimal
    unit: str
    priority: int = 2
    place: str = ""
    wanted_by: AwareDatetime | None = None
    group: str = ""
    lon: FiniteFloat | None = None
    lat: FiniteFloat | None = None


class SupplyIn(Versioned):
    source: str
    who: str
    quantity: Decimal
    note: str = ""


class MoveIn(Schema):
    state: str
    note: str = ""


class AidIn(Schema):
    relation: str
    quantity: Decimal
    due_at: AwareDatetime
    text: str = ""


class AnswerIn(Schema):
    peer: str
    state: str
    note: str = ""


class DrawIn(Schema):
    """`key` is made by the caller: sent again it is the same drawing. `geometry` is GeoJSON in WGS 84."""

    key: UUID
    kind: str
    geometry: dict[str, Any]
    label: str = ""
    note: str = ""


class RedrawIn(Versioned):
    geometry: dict[str, Any] | None = None
    label: str | None = None
    note: str | None = None


def who(request: HttpRequest) -> Actor:
    found: Actor = request.actor  # type: ignore[attr-defined]
    return found


def fields(row: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def group_out(row: CommandGroup) -> dict[str, Any]:
    return fields(row, "id", "key", "title", "organisation", "leader", "phone", "channel", "duty")


def period_out(row: Period) -> dict[str, Any]:
    return fields(
        row, "id", "number", "begins_at", "ends_at", "situation", "objectives", "approved_by", "version"
    )  # fmt: skip


def post_out(row: Headquarters) -> dict[str, Any]:
    """With its groups, every transfer of command and every period."""
    names = (
        "id", "incident_id", "name", "place", "lon", "lat", "commander", "commander_title", "set_up_at", "set_up_by",
        "dissolved_at", "dissolved_by", "version",
    )  # fmt: skip
    moves = ("at", "group", "from_name", "to_name", "to_title", "reason", "briefing", "by")
    return {
        **fields(row, *names),
        "groups": [group_out(one) for one in row.groups.all()],
        "transfers": [fields(one, *moves) for one in row.transfers.all()],
        "periods": [period_out(one) for one in row.periods.all()],
    }


def supply_out(row: NeedSupply) -> dict[str, Any]:
    return fields(row, "id", "need_id", "source", "who", "quantity", "state", "at", "by", "arrived_at", "note")


def aid_out(row: AidRequest) -> dict[str, Any]:
    names = ("key", "need_id", "relation", "quantity", "text", "due_at", "asked_at", "state", "sent_to", "answers")
    return fields(row, *names)


def need_out(row: Need) -> dict[str, Any]:
    names = (
        "id", "incident_id", "kind", "item", "quantity", "unit", "priority", "place", "lon", "lat", "wanted_by", "group",
        "raised_at", "raised_by", "arrived", "coming", "missing", "closed_at", "close_reason", "version",
    )  # fmt: skip
    return {
        **fields(row, *names),
        "supplies": [supply_out(one) for one in row.supplies.all()],
        "aid_requests": [aid_out(one) for one in row.aid_requests.all()],
    }


def drawing_out(row: Drawing) -> dict[str, Any]:
    names = (
        "id", "incident_id", "key", "kind", "label", "note", "geometry", "closure_code", "drawn_at", "drawn_by", "changed_at",
        "changed_by", "erased_at", "erased_by", "version",
    )  # fmt: skip
    return fields(row, *names)


def read_need(row: Need) -> dict[str, Any]:
    """As it stands after a verb: the sums are those of the rows in the database."""
    return need_out(Need.objects.unscoped(HELD).one(row.pk))


@router.get("/incidents/{pk}/headquarters", summary="现场指挥部（含已撤销的）")
def list_posts(request: HttpRequest, pk: int) -> list[dict[str, Any]]:
    queries.incident(who(request), pk)
    rows = Headquarters.objects.visible_to(who(request), VIEW).filter(incident_id=pk)
    return [post_out(row) for row in rows.prefetch_related("groups", "transfers", "periods")]


@router.post("/incidents/{pk}/headquarters", summary="成立现场指挥部", response={201: dict[str, Any]})
def set_up(request: HttpRequest, pk: int, data: PostIn) -> dict[str, Any]:
    return post_out(headquarters.set_up_headquarters(who(request), pk, **data.dict()))


@router.post("/headquarters/{pk}/transfer", summary="移交指挥权")
def transfer(request: HttpRequest, pk: int, data: TransferIn) -> dict[str, Any]:
    return post_out(headquarters.transfer_command(who(request), pk, **data.dict()))


@router.post("/headquarters/{pk}/groups", summary="设置工作组")
def set_group(request: HttpRequest, pk: int, data: GroupIn) -> dict[str, Any]:
    return group_out(headquarters.set_group(who(request), pk, **data.dict()))


@router.post("/headquarters/{pk}/periods", summary="拟定作战周期", response={201: dict[str, Any]})
def plan_period(request: HttpRequest, pk: int, data: PeriodIn) -> dict[str, Any]:
    return period_out(headquarters.plan_period(who(request), pk, **data.dict()))


@router.post("/headquarters/{pk}/dissolve", summary="撤销现场指挥部")
def dissolve(request: HttpRequest, pk: int, data: WhyIn) -> dict[str, Any]:
    return post_out(headquarters.dissolve_headquarters(who(request), pk, **data.dict()))


@router.post("/periods/{pk}/reach", summary="作战目标完成")
def reach(request: HttpRequest, pk: int, data: ReachIn) -> dict[str, Any]:
    return period_out(headquarters.reach_objective(who(request), pk, **data.dict()))


@router.get("/incidents/{pk}/needs", summary="需求与落实")
def list_needs(request: HttpRequest, pk: int) -> list[dict[str, Any]]:
    queries.incident(who(request), pk)
    rows = Need.objects.visible_to(who(request), VIEW).filter(incident_id=pk)
    return [need_out(row) for row in rows.prefetch_related("supplies", "aid_requests")]


@router.post("/incidents/{pk}/needs", summary="提出需求", response={201: dict[str, Any]})
def raise_need(request: HttpRequest, pk: int, data: NeedIn) -> dict[str, Any]:
    return need_out(needs.raise_need(who(request), pk, **data.dict()))


@router.post("/needs/{pk}/supplies", summary="登记落实", response={201: dict[str, Any]})
def promise(request: HttpRequest, pk: int, data: SupplyIn) -> dict[str, Any]:
    return read_need(needs.promise_supply(who(request), pk, **data.dict()).need)


@router.post("/needs/{pk}/aid", summary="请求支援", response={201: dict[str, Any]})
def ask_aid(request: HttpRequest, pk: int, data: AidIn) -> dict[str, Any]:
    return aid_out(needs.request_aid(who(request), pk, **data.dict()))


@router.post("/needs/{pk}/close", summary="关闭需求")
def close_need(request: HttpRequest, pk: int, data: WhyIn) -> dict[str, Any]:
    return read_need(needs.close_need(who(request), pk, **data.dict()))


@router.post("/supplies/{pk}/move", summary="落实在途、到位、落空")
def move_supply(request: HttpRequest, pk: int, data: MoveIn) -> dict[str, Any]:
    return read_need(needs.move_supply(who(request), pk, **data.dict()).need)


@router.post("/aid/{key}/answer", summary="登记支援答复")
def answer_aid(request: HttpRequest, key: str, data: AnswerIn) -> dict[str, Any]:
    return aid_out(needs.aid_answered(who(request), key, **data.dict()))


@router.get("/incidents/{pk}/drawings", summary="标绘")
def list_drawings(request: HttpRequest, pk: int, erased: bool = False) -> list[dict[str, Any]]:
    queries.incident(who(request), pk)
    rows = Drawing.objects.visible_to(who(request), VIEW).filter(incident_id=pk)
    return [drawing_out(row) for row in (rows if erased else rows.filter(erased_at=None))]


@router.post("/incidents/{pk}/drawings", summary="标绘一个", response={201: dict[str, Any]})
def draw(request: HttpRequest, pk: int, data: DrawIn) -> dict[str, Any]:
    return drawing_out(drawings.draw(who(request), pk, **data.dict()))


@router.post("/drawings/{pk}/redraw", summary="改绘")
def redraw(request: HttpRequest, pk: int, data: RedrawIn) -> dict[str, Any]:
    return drawing_out(drawings.redraw(who(request), pk, **data.dict()))


@router.post("/drawings/{pk}/erase", summary="擦除标绘")
def erase(request: HttpRequest, pk: int, data: WhyIn) -> dict[str, Any]:
    return drawing_out(drawings.erase(who(request), pk, **data.dict()))
