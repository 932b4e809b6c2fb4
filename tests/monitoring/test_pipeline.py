"""Observations and alarms out of the log: once each, whatever happens in between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from django.db import connection

from anlan.kernel import clock
from anlan.kernel.events.models import Event
from anlan.monitoring import actions
from anlan.monitoring.log import GOOD, OUT_OF_RANGE, Batch
from anlan.monitoring.models import Alarm, AlarmRule, Datastream, Latest, RuleState, Station, StreamOffset
from anlan.monitoring.pipeline import Worker
from tests.conftest import City, actor

T0 = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)


def batch(stream: Datastream, *readings: tuple[float, float], quality: int = GOOD, backfill: bool = False) -> Batch:
    """Readings as (minutes after T0, value)."""
    at = [round((T0 + timedelta(minutes=m)).timestamp() * 1000) for m, _ in readings]
    return Batch(
        np.full(len(at), stream.pk, "i4"), np.array(at), np.array([v for _, v in readings]),
        np.full(len(at), quality, "i2"), received_ms=at[-1] + 500, backfill=backfill,
    )  # fmt: skip


def stored() -> list[tuple[float, int]]:
    with connection.cursor() as cursor:
        cursor.execute("select value, revision from observation order by at")
        return list(cursor.fetchall())


@pytest.fixture
def gas(city: City) -> Datastream:
    station = Station.everything.create(
        code="G1", name="氯气罐区", lon=106.7, lat=39.5, area=city.west, kind="气体", protocol="mqtt", address="G1"
    )
    return Datastream.everything.create(
        code="G1-cl2", station=station, source_code="cl2", name="氯气", quantity="氯气浓度", unit="ppm"
    )


@pytest.fixture
def rule(city: City, gas: Datastream) -> AlarmRule:
    return AlarmRule.everything.create(
        area=city.city, code="cl2-hi", title="氯气超限", station_kind="气体", quantity="氯气浓度",
        limit=1.0, deadband=0.3, on_delay_s=120, off_delay_s=60, priority=1, latched=True,
    )  # fmt: skip


@pytest.fixture
def worker(db: None) -> Worker:
    return Worker()


@pytest.fixture(autouse=True)
def standing_clock() -> object:
    with clock.standing_at(T0 + timedelta(minutes=30)):
        yield


def test_a_repeat_changes_nothing_and_a_correction_is_counted(worker: Worker, gas: Datastream) -> None:
    worker.handle([(1, batch(gas, (0, 0.1), (1, 0.2))), (2, batch(gas, (0, 0.1)))])
    worker.handle([(3, batch(gas, (1, 0.25)))])
    assert stored() == [(0.1, 0), (0.25, 1)]


def test_what_the_log_sends_again_after_a_crash_is_passed_over(worker: Worker, gas: Datastream) -> None:
    worker.handle([(1, batch(gas, (0, 0.1)))])
    assert Worker().handle([(1, batch(gas, (0, 99.0))), (2, batch(gas, (1, 0.2)))]) == 1
    assert stored() == [(0.1, 0), (0.2, 0)]
    assert StreamOffset.objects.get().sequence == 2


def test_late_readings_are_stored_and_the_newest_stays_the_newest(worker: Worker, gas: Datastream) -> None:
    worker.handle([(1, batch(gas, (10, 5.0)))])
    worker.handle([(2, batch(gas, (-3000, 1.0), (2, 2.0)))])
    assert [value for value, _ in stored()] == [1.0, 2.0, 5.0]
    assert Latest.objects.get().value == 5.0


def test_the_alarm_is_raised_when_the_limit_was_passed_long_enough_in_event_time(
    worker: Worker, gas: Datastream, rule: AlarmRule
) -> None:
    worker.handle([(1, batch(gas, (0, 0.2), (1, 1.5)))])
    assert not Alarm.everything.exists()
    worker.handle([(2, batch(gas, (2, 2.0), (4, 3.0)))])
    alarm = Alarm.everything.get()
    assert (alarm.started_at, alarm.raised_at) == (T0 + timedelta(minutes=1), T0 + timedelta(minutes=3))
    assert (alarm.state, alarm.priority, alarm.value) == ("unacknowledged", 1, 2.0)
    assert [v for _, v in alarm.explanation["samples"]] == [0.2, 1.5, 2.0, 3.0]
    assert Event.objects.filter(name="monitoring.AlarmRaised").count() == 1


def test_a_restart_in_the_middle_of_a_delay_fires_at_the_right_time(gas: Datastream, rule: AlarmRule) -> None:
    Worker().handle([(1, batch(gas, (0, 0.2), (1, 1.5)))])
    Worker().handle([(2, batch(gas, (4, 1.6)))])
    assert Alarm.everything.get().raised_at == T0 + timedelta(minutes=3)


def test_a_delay_runs_out_without_a_further_reading(gas: Datastream, rule: AlarmRule) -> None:
    worker = Worker()
    with clock.standing_at(T0 + timedelta(minutes=1)):
        worker.handle([(1, batch(gas, (1, 1.5)))])
        assert not Alarm.everything.exists()
    with clock.standing_at(T0 + timedelta(minutes=3, seconds=1)):
        worker.next_tick = 0
        worker.handle([])
    assert Alarm.everything.get().raised_at == T0 + timedelta(minutes=3)


def test_backfill_and_bad_quality_are_history_and_raise_nothing(
    worker: Worker, gas: Datastream, rule: AlarmRule
) -> None:
    worker.handle([(1, batch(gas, (0, 9.0), (5, 9.0), backfill=True))])
    worker.handle([(2, batch(gas, (6, 9.0), (20, 9.0), quality=OUT_OF_RANGE))])
    assert (len(stored()), Alarm.everything.count()) == (4, 0)


def test_the_deadband_holds_the_alarm_and_the_off_delay_ends_it(
    worker: Worker, gas: Datastream, rule: AlarmRule
) -> None:
    with clock.standing_at(T0 + timedelta(minutes=6.6)):
        worker.handle([(1, batch(gas, (0, 2.0), (3, 2.0), (4, 0.8), (6, 0.6), (6.5, 0.6)))])
    assert Alarm.everything.get().active
    worker.handle([(2, batch(gas, (8, 0.1)))])
    alarm = Alarm.everything.get()
    assert (alarm.active, alarm.cleared_at, alarm.state) == (False, T0 + timedelta(minutes=7), "returned")


def test_a_latched_alarm_needs_acknowledgement_and_reset(
    worker: Worker, city: City, gas: Datastream, rule: AlarmRule
) -> None:
    worker.handle([(1, batch(gas, (0, 2.0), (3, 2.0), (4, 0.1), (8, 0.1)))])
    officer, alarm = actor(city.city), Alarm.everything.get()
    assert actions.acknowledge_alarm(officer, alarm.pk, "看到").state == "latched"
    assert actions.reset_alarm(officer, alarm.pk, "现场检测为零").state == "normal"


def test_a_changed_rule_takes_effect_with_the_next_batch(worker: Worker, gas: Datastream, rule: AlarmRule) -> None:
    worker.handle([(1, batch(gas, (0, 0.5)))])
    rule.limit, rule.on_delay_s = 0.4, 0
    rule.save()
    worker.handle([(2, batch(gas, (1, 0.5)))])
    assert Alarm.everything.get().rule_version == 2


def test_a_rate_of_change_raises_before_the_limit_does(worker: Worker, city: City, gas: Datastream) -> None:
    AlarmRule.everything.create(
        area=city.city, code="rise", title="快速上升", kind="rate", datastream=gas, limit=6.0, rate_window_s=600
    )
    worker.handle([(1, batch(gas, (0, 0.0), (5, 0.1), (10, 1.5)))])
    alarm = Alarm.everything.get()
    assert alarm.raised_at == T0 + timedelta(minutes=10)


def test_two_of_three_detectors_raise_the_combined_alarm(worker: Worker, city: City, gas: Datastream) -> None:
    others = []
    for n in (2, 3):
        station = Station.everything.create(
            code=f"G{n}",
            name=f"氯气{n}",
            lon=106.7,
            lat=39.5,
            area=city.west,
            kind="气体",
            protocol="mqtt",
            address=f"G{n}",
        )
        others.append(Datastream.everything.create(
            code=f"G{n}-cl2", station=station, source_code="cl2", name="氯气", quantity="氯气浓度", unit="ppm"
        ))  # fmt: skip
    AlarmRule.everything.create(
        area=city.city, code="cl2", title="氯气", station_kind="气体", quantity="氯气浓度", limit=1.0
    )
    AlarmRule.everything.create(
        area=city.west, code="2of3", title="罐区泄漏", kind="group", members=["cl2"], k=2, group_by="area", priority=1
    )
    worker.handle([(1, batch(gas, (0, 2.0)))])
    assert Alarm.everything.count() == 1
    worker.handle([(2, batch(others[0], (1, 2.0)))])
    assert Alarm.everything.filter(rule__code="2of3", active=True).count() == 1
    worker.handle([(3, batch(gas, (2, 0.0)))])
    assert not Alarm.everything.filter(rule__code="2of3", active=True).exists()


def test_a_rolled_back_batch_leaves_nothing_behind(
    gas: Datastream, rule: AlarmRule, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The transaction fails at its very end, as when the database dies: neither readings nor alarms nor state remain."""
    worker = Worker()
    with pytest.raises(Exception, match=r"out of range|too large"):
        worker.handle([(2**70, batch(gas, (0, 2.0), (5, 2.0)))])
    assert (stored(), Alarm.everything.count(), RuleState.objects.count()) == ([], 0, 0)
    worker.handle([(1, batch(gas, (0, 2.0), (5, 2.0)))])
    assert Alarm.everything.count() == 1


def test_another_district_neither_sees_nor_handles_the_alarm(
    worker: Worker, city: City, gas: Datastream, rule: AlarmRule
) -> None:
    worker.handle([(1, batch(gas, (0, 2.0), (3, 2.0)))])
    alarm = Alarm.everything.get()
    assert list(Alarm.objects.visible_to(actor(city.east))) == []
    with pytest.raises(Exception, match="不存在"):
        actions.acknowledge_alarm(actor(city.east), alarm.pk)
