"""需求对调拨单: what storehouses send is counted against the needs it is for, and follows the load to the signature."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from anlan.command.actions.needs import hold_need, said
from anlan.command.common import Kind, bump, hold_open, tell
from anlan.command.models import Incident, Need, NeedSupply
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.actions import action
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, NotFound
from anlan.resources import actions as resources
from anlan.resources import queries
from anlan.resources.models import Allocation, Consignment

State = NeedSupply.State
#: What the state of a load makes of what was promised of it.
OF_LOAD = {"picking": State.PROMISED, "on_road": State.ON_WAY, "delivered": State.ARRIVED, "cancelled": State.FAILED}
NONE = Decimal(0)


@action("command.incident")
def follow_load(by: Actor, consignment_id: int) -> list[NeedSupply]:
    """Bring the needs in line with a load as it is now. Repeatable: it looks at the load, not at what was told of it."""
    load = queries.loads([consignment_id])[consignment_id]
    rows = NeedSupply.objects.unscoped(HELD).filter(consignment_id=consignment_id)
    linked = [row.need_id for row in rows]
    story = load.row.correlation_id
    incident = Incident.objects.unscoped(HELD).filter(correlation_id=story).first() if story else None
    needs = Need.objects.unscoped(HELD).filter(pk__in=[*linked, *([] if linked else wanting(incident, load))])
    held = list(needs.select_related("incident__area").order_by("pk").select_for_update(of=("self",)))
    held.sort(key=lambda need: (need.place != load.row.to_name, need.priority, need.pk))
    if not linked:
        share_out(by, load, held)
    return settle(by, load, held)


def wanting(incident: Incident | None, load: queries.Load) -> list[int]:
    """Open needs of the incident for what the load carries."""
    if incident is None or not incident.is_open or load.row.state == Consignment.State.CANCELLED:
        return []
    rows = Need.objects.unscoped(HELD).filter(incident=incident, closed_at=None, material__in=load.goods)
    return list(rows.values_list("pk", flat=True))


def share_out(by: Actor, load: queries.Load, needs: list[Need]) -> None:
    """Promise each need its part: those of the place it goes to first, then by urgency; never more than is missing."""
    left = {pk: good.sent for pk, good in load.goods.items()}
    for need in needs:
        amount = min(left.get(need.material_id or 0, NONE), need.missing)
        if amount > 0:
            left[need.material_id or 0] -= amount
            promise(by, need, load, amount)


def promise(by: Actor, need: Need, load: queries.Load, amount: Decimal) -> NeedSupply:
    row = NeedSupply.objects.create(
        need=need, consignment=load.row, source=NeedSupply.Source.STORE, who=load.row.store.name, quantity=amount,
        at=clock.now(), by=by.name, note=load.row.number,
    )  # fmt: skip
    before = snapshot(need)
    bump(need)
    said(
        by,
        need,
        "登记落实",
        f"{row.who}调拨 {need.item} {amount.normalize():f}{need.unit}（{load.row.number}）",
        before,
    )
    return row


def settle(by: Actor, load: queries.Load, needs: list[Need]) -> list[NeedSupply]:
    """Each promise of this load takes its state; of what came short on the road the last in order goes without."""
    state, moved = OF_LOAD[load.row.state], []
    came = {pk: good.arrived for pk, good in load.goods.items()}
    for need in needs:
        row = NeedSupply.objects.unscoped(HELD).filter(need=need, consignment=load.row).first()
        if row is None or row.state == state or row.state in (State.ARRIVED, State.FAILED):
            continue
        if state == State.ARRIVED:
            got = min(row.quantity, came.get(need.material_id or 0, NONE))
            came[need.material_id or 0] = came.get(need.material_id or 0, NONE) - got
            moved.append(move(by, need, row, load, State.ARRIVED if got else State.FAILED, got or row.quantity))
        else:
            moved.append(move(by, need, row, load, state, row.quantity))
    return moved


def move(by: Actor, need: Need, row: NeedSupply, load: queries.Load, state: str, quantity: Decimal) -> NeedSupply:
    before, short = snapshot(need), row.quantity - quantity
    row.state, row.quantity, row.note = state, quantity, note_of(load.row, short, state)
    row.arrived_at = load.row.delivered_at if state == State.ARRIVED else None
    row.save()
    bump(need)
    text = f"{need.item} {row}：{row.get_state_display()}（{row.note}）"
    said(by, need, f"落实{row.get_state_display()}", text, before)
    return row


def note_of(row: Consignment, short: Decimal, state: str) -> str:
    words = {
        State.ON_WAY: f"{row.plate} {row.driver}".strip(), State.FAILED: row.note or row.get_state_display(),
        State.ARRIVED: f"{row.receiver}签收" + (f"，短少 {short.normalize():f}" if short else ""),
    }  # fmt: skip
    return f"{row.number} {words.get(State(state), '')}".strip()[:200]


@action("command.incident")
def link_load(by: Actor, need_id: int, consignment_id: int, *, version: int | None = None) -> NeedSupply:
    """挂接调拨单: a load that was made before, or without, the need."""
    need = hold_need(by, "command.incident", need_id, version)
    load = queries.loads([consignment_id]).get(consignment_id)
    if load is None or not queries.visible_loads(by, [consignment_id]):
        raise NotFound(f"调拨单 {consignment_id} 不存在，或不在您的管辖范围内")
    if load.row.state == Consignment.State.CANCELLED:
        raise Conflict(f"{load.row.number}已撤回", rule="只挂接备货、在途或已签收的调拨单")
    amount = min(free_of(need, load), need.missing)
    if amount <= 0:
        raise Conflict(
            f"{load.row.number}上没有可计入“{need}”的{need.item}，或需求已无缺口", rule="落实量不超过缺口与调拨单余量"
        )
    promise(by, need, load, amount)
    settle(by, load, [need])
    return NeedSupply.objects.unscoped(HELD).get(need=need, consignment=load.row)


def free_of(need: Need, load: queries.Load) -> Decimal:
    """What the load carries of it that no need has been promised yet; a load counts once for a need."""
    good = load.goods.get(need.material_id or 0)
    rows = list(NeedSupply.objects.unscoped(HELD).filter(consignment=load.row).select_related("need"))
    if good is None or any(row.need_id == need.pk for row in rows):
        return NONE
    taken = sum((row.quantity for row in rows if row.need.material_id == need.material_id), NONE)
    return (good.arrived if load.row.state == Consignment.State.DELIVERED else good.sent) - taken


@action("resources.allocate")
def allocate_needs(by: Actor, incident_id: int) -> Allocation:
    """按缺口拟定调拨: what is still missing of the catalogue's materials, place by place, as one plan to look at."""
    incident = hold_open(by, "command.view", incident_id)
    rows = Need.objects.unscoped(HELD).filter(incident=incident, closed_at=None, material__isnull=False)
    missing = [need for need in rows.select_related("material").prefetch_related("supplies") if need.missing > 0]
    if not missing:
        raise Conflict("没有尚缺的目录物资", rule="按缺口调拨须有未落实的、目录中的物资需求")
    places: dict[tuple[str, float, float], dict[str, Any]] = {}
    for need in missing:
        lon, lat = (incident.lon, incident.lat) if need.lon is None or need.lat is None else (need.lon, need.lat)
        name = need.place or incident.place or incident.title
        add(places.setdefault((name, lon, lat), {"priority": 3, "sums": {}}), need)
    demands = [
        {"name": name[:80], "lon": lon, "lat": lat, "priority": one["priority"],
         "items": [{"material": code, "quantity": str(quantity)} for code, quantity in one["sums"].items()]}
        for (name, lon, lat), one in places.items()
    ]  # fmt: skip
    title = f"{incident.title}：按需求缺口调拨"[:120]
    made = resources.draft_allocation(by, incident.area_id, title, demands, incident.correlation_id)
    tell(incident, Kind.RESOURCE, f"按需求缺口拟定调拨方案 {made.number}", by.name, allocation_id=made.pk)
    return made


def add(place: dict[str, Any], need: Need) -> None:
    code = need.material.code if need.material else ""
    place["priority"] = min(place["priority"], need.priority)
    place["sums"][code] = place["sums"].get(code, NONE) + need.missing
