"""Multi-store allocation: optimal, fair when short, oldest first; and the way of the goods up to the signature."""

from __future__ import annotations

import base64
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from anlan.hazards.contract import InputError
from anlan.kernel import clock
from anlan.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from anlan.kernel.events.models import Event
from anlan.resources import actions, allocation, queries
from anlan.resources.ledger import Paper
from anlan.resources.models import Consignment, Stock, Store
from tests.conftest import City, actor
from tests.resources.test_ledger import goods, lot, on_hand, store

INK = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n ink").decode()
EDGES = settings(max_examples=25, deadline=None, database=None)


def lots_of(*rows: tuple[float, int, int, float]) -> allocation.Lots:
    quantity, material, at, days = (np.array(column) for column in zip(*rows, strict=True))
    return allocation.Lots(quantity.astype(float), material.astype(np.int64), at.astype(np.int64), days.astype(float))


def plan(lots: allocation.Lots, minutes: Any, need: Any, priority: Any = None) -> allocation.Allocated:
    asked = np.array(need, float)
    level = np.array(priority if priority is not None else [2] * len(asked), np.int64)
    return allocation.allocate(lots, np.array(minutes, float), asked, level)


@given(st.integers(0, 10**9), st.integers(1, 6))
@EDGES
def test_single_units_are_placed_as_the_assignment_problem_places_them(seed: int, n: int) -> None:
    """With one unit per store and one wanted per place it is the assignment problem, which scipy solves another way."""
    minutes = np.random.default_rng(seed).uniform(1, 90, (n, n))
    found = plan(lots_of(*[(1, 0, s, np.inf) for s in range(n)]), minutes, [[1.0]] * n)
    rows, columns = linear_sum_assignment(minutes)
    life = allocation.MINUTES_PER_DAY * allocation.LONGEST_LIFE_DAYS * n
    assert found.cost == pytest.approx(allocation.URGENCY[2] * minutes[rows, columns].sum() + life)
    assert found.gap < 1e-9


@given(st.integers(0, 10**9))
@EDGES
def test_no_lot_gives_more_than_it_has_and_what_is_missing_is_said(seed: int) -> None:
    random = np.random.default_rng(seed)
    stores, places, materials = random.integers(1, 5, 3)
    size = int(random.integers(1, 12))
    lots = allocation.Lots(
        random.integers(0, 20, size).astype(float), random.integers(0, materials, size),
        random.integers(0, stores, size), random.integers(0, 500, size).astype(float),
    )  # fmt: skip
    minutes = np.where(random.random((stores, places)) < 0.2, np.inf, random.uniform(1, 99, (stores, places)))
    need = random.integers(0, 30, (places, materials)).astype(float)
    found = allocation.allocate(lots, minutes, need, random.integers(1, 4, places))
    assert (np.bincount(found.lot, found.quantity, lots.quantity.size) <= lots.quantity + 1e-9).all()
    given_out = np.zeros_like(need)
    np.add.at(given_out, (found.place, lots.material[found.lot]), found.quantity)
    assert np.allclose(given_out + found.short, need)
    assert np.array_equal(found.quantity, np.rint(found.quantity)), "whole goods stay whole"
    assert np.isfinite(minutes[lots.store[found.lot], found.place]).all()
    assert found.gap < 1e-9


def test_the_older_lot_goes_first_and_a_far_older_one_waits() -> None:
    lots = lots_of((10, 0, 0, 300), (10, 0, 0, 20), (10, 0, 1, 5))
    found = plan(lots, [[10], [90]], [[10]])
    assert (found.lot.tolist(), found.quantity.tolist()) == ([1], [10])


def test_when_short_the_first_priority_is_served_first_and_equals_share() -> None:
    found = plan(lots_of((10, 0, 0, np.inf)), [[5, 50, 50]], [[6], [8], [4]], [1, 2, 2])
    given_out = dict(zip(found.place.tolist(), found.quantity.tolist(), strict=True))
    assert given_out == {0: 6, 1: 3, 2: 1}
    assert found.short[:, 0].tolist() == [0, 5, 3]


def test_fewer_loads_are_worth_some_minutes_and_the_gap_is_proven() -> None:
    """Ten near points hold two each, one store twice as far holds all: with the cost of a load it alone drives."""
    lots = lots_of(*[(2, 0, s, np.inf) for s in range(10)], (20, 0, 10, np.inf))
    minutes = np.array([[10.0]] * 10 + [[20.0]])
    need, priority = np.array([[20.0]]), np.array([2])
    assert np.unique(allocation.allocate(lots, minutes, need, priority).lot).size == 10
    found = allocation.allocate(lots, minutes, need, priority, load=100.0)
    assert (found.lot.tolist(), found.quantity.tolist()) == ([10], [20])
    assert found.cost == pytest.approx(20 * (20 * 2 + 40) + 100)
    assert found.gap < 1e-4


def test_wrong_tables_are_refused_by_field() -> None:
    with pytest.raises(InputError, match="priority"):
        plan(lots_of((1, 0, 0, 9)), [[5]], [[1]], [7])
    with pytest.raises(InputError, match="days"):
        plan(lots_of((1, 0, 0, -1)), [[5]], [[1]])


def demand(quantity: Any, **changed: Any) -> dict[str, Any]:
    item = {"material": "1020101", "quantity": quantity}
    return {"name": "安置点一", "lon": 106.72, "lat": 39.52, "priority": 1, "items": [item], **changed}


def two_stores(city: City) -> tuple[Store, Store, list[Stock]]:
    by, today = actor(city.city), clock.now().astimezone(clock.BEIJING).date()
    near, far = store(city), store(city)
    Store.everything.filter(pk=far.pk).update(lon=107.9)
    soon, late = today + timedelta(days=20), today + timedelta(days=300)
    rows = [
        lot(by, near, 10, "A-01-1", expires_on=late), lot(by, near, 6, "A-01-2", expires_on=soon),
        lot(by, far, 50, "A-01-1", expires_on=late), lot(by, near, 99, "Z-01-1", expires_on=today - timedelta(days=1)),
    ]  # fmt: skip
    return near, far, rows


@pytest.mark.django_db
def test_goods_go_from_the_shelf_to_the_signature_and_the_way_can_be_read_back(city: City) -> None:
    near, _far, rows = two_stores(city)
    by = actor(city.city)
    made = actions.draft_allocation(by, city.west.pk, "洪水安置", [demand(20)])
    flows = {flow["lot"]: flow["quantity"] for flow in made.plan["flows"]}
    assert flows == {rows[1].pk: "6", rows[0].pk: "10", rows[2].pk: "4"}, (
        "near first, soon to expire first, never expired"
    )
    assert made.plan["gap"] < 1e-9
    reasons = {flow["lot"]: flow["reason"] for flow in made.plan["flows"]}
    assert "第 1 快" in reasons[rows[1].pk]
    assert "第 2 快" in reasons[rows[2].pk]
    assert "更快的 1 处" in reasons[rows[2].pk], "why not the faster one"
    assert [on_hand(row) for row in rows[:3]] == [10, 6, 50], "a draft takes nothing"
    actions.approve_allocation(by, made.pk)
    with pytest.raises(Conflict, match="只有拟定"):
        actions.approve_allocation(by, made.pk)
    assert [on_hand(row) for row in rows[:3]] == [0, 0, 46]
    load = Consignment.everything.get(allocation=made, store=near)
    with pytest.raises(Conflict, match="须在“在途”时"):
        actions.hand_over(by, load.pk, "王社区", INK)
    actions.depart(by, load.pk, "蒙C12345", "演示司机")
    on_road = {one.quantity: one.pk for one in load.lots.all()}
    with pytest.raises(Invalid, match="签名"):
        actions.hand_over(by, load.pk, "王社区", "data:image/png;base64,AAAA")
    with pytest.raises(Invalid, match="短少说明"):
        actions.hand_over(by, load.pk, "王社区", INK, {on_road[Decimal(10)]: 9})
    with pytest.raises(Invalid, match="不超过发出的"):
        actions.hand_over(by, load.pk, "王社区", INK, {on_road[Decimal(10)]: 11})
    actions.hand_over(by, load.pk, "王社区", INK, {on_road[Decimal(10)]: 9}, note="一箱破损")
    trial = queries.trial_balance(by)
    assert (trial.total, trial.astray) == (0, [])
    assert dict(trial.accounts) == {"采购与捐赠": -165, "发放使用": 15, "损耗报废": 1}
    steps = [line.movement.get_kind_display() for line in queries.stock_page(by, rows[0].pk).trace]
    assert steps == ["入库", "调拨备货", "调拨签收", "调拨签收"]
    states = [e.payload["state"] for e in Event.objects.filter(name="resources.ConsignmentChanged").order_by("pk")]
    assert states == ["picking", "picking", "on_road", "delivered"]


@pytest.mark.django_db
def test_a_plan_on_books_that_moved_on_is_refused_and_nothing_is_taken(city: City) -> None:
    near, _far, rows = two_stores(city)
    by = actor(city.city)
    made = actions.draft_allocation(by, city.west.pk, "洪水安置", [demand(20)])
    actions.issue_stock(by, rows[0].pk, 5, "另有急用")
    with pytest.raises(Conflict, match="须重新计算"):
        actions.approve_allocation(by, made.pk)
    assert not Consignment.everything.exists()
    actions.change_allocation(by, made.pk, {0: 6, 1: 5, 2: 4}, "先发现有")
    made.refresh_from_db()
    assert made.plan["short"][0]["quantity"] == "5"
    actions.approve_allocation(by, made.pk)
    load = Consignment.everything.get(store=near)
    actions.withdraw(by, load.pk, "改由邻区支援")
    assert [on_hand(row) for row in rows[:2]] == [5, 6]
    with pytest.raises(Conflict, match="已撤回"):
        actions.depart(by, load.pk, "蒙C1", "张")
    with pytest.raises(Invalid, match="GB/T 38565"):
        actions.draft_allocation(by, city.west.pk, "x", [demand(1, items=[{"material": "777", "quantity": 1}])])
    again = actions.draft_allocation(by, city.west.pk, "洪水", [demand(1)])
    with pytest.raises(Invalid, match="调整理由"):
        actions.change_allocation(by, again.pk, {0: 1}, "")
    with pytest.raises(Forbidden):
        actions.draft_allocation(actor(city.city, "resources.view"), city.west.pk, "x", [demand(1)])


@pytest.mark.django_db
def test_goods_between_stores_arrive_as_the_same_lot(city: City) -> None:
    near, far, rows = two_stores(city)
    by = actor(city.city)
    load = actions.send_to_store(by, near.pk, far.pk, [(rows[1].pk, 4)], "补库")
    actions.depart(by, load.pk, "蒙C1", "张")
    actions.hand_over(by, load.pk, "李保管", INK)
    there = Stock.everything.get(store=far, expires_on=rows[1].expires_on, consignment=None)
    assert (there.quantity, there.lot_no, on_hand(rows[1])) == (4, rows[1].lot_no, 2)
    with pytest.raises(Invalid, match="另一库点"):
        actions.send_to_store(by, near.pk, near.pk, [(rows[1].pk, 1)], "x")
    with pytest.raises(NotFound):
        actions.depart(actor(city.east), load.pk, "蒙C1", "张")


@pytest.mark.django_db
def test_who_receives_signs_and_neither_sends_off_nor_withdraws(city: City) -> None:
    near, far, rows = two_stores(city)
    Store.everything.filter(pk=far.pk).update(area=city.east)
    by, receiver = actor(city.city), actor(city.east)
    load = actions.send_to_store(by, near.pk, far.pk, [(rows[1].pk, 4)], "补库")
    with pytest.raises(NotFound):
        actions.depart(receiver, load.pk, "蒙C1", "张")
    with pytest.raises(NotFound):
        actions.withdraw(receiver, load.pk, "不要了")
    actions.depart(by, load.pk, "蒙C1", "张")
    assert actions.hand_over(receiver, load.pk, "李保管", INK).state == Consignment.State.DELIVERED


@pytest.mark.django_db
def test_requisitioned_goods_are_given_back_or_paid_for(city: City) -> None:
    by, at = actor(city.city), store(city)
    goods()
    row = actions.requisition(by, at.pk, "演示商超", "征字1号", actions.NewLot("1020101", "Z-01-1"), 100, "12.5")
    stock = Stock.everything.get(lines_in__movement__requisition=row)
    actions.issue_stock(by, stock.pk, 40, "安置")
    with pytest.raises(Invalid, match="不超过"):
        actions.settle_requisition(by, row.pk, 61)
    done = actions.settle_requisition(by, row.pk, 60, damaged=4)
    assert (done.compensation_cny, on_hand(stock)) == (Decimal("550.00"), 0)
    with pytest.raises(Conflict, match="结清"):
        actions.settle_requisition(by, row.pk, 0)
    assert queries.trial_balance(by, at.pk).total == 0


@pytest.mark.django_db
def test_minimum_stock_counts_people_times_days_and_what_is_on_its_way(city: City) -> None:
    by, at = actor(city.city), store(city)
    material = goods()
    material.norm, material.norm_basis = 0.25, "person_day"
    material.save()
    Store.everything.filter(pk=at.pk).update(serves_people=101, serves_days=3)
    row = lot(by, at, 70, expires_on=date(2030, 1, 1))
    (state,) = queries.overview(by, date(2029, 12, 20))
    assert (state.minimum[0].need, state.minimum[0].short, state.due) == (76, 6, {"d30": 1})
    other = store(city)
    actions.receive_lot(by, other.pk, actions.NewLot("1020101", "A-01-1"), 10, Paper())
    source = Stock.everything.get(store=other)
    actions.send_to_store(by, other.pk, at.pk, [(source.pk, 4)], "补库")
    assert queries.store_page(by, at.pk, date(2029, 1, 1)).state.minimum[0].short == 2
    assert [due.lot.pk for due in queries.rotation(by, date(2029, 12, 20))] == [row.pk]
