"""From the log into the tables and through the rules."""

from __future__ import annotations

import pytest
from django.db import connection

from anlan.kernel.events.models import Event
from anlan.monitoring import queries
from anlan.monitoring.models import Alarm
from anlan.monitoring.pipeline import store
from tests.conftest import City, actor
from tests.monitoring.conftest import Feed, batch, make_rule, make_station, make_stream, ms

pytestmark = pytest.mark.django_db


MS = "(extract(epoch from at) * 1000)::bigint"


def stored(stream: int) -> list[tuple[int, float, int]]:
    with connection.cursor() as cursor:
        cursor.execute(f"select {MS}, value, revision from observation where stream = {stream} order by at")
        return list(cursor.fetchall())


def corrections(stream: int) -> list[tuple[int, int, float]]:
    with connection.cursor() as cursor:
        cursor.execute(f"select {MS}, revision, value from monitoring_correction where stream = {stream} order by 1, 2")
        return list(cursor.fetchall())


def test_a_reading_is_stored_and_is_the_latest(city: City, feed: Feed) -> None:
    stream = make_stream(make_station(city))
    feed.say(stream, (0, 0.1), (1, 0.2))
    assert stored(stream.pk) == [(ms(0), 0.1, 0), (ms(1), 0.2, 0)]
    assert [(r.value, r.at) for r in queries.latest(actor(city.city))] == [(0.2, queries.moment(ms(1)))]


def test_a_duplicate_is_ignored_in_the_same_batch_and_in_a_later_one(city: City, feed: Feed) -> None:
    stream = make_stream(make_station(city))
    feed.say(stream, (0, 0.1), (0, 0.1))
    feed.say(stream, (0, 0.1), (1, 0.3))
    feed.say(stream, (0, 0.1), (1, 0.3))
    assert stored(stream.pk) == [(ms(0), 0.1, 0), (ms(1), 0.3, 0)]
    assert corrections(stream.pk) == []


def test_another_value_for_the_same_instant_is_a_correction_and_the_old_one_is_kept(city: City, feed: Feed) -> None:
    stream = make_stream(make_station(city))
    feed.say(stream, (0, 0.1))
    feed.say(stream, (0, 0.5))
    feed.say(stream, (0, 0.7), (0, 0.9))
    assert stored(stream.pk) == [(ms(0), 0.9, 3)]
    assert corrections(stream.pk) == [(ms(0), 0, 0.1), (ms(0), 1, 0.5), (ms(0), 2, 0.7)]
    assert queries.latest(actor(city.city))[0].value == 0.9


def test_late_readings_are_accepted_and_do_not_become_the_latest(city: City, feed: Feed) -> None:
    stream = make_stream(make_station(city))
    feed.say(stream, (10, 0.1))
    feed.say(stream, (5, 0.2), (-2000, 0.3))
    assert [row[:2] for row in stored(stream.pk)] == [(ms(-2000), 0.3), (ms(5), 0.2), (ms(10), 0.1)]
    assert queries.latest(actor(city.city))[0].value == 0.1


def test_no_data_is_stored_as_no_data(city: City, feed: Feed) -> None:
    stream = make_stream(make_station(city))
    feed.say(stream, (0, float("nan")), quality=1)
    reading = queries.latest(actor(city.city))[0]
    assert (reading.value, reading.quality, reading.good) == (None, 1, False)


def test_each_day_has_its_own_partition_the_past_of_a_scenario_too(city: City, feed: Feed) -> None:
    stream = make_stream(make_station(city))
    feed.say(stream, (0, 1.0), (24 * 60, 2.0), (-11 * 365 * 24 * 60, 3.0), backfill=True)
    with connection.cursor() as cursor:
        cursor.execute("select tableoid::regclass::text from observation order by at")
        names = [row[0] for row in cursor.fetchall()]
    days = [name.removeprefix("observation_") for name in names]
    assert days == ["20150305", "20260302", "20260303"]


def test_old_days_are_dropped_and_younger_ones_kept(city: City, feed: Feed) -> None:
    stream = make_stream(make_station(city))
    feed.say(stream, (-3 * 24 * 60, 1.0), (0, 2.0))
    today = store.day_of(ms(0))
    assert store.drop_partitions(today, queries.moment(0)) == [], "a past made only now belongs to a scenario"
    assert store.drop_partitions(today, queries.moment(2**42)) == [store.day_of(ms(-3 * 24 * 60))]
    assert [row[1] for row in stored(stream.pk)] == [2.0]


def test_a_reading_with_an_impossible_time_is_refused_with_its_reason(city: City, feed: Feed) -> None:
    stream = make_stream(make_station(city))
    feed.say(stream, (0, 0.1), (365 * 24 * 60 * 20, 0.2))
    assert [row[1] for row in stored(stream.pk)] == [0.1]
    assert "超前" in feed.refused[0].reason


def test_a_threshold_raises_one_alarm_with_its_evidence_and_clears_below_the_hysteresis(city: City, feed: Feed) -> None:
    rule = make_rule(city, hihi=10, hi=3, deadband=0.5, priority=1)
    stream = make_stream(make_station(city))
    feed.say(stream, (0, 0.1), (1, 3.2))
    alarm = Alarm.objects.unscoped("test").get()
    assert (alarm.band, alarm.priority, alarm.value, alarm.state) == ("hi", 2, 3.2, "unacknowledged")
    assert alarm.started_at == queries.moment(ms(1))
    assert [value for _, value in alarm.explanation["samples"]] == [0.1, 3.2]
    assert alarm.explanation["limits"] == {"hihi": 10, "hi": 3}
    assert alarm.rule_version == rule.version
    feed.say(stream, (2, 12.0), (3, 2.8))
    alarm.refresh_from_db()
    assert (alarm.band, alarm.priority, alarm.active) == ("hihi", 1, True)
    feed.say(stream, (4, 2.4))
    alarm.refresh_from_db()
    assert (alarm.state, alarm.active, alarm.cleared_at) == ("returned", False, queries.moment(ms(4)))
    names = [event.name.removeprefix("monitoring.Alarm") for event in Event.objects.order_by("id")]
    assert names == ["Raised", "Escalated", "StateChanged", "Cleared", "StateChanged"]


def test_a_reading_of_bad_quality_never_raises(city: City, feed: Feed) -> None:
    make_rule(city, hi=3)
    stream = make_stream(make_station(city))
    feed.say(stream, (0, 99.0), quality=2)
    feed.say(stream, (1, float("nan")))
    assert not Alarm.objects.unscoped("test").exists()


def test_backfill_never_raises_live_but_is_on_record(city: City, feed: Feed) -> None:
    make_rule(city, hi=3)
    stream = make_stream(make_station(city))
    feed.say(stream, (-60, 9.0), (-50, 1.0), backfill=True)
    alarm = Alarm.objects.unscoped("test").get()
    assert (alarm.retro, alarm.state, alarm.cleared_at) == (True, "normal", queries.moment(ms(-50)))
    assert not Event.objects.exists(), "nothing is pushed to anybody"
    assert not queries.open_alarms(actor(city.city)).exists()
    feed.say(stream, (-60, 9.0), (-50, 1.0), backfill=True)
    assert Alarm.objects.unscoped("test").count() == 1


def test_a_restart_in_the_middle_of_an_on_delay_fires_at_the_right_event_time(city: City, feed: Feed) -> None:
    make_rule(city, hi=3, on_delay_s=600)
    stream = make_stream(make_station(city))
    for minute in range(7):
        feed.say(stream, (minute, 5.0))
    feed.restart()
    for minute in range(7, 10):
        feed.say(stream, (minute, 5.0))
    assert not Alarm.objects.unscoped("test").exists()
    feed.restart()
    feed.say(stream, (10, 5.0))
    alarm = Alarm.objects.unscoped("test").get()
    assert (alarm.started_at, alarm.raised_at) == (queries.moment(ms(0)), queries.moment(ms(10)))


def test_a_late_reading_inside_the_window_is_judged_in_its_place(city: City, feed: Feed) -> None:
    make_rule(city, hi=3, on_delay_s=120)
    stream = make_stream(make_station(city))
    feed.say(stream, (0, 5.0), (2, 5.0))
    assert Alarm.objects.unscoped("test").count() == 1
    other = make_stream(make_station(city))
    feed.say(other, (0, 1.0), (3, 5.0), (4, 5.0))
    assert Alarm.objects.unscoped("test").count() == 1
    feed.say(other, (2, 5.0))
    late = Alarm.objects.unscoped("test").get(datastream=other)
    assert (late.started_at, late.state) == (queries.moment(ms(2)), "unacknowledged")
    feed.say(other, (-200, 50.0))
    assert Alarm.objects.unscoped("test").count() == 2, "older than the window: history only"


def test_a_changed_rule_takes_effect_without_a_restart(city: City, feed: Feed) -> None:
    rule = make_rule(city, hi=30)
    stream = make_stream(make_station(city))
    feed.say(stream, (0, 9.0))
    assert not Alarm.objects.unscoped("test").exists()
    rule.hi = 3
    rule.save()
    feed.say(stream, (1, 9.0))
    alarm = Alarm.objects.unscoped("test").get()
    assert alarm.rule_version == 2
    rule.enabled = False
    rule.save()
    feed.worker.tick()
    alarm.refresh_from_db()
    assert (alarm.state, alarm.active) == ("returned", False)


def test_a_batch_is_written_whole_or_not_at_all_and_never_twice(city: City, feed: Feed) -> None:
    make_rule(city, hi=3)
    stream = make_stream(make_station(city))
    feed.put(batch([(stream.pk, 0, 9.0)]))
    feed.restart()
    assert feed.worker.seq == 1, "the log is read on from here"
    assert Alarm.objects.unscoped("test").count() == 1


def test_another_district_sees_neither_values_nor_alarms(city: City, feed: Feed) -> None:
    make_rule(city, hi=3)
    stream = make_stream(make_station(city))
    feed.say(stream, (0, 9.0))
    neighbour = actor(city.west)
    assert queries.latest(neighbour) == []
    assert not queries.open_alarms(neighbour).exists()
    assert queries.open_alarms(actor(city.east)).count() == 1


def test_a_fast_rise_raises_an_alarm_by_its_rate_and_a_new_worker_goes_on_with_it(city: City, feed: Feed) -> None:
    """0.5 m in half an hour is 1 m/h: over the limit on the rate, far below any limit on the stage."""
    make_rule(city, quantity="cl2", kind="rate", rate_window_s=1800, hi=0.8, deadband=0.1)
    stream = make_stream(make_station(city))
    feed.say(stream, (0, 10.0), (15, 10.1), (30, 10.2))
    assert not Alarm.objects.unscoped("test").exists()
    feed.say(stream, (45, 10.6))
    alarm = Alarm.objects.unscoped("test").get()
    assert (alarm.band, alarm.state) == ("hi", "unacknowledged")
    again = Feed(seq=feed.seq)
    again.say(stream, (60, 10.7), (75, 10.7), (90, 10.7))
    assert Alarm.objects.unscoped("test").count() == 1
    alarm.refresh_from_db()
    assert alarm.state == "returned"
