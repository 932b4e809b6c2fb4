"""The air a fire is run with: measured now, forecast afterwards; what is taken from where is said in words."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from anlan.hazards.contract import InputError
from anlan.hazards.wildfire.moisture import fine_dead_pct
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.geo import distance_m
from anlan.monitoring import queries
from anlan.monitoring.models import Station

#: A weather reading older than this is no weather for a fire.
FRESH = timedelta(hours=3)
#: How far ahead a fire is run, and so a forecast is asked for.
AHEAD = timedelta(hours=7)
#: Stations that are asked, nearest first.
NEAREST = 5
#: The engine's greatest wind at 10 m, m/s.
MOST_WIND = 40.0
#: Fine dead moisture (%) where nobody knows temperature and humidity: the engine's default.
UNKNOWN_MOISTURE = 6.0
NOTHING = "无三小时内的实测气象，也没有预报，取引擎默认值，请改输入再推演"


@dataclass(frozen=True)
class Weather:
    """Readings and forecast a fire is run with; `words` say where from and when."""

    inputs: dict[str, Any]
    words: str


@dataclass
class Outlook:
    """Hours of one station's forecast: (hour from now, wind m/s, from °, moisture % or None), by time."""

    station: Station
    issued: datetime
    source: str
    rows: list[tuple[float, float, float, float | None]] = field(default_factory=list)

    @property
    def words(self) -> str:
        return (
            f"{self.station.name} {self.issued.astimezone(clock.BEIJING):%m-%d %H:%M} 起报的逐时预报（{self.source}）"
        )


def weather_near(by: Actor, lon: float, lat: float, at: datetime) -> Weather:
    """Wind measured within three hours, then the hourly forecast; the forecast alone where nothing was measured."""
    stations = sorted(
        queries.stations(by).filter(kind="气象", in_service=True),
        key=lambda one: distance_m(lon, lat, one.lon, one.lat),
    )[:NEAREST]
    inputs, words = measured(by, stations, lon, lat, at)
    outlook = outlook_near(by, stations, at)
    if outlook is None:
        return Weather(inputs, f"{words}，没有预报，风恒定" if inputs else NOTHING)
    started = begun(outlook) if not inputs else {}
    inputs = inputs or started
    rows = ahead_of(outlook, inputs.get("moisture_pct", UNKNOWN_MOISTURE))
    inputs |= {"forecast": rows} if rows else {}
    dry = "" if any(wet is not None for *_, wet in outlook.rows) else "；预报没有温湿度，含水率不变"
    if started:
        return Weather(inputs, f"没有三小时内的实测风，起始即用{outlook.words}{dry}")
    return Weather(inputs, f"{words}，其后用{outlook.words}{dry}")


def measured(by: Actor, stations: list[Station], lon: float, lat: float, at: datetime) -> tuple[dict[str, Any], str]:
    """(inputs, words) of the nearest station that reported its wind; moisture from its temperature and humidity."""
    for station in stations:
        values = {
            reading.datastream.quantity: reading.value
            for reading in queries.latest(by, [station.pk])
            if reading.good and reading.value is not None and abs(at - reading.at) <= FRESH
        }
        if "风速" in values and "风向" in values:
            inputs: dict[str, Any] = {"wind_m_s": min(MOST_WIND, values["风速"]), "wind_from_deg": values["风向"] % 360}
            wet = moisture_of(values)
            km = distance_m(lon, lat, station.lon, station.lat) / 1000
            return inputs | ({} if wet is None else {"moisture_pct": wet}), f"气象取自{station.name}（{km:.0f} km）"
    return {}, ""


def moisture_of(values: dict[str, float]) -> float | None:
    """Fine dead moisture, %; None without temperature and humidity that can be."""
    if "气温" not in values or "相对湿度" not in values:
        return None
    try:
        return round(fine_dead_pct(values["气温"], values["相对湿度"]), 1)
    except InputError:
        return None


def outlook_near(by: Actor, stations: list[Station], at: datetime) -> Outlook | None:
    """The forecast of the nearest station that has wind for the next hours."""
    for station in stations:
        hours: dict[datetime, dict[str, float]] = defaultdict(dict)
        span = {"valid_at__gt": at - FRESH, "valid_at__lte": at + AHEAD}
        found = list(queries.forecasts(by).filter(station=station, **span))
        for row in found:
            hours[row.valid_at][row.quantity] = row.value
        rows = [
            (
                round((when - at).total_seconds() / 3600, 3), min(MOST_WIND, known["风速"]), known["风向"] % 360,
                moisture_of(known),
            )
            for when, known in sorted(hours.items())
            if {"风速", "风向"} <= set(known)
        ]  # fmt: skip
        if any(hour > 0 for hour, *_ in rows):
            newest = max(found, key=lambda one: one.issued_at)
            return Outlook(station, newest.issued_at, newest.source, rows)
    return None


def begun(outlook: Outlook) -> dict[str, Any]:
    """Wind and moisture at the beginning by the forecast: of its newest hour that has passed, else of its first."""
    past = [row for row in outlook.rows if row[0] <= 0]
    _, wind, turn, wet = past[-1] if past else outlook.rows[0]
    return {"wind_m_s": wind, "wind_from_deg": turn} | ({} if wet is None else {"moisture_pct": wet})


def ahead_of(outlook: Outlook, moisture: float) -> list[list[float]]:
    """Rows for the engine: hours to come; moisture that is not forecast stays as it was before."""
    rows = []
    for hour, wind, turn, wet in outlook.rows:
        if hour > 0:
            moisture = moisture if wet is None else wet
            rows.append([hour, wind, turn, moisture])
    return rows
