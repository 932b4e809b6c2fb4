"""Days and months of climate out of readings, and the composite drought index out of days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from django.db import connection

from anlan.monitoring import actions, queries
from anlan.monitoring.models import ClimateDay, ClimateMonth, Station
from tests.conftest import City, actor
from tests.monitoring.conftest import make_station, make_stream

pytestmark = pytest.mark.django_db
#: 10:00 in the morning of 3 July in Beijing.
NOW = datetime(2026, 7, 3, 2, tzinfo=UTC)
HOUR = "insert into monitoring_hour (stream, at, n, bad, mean, low, high, last) values (%s, %s, 1, 0, %s, %s, %s, %s)"


def gauge(city: City) -> tuple[Station, int, int]:
    station = make_station(city, "W-1", kind="气象", area=city.west)
    return station, make_stream(station, "小时雨量").pk, make_stream(station, "气温").pk


def read(stream: int, first: datetime, values: list[float]) -> None:
    rows = [(stream, first + timedelta(hours=i), v, v, v, v) for i, v in enumerate(values)]
    with connection.cursor() as cursor:
        cursor.executemany(HOUR, rows)
        cursor.execute("update monitoring_rolled set until = %s", [NOW])


def test_hours_become_days_and_a_month_and_what_is_missing_is_not_taken_for_dry(city: City) -> None:
    by, (station, rain, temp) = actor(city.city), gauge(city)
    # from 20 h of 31 May on: all of June, 1 and 2 July
    begin, hours = datetime(2026, 5, 31, 12, tzinfo=UTC), 32 * 24
    read(rain, begin, [0.5 if i % 24 == 3 else 0.0 for i in range(hours)])
    read(temp, begin, [20.0 + i % 24 for i in range(hours)])
    assert actions.roll_climate(by, NOW) == 32 + 1
    month = queries.climate(by).get()
    assert (month.month, month.rain_mm, month.temp_c) == (date(2026, 6, 1), 15.0, 31.5)
    assert {row.day for row in queries.climate_days(by)} >= {date(2026, 6, 1), date(2026, 7, 2)}
    assert actions.roll_climate(by, NOW) == 0
    with connection.cursor() as cursor:
        # an amount that came late, and an hour that never was
        cursor.execute(
            "update monitoring_hour set high = 9.5 where stream = %s and at = %s", [rain, begin + timedelta(hours=3)]
        )
        cursor.execute(
            "delete from monitoring_hour where stream = %s and at = %s", [rain, begin + timedelta(days=31, hours=1)]
        )
    ClimateDay.objects.unscoped("test").filter(day=date(2026, 7, 2)).delete()
    assert actions.roll_climate(by, NOW) == 2
    assert queries.climate(by).get().rain_mm == 24.0
    assert not queries.climate_days(by).filter(day=date(2026, 7, 2)).exists()
    ClimateMonth.objects.unscoped("test").update(source="市气象局整编", rain_mm=24.4)
    ClimateDay.objects.unscoped("test").filter(day=date(2026, 6, 1)).update(source="市气象局整编", rain_mm=9.9)
    assert actions.roll_climate(by, NOW) == 0, "the station's own record goes before ours"
    assert station.climate_days.count() == 31


def test_a_record_of_days_is_judged_by_the_composite_index_and_goes_on_by_itself(city: City) -> None:
    by, (station, *_) = actor(city.city), gauge(city)
    first, last = date(2005, 1, 1), date(2026, 7, 2)
    count, random = (last - first).days + 1, np.random.default_rng(5)
    months = np.array([(first + timedelta(days=i)).month for i in range(count)])
    amounts = np.where(random.random(count) < 0.15, random.gamma(0.8, 6.0, count), 0.0)
    amounts[-80:] = 0.0
    ClimateDay.everything.bulk_create(
        ClimateDay(
            code=f"d{i}", station=station, day=first + timedelta(days=i), rain_mm=float(mm),
            temp_c=float(10 - 15 * np.cos((month - 1) / 6 * np.pi)), source="整编",
        )
        for i, (mm, month) in enumerate(zip(amounts, months, strict=True))
    )  # fmt: skip
    actions.judge_readings(by, NOW)
    row = queries.judgements(by).get(name="干旱")
    assert row.colour in ("橙", "红")
    assert row.figures["MCI"] <= -1.5
    assert "截至 2026年07月02日" in row.reason
    ClimateDay.objects.unscoped("test").filter(day=date(2026, 7, 1)).update(rain_mm=40.0)
    actions.judge_readings(by, NOW)
    assert queries.judgements(by).get(name="干旱").colour == ""
    ClimateDay.objects.unscoped("test").filter(day=date(2026, 3, 1)).delete()
    actions.judge_readings(by, NOW)
    assert not queries.judgements(by).filter(name="干旱").exists(), "a hole: too little is left since"
