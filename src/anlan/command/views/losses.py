"""灾情统计: the disasters, one of them level by level, and the form of one area."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from anlan.command import documents, queries
from anlan.command.actions import losses as verbs
from anlan.command.documents import WORD
from anlan.command.duty import loss_sheets
from anlan.command.duty import losses as standing
from anlan.command.forms import number_of
from anlan.command.models import LossEntry, LossProcess, LossReturn, LossRound
from anlan.command.rules import losses
from anlan.command.views.common import actor_of, attachment, back
from anlan.kernel import clock
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.areas.models import Area, Level
from anlan.kernel.errors import Invalid, NotFound

VIEW = "command.view"


@require_http_methods(["GET", "POST"])
def listing(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    if request.method == "POST":
        made = begin(request)
        return back(request, reverse("loss-process", args=[made.pk]), "灾害过程已建立，各级待报")
    mine = LossReturn.objects.visible_to(actor, VIEW).values("round__process")
    rows = LossProcess.objects.unscoped("whoever owes figures sees the disaster").filter(pk__in=mine)
    found = [(row, standing.latest(row)) for row in rows.select_related("area", "incident")[:100]]
    areas = [
        area
        for area in Area.objects.filter(level__lte=Level.TOWN).defer("geometry")
        if actor.may(verbs.REPORT, area.path)
    ]
    context = {
        "rows": found, "areas": areas, "hazards": losses.HAZARDS, "incidents": queries.incidents(actor, open_only=True),
        "now": clock.now(), "about": losses.dictionary(), "owed": owed(request),
    }  # fmt: skip
    return render(request, "command/losses.html", context)


def begin(request: HttpRequest) -> LossProcess:
    sent = request.POST
    at = parse_datetime(sent.get("occurred_at", ""))
    if at is None:
        raise Invalid("occurred_at", sent.get("occurred_at", ""), "如 2026-07-12T14:05", label="发生时间")
    incident = sent.get("incident", "")
    return verbs.begin_losses(
        actor_of(request), title=sent.get("title", ""), hazard=sent.get("hazard", ""),
        area_id=int(number_of(sent.get("area") or "0", "area", "区划")),
        occurred_at=at if at.tzinfo else at.replace(tzinfo=clock.BEIJING),
        incident_id=int(number_of(incident, "incident", "事件")) if incident else None,
    )  # fmt: skip


def owed(request: HttpRequest) -> list[LossReturn]:
    """What this user's own areas have still to submit, first what is due first."""
    actor = actor_of(request)
    newest = LossRound.objects.unscoped(HELD).order_by().values("process").annotate(last=Max("id")).values("last")
    rows = LossReturn.objects.visible_to(actor, verbs.FILL).filter(round__in=newest, due_at__isnull=False)
    rows = rows.filter(state__in=["drafted", "returned"]).select_related("area", "round__process")
    return list(rows.defer("area__geometry").order_by("due_at")[:20])


@require_GET
def one(request: HttpRequest, pk: int) -> HttpResponse:
    actor, now = actor_of(request), clock.now()
    process = seen(request, pk)
    rounds = list(LossRound.objects.unscoped(HELD).filter(process=process).order_by("-id"))
    wanted = request.GET.get("round", "")
    chosen = next((row for row in rounds if str(row.pk) == wanted), rounds[0])
    nodes = [
        node for node in standing.tree(chosen).values() if actor.may(VIEW, node.row.area.path, node.row.data_class)
    ]
    owing = [node for node in nodes if node.row.due_at]
    context = {
        "process": process, "rounds": rounds, "round": chosen, "now": now, "about": losses.dictionary(),
        "nodes": [node for node in nodes if not node.silent or "all" in request.GET],
        "silent": sum(node.silent for node in nodes), "heads": heads(),
        "owing": len(owing), "in": sum(node.row.counts for node in owing),
        "late": sum(node.row.late_min(now) >= 1 for node in owing), "top": nodes[0] if nodes else None,
        "totals": zip(heads(), nodes[0].short, strict=True) if nodes else [],
        "may": actor.may(verbs.REPORT, process.area.path), "areas": [node.row.area for node in nodes],
        "entries": LossEntry.objects.visible_to(actor, VIEW).filter(process=process).select_related("area"),
        "relief": loss_sheets.relief_advice(nodes[0].row.figures) if nodes else None,
        "ledgers": LossEntry.Kind.choices, "mine": actor.has(verbs.FILL),
    }  # fmt: skip
    return render(request, "command/loss_process.html", context)


def heads() -> list[losses.Indicator]:
    return [losses.dictionary().indicators[code] for code in standing.SHORT]


def seen(request: HttpRequest, pk: int) -> LossProcess:
    """The process, for whoever sees one of its returns."""
    mine = LossReturn.objects.visible_to(actor_of(request), VIEW).filter(round__process=pk)
    if not mine.exists():
        raise NotFound(f"灾害过程 {pk} 不存在，或不在您的管辖范围内")
    return LossProcess.objects.unscoped(HELD).select_related("area", "incident").one(pk)


@require_http_methods(["GET", "POST"])
def form(request: HttpRequest, pk: int) -> HttpResponse:
    """填报 of one area: beside each figure what was said last, and what those below add up to."""
    actor = actor_of(request)
    row = LossReturn.objects.visible_to(actor, VIEW).select_related("round__process__area", "area__parent").one(pk)
    if request.method == "POST":
        version = int(number_of(request.POST.get("version") or "0", "version", "版本"))
        verbs.fill_losses(actor, pk, standing.typed(request.POST), version=version)
        return back(request, reverse("loss-return", args=[pk]), "已保存，尚未报送")
    node, last = standing.tree(row.round)[row.area_id], standing.before(row)
    above = row.area.parent
    context = {
        "row": row, "groups": groups(row, node, last), "last": last, "node": node, "flaws": losses.flaws(row.figures),
        "falls": losses.falls(last.figures, row.figures) if last else [], "doubts": standing.doubts(row, node),
        "gaps": standing.ledger_gaps(row) if row.round.kind == losses.FINAL else [], "now": clock.now(),
        "may": actor.may(verbs.FILL, row.area.path) and not row.counts and standing.latest(row.round.process).pk == row.round_id,
        "judges": above is not None and actor.may(verbs.FILL, above.path) and row.state == "submitted",
        "late": standing.lateness(row, clock.now()), "below": [one for one in node.below if not one.silent],
    }  # fmt: skip
    return render(request, "command/loss_return.html", context)


def groups(row: LossReturn, node: standing.Node, last: LossReturn | None) -> list[tuple[str, list[dict[str, Any]]]]:
    below = node.sum if node.below else {}
    lines = [
        {
            "about": about, "value": row.figures.get(code), "before": last.figures.get(code) if last else None,
            "below": below.get(code), "differs": below.get(code) is not None and below.get(code) != row.figures.get(code),
        }
        for code, about in losses.dictionary().indicators.items()
    ]  # fmt: skip
    return [(name, list(some)) for name, some in groupby(lines, key=lambda line: str(line["about"].group))]


@require_POST
def return_do(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    actor, sent = actor_of(request), request.POST
    match verb:
        case "sum":
            verbs.adopt_sum(actor, pk)
            done = "已按下级合计填入，请核对"
        case "submit":
            verbs.submit_losses(
                actor, pk, correction=sent.get("correction", ""), explanation=sent.get("explanation", "")
            )
            done = "已报送"
        case "accept" | "send-back":
            verbs.decide_losses(actor, pk, verb == "accept", sent.get("reason", ""))
            done = "已审核" if verb == "accept" else "已退回"
        case _:
            raise NotFound(f"没有操作 {verb}")
    return back(request, reverse("loss-return", args=[pk]), done)


@require_POST
def process_do(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    actor, sent = actor_of(request), request.POST
    match verb:
        case "stable":
            verbs.declare_stable(actor, pk)
            done = "已认定稳定，核报开始"
        case "ledger":
            rooms = sent.get("rooms", "").strip()
            verbs.enter_ledger(
                actor, pk, kind=sent.get("kind", ""), name=sent.get("name", ""), detail=sent.get("detail", ""),
                area_id=int(number_of(sent.get("area") or "0", "area_id", "区划")), cause=sent.get("cause", ""),
                rooms=int(number_of(rooms, "rooms", "间数")) if rooms else None,
            )  # fmt: skip
            done = "台账已登记"
        case "strike":
            verbs.strike_entry(actor, int(number_of(sent.get("entry") or "0", "entry", "台账")), sent.get("reason", ""))
            done = "台账已注销"
        case _:
            raise NotFound(f"没有操作 {verb}")
    return back(request, reverse("loss-process", args=[pk]), done)


def seen_return(request: HttpRequest, pk: int) -> LossReturn:
    rows = LossReturn.objects.visible_to(actor_of(request), VIEW).select_related("round__process", "area")
    return rows.one(pk)


@require_GET
def table_xlsx(request: HttpRequest, pk: int) -> HttpResponse:
    row = seen_return(request, pk)
    return attachment(loss_sheets.form(row), f"{row.round.process}-{row}.xlsx", loss_sheets.EXCEL)


@require_POST
def take_in(request: HttpRequest, pk: int) -> HttpResponse:
    """填报 from a filled-in sheet: as typed, checked the same way, on the version that was seen."""
    sent = request.FILES.get("file")
    if sent is None:
        raise Invalid("file", "", "统计表 Excel（.xlsx）或 CSV", label="文件")
    loss_sheets.check_size(sent.size or 0)
    figures = loss_sheets.figures_of(sent.name or "", sent.read())
    version = int(number_of(request.POST.get("version") or "0", "version", "版本"))
    verbs.fill_losses(actor_of(request), pk, figures, version=version)
    return back(request, reverse("loss-return", args=[pk]), f"已读入 {len(figures)} 个指标，尚未报送")


def year_of(request: HttpRequest) -> int:
    text = request.GET.get("year", "") or str(clock.now().astimezone(clock.BEIJING).year)
    if not text.isdigit() or not 2000 <= int(text) <= 2100:
        raise Invalid("year", text, "2000~2100", label="年份")
    return int(text)


@require_GET
def year(request: HttpRequest) -> HttpResponse:
    found = loss_sheets.of_year(actor_of(request), year_of(request))
    lines = [
        (about, [losses.shown(some[code]) for some in (*(sums for _, sums in found.lines.values()), found.total)])
        for code, about in losses.dictionary().indicators.items()
    ]
    context = {
        "found": found, "lines": lines, "heads": [f"{name}（{count}）" for name, (count, _) in found.lines.items()],
        "before": found.year - 1, "after": found.year + 1, "now": clock.now(), "about": losses.dictionary(),
    }  # fmt: skip
    return render(request, "command/loss_year.html", context)


@require_GET
def year_xlsx(request: HttpRequest) -> HttpResponse:
    found = loss_sheets.of_year(actor_of(request), year_of(request))
    return attachment(loss_sheets.year_sheet(found), f"{found.year}年自然灾害情况年报.xlsx", loss_sheets.EXCEL)


@require_GET
def table_docx(request: HttpRequest, pk: int) -> HttpResponse:
    row = LossReturn.objects.visible_to(actor_of(request), VIEW).select_related("round__process", "area").one(pk)
    return attachment(documents.losses_docx(row), f"{row.round.process}-{row}.docx", WORD)
