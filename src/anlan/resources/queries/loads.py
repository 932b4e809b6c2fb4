"""What a load carries and where it has come to: from the shelf to the signature, for whoever waits for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from django.db.models import Q

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import HELD
from anlan.resources.models import Account, Consignment, Line, Material, Movement

NONE = Decimal(0)


@dataclass
class Good:
    """One material of a load: sent, arrived, the shelves it left."""

    material: Material
    sent: Decimal = NONE
    arrived: Decimal = NONE
    shelves: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Load:
    """A load with its goods by material id."""

    row: Consignment
    goods: dict[int, Good]


def loads(pks: Iterable[int]) -> dict[int, Load]:
    """Loads by id. The caller answers for who may see them."""
    rows = Consignment.objects.unscoped(HELD).filter(pk__in=list(pks)).select_related("store__area")
    found = {row.pk: Load(row, {}) for row in rows}
    lines = Line.objects.unscoped(HELD).filter(
        movement__consignment__in=found, movement__kind__in=(Movement.Kind.ALLOCATE, Movement.Kind.ARRIVAL)
    )
    for line in lines.select_related("movement", "material", "source").order_by("pk"):
        load = found[line.movement.consignment_id or 0]
        good = load.goods.setdefault(line.material_id, Good(line.material))
        if line.movement.kind == Movement.Kind.ARRIVAL:
            good.arrived += NONE if line.target_account == Account.LOSS else line.quantity
            continue
        good.sent += line.quantity
        if line.source is not None and line.source.shelf not in good.shelves:
            good.shelves.append(line.source.shelf)
    return found


def visible(by: Actor) -> Q:
    """Consignments that leave from, or go to, an area of the actor."""
    wanted = Q(pk__in=[])
    for path, top in by.scopes("resources.view"):
        wanted |= Q(store__area__path__startswith=path, store__data_class__lte=top)
        wanted |= Q(to_store__area__path__startswith=path, to_store__data_class__lte=top)
    return wanted


def visible_loads(actor: Actor, among: Iterable[int]) -> set[int]:
    """Which of these loads the actor may look at."""
    rows = Consignment.objects.unscoped("both ends are the actor's").filter(visible(actor), pk__in=list(among))
    return set(rows.values_list("pk", flat=True))


def open_loads(actor: Actor, correlation_id: UUID) -> list[Consignment]:
    """Loads the actor may count for an incident: its own, and those under way for none."""
    rows = Consignment.objects.unscoped("both ends are the actor's").filter(visible(actor))
    under_way = Q(correlation_id=None, to_store=None, state__in=("picking", "on_road"))
    return list(rows.filter(Q(correlation_id=correlation_id) | under_way).exclude(state="cancelled").distinct()[:40])
