"""The health board and the station page's series."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection

from anlan.gateways.log import row_of
from anlan.gateways.readings import Reading
from anlan.kernel import clock
from anlan.monitoring import queries
from anlan.monitoring.pipeline import network, rollups
from tests.conftest import City, actor
from tests.monitoring.conftest import T0, T0_MS, Feed, make_station, make_stream
from tests.monitoring.test_pages import account, browser

pytestmark = pytest.mark.django_db


def test_the_board_shows_first_who_needs_somebody_and_completeness_by_owner(city: City, feed: Feed) -> None:
    good = make_stream(make_station(city, owner="水务局", interval_s=600))
    gaps = make_stream(make_station(city, owner="化工园", interval_s=600))
    dead = make_station(city, owner="化工园", interval_s=600)
    make_stream(dead, calibrated_at=date(2025, 1, 1), calibration_days=365)
    for hour in range(-3, 0):
        feed.say(good, *[(hour * 60 + n * 10, 1.0) for n in range(6)])
        feed.say(gaps, *[(hour * 60 + n * 20, 1.0) for n in range(3)])
    feed.say(good, (1, 1.0))
    feed.say(gaps, (1, 1.0), received_ms=T0_MS + 20 * 60_000)
    now = T0 + timedelta(minutes=5)
    rollups.advance(now)
    rollups.work_off(10_000)
    rows = network.health(actor(city.city), now)
    assert [(row.station.pk, row.online, row.complete) for row in rows] == [
        (dead.pk, False, 0.0), (gaps.station_id, True, 0.5), (good.station_id, True, 1.0),
    ]  # fmt: skip
    assert rows[0].overdue
    assert rows[1].skewed, "its readings come 19 minutes after their time"
    assert [(one.name, one.stations, one.online, one.complete) for one in network.by_owner(rows)] == [
        ("化工园", 2, 1, 0.25), ("水务局", 1, 1, 1.0),
    ]  # fmt: skip
    with clock.standing_at(now):
        page = browser(account(city.city, "li")).get("/monitoring/network/").content.decode()
    assert "检定到期" in page
    assert "时钟偏差" in page


def test_a_clock_that_is_wrong_is_corrected_by_what_was_measured(city: City, feed: Feed) -> None:
    stream = make_stream(make_station(city, protocol="sl651", address="0012345678"))
    feed.say(stream, (0, 1.0), received_ms=T0_MS + 7 * 60_000)
    client = browser(account(city.city, "li"))
    assert client.post(f"/monitoring/stations/{stream.station_id}/clock").status_code == 302
    (ref,) = queries.resolve("sl651").values()
    row = row_of(Reading("0012345678", "cl2", 1.0, "ppm", T0), ref, T0_MS)
    assert row[1] == T0_MS + 7 * 60_000
    assert client.post(f"/monitoring/stations/{make_station(city).pk}/clock").status_code == 409, "nothing was measured"
    neighbour = browser(account(city.west, "wu"))
    assert neighbour.post(f"/monitoring/stations/{stream.station_id}/clock").status_code == 404


def test_hours_without_a_word_are_counted(city: City, feed: Feed) -> None:
    stream, other = make_stream(make_station(city, interval_s=600)), make_stream(make_station(city, interval_s=600))
    feed.say(stream, *[(hour * 60, 1.0) for hour in (-9, -8, -4, -3)])
    feed.say(other, *[(hour * 60, 1.0) for hour in range(-9, -2)])
    rollups.advance(T0)
    rollups.work_off(10_000)
    assert network.offline_hours([stream.station_id, other.station_id], T0) == {
        stream.station_id: 3,
        other.station_id: 0,
    }


def test_a_hundred_thousand_readings_come_as_a_thousand_points_with_their_peak(city: City, feed: Feed) -> None:
    stream = make_stream(make_station(city, interval_s=1))
    feed.say(stream, (0, 0.0))
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into observation (stream, at, value, quality, received)"
            " select %s, %s::timestamptz + n * interval '100 ms', case when n = 77777 then 99 else sin(n / 500.0) end, 0, now()"
            " from generate_series(1, 100000) n",
            [stream.pk, T0],
        )
    client: Any = browser(account(city.city, "li"))
    end = T0_MS + 10_000_000
    found = client.get(f"/monitoring/datastreams/{stream.pk}/series.json?start={T0_MS}&end={end}&points=1000").json()
    assert (len(found["at"]), found["readings"], found["source"]) == (1000, 100_001, "reading")
    assert max(found["value"]) == 99
    wrong = client.get(f"/monitoring/datastreams/{stream.pk}/series.json?start={end}&end={T0_MS}")
    assert wrong.status_code == 422


def test_years_of_readings_are_shown_by_their_hours(city: City, feed: Feed) -> None:
    stream = make_stream(make_station(city, interval_s=1))
    feed.say(stream, *[(-n, float(n)) for n in range(1, 120)])
    rollups.advance(T0 + timedelta(minutes=5))
    rollups.work_off(10_000)
    client: Any = browser(account(city.city, "li"))
    start = T0_MS - 60 * 86_400_000
    found = client.get(f"/monitoring/datastreams/{stream.pk}/series.json?start={start}&end={T0_MS}").json()
    assert found["source"] == "hour"
    assert (min(found["value"]), max(found["value"]), found["readings"]) == (1, 119, 119)
