"""Who sits at the desk, and when nobody does."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from anlan.administration import queries
from anlan.administration.models import DutyRole, Shift
from anlan.kernel import clock
from anlan.kernel.clock import BEIJING
from anlan.kernel.models import Area, Organisation, Person, Post
from tests.conftest import City, actor
from tests.web.conftest import SignIn, signed_in

__all__ = ["signed_in"]
MONDAY = datetime(2026, 11, 23, tzinfo=BEIJING)
pytestmark = pytest.mark.django_db


def desk(area: Area, code: str = "ORG") -> Organisation:
    return Organisation.everything.create(code=code, name=f"{area.name}值班室", kind="政府", area=area)


def person(office: Organisation, name: str, post: Post | None = None) -> Person:
    return Person.everything.create(
        code=f"{office.code}-{name}", name=name, organisation=office, area=office.area, post=post
    )


def sits(office: Organisation, who: Person, hours: tuple[float, float], role: str = DutyRole.OFFICER) -> Shift:
    begins, ends = (MONDAY + timedelta(hours=h) for h in hours)
    return Shift.everything.create(
        code=f"{who.code}-{begins:%d%H}", organisation=office, person=who, role=role, start=begins, end=ends,
        area=office.area,
    )  # fmt: skip


def test_the_leader_is_named_before_the_officer_and_the_end_of_a_shift_belongs_to_the_next(city: City) -> None:
    office = desk(city.city)
    officer, leader, relief = (person(office, n) for n in ("员", "领导", "接班"))
    sits(office, officer, (8, 20))
    sits(office, leader, (0, 24), DutyRole.LEADER)
    sits(office, relief, (20, 32))
    at = MONDAY + timedelta(hours=8)
    assert [s.person.name for s in queries.on_duty(office.pk, at)] == ["领导", "员"]
    assert [s.person.name for s in queries.on_duty(office.pk, MONDAY + timedelta(hours=20))] == ["领导", "接班"]


def test_the_holder_who_is_on_duty_is_called_first(city: City) -> None:
    office = desk(city.city)
    post = Post.everything.create(code="P", title="值班岗", organisation=office, area=city.city)
    _first, second = person(office, "甲", post), person(office, "乙", post)
    sits(office, second, (8, 20))
    at = MONDAY + timedelta(hours=9)
    assert [p.name for p in queries.holders(post.pk, at)] == ["乙", "甲"]
    assert [p.name for p in queries.holders(post.pk, MONDAY)] == ["甲", "乙"]


def test_gaps_are_found_before_between_and_after_overlapping_shifts(city: City) -> None:
    office = desk(city.city)
    who = person(office, "员")
    for hours in ((2, 8), (6, 10), (14, 20)):
        sits(office, who, hours)
    found = queries.gaps(office.pk, DutyRole.OFFICER, MONDAY, MONDAY + timedelta(hours=24))
    assert [((a - MONDAY).seconds // 3600, (b - MONDAY) / timedelta(hours=1)) for a, b in found] == [
        (0, 2), (10, 14), (20, 24),
    ]  # fmt: skip


def test_the_roster_shows_a_night_shift_on_both_days_and_asks_only_for_roles_the_desk_has(city: City) -> None:
    office = desk(city.city)
    sits(office, person(office, "夜班"), (20, 32))
    (found,) = queries.roster(actor(city.city), date(2026, 11, 23))
    (role,) = found.roles
    assert role[0] == "值班员"
    assert [len(day.shifts) for day in role[1]] == [1, 1, 0, 0, 0, 0, 0]
    assert [len(day.gaps) for day in role[1]] == [1, 1, 1, 1, 1, 1, 1]


def test_the_roster_of_another_district_is_not_shown(city: City) -> None:
    office = desk(city.west)
    sits(office, person(office, "员"), (8, 20))
    assert queries.roster(actor(city.east), date(2026, 11, 23)) == []
    assert len(queries.roster(actor(city.west), date(2026, 11, 23))) == 1


def test_the_page_names_who_is_there_now_and_the_empty_hours(city: City, signed_in: SignIn) -> None:
    office = desk(city.city)
    sits(office, person(office, "王值守"), (8, 20))
    with clock.standing_at(MONDAY + timedelta(hours=9)):
        page = signed_in().get("/administration/duty/").content.decode()
        assert "王值守" in page
        assert "在岗" in page
        assert "空班" in page
        assert "20:00—24:00" in page
        assert signed_in(username="zhang").get("/administration/duty/?week=gestern").status_code == 422
