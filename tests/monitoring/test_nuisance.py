"""Alarms people can live with: floods, groups, first-out, chattering, stale alarms, maintenance, figures, trial runs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from anlan.kernel import clock
from anlan.kernel.accounts.actor import system
from anlan.monitoring import actions
from anlan.monitoring.models import Alarm, MaintenanceWindow
from anlan.monitoring.rules import nuisance
from anlan.monitoring.rules.nuisance import Item, Raise
from tests.conftest import City, actor
from tests.monitoring.conftest import T0, Feed, make_rule, make_station, make_stream
from tests.monitoring.test_pages import account, browser

TIMER = system("定时")


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def test_a_flood_begins_with_the_eleventh_alarm_in_ten_minutes_and_ends_when_few_come() -> None:
    ten = [at(n * 0.9) for n in range(10)]
    assert nuisance.floods(ten, at(20)) == []
    (flood,) = nuisance.floods([*ten, at(9.5), at(9.6)], at(30))
    assert (flood.start, flood.count, flood.peak) == (at(0), 12, 12)
    assert flood.end == at(19.6)
    (lasting,) = nuisance.floods([at(n * 0.5) for n in range(30)], at(15))
    assert lasting.end is None


def item(number: int, minutes: float, priority: int = 3, unit: str = "一号罐区", cause: str = "氯气") -> Item:
    return Item(number, f"告警{number}", priority, at(minutes), unit, "海勃湾区", cause, acknowledged=False)


def test_ten_thousand_alarms_are_read_as_a_few_groups_with_the_first_one_on_top() -> None:
    items = [item(n, 5 + n / 1000, unit=f"单元{n % 20}") for n in range(10_000)]
    items.append(item(99_999, 0.5, 1, "单元7"))
    groups = nuisance.grouped(items)
    assert len(groups) == 20
    assert sum(len(group.items) for group in groups) == 10_001
    assert groups[0].name == "单元7", "the most urgent first"
    assert groups[0].first_out.id == 99_999
    assert {group.name for group in nuisance.grouped(items, "cause")} == {"氯气"}


def test_three_raises_in_a_minute_are_chatter_until_it_has_been_quiet() -> None:
    raises = [at(0), at(0.3), at(0.9)]
    assert nuisance.chatters(raises, at(1))
    assert nuisance.chatters(raises, at(10))
    assert not nuisance.chatters(raises, at(11))
    assert not nuisance.chatters([at(0), at(1), at(2.1)], at(3))


def test_figures_name_the_bad_actor_and_judge_the_load() -> None:
    calm = [Raise(at(n * 30), 3, "a") for n in range(8)]
    noisy = [Raise(at(n * 0.5), 4, "b") for n in range(240)]
    assert nuisance.figures(calm, T0, at(240)).verdict == "可接受"
    found = nuisance.figures([*calm, *noisy], T0, at(240))
    assert found.verdict == "过载：须整改"
    assert found.worst[0][:2] == ("b", 240)
    assert found.peak_10_min == 21
    assert found.per_10_min == pytest.approx(248 / 24)


pytestmark_db = pytest.mark.django_db


@pytestmark_db
def test_a_chattering_alarm_is_suppressed_and_comes_back_when_it_is_quiet(city: City, feed: Feed) -> None:
    make_rule(city, hi=3, priority=3)
    stream = make_stream(make_station(city))
    feed.say(stream, (0, 5), (0.2, 1), (0.4, 5), (0.6, 1), (0.8, 5))
    with clock.standing_at(at(1)):
        assert actions.tidy_alarms(TIMER, at(1)) == (1, 0)
    alarm = Alarm.objects.unscoped("test").get()
    assert (alarm.state, alarm.active, alarm.reason[:2]) == ("suppressed", True, "抖动")
    with clock.standing_at(at(12)):
        assert actions.tidy_alarms(TIMER, at(12)) == (0, 1)
    alarm.refresh_from_db()
    assert alarm.state == "unacknowledged", "it still holds, so somebody has to see it"


@pytestmark_db
def test_gas_that_chatters_is_never_hidden(city: City, feed: Feed) -> None:
    make_rule(city, hi=3, priority=2, latched=True)
    stream = make_stream(make_station(city))
    feed.say(stream, (0, 5), (0.2, 1), (0.4, 5), (0.6, 1), (0.8, 5))
    assert actions.tidy_alarms(TIMER, at(1)) == (0, 0)


@pytestmark_db
def test_during_maintenance_alarms_are_kept_quiet_and_raised_at_its_end_if_they_still_hold(
    city: City, feed: Feed
) -> None:
    make_rule(city, hi=3, priority=1, latched=True)
    station = make_station(city)
    MaintenanceWindow.objects.create(
        title="更换探头", area=city.east, station=station, starts_at=at(-10), ends_at=at(30), responsible="张工"
    )
    feed.say(make_stream(station), (0, 5))
    other = make_stream(make_station(city))
    feed.say(other, (0, 5))
    assert actions.tidy_alarms(TIMER, at(1)) == (1, 0)
    alarm = Alarm.objects.unscoped("test").get(station=station)
    assert (alarm.state, alarm.reason) == ("suppressed", "检修：更换探头（张工）")
    assert Alarm.objects.unscoped("test").exclude(station=station).get().state == "unacknowledged"
    assert actions.tidy_alarms(TIMER, at(31)) == (0, 1)
    alarm.refresh_from_db()
    assert alarm.state == "unacknowledged"


@pytestmark_db
def test_an_old_acknowledged_alarm_of_low_priority_leaves_the_list_until_it_is_over(city: City, feed: Feed) -> None:
    make_rule(city, hi=3, priority=3)
    stream = make_stream(make_station(city))
    feed.say(stream, (0, 5))
    alarm = Alarm.objects.unscoped("test").get()
    with clock.standing_at(at(5)):
        actions.acknowledge_alarm(actor(city.city), alarm.pk)
    assert actions.tidy_alarms(TIMER, at(25 * 60)) == (1, 0)
    feed.say(stream, (25 * 60, 1))
    assert actions.tidy_alarms(TIMER, at(26 * 60)) == (0, 1)
    alarm.refresh_from_db()
    assert alarm.state == "normal"


@pytestmark_db
def test_pages_show_groups_figures_and_a_trial_of_another_limit(city: City, feed: Feed) -> None:
    rule = make_rule(city, hi=30, priority=3)
    stream = make_stream(make_station(city))
    feed.say(stream, *[(n, 5.0 if n % 10 < 3 else 1.0) for n in range(-60, 0)])
    make_rule(city, hi=3, priority=2, title="试报警")
    feed.say(stream, (1, 9.0))
    client: Any = browser(account(city.city, "li"))
    with clock.standing_at(at(2)):
        groups = client.get("/monitoring/alarms/groups/?by=cause").content.decode()
        assert "试报警" in groups
        page = client.get("/monitoring/alarms/assessment/?days=1").content.decode()
        assert "可接受" in page
        assert [word for word in ("前十个占比", "抖动的告警", "现在未恢复、未确认") if word not in page] == []
        as_it_is = client.get(f"/monitoring/rules/{rule.pk}/backtest/?days=1").content.decode()
        assert "这段时间不会有告警" in as_it_is
        lower = client.get(f"/monitoring/rules/{rule.pk}/backtest/?days=1&hi=3").content.decode()
        week = client.get(f"/monitoring/stations/{stream.station_id}/?span=7d").content.decode()
        year = client.get(f"/monitoring/stations/{stream.station_id}/?span=365d")
    assert week.count("<path") >= 1
    assert year.status_code == 200
    assert "回差" in lower, "fields are called what people call them"
    assert "deadband</span>" not in lower
    assert "告警数 7 ·" in lower, "six stays in the hour before, and the one now"
    rule.refresh_from_db()
    assert rule.hi == 30, "a trial changes nothing"


def test_chattering_is_three_raises_within_a_minute_of_one_source() -> None:
    """ISA-18.2, 16.5.5; a source that comes often but slowly is a bad actor, not a chattering one."""

    def raises(source: str, *seconds: int) -> list[nuisance.Raise]:
        return [nuisance.Raise(T0 + timedelta(seconds=second), 3, source) for second in seconds]

    fast, faster = raises("a", 0, 30, 60, 600), raises("b", 10, 20, 30, 40, 900)
    slow, apart = raises("c", *range(0, 3600, 61)), raises("d", 0, 30, 61)
    assert nuisance.chattering([*slow, *fast, *apart, *faster]) == [("b", 4), ("a", 3)]
