"""征用: taken by order, given back or paid for (突发事件应对法 art. 12)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, Invalid
from anlan.resources.actions.stock import NewLot, make_lot, needed, on_shelf
from anlan.resources.ledger import Leg, Paper, amount, enough, held, plain, post
from anlan.resources.models import Account, Movement, Requisition, Stock, Store

CENT = Decimal("0.01")
DEAREST = Decimal(10) ** 9


@action("resources.requisition")
def requisition(
    by: Actor, store_id: int, owner: str, order_no: str, lot: NewLot, quantity: Any, unit_price_cny: Any,
    contact: str = "", phone: str = "", correlation_id: UUID | None = None,
) -> Requisition:  # fmt: skip
    """征用: the goods come into the books with the order's number and the assessed price."""
    store = Store.objects.visible_to(by, "resources.requisition").select_related("area").one(store_id)
    who, order = needed(owner, "owner", "被征用单位")[:80], needed(order_no, "order_no", "征用决定书文号")[:60]
    stock = make_lot(store, NewLot(**{**vars(lot), "lot_no": lot.lot_no or f"征用 {order}"[:40], "supplier": who}))
    given = amount(quantity, stock.material, "征用数量")
    row = Requisition.objects.create(
        store=store, owner=who, contact=contact[:40], phone=phone[:40], order_no=order, material=stock.material,
        quantity=given, unit_price_cny=price(unit_price_cny), taken_at=clock.now(), correlation_id=correlation_id,
    )  # fmt: skip
    (stock,) = held(by, "resources.requisition", stock.pk)
    paper = Paper(f"征用{who}", order, who, correlation_id, requisition_id=row.pk)
    post(by, Movement.Kind.REQUISITION, store, [Leg(given, Account.OWNER, stock)], paper)
    record(by, "征用物资", row, reason=order, correlation_id=correlation_id)
    return row


def price(value: Any) -> Decimal:
    allowed = "0~1 000 000 000，至多两位小数"
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation as error:
        raise Invalid("unit_price_cny", value, allowed, label="评估单价", unit="元") from error
    if not found.is_finite() or not 0 <= found <= DEAREST or found % CENT:
        raise Invalid("unit_price_cny", value, allowed, label="评估单价", unit="元")
    return found


@action("resources.requisition")
def settle_requisition(by: Actor, requisition_id: int, returned: Any, damaged: Any = 0) -> Requisition:
    """归还与补偿: what is given back leaves the books; what was used, and what comes back damaged, is paid for."""
    row = (
        Requisition.objects.visible_to(by, "resources.requisition")
        .select_related("store__area", "material")
        .one(requisition_id, lock=True)
    )
    if row.state != Requisition.State.IN_USE:
        raise Conflict(f"{row}已于 {row.settled_at:%Y-%m-%d} 结清，不能再次结算", rule="征用只结算一次")
    back = amount(returned, row.material, "归还数量", "returned", zero=True)
    broken = amount(damaged, row.material, "其中损坏", "damaged", zero=True)
    if back > row.quantity or broken > back:
        raise Invalid(
            "returned", plain(back), f"不超过征用的 {plain(row.quantity)}，其中损坏不超过归还数", label="归还数量",
            unit=row.material.unit,
        )  # fmt: skip
    if back:
        lots = Stock.objects.visible_to(by, "resources.requisition").filter(lines_in__movement__requisition=row)
        (stock,) = held(by, "resources.requisition", lots.values_list("pk", flat=True)[0])
        on_shelf(stock)
        enough(stock, back, "归还数量")
        paper = Paper(f"归还{row.owner}", row.order_no, row.owner, row.correlation_id, requisition_id=row.pk)
        post(by, Movement.Kind.RESTORE, row.store, [Leg(back, stock, Account.OWNER)], paper)
    before = snapshot(row)
    owed = (row.quantity - back + broken) * row.unit_price_cny
    row.returned, row.compensation_cny = back, owed.quantize(CENT, ROUND_HALF_UP)
    row.state, row.settled_at = Requisition.State.SETTLED, clock.now()
    row.save()
    record(by, "征用归还补偿", row, before=before, correlation_id=row.correlation_id)
    return row
