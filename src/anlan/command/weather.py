"""天气 at a place: what the nearest stations say now, and the forecast of the next hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.geo.shapes import distance_m
from anlan.monitoring import queries as monitoring

#: Kind of the register's weather stations.
WEATHER = "气象"
#: Forecasts of the next hours; one of a station farther away says nothing of this place (as monitoring's judgements).
AHEAD, FORECAST_M = timedelta(hours=6), 25_000.0
#: What is added up over the hours; of anything else the lowest and highest are told.
SUMS = {"小时雨量": "雨量", "小时雪量": "雪量"}
UNITS = {
    "气温": "°C", "风速": "m/s", "阵风": "m/s", "小时雨量": "mm", "小时雪量": "mm", "相对湿度": "%", "能见度": "m",
    "地面温度": "°C", "路面温度": "°C", "冰雹直径": "mm", "PM2.5": "µg/m³",
}  # fmt: skip
#: Weather older than this is told as old.
FRESH = timedelta(hours=1)


@dataclass(frozen=True)
class Weather:
    """What one station near says now. `old`: it has not been heard for an hour."""

    station: str
    km: float
    rows: list[tuple[str, str, datetime]]
    old: bool


@dataclass(frozen=True)
class Forecast:
    """What is forecast for the next hours at the nearest station that has a forecast: (quantity, words)."""

    station: str
    km: float
    rows: list[tuple[str, str]]
    until: datetime
    issued_at: datetime
    source: str


def clock_text(at: datetime) -> str:
    return at.astimezone(clock.BEIJING).strftime("%m-%d %H:%M")


def weather(actor: Actor, lon: float, lat: float, at: datetime) -> list[Weather]:
    """The two nearest weather stations that have said anything."""
    if not actor.has("monitoring.view"):
        return []
    rows = monitoring.stations(actor).filter(kind=WEATHER, in_service=True)
    near = sorted(rows, key=lambda one: distance_m(lon, lat, one.lon, one.lat))[:3]
    found = []
    for station in near:
        readings = [one for one in monitoring.latest(actor, [station.pk]) if one.value is not None and one.at <= at]
        if readings:
            told = [(one.datastream.name, f"{one.value:g} {one.datastream.unit}".strip(), one.at) for one in readings]
            old = max(one.at for one in readings) < at - FRESH
            found.append(Weather(station.name, distance_m(lon, lat, station.lon, station.lat) / 1000, told, old))
    return found[:2]


def forecast(actor: Actor, lon: float, lat: float, at: datetime) -> Forecast | None:
    """未来 6 小时 of the nearest station with a forecast; None where there is none near enough."""
    if not actor.has("monitoring.view"):
        return None
    rows = monitoring.forecasts(actor).filter(valid_at__gt=at, valid_at__lte=at + AHEAD).select_related("station")
    by_station: dict[int, list[Any]] = {}
    for row in rows:
        by_station.setdefault(row.station_id, []).append(row)
    near = [(distance_m(lon, lat, some[0].station.lon, some[0].station.lat), some) for some in by_station.values()]
    metres, found = min(near, key=lambda pair: pair[0], default=(FORECAST_M + 1, []))
    if metres > FORECAST_M:
        return None
    values: dict[str, list[float]] = {}
    for row in found:
        values.setdefault(row.quantity, []).append(row.value)
    first = found[0]
    return Forecast(
        first.station.name, metres / 1000, [(SUMS.get(name, name), told(name, some)) for name, some in values.items()],
        max(row.valid_at for row in found), max(row.issued_at for row in found), first.source,
    )  # fmt: skip


def told(quantity: str, values: list[float]) -> str:
    unit = UNITS.get(quantity, "")
    if quantity in SUMS:
        return f"{sum(values):.1f} {unit}"
    low, high = min(values), max(values)
    return f"{low:.1f} {unit}".strip() if low == high else f"{low:.1f}~{high:.1f} {unit}".strip()


def weather_words(now: Weather) -> str:
    return "，".join(f"{name} {value}" for name, value, _at in now.rows[:4]) + ("（数据已旧）" if now.old else "")
