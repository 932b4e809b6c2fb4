"""河流、堤坝、易涝点: stage forecasts kept hour by hour, and what water may do next, judged with the other natural hazards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from anlan.hazards.contract import InputError
from anlan.hazards.flood import ice, ponding
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.geo import distance_m
from anlan.monitoring import queries
from anlan.monitoring.events import StageForecast as StageForecastMade
from anlan.monitoring.models import Barrier, LowSpot, Reach, StageForecast, Station
from anlan.monitoring.rules import forecasting, signals
from anlan.monitoring.rules.judging import Hours, Verdict

#: Hours of rain of a station, by its key.
Rain = Callable[[int], Hours]
#: Readings that forecasts look back on, and forecasts that are kept.
BACK, KEPT = timedelta(days=45), timedelta(days=60)
#: A gauge that reports less often than this (h) is forecast by days.
DAILY_H = 6.0
#: A low spot without a rain gauge of its own takes the wettest within this, m.
RAIN_M = 20_000.0
#: Hours of rain that fill a low spot.
RAIN_H = 24
FORECAST_CLAUSE = "SL 758-2018；GB/T 22482-2008（模型推算，只作研判）"
BARRIER_CLAUSE = "防汛条例；距顶高度为本平台参数（待核对）"
#: Water this far below the crest (m) gives a colour, nearest first: 待核对 against each design's freeboard.
FREEBOARD = ((0.5, "红"), (1.0, "橙"), (1.5, "黄"))


def hourly(by: Actor, station: Station | None, quantity: str, now: datetime) -> dict[int, float]:
    """Whole hours since 1970 -> last good value of a station's quantity in that hour."""
    if station is None:
        return {}
    streams = queries.datastreams(by).filter(station=station, quantity=quantity).values_list("pk", flat=True)
    return {int(one.at.timestamp() // 3600): one.last for one in queries.hours(by, streams, now - BACK, now)}


def series(rows: dict[int, float], step_h: int, last: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Every `step_h` hours until `last`: the newest value of each step, NaN where none was heard."""
    first = min(rows, default=last)
    found = np.full((last - first) // step_h + 1, np.nan)
    for hour in sorted(rows):
        if hour <= last:
            found[len(found) - 1 - (last - hour) // step_h] = rows[hour]
    return found


@action("monitoring.feed")
def forecast_stages(by: Actor, now: datetime) -> int:
    """Forecast every reach whose gauge has a newer reading than its last forecast; how many were made."""
    made = 0
    for reach in queries.reaches(by):
        stages = hourly(by, reach.downstream, "河道水位", now)
        newest = max(stages, default=None)
        if newest is None:
            continue
        at = datetime.fromtimestamp(newest * 3600, clock.BEIJING)
        if not StageForecast.objects.visible_to(by).filter(reach=reach, at__gte=at).exists():
            made += keep(by, reach, stages, at, now)
    StageForecast.objects.visible_to(by).filter(at__lt=now - KEPT).delete()
    return made


def keep(by: Actor, reach: Reach, stages: dict[int, float], at: datetime, now: datetime) -> bool:
    """Work out and keep one forecast."""
    said = worked_out(by, reach, stages, now)
    if said is None:
        return False
    row = StageForecast.objects.create(
        reach=reach, at=at, hours=said.hours, stages=said.stages, flows=said.flows, bands=said.bands, method=said.method,
        skill=said.skill, parameters=said.parameters,
    )  # fmt: skip
    gauge = reach.downstream
    fact = StageForecastMade(row.pk, reach.name, max(said.stages), said.hours[-1], gauge.lon, gauge.lat)
    record(by, "水位预报", row, fact)
    return True


def worked_out(by: Actor, reach: Reach, stages: dict[int, float], now: datetime) -> forecasting.Said | None:
    hours = sorted(stages)
    gap = float(np.median(np.diff(hours))) if len(hours) > 2 else DAILY_H + 1
    step, last = (1 if gap <= DAILY_H else 24), hours[-1]
    flow, above = hourly(by, reach.downstream, "流量", now), hourly(by, reach.upstream, "流量", now)
    size = len(series(stages, step, last))
    known = bool(flow and above)
    return forecasting.forecast(
        series(stages, step, last), float(step), float(reach.lead_h),
        fitted_to(series(flow, step, last), size) if known else None,
        fitted_to(series(above, step, last), size) if known else None, reach.travel_h, reach.weight,
    )  # fmt: skip


def fitted_to(values: np.ndarray[Any, np.dtype[np.float64]], size: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The last `size` values, NaN before."""
    return np.concatenate([np.full(max(0, size - len(values)), np.nan), values])[-size:]


def of_waters(by: Actor, stations: list[Station], now: datetime, rain: Rain) -> Iterator[tuple[Any, Verdict]]:
    """Forecasts that reach a level, dams and dikes with little freeboard, low spots that fill."""
    for row in queries.stage_forecasts(by):
        if now - row.at <= timedelta(hours=max(row.hours[-1], 24.0)):
            yield from ((row.reach.downstream, one) for one in [ahead(row)] if one)
    for barrier, level in queries.barriers_with_levels(by):
        found = held(barrier, level)
        if found:
            yield barrier, found
    wet = [one for one in stations if rain(one.pk)]
    for spot in queries.low_spots(by):
        found = ponded(spot, rain_at(spot, wet, rain))
        if found:
            yield spot, found


def ahead(row: StageForecast) -> Verdict | None:
    """水位预报: what level the coming water reaches, and when."""
    gauge, peak = row.reach.downstream, max(row.stages)
    found = signals.flood_warning(peak, gauge.alert_m, gauge.guarantee_m, gauge.record_m)
    if not found.colour:
        return None
    hour = row.hours[row.stages.index(peak)]
    score: dict[str, Any] = next(iter(row.skill.values()), {})
    words = f"预报 {hour:g} 小时后 {peak:.2f} m：{found.reason}；{row.method}"
    words += f"，近期确定性系数 {score['nse']}" if score else ""
    figures: dict[str, float | str] = {"stage_m": round(peak, 2), "in_h": hour, "now_at": row.at.isoformat()}
    return Verdict("flood", "水位预报", found.colour, words, FORECAST_CLAUSE, figures)


def held(barrier: Barrier, level_m: float | None) -> Verdict | None:
    """堤坝高水位: by what is left below the crest."""
    if level_m is None:
        return None
    free = barrier.crest_m - level_m
    colour = next((colour for least, colour in FREEBOARD if free <= least), "")
    if not colour or level_m <= barrier.foot_m:
        return None
    words = f"水位 {level_m:.2f} m，距{barrier.get_kind_display()}顶 {free:.2f} m（顶高 {barrier.crest_m:.2f} m）"
    figures: dict[str, float | str] = {"stage_m": round(level_m, 2), "freeboard_m": round(free, 2)}
    return Verdict("flood", "堤坝高水位", colour, words, BARRIER_CLAUSE, figures)


def rain_at(spot: LowSpot, wet: list[Station], rain: Rain) -> list[float]:
    """Rain of each of the last hours (mm), oldest first; the wettest gauge near where the spot has none."""
    near = [spot.station_id] if spot.station_id else [
        one.pk for one in wet if distance_m(spot.lon, spot.lat, one.lon, one.lat) <= RAIN_M
    ]  # fmt: skip
    fallen = []
    for pk in near:
        by_hour = {hour.ago: hour.high for hour in rain(pk) if hour.ago < RAIN_H}
        fallen.append([by_hour.get(ago, 0.0) for ago in range(RAIN_H - 1, -1, -1)])
    return max(fallen, key=sum, default=[])


def ponded(spot: LowSpot, rain_mm: list[float]) -> Verdict | None:
    """内涝: how deep the water stands in a hollow after the rain of the last hours."""
    if not any(rain_mm):
        return None
    try:
        depth = ponding.hollow_depth(rain_mm, spot.basin_hm2, spot.runoff, spot.drain_mm_h, spot.pond_m2)
    except InputError:
        return None
    colour, meaning = ponding.classed(depth)
    if not colour:
        return None
    words = f"近 {RAIN_H} 小时雨量 {sum(rain_mm):.0f} mm，推算积水 {depth:.2f} m：{meaning}"
    figures: dict[str, float | str] = {"depth_m": round(depth, 2), "rain_mm": round(sum(rain_mm), 1)}
    return Verdict("flood", "内涝", colour, words, "本平台分级（待核对）；排水能力按登记", figures)


def jam_at(by: Actor, gauge: Station, now: datetime) -> dict[str, float | str]:
    """冰塞壅水: what a jam in the gauge's reach could raise the river by, at the flow that runs (upper estimate)."""
    reach = next((one for one in queries.reaches(by) if one.downstream_id == gauge.pk), None)
    flow = hourly(by, gauge, "流量", now) if reach else {}
    if reach is None or not flow:
        return {}
    try:
        found = ice.backwater(max(flow[max(flow)], 1.0), reach.width_m, reach.bed_slope, reach.bed_n)
    except InputError:
        return {}
    return {
        "cover_rise_m": round(found.cover_rise_m, 2), "jam_rise_m": round(found.jam_rise_m, 2),
        "jam_reach_km": round(found.jam_reach_m / 1000, 1), "upstream_deg": reach.upstream_deg, "bank": reach.bank,
        "reach_lon": reach.lon, "reach_lat": reach.lat,
    }  # fmt: skip
