"""The ledger of materials: whatever happens, alone or at once, it balances and nothing is below zero."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from anlan.kernel.register.declare import REGISTERS
from anlan.kernel.register.importing import import_rows
from anlan.resources import actions, queries
from anlan.resources.ledger import Paper
from anlan.resources.models import Line, Material, Movement, Stock, Store
from tests.conftest import City, actor

pytestmark = pytest.mark.django_db
NUMBER = count(1)


def store(city: City, code: str = "") -> Store:
    code = code or f"LS{next(NUMBER)}"
    return Store.everything.create(code=code, name=code, lon=106.7, lat=39.5, area=city.west, kind="store")


def goods(code: str = "1020101", whole: bool = True) -> Material:
    made, _new = Material.objects.get_or_create(
        code=code, defaults={"name": f"物资{code}", "unit": "箱", "whole": whole}
    )
    return made


def lot(by: Actor, at: Store, quantity: Any = 10, shelf: str = "A-01-1", **fields: Any) -> Stock:
    made = actions.NewLot(material=goods().code, shelf=shelf, **fields)
    return actions.receive_lot(by, at.pk, made, quantity, Paper("采购"))


def on_hand(row: Stock) -> Decimal:
    return Stock.everything.get(pk=row.pk).quantity


class Books(RuleBasedStateMachine):
    """A store, two materials, four shelves, and people who do anything to it, also two at the same moment."""

    city: City

    @initialize()
    def begin(self) -> None:
        self.by, self.store = actor(self.city.city), store(self.city)
        goods("1020101"), goods("2030101", whole=False)
        self.stocks = [
            actions.receive_lot(self.by, self.store.pk, actions.NewLot(code, shelf), 5, Paper("期初"), True).pk
            for code in ("1020101", "2030101")
            for shelf in ("A-01-1", "A-01-2")
        ]
        self.expected = dict.fromkeys(self.stocks, Decimal(5))

    def verb(self, what: str, n: int, quantity: int) -> Callable[[], dict[int, Decimal]]:
        """A verb on stock n; what it changed when it did not refuse."""
        pk, other = self.stocks[n], self.stocks[n ^ 1]
        q = Decimal(quantity)
        shelf = f"A-01-{2 - n % 2}"

        def move() -> dict[int, Decimal]:
            actions.move_stock(self.by, pk, quantity, shelf)
            return {pk: -q, other: q}

        def one(call: Callable[[], Any], sign: int) -> Callable[[], dict[int, Decimal]]:
            def run() -> dict[int, Decimal]:
                call()
                return {pk: sign * q}

            return run

        return {
            "issue": one(lambda: actions.issue_stock(self.by, pk, quantity, "安置"), -1),
            "receive": one(lambda: actions.receive_stock(self.by, pk, quantity, "采购"), 1),
            "return": one(lambda: actions.receive_stock(self.by, pk, quantity, "退回", returned=True), 1),
            "lose": one(lambda: actions.write_off(self.by, pk, quantity, "破损"), -1),
            "move": move,
        }[what]

    VERBS = st.tuples(
        st.sampled_from(["issue", "receive", "return", "lose", "move"]), st.integers(0, 3), st.integers(1, 7)
    )

    @rule(one=VERBS)
    def alone(self, one: tuple[str, int, int]) -> None:
        self.book(self.attempt(self.verb(*one)))

    @rule(all_of_them=st.lists(VERBS, min_size=2, max_size=3))
    def at_once(self, all_of_them: list[tuple[str, int, int]]) -> None:
        start, effects = threading.Barrier(len(all_of_them)), []

        def hand(one: tuple[str, int, int]) -> None:
            try:
                start.wait()
                effects.append(self.attempt(self.verb(*one)))
            finally:
                connection.close()

        hands = [threading.Thread(target=hand, args=(one,)) for one in all_of_them]
        for thread in hands:
            thread.start()
        for thread in hands:
            thread.join(30)
        assert len(effects) == len(all_of_them), "nobody hangs and nobody fails otherwise than by a refusal"
        for effect in effects:
            self.book(effect)

    @rule(n=st.integers(0, 3), counted=st.integers(0, 9))
    def count_again(self, n: int, counted: int) -> None:
        actions.count_stock(self.by, self.stocks[n], counted, "清点")
        self.expected[self.stocks[n]] = Decimal(counted)

    @rule(n=st.integers(0, 3))
    def reverse_the_last(self, n: int) -> None:
        line = Line.everything.filter(source_id=self.stocks[n]).order_by("-pk").first()
        if line is None:
            return
        effect = {line.source_id: line.quantity} | ({line.target_id: -line.quantity} if line.target_id else {})

        def run() -> dict[int, Decimal]:
            actions.reverse_movement(self.by, line.movement_id, "填错")
            return {pk: change for pk, change in effect.items() if pk}

        self.book(self.attempt(run))

    @staticmethod
    def attempt(run: Callable[[], dict[int, Decimal]]) -> dict[int, Decimal]:
        try:
            return run()
        except (Invalid, Conflict):
            return {}

    def book(self, effect: dict[int, Decimal]) -> None:
        for pk, change in effect.items():
            self.expected[pk] += change

    @invariant()
    def books_balance(self) -> None:
        if not hasattr(self, "expected"):
            return
        kept = dict(Stock.everything.filter(store=self.store).values_list("pk", "quantity"))
        assert kept == self.expected, "the balances are what the verbs that did not refuse say"
        assert min(kept.values()) >= 0
        trial = queries.trial_balance(self.by, self.store.pk)
        assert trial.total == 0
        assert trial.astray == []


@pytest.mark.django_db(transaction=True)
def test_no_sequence_of_verbs_breaks_the_books_not_even_at_the_same_moment(city: City) -> None:
    Books.city = city
    quick = settings(
        max_examples=8, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    run_state_machine_as_test(Books, settings=quick)


def test_the_database_refuses_what_the_verbs_refuse(city: City) -> None:
    row = lot(actor(city.city), store(city))
    line = Line.everything.get(target=row)

    def write(material: Material, **fields: Any) -> None:
        Line.everything.create(movement=line.movement, material=material, **fields)

    refused: list[Callable[[], Any]] = [
        lambda: Stock.everything.filter(pk=row.pk).update(quantity=99),
        lambda: Stock.everything.filter(pk=row.pk).update(shelf="Z-9"),
        lambda: Stock.everything.create(code="x", store=row.store, material=row.material, shelf="Q", quantity=3),
        lambda: Line.everything.filter(pk=line.pk).update(quantity=1),
        lambda: Line.everything.filter(pk=line.pk).delete(),
        lambda: Movement.everything.filter(pk=line.movement_id).delete(),
        lambda: write(row.material, source=row, target_account="used", quantity=11),
        lambda: write(goods("2030101"), source=row, target_account="used", quantity=1),
        lambda: write(row.material, source=row, quantity=1),
    ]
    for attempt in refused:
        with pytest.raises(IntegrityError), transaction.atomic():
            attempt()
    assert on_hand(row) == 10


def test_a_refusal_names_the_rule(city: City) -> None:
    by = actor(city.city)
    row = lot(by, store(city))
    with pytest.raises(Invalid, match="账面不得为负"):
        actions.issue_stock(by, row.pk, 11, "安置")
    with pytest.raises(Invalid, match="整数"):
        actions.issue_stock(by, row.pk, 1.5, "安置")
    with pytest.raises(Invalid, match="退库不得超过发放"):
        actions.receive_stock(by, row.pk, 1, "退", returned=True)
    with pytest.raises(Invalid, match="损耗原因"):
        actions.write_off(by, row.pk, 1, " ")
    with pytest.raises(Invalid, match="不同于现货位"):
        actions.move_stock(by, row.pk, 1, "a-01-1")
    with pytest.raises(Invalid, match="GB/T 38565"):
        actions.receive_lot(by, row.store_id, actions.NewLot("9010101", "A"), 1, Paper())
    with pytest.raises(Conflict, match="重新清点"):
        actions.count_stock(by, row.pk, 9, "清点", book=8)
    with pytest.raises(NotFound):
        actions.issue_stock(actor(city.east), row.pk, 1, "安置")
    with pytest.raises(Forbidden):
        actions.issue_stock(actor(city.west, "resources.view"), row.pk, 1, "安置")
    assert on_hand(row) == 10


def test_the_same_request_twice_is_posted_once(city: City) -> None:
    by, key = actor(city.city), uuid4()
    row = lot(by, store(city))
    for _ in range(2):
        actions.issue_stock(by, row.pk, 3, "安置", request_key=key)
    assert on_hand(row) == 7


def test_a_wrong_movement_is_answered_by_its_mirror_once(city: City) -> None:
    by = actor(city.city)
    row = lot(by, store(city))
    actions.issue_stock(by, row.pk, 4, "安置")
    wrong = Movement.everything.latest("pk")
    actions.reverse_movement(by, wrong.pk, "数量填错")
    assert on_hand(row) == 10
    with pytest.raises(Conflict, match="不能再冲"):
        actions.reverse_movement(by, wrong.pk, "再来")


def test_rotation_takes_the_old_out_and_the_later_in(city: City) -> None:
    by, at = actor(city.city), store(city)
    old = lot(by, at, expires_on=date(2026, 12, 1))
    same = actions.NewLot(old.item_code, "A-01-1", "N2", expires_on=date(2026, 12, 1))
    with pytest.raises(Invalid, match="晚于旧批次"):
        actions.rotate_stock(by, old.pk, 4, same, Paper("轮换"))
    new = actions.rotate_stock(
        by, old.pk, 4, actions.NewLot(old.item_code, "A-01-1", "N2", expires_on=date(2027, 12, 1)), Paper("轮换")
    )
    assert (on_hand(old), on_hand(new)) == (6, 4)
    assert queries.trial_balance(by, at.pk).total == 0


def test_the_registry_no_longer_changes_quantities_or_places_with_books(city: City) -> None:
    by = actor(city.city)
    row = lot(by, store(city))
    report = import_rows(by, REGISTERS["stock"], [{"code": row.code, "quantity": "999", "supplier": "某厂"}])
    assert report.unknown == ["quantity"]
    assert on_hand(row) == 10
    report = import_rows(by, REGISTERS["stock"], [{"code": row.code, "shelf": "Z-01-1"}])
    assert report.refused
    assert Stock.everything.get(pk=row.pk).shelf == "A-01-1"


def test_a_filled_count_sheet_is_booked_and_its_wrong_rows_are_named(city: City) -> None:
    by, at = actor(city.city), store(city)
    one, two = lot(by, at), lot(by, at, shelf="B-01-1")
    refused = actions.count_sheet(
        by, [(one.code, "10", "8", "受潮"), (two.code, "9", "9", ""), ("没有", "1", "1", ""), (two.code, "10", "", "")]
    )
    assert [row for row, _reason in refused] == [2, 3]
    assert (on_hand(one), on_hand(two)) == (8, 10)
