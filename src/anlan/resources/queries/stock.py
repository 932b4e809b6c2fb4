"""What the books say: balances, minimum stock, what is due for rotation, where goods came from and went."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import HELD, ScopedQuerySet
from anlan.monitoring import queries as monitoring
from anlan.resources.models import Account, Consignment, Line, Material, Movement, Stock, Store
from anlan.resources.rules import BAND_NAMES, BANDS, band, demand

NONE = Decimal(0)
#: Share by which a weighed shelf may differ from its books (scale's class and pallets): parameter, 待核对.
WEIGHT_TOLERANCE = 0.05
LATEST_MOVEMENTS = 200


@dataclass(frozen=True)
class TrialBalance:
    """试算平衡: every account with its sum; `total` is 0 when the books hold; `astray`: stocks whose balance is not their lines."""

    accounts: list[tuple[str, Decimal]]
    on_hand: Decimal
    on_road: Decimal
    total: Decimal
    astray: list[str]


def trial_balance(actor: Actor, store_id: int | None = None) -> TrialBalance:
    """What all lines add up to, beside the balances the stocks carry; of one store or of all the actor may see."""
    stocks = Stock.objects.visible_to(actor)
    if store_id is not None:
        stocks = stocks.filter(store_id=store_id)
    lines = Line.objects.unscoped("both ends of the lines of stocks taken within the actor's scope")
    outward, inward = lines.filter(source__in=stocks), lines.filter(target__in=stocks)
    ins, outs = sums(inward, "target"), sums(outward, "source")
    held = list(stocks.values_list("pk", "code", "quantity", "consignment_id"))
    astray = [code for pk, code, quantity, _road in held if quantity != ins.get(pk, NONE) - outs.get(pk, NONE)]
    given, taken = (
        sums(inward.filter(source=None), "source_account"),
        sums(outward.filter(target=None), "target_account"),
    )
    accounts = [
        (str(one.label), taken.get(one.value, NONE) - given.get(one.value, NONE))
        for one in Account
        if one.value in given or one.value in taken
    ]
    elsewhere = total_of(outward.filter(target__isnull=False)) - total_of(inward.filter(source__isnull=False))
    if elsewhere:
        accounts.append(("调往他库（净）", elsewhere))
    on_road = sum((quantity for _pk, _code, quantity, road in held if road is not None), NONE)
    on_hand = sum((quantity for _pk, _code, quantity, road in held if road is None), NONE)
    total = on_hand + on_road + sum((value for _name, value in accounts), NONE)
    return TrialBalance(accounts, on_hand, on_road, total, astray)


def sums(lines: ScopedQuerySet[Line], column: str) -> dict[Any, Decimal]:
    return dict(lines.order_by().values_list(column).annotate(models.Sum("quantity")))


def total_of(lines: ScopedQuerySet[Line]) -> Decimal:
    return lines.aggregate(all=models.Sum("quantity"))["all"] or NONE


@dataclass(frozen=True)
class Minimum:
    """One material against its minimum: what people × days need, what is there, what is on its way."""

    material: Material
    need: Decimal
    on_hand: Decimal
    on_road: Decimal

    @property
    def short(self) -> Decimal:
        return max(self.need - self.on_hand - self.on_road, NONE)

    @property
    def share(self) -> float:
        return float((self.on_hand + self.on_road) / self.need) if self.need else 1.0


@dataclass(frozen=True)
class Gauge:
    """A reading of a store's room beside its limits; `state`: ok, bad, or none when no limit is set."""

    name: str
    value: float | None
    unit: str
    at: datetime
    state: str
    limits: str
    datastream_id: int


@dataclass(frozen=True)
class Weighed:
    """A shelf on a scale: what it weighs beside what the books make it weigh."""

    lot: Stock
    kg: float
    book_kg: float
    at: datetime

    @property
    def agrees(self) -> bool:
        return abs(self.kg - self.book_kg) <= WEIGHT_TOLERANCE * max(self.book_kg, 1.0)


@dataclass
class StoreState:
    """A store at a glance."""

    store: Store
    lots: int = 0
    kinds: int = 0
    minimum: list[Minimum] = field(default_factory=list)
    due: dict[str, int] = field(default_factory=dict)
    gauges: list[Gauge] = field(default_factory=list)
    open_consignments: int = 0

    @property
    def short(self) -> list[Minimum]:
        return [one for one in self.minimum if one.short]

    @property
    def bad_gauges(self) -> list[Gauge]:
        return [one for one in self.gauges if one.state == "bad"]


def stores(actor: Actor) -> ScopedQuerySet[Store]:
    """The stores of the city, then the points, then what enterprises hold."""
    kinds = [models.When(kind=kind, then=rank) for rank, kind in enumerate(Store.Kind.values)]
    rows = Store.objects.visible_to(actor).select_related("area", "station")
    return rows.order_by(models.Case(*kinds, default=9), "code")


def lots(actor: Actor, **wanted: Any) -> ScopedQuerySet[Stock]:
    """Lots on shelves with something in them."""
    rows = Stock.objects.visible_to(actor).filter(consignment=None, quantity__gt=0, **wanted)
    return rows.select_related("material", "store__area").order_by(
        "store__code", "shelf", "material__code", "expires_on"
    )


def overview(actor: Actor, today: date) -> list[StoreState]:
    """Every store with what is wrong in it."""
    found = {row.pk: StoreState(row) for row in stores(actor)}
    held: dict[int, list[Stock]] = {pk: [] for pk in found}
    for lot in lots(actor):
        held[lot.store_id].append(lot)
    coming = on_road(actor)
    readings = gauges_of(actor, [state.store for state in found.values()])
    materials = normed()
    for pk, state in found.items():
        mine = held[pk]
        state.lots, state.kinds = len(mine), len({lot.material_id for lot in mine})
        state.minimum = minimum(state.store, mine, coming.get(pk, {}), materials, today)
        bands = [name for name in (band(lot.expires_on, today) for lot in mine) if name]
        state.due = {name: bands.count(name) for name, _days in BANDS if name in bands}
        state.gauges = readings.get(pk, [])
    for pk in Consignment.objects.visible_to(actor).filter(state__in=OPEN).values_list("store_id", flat=True):
        if pk in found:
            found[pk].open_consignments += 1
    return list(found.values())


OPEN = (Consignment.State.PICKING, Consignment.State.ON_ROAD)


def normed() -> list[Material]:
    return list(Material.objects.filter(norm__isnull=False))


def on_road(actor: Actor) -> dict[int, dict[int, Decimal]]:
    """store -> material -> what is on its way there."""
    rows = Stock.objects.visible_to(actor).filter(consignment__to_store__isnull=False, quantity__gt=0).order_by()
    found: dict[int, dict[int, Decimal]] = {}
    grouped = rows.values_list("consignment__to_store", "material").annotate(models.Sum("quantity"))
    for store_id, material_id, quantity in grouped:
        found.setdefault(store_id, {})[material_id] = quantity
    return found


def minimum(
    store: Store, held: Iterable[Stock], coming: dict[int, Decimal], materials: Iterable[Material], today: date
) -> list[Minimum]:
    """Each material with a norm: needed for the people this store serves, beside what is there and not expired."""
    if not store.serves_people:
        return []
    there: dict[int, Decimal] = {}
    for lot in (lot for lot in held if band(lot.expires_on, today) != "expired"):
        there[lot.material_id] = there.get(lot.material_id, NONE) + lot.quantity
    return [
        Minimum(
            material,
            demand(material.need, store.serves_people, store.serves_days),
            there.get(material.pk, NONE),
            coming.get(material.pk, NONE),
        )
        for material in materials
        if material.need is not None
    ]


def gauges_of(actor: Actor, rows: Iterable[Store]) -> dict[int, list[Gauge]]:
    """The latest readings in the rooms of these stores."""
    by_station = {row.station_id: row for row in rows if row.station_id}
    found: dict[int, list[Gauge]] = {}
    for reading in monitoring.latest(actor, by_station) if actor.has("monitoring.view") and by_station else []:
        store = by_station[reading.datastream.station_id]
        found.setdefault(store.pk, []).append(gauge(store, reading))
    return found


def gauge(store: Store, reading: monitoring.Reading) -> Gauge:
    stream = reading.datastream
    low, high = None, None
    if stream.unit == "℃":
        low, high = store.temperature_min, store.temperature_max
    elif stream.unit == "%":
        high = store.humidity_max
    value = reading.value
    within = value is None or ((low is None or value >= low) and (high is None or value <= high))
    state = "" if low is None and high is None else "ok" if within else "bad"
    limits = "~".join("" if bound is None else f"{bound:g}" for bound in (low, high)) if state else ""
    return Gauge(stream.name, value, stream.unit, reading.at, state, limits, stream.pk)


def weighed(actor: Actor, held: Iterable[Stock]) -> list[Weighed]:
    """Shelves on scales. A difference means goods taken without a paper, or a paper without goods."""
    on_scales = {lot.scale_id: lot for lot in held if lot.scale_id and lot.material.unit_kg}
    if not on_scales or not actor.has("monitoring.view"):
        return []
    stations = {row.station_id for row in monitoring.datastreams(actor).filter(pk__in=on_scales)}
    return [
        Weighed(lot, reading.value, float(lot.quantity) * (lot.material.unit_kg or 0), reading.at)
        for reading in monitoring.latest(actor, stations)
        if (lot := on_scales.get(reading.datastream.pk)) is not None and reading.value is not None
    ]


@dataclass(frozen=True)
class StorePage:
    """Everything of one store."""

    state: StoreState
    shelves: list[tuple[str, list[Stock]]]
    weighed: list[Weighed]
    movements: list[Movement]
    consignments: list[Consignment]
    balance: TrialBalance


def store_page(actor: Actor, store_id: int, today: date) -> StorePage:
    store = Store.objects.visible_to(actor).select_related("area", "station").one(store_id)
    mine = list(lots(actor, store=store))
    state = StoreState(store, len(mine), len({lot.material_id for lot in mine}))
    state.minimum = minimum(store, mine, on_road(actor).get(store.pk, {}), normed(), today)
    bands = [name for name in (band(lot.expires_on, today) for lot in mine) if name]
    state.due = {name: bands.count(name) for name, _days in BANDS if name in bands}
    state.gauges = gauges_of(actor, [store]).get(store.pk, [])
    shelves: dict[str, list[Stock]] = {}
    for lot in mine:
        shelves.setdefault(lot.shelf, []).append(lot)
    under_way = Consignment.objects.visible_to(actor).filter(Q(store=store) | Q(to_store=store), state__in=OPEN)
    return StorePage(
        state,
        sorted(shelves.items()),
        weighed(actor, mine),
        list(movements(actor, store_id=store.pk)[:20]),
        list(under_way.select_related("store", "to_store")),
        trial_balance(actor, store.pk),
    )


def movements(actor: Actor, store_id: int | None = None, kind: str = "") -> ScopedQuerySet[Movement]:
    """Papers, the newest first, with their lines."""
    rows = Movement.objects.visible_to(actor).select_related("store__area", "reverses")
    if store_id is not None:
        rows = rows.filter(store_id=store_id)
    if kind in Movement.Kind.values:
        rows = rows.filter(kind=kind)
    ends = Line.objects.unscoped(HELD).select_related("material", "source__store", "target__store").order_by("pk")
    return rows.prefetch_related(models.Prefetch("lines", ends)).order_by("-pk")


@dataclass(frozen=True)
class Due:
    """A lot and how soon it expires."""

    lot: Stock
    band: str
    days: int

    @property
    def band_name(self) -> str:
        return BAND_NAMES[self.band]


def rotation(actor: Actor, today: date) -> list[Due]:
    """轮换清单: what expires within 180 days, the first first. Promised goods are not ours to turn."""
    rows = lots(actor, expires_on__isnull=False, holding__in=(Stock.Holding.PHYSICAL, Stock.Holding.ENTRUSTED))
    return [
        Due(lot, name, (lot.expires_on - today).days)
        for lot in rows.order_by("expires_on", "code")
        if lot.expires_on is not None and (name := band(lot.expires_on, today))
    ]


@dataclass(frozen=True)
class StockPage:
    """One lot: its place, its lines, and its way from the first paper to the last signature."""

    lot: Stock
    lines: list[tuple[Line, Decimal]]
    trace: list[Line]


def stock_page(actor: Actor, stock_id: int) -> StockPage:
    lot = (
        Stock.objects.visible_to(actor).select_related("material", "store__area", "scale", "consignment").one(stock_id)
    )
    balance, running = NONE, []
    for line in lines_of({lot.pk}):
        balance += line.quantity if line.target_id == lot.pk else -line.quantity
        running.append((line, balance))
    return StockPage(lot, running[::-1], trace(lot.pk))


def lines_of(stocks: set[int]) -> list[Line]:
    rows = Line.objects.unscoped("lines of a lot taken within the actor's scope")
    related = ("movement__consignment", "material", "source__store", "target__store", "source__consignment")
    return list(rows.filter(Q(source__in=stocks) | Q(target__in=stocks)).select_related(*related).order_by("pk"))


def trace(stock_id: int) -> list[Line]:
    """追溯: every line on the way of these goods, backwards to where they came from and forwards to who signed."""
    known, fresh = {stock_id}, {stock_id}
    found: dict[int, Line] = {}
    while fresh:
        reached = set()
        for line in lines_of(fresh):
            found[line.pk] = line
            reached |= {pk for pk in (line.source_id, line.target_id) if pk is not None}
        fresh = reached - known
        known |= fresh
    return [found[pk] for pk in sorted(found)]


@dataclass(frozen=True)
class Card:
    """收发存: one lot in a span of time."""

    lot: Stock
    opening: Decimal
    received: Decimal
    issued: Decimal

    @property
    def closing(self) -> Decimal:
        return self.opening + self.received - self.issued


def cards(actor: Actor, store_id: int, start: datetime, end: datetime) -> list[Card]:
    """Opening + received − issued = closing, for every lot that stood or moved in [start, end)."""
    store = Store.objects.visible_to(actor).one(store_id)
    rows = Stock.objects.visible_to(actor).filter(store=store, consignment=None).select_related("material", "store")
    every = Line.objects.unscoped("lines of a store taken within the actor's scope").filter(movement__at__lt=end)
    before, during = every.filter(movement__at__lt=start), every.filter(movement__at__gte=start)
    ins, outs = sums(during.filter(target__store=store), "target"), sums(during.filter(source__store=store), "source")
    ins0, outs0 = sums(before.filter(target__store=store), "target"), sums(before.filter(source__store=store), "source")
    found = [
        Card(lot, ins0.get(lot.pk, NONE) - outs0.get(lot.pk, NONE), ins.get(lot.pk, NONE), outs.get(lot.pk, NONE))
        for lot in rows.order_by("shelf", "material__code", "expires_on", "code")
    ]
    return [card for card in found if card.opening or card.received or card.issued]
