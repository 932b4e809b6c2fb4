"""Timers of monitoring: what is due by the clock."""

from __future__ import annotations

import os
from datetime import datetime, timedelta

from anlan.kernel import clock
from anlan.kernel.accounts.actor import system
from anlan.kernel.events.outbox import every
from anlan.monitoring import actions, queries
from anlan.monitoring.pipeline import neighbours, rollups, store

#: Readings older than this are dropped by whole days (a parameter of the installation, not of a standard).
KEEP_DAYS, LEAST_KEEP_DAYS = 400, 7
#: Partitions made ahead, so that the first readings of a day wait for none.
DAYS_AHEAD = 2
TIMER = system("定时")
JUDGE = system("研判")


@every(2.0)
def bring_back_shelved_alarms() -> None:
    actions.expire_shelving(TIMER, clock.now())


@every(5.0)
def end_expired_warnings() -> None:
    actions.expire_warnings(TIMER, clock.now())
    actions.end_unmended(TIMER, clock.now())


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


@every(60.0)
def check_neighbours() -> None:
    """Newest values that do not fit those around them."""
    neighbours.flag_odd_ones(clock.now())


def keep_days() -> int:
    """`ANLAN_KEEP_DAYS`, for how long readings are kept."""
    return max(LEAST_KEEP_DAYS, int(os.environ.get("ANLAN_KEEP_DAYS", KEEP_DAYS)))


@every(3600.0)
def keep_partitions() -> None:
    """Days older than `keep_days` go; a scenario's past is kept as long as if it had been recorded when it was played.
    The next days are made ready."""
    now, kept = clock.real_now(), timedelta(days=keep_days())
    rollups.drop_old_minutes(now)
    queries.forget_old_changes()
    store.drop_partitions((now - kept).date(), now - kept)
    today = int(now.timestamp() * 1000) // store.DAY_MS
    for day in set(range(today, today + DAYS_AHEAD + 1)) - store.known_days():
        store.make_partition(day)


#: The 20 h up to which the climate was summed up.
climate_until: list[datetime] = []


@every(600.0)
def roll_climate() -> None:
    """Days and months of rain and temperature, an hour or two after each day's end and again when the worker begins."""
    hour = clock.now().replace(minute=0, second=0, microsecond=0)
    if abs(clock.now() - clock.real_now()) > timedelta(minutes=5):
        return  # what a scenario plays is no climate
    if climate_until != [hour]:
        actions.roll_climate(JUDGE, hour)
        climate_until[:] = [hour]


#: Natural hazards are judged so often by the clock, and at every new hour.
JUDGED_EVERY = timedelta(minutes=5)
judged_at: list[datetime] = []


@every(10.0)
def judge_natural_hazards() -> None:
    """Weather signals, fire danger, ice, flash floods by what was read; in a scenario the clock runs fast and so does this."""
    now = clock.now()
    if judged_at and timedelta(0) <= now - judged_at[0] < JUDGED_EVERY:
        return
    actions.forecast_stages(JUDGE, now)
    actions.judge_readings(JUDGE, now)
    judged_at[:] = [now]
