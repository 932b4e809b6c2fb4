"""A figure that an engine computed is an alarm for as long as it lies beyond its criterion."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from anlan.kernel import clock
from anlan.kernel.errors import Forbidden
from anlan.kernel.events.models import Event
from anlan.monitoring import actions, jobs, layers, queries
from anlan.monitoring.models import Alarm, AlarmRule
from tests.conftest import City, actor
from tests.monitoring.conftest import T0, Feed, make_rule, make_station, make_stream

pytestmark = pytest.mark.django_db
RISK = actions.Criterion("CALC-RISK", "个人风险超过基准", priority=2, basis="GB 36894-2018 表 1")


def figure(city: City, value: float, subject: str = "target:7") -> actions.Figure:
    return actions.Figure(
        subject, f"第一小学个人风险 {value:g} /年", value, "1/a", {"hi": 3e-7, "hihi": 3e-6}, city.east, 106.7, 39.5,
        why="园区动态风险", url="/supervision/parks/1/", source="园区风险", correlation_id=uuid4(),
    )  # fmt: skip


def judge(city: City, minutes: float, *figures: actions.Figure) -> list[Alarm]:
    return actions.judge_figures(actor(city.city), RISK, "park:1", figures, T0 + timedelta(minutes=minutes))


def test_a_figure_beyond_its_criterion_is_raised_escalated_and_returns_to_normal(city: City) -> None:
    assert judge(city, 0, figure(city, 1e-7)) == []
    given = figure(city, 4e-7)
    (alarm,) = judge(city, 1, given)
    assert (alarm.state, alarm.band, alarm.priority, alarm.value) == ("unacknowledged", "hi", 3, 4e-7)
    assert (alarm.area, alarm.station, alarm.correlation_id) == (city.east, None, given.correlation_id)
    assert alarm.explanation["limits"] == {"hi": 3e-7, "hihi": 3e-6}
    assert judge(city, 2, figure(city, 5e-7)) == [], "the same alarm"
    actions.acknowledge_alarm(actor(city.east), alarm.pk)
    (higher,) = judge(city, 3, figure(city, 4e-6))
    assert (higher.pk, higher.band, higher.priority, higher.state) == (alarm.pk, "hihi", 2, "unacknowledged")
    assert judge(city, 4, figure(city, 2e-7)) == []
    alarm.refresh_from_db()
    assert (alarm.state, alarm.active) == ("returned", False)
    (again,) = judge(city, 5, figure(city, 4e-7))
    assert (again.pk, again.recurrences, again.state) == (alarm.pk, 1, "unacknowledged")
    names = Event.objects.filter(name__startswith="monitoring.Alarm").order_by("pk").values_list("name", flat=True)
    assert list(names)[:2] == ["monitoring.AlarmRaised", "monitoring.AlarmAcknowledged"]


def test_what_is_no_longer_computed_clears_and_other_things_are_left_alone(city: City) -> None:
    judge(city, 0, figure(city, 1e-6), figure(city, 1e-6, "target:8"))
    actions.judge_figures(actor(city.city), RISK, "park:11", [figure(city, 1e-6)], T0)
    judge(city, 1, figure(city, 1e-6, "target:8"))
    active = Alarm.objects.unscoped("test").filter(active=True).order_by("subject").values_list("subject", flat=True)
    assert list(active) == ["c:park:11:target:7", "c:park:1:target:8"]


def test_the_criterion_is_a_rule_that_people_switch_off(city: City) -> None:
    judge(city, 0, figure(city, 1e-6))
    with pytest.raises(ValueError, match="36"):
        judge(city, 0, replace(figure(city, 1e-6), subject="x" * 40))
    rule = AlarmRule.objects.unscoped("test").get(code="CALC-RISK")
    assert (rule.get_kind_display(), rule.basis) == ("计算值越限", "GB 36894-2018 表 1")
    AlarmRule.objects.unscoped("test").filter(pk=rule.pk).update(enabled=False)
    assert judge(city, 1, figure(city, 1e-6)) == []
    assert not Alarm.objects.unscoped("test").get().active
    with pytest.raises(Forbidden):
        actions.judge_figures(actor(city.city, "monitoring.view"), RISK, "park:1", [], T0)


def test_the_pipeline_and_the_lists_live_with_alarms_that_have_no_station(city: City, feed: Feed) -> None:
    """Readings are judged, nuisances tidied and floods counted beside it, and none of them clears what is no reading's."""
    judge(city, 0, figure(city, 1e-6))
    make_rule(city, hi=3)
    feed.say(make_stream(make_station(city)), (0, 9.0))
    with clock.standing_at(T0 + timedelta(minutes=3)):
        jobs.tidy_alarms()
    assert queries.open_alarms(actor(city.city)).filter(active=True).count() == 2
    shown = layers.alarms(actor(city.city), None)["features"]
    assert {one["properties"]["unit"] for one in shown} == {"1/a", "ppm"}
    raises, names = queries.raises(actor(city.city), T0 - timedelta(hours=1), T0 + timedelta(hours=1))
    assert len(raises) == 2
    assert ("个人风险超过基准", "计算值") in names.values()
