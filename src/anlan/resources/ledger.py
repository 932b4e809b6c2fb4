"""Posting to the ledger: the one way by which the quantity of a stock changes.

Double entry as transfers between two accounts (each line has one source and one target), so every movement balances by its
shape. Stocks are locked in the order of their keys, in the verb and again in the database's trigger: two postings never wait
for each other in a circle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.db import connection

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.errors import Invalid
from anlan.resources.models import Account, Line, Material, Movement, Stock, Store
from anlan.resources.rules import MOST, SMALLEST

RULE = "账面不得为负"


@dataclass(frozen=True)
class Leg:
    """So much from one account to another: a stock or an outside account."""

    quantity: Decimal
    source: Stock | Account
    target: Stock | Account

    @property
    def stocks(self) -> list[Stock]:
        return [end for end in (self.source, self.target) if isinstance(end, Stock)]


@dataclass(frozen=True)
class Paper:
    """What a movement says beside its goods."""

    reason: str = ""
    document: str = ""
    counterparty: str = ""
    correlation_id: UUID | None = None
    request_key: UUID | None = None
    consignment_id: int | None = None
    requisition_id: int | None = None
    reverses_id: int | None = None


def amount(value: Any, material: Material, label: str, field: str = "quantity", zero: bool = False) -> Decimal:
    """A quantity as the ledger keeps it: at most three decimals, whole units where the material is counted."""
    least = "不小于 0" if zero else "大于 0"
    allowed = f"{least}且小于 {MOST:g} 的{'整数' if material.whole else '数，至多三位小数'}"
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation as error:
        raise Invalid(field, value, allowed, label=label, unit=material.unit) from error
    fine = found.is_finite() and (found >= 0 if zero else found > 0) and found < MOST
    if not fine or found % (1 if material.whole else SMALLEST):
        raise Invalid(field, value, allowed, label=label, unit=material.unit)
    return found


def held(by: Actor, permission: str, *stock_ids: int) -> list[Stock]:
    """These stocks, locked, in the order asked for. `NotFound` for what the actor may not touch."""
    for pk in stock_ids:
        Stock.objects.visible_to(by, permission).one(pk)
    return lock(*stock_ids)


def lock(*stock_ids: int) -> list[Stock]:
    """Hold stocks until the transaction ends: always in the order of their keys, and after every new account is made."""
    rows = Stock.objects.unscoped(HELD).select_related("store__area", "material").order_by("pk")
    locked = {row.pk: row for row in rows.filter(pk__in=stock_ids).select_for_update(of=("self",), no_key=True)}
    return [locked[pk] for pk in stock_ids]


def enough(stock: Stock, quantity: Decimal, label: str) -> None:
    """Refuse taking more than is there, naming the rule."""
    if quantity > stock.quantity:
        raise Invalid(
            "quantity", f"{quantity.normalize():f}", f"大于 0 且不超过现存 {plain(stock.quantity)}（{RULE}）",
            label=label, unit=stock.unit,
        )  # fmt: skip


def plain(quantity: Decimal) -> str:
    """A quantity as people write it: 12, 0.5."""
    return f"{quantity.normalize():f}"


def done_before(request_key: UUID | None) -> Movement | None:
    """The movement this request already made: a phone on a bad network sends twice."""
    if request_key is None:
        return None
    return Movement.objects.unscoped("the same request again").filter(request_key=request_key).first()


def post(by: Actor, kind: str, store: Store, legs: Sequence[Leg], paper: Paper) -> Movement:
    """Write one movement. The caller holds the stocks and has checked the amounts; the database checks again."""
    movement = Movement.objects.create(
        kind=kind, store=store, at=clock.now(), by=by.name, reason=paper.reason[:200], document=paper.document,
        counterparty=paper.counterparty, correlation_id=paper.correlation_id, request_key=paper.request_key,
        consignment_id=paper.consignment_id, requisition_id=paper.requisition_id, reverses_id=paper.reverses_id,
    )  # fmt: skip
    Line.objects.bulk_create(line_of(movement, leg) for leg in legs)
    for stock in {stock.pk: stock for leg in legs for stock in leg.stocks}.values():
        stock.refresh_from_db(fields=["quantity"], from_queryset=Stock.objects.unscoped(HELD))
    return movement


def line_of(movement: Movement, leg: Leg) -> Line:
    source = leg.source if isinstance(leg.source, Stock) else None
    target = leg.target if isinstance(leg.target, Stock) else None
    return Line(
        movement=movement,
        material_id=leg.stocks[0].material_id,
        source=source,
        source_account="" if source else str(leg.source),
        target=target,
        target_account="" if target else str(leg.target),
        quantity=leg.quantity,
    )


def account_at(store: Store, code: str = "", representative: bool = False, **same: Any) -> Stock:
    """The account of a lot at a place, made when it is not there yet (one only: unique in the database). Not locked.

    `same`: shelf, material, lot_no, produced_on, expires_on, holding, supplier aside; consignment for what is on the road.
    """
    supplier = same.pop("supplier", "")
    made, _new = Stock.objects.unscoped("the other end of a movement the actor may make").get_or_create(
        store=store,
        **{"consignment": None, **same},
        defaults={
            "code": code or next_code(store, same["material"]), "supplier": supplier, "representative": representative
        },
    )  # fmt: skip
    return made


def elsewhere(lot: Stock, store: Store, shelf: str, **changed: Any) -> Stock:
    """The account of the same lot at another place."""
    return account_at(
        store, representative=lot.representative, shelf=shelf, material=lot.material, lot_no=lot.lot_no,
        produced_on=lot.produced_on, expires_on=lot.expires_on, holding=lot.holding, supplier=lot.supplier, **changed,
    )  # fmt: skip


def next_code(store: Store, material: Material) -> str:
    """`C-STORE-1010101-1042`: numbers come from a sequence, so nobody waits for anybody."""
    with connection.cursor() as cursor:
        cursor.execute("select nextval('resources_lot_number')")
        return f"{store.code}-{material.code}-{cursor.fetchone()[0]}"
