"""What operators and time do to alarms, and rules over rules."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from anlan.kernel import clock
from anlan.kernel.audit.models import JournalEntry
from anlan.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from anlan.kernel.events.models import Event
from anlan.kernel.models import Organisation, Post
from anlan.monitoring import actions, jobs, queries
from anlan.monitoring.models import Alarm, Datastream, Latest
from tests.conftest import City, actor
from tests.monitoring.conftest import T0, T0_MS, Feed, batch, make_rule, make_station, make_stream, ms

pytestmark = pytest.mark.django_db


def open_alarm(city: City, feed: Feed, **rule: object) -> tuple[Alarm, Datastream]:
    made = make_rule(city, hi=3, **rule)
    stream = make_stream(make_station(city))
    feed.say(stream, (0, 9.0))
    return Alarm.objects.unscoped("test").get(rule=made), stream


def test_acknowledging_keeps_who_when_and_why_in_history_and_journal(city: City, feed: Feed) -> None:
    alarm, _ = open_alarm(city, feed)
    with clock.standing_at(T0 + timedelta(minutes=2)):
        done = actions.acknowledge_alarm(actor(city.east), alarm.pk, "现场核实")
    assert (done.state, done.acknowledged_by, done.acknowledged_at) == (
        "acknowledged",
        "王值班",
        T0 + timedelta(minutes=2),
    )
    change = done.changes.order_by("pk").last()
    assert change is not None
    assert (change.by, change.what, change.before, change.after, change.reason) == (
        "王值班", "确认", "unacknowledged", "acknowledged", "现场核实",
    )  # fmt: skip
    assert JournalEntry.objects.filter(verb="确认告警", reason="现场核实").count() == 1
    with pytest.raises(Conflict, match="已确认"):
        actions.acknowledge_alarm(actor(city.east), alarm.pk)


def test_only_those_responsible_for_the_place_may_handle_it(city: City, feed: Feed) -> None:
    alarm, _ = open_alarm(city, feed)
    with pytest.raises(NotFound):
        actions.acknowledge_alarm(actor(city.west), alarm.pk)
    with pytest.raises(Forbidden):
        actions.acknowledge_alarm(actor(city.east, "monitoring.view"), alarm.pk)


def test_a_shelved_alarm_needs_a_reason_and_comes_back_by_itself(city: City, feed: Feed) -> None:
    alarm, _ = open_alarm(city, feed)
    with pytest.raises(Invalid, match="理由"):
        actions.shelve_alarm(actor(city.east), alarm.pk, 30, " ")
    with pytest.raises(Invalid, match="1440"):
        actions.shelve_alarm(actor(city.east), alarm.pk, 99_999, "检修")
    with clock.standing_at(T0):
        actions.shelve_alarm(actor(city.east), alarm.pk, 30, "检修")
        jobs.bring_back_shelved_alarms()
    alarm.refresh_from_db()
    assert alarm.state == "shelved"
    with clock.standing_at(T0 + timedelta(minutes=31)):
        jobs.bring_back_shelved_alarms()
    alarm.refresh_from_db()
    assert (alarm.state, alarm.shelved_until) == ("unacknowledged", None)


def test_a_latched_gas_alarm_is_over_only_after_its_reset(city: City, feed: Feed) -> None:
    alarm, stream = open_alarm(city, feed, latched=True)
    actions.acknowledge_alarm(actor(city.east), alarm.pk)
    with pytest.raises(Conflict):
        actions.reset_alarm(actor(city.east), alarm.pk)
    feed.say(stream, (1, 0.1))
    alarm.refresh_from_db()
    assert alarm.state == "latched"
    assert actions.reset_alarm(actor(city.east), alarm.pk, "现场检测为零").state == "normal"


def test_an_alarm_that_comes_back_before_it_is_over_is_the_same_alarm(city: City, feed: Feed) -> None:
    alarm, stream = open_alarm(city, feed)
    feed.say(stream, (1, 0.1), (2, 9.0))
    alarm.refresh_from_db()
    assert (alarm.state, alarm.recurrences, Alarm.objects.unscoped("test").count()) == ("unacknowledged", 1, 1)
    actions.acknowledge_alarm(actor(city.east), alarm.pk)
    feed.say(stream, (3, 0.1), (4, 9.0))
    assert Alarm.objects.unscoped("test").count() == 2, "after it was over, a new one"


def test_an_unacknowledged_urgent_alarm_goes_to_the_next_person_once(city: City, feed: Feed) -> None:
    bureau = Organisation.objects.create(code="B", name="乌海市应急管理局", kind="应急", area=city.city)
    post = Post.objects.create(code="P", title="带班领导", organisation=bureau, area=city.city)
    alarm, _ = open_alarm(city, feed, priority=1, escalate_after_min=5)
    for minutes in (4, 6, 9):
        with clock.standing_at(T0 + timedelta(minutes=minutes)):
            jobs.escalate_unacknowledged_alarms()
    notices = Event.objects.filter(name="kernel.NoticeRequested")
    assert [event.payload["to_post_id"] for event in notices] == [post.pk]
    assert "6 分钟未确认" in notices[0].payload["text"]
    assert notices[0].correlation_id == alarm.correlation_id


def test_an_acknowledged_or_minor_alarm_does_not_escalate(city: City, feed: Feed) -> None:
    alarm, _ = open_alarm(city, feed, priority=1)
    open_alarm(city, feed, priority=4, quantity="cl2")
    actions.acknowledge_alarm(actor(city.city), alarm.pk)
    Alarm.objects.unscoped("test").filter(priority=1).exclude(pk=alarm.pk).delete()
    with clock.standing_at(T0 + timedelta(hours=2)):
        jobs.escalate_unacknowledged_alarms()
    assert not Event.objects.filter(name="kernel.NoticeRequested").exists()


def test_a_silent_station_is_offline_in_time_and_back_with_its_first_reading(city: City, feed: Feed) -> None:
    rule = make_rule(city, kind="silence", quantity="", silence_factor=3)
    stream = make_stream(make_station(city, interval_s=60))
    never = make_stream(make_station(city, interval_s=60))
    feed.say(stream, (0, 1.0), received_ms=T0_MS)
    with clock.standing_at(T0 + timedelta(seconds=181)):
        feed.worker.engine.listen(ms(181 / 60))
        assert not Alarm.objects.unscoped("test").exists()
    feed.worker.engine.listen(ms(183 / 60))
    alarm = Alarm.objects.unscoped("test").get(rule=rule)
    assert (alarm.subject, alarm.started_at) == (f"s{stream.station_id}", queries.moment(T0_MS + 182_000))
    assert never.station_id != alarm.station_id, "who was never heard is not offline"
    feed.worker.engine.listen(ms(10))
    assert Alarm.objects.unscoped("test").count() == 1
    feed.say(stream, (11, 1.0), received_ms=ms(11))
    alarm.refresh_from_db()
    assert (alarm.state, alarm.active) == ("returned", False)


def test_stations_behind_a_silent_gateway_are_suppressed(city: City, feed: Feed) -> None:
    make_rule(city, kind="silence", quantity="", silence_factor=3)
    gateway = make_station(city, interval_s=60)
    child = make_station(city, interval_s=60, via=gateway)
    streams = [make_stream(gateway), make_stream(child)]
    feed.put(batch([(stream.pk, 0, 1.0) for stream in streams], received_ms=T0_MS))
    feed.worker.engine.listen(ms(10))
    states = dict(Alarm.objects.unscoped("test").values_list("station_id", "state"))
    assert states == {gateway.pk: "unacknowledged", child.pk: "suppressed"}
    feed.say(streams[0], (11, 1.0), received_ms=ms(11))
    feed.worker.engine.listen(ms(12))
    assert Alarm.objects.unscoped("test").get(station=child).state == "suppressed", "it has its time to report first"
    feed.say(streams[0], (14, 1.0), received_ms=ms(14))
    feed.worker.engine.listen(ms(15))
    states = dict(Alarm.objects.unscoped("test").filter(active=True).values_list("station_id", "state"))
    assert states[child.pk] == "unacknowledged", "the gateway is back, the station is not"


def test_a_composite_holds_as_long_as_its_expression_does(city: City, feed: Feed) -> None:
    make_rule(city, code="gas", hi=3)
    make_rule(city, code="wind", hi=8, quantity="wind")
    both = make_rule(city, code="both", kind="composite", quantity="", expression={"all": ["gas", "wind"]}, priority=1)
    station = make_station(city)
    gas, wind = make_stream(station), make_stream(station, quantity="wind", unit="m/s")
    feed.say(gas, (0, 9.0))
    assert not Alarm.objects.unscoped("test").filter(rule=both).exists()
    feed.say(wind, (1, 9.0))
    alarm = Alarm.objects.unscoped("test").get(rule=both)
    assert (alarm.subject, alarm.active, alarm.priority) == (f"s{station.pk}", True, 1)
    feed.say(gas, (2, 0.0))
    alarm.refresh_from_db()
    assert not alarm.active


def test_two_of_three_stations_raise_the_alarm_of_the_area(city: City, feed: Feed) -> None:
    make_rule(city, code="gas", hi=3)
    area = make_rule(
        city, code="area", kind="group", quantity="", members=["gas"], k=2, group_by="area", area=city.east
    )
    streams = [make_stream(make_station(city)) for _ in range(3)]
    feed.say(streams[0], (0, 9.0))
    assert not Alarm.objects.unscoped("test").filter(rule=area).exists()
    feed.say(streams[1], (1, 9.0))
    alarm = Alarm.objects.unscoped("test").get(rule=area)
    assert (alarm.subject, alarm.value, alarm.area) == (f"a{city.east.pk}", 2.0, city.east)
    feed.say(streams[0], (2, 0.0))
    alarm.refresh_from_db()
    assert not alarm.active


def test_an_earthquake_is_received_once_and_a_revision_is_kept_not_repeated(city: City) -> None:
    def receive(magnitude: float) -> tuple[object, bool]:
        return actions.receive_event(
            actor(city.city),
            "earthquake",
            "us1",
            T0,
            106.3,
            39.8,
            "阿拉善左旗 5.8 级",
            magnitude,
            {"depth": 10},
            "USGS",
        )

    first, new = receive(5.8)
    assert new
    assert receive(5.8) == (first, False)
    row = queries.hazard_events(actor(city.city)).get()
    receive(5.9)
    row.refresh_from_db()
    assert (row.magnitude, row.revision) == (5.9, 1)
    assert Event.objects.filter(name="monitoring.HazardEventReceived").count() == 1


def test_a_clock_that_jumps_makes_nobody_silent_and_hides_nothing(city: City, feed: Feed) -> None:
    make_rule(city, kind="silence", silence_factor=3, priority=2, quantity="")
    stream = make_stream(make_station(city, interval_s=60))
    hot = make_rule(city, hi=5.0)
    feed.say(stream, (0, 1.0))
    with clock.standing_at(T0 + timedelta(hours=6)):  # forwards, as after a wrong time server
        feed.worker.tick()
        assert not Alarm.objects.unscoped("test").exists(), "the time nobody lived through is no silence"
        feed.say(stream, (360, 1.0))
    with clock.standing_at(T0 + timedelta(minutes=1)):  # and back again
        feed.worker.tick()
        feed.say(stream, (1, 9.0))
        assert Alarm.objects.unscoped("test").get().rule_id == hot.pk, "readings of the mended clock are judged live"
        assert Latest.objects.get(pk=stream.pk).value == 9.0
    noted = JournalEntry.objects.filter(verb="时钟跳变").order_by("seq").values_list("reason", flat=True)
    assert [reason[4:6] for reason in noted] == ["向前", "向后", "向后"], "and whoever looks it up reads when"


OUT = (
    (actions.suppress_alarm, actions.unsuppress_alarm, "suppressed", "抑制"),
    (actions.take_out_of_service, actions.return_to_service, "out_of_service", "停用"),
)


@pytest.mark.parametrize(("away", "back", "state", "verb"), OUT)
def test_who_suppresses_an_alarm_or_takes_it_out_of_service_says_why_and_it_stays_so_until_returned(
    city: City, feed: Feed, away: Any, back: Any, state: str, verb: str
) -> None:
    alarm, stream = open_alarm(city, feed)
    with pytest.raises(Invalid, match="理由"):
        away(actor(city.east), alarm.pk, " ")
    with pytest.raises(NotFound):
        away(actor(city.west), alarm.pk, "检修")
    away(actor(city.east), alarm.pk, "检修")
    feed.say(stream, (90, 0.1), (91, 20.0))
    with clock.standing_at(T0 + timedelta(days=3)):
        jobs.bring_back_shelved_alarms()
    alarm.refresh_from_db()
    assert alarm.state == state
    change = alarm.changes.filter(what=verb).get()
    assert (change.by, change.reason, change.after) == ("王值班", "检修", state)
    back(actor(city.east), alarm.pk)
    alarm.refresh_from_db()
    assert alarm.state == "unacknowledged"


def test_shelving_is_ended_early_by_a_person(city: City, feed: Feed) -> None:
    alarm, _ = open_alarm(city, feed)
    with clock.standing_at(T0):
        actions.shelve_alarm(actor(city.east), alarm.pk, 30, "检修")
        actions.unshelve_alarm(actor(city.east), alarm.pk, "检修完")
    alarm.refresh_from_db()
    assert (alarm.state, alarm.shelved_until) == ("unacknowledged", None)
