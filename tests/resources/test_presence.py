"""Who is inside, for how long, and that nobody is forgotten; what expires is said once per band."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from anlan.kernel import clock
from anlan.kernel.errors import Conflict, Invalid, NotFound
from anlan.kernel.events.models import Event
from anlan.resources import actions, jobs
from anlan.resources.rules import stay_state
from tests.conftest import City, actor
from tests.resources.test_ledger import lot, store
from tests.web.conftest import SignIn, signed_in

__all__ = ["signed_in"]
NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def said(name: str, key: str) -> list[str]:
    return [event.payload[key] for event in Event.objects.filter(name=f"resources.{name}").order_by("pk")]


def test_the_way_out_begins_before_the_limit() -> None:
    assert [stay_state(m, 20) for m in (0, 14.9, 15, 19.9, 20)] == ["green", "green", "warning", "warning", "critical"]


def test_a_person_is_inside_once_and_who_stays_too_long_is_reported_once(city: City) -> None:
    by = actor(city.city)
    with clock.standing_at(NOW):
        row = actions.enter_zone(by, city.west.pk, "张三", "hot", 20)
        with pytest.raises(Conflict, match="一人同时只能有一次进入"):
            actions.enter_zone(by, city.west.pk, "张三", "warm", 20)
        for wrong in (0, "x", 481):
            with pytest.raises(Invalid, match="min"):
                actions.enter_zone(by, city.west.pk, "李四", "hot", wrong)
        assert jobs.tell_overdue() == 0
    with clock.standing_at(NOW + timedelta(minutes=20)):
        assert (jobs.tell_overdue(), jobs.tell_overdue()) == (1, 0)
        actions.answer_roll_call(by, row.pk)
        with pytest.raises(NotFound):
            actions.leave_zone(actor(city.east), row.pk)
        actions.leave_zone(by, row.pk)
        with pytest.raises(Conflict, match="撤出"):
            actions.answer_roll_call(by, row.pk)
        actions.enter_zone(by, city.west.pk, "张三", "hot", 20)
    assert said("PersonInside", "what") == ["entered", "overdue", "answered", "left", "entered"]


def test_the_board_shows_and_does(city: City, signed_in: SignIn) -> None:
    client = signed_in()
    given = {"person": "王五", "zone": "hot", "limit_min": "30", "area": city.west.pk, "task": "堵漏"}
    assert "堵漏" in client.post("/resources/inside/enter", given, follow=True).content.decode()
    assert "一人同时" in client.post("/resources/inside/enter", given, follow=True).content.decode()


def test_an_expiring_lot_is_told_once_in_each_band(city: City) -> None:
    lot(actor(city.city), store(city), expires_on=date(2027, 1, 1))
    with clock.standing_at(NOW):
        assert (jobs.tell_expiring(), jobs.tell_expiring()) == (1, 0)
    with clock.standing_at(NOW + timedelta(days=20)):
        assert jobs.tell_expiring() == 1
    assert said("StockExpiring", "band") == ["d90", "d30"]
