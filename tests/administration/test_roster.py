"""Rosters that are fair and rested, leave and swaps that leave no gap, hand-overs signed by two."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.administration import actions, queries
from anlan.administration.models import DutyRole, Handover, Leave, Shift
from anlan.administration.rules.holidays import kind_of
from anlan.administration.rules.rostering import Slot, fill, overlaps, shares
from anlan.kernel import clock
from anlan.kernel.clock import BEIJING
from anlan.kernel.errors import Conflict, Forbidden, Invalid
from tests.administration.test_duty import MONDAY, desk, person, sits
from tests.conftest import City, actor
from tests.web.conftest import SignIn, signed_in

__all__ = ["signed_in"]


@pytest.mark.parametrize(
    ("day", "off", "name", "made_up"),
    [
        (date(2026, 10, 1), True, "国庆节", False),
        (date(2026, 10, 10), False, "", True),
        (date(2026, 11, 23), False, "", False),
        (date(2026, 11, 22), True, "", False),
    ],
)
def test_days_are_what_the_state_council_made_them(day: date, off: bool, name: str, made_up: bool) -> None:
    found = kind_of(day)
    assert (found.off, found.name, found.made_up, found.known) == (off, name, made_up, True)


def test_a_year_not_yet_arranged_goes_by_weekends_and_says_so() -> None:
    found = kind_of(date(2049, 10, 1))
    assert (found.off, found.known) == (False, False)


HOURS = st.integers(0, 400)
AWAY = st.dictionaries(st.integers(0, 4), st.lists(st.tuples(HOURS, st.integers(1, 72)), max_size=2), max_size=5)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 14), st.sampled_from([8, 12, 24]), st.integers(1, 5), AWAY)
def test_nobody_sits_on_leave_twice_at_once_or_without_rest(
    days: int, shift_h: int, count: int, away: dict[int, list[tuple[int, int]]]
) -> None:
    starts = [MONDAY + timedelta(hours=h) for h in range(0, days * 24, shift_h)]
    slots = [Slot(s, s + timedelta(hours=shift_h), s.weekday() >= 5) for s in starts]
    gone = {
        p: [(MONDAY + timedelta(hours=a), MONDAY + timedelta(hours=a + n)) for a, n in spans]
        for p, spans in away.items()
    }
    chosen = fill(slots, list(range(count)), gone, {}, rest_h=12)
    mine: dict[int, list[Slot]] = {}
    for slot, who in zip(slots, chosen, strict=True):
        if who is None:
            continue
        assert not any(overlaps((slot.start, slot.end), span) for span in gone.get(who, []))
        for other in mine.get(who, []):
            assert slot.start - other.end >= timedelta(hours=12)
        mine.setdefault(who, []).append(slot)
    if not away and count >= 3 and shift_h >= 12:
        assert None not in chosen
        assert max(shares(chosen).values()) - min(shares(chosen)[p] for p in range(count)) <= 1


@pytest.mark.django_db
def test_a_roster_leaves_what_is_covered_and_nobody_on_leave(city: City) -> None:
    office, boss = desk(city.city), actor(city.city)
    people = [person(office, name) for name in "甲乙丙"]
    sits(office, people[0], (8, 32))
    Leave.everything.create(
        person=people[1], kind="annual", start=MONDAY, end=MONDAY + timedelta(days=3), state="approved", asked_by="乙",
        asked_at=MONDAY, area=city.city,
    )  # fmt: skip
    made = actions.make_roster(boss, office.pk, MONDAY.date(), 7, DutyRole.OFFICER, [one.pk for one in people])
    assert len(made) == 6
    assert all(one.person != people[1] or one.start >= MONDAY + timedelta(days=3) for one in made)
    week = queries.roster(boss, MONDAY.date())[0]
    assert [len(day.gaps) for day in week.roles[0][1]] == [1, 0, 0, 0, 0, 0, 0]  # Monday before 08:00
    assert actions.make_roster(boss, office.pk, MONDAY.date(), 7, DutyRole.OFFICER, [people[0].pk]) == []
    assert {name: count for name, count, _ in queries.balance(boss, MONDAY)} == {"甲": 3, "乙": 2, "丙": 2}
    with pytest.raises(Invalid, match="人员"):
        actions.make_roster(boss, office.pk, MONDAY.date(), 7, DutyRole.OFFICER, [])


@pytest.mark.django_db
def test_leave_waits_for_a_stand_in_and_a_swap_is_checked_again_when_approved(city: City) -> None:
    office, boss = desk(city.city), actor(city.city)
    one, two, three = (person(office, name) for name in "甲乙丙")
    first, second = sits(office, one, (8, 32)), sits(office, two, (56, 80))
    with clock.standing_at(MONDAY):
        leave = actions.ask_leave(boss, one.pk, "annual", MONDAY, MONDAY + timedelta(days=2), "探亲")
        with pytest.raises(Conflict, match="请先调班") as refused:
            actions.decide_leave(boss, leave.pk, True)
        assert refused.value.details["rule"] == "准假前须先安排替班"
        swap = actions.ask_swap(boss, first.pk, two.pk, "探亲", against_id=second.pk)
        late = actions.ask_swap(boss, first.pk, three.pk, "探亲")
        actions.decide_swap(boss, swap.pk, True)
        with pytest.raises(Conflict, match="已改由乙值班"):
            actions.decide_swap(boss, late.pk, True)
        with pytest.raises(Conflict, match="已同意"):
            actions.decide_swap(boss, swap.pk, False)
        assert actions.decide_leave(boss, leave.pk, True).state == "approved"
        with pytest.raises(Conflict, match="请假、已有班或休息不足"):
            actions.ask_swap(boss, first.pk, one.pk, "换回")
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.person, second.person) == (two, one)
    with clock.standing_at(MONDAY + timedelta(days=9)), pytest.raises(Conflict, match="班次已结束"):
        actions.ask_swap(boss, first.pk, three.pk, "迟")


@pytest.mark.django_db
def test_a_handover_needs_two_signatures_and_stays_as_signed(city: City) -> None:
    office = desk(city.city)
    going, coming = actor(city.city, name="甲", user_id=1), actor(city.city, name="乙", user_id=2)
    items = [{"kind": "事件", "title": "某泄漏", "detail": "响应中"}]
    with clock.standing_at(MONDAY):
        row = actions.hand_over(going, office.pk, items, "关注风向")
        with pytest.raises(Forbidden, match="不能自己接班"):
            actions.take_over(going, row.pk)
        with pytest.raises(Conflict, match="尚未被接班"):
            actions.hand_over(going, office.pk, [], "")
        actions.take_over(coming, row.pk, "已阅")
        with pytest.raises(Conflict, match="已由乙接班"):
            actions.take_over(coming, row.pk)
    row.refresh_from_db()
    assert (row.items, row.given_by, row.taken_by) == (items, "甲", "乙")
    with pytest.raises(DatabaseError, match="双方已签字"), transaction.atomic():
        Handover.everything.filter(pk=row.pk).update(items=[])


@pytest.mark.django_db
def test_the_page_makes_a_roster_and_decides_on_requests(city: City, signed_in: SignIn) -> None:
    office = desk(city.city)
    people = [person(office, name) for name in "甲乙丙"]
    sits(office, people[0], (8, 32))
    client = signed_in(city.city)
    with clock.standing_at(MONDAY):
        sits(office, people[1], (8 - 53 * 24, 32 - 53 * 24))
        page = client.get("/administration/duty/?week=2026-09-28").content.decode()
        assert "国庆节" in page
        sent = {
            "organisation": office.pk,
            "first": "2026-12-01",
            "days": "3",
            "role": "officer",
            "people": [p.pk for p in people],
        }
        client.post("/administration/duty/do/make", {**sent, "shift_h": "24"})
        shift = Shift.everything.order_by("start").last()
        busy = Shift.everything.filter(start__gte=shift.start - timedelta(hours=40), start__lte=shift.end)
        other = next(p for p in people if p.pk not in set(busy.values_list("person_id", flat=True)))
        client.post("/administration/duty/do/swap", {"shift": shift.pk, "person": other.pk, "reason": "开会"})
        swap = shift.swaps.get()
        client.post("/administration/duty/do/decide", {"what": "swap", "id": swap.pk, "approve": "1"})
        leave = {
            "person": people[0].pk,
            "kind": "sick",
            "start": "2027-01-01T08:00",
            "end": "2027-01-02T08:00",
            "reason": "病",
        }
        client.post("/administration/duty/do/leave", leave)
        refused = client.post("/administration/duty/do/make", {**sent, "first": "昨天", "shift_h": "24"})
    shift.refresh_from_db()
    assert shift.person == other
    assert Leave.everything.get().start == datetime(2027, 1, 1, 8, tzinfo=BEIJING)
    assert refused.status_code == 422
