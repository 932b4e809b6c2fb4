"""调拨单: from the shelf to the signature. The goods leave the shelf's account the moment they are promised to a load."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.actions import action, record
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, Invalid, NotFound
from anlan.resources.actions.stock import needed, on_shelf
from anlan.resources.events import ConsignmentChanged
from anlan.resources.ledger import Leg, Paper, amount, elsewhere, enough, lock, plain, post
from anlan.resources.models import Account, Allocation, Consignment, Line, Movement, Stock, Store

State = Consignment.State
ON_THE_ROAD = "在途"
#: A drawn signature is a few kilobytes; more is not one.
SIGNATURE_BYTES = 60_000
PNG = "data:image/png;base64,"
PNG_MAGIC = b"\x89PNG\r\n\x1a\n"


def told(by: Actor, row: Consignment, verb: str, before: dict[str, Any] | None, reason: str = "") -> None:
    what = "、".join(
        f"{lot.material.name} {plain(lot.quantity)}{lot.material.unit}"
        for lot in row.lots.select_related("material")
        if lot.quantity
    )
    fact = ConsignmentChanged(row.pk, row.number, row.store.name, row.to_name, row.state, what)
    record(by, verb, row, fact, before=before, reason=reason, correlation_id=row.correlation_id)


@action("resources.issue")
def send_to_store(
    by: Actor, store_id: int, to_store_id: int, goods: Sequence[tuple[int, Any]], reason: str
) -> Consignment:
    """库间调拨: goods = (stock id, quantity)."""
    store = Store.objects.visible_to(by, "resources.issue").select_related("area").one(store_id)
    goal = Store.objects.visible_to(by).one(to_store_id)
    if goal.pk == store.pk:
        raise Invalid("to_store", goal.name, "另一库点（本库内用移库）", label="转入库点")
    row = Consignment(
        store=store, to_store=goal, to_name=goal.name, to_lon=goal.lon, to_lat=goal.lat, note=reason[:200]
    )
    return load_up(by, row, goods)


def load_up(by: Actor, row: Consignment, goods: Sequence[tuple[int, Any]]) -> Consignment:
    """Make the consignment and take its goods off their shelves, into the account of the load."""
    if not goods:
        raise Invalid("goods", "", "至少一个批次", label="调拨物资")
    row.made_at = clock.now()
    row.save()
    wanted = dict(goods)
    source_of = {}
    for stock in Stock.objects.unscoped(HELD).filter(pk__in=wanted).select_related("store__area", "material"):
        on_shelf(stock)
        if stock.store_id != row.store_id:
            raise Invalid("goods", stock.code, f"{row.store.name}的批次", label="调拨物资")
        loaded = elsewhere(stock, row.store, stock.shelf, consignment=row)
        source_of[loaded.pk] = stock.pk
    if len(source_of) != len(wanted):
        raise NotFound("有批次不存在，或同一批次重复列出")
    locked = {stock.pk: stock for stock in lock(*source_of, *wanted)}
    legs = []
    for loaded_pk, pk in source_of.items():
        quantity = amount(wanted[pk], locked[pk].material, "调拨数量")
        enough(locked[pk], quantity, "调拨数量")
        legs.append(Leg(quantity, locked[pk], locked[loaded_pk]))
    paper = Paper(
        f"调往{row.to_name}", counterparty=row.to_name, correlation_id=row.correlation_id, consignment_id=row.pk
    )
    post(by, Movement.Kind.ALLOCATE, row.store, legs, paper)
    told(by, row, "调拨下单", None, row.note)
    return row


def taken(by: Actor, pk: int, permission: str, *states: str, receiving: bool = False) -> Consignment:
    """A consignment the actor may act on, held: by its store's area; what arrives also by that of the store it goes to."""
    rows = Consignment.objects.unscoped(HELD).select_related("store__area", "to_store__area")
    row = rows.filter(pk=pk).select_for_update(of=("self",), no_key=True).first()
    ends = [] if row is None else [row.store, *([row.to_store] if receiving and row.to_store else [])]
    if row is None or not any(by.may(permission, end.area.path, end.data_class) for end in ends):
        raise NotFound(f"调拨单 {pk} 不存在，或不在您的管辖范围内")
    if row.state not in states:
        allowed = "、".join(State(state).label for state in states)
        raise Conflict(
            f"调拨单{row.number}处于“{row.get_state_display()}”，此操作须在“{allowed}”时",
            rule="调拨单：备货→在途→签收或撤回",
            state=row.state,
        )
    return row


@action("resources.issue")
def depart(by: Actor, consignment_id: int, plate: str, driver: str, driver_phone: str = "") -> Consignment:
    """发车: which vehicle and who drives."""
    row = taken(by, consignment_id, "resources.issue", State.PICKING)
    before = snapshot(row)
    row.plate, row.driver = needed(plate, "plate", "车牌")[:20], needed(driver, "driver", "驾驶员")[:40]
    row.driver_phone, row.departed_at, row.state = driver_phone[:40], clock.now(), State.ON_ROAD
    row.save()
    told(by, row, "调拨发车", before)
    return row


@action("resources.issue")
def withdraw(by: Actor, consignment_id: int, reason: str) -> Consignment:
    """撤回备货: everything back to the shelf it came from. Only before the vehicle has left."""
    row = taken(by, consignment_id, "resources.issue", State.PICKING)
    why = needed(reason, "reason", "撤回原因")
    lines = Line.objects.unscoped(HELD).filter(movement__consignment=row).order_by("pk")
    pairs = [(line.target_id, line.source_id, line.quantity) for line in lines if line.source_id and line.target_id]
    locked = {stock.pk: stock for stock in lock(*{pk for a, b, _q in pairs for pk in (a, b)})}
    legs = [Leg(quantity, locked[a], locked[b]) for a, b, quantity in pairs]
    post(
        by,
        Movement.Kind.WITHDRAW,
        row.store,
        legs,
        Paper(why, consignment_id=row.pk, correlation_id=row.correlation_id),
    )
    before = snapshot(row)
    row.state = State.CANCELLED
    row.save()
    told(by, row, "撤回调拨", before, why)
    return row


@action("resources.deliver")
def hand_over(
    by: Actor, consignment_id: int, receiver: str, signature: str, received: Mapping[int, Any] | None = None,
    receiver_phone: str = "", note: str = "",
) -> Consignment:  # fmt: skip
    """签收. `received`: stock id on the road -> what arrived; what is missing is booked as loss and needs a note."""
    row = taken(by, consignment_id, "resources.deliver", State.ON_ROAD, receiving=True)
    before = snapshot(row)
    row.receiver = needed(receiver, "receiver", "签收人")[:40]
    row.signature = signature_of(signature)
    row.receiver_phone, row.note = receiver_phone[:40], (note.strip() or row.note)[:200]
    loaded = (
        Stock.objects.unscoped(HELD).filter(consignment=row).select_related("store__area", "material").order_by("pk")
    )
    goals = {lot.pk: elsewhere(lot, row.to_store, lot.shelf).pk for lot in loaded} if row.to_store else {}
    locked = {stock.pk: stock for stock in lock(*[lot.pk for lot in loaded], *goals.values())}
    legs: list[Leg] = []
    for lot in (locked[one.pk] for one in loaded):
        legs += arrival(lot, (received or {}).get(lot.pk), locked[goals[lot.pk]] if goals else Account.USED)
    if any(leg.target == Account.LOSS for leg in legs):
        needed(note, "note", "短少说明")
    paper = Paper(
        f"{row.receiver}签收", counterparty=row.to_name, consignment_id=row.pk, correlation_id=row.correlation_id
    )
    post(by, Movement.Kind.ARRIVAL, row.store, legs, paper)
    row.delivered_at, row.state = clock.now(), State.DELIVERED
    row.save()
    told(by, row, "调拨签收", before, note)
    return row


def arrival(lot: Stock, given: Any, target: Stock | Account) -> list[Leg]:
    """What arrived goes on, what did not is lost."""
    got = lot.quantity if given in (None, "") else amount(given, lot.material, "实收数量", zero=True)
    if got > lot.quantity:
        raise Invalid(
            "received", plain(got), f"不超过发出的 {plain(lot.quantity)}", label=f"{lot.item}实收数量", unit=lot.unit
        )
    parts: list[tuple[Decimal, Stock | Account]] = [(got, target), (lot.quantity - got, Account.LOSS)]
    return [Leg(quantity, lot, goal) for quantity, goal in parts if quantity]


def signature_of(text: str) -> str:
    """A drawn signature as a PNG data address; the driver cannot sign off without one."""
    allowed = f"手写签名（PNG 图像，不超过 {SIGNATURE_BYTES // 1000} kB）"
    if not text.startswith(PNG) or len(text) > SIGNATURE_BYTES:
        raise Invalid("signature", f"{len(text)} 字符" if text else "", allowed, label="签名")
    try:
        content = base64.b64decode(text.removeprefix(PNG), validate=True)
    except binascii.Error as error:
        raise Invalid("signature", text[:30], allowed, label="签名") from error
    if not content.startswith(PNG_MAGIC):
        raise Invalid("signature", text[:30], allowed, label="签名")
    return text


def for_allocation(by: Actor, allocation: Allocation, store: Store, place: Mapping[str, Any],
                   goods: Sequence[tuple[int, Any]], minutes: float | None) -> Consignment:  # fmt: skip
    """One load of an approved allocation."""
    row = Consignment(
        allocation=allocation, store=store, to_name=place["name"], to_lon=place["lon"], to_lat=place["lat"],
        minutes=minutes, correlation_id=allocation.correlation_id,
    )  # fmt: skip
    return load_up(by, row, goods)
