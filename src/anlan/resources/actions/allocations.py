"""调拨方案: what is asked for where becomes loads, computed, explained, changed by hand where the commander knows better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
from django.db.models import Q

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, Invalid
from anlan.kernel.geo import GeoJson
from anlan.kernel.models import Area
from anlan.resources import allocation as optimiser
from anlan.resources.actions.consignments import for_allocation
from anlan.resources.actions.stock import material_of, needed
from anlan.resources.events import AllocationApproved
from anlan.resources.ledger import amount, lock, plain
from anlan.resources.models import Allocation, Material, Stock, Store
from anlan.resources.queries.places import closed_at
from anlan.resources.roads import Route, roads

State = Allocation.State
#: A loaded lorry, km/h: parameter, 待核对.
LORRY_KM_H = 50.0
MOST_PLACES, MOST_ITEMS = 60, 400
PRIORITIES = (1, 2, 3)


@action("resources.allocate")
def draft_allocation(
    by: Actor, area_id: int, title: str, demands: Sequence[Mapping[str, Any]], correlation_id: UUID | None = None,
    avoid: GeoJson | None = None,
) -> Allocation:  # fmt: skip
    """拟定: compute who sends what. Nothing leaves a shelf yet."""
    area = Area.objects.get(pk=area_id)
    by.require("resources.allocate", area)
    wanted = [demand_of(one, row) for row, one in enumerate(demands, 1)]
    if not 0 < len(wanted) <= MOST_PLACES:
        raise Invalid("demands", len(wanted), f"1~{MOST_PLACES} 个需求点", label="需求点")
    plan = compute(by, wanted, avoid)
    row = Allocation.objects.create(
        area=area, title=needed(title, "title", "事由")[:120], demands=wanted, plan=plan, made_at=clock.now(),
        made_by=by.name, correlation_id=correlation_id,
    )  # fmt: skip
    record(by, "拟定调拨方案", row, correlation_id=correlation_id)
    return row


def demand_of(given: Mapping[str, Any], row: int) -> dict[str, Any]:
    """One place with what it needs, checked."""
    name = needed(str(given.get("name", "")), f"demands[{row}].name", f"需求点 {row} 名称")[:80]
    try:
        lon, lat, priority = float(given["lon"]), float(given["lat"]), int(given.get("priority", 2))
    except (KeyError, TypeError, ValueError) as error:
        raise Invalid(f"demands[{row}]", dict(given), "lon、lat（度）与 priority", label=name) from error
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise Invalid(f"demands[{row}].lon,lat", f"{lon},{lat}", "经度 -180~180，纬度 -90~90", label=name, unit="度")
    if priority not in PRIORITIES:
        raise Invalid(f"demands[{row}].priority", priority, "1（最急）、2、3", label=f"{name}优先级")
    items = [item_of(item, row, name) for item in given.get("items", [])]
    if not 0 < len(items) <= MOST_ITEMS:
        raise Invalid(f"demands[{row}].items", len(items), f"1~{MOST_ITEMS} 种物资", label=name)
    return {"name": name, "lon": lon, "lat": lat, "priority": priority, "items": items}


def item_of(item: Mapping[str, Any], row: int, name: str) -> dict[str, Any]:
    material = material_of(str(item.get("material", "")))
    quantity = amount(item.get("quantity"), material, f"{name}·{material.name}", f"demands[{row}].items.quantity")
    return {
        "material": material.code, "name": material.name, "unit": material.unit, "quantity": plain(quantity),
    }  # fmt: skip


def usable(by: Actor, codes: set[str], today: date) -> list[Stock]:
    """Lots that may be sent: on a shelf, not expired, and promised ones only while their agreement holds."""
    rows = Stock.objects.visible_to(by, "resources.allocate").filter(
        Q(expires_on__isnull=True) | Q(expires_on__gte=today),
        Q(store__agreement_until__isnull=True) | Q(store__agreement_until__gte=today),
        consignment=None, quantity__gt=0, material__code__in=codes,
    )  # fmt: skip
    return list(rows.select_related("material", "store").order_by("expires_on", "pk"))


def compute(by: Actor, demands: list[dict[str, Any]], avoid: GeoJson | None) -> dict[str, Any]:
    """The plan: flows with their reason, what stays short, the ways, and how good it is proven to be."""
    today = clock.now().astimezone(clock.BEIJING).date()
    codes = sorted({item["material"] for demand in demands for item in demand["items"]})
    lots = usable(by, set(codes), today)
    stores = sorted({lot.store.pk: lot.store for lot in lots}.values(), key=lambda store: store.pk)
    ways = all_ways(stores, demands, avoid)
    minutes = np.array(
        [[way.minutes + store.ready_min for way in row] for store, row in zip(stores, ways, strict=True)]
    )
    need = np.zeros((len(demands), len(codes)))
    for n, demand in enumerate(demands):
        for item in demand["items"]:
            need[n, codes.index(item["material"])] += float(item["quantity"])
    place_of = {store.pk: n for n, store in enumerate(stores)}
    table = optimiser.Lots(
        np.array([float(lot.quantity) for lot in lots]),
        np.array([codes.index(lot.item_code) for lot in lots], np.int64),
        np.array([place_of[lot.store_id] for lot in lots], np.int64),
        np.array([(lot.expires_on - today).days if lot.expires_on else np.inf for lot in lots], np.float64),
    )
    priority = np.array([demand["priority"] for demand in demands], np.int64)
    found = optimiser.allocate(
        table, minutes.reshape(len(stores), len(demands)), need, priority, optimiser.LOAD_MINUTES
    )
    return written(found, lots, stores, demands, codes, ways, minutes)


def all_ways(stores: list[Store], demands: list[dict[str, Any]], avoid: GeoJson | None) -> list[list[Route]]:
    """[store][place]: the way of a lorry."""
    graph, closed = roads(), closed_at(clock.now(), avoid)
    starts = [(store.lon, store.lat) for store in stores]
    by_place = [graph.ways_to(d["lon"], d["lat"], starts, closed, LORRY_KM_H) for d in demands]
    return [[by_place[place][n] for place in range(len(demands))] for n in range(len(stores))]


def written(
    found: optimiser.Allocated, lots: list[Stock], stores: list[Store], demands: list[dict[str, Any]],
    codes: list[str], ways: list[list[Route]], minutes: Any,
) -> dict[str, Any]:  # fmt: skip
    place_of = {store.pk: n for n, store in enumerate(stores)}
    flows = []
    for n, place, quantity in zip(found.lot.tolist(), found.place.tolist(), found.quantity.tolist(), strict=True):
        lot, at = lots[n], place_of[lots[n].store_id]
        flows.append({
            "lot": lot.pk, "code": lot.code, "store": lot.store_id, "store_name": lot.store.name, "place": place,
            "shelf": lot.shelf, "material": lot.item_code, "item": lot.item, "unit": lot.unit,
            "quantity": plain(Decimal(str(round(quantity, 3)))), "minutes": round(float(minutes[at, place]), 1),
            "expires_on": lot.expires_on.isoformat() if lot.expires_on else None,
            "reason": reason_of(lot, quantity, at, place, lots, place_of, minutes),
        })  # fmt: skip
    flows.sort(key=lambda flow: (flow["place"], flow["minutes"], flow["store"], flow["material"]))
    names = {row.code: row for row in Material.objects.filter(code__in=codes)}
    short = [
        {"place": int(p), "material": codes[m], "item": names[codes[m]].name, "unit": names[codes[m]].unit,
         "quantity": plain(Decimal(str(round(float(found.short[p, m]), 3))))}
        for p, m in zip(*np.nonzero(found.short > 1e-9), strict=True)
    ]  # fmt: skip
    used = {(place_of[flow["store"]], flow["place"]) for flow in flows}
    lines = [
        {"store": stores[s].pk, "place": p, "km": round(ways[s][p].length_m / 1000, 1), "how": ways[s][p].how,
         "minutes": round(float(minutes[s, p]), 1), "geometry": ways[s][p].geometry}
        for s, p in sorted(used)
    ]  # fmt: skip
    return {
        "flows": flows, "short": short, "ways": lines, "cost": found.cost, "bound": found.bound, "gap": found.gap,
        "loads_counted": found.loads_counted,
    }  # fmt: skip


def reason_of(
    lot: Stock, quantity: float, at: int, place: int, lots: list[Stock], place_of: dict[int, int], minutes: Any
) -> str:
    """Why this lot: how near its store is among those that have the material, why not a faster one, how soon it expires."""
    held: dict[int, float] = {}
    for other in (other for other in lots if other.material_id == lot.material_id):
        held[place_of[other.store_id]] = held.get(place_of[other.store_id], 0.0) + float(other.quantity)
    order = sorted(held, key=lambda store: float(minutes[store, place]))
    rank = order.index(at) + 1
    words = [f"有货库点中第 {rank} 快（{minutes[at, place]:.0f} min）"]
    if rank > 1:
        enough = sum(held[store] >= quantity for store in order[: rank - 1])
        why = f"{enough} 处足量，但本批更早到期、可同车或留给更急处" if enough else "单处均不足"
        words.append(f"更快的 {rank - 1} 处中{why}" if enough else f"更快的 {rank - 1} 处{why}")
    dates = [
        other.expires_on for other in lots if other.store_id == lot.store_id and other.material_id == lot.material_id
    ]
    if lot.expires_on and lot.expires_on == min((day for day in dates if day), default=None) and len(dates) > 1:
        words.append("本库最先到期，先出")
    if lot.holding != Stock.Holding.PHYSICAL:
        words.append(lot.get_holding_display())
    return "；".join(words)


@action("resources.allocate")
def change_allocation(by: Actor, allocation_id: int, quantities: Mapping[int, Any], reason: str) -> Allocation:
    """人工调整: flow number -> quantity (0 = leave it). The plan keeps what it was, who changed it and why."""
    row = Allocation.objects.visible_to(by, "resources.allocate").select_related("area").one(allocation_id, lock=True)
    still_draft(row)
    why = needed(reason, "reason", "调整理由")
    before = snapshot(row)
    flows = row.plan["flows"]
    materials = {one.code: one for one in Material.objects.filter(code__in={flow["material"] for flow in flows})}
    for n, value in quantities.items():
        if not 0 <= n < len(flows):
            raise Invalid("flow", n, f"0~{len(flows) - 1}", label="方案行")
        given = amount(value, materials[flows[n]["material"]], f"{flows[n]['code']} 数量", zero=True)
        if plain(given) != flows[n]["quantity"]:
            flows[n] |= {"computed": flows[n].get("computed", flows[n]["quantity"]), "quantity": plain(given)}
    row.plan["changed"] = {"by": by.name, "at": clock.now().isoformat(), "reason": why}
    row.plan["short"] = shortage(row, materials)
    row.save()
    record(by, "人工调整调拨方案", row, before=before, reason=why, correlation_id=row.correlation_id)
    return row


def shortage(row: Allocation, materials: Mapping[str, Material]) -> list[dict[str, Any]]:
    """What each place still lacks under the flows as they are now."""
    found = []
    for place, demand in enumerate(row.demands):
        for item in demand["items"]:
            given = sum(
                (Decimal(f["quantity"]) for f in row.plan["flows"]
                 if f["place"] == place and f["material"] == item["material"]), Decimal(0),
            )  # fmt: skip
            if (left := Decimal(item["quantity"]) - given) > 0:
                found.append({
                    "place": place, "material": item["material"], "item": item["name"], "unit": item["unit"],
                    "quantity": plain(left),
                })  # fmt: skip
    return found


def still_draft(row: Allocation) -> None:
    if row.state != State.DRAFT:
        raise Conflict(
            f"{row.number}{row.get_state_display()}，不能再改（只有拟定的方案可以调整、批准或作废）",
            rule="只改拟定中的方案",
        )


@action("resources.allocate")
def approve_allocation(by: Actor, allocation_id: int) -> Allocation:
    """批准: one consignment per store and place; its goods leave the shelf's account now, so nobody promises them twice."""
    row = Allocation.objects.visible_to(by, "resources.allocate").select_related("area").one(allocation_id, lock=True)
    still_draft(row)
    before = snapshot(row)
    loads: dict[tuple[int, int], list[tuple[int, str]]] = {}
    for flow in row.plan["flows"]:
        if Decimal(flow["quantity"]) > 0:
            loads.setdefault((flow["store"], flow["place"]), []).append((flow["lot"], flow["quantity"]))
    if not loads:
        raise Conflict(f"{row.number}没有可发的物资，不能批准", rule="批准的方案须有可发物资")
    lock(*sorted({lot for goods in loads.values() for lot, _quantity in goods}))
    minutes = {(way["store"], way["place"]): way["minutes"] for way in row.plan["ways"]}
    stores = {s.pk: s for s in Store.objects.visible_to(by, "resources.allocate").filter(pk__in={s for s, _p in loads})}
    try:
        made = [
            for_allocation(by, row, stores[s], row.demands[p], goods, minutes.get((s, p)))
            for (s, p), goods in sorted(loads.items())
        ]
    except Invalid as error:
        raise Conflict(f"库存已变，方案须重新计算：{error.message}", rule="批准时账上须仍有所分物资") from error
    row.state, row.approved_at, row.approved_by = State.APPROVED, clock.now(), by.name
    row.save()
    fact = AllocationApproved(row.pk, row.title, [one.pk for one in made])
    record(by, "批准调拨方案", row, fact, before=before, correlation_id=row.correlation_id)
    return row


@action("resources.allocate")
def drop_allocation(by: Actor, allocation_id: int, reason: str) -> Allocation:
    """作废 a draft."""
    row = Allocation.objects.visible_to(by, "resources.allocate").select_related("area").one(allocation_id, lock=True)
    still_draft(row)
    before = snapshot(row)
    row.state = State.DROPPED
    row.save()
    record(by, "作废调拨方案", row, before=before, reason=needed(reason, "reason", "作废原因"))
    return row
