"""Teams, stocks and places: nearest, free, enough, and inside."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from anlan.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from anlan.kernel.events.models import Event
from anlan.kernel.models import Area
from anlan.kernel.register.declare import REGISTERS
from anlan.kernel.register.importing import import_rows
from anlan.resources import actions, layers, queries
from anlan.resources.models import Hospital, KeyPlace, Material, Readiness, Shelter, Stock, Store, Team
from anlan.resources.roads import STRAIGHT
from tests.conftest import City, actor
from tests.web.conftest import SignIn, signed_in

__all__ = ["signed_in"]

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def team(area: Area, code: str, lon: float = 106.7, lat: float = 39.5, **fields: Any) -> Team:
    fields = {"kind": "消防", "capabilities": ["fire"], "turnout_min": 1, "speed_km_h": 60, **fields}
    return Team.everything.create(code=code, name=code, lon=lon, lat=lat, area=area, **fields)


def lot(area: Area, quantity: float = 10, code: str = "L1", lon: float = 106.7) -> Stock:
    store = Store.everything.create(code=f"S-{code}", name=f"库{code}", lon=lon, lat=39.5, area=area, kind="store")
    return stocked(store, code, quantity)


def stocked(store: Store, code: str, quantity: float) -> Stock:
    """A lot of quilts with its opening balance."""
    quilt, _new = Material.objects.get_or_create(code="1010201", defaults={"name": "棉被", "unit": "床"})
    row = Stock.everything.create(code=code, store=store, material=quilt)
    if quantity:
        actions.open_books(actor(store.area), [(code, str(quantity))])
    row.refresh_from_db()
    return row


def facts(name: str) -> list[dict[str, Any]]:
    return [event.payload for event in Event.objects.filter(name=f"resources.{name}").order_by("pk")]


def test_the_team_that_arrives_first_is_first_turn_out_included(city: City) -> None:
    team(city.west, "近而慢", turnout_min=30)
    team(city.west, "远而快", lon=106.8)
    team(city.west, "医疗", capabilities=["medical"])
    team(city.west, "休整", readiness=Readiness.RESTING)
    found = queries.nearest_teams(actor(city.city), "fire", 106.7, 39.5, 5, NOW)
    assert [arrival.team.code for arrival in found] == ["远而快", "近而慢"]
    assert {arrival.how for arrival in found} == {STRAIGHT}, "no roads are loaded"
    assert found[1].minutes == pytest.approx(30)
    assert len(queries.nearest_teams(actor(city.city), "fire", 106.7, 39.5, 1, NOW)) == 1


def test_a_team_on_the_move_is_measured_from_where_it_is(city: City) -> None:
    row = team(city.west, "甲", lon=106.9)
    actions.report_position(actor(city.city), row.pk, 106.7, 39.5, NOW)
    (found,) = queries.nearest_teams(actor(city.city), "", 106.7, 39.5, 5, NOW)
    assert found.road_m == pytest.approx(0, abs=1)


def test_teams_of_another_district_are_neither_offered_nor_sent(city: City) -> None:
    row = team(city.west, "甲")
    stranger = actor(city.east)
    assert queries.nearest_teams(stranger, "", 106.7, 39.5, 5, NOW) == []
    assert layers.teams(stranger, None)["features"] == []
    with pytest.raises(NotFound):
        actions.commit_team(stranger, row.pk, "任务 1")
    with pytest.raises(Forbidden):
        actions.commit_team(actor(city.west, "resources.view"), row.pk, "任务 1")


def test_a_team_is_sent_once_and_comes_back_once(city: City) -> None:
    row, by = team(city.west, "甲"), actor(city.city)
    actions.commit_team(by, row.pk, "任务 1")
    with pytest.raises(Conflict, match="出动"):
        actions.commit_team(by, row.pk, "任务 2")
    actions.release_team(by, row.pk)
    with pytest.raises(Conflict, match="未在出动"):
        actions.release_team(by, row.pk)
    assert [(f["readiness"], f["task"]) for f in facts("TeamReadinessChanged")] == [
        ("dispatched", "任务 1"), ("ready", ""),
    ]  # fmt: skip


def test_a_team_rests_and_is_ready_again_but_not_while_it_is_out(city: City) -> None:
    row, by = team(city.west, "甲"), actor(city.city)
    assert actions.set_readiness(by, row.pk, "resting", "连续出动 12 h").readiness == Readiness.RESTING
    with pytest.raises(Conflict, match="休整"):
        actions.commit_team(by, row.pk, "任务 1")
    actions.set_readiness(by, row.pk, "ready", "")
    actions.commit_team(by, row.pk, "任务 1")
    with pytest.raises(Conflict, match="须先归建"):
        actions.set_readiness(by, row.pk, "ready", "")
    with pytest.raises(Invalid, match="待命、休整、停用"):
        actions.set_readiness(by, row.pk, "dispatched", "")


def test_the_registry_cannot_call_back_a_team_that_is_out(city: City) -> None:
    row = team(city.west, "甲", readiness=Readiness.DISPATCHED)
    rows = [{"code": "甲", "members": "12", "readiness": "待命"}]
    report = import_rows(actor(city.city), REGISTERS["teams"], rows)
    row.refresh_from_db()
    assert (report.updated, row.members, row.readiness) == (1, 12, Readiness.DISPATCHED)


def test_the_page_of_a_team_has_its_readiness_and_the_buttons(city: City, signed_in: SignIn) -> None:
    row, browser = team(city.west, "甲"), signed_in()
    assert "转休整" in browser.get(f"/registers/teams/{row.pk}/").content.decode()
    answer = browser.post(f"/resources/teams/{row.pk}/readiness", {"readiness": "resting", "reason": "检修"})
    assert answer.status_code == 302
    row.refresh_from_db()
    assert row.readiness == Readiness.RESTING


@pytest.mark.django_db(transaction=True)
def test_two_commanders_at_the_same_moment_send_a_team_once(city: City) -> None:
    row, by = team(city.west, "甲"), actor(city.city)
    start, results = threading.Barrier(4), []

    def send(n: int) -> None:
        start.wait()
        try:
            actions.commit_team(by, row.pk, f"任务 {n}")
            results.append("sent")
        except Conflict:
            results.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(results) == ["refused", "refused", "refused", "sent"]
    assert len(facts("TeamReadinessChanged")) == 1


def test_an_older_position_does_not_move_a_team_back(city: City) -> None:
    row, by = team(city.west, "甲"), actor(city.city)
    actions.report_position(by, row.pk, 106.71, 39.5, NOW)
    actions.report_position(by, row.pk, 106.60, 39.5, NOW - timedelta(seconds=5))
    row.refresh_from_db()
    assert (row.position_lon, len(facts("TeamMoved"))) == (106.71, 1)
    with pytest.raises(Invalid, match="经度 -180~180"):
        actions.report_position(by, row.pk, 206.7, 39.5, NOW)


def test_stock_goes_out_and_in_and_the_facts_say_how_much_is_left(city: City) -> None:
    row, by = lot(city.west), actor(city.city)
    assert actions.issue_stock(by, row.pk, 4, "安置点").quantity == 6
    assert actions.receive_stock(by, row.pk, 10, "归还").quantity == 16
    assert [(f["quantity"], f["left"]) for f in facts("StockIssued")] == [(4, 6)]
    assert [(f["quantity"], f["now"]) for f in facts("StockReceived")] == [(10, 16)]


@pytest.mark.parametrize("quantity", [0, -1, 10.5, float("nan"), float("inf")])
def test_no_more_than_is_there_goes_out(city: City, quantity: float) -> None:
    row = lot(city.west)
    with pytest.raises(Invalid, match="床"):
        actions.issue_stock(actor(city.city), row.pk, quantity, "安置点")
    row.refresh_from_db()
    assert row.quantity == 10
    if quantity <= 0 or quantity != quantity:
        with pytest.raises(Invalid, match="床"):
            actions.receive_stock(actor(city.city), row.pk, quantity, "归还")


def test_the_database_itself_refuses_a_negative_stock(city: City) -> None:
    row = lot(city.west)
    with pytest.raises(IntegrityError), transaction.atomic():
        Stock.everything.filter(pk=row.pk).update(quantity=-1)


@pytest.mark.django_db(transaction=True)
def test_many_hands_at_one_lot_never_take_more_than_it_has(city: City) -> None:
    row, by = lot(city.west, 10), actor(city.city)
    taken = []

    def take() -> None:
        try:
            for _ in range(3):
                actions.issue_stock(by, row.pk, 2, "安置点")
                taken.append(2)
        except Invalid:
            return
        finally:
            connection.close()

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    row.refresh_from_db()
    assert (sum(taken), row.quantity) == (10, 0)


def test_stores_with_an_item_are_summed_and_ordered_by_distance(city: City) -> None:
    lot(city.west, 5, "远", 106.8)
    near = lot(city.west, 3, "近")
    second = Stock.everything.create(code="近2", store=near.store, material=near.material, shelf="A-01-2")
    actions.open_books(actor(city.city), [(second.code, "4")])
    lot(city.west, 0, "空")
    found = queries.stores_with(actor(city.city), "1010201", 106.7, 39.5)
    assert [(store.name, quantity) for store, quantity, _ in found] == [("库近", 7), ("库远", 5)]
    assert queries.stores_with(actor(city.east), "棉被", 106.7, 39.5) == []


ZONE = {"type": "Polygon", "coordinates": [[[106.6, 39.4], [106.8, 39.4], [106.7, 39.6], [106.6, 39.4]]]}


def places(area: Area, n: int) -> None:
    """n key places on a grid, a hospital inside the zone, a shelter in its box but outside."""
    KeyPlace.everything.bulk_create(
        KeyPlace(code=f"K{i}", name=f"学校{i}", kind="学校", people=100, area=area, lon=106.4 + 0.006 * (i % 100),
                 lat=39.3 + 0.004 * (i // 100))
        for i in range(n)
    )  # fmt: skip
    Hospital.everything.create(code="H", name="医院", lon=106.7, lat=39.5, area=area)
    Shelter.everything.create(
        code="A", name="公园", lon=106.61, lat=39.59, area=area, kind="紧急", effective_area_m2=1, capacity=1
    )


def test_inside_a_zone_is_by_its_outline_and_by_what_one_may_see(city: City) -> None:
    places(city.west, 10)
    found = queries.inside(actor(city.city), ZONE)
    assert [row["name"] for row in found["hospitals"]] == ["医院"]
    assert found["shelters"] == []
    assert queries.inside(actor(city.east), ZONE)["hospitals"] == []


def test_inside_answers_in_time_among_ten_thousand_places(city: City) -> None:
    places(city.west, 10_000)
    started = time.perf_counter()
    found = queries.inside(actor(city.city), ZONE)
    took = time.perf_counter() - started
    assert 500 < len(found["key_places"]) < 5000
    assert took < 0.2 * 5, f"{took * 1000:.0f} ms: five times the target, for a machine shared with others"
