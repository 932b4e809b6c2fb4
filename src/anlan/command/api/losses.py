"""REST of 灾情统计."""

from __future__ import annotations

from base64 import b64decode
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Path, Router, Schema
from pydantic import AwareDatetime

from anlan.command.actions import losses as verbs
from anlan.command.duty import loss_sheets
from anlan.command.duty import losses as standing
from anlan.command.models import LossEntry, LossProcess, LossReturn
from anlan.command.rules import losses
from anlan.command.views.common import attachment
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.errors import Invalid, NotFound

router = Router(tags=["command 灾情统计"])
VIEW = "command.view"


class ProcessIn(Schema):
    title: str
    hazard: str
    area_id: int
    occurred_at: AwareDatetime
    incident_id: int | None = None


class FillIn(Schema):
    """`figures`: indicator -> number, null = unknown."""

    figures: dict[str, Any]
    version: int | None = None


class SubmitIn(Schema):
    correction: str = ""
    explanation: str = ""
    version: int | None = None


class DecideIn(Schema):
    passed: bool
    note: str = ""


class StrikeIn(Schema):
    reason: str


class SheetIn(Schema):
    """A filled-in 统计表 (.xlsx or .csv) in base64."""

    name: str
    content: str
    version: int | None = None


class EntryIn(Schema):
    kind: str
    area_id: int
    name: str
    detail: str
    cause: str = ""
    rooms: int | None = None


def who(request: HttpRequest) -> Actor:
    found: Actor = request.actor  # type: ignore[attr-defined]
    return found


def process_out(row: LossProcess) -> dict[str, Any]:
    names = (
        "id",
        "title",
        "hazard",
        "area_id",
        "incident_id",
        "occurred_at",
        "opened_at",
        "stable_at",
        "dictionary",
        "version",
    )
    return {name: getattr(row, name) for name in names}


def entry_out(row: LossEntry) -> dict[str, Any]:
    names = (
        "id", "kind", "area_id", "name", "detail", "cause", "rooms", "entered_at", "entered_by", "struck_at", "struck_why",
    )  # fmt: skip
    return {name: getattr(row, name) for name in names}


def mine(actor: Actor, pk: int) -> list[LossReturn]:
    """The returns of the newest round that this user sees."""
    rows = LossReturn.objects.visible_to(actor, VIEW).filter(round__process=pk).select_related("area", "round")
    newest = rows.order_by("-round_id").values_list("round_id", flat=True).first()
    if newest is None:
        raise NotFound(f"灾害过程 {pk} 不存在，或不在您的管辖范围内")
    return list(rows.filter(round=newest).defer("area__geometry").order_by("area__path"))


@router.get("/losses/indicators", summary="灾情指标")
def indicators(request: HttpRequest) -> dict[str, Any]:
    about = losses.dictionary()
    return {
        "version": about.version,
        "to_check": about.to_check,
        "indicators": [vars(one) for one in about.indicators.values()],
    }


@router.get("/losses", summary="灾害过程")
def list_losses(request: HttpRequest) -> list[dict[str, Any]]:
    seen = LossReturn.objects.visible_to(who(request), VIEW).values("round__process")
    return [process_out(row) for row in LossProcess.objects.unscoped(HELD).filter(pk__in=seen)[:200]]


@router.post("/losses", summary="建立灾害过程", response={201: dict[str, Any]})
def begin(request: HttpRequest, data: ProcessIn) -> dict[str, Any]:
    return process_out(verbs.begin_losses(who(request), **data.dict()))


@router.get("/losses/years/{year}", summary="年报")
def year(request: HttpRequest, year: Annotated[int, Path(ge=2000, le=2100)]) -> dict[str, Any]:
    """Sums by hazard of the disasters this user sees; exercises are left out. Persons are counted once a disaster."""
    found = loss_sheets.of_year(who(request), year)
    return {
        "year": found.year, "dictionary": losses.dictionary().version, "disasters": found.disasters, "final": found.final,
        "hazards": {name: {"disasters": n, "figures": sums} for name, (n, sums) in found.lines.items()},
        "total": found.total, "not_final": found.not_final, "silent": found.silent,
    }  # fmt: skip


@router.get("/losses/{pk}", summary="一个灾害过程的最近一期")
def get_losses(request: HttpRequest, pk: int) -> dict[str, Any]:
    rows = mine(who(request), pk)
    process = LossProcess.objects.unscoped(HELD).one(pk)
    return {**process_out(process), "round": str(rows[0].round), "returns": [standing.as_data(row) for row in rows]}


@router.post("/losses/{pk}/stable", summary="认定灾情稳定")
def stable(request: HttpRequest, pk: int) -> dict[str, Any]:
    return process_out(verbs.declare_stable(who(request), pk))


@router.get("/losses/{pk}/ledger", summary="灾情台账")
def entries(request: HttpRequest, pk: int) -> list[dict[str, Any]]:
    """Persons and houses: only to who may see personal data there."""
    rows = LossEntry.objects.visible_to(who(request), VIEW).filter(process=mine(who(request), pk)[0].round.process_id)
    return [entry_out(row) for row in rows]


@router.post("/losses/ledger/{pk}/strike", summary="注销灾情台账")
def strike(request: HttpRequest, pk: int, data: StrikeIn) -> dict[str, Any]:
    return entry_out(verbs.strike_entry(who(request), pk, data.reason))


@router.post("/losses/{pk}/ledger", summary="登记灾情台账", response={201: dict[str, Any]})
def ledger(request: HttpRequest, pk: int, data: EntryIn) -> dict[str, Any]:
    return {"id": verbs.enter_ledger(who(request), pk, **data.dict()).pk}


@router.post("/losses/returns/{pk}/fill", summary="填报灾情")
def fill(request: HttpRequest, pk: int, data: FillIn) -> dict[str, Any]:
    return standing.as_data(verbs.fill_losses(who(request), pk, data.figures, version=data.version))


@router.get("/losses/returns/{pk}/table.xlsx", summary="统计表 Excel")
def table(request: HttpRequest, pk: int) -> HttpResponse:
    row = LossReturn.objects.visible_to(who(request), VIEW).select_related("round__process", "area").one(pk)
    return attachment(loss_sheets.form(row), f"{row.round.process}-{row}.xlsx", loss_sheets.EXCEL)


@router.post("/losses/returns/{pk}/table", summary="按统计表填报")
def take_table(request: HttpRequest, pk: int, data: SheetIn) -> dict[str, Any]:
    try:
        content = b64decode(data.content, validate=True)
    except ValueError as error:
        raise Invalid("content", data.content[:20], "base64 的 .xlsx 或 .csv", label="文件") from error
    loss_sheets.check_size(len(content))
    figures = loss_sheets.figures_of(data.name, content)
    return standing.as_data(verbs.fill_losses(who(request), pk, figures, version=data.version))


@router.post("/losses/returns/{pk}/sum", summary="按下级合计填入")
def adopt(request: HttpRequest, pk: int) -> dict[str, Any]:
    return standing.as_data(verbs.adopt_sum(who(request), pk))


@router.post("/losses/returns/{pk}/submit", summary="报送灾情")
def submit(request: HttpRequest, pk: int, data: SubmitIn) -> dict[str, Any]:
    return standing.as_data(verbs.submit_losses(who(request), pk, **data.dict()))


@router.post("/losses/returns/{pk}/decide", summary="审核或退回")
def decide(request: HttpRequest, pk: int, data: DecideIn) -> dict[str, Any]:
    return standing.as_data(verbs.decide_losses(who(request), pk, data.passed, data.note))
