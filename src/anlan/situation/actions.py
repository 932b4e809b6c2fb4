"""Following a release: start it, compute it anew with the wind that blows, weigh the detectors, end it."""

from __future__ import annotations

import time
from dataclasses import asdict
from math import log
from typing import Any
from uuid import UUID, uuid4

from anlan.hazards.chemical import HAZARD, cloud, inverse
from anlan.hazards.chemical.scenario import released
from anlan.hazards.chemical.substances import find
from anlan.hazards.contract import InputError
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, Invalid
from anlan.simulation import actions as simulation
from anlan.situation import queries
from anlan.situation.events import ReleaseAssessed, ReleaseConfirmed, ReleaseEnded, ReleaseProposed
from anlan.situation.models import Origin, ReleaseWatch
from anlan.supervision import queries as supervision

RUN = "simulation.run"
#: What the weather gives; people may say it themselves only where no station is near.
WEATHER = ("wind_m_s", "wind_from_deg", "stability", "air_c")
#: Another wind is one that has turned so far, or blows so much harder or softer (ratio), or is of another class: 待核对.
TURNED_DEG, RATIO = 10.0, 1.25
#: Detectors nearer than this stand in the flow of the leak itself, which no model here knows, m.
NEAR_FIELD_M = 100.0
#: Hole taken when only detectors speak, mm (a leak of HJ 169-2018 table E.1 is 10 mm to full bore): 待核对.
UNKNOWN_HOLE_MM = 25.0
#: Where no wind is measured a proposed release spreads in all directions: still air, stable.
STILL = {"wind_m_s": 0.0, "wind_from_deg": 0.0, "stability": "F", "air_c": 20.0}


@action(RUN)
def follow_release(
    by: Actor,
    given: dict[str, Any],
    unit_id: int | None = None,
    lon: float | None = None,
    lat: float | None = None,
    correlation_id: UUID | None = None,
) -> ReleaseWatch:
    """Start to follow a release: from a hazard unit and what is known of its hole, or from a place and all inputs."""
    unit = supervision.hazard_unit(by, unit_id) if unit_id else None
    known = named({**(of_unit(unit) if unit else {}), **given})
    lon, lat = (unit.lon if unit else lon), (unit.lat if unit else lat)
    if lon is None or lat is None:
        raise Invalid("lon", lon, "经度、纬度，或选择危险单元", label="位置")
    area = simulation.district_at(lon, lat)
    by.require(RUN, area)
    title = f"{unit.enterprise.name} {unit.name}泄漏" if unit else f"{known.get('substance', '')}泄漏"
    watch = ReleaseWatch.objects.create(
        area=area, title=title[:120], unit=unit, lon=lon, lat=lat, given=known, started_at=clock.now(),
        correlation_id=correlation_id or uuid4(),
    )  # fmt: skip
    assess(by, watch, "开始研判")
    return watch


def of_unit(unit: Any) -> dict[str, Any]:
    """Substance, state and inventory of a hazard unit; the hole is for people to say."""
    found = supervision.release_inputs(unit, 25.0, 0.0, 0.0, "D")
    inputs = {name: value for name, value in found.items() if name not in WEATHER}
    return {**inputs, "inventory_t": unit.quantity_t}


def named(given: dict[str, Any]) -> dict[str, Any]:
    """The substance by its key, whatever people call it; near names are suggested."""
    if not given.get("substance"):
        raise Invalid("substance", given.get("substance"), "物质名称、CAS 号或 UN 号", label="物质")
    try:
        return {**given, "substance": find(str(given["substance"])).key}
    except InputError as error:
        raise Invalid(error.field, error.value, error.allowed, label="物质") from error


@action(RUN)
def propose_release(
    by: Actor, unit_id: int, station_id: int, correlation_id: UUID | None, why: str
) -> ReleaseWatch | None:
    """What gas detectors at a hazard unit make of it before anybody is asked: a release with the rate they tell, if they can,
    else with a usual hole; again with what further detectors say. None when the alarm is of another gas, or a person stands for
    the unit's release already."""
    unit = supervision.hazard_unit(by, unit_id)
    if not unit.substance:
        return None
    of = find(unit.substance)
    read = queries.detectors(by, unit.lon, unit.lat, of, clock.now())
    if of.endpoint_2 is None or not any(
        one["station_id"] == station_id and one["mg_m3"] > inverse.LIMIT_MG_M3 for one in read
    ):
        return None
    running = (
        ReleaseWatch.objects.visible_to(by, RUN)
        .filter(unit=unit, ended_at__isnull=True)
        .select_for_update(of=("self",))
    )
    watch, is_new = running.first(), False
    if watch is not None and not watch.unconfirmed:
        return None
    if watch is None:
        watch, is_new = proposed(unit, correlation_id), True
    weighed(by, watch, read)
    assess(by, watch, f"气体探测器报警自动研判：{why}"[:200])
    rate = watch.given.get("rate_kg_s")
    if is_new:
        fact = ReleaseProposed(watch.pk, watch.title, why, rate, watch.lon, watch.lat)
        record(by, "自动研判泄漏", watch, fact, reason=why, correlation_id=watch.correlation_id)
    return watch


def proposed(unit: Any, correlation_id: UUID | None) -> ReleaseWatch:
    return ReleaseWatch.objects.create(
        area=simulation.district_at(unit.lon, unit.lat), title=f"{unit.enterprise.name} {unit.name}疑似泄漏"[:120], unit=unit,
        lon=unit.lon, lat=unit.lat, given=named({**STILL, **of_unit(unit), "hole_mm": UNKNOWN_HOLE_MM}), started_at=clock.now(),
        correlation_id=correlation_id or uuid4(), origin=Origin.DETECTORS,
    )  # fmt: skip


def weighed(by: Actor, watch: ReleaseWatch, read: list[dict[str, Any]]) -> None:
    """The rate that detectors tell, with how sure it is, in place of the one of a guessed hole."""
    inputs, _weather = inputs_of(by, watch)
    without = {name: value for name, value in inputs.items() if name not in {"rate_kg_s", "rate_sd"}}
    watch.source = estimated(watch, without, read)
    found = watch.source["estimate"]
    if found:
        spread = (
            log(max(found["high"] / max(found["low"], 1e-9), 1.0)) / 3.29
        )  # the middle 90 % of a normal distribution
        watch.given = {
            **watch.given,
            "rate_kg_s": round(found["median"], 4),
            "rate_sd": round(min(2.0, max(0.1, spread)), 3),
        }


@action(RUN)
def confirm_release(by: Actor, watch_id: int, given: dict[str, Any]) -> ReleaseWatch:
    """An officer stands for a release that detectors proposed; what is known of the hole takes the place of the estimate."""
    watch = held(by, watch_id)
    if not watch.unconfirmed:
        raise Conflict(f"“{watch.title}”不需要确认")
    before = snapshot(watch)
    watch.confirmed_at, watch.confirmed_by = clock.now(), by.name
    if "hole_mm" in given:
        watch.given = {name: value for name, value in watch.given.items() if name not in {"rate_kg_s", "rate_sd"}}
    watch.given = named({**watch.given, **given})
    watch.save()
    fact = ReleaseConfirmed(watch.pk, watch.title, by.name)
    record(by, "确认泄漏研判", watch, fact, before=before, correlation_id=watch.correlation_id)
    assess(by, watch, f"{by.name}确认泄漏")
    return watch


def inputs_of(by: Actor, watch: ReleaseWatch) -> tuple[dict[str, Any], queries.Weather | None]:
    """The engine's inputs with the live wind; what people typed where nothing is measured."""
    weather = queries.weather_at(by, watch.lon, watch.lat, clock.now())
    if weather is None:
        if "wind_m_s" not in watch.given or "wind_from_deg" not in watch.given:
            raise Invalid("wind_m_s", None, "30 km 内没有一小时内的风速风向读数，请填写风速、风向", label="气象")
        return as_said(watch), None
    typed = {name: value for name, value in watch.given.items() if name not in WEATHER}
    live = {name: getattr(weather, name) for name in WEATHER}
    live["wind_m_s"] = min(40.0, max(0.0, live["wind_m_s"]))
    live["air_c"] = min(55.0, max(-50.0, live["air_c"]))
    return {**typed, **live}, weather


def as_said(watch: ReleaseWatch) -> dict[str, Any]:
    """The inputs with a wind that people said; the class of stability goes by it and the hour unless they said that too."""
    try:
        speed = float(watch.given["wind_m_s"])
    except (TypeError, ValueError):
        return dict(watch.given)  # the engine refuses it by name
    return {"stability": queries.class_of(speed, watch.lon, watch.lat, clock.now()), **watch.given}


def assess(by: Actor, watch: ReleaseWatch, because: str) -> None:
    """Footprint, people, advice and post for now; everything of one round is kept with the watch, every round is a run."""
    started = time.perf_counter()
    inputs, weather = inputs_of(by, watch)
    before = snapshot(watch) if watch.rounds else None
    run = simulation.run(by, "chemical", inputs, watch.lon, watch.lat, watch.correlation_id, watch.title)
    now = clock.now()
    watch.run, watch.assessed_at, watch.rounds = run, now, watch.rounds + 1
    watch.weather = (
        weather.as_json() if weather else {name: inputs.get(name) for name in WEATHER} | {"station": typed_by(watch)}
    )
    told = queries.communities(run)
    watch.advice = {
        "zones": queries.people_of(by, run), "communities": told, "empty": queries.left_out(run, told),
        "post": queries.post(by, run, now),
        "shift": "day" if queries.is_day(now) else "night", "because": because,
    }  # fmt: skip
    watch.took_ms = (time.perf_counter() - started) * 1000
    watch.save()
    sure = [zone[watch.advice["shift"]] for zone in watch.advice["zones"] if not zone["uncertain"]]
    fact = ReleaseAssessed(
        watch.pk, run.pk, watch.title, because, watch.lon, watch.lat, max(sure, default=0), watch.took_ms
    )
    record(by, "研判泄漏", watch, fact, before=before, reason=because, correlation_id=watch.correlation_id)


def typed_by(watch: ReleaseWatch) -> str:
    """Where a wind comes from that nobody measured."""
    return "附近没有实测风，按静风向四周扩散" if watch.unconfirmed else "人工填写"


def held(by: Actor, watch_id: int) -> ReleaseWatch:
    watch = ReleaseWatch.objects.visible_to(by, RUN).select_related("unit", "run", "area").one(watch_id, lock=True)
    if watch.ended_at:
        raise Conflict(f"“{watch.title}”已结束研判")
    return watch


@action(RUN)
def reassess_release(by: Actor, watch_id: int, because: str = "人工重新研判") -> ReleaseWatch:
    watch = held(by, watch_id)
    assess(by, watch, because)
    return watch


@action(RUN)
def revise_release(by: Actor, watch_id: int, given: dict[str, Any]) -> ReleaseWatch:
    """More is known of the hole."""
    watch = held(by, watch_id)
    kept = {
        name: value
        for name, value in watch.given.items()
        if name not in {"rate_kg_s", "rate_sd"} or "hole_mm" not in given
    }
    watch.given = named({**kept, **given})
    assess(by, watch, "更新泄漏条件：" + "、".join(sorted(given)))
    return watch


def another_wind(watch: ReleaseWatch, now: queries.Weather) -> str:
    """Why the footprint is out of date, or "" while it is not."""
    old = watch.weather
    if not old or old.get("wind_from_deg") is None:
        return ""
    turned = abs((now.wind_from_deg - old["wind_from_deg"] + 180) % 360 - 180)
    before, after = max(old["wind_m_s"], 0.3), max(now.wind_m_s, 0.3)
    if turned >= TURNED_DEG and max(before, after) >= 0.5:
        return f"风向由 {old['wind_from_deg']:.0f}° 转为 {now.wind_from_deg:.0f}°"
    if max(before / after, after / before) >= RATIO:
        return f"风速由 {old['wind_m_s']:.1f} m/s 变为 {now.wind_m_s:.1f} m/s"
    if old.get("stability") != now.stability:
        return f"稳定度由 {old.get('stability')} 变为 {now.stability}"
    return ""


@action(RUN)
def follow_wind(by: Actor, watch_id: int) -> bool:
    """Compute anew if the wind is another one than that of the last round."""
    watch = held(by, watch_id)
    now = queries.weather_at(by, watch.lon, watch.lat, clock.now())
    because = another_wind(watch, now) if now else ""
    if because:
        assess(by, watch, because)
    return bool(because)


@action(RUN)
def weigh_detectors(by: Actor, watch_id: int) -> ReleaseWatch:
    """Estimate the rate from the gas detectors around and keep it beside the calculated one."""
    watch = held(by, watch_id)
    before = snapshot(watch)
    of = find(watch.given["substance"])
    read = queries.detectors(by, watch.lon, watch.lat, of, clock.now())
    if not read:
        raise Invalid("detectors", 0, f"3 km 内至少一个一小时内有读数的{of.name}探测器", label="气体探测器")
    inputs, _weather = inputs_of(by, watch)
    watch.source = estimated(watch, inputs, read)
    watch.save()
    record(by, "反演源强", watch, before=before, correlation_id=watch.correlation_id)
    return watch


def estimated(watch: ReleaseWatch, inputs: dict[str, Any], read: list[dict[str, Any]]) -> dict[str, Any]:
    try:
        given = HAZARD.read(inputs)
        air = cloud.Air(max(given["wind_m_s"], 1.0), given["stability"], given["terrain"], given["air_c"] + 273.15)
        out = released(find(given["substance"]), given, air)
    except InputError as error:
        raise Invalid(error.field, error.value, error.allowed, label="推演输入") from error
    frame = queries.Frame(watch.lon, watch.lat, (given["wind_from_deg"] + 180) % 360)
    placed = [inverse.Detector(*frame.of(one["lon"], one["lat"]), one["mg_m3"]) for one in read]
    model = cloud.choose(out.source, air, given["model"]).model
    found = inverse.estimate(out.source, air, model, placed)
    near = sum(abs(one.x) + abs(one.y) < NEAR_FIELD_M for one in placed)
    shown = {"near": near, "detectors": read, "assumed_kg_s": out.source.rate, "at": clock.now().isoformat()}
    return {**shown, "estimate": asdict(found) if found else None}


@action(RUN)
def end_release(by: Actor, watch_id: int, reason: str) -> ReleaseWatch:
    """The release is over: its wind is no longer watched."""
    if not reason.strip():
        raise Invalid("reason", reason, "一句话", label="结束原因")
    watch = held(by, watch_id)
    before = snapshot(watch)
    watch.ended_at = clock.now()
    watch.save()
    simulation.end_runs(by, watch.correlation_id, "chemical", watch.lon, watch.lat)
    fact = ReleaseEnded(watch.pk, watch.title, reason)
    record(by, "结束研判", watch, fact, before=before, reason=reason, correlation_id=watch.correlation_id)
    return watch
