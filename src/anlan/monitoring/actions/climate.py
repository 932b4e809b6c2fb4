"""气候汇总: days and months out of what stations read, so that drought goes on from the record by itself.

What is missing is not nothing: a day without all of its hours of rain has no amount, a month without all of its days none
(WMO-No. 1203 clause 4.4.1: sums need every value), and it has to be entered from the station's own record.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action
from anlan.monitoring import queries
from anlan.monitoring.models import ClimateDay, ClimateMonth, Station

#: A day ends at 20 h Beijing time (地面气象观测规范); so long after it most late readings are in.
DAY_ENDS, GRACE = 20, timedelta(hours=2)
#: Days that are summed up again and again (late readings), and hours of temperature that make a mean (待核对).
LOOK_BACK, LEAST_TEMPS = 45, 18
RAIN, TEMP = "小时雨量", "气温"
SOURCE = "平台按实测汇总（20—20 时）"


@action("monitoring.feed")
def roll_climate(by: Actor, now: datetime) -> int:
    """Sum up the last days and the month before this one; returns how many days and months are new or changed."""
    last = (now - GRACE).astimezone(clock.BEIJING)
    end = last.replace(hour=DAY_ENDS, minute=0, second=0, microsecond=0)
    end -= timedelta(days=1) if end > last else timedelta(0)
    rows = queries.datastreams(by).filter(station__kind="气象", station__in_service=True, quantity__in=(RAIN, TEMP))
    of = {pk: (station, quantity) for pk, station, quantity in rows.values_list("pk", "station_id", "quantity")}
    read: dict[tuple[int, date], dict[str, dict[datetime, float]]] = defaultdict(lambda: defaultdict(dict))
    for one in queries.hours(by, of, end - timedelta(days=LOOK_BACK), end - timedelta(seconds=1)):
        station, quantity = of[one.stream]
        value = one.high if quantity == RAIN else one.mean
        read[station, day_of(one.at)][quantity][one.at] = value
    whole = {key: summed(hours) for key, hours in read.items()}
    stations = queries.stations(by).in_bulk({station for station, _ in whole})
    changed = sum(keep_day(by, stations[key[0]], key[1], found) for key, found in whole.items() if found)
    return changed + sum(keep_month(by, station, end.date()) for station in stations.values())


def day_of(hour: datetime) -> date:
    """The day an hour belongs to: from 20 h on the next one's."""
    return (hour.astimezone(clock.BEIJING) + timedelta(hours=24 - DAY_ENDS)).date()


def summed(hours: dict[str, dict[datetime, float]]) -> tuple[float, float] | None:
    """(rain mm, mean temperature) of a day that has its hours; None where some are missing."""
    rain, temp = hours.get(RAIN, {}), hours.get(TEMP, {})
    if len(rain) < 24 or len(temp) < LEAST_TEMPS:
        return None
    return round(sum(rain.values()), 2), round(sum(temp.values()) / len(temp), 2)


def keep_day(by: Actor, station: Station, day: date, found: tuple[float, float]) -> bool:
    """False where nothing is new; a day out of the station's own record stays as it is."""
    held = queries.climate_days(by).filter(station=station, day=day).first()
    if held and (held.source != SOURCE or (held.rain_mm, held.temp_c) == found):
        return False
    values = {"rain_mm": found[0], "temp_c": found[1], "source": SOURCE, "representative": station.representative}
    ClimateDay.objects.visible_to(by).update_or_create(
        station=station, day=day, defaults=values, create_defaults={**values, "code": f"{station.code}-{day:%Y%m%d}"}
    )
    return True


def keep_month(by: Actor, station: Station, today: date) -> bool:
    """The month before this one, where every day of it is known."""
    last = today.replace(day=1) - timedelta(days=1)
    first = last.replace(day=1)
    held = queries.climate(by).filter(station=station, month=first).first()
    days = list(queries.climate_days(by).filter(station=station, day__gte=first, day__lte=last))
    if len(days) < last.day or (held and held.source != SOURCE):
        return False
    rain, temp = round(sum(d.rain_mm for d in days), 2), round(sum(d.temp_c for d in days) / len(days), 2)
    if held and (held.rain_mm, held.temp_c) == (rain, temp):
        return False
    values = {"rain_mm": rain, "temp_c": temp, "source": SOURCE, "representative": station.representative}
    ClimateMonth.objects.visible_to(by).update_or_create(
        station=station,
        month=first,
        defaults=values,
        create_defaults={**values, "code": f"{station.code}-{first:%Y%m}"},
    )
    return True
