"""From a hole in a vessel to what enters the air: the source term of one scenario, with how it was judged, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import pi, sqrt
from typing import Any

import numpy as np

from anlan.hazards.chemical import dense, layer, moments, momentum, pool, source, vessel
from anlan.hazards.chemical.cloud import LOW_M, Air, Source
from anlan.hazards.chemical.substances import Substance
from anlan.hazards.contract import InputError

#: A falling or rising strength is averaged over so long, s: the averaging time of the spread.
POOL_S = 600.0
#: A pool is followed so long after the hole is shut, s (HJ 169-2018 8.2.2.3 counts 15 to 30 min): 待核对; below this share of
#: its greatest strength a release is over.
LIES_S, OVER = 1800.0, 0.01
#: Below this share of the saturation pressure a vessel holds no liquid.
ONLY_GAS = 0.8
KELVIN = 273.15


@dataclass(frozen=True)
class Released:
    """What enters the air: the source, how long s, kg in all (None = not known), at once or not, and the words.

    speed m/s after expansion (0 = no jet), kg/m3 of the jet; course: the rate over time where it changes."""

    source: Source
    duration_s: float
    total_kg: float | None
    instant: bool
    how: tuple[str, ...]
    speed: float = 0.0
    density: float = 0.0
    course: moments.Course | None = None


def released(of: Substance, given: Mapping[str, Any], air: Air) -> Released:
    """The source term of HJ 169-2018 F for the inputs of the engine (`HAZARD.inputs`)."""
    inventory = given["inventory_t"] * 1000
    hole = given["hole_mm"] / 1000
    if inventory and given["phase"] != "gas" and not vessel.hole_fits(hole, inventory / of.liquid_density):
        across = (6 * inventory / of.liquid_density / pi) ** (1 / 3) * 1000
        raise InputError(
            "hole_mm",
            given["hole_mm"],
            f"不大于容器本身（存量 {given['inventory_t']:g} t，约 {across:.0f} mm），或选整体破裂",
        )
    if given["phase"] == "rupture":
        if not inventory:
            raise InputError("inventory_t", given["inventory_t"], "> 0 t（整体破裂须给出存量）")
        return ruptured(of, given, inventory)
    found = gas(of, given, hole) if given["phase"] == "gas" else liquid(of, given, hole, air)
    return aimed(lasting(known(found, given), given, inventory), given, air)


def known(found: Released, given: Mapping[str, Any]) -> Released:
    """With a strength that people or detectors tell in place of the calculated one; what flies and what lies keep their shares."""
    rate = given["rate_kg_s"]
    if not rate:
        return found
    out = found.duration_s * rate / found.source.rate
    how = f"源强按已知值 {rate:.3g} kg/s（按孔径计算为 {found.source.rate:.3g} kg/s）"
    return replace(found, source=replace(found.source, rate=rate), duration_s=out, how=(*found.how, how), course=None)


def aimed(found: Released, given: Mapping[str, Any], air: Air) -> Released:
    """What the momentum of the jet does, by where it points; a jet that hits something at once has none left."""
    if given["jet"] == "blocked" or found.speed <= 0 or air.wind <= 0:
        return found
    jet = momentum.Momentum(found.source.rate, found.speed, found.density)
    if given["jet"] == "horizontal":
        how = f"水平射流（顺风）{jet.speed:.3g} m/s，近源按自由射流卷吸（Ricou & Spalding 1961）"
        pointed = replace(found.source, jet=layer.Jet(jet.speed, jet.density))
        return replace(found, source=pointed, how=(*found.how, how))
    up = momentum.rise(jet, air)
    ambient = momentum.ambient_density(air.kelvin)
    number = dense.richardson_continuous(jet.rate, jet.density, max(up, jet.diameter), air.wind, ambient)
    if number >= dense.CONTINUOUS_LIMIT or given["height_m"] + up <= LOW_M:
        how = f"垂直射流抬升约 {up:.3g} m 后仍较空气重（理查森数 {number:.2g}）或不足 {LOW_M:g} m，按落回地面计算，未计抬升"
        return replace(found, how=(*found.how, how))
    how = f"垂直射流 {jet.speed:.3g} m/s，抬升约 {up:.3g} m（Briggs；重气按 Hoot 等 1973，待核对）"
    return replace(found, source=replace(found.source, height=found.source.height + up), how=(*found.how, how))


def lasting(found: Released, given: Mapping[str, Any], inventory: float) -> Released:
    """Ends when the vessel is empty, or when it is shut in (HJ 169: 10 min with isolation, 30 min without)."""
    limit = given["duration_min"] * 60
    if found.course is not None:
        return emptying(found, found.course, limit) if given["phase"] == "gas" else evaporating(found, found.course)
    out = found.duration_s  # kg/s that leave the vessel, carried here until the time is known
    seconds = min(limit, inventory / out) if inventory else limit
    how = (*found.how, f"持续 {seconds / 60:.3g} min")
    return replace(found, duration_s=seconds, total_kg=found.source.rate * seconds, how=how)


def emptying(found: Released, course: moments.Course, limit: float) -> Released:
    """A rate that falls: the cloud is drawn for its mean over POOL_S, the averaging time of the spread; the map shows the course."""
    ends = min(limit, float(course.seconds[-1]))
    keep = course.seconds <= ends
    shut = moments.Course(course.seconds[keep], course.rate[keep])
    mean = course.mean(min(POOL_S, ends))
    how = f"容器排空：源强由 {course.rate[0]:.3g} kg/s 渐降，{ends / 60:.3g} min 内排出 {shut.kg:.4g} kg；范围按前 {min(POOL_S, ends) / 60:.3g} min 平均 {mean:.3g} kg/s"
    return replace(found, source=replace(found.source, rate=mean), duration_s=ends, total_kg=shut.kg, course=shut,
                   how=(*found.how, how))  # fmt: skip


def evaporating(found: Released, course: moments.Course) -> Released:
    """A pool's course: the cloud is drawn for its greatest mean over POOL_S, and lasts as long as the pool gives anything."""
    ends = float(course.seconds[-1])
    how = f"入空气 {ends / 60:.3g} min、共 {course.kg:.4g} kg；范围按最大的 {min(POOL_S, ends) / 60:.3g} min 平均 {found.source.rate:.3g} kg/s"
    return replace(found, duration_s=ends, total_kg=course.kg, how=(*found.how, how))


def gas(of: Substance, given: Mapping[str, Any], hole: float) -> Released:
    kelvin, pressure = given["temperature_c"] + KELVIN, given["pressure_mpa"] * 1e6
    rate, regime = source.gas_rate(hole, pressure, kelvin, of.molar_mass, of.gamma)
    if rate <= 0:
        raise InputError("pressure_mpa", given["pressure_mpa"], "> 0.1014 MPa（绝对压力须高于大气压）")
    how = f"气相孔口泄漏（{'临界' if regime == 'choked' else '亚临界'}流）"
    speed = vessel.expanded_speed(rate, hole, pressure, of.gamma, kelvin, of.molar_mass)
    density = source.AMBIENT_PA * of.molar_mass / (source.R * kelvin)
    return Released(Source(of, rate, kelvin, 0.0, given["height_m"], hole / 2), rate, None, False, (how,), speed, density,
                    course_of(of, given, hole))  # fmt: skip


def course_of(of: Substance, given: Mapping[str, Any], hole: float) -> moments.Course | None:
    """The blow-down of a vessel that holds nothing but gas; above a boiling liquid the pressure holds (chilling not counted)."""
    celsius, pressure = given["temperature_c"], given["pressure_mpa"] * 1e6
    only_gas = (
        pressure < ONLY_GAS * of.saturated_pa(celsius) if of.antoine or of.latent_kj_kg else celsius > of.boiling_c
    )
    if not given["inventory_t"] or not only_gas:
        return None
    density = pressure * of.molar_mass / (source.R * (celsius + KELVIN))
    volume = given["inventory_t"] * 1000 / density
    if not vessel.hole_fits(hole, volume):
        across = (6 * volume / pi) ** (1 / 3) * 1000
        raise InputError("hole_mm", given["hole_mm"], f"不大于容器本身（约 {across:.0f} mm）")
    history = vessel.blow_down(
        volume, pressure, celsius + KELVIN, of.molar_mass, of.gamma, hole, last_s=given["duration_min"] * 60
    )
    return moments.Course(history.seconds, history.rate)


def flash_of(of: Substance, celsius: float) -> float:
    cp, latent = (of.cp_kj_kg_k or 1.0) * 1000, (of.latent_kj_kg or 300.0) * 1000
    return source.flash_fraction(celsius, of.boiling_c, cp, latent)


def liquid(of: Substance, given: Mapping[str, Any], hole: float, air: Air) -> Released:
    """Liquid from a hole: what flashes and flies goes with the wind at once, the rest evaporates from a pool."""
    gauge = given["pressure_mpa"] * 1e6 - source.AMBIENT_PA
    rate = source.liquid_rate(hole, of.liquid_density, gauge, given["head_m"])
    if rate <= 0:
        raise InputError("head_m", given["head_m"], "> 0 m，或压力高于大气压")
    parts = vessel.airborne(flash_of(of, given["temperature_c"]))
    limit, inventory = given["duration_min"] * 60, given["inventory_t"] * 1000
    leaks = min(limit, inventory / rate) if inventory else limit
    lying = puddle(of, given, air, rate * parts.rained_out, leaks)
    flown = rate * parts.share
    course = with_pool(lying, flown, leaks)
    total = course.greatest_mean(POOL_S)
    off = max(total - flown, 0.0)
    if total <= 0:
        raise InputError("temperature_c", given["temperature_c"], "有可观蒸气压的温度")
    droplets = min(rate * parts.droplets / total, 1.0)
    how = (
        f"液相孔口泄漏 {rate:.3g} kg/s，{leaks / 60:.3g} min：闪蒸 {parts.flash:.0%}、液滴夹带 {parts.droplets:.0%}（待核对）随风，其余成池",
        f"液池最大半径 {lying.radius[-1]:.3g} m，蒸发随时间变化，最大 {lying.rate.max():.3g} kg/s，"
        f"停止泄漏后最多再算 {LIES_S / 60:g} min（待核对），共蒸发 {lying.evaporated_kg:.4g} kg",
    )
    colder = (
        min(given["temperature_c"], of.boiling_c)
        if parts.share or of.boiling_c < air.kelvin - KELVIN
        else air.kelvin - KELVIN
    )
    radius = max(hole, float(lying.radius[-1]) if off > flown else hole)
    height = given["height_m"] if parts.share else 0.0
    found = Source(of, total, colder + KELVIN, droplets, height, radius)
    speed = sqrt(2 * max(gauge, 0.0) / of.liquid_density + 2 * source.G * given["head_m"]) if parts.share else 0.0
    density = float(found.mixture(air.kelvin).density[-1])
    return Released(found, rate, None, False, how, speed, density, course)


def with_pool(lying: pool.Pool, flown: float, leaks: float) -> moments.Course:
    """kg/s into the air over time: what flies while the hole is open, and what the pool gives, also afterwards."""
    middle = (lying.seconds[1:] + lying.seconds[:-1]) / 2
    at = np.unique(np.concatenate([[0.0, leaks, leaks + 0.01, lying.seconds[-1]], middle]))
    rate = np.interp(at, middle, lying.rate[1:]) + np.where(at <= leaks, flown, 0.0)
    going = np.flatnonzero((at <= leaks) | (rate > OVER * rate.max()))
    return moments.Course(at[: going[-1] + 1], rate[: going[-1] + 1])


def puddle(of: Substance, given: Mapping[str, Any], air: Air, feed: float, leaks: float) -> pool.Pool:
    """The pool under the hole on concrete, within the bund if there is one."""
    kelvin = air.kelvin
    lies = min(given["temperature_c"] + KELVIN, kelvin)
    latent = (of.latent_kj_kg or 300.0) * 1000
    warm = kelvin - (of.boiling_c + KELVIN)
    vapour = min(of.saturated_pa(lies - KELVIN), source.AMBIENT_PA) if of.latent_kj_kg or of.antoine else 0.0
    what = pool.Liquid(of.liquid_density, latent, of.molar_mass, vapour, warm)
    site = pool.Site("水泥", given["bund_m2"] or None, air.wind, air.stability, lies)
    return pool.spread(what, site, lambda _s: feed, leaks + LIES_S, stops_s=leaks)


def ruptured(of: Substance, given: Mapping[str, Any], inventory: float) -> Released:
    """The vessel is gone at once: what flashes and flies makes one cloud."""
    parts = vessel.airborne(flash_of(of, given["temperature_c"]))
    is_gas = of.boiling_c < given["temperature_c"] and parts.share == 0
    share = 1.0 if is_gas else parts.share
    if share <= 0:
        raise InputError(
            "temperature_c",
            given["temperature_c"],
            f"> {of.boiling_c:g} ℃（{of.name}在此温度下破裂后成池，请按液相泄漏计算）",
        )
    how = f"整体破裂 {inventory / 1000:g} t：{share:.0%} 瞬时成云（闪蒸 {parts.flash:.0%} 及等量液滴，待核对）"
    cold = min(given["temperature_c"], of.boiling_c) + KELVIN
    return Released(Source(of, inventory * share, cold, parts.liquid_of_airborne), 0.0, inventory * share, True, (how,))
