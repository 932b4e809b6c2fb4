"""Pages of stores, lots and books."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import NotFound
from anlan.resources import actions, papers, queries
from anlan.resources.actions.stock import day_of
from anlan.resources.ledger import Paper
from anlan.resources.models import Material, Movement, Stock, Store
from anlan.resources.views.common import actor_of, attempt, day, excel, today, upload, uuid_of

SHOWN_REFUSALS = 12
PAGE = 30


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """储备总览."""
    actor = actor_of(request)
    states = queries.overview(actor, today())
    context = {
        "states": states,
        "balance": queries.trial_balance(actor),
        "short": sum(len(state.short) for state in states),
        "due": sum(sum(state.due.values()) for state in states),
        "bad": sum(len(state.bad_gauges) for state in states),
        "under_way": sum(state.open_consignments for state in states),
        "now": clock.now(),
    }
    return render(request, "resources/stores.html", context)


@require_GET
def store(request: HttpRequest, pk: int) -> HttpResponse:
    """库点页."""
    actor = actor_of(request)
    found = queries.store_page(actor, pk, today())
    context = {
        "page": found, "store": found.state.store, "now": clock.now(), "today": today(),
        "may_issue": actor.may("resources.issue", found.state.store.area.path, found.state.store.data_class),
        "month": today().replace(day=1),
        "goals": queries.stores(actor).exclude(pk=pk) if actor.has("resources.issue") else [],
    }  # fmt: skip
    return render(request, "resources/store.html", context)


@require_GET
def labels(request: HttpRequest, pk: int) -> HttpResponse:
    """标签: a sheet of QR labels to print and cut."""
    actor = actor_of(request)
    row = Store.objects.visible_to(actor).one(pk)
    lots = queries.lots(actor, store=row)
    if shelf := request.GET.get("shelf", ""):
        lots = lots.filter(shelf=shelf)
    made = [
        (lot, papers.qr_svg(request.build_absolute_uri(reverse("stock-code", args=[lot.code])))) for lot in lots[:400]
    ]
    return render(request, "resources/labels.html", {"store": row, "labels": made, "now": clock.now()})


@require_GET
def by_code(request: HttpRequest, code: str) -> HttpResponse:
    """What a label's address leads to."""
    found = Stock.objects.visible_to(actor_of(request)).filter(code=code.strip()).first()
    if found is None:
        raise NotFound(f"批次编码“{code}”不存在，或不在您的管辖范围内")
    return redirect("stock", found.pk)


@require_GET
def scan(request: HttpRequest) -> HttpResponse:
    """扫码: camera or typed code; made for a phone."""
    actor = actor_of(request)
    if code := request.GET.get("code", "").strip():
        return by_code(request, code.rsplit("/", 1)[-1])
    latest = queries.movements(actor)[:8]
    return render(request, "resources/scan.html", {"latest": latest, "now": clock.now()})


@require_GET
def stock(request: HttpRequest, pk: int) -> HttpResponse:
    """批次页: what it is, where it lies, its books and its way."""
    actor = actor_of(request)
    found = queries.stock_page(actor, pk)
    area = found.lot.store.area
    context = {
        "page": found, "lot": found.lot, "key": uuid4(), "now": clock.now(), "today": today(),
        "may_issue": actor.may("resources.issue", area.path, found.lot.store.data_class) and not found.lot.consignment_id,
    }  # fmt: skip
    return render(request, "resources/stock.html", context)


Given = Mapping[str, str]


def issue(by: Actor, pk: int, given: Given) -> Any:
    purpose, to = given.get("reason", ""), given.get("counterparty", "")
    return actions.issue_stock(
        by, pk, given.get("quantity", ""), purpose, request_key=uuid_of(given.get("key", "")), counterparty=to
    )


def receive(by: Actor, pk: int, given: Given, returned: bool = False) -> Any:
    return actions.receive_stock(
        by, pk, given.get("quantity", ""), given.get("reason", ""), request_key=uuid_of(given.get("key", "")),
        document=given.get("document", ""), returned=returned,
    )  # fmt: skip


def rotate(by: Actor, pk: int, given: Given) -> Any:
    material = Stock.objects.visible_to(by, "resources.issue").select_related("material").one(pk).material
    fresh = actions.NewLot(
        material.code, given.get("shelf", ""), given.get("lot_no", "").strip()[:40],
        day_of(given.get("produced_on", ""), "生产日期"), day_of(given.get("expires_on", ""), "失效日期"),
        supplier=given.get("supplier", "")[:80],
    )  # fmt: skip
    paper = Paper(given.get("reason", "") or "到期轮换", request_key=uuid_of(given.get("key", "")))
    return actions.rotate_stock(by, pk, given.get("quantity", ""), fresh, paper)


VERBS: dict[str, tuple[str, Callable[[Actor, int, Given], Any]]] = {
    "issue": ("已出库", issue),
    "receive": ("已入库", receive),
    "return": ("已退库", lambda by, pk, given: receive(by, pk, given, returned=True)),
    "move": (
        "已移库",
        lambda by, pk, g: actions.move_stock(
            by, pk, g.get("quantity", ""), g.get("shelf", ""), uuid_of(g.get("key", ""))
        ),
    ),
    "count": (
        "盘点已入账",
        lambda by, pk, g: actions.count_stock(
            by, pk, g.get("counted", ""), g.get("reason", ""), g.get("book"), uuid_of(g.get("key", ""))
        ),
    ),
    "lose": (
        "损耗已入账",
        lambda by, pk, g: actions.write_off(
            by, pk, g.get("quantity", ""), g.get("reason", ""), uuid_of(g.get("key", ""))
        ),
    ),
    "rotate": ("已轮换", rotate),
}


@require_POST
def stock_do(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """One verb on one lot."""
    actor = actor_of(request, "resources.issue")
    if verb not in VERBS:
        raise NotFound(f"没有“{verb}”这个操作")
    done, run = VERBS[verb]

    def act() -> None:
        run(actor, pk, request.POST.dict())

    return attempt(request, act, done, reverse("stock", args=[pk]))


@require_GET
def receive_page(request: HttpRequest, pk: int) -> HttpResponse:
    """新批次入库: the form."""
    actor = actor_of(request, "resources.issue")
    row = Store.objects.visible_to(actor, "resources.issue").one(pk)
    context = {
        "store": row, "materials": Material.objects.all(), "holdings": Stock.Holding.choices, "key": uuid4(),
        "today": today(),
    }  # fmt: skip
    return render(request, "resources/receive.html", context)


@require_POST
def receive_do(request: HttpRequest, pk: int) -> HttpResponse:
    actor, given = actor_of(request, "resources.issue"), request.POST

    def act() -> str:
        lot = actions.NewLot(
            given.get("material", ""), given.get("shelf", ""), given.get("lot_no", "").strip()[:40],
            day_of(given.get("produced_on", ""), "生产日期"), day_of(given.get("expires_on", ""), "失效日期"),
            given.get("holding") or Stock.Holding.PHYSICAL, given.get("supplier", "")[:80],
        )  # fmt: skip
        paper = Paper(given.get("reason", ""), given.get("document", ""), request_key=uuid_of(given.get("key", "")))
        made = actions.receive_lot(actor, pk, lot, given.get("quantity", ""), paper)
        return reverse("stock", args=[made.pk])

    return attempt(request, act, "已入库，标签可打印", reverse("store-receive", args=[pk]))


def told(request: HttpRequest, refused: list[tuple[int, str]]) -> str:
    """The refused rows of a sheet as one sentence."""
    words = "；".join(f"第 {row} 行 {reason}" for row, reason in refused[:SHOWN_REFUSALS])
    return f"{len(refused)} 行未入账：{words}" if refused else ""


@require_POST
def bring_receipts(request: HttpRequest, pk: int) -> HttpResponse:
    """入库单 as Excel."""
    actor = actor_of(request, "resources.issue")

    def act() -> None:
        content = upload(request)
        rows = papers.read_table(content, ("物资代码", "数量", "货位"))
        keyed = [(row, cells, papers.key_of(content, row)) for row, cells in rows]
        booked, refused = actions.receive_sheet(actor, pk, keyed)
        tell(request, f"入库 {booked} 行", refused)

    return attempt(request, act, "入库单已读", reverse("store", args=[pk]))


@require_POST
def bring_count(request: HttpRequest, pk: int) -> HttpResponse:
    """盘点表, filled in, as Excel."""
    actor = actor_of(request, "resources.issue")

    def act() -> None:
        rows = papers.read_table(upload(request), ("批次编码", "账面数量", "实盘数量"))
        given = [
            (cells["批次编码"], cells["账面数量"], cells["实盘数量"], cells.get("差异原因", "")) for _row, cells in rows
        ]
        refused = actions.count_sheet(actor, given)
        counted = sum(bool(one[2].strip()) for one in given)
        tell(request, f"盘点 {counted - len(refused)} 行", [(rows[n - 1][0], why) for n, why in refused])

    return attempt(request, act, "盘点表已读", reverse("store", args=[pk]))


def tell(request: HttpRequest, done: str, refused: list[tuple[int, str]]) -> None:
    messages.info(request, done)
    if refused:
        messages.warning(request, told(request, refused))


@require_GET
def book(request: HttpRequest, pk: int, what: str) -> HttpResponse:
    """Excel of one store: 收发存台账, 盘点表, 入库单."""
    actor = actor_of(request)
    row = Store.objects.visible_to(actor).one(pk)
    if what == "count":
        return excel(papers.count_form(row, queries.lots(actor, store=row)), f"盘点表-{row.name}-{today()}")
    if what == "receipt":
        return excel(papers.receipt_form(row), f"入库单-{row.name}")
    start = day(request.GET.get("start", ""), today().replace(day=1))
    end = day(request.GET.get("end", ""), today())
    found = queries.cards(actor, pk, midnight(start), midnight(end + timedelta(days=1)))
    return excel(papers.card_book(row, found, start, end), f"收发存台账-{row.name}-{start}-{end}")


def midnight(of: Any) -> datetime:
    return datetime.combine(of, time(), clock.BEIJING)


@require_GET
def ledger(request: HttpRequest) -> HttpResponse:
    """物资账: every paper, and whether the books balance."""
    actor = actor_of(request)
    chosen, kind = request.GET.get("store", ""), request.GET.get("kind", "")
    store_id = int(chosen) if chosen.isdigit() and len(chosen) < 10 else None
    pages = Paginator(queries.movements(actor, store_id, kind), PAGE)
    context = {
        "page": pages.get_page(request.GET.get("page")), "balance": queries.trial_balance(actor, store_id),
        "stores": queries.stores(actor), "kinds": Movement.Kind.choices, "chosen": chosen, "kind": kind,
        "may_issue": actor.has("resources.issue"), "now": clock.now(),
    }  # fmt: skip
    return render(request, "resources/ledger.html", context)


@require_POST
def reverse_do(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request, "resources.issue")

    def act() -> None:
        actions.reverse_movement(actor, pk, request.POST.get("reason", ""))

    return attempt(request, act, "已冲红", reverse("ledger"))


@require_GET
def rotation(request: HttpRequest) -> HttpResponse:
    """轮换清单."""
    actor = actor_of(request)
    due = queries.rotation(actor, today())
    if request.GET.get("file") == "xlsx":
        return excel(papers.rotation_book(due), f"轮换清单-{today()}")
    counts = {name: sum(one.band == name for one in due) for name in ("expired", "d30", "d90", "d180")}
    return render(request, "resources/rotation.html", {"due": due, "counts": counts, "now": clock.now()})
