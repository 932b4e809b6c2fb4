"""What stations say of chemical parks: the wind over them, what their tanks hold and who is there, handed down to supervision."""

from __future__ import annotations

from datetime import datetime, timedelta

from anlan.hazards.chemical.stability import pasquill, solar_height
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.geo import distance_m
from anlan.monitoring import queries
from anlan.monitoring.actions.park_risk import forget_stale_parks
from anlan.monitoring.models import Station
from anlan.monitoring.queries import Reading
from anlan.supervision import actions as supervision
from anlan.supervision import queries as supervised

#: A mast farther away (m), or a reading older, says nothing of the wind over a park.
FAR_M, FRESH = 20_000.0, timedelta(hours=2)
#: Cloud is not measured by these masts: half the sky, 待核对.
CLOUD_TENTHS = 5.0
SPEED, DIRECTION, LEVEL = "风速", "风向", "储罐液位"


def follow_parks(by: Actor, at: datetime) -> int:
    """Parks and units that were told something."""
    told = weather_over_parks(by, at) + stock_in_units(by, at) + people_on_site(by, at)
    forget_stale_parks(by, at)
    return told


def weather_over_parks(by: Actor, at: datetime) -> int:
    masts = list(queries.stations(by).filter(kind="气象", in_service=True))
    told = 0
    for park in supervised.parks(by):
        near = sorted((distance_m(park.lon, park.lat, mast.lon, mast.lat), mast.pk, mast) for mast in masts)
        for far, _pk, mast in near[:3]:
            found = {r.datastream.quantity: r for r in queries.latest(by, [mast.pk]) if r.good and fresh(r, at)}
            if far <= FAR_M and SPEED in found and DIRECTION in found:
                tell(by, park.pk, mast, found[SPEED], found[DIRECTION])
                told += 1
                break
    return told


def fresh(reading: Reading, at: datetime) -> bool:
    return abs(at - reading.at) <= FRESH


def tell(by: Actor, park_id: int, mast: Station, speed: Reading, direction: Reading) -> None:
    """Stability by wind and sun (GB/T 3840-91), with the cloud that nobody measures taken as half the sky."""
    assert speed.value is not None
    assert direction.value is not None
    when = speed.at
    hour = (when.hour + when.minute / 60 + 8) % 24
    sun = solar_height(when.timetuple().tm_yday - 1, hour, mast.lon, mast.lat)
    stability = pasquill(max(0.0, speed.value), CLOUD_TENTHS, sun)
    source = f"{mast.name}（云量按 {CLOUD_TENTHS:g} 成）"
    supervision.observe_weather(by, park_id, max(0.0, speed.value), direction.value % 360, stability, when, source)


def stock_in_units(by: Actor, at: datetime) -> int:
    """A level as a share of the full level, times the design maximum: right for upright vessels, about right for others."""
    units = {unit.pk: unit for unit in supervised.units_of_stations(by)}
    stations = list(queries.stations(by).filter(hazard_unit_id__in=units))
    told = 0
    for reading in queries.latest(by, [station.pk for station in stations]):
        if reading.datastream.quantity != LEVEL or not reading.good or not fresh(reading, at) or reading.value is None:
            continue
        unit = units[reading.datastream.station.hazard_unit_id or 0]
        share = min(1.0, max(0.0, reading.value / (unit.full_level_m or 1.0)))
        # in steps of 2 %: a ripple is no change of inventory
        tonnes = round(share * 50) / 50 * unit.quantity_t
        supervision.report_stock(by, unit.pk, tonnes, reading.at, f"液位 {reading.value:g} m 折算")
        told += 1
    return told


def people_on_site(by: Actor, at: datetime) -> int:
    """Works and protection targets whose register names the streams of their gates or badges; several are added up.

    Only when every one of them is fresh and good: half of the gates would count half of the people.
    """
    places = supervised.counted_places(by)
    codes = {code for _kind, _pk, streams in places for code in streams}
    stations = queries.datastreams(by).filter(code__in=codes).values_list("station_id", flat=True)
    found = {reading.datastream.code: reading for reading in queries.latest(by, set(stations))} if codes else {}
    told = 0
    for kind, pk, streams in places:
        readings = [found[code] for code in streams if code in found and found[code].good and fresh(found[code], at)]
        if len(readings) < len(streams):
            continue
        count = round(sum(max(0.0, reading.value or 0.0) for reading in readings))
        when, names = min(reading.at for reading in readings), "、".join(streams)
        supervision.report_people(by, kind, pk, count, when, f"在场人数 {names}")
        told += 1
    return told
