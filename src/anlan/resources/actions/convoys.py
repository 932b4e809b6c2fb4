"""Verbs of convoys: plan (the way is found at once), depart, arrive, cancel."""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from typing import Any
from uuid import UUID

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, Invalid
from anlan.kernel.models import Area
from anlan.resources.actions.stock import needed
from anlan.resources.events import ConvoyChanged
from anlan.resources.models import Convoy, Readiness, Vehicle
from anlan.resources.queries.places import closed_at
from anlan.resources.roads import ANY, Limits, Route, roads

State = Convoy.State
MOST_VEHICLES = 60
#: From -> to.
MOVES: dict[str, tuple[str, ...]] = {
    "planned": ("on_road", "cancelled"), "on_road": ("arrived",), "arrived": (), "cancelled": (),
}  # fmt: skip


def between(field: str, value: float, low: float, high: float, label: str, unit: str) -> float:
    if not low <= value <= high:
        raise Invalid(field, value, f"{low:g}~{high:g}", label=label, unit=unit)
    return value


def way_of(vehicles: list[Vehicle], start: tuple[float, float], end: tuple[float, float], speed: float) -> Route:
    """Where the whole column may drive: round what is closed, below and over what bears its largest vehicle."""
    limits = reduce(wider, vehicles, ANY)
    return roads().route(start, end, closed_at(clock.now()), speed, limits)


def wider(found: Limits, car: Vehicle) -> Limits:
    return Limits(
        max(found.height_m, car.height_m or 0.0), max(found.weight_t, car.gross_t or 0.0), found.hazmat or car.hazmat
    )


@action("resources.commit")
def plan_convoy(
    by: Actor, area_id: int, vehicle_ids: list[int], *, title: str, cargo: str, start: tuple[str, float, float],
    end: tuple[str, float, float], depart_at: datetime, leader: str, phone: str = "", speed_km_h: float = 50,
    gap_m: float = 100, correlation_id: UUID | None = None,
) -> Convoy:  # fmt: skip
    """编队: ready vehicles with drivers, each in one column only; places are (name, lon, lat)."""
    area = Area.objects.get(pk=area_id)
    by.require("resources.commit", area)
    if not 0 < len(set(vehicle_ids)) == len(vehicle_ids) <= MOST_VEHICLES:
        raise Invalid("vehicles", len(vehicle_ids), f"1~{MOST_VEHICLES} 辆，各一次", label="车辆", unit="辆")
    rows = Vehicle.objects.visible_to(by, "resources.commit").select_for_update(of=("self",)).order_by("pk")
    known = {row.pk: row for row in rows.filter(pk__in=vehicle_ids)}
    cars = [known[pk] for pk in vehicle_ids if pk in known]
    check(cars, len(vehicle_ids))
    for _name, lon, lat in (start, end):
        between("lon", lon, -180, 180, "经度", "度")
        between("lat", lat, -90, 90, "纬度", "度")
    speed, gap = (
        between("speed_km_h", speed_km_h, 5, 120, "速度", "km/h"),
        between("gap_m", gap_m, 10, 1000, "车距", "m"),
    )
    way = way_of(cars, start[1:], end[1:], speed)
    # The last vehicle arrives the length of the column after the first.
    behind = (len(cars) - 1) * gap / 1000 / speed * 60
    made = Convoy.objects.create(
        area=area, title=needed(title, "title", "任务")[:120], cargo=needed(cargo, "cargo", "运送内容")[:200],
        from_name=needed(start[0], "from", "起点")[:80], from_lon=start[1], from_lat=start[2],
        to_name=needed(end[0], "to", "终点")[:80], to_lon=end[1], to_lat=end[2], depart_at=depart_at, speed_km_h=speed,
        gap_m=gap, leader=needed(leader, "leader", "带队人")[:40], phone=phone[:40], vehicle_ids=vehicle_ids,
        minutes=way.minutes + behind, road_m=way.length_m, route=way.geometry, route_how=way.how, made_by=by.name,
        correlation_id=correlation_id,
    )  # fmt: skip
    made.vehicles.set(cars)
    said(by, made, "编组车队")
    return made


def check(cars: list[Vehicle], wanted: int) -> None:
    if len(cars) != wanted:
        raise Conflict(f"{wanted - len(cars)} 辆车不存在或不在您的管辖范围内", rule="只编本管辖范围的车辆")
    busy = [str(car) for car in cars if car.readiness != Readiness.READY]
    if busy:
        raise Conflict(f"不在待命：{'、'.join(busy[:5])}", rule="只编待命车辆")
    idle = [str(car) for car in cars if not car.driver]
    if idle:
        raise Conflict(f"没有登记驾驶员：{'、'.join(idle[:5])}", rule="无驾驶员的车辆不编队")
    rows = Convoy.objects.unscoped("a vehicle drives in one column").filter(state__in=("planned", "on_road"))
    taken = rows.filter(vehicles__in=cars).first()
    if taken is not None:
        raise Conflict(f"有车辆已编入{taken.number}", rule="一辆车同时只在一个车队")


def said(by: Actor, row: Convoy, verb: str, before: dict[str, Any] | None = None, reason: str = "") -> None:
    fact = ConvoyChanged(row.pk, row.number, row.title, row.state)
    record(by, verb, row, fact, before=before, reason=reason, correlation_id=row.correlation_id)


@action("resources.commit")
def move_convoy(by: Actor, convoy_id: int, state: str, reason: str = "") -> Convoy:
    """出发、到达、取消: its vehicles go out and come back with it."""
    row = Convoy.objects.visible_to(by, "resources.commit").select_related("area").one(convoy_id, lock=True)
    if state not in MOVES[row.state]:
        allowed = "、".join(State(one).label for one in MOVES[row.state]) or "（无，已是终态）"
        raise Conflict(f"{row.number}现为“{row.get_state_display()}”，可转为：{allowed}", rule="车队：计划→在途→到达")
    if state == State.CANCELLED:
        reason = needed(reason, "reason", "取消理由")[:200]
    cars = Vehicle.objects.unscoped("vehicles of a convoy already taken within scope").filter(convoy=row)
    if state == State.ON_ROAD:
        busy = [
            str(car) for car in cars.select_for_update(of=("self",)).order_by("pk") if car.readiness != Readiness.READY
        ]
        if busy:
            raise Conflict(f"不在待命：{'、'.join(busy[:5])}", rule="只有待命车辆可出发")
        cars.update(readiness=Readiness.DISPATCHED)
    if state == State.ARRIVED:
        cars.update(readiness=Readiness.READY)
    before = snapshot(row)
    row.state = state
    row.departed_at = clock.now() if state == State.ON_ROAD else row.departed_at
    row.arrived_at = clock.now() if state == State.ARRIVED else row.arrived_at
    row.save()
    said(by, row, f"车队{row.get_state_display()}", before, reason)
    return row
