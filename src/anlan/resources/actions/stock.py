"""Goods in, out, elsewhere and counted. Every verb posts one movement to the ledger; none can take more than is there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.actions import action, record
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, Invalid, NotFound
from anlan.kernel.events.outbox import Fact
from anlan.resources.events import StockCounted, StockExpiring, StockIssued, StockMoved, StockReceived
from anlan.resources.ledger import Leg, Paper, account_at, amount, done_before, elsewhere, enough, held, plain, post
from anlan.resources.models import Account, Line, Material, Movement, Stock, Store
from anlan.resources.rules import BAND_NAMES, CODE_RULE, band, valid_code

SHELF = re.compile(r"[A-Z0-9一-鿿]{1,6}(-[0-9A-Z]{1,4}){0,3}")
SHELF_RULE = "区-架-层，如 A-03-2"


@dataclass(frozen=True)
class NewLot:
    """A lot as the receiving paper has it."""

    material: str
    shelf: str
    lot_no: str = ""
    produced_on: date | None = None
    expires_on: date | None = None
    holding: str = Stock.Holding.PHYSICAL
    supplier: str = ""
    representative: bool = False
    code: str = ""


def shelf_of(text: str) -> str:
    found = text.strip().upper()
    if not SHELF.fullmatch(found):
        raise Invalid("shelf", text, SHELF_RULE, label="货位")
    return found


def needed(text: str, field: str, label: str) -> str:
    if not text.strip():
        raise Invalid(field, text, "不能为空", label=label)
    return text.strip()


def told(by: Actor, movement: Movement, *facts: Fact, correlation_id: UUID | None = None) -> None:
    record(
        by,
        f"物资{movement.get_kind_display()}",
        movement,
        *facts,
        reason=movement.reason,
        correlation_id=correlation_id,
    )


@action("resources.issue")
def issue_stock(
    by: Actor, stock_id: int, quantity: Any, purpose: str, correlation_id: UUID | None = None,
    request_key: UUID | None = None, counterparty: str = "",
) -> Stock:  # fmt: skip
    """出库. Never more than is there; the database says so too."""
    (lot,) = held(by, "resources.issue", stock_id)
    if done_before(request_key):
        return lot
    on_shelf(lot)
    taken = amount(quantity, lot.material, "出库数量")
    enough(lot, taken, "出库数量")
    paper = Paper(purpose, counterparty=counterparty, correlation_id=correlation_id, request_key=request_key)
    movement = post(by, Movement.Kind.ISSUE, lot.store, [Leg(taken, lot, Account.USED)], paper)
    fact = StockIssued(lot.pk, lot.item, float(taken), float(lot.quantity), purpose)
    told(by, movement, fact, correlation_id=correlation_id)
    return lot


@action("resources.issue")
def receive_stock(
    by: Actor, stock_id: int, quantity: Any, reason: str, correlation_id: UUID | None = None,
    request_key: UUID | None = None, document: str = "", returned: bool = False,
) -> Stock:  # fmt: skip
    """入库: bought or given; `returned`: what had been handed out and comes back, never more than that was."""
    (lot,) = held(by, "resources.issue", stock_id)
    if done_before(request_key):
        return lot
    on_shelf(lot)
    given = amount(quantity, lot.material, "入库数量")
    if returned and given > (out := handed_out(lot)):
        raise Invalid(
            "quantity", plain(given), f"不超过该批次已出库未退的 {plain(out)}（退库不得超过发放）", label="退库数量",
            unit=lot.unit,
        )  # fmt: skip
    kind = Movement.Kind.RETURN if returned else Movement.Kind.RECEIPT
    source = Account.USED if returned else Account.SUPPLY
    paper = Paper(reason, document, correlation_id=correlation_id, request_key=request_key)
    movement = post(by, kind, lot.store, [Leg(given, source, lot)], paper)
    fact = StockReceived(lot.pk, lot.item, float(given), float(lot.quantity), reason)
    told(by, movement, fact, correlation_id=correlation_id)
    return lot


def on_shelf(lot: Stock) -> None:
    if lot.consignment_id is not None:
        raise Conflict(f"{lot.item}（{lot.code}）在调拨途中，只能签收或撤回", rule="在途物资不另行出入")


def handed_out(lot: Stock) -> Decimal:
    """What was issued from a lot and has not come back."""
    lines = Line.objects.unscoped(HELD)
    out = sum((row.quantity for row in lines.filter(source=lot, target_account=Account.USED)), Decimal(0))
    back = sum((row.quantity for row in lines.filter(target=lot, source_account=Account.USED)), Decimal(0))
    return out - back


def material_of(code: str) -> Material:
    if not valid_code(code):
        raise Invalid("material", code, CODE_RULE, label="物资代码")
    found = Material.objects.filter(code=code).first()
    if found is None:
        raise Invalid("material", code, "物资目录中已有的代码（先在登记簿“物资目录”中增加）", label="物资代码")
    return found


def make_lot(store: Store, lot: NewLot) -> Stock:
    """The account of a lot at its place; the same lot at the same place has one."""
    material = material_of(lot.material)
    if lot.expires_on and lot.produced_on and lot.expires_on < lot.produced_on:
        raise Invalid("expires_on", lot.expires_on, f"不早于生产日期 {lot.produced_on}", label="失效日期")
    return account_at(
        store, lot.code, lot.representative, shelf=shelf_of(lot.shelf), material=material, lot_no=lot.lot_no.strip(),
        produced_on=lot.produced_on, expires_on=lot.expires_on, holding=lot.holding, supplier=lot.supplier,
    )  # fmt: skip


@action("resources.issue")
def receive_lot(by: Actor, store_id: int, lot: NewLot, quantity: Any, paper: Paper, opening: bool = False) -> Stock:
    """新批次入库: the lot gets its place, its label and its first line."""
    store = Store.objects.visible_to(by, "resources.issue").select_related("area").one(store_id)
    if (before := done_before(paper.request_key)) is not None:
        return Stock.objects.unscoped(HELD).get(lines_in__movement=before)
    made = make_lot(store, lot)
    (row,) = held(by, "resources.issue", made.pk)
    given = amount(quantity, row.material, "入库数量")
    kind, source = (Movement.Kind.OPENING, Account.OPENING) if opening else (Movement.Kind.RECEIPT, Account.SUPPLY)
    movement = post(by, kind, store, [Leg(given, source, row)], paper)
    told(by, movement, StockReceived(row.pk, row.item, float(given), float(row.quantity), paper.reason))
    return row


@action("resources.issue")
def open_books(by: Actor, quantities: Sequence[tuple[str, str]]) -> int:
    """期初: (lot code, quantity) of lots that have no line yet; lots with lines keep their books. How many were opened."""
    codes = [code for code, _quantity in quantities]
    rows = Stock.objects.visible_to(by, "resources.issue").filter(code__in=codes, lines_in=None, lines_out=None)
    fresh = {row.code: row for row in rows.select_related("store__area", "material").order_by("pk")}
    by_store: dict[int, list[Leg]] = {}
    for code, quantity in quantities:
        if code in fresh:
            given = amount(quantity, fresh[code].material, f"{code} 期初数量")
            by_store.setdefault(fresh[code].store_id, []).append(Leg(given, Account.OPENING, fresh[code]))
    for legs in by_store.values():
        told(by, post(by, Movement.Kind.OPENING, legs[0].stocks[0].store, legs, Paper("建账期初")))
    return len(fresh)


@action("resources.issue")
def move_stock(by: Actor, stock_id: int, quantity: Any, shelf: str, request_key: UUID | None = None) -> Stock:
    """移库: to another shelf of the same store; the lot keeps its number and its date."""
    seen = Stock.objects.visible_to(by, "resources.issue").select_related("store__area", "material").one(stock_id)
    if done_before(request_key):
        return seen
    on_shelf(seen)
    goal = shelf_of(shelf)
    if goal == seen.shelf:
        raise Invalid("shelf", shelf, f"不同于现货位 {seen.shelf}", label="货位")
    lot, target = held(by, "resources.issue", seen.pk, elsewhere(seen, seen.store, goal).pk)
    moved = amount(quantity, lot.material, "移库数量")
    enough(lot, moved, "移库数量")
    paper = Paper(f"{lot.shelf} → {goal}", request_key=request_key)
    movement = post(by, Movement.Kind.SHELVE, lot.store, [Leg(moved, lot, target)], paper)
    told(by, movement, StockMoved(lot.pk, lot.item, float(moved), lot.shelf, goal))
    return lot


@action("resources.issue")
def count_stock(
    by: Actor, stock_id: int, counted: Any, reason: str = "", book: Any = None, request_key: UUID | None = None
) -> Stock:
    """盘点: what was counted becomes the balance, the difference goes to its own account with a reason.

    `book`: the balance the counter saw. When goods moved since, the count is refused, for it counted something else.
    """
    (lot,) = held(by, "resources.issue", stock_id)
    if done_before(request_key):
        return lot
    on_shelf(lot)
    found = amount(counted, lot.material, "实盘数量", "counted", zero=True)
    if book not in (None, "") and number_of(book) != lot.quantity:
        raise Conflict(
            f"{lot.item}（{lot.code}）盘点期间账面由 {book} 变为 {plain(lot.quantity)}，请重新清点",
            rule="盘点以账面未变为前提",
        )
    difference = found - lot.quantity
    if not difference:
        record(by, "物资盘点相符", lot, StockCounted(lot.pk, lot.item, float(found), 0.0))
        return lot
    why = needed(reason, "reason", "盘盈盘亏原因")
    leg = Leg(difference, Account.DIFFERENCE, lot) if difference > 0 else Leg(-difference, lot, Account.DIFFERENCE)
    movement = post(by, Movement.Kind.COUNT, lot.store, [leg], Paper(why, request_key=request_key))
    told(by, movement, StockCounted(lot.pk, lot.item, float(found), float(difference)))
    return lot


def number_of(text: Any) -> Decimal:
    try:
        return Decimal(str(text).strip())
    except InvalidOperation as error:
        raise Invalid("book", text, "数", label="账面数量") from error


@action("resources.issue")
def write_off(by: Actor, stock_id: int, quantity: Any, reason: str, request_key: UUID | None = None) -> Stock:
    """损耗报废, with a reason."""
    (lot,) = held(by, "resources.issue", stock_id)
    if done_before(request_key):
        return lot
    on_shelf(lot)
    lost = amount(quantity, lot.material, "损耗数量")
    enough(lot, lost, "损耗数量")
    paper = Paper(needed(reason, "reason", "损耗原因"), request_key=request_key)
    movement = post(by, Movement.Kind.LOSS, lot.store, [Leg(lost, lot, Account.LOSS)], paper)
    told(by, movement, StockIssued(lot.pk, lot.item, float(lost), float(lot.quantity), f"损耗：{paper.reason}"))
    return lot


@action("resources.issue")
def rotate_stock(by: Actor, stock_id: int, quantity: Any, fresh: NewLot, paper: Paper) -> Stock:
    """轮换: the old goes out and as much of the same, later to expire, comes in, in one movement."""
    seen = Stock.objects.visible_to(by, "resources.issue").select_related("store__area", "material").one(stock_id)
    if done_before(paper.request_key):
        return seen
    on_shelf(seen)
    if fresh.material != seen.item_code:
        raise Invalid("material", fresh.material, f"{seen.item_code}（轮换须同一物资）", label="物资代码")
    if fresh.expires_on is None or (seen.expires_on and fresh.expires_on <= seen.expires_on):
        raise Invalid("expires_on", fresh.expires_on, f"晚于旧批次的 {seen.expires_on or '无'}", label="新批次失效日期")
    old, new = held(by, "resources.issue", seen.pk, make_lot(seen.store, fresh).pk)
    turned = amount(quantity, old.material, "轮换数量")
    enough(old, turned, "轮换数量")
    legs = [Leg(turned, old, Account.ROTATED), Leg(turned, Account.SUPPLY, new)]
    movement = post(by, Movement.Kind.ROTATION, old.store, legs, paper)
    told(by, movement, StockMoved(new.pk, new.item, float(turned), old.code, new.code))
    return new


@action("resources.issue")
def reverse_movement(by: Actor, movement_id: int, reason: str) -> Movement:
    """冲红: a wrong movement is answered by its mirror; nothing is ever erased."""
    wrong = Movement.objects.visible_to(by, "resources.issue").select_related("store__area").one(movement_id, lock=True)
    why = needed(reason, "reason", "冲红原因")
    if wrong.kind == Movement.Kind.REVERSAL or hasattr(wrong, "reversed_by"):
        raise Conflict(f"{wrong}已冲红或本身是冲红，不能再冲", rule="一笔只冲红一次")
    if wrong.consignment_id or wrong.requisition_id:
        raise Conflict(f"{wrong}属于调拨或征用，请在其单据上撤回、签收或归还", rule="有单据的账只由单据改变")
    lines = list(Line.objects.unscoped(HELD).filter(movement=wrong).order_by("pk"))
    ids = sorted({pk for line in lines for pk in (line.source_id, line.target_id) if pk})
    stocks = {row.pk: row for row in held(by, "resources.issue", *ids)}
    legs = [mirror(line, stocks) for line in lines]
    for leg in legs:
        if isinstance(leg.source, Stock):
            enough(leg.source, leg.quantity, "冲红数量")
    movement = post(by, Movement.Kind.REVERSAL, wrong.store, legs, Paper(why, reverses_id=wrong.pk))
    told(by, movement)
    return movement


def mirror(line: Line, stocks: dict[int, Stock]) -> Leg:
    source = stocks[line.target_id] if line.target_id else Account(line.target_account)
    target = stocks[line.source_id] if line.source_id else Account(line.source_account)
    return Leg(line.quantity, source, target)


@action("resources.issue")
def count_sheet(by: Actor, counts: Iterable[tuple[str, str, str, str]]) -> list[tuple[int, str]]:
    """A filled stock-take sheet: (lot code, book quantity, counted, reason) per row from row 1; refused rows with their reason."""
    refused = []
    for row_no, (code, book, counted, reason) in enumerate(counts, 1):
        if counted.strip():
            try:
                count_stock(by, lot_by_code(by, code).pk, counted, reason, book)
            except (Invalid, Conflict, NotFound) as error:
                refused.append((row_no, error.message))
    return refused


def lot_by_code(by: Actor, code: str) -> Stock:
    found = Stock.objects.visible_to(by, "resources.issue").filter(code=code.strip()).first()
    if found is None:
        raise NotFound(f"批次编码“{code}”不存在，或不在您的管辖范围内")
    return found


@action("resources.issue")
def receive_sheet(
    by: Actor, store_id: int, rows: Iterable[tuple[int, dict[str, str], UUID]]
) -> tuple[int, list[tuple[int, str]]]:
    """A filled receiving sheet: how many rows were booked, and the refused ones with their reason."""
    booked, refused = 0, []
    for row_no, cells, key in rows:
        try:
            lot = lot_of(cells)
            receive_lot(
                by, store_id, lot, cells.get("数量", ""), Paper("入库单导入", cells.get("单据号", ""), request_key=key)
            )
            booked += 1
        except (Invalid, Conflict) as error:
            refused.append((row_no, error.message))
    return booked, refused


def lot_of(cells: dict[str, str]) -> NewLot:
    """The lot in one row of a receiving sheet."""
    holding = cells.get("储备方式", "").strip() or Stock.Holding.PHYSICAL.label
    known = {str(label): value for value, label in Stock.Holding.choices}
    if holding not in known:
        raise Invalid("holding", holding, "、".join(known), label="储备方式")
    return NewLot(
        material=cells.get("物资代码", "").strip(),
        shelf=cells.get("货位", ""),
        lot_no=cells.get("批号", "").strip()[:40],
        produced_on=day_of(cells.get("生产日期", ""), "生产日期"),
        expires_on=day_of(cells.get("失效日期", ""), "失效日期"),
        holding=known[holding],
        supplier=cells.get("来源", "").strip()[:80],
    )


def day_of(text: str, label: str) -> date | None:
    """2027-06-30, also as people type it: 2027/6/30, 2027.6.30, 20270630."""
    if not text.strip():
        return None
    parts = re.fullmatch(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?", text.strip())
    try:
        if parts is None:
            raise ValueError(text)
        return date(*(int(part) for part in parts.groups()))
    except ValueError as error:
        raise Invalid(label, text, "日期，如 2027-06-30", label=label) from error


@action("resources.issue")
def tell_expiry(by: Actor, stock_id: int) -> Stock:
    """到期提示: the lot came into a nearer band; said once per band, and shown in the rotation list all the while."""
    (lot,) = held(by, "resources.issue", stock_id)
    before = snapshot(lot)
    lot.told = band(lot.expires_on, clock.now().astimezone(clock.BEIJING).date())
    lot.save(update_fields=["told"])
    fact = StockExpiring(lot.pk, lot.item, lot.store.name, lot.told, f"{lot.expires_on:%Y-%m-%d}")
    record(by, "物资到期提示", lot, fact, before=before, reason=BAND_NAMES[lot.told])
    return lot
