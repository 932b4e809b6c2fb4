"""Timers of monitoring: what is due by the clock."""

from __future__ import annotations

from datetime import timedelta

from anlan.kernel import clock
from anlan.kernel.accounts.actor import system
from anlan.kernel.events.outbox import every
from anlan.monitoring import actions
from anlan.monitoring.pipeline import rollups, store

#: Readings older than this are dropped by whole days (a parameter of the installation, not of a standard).
KEEP_DAYS = 400
TIMER = system("定时")


@every(2.0)
def bring_back_shelved_alarms() -> None:
    actions.expire_shelving(TIMER, clock.now())


@every(5.0)
def end_expired_warnings() -> None:
    actions.expire_warnings(TIMER, clock.now())


@every(5.0)
def tidy_alarms() -> None:
    """Chattering and stale alarms, and maintenance windows."""
    actions.tidy_alarms(TIMER, clock.now())


@every(2.0)
def escalate_unacknowledged_alarms() -> None:
    """ISA-18.2: an alarm of high priority that nobody acknowledges goes to the next person."""
    actions.escalate_overdue(TIMER, clock.now())


@every(30.0)
def tell_parks_of_weather_and_stock() -> None:
    """The risk of chemical parks follows what stations say."""
    actions.follow_parks(TIMER, clock.now())


@every(10.0)
def roll_up() -> None:
    """Minutes, hours and days of what is over, and of what came late."""
    rollups.advance(max(clock.now(), clock.real_now()))
    rollups.work_off()


@every(3600.0)
def drop_old_readings() -> None:
    """Days older than `KEEP_DAYS`; a scenario's past is kept as long as if it had been recorded when it was played."""
    before = (clock.real_now() - timedelta(days=KEEP_DAYS)).date()
    rollups.drop_old_minutes(clock.real_now())
    store.drop_partitions(before, clock.real_now() - timedelta(days=KEEP_DAYS))
