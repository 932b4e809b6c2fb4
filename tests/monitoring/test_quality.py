"""Quality tests, units, roll-ups under late data, thinning."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from django.db import connection

from anlan.kernel import clock
from anlan.monitoring.log import GOOD
from anlan.monitoring.models import Latest
from anlan.monitoring.pipeline import neighbours, rollups, store
from anlan.monitoring.rules import quality
from tests.conftest import City
from tests.monitoring.conftest import T0, Feed, make_rule, make_station, make_stream

pytestmark = pytest.mark.django_db
SUSPECT = 3


def flags(stream: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("select quality from observation where stream = %s order by at", [stream])
        return [row[0] for row in cursor.fetchall()]


def test_a_reading_that_jumps_is_suspect_and_raises_nothing(city: City, feed: Feed) -> None:
    make_rule(city, hi=50)
    stream = make_stream(make_station(city), max_step=5)
    feed.worker.checks.reload()
    feed.say(stream, (0, 10), (1, 12), (2, 90), (3, 92))
    feed.say(stream, (4, 93))
    assert flags(stream.pk) == [0, 0, SUSPECT, 0, 0], "what follows is measured by the reading before"


def test_a_value_that_does_not_move_is_suspect_after_its_time(city: City, feed: Feed) -> None:
    stream = make_stream(make_station(city), flat_s=180)
    feed.worker.checks.reload()
    feed.say(stream, *[(n, 1.0) for n in range(3)])
    feed.say(stream, *[(n, 1.0) for n in range(3, 6)], (6, 1.1))
    assert flags(stream.pk) == [0, 0, 0, 0, SUSPECT, SUSPECT, 0]


def test_the_odd_one_among_neighbours_is_found() -> None:
    places = [(106.7 + n / 100, 39.5) for n in range(6)]
    assert quality.odd_ones(places, [20.1, 20.4, 35.0, 20.2, 19.9, 20.3], 50) == [2]
    assert quality.odd_ones(places, [20.1, 20.4, 35.0, 20.2, 19.9, 20.3], 0.5) == [], "too few near enough"


def test_only_those_that_ask_are_compared_with_their_neighbours_and_stay_marked(city: City, feed: Feed) -> None:
    streams = [
        make_stream(make_station(city, lon=106.7 + n / 100), quantity="temp", neighbour_km=50, neighbour_diff=2)
        for n in range(5)
    ]
    silent = make_stream(make_station(city, lon=106.75), quantity="temp")
    for n, stream in enumerate(streams):
        feed.say(stream, (0, 35.0 if n == 2 else 20 + n / 10))
    feed.say(silent, (0, -40.0))
    with clock.standing_at(T0 + timedelta(minutes=1)):
        assert neighbours.flag_odd_ones(clock.now()) == 1
        assert neighbours.flag_odd_ones(clock.now()) == 0, "what is suspect is compared no more"
    assert flags(streams[2].pk) == [SUSPECT]
    assert flags(silent.pk) == [GOOD]
    assert Latest.objects.get(pk=streams[2].pk).quality == SUSPECT


@pytest.mark.parametrize(
    ("source", "target", "given", "expected"),
    [("cm", "m", 250, 2.5), ("°F", "℃", 212, 100), ("kPa", "MPa", 350, 0.35), ("m3/h", "L/s", 36, 10), ("", "m", 3, 3),
     ("m³/s", "L/s", 2, 2000), ("µg/m³", "mg/m3", 500, 0.5), ("mmHg", "kPa", 760, 101.325), ("kn", "m/s", 10, 5.14444)],
)  # fmt: skip
def test_units_are_converted(source: str, target: str, given: float, expected: float) -> None:
    factor, offset = quality.conversion(source, target)
    assert given * factor + offset == pytest.approx(expected, rel=1e-5)


def test_units_that_do_not_fit_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="ppm"):
        quality.conversion("ppm", "m")


def test_a_hundred_thousand_points_are_thinned_and_keep_their_peaks() -> None:
    at = np.arange(100_000.0)
    value = np.sin(at / 500)
    value[77_777] = 50.0
    kept = quality.lttb(at, value, 500)
    assert len(kept) == 500
    assert (np.diff(kept) > 0).all()
    assert 77_777 in kept


def test_thinning_agrees_with_the_published_algorithm() -> None:
    # Steinarsson's own first step by hand: 5 points to 3 keep the one with the largest triangle.
    assert quality.lttb(np.arange(5.0), np.array([0.0, 1.0, 9.0, 1.0, 0.0]), 3).tolist() == [0, 2, 4]


def truth(table: str) -> list[tuple[object, ...]]:
    """The roll-up computed from the readings now."""
    unit = {"monitoring_minute": "minute", "monitoring_hour": "hour", "monitoring_day": "day"}[table]
    with connection.cursor() as cursor:
        cursor.execute(
            f"select stream, date_trunc('{unit}', at, 'UTC') as b, count(*), round(sum(value)::numeric, 6), min(value),"
            " max(value) from observation where quality = 0 group by 1, 2 order by 1, 2"
        )
        return cursor.fetchall()


def rolled(table: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"select stream, at, n, round((mean * n)::numeric, 6), low, high from {table} where n > 0 order by 1, 2"
        )
        return cursor.fetchall()


def test_roll_ups_are_right_whatever_comes_late_or_again(city: City, feed: Feed) -> None:
    streams = [make_stream(make_station(city)) for _ in range(3)]
    rng = random.Random(1)
    readings = [(stream, minute, float(rng.randint(0, 99))) for stream in streams for minute in range(-300, 0, 7)]
    rng.shuffle(readings)
    tables = ("monitoring_minute", "monitoring_hour", "monitoring_day")
    now = T0 + timedelta(minutes=30)
    for start in range(0, len(readings), 20):
        for stream, minute, value in readings[start : start + 20]:
            feed.say(stream, (minute, value))
        rollups.advance(now)
        rollups.work_off(10_000)
    for table in tables:
        assert rolled(table) == truth(table)
    feed.say(streams[0], (-290, 1000.0))
    assert rolled("monitoring_hour") != truth("monitoring_hour")
    rollups.work_off(10_000)
    for table in tables:
        assert rolled(table) == truth(table)


def test_an_hour_that_goes_on_is_not_rolled_up_yet(city: City, feed: Feed) -> None:
    feed.say(make_stream(make_station(city)), (5, 1.0))
    rollups.advance(T0 + timedelta(minutes=50))
    rollups.work_off()
    assert rolled("monitoring_hour") == []
    rollups.advance(T0 + timedelta(minutes=63))
    rollups.work_off()
    assert len(rolled("monitoring_hour")) == 1


def test_old_days_are_dropped_whole_and_newer_ones_stay(city: City, feed: Feed) -> None:
    stream = make_stream(make_station(city))
    feed.say(stream, (0, 1.0), (3 * 1440, 2.0))
    days = {day for day, _ in store.days_with_partition()}
    later = datetime.now(UTC) + timedelta(days=1)
    dropped = store.drop_partitions(T0.date() + timedelta(days=1), later)
    assert T0.date() in dropped
    assert days - set(dropped) >= {T0.date() + timedelta(days=3)}
