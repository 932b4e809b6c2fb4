"""Who is told about an alarm that nobody takes on: the roster's officer, its leader, the desk above; then it stops."""

from __future__ import annotations

from datetime import timedelta

import pytest

from anlan.administration.models import DutyRole, Shift
from anlan.kernel import clock
from anlan.kernel.events.outbox import Event
from anlan.kernel.models import Area, Organisation, Person
from anlan.monitoring import actions, jobs
from anlan.monitoring.models import Alarm
from anlan.monitoring.rules.escalation import MOST, Rung, due, ladder, rung_of
from tests.conftest import City, actor
from tests.monitoring.conftest import T0, Feed, make_rule, make_station, make_stream

pytestmark = pytest.mark.django_db


def desk(area: Area, code: str, *people: tuple[str, DutyRole]) -> Organisation:
    bureau = Organisation.objects.create(code=code, name=f"{area.name}应急管理局", kind="应急", area=area)
    for number, (name, role) in enumerate(people):
        person = Person.objects.create(code=f"{code}{number}", name=name, area=area, organisation=bureau)
        Shift.objects.create(
            code=f"{code}{number}", organisation=bureau, person=person, role=role, area=area,
            start=T0 - timedelta(hours=4), end=T0 + timedelta(hours=4),
        )  # fmt: skip
    return bureau


def told(after_min: float) -> list[str]:
    """Escalate at that time; the names told so far."""
    with clock.standing_at(T0 + timedelta(minutes=after_min)):
        jobs.escalate_unacknowledged_alarms()
    return [event.payload["to_name"] for event in Event.objects.filter(name="kernel.NoticeRequested").order_by("pk")]


def test_the_roster_is_climbed_until_somebody_acknowledges(city: City, feed: Feed) -> None:
    desk(city.east, "E", ("李值班", DutyRole.OFFICER), ("王区长", DutyRole.LEADER))
    desk(city.city, "C", ("赵局长", DutyRole.LEADER))
    make_rule(city, hi=5.0, priority=1, escalate_after_min=5)
    feed.say(make_stream(make_station(city)), (0, 9.0))
    assert told(4) == []
    assert [name[-3:] for name in told(5)] == ["李值班"]
    assert [name[-3:] for name in told(10)] == ["李值班", "王区长"]
    assert [name[-3:] for name in told(15)] == ["李值班", "王区长", "赵局长"]
    assert [name[-3:] for name in told(20)] == ["李值班", "王区长", "赵局长", "赵局长"], (
        "the top again, until somebody acts"
    )
    alarm = Alarm.objects.unscoped("test").get()
    assert [change.what for change in alarm.changes.order_by("pk")][-1] == "第 4 次升级通知"
    actions.acknowledge_alarm(actor(city.city), alarm.pk)
    assert len(told(60)) == 4


def test_an_alarm_that_comes_again_begins_at_the_bottom(city: City, feed: Feed) -> None:
    desk(city.east, "E", ("李值班", DutyRole.OFFICER), ("王区长", DutyRole.LEADER))
    make_rule(city, hi=5.0, deadband=1, priority=1, escalate_after_min=5)
    stream = make_stream(make_station(city))
    feed.say(stream, (0, 9.0))
    told(5)
    feed.say(stream, (6, 0.0), (7, 9.0))
    assert len(told(11)) == 1, "five minutes from the second raising"
    assert [name[-3:] for name in told(12)] == ["李值班", "李值班"]


def test_notices_end_after_the_last_and_no_rung_is_climbed_twice() -> None:
    every = timedelta(minutes=5)
    assert [due(T0, done, every, T0 + timedelta(hours=9)) for done in (0, MOST - 1, MOST)] == [True, True, False]
    one, two = Rung("一", person_id=1), Rung("二", post_id=1)
    assert ladder([one, None, two, one]) == [one, two]
    assert [rung_of([one, two], done) for done in (0, 1, 5)] == [one, two, two]
    assert rung_of([], 0) is None
